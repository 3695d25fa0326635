"""BEARER: reading the credential."""

from __future__ import annotations

from collections.abc import Iterable

from authproof.checks.answers import accepted, all_refused, came_from_elsewhere, refused, response_of, with_control
from authproof.checks.designs import authentication_scheme, bearer_tokens, opaque_access_tokens, token_in_a_header, word_before_the_token
from authproof.checks.refusals import absent, sent_to_application, what_at
from authproof.checks.registry import EVERYTHING, check, identities, protected, with_permission
from authproof.evidence import NO_SUCH_OPERATION, Evidence, NotObserved
from authproof.exchange import Exchange
from authproof.reading import cache_directives, challenge_problem, challenges
from authproof.verdict import Judgement, Verdict, broken, met, undecided, untestable, weak, worst
from authproof_spec import Operation
from authproof_spec.contract import TokenKind

BAD_REQUEST = frozenset({400})


@check("BEARER-01", on=protected, reads="bearer")
def no_credentials_are_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A request without credentials is answered 401 (RFC 9110 section 15.5.2)."""
    exchange = seen.one("bearer.none", operation)
    if exchange.status in NO_SUCH_OPERATION:
        return _not_found_by_strangers(seen, operation, exchange)
    judgement = refused(exchange, "A request without credentials")
    if exchange.status == 403 and judgement.verdict is Verdict.FAIL:
        return broken("A request without credentials is answered 403 where 401 is due: nobody is authenticated yet.", exchange)
    return judgement


def _not_found_by_strangers(seen: Evidence, operation: Operation, exchange: Exchange) -> Judgement:
    """What 404 or 405 to a stranger means depends on what callers with a token are answered there."""
    status = exchange.status
    if status == 404 and operation.path_parameters:
        return weak("A request without credentials is answered 404: the server looks the object up first, or has no such route.", exchange)
    found = [other for other in seen.calls(operation) if other.status not in NO_SUCH_OPERATION]
    if found:
        return broken(
            f"A request without credentials is answered {status} where 401 is due: with a token there is {found[0].status}.", exchange, found[0]
        )
    return absent(seen, operation)


@check("BEARER-02", on=protected, reads="bearer")
def unauthorized_carries_a_challenge(seen: Evidence, operation: Operation) -> Judgement:
    """Each 401 of a protected operation has a challenge, a Bearer one for bearer tokens (RFC 9110 section 11.6.1, RFC 6750 section 3)."""
    exchanges = [exchange for exchange in seen.on(operation) if exchange.status == 401]
    if not exchanges:
        raise NotObserved("No answer 401 was observed here.")
    due = {kind.auth_scheme.lower() for kind in _kinds(seen, operation) if kind.auth_scheme}
    return next((found for exchange in exchanges if (found := _wrong_challenge(due, exchange))), None) or met(
        f"Each of {len(exchanges)} answers 401 carries a challenge for the tokens that open the operation.", exchanges[0]
    )


def _wrong_challenge(due: set[str], exchange: Exchange) -> Judgement | None:
    """What is wrong with the challenges of a 401 where tokens of one of the authentication schemes `due` would open the operation; None when nothing is."""
    found = [challenge.scheme for challenge in challenges(response_of(exchange))]
    if (due & set(found)) if due else found:
        return None
    if not due:
        # No scheme is registered for what travels outside Authorization, so there is none that could be due.
        return weak("A 401 carries no WWW-Authenticate that can be read, and RFC 9110 asks for a challenge.", exchange)
    what = f", but {', '.join(found)}" if found else ": there is no WWW-Authenticate that can be read"
    say = broken if "bearer" in due or not found else weak
    return say(f"A 401 carries no {' or '.join(sorted(due)).title()} challenge{what}.", exchange)


@check("BEARER-03", on=protected, reads=("bearer", "jwt"))
def challenge_is_well_formed(seen: Evidence, operation: Operation) -> Judgement:
    """A challenge has the syntax of its standard, and a Bearer one has a parameter (RFC 9110 section 11.3, RFC 6750 section 3)."""
    refusals = (seen.one("bearer.none", operation), _with_no_token(seen, operation))
    exchanges = [exchange for exchange in refusals if response_of(exchange).all("www-authenticate")]
    if not exchanges:
        say = _judged_by_bearer_02 if all(exchange.status == 401 for exchange in refusals) else undecided
        return say("There is no challenge to read.")
    for exchange in exchanges:
        for line in response_of(exchange).all("www-authenticate"):
            if problem := challenge_problem(line):
                return broken(f"The challenge is not well formed: {problem}.", exchange)
        if any(challenge.scheme == "bearer" and not challenge.parameters for challenge in challenges(response_of(exchange))):
            return weak("A Bearer challenge has no parameter, and RFC 6750 asks for one at least.", exchange)
    return met("The challenges are well formed.", *exchanges)


@check("BEARER-04", on=identities, reads="bearer", where=bearer_tokens)
def challenge_without_credentials_names_no_error(seen: Evidence, operation: Operation) -> Judgement:
    """A challenge to a request without credentials has no error code (RFC 6750 section 3.1)."""
    exchange = seen.one("bearer.none", operation)
    if not _is_challenged(exchange):
        say = _judged_by_bearer_02 if exchange.status == 401 else undecided
        return say("There is no Bearer challenge to read.", exchange)
    if errors := _errors(exchange):
        return broken(f"The challenge names error={errors[0]} although nothing was sent that could be wrong.", exchange)
    return met("The challenge names no error.", exchange)


@check("BEARER-05", on=protected, reads=("bearer", "jwt"), where=bearer_tokens)
def invalid_token_is_named(seen: Evidence, operation: Operation) -> Judgement:
    """A 401 to a token that is not valid names invalid_token (RFC 6750 section 3.1)."""
    if not any(kind.auth_scheme == "Bearer" for kind in _kinds(seen, operation)):
        return untestable("No bearer token opens this operation, and RFC 6750 has its error codes for these alone.")
    exchange = _with_no_token(seen, operation)
    if exchange.status != 401:
        return undecided(f"The token that is none was answered {exchange.status}, not 401.", exchange)
    errors = _errors(exchange)
    if "invalid_token" in errors:
        return met("The challenge names invalid_token.", exchange)
    found = f"names error={errors[0]}" if errors else "names no error"
    say = broken if seen.contract.requires_error_codes else weak
    return say(f"The challenge to a token that is not valid {found}; invalid_token is due.", exchange)


def _kinds(seen: Evidence, operation: Operation) -> list[TokenKind]:
    """The kinds of tokens that open `operation`."""
    application = seen.application_of(operation)
    return [kind for kind in application.bearer_kinds if kind.scheme.name in operation.bearer_schemes] if application else []


def _with_no_token(seen: Evidence, operation: Operation) -> Exchange:
    """A request with a credential that is no valid token: garbage, or a forged token where one was sent."""
    return next(iter(seen.all("bearer.garbage", operation)), None) or seen.one("jwt.none", operation)


def _judged_by_bearer_02(detail: str, *_: Exchange) -> Judgement:
    """Of a challenge that is missing in a 401, which is one failure and not several."""
    return untestable(f"{detail} BEARER-02 judges that.")


def _is_challenged(exchange: Exchange) -> bool:
    return any(challenge.scheme == "bearer" for challenge in challenges(response_of(exchange)))


def _errors(exchange: Exchange) -> list[str]:
    """The error codes of the Bearer challenges of an answer, which may have several."""
    told = (challenge.parameters.get("error") for challenge in challenges(response_of(exchange)) if challenge.scheme == "bearer")
    return [error for error in told if error]


@check("BEARER-06", on=identities, reads="bearer", where=authentication_scheme)
def scheme_is_read_in_any_case(seen: Evidence, operation: Operation) -> Judgement:
    """`bearer` and `BEARER` work like `Bearer`, and likewise another scheme (RFC 9110 section 11.1)."""
    spellings = {"bearer.lower_case": "The scheme in lower case", "bearer.upper_case": "The scheme in upper case"}
    sent = [(seen.all(name, operation), what) for name, what in spellings.items()]
    judgements = [accepted(seen, exchange, what) for exchanges, what in sent for exchange in exchanges]
    if not judgements:
        raise NotObserved("No other spelling of the scheme was answered.")
    return worst(*judgements)


@check("BEARER-07", on=identities, reads="bearer", where=word_before_the_token)
def other_schemes_are_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A valid token under another scheme is refused (RFC 6750 section 2.1)."""
    names = ("bearer.basic", "bearer.token", "bearer.longer_scheme")
    exchanges = [exchange for name in names for exchange in seen.all(name, operation)]
    return _refused(seen, operation, exchanges, "The token under another scheme")


@check("BEARER-08", on=identities, reads="bearer", where=word_before_the_token)
def bare_token_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A token without a scheme is refused (RFC 6750 section 2.1)."""
    return _refused(seen, operation, [seen.one("bearer.bare", operation)], "The token without a scheme")


@check("BEARER-09", on=identities, reads="bearer")
def empty_credential_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """Nothing where the token has its place, or the word null, is refused (RFC 6750 section 3.1)."""
    names = ("bearer.empty", "bearer.null", "bearer.no_value")
    exchanges = [exchange for name in names for exchange in seen.all(name, operation)]
    for exchange in exchanges:
        if exchange.status >= 500:
            return broken(f"An empty credential makes the server fail with {exchange.status}.", exchange)
    return all_refused(exchanges, "An empty credential", tolerated=BAD_REQUEST)


@check("BEARER-10", on=identities, reads="bearer_in_full", where=authentication_scheme)
def several_blanks_are_accepted(seen: Evidence, operation: Operation) -> Judgement:
    """Any number of blanks may stand between the scheme and the token (RFC 6750 section 2.1)."""
    return accepted(seen, seen.one("bearer.two_blanks", operation), "The token after two blanks")


@check("BEARER-11", on=identities, reads="bearer")
def data_around_the_token_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A token with something behind or around it is refused (RFC 6750 section 2.1)."""
    names = ("bearer.trailing", "bearer.quoted", "bearer.control_byte")
    exchanges = [exchange for name in names for exchange in seen.all(name, operation)]
    return _refused(seen, operation, exchanges, "The token with something behind or around it")


@check("BEARER-12", on=identities, reads="bearer")
def token_in_the_query_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A token in the query does not authenticate (RFC 9700 section 4.3.2)."""
    return _refused(seen, operation, [seen.one("bearer.query", operation)], "A token in the query")


@check("BEARER-14", on=identities, reads="bearer")
def cookie_alone_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A cookie that the document does not declare for it does not open a protected operation (RFC 6750 section 5.3)."""
    return _refused(seen, operation, [seen.one("bearer.cookie", operation)], "A token in a cookie")


@check("BEARER-15", on=identities, reads="bearer")
def token_in_another_header_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A token in another header field does not authenticate."""
    judgement = _refused(seen, operation, [seen.one("bearer.other_header", operation)], "A token in another header field")
    for exchange in seen.all("bearer.in_authorization", operation) if judgement.verdict is Verdict.PASS else ():
        if response_of(exchange).is_success:
            return weak("A token is also accepted as a bearer token in Authorization, and the document does not declare that.", exchange)
    return judgement


@check("BEARER-16", on=identities, reads="bearer", where=token_in_a_header)
def two_credentials_are_refused(seen: Evidence, operation: Operation) -> Judgement:
    """Two fields with tokens that disagree are refused, in whatever order (RFC 9110 section 5.3)."""
    return _refused(seen, operation, seen.all("bearer.twice", operation), "A request with two fields for the token")


@check("BEARER-17", on=identities, reads="bearer")
def bad_token_is_not_rescued(seen: Evidence, operation: Operation) -> Judgement:
    """A bad token in its place is not made good by a good one elsewhere (RFC 6750 section 2)."""
    return _refused(seen, operation, [seen.one("bearer.rescue", operation)], "A bad token with a good one in query and cookie")


@check("BEARER-29", on=protected, reads="bearer")
def token_that_is_none_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """Whatever is no token at all is refused, by every protected operation (RFC 6750 section 3.1)."""
    if seen.lacks(operation):
        return absent(seen, operation)
    judgement = refused(seen.one("bearer.garbage", operation), "A token that is none", tolerated=BAD_REQUEST)
    return with_control(seen, "bearer.control", operation, judgement)


@check("BEARER-22", on=with_permission, reads=("bearer", "jwt"))
def strangers_are_not_forbidden(seen: Evidence, operation: Operation) -> Judgement:
    """Who is not authenticated is never told that a permission is missing (RFC 9110 section 15.5.4)."""
    exchanges = [*seen.all("bearer.none", operation), *seen.all("bearer.garbage", operation)]
    # Whether a forged token is let in is another question.
    exchanges += [exchange for exchange in seen.all("jwt.none", operation) if exchange.status == 403]
    forbidden = [exchange for exchange in exchanges if exchange.status == 403 and not came_from_elsewhere(response_of(exchange))]
    application = seen.application_of(operation)
    taken = seen.all("jwt.none", application.identity.operation) if application and application.identity else ()
    if taken and response_of(taken[0]).is_success and all(exchange.probe.name == "jwt.none" for exchange in forbidden) and forbidden:
        return undecided("A forged token is taken for its user's here, so a 403 to it tells nothing of strangers.", taken[0], *forbidden)
    judgement = all_refused(exchanges, "A caller who is not authenticated", tolerated=BAD_REQUEST)
    if judgement.verdict is Verdict.INCONCLUSIVE:
        return judgement
    if forbidden:
        return broken("A caller who is not authenticated is answered 403: the permission was judged first.", *forbidden)
    if judgement.verdict is Verdict.PASS:
        return met("Nobody is told of a permission before being authenticated.", *judgement.exchanges)
    return undecided(
        "A caller who is not authenticated is answered otherwise than by 401 or 403, which does not tell what is judged first.", *exchanges
    )


@check("BEARER-27", on=protected, reads=EVERYTHING)
def answers_are_not_for_shared_caches(seen: Evidence, operation: Operation) -> Judgement:
    """No answer to an authenticated request is marked as reusable for others (RFC 9111 section 3.5)."""
    exchanges = [exchange for exchange in seen.calls(operation) if exchange.status in {200, 203} and _has_credential(seen, exchange)]
    if not exchanges:
        return untestable("No call of this operation was answered with content.")
    judgements = []
    for exchange in exchanges:
        directives = cache_directives(response_of(exchange))
        # For a shared cache s-maxage goes before max-age (RFC 9111 section 5.2.2.10).
        seconds = directives.get("s-maxage", directives.get("max-age", ""))
        opened = directives.keys() & {"public", "s-maxage"} or ("must-revalidate" in directives and bool(seconds.strip("0")))
        if opened and not directives.keys() & {"private", "no-store"}:
            # Who must ask first, or may keep it for no time, does not hand it to others unasked.
            say = weak if "no-cache" in directives or (seconds.isdecimal() and not seconds.strip("0")) else broken
            judgements.append(say(f"Cache-Control ({', '.join(directives)}) lets a shared cache keep the answer for others.", exchange))
        elif not directives:
            judgements.append(
                weak("The answer has no Cache-Control: caches that keep to RFC 9111 do not share it, and nothing tells the others.", exchange)
            )
    return worst(*judgements) if judgements else met("No answer is marked as reusable by shared caches.", exchanges[0])


@check("BEARER-28", on=identities, reads="opaque", where=opaque_access_tokens)
def altered_opaque_token_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """An opaque token counts as a whole: what is shorter, longer or of other letters is refused (CWE-697)."""
    sent = sent_to_application(seen, ["opaque.altered"], operation)
    if not sent:
        raise NotObserved("No altered token was answered.")
    judgements = (refused(exchange, what_at(seen, exchange, operation, "An altered token"), tolerated=BAD_REQUEST) for exchange in sent)
    return with_control(seen, "opaque.control", operation, worst(*judgements))


def _has_credential(seen: Evidence, exchange: Exchange) -> bool:
    return any(seen.tokens_in(value) for _, value in exchange.probe.request.headers)


def _refused(seen: Evidence, operation: Operation, exchanges: Iterable[Exchange], what: str) -> Judgement:
    """The judgement of refusals by 401, or by 400 as RFC 6750 section 3.1 has it; they prove nothing where the good token is refused too."""
    return with_control(seen, "bearer.control", operation, all_refused(exchanges, what, tolerated=BAD_REQUEST))
