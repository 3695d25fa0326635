"""BEARER: reading the credential."""

from __future__ import annotations

from authproof.checks.answers import accepted, all_refused, refused, response_of, with_control
from authproof.checks.registry import check, identities, protected
from authproof.evidence import Evidence, NotObserved
from authproof.reading import bearer_challenge, challenges
from authproof.verdict import Judgement, Verdict, broken, met, undecided, weak, worst
from authproof_spec import Operation

BAD_REQUEST = frozenset({400})


@check("BEARER-01", on=protected, reads="bearer")
def no_credentials_are_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A request without credentials is answered 401 (RFC 9110 section 15.5.2)."""
    exchange = seen.one("bearer.none", operation)
    judgement = refused(exchange, "A request without credentials")
    if exchange.status == 404 and operation.path_parameters:
        return weak("A request without credentials is answered 404: the server looks the object up first, or has no such route.", exchange)
    if exchange.status == 403 and judgement.verdict is Verdict.FAIL:
        return broken("A request without credentials is answered 403 where 401 is due: nobody is authenticated yet.", exchange)
    return judgement


@check("BEARER-02", on=protected, reads="bearer")
def unauthorized_carries_a_bearer_challenge(seen: Evidence, operation: Operation) -> Judgement:
    """Each 401 of a protected operation has a Bearer challenge (RFC 9110 section 11.6.1, RFC 6750 section 3)."""
    exchanges = [exchange for exchange in seen.on(operation) if exchange.status == 401]
    if not exchanges:
        raise NotObserved("No answer 401 was observed here.")
    for exchange in exchanges:
        response = response_of(exchange)
        if bearer_challenge(response) is None:
            found = ", ".join(challenge.scheme for challenge in challenges(response))
            return broken(f"A 401 carries no Bearer challenge{f', but {found}' if found else ': there is no WWW-Authenticate'}.", exchange)
    return met(f"Each of {len(exchanges)} answers 401 carries a Bearer challenge.", exchanges[0])


@check("BEARER-04", on=identities, reads="bearer")
def challenge_without_credentials_names_no_error(seen: Evidence, operation: Operation) -> Judgement:
    """A challenge to a request without credentials has no error code (RFC 6750 section 3.1)."""
    exchange = seen.one("bearer.none", operation)
    challenge = bearer_challenge(response_of(exchange))
    if exchange.status != 401 or challenge is None:
        return undecided("There is no Bearer challenge to read.", exchange)
    if "error" in challenge.parameters:
        return broken(f"The challenge names error={challenge.parameters['error']} although nothing was sent that could be wrong.", exchange)
    return met("The challenge names no error.", exchange)


@check("BEARER-05", on=protected, reads="bearer")
def invalid_token_is_named(seen: Evidence, operation: Operation) -> Judgement:
    """A 401 to a token that is not valid names invalid_token (RFC 6750 section 3.1)."""
    exchange = seen.one("bearer.garbage", operation)
    if exchange.status != 401:
        return undecided(f"The token that is none was answered {exchange.status}, not 401.", exchange)
    challenge = bearer_challenge(response_of(exchange))
    error = challenge.parameters.get("error") if challenge else None
    if error == "invalid_token":
        return met("The challenge names invalid_token.", exchange)
    found = f"names error={error}" if error else "names no error"
    say = broken if seen.contract.requires_error_codes else weak
    return say(f"The challenge to a token that is not valid {found}; invalid_token is due.", exchange)


@check("BEARER-06", on=identities, reads="bearer")
def scheme_is_read_in_any_case(seen: Evidence, operation: Operation) -> Judgement:
    """`bearer` and `BEARER` work like `Bearer` (RFC 9110 section 11.1)."""
    spellings = {"bearer.lower_case": "The scheme in lower case", "bearer.upper_case": "The scheme in upper case"}
    return worst(*(accepted(seen, seen.one(name, operation), what) for name, what in spellings.items()))


@check("BEARER-07", on=identities, reads="bearer")
def other_schemes_are_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A valid token under another scheme is refused (RFC 6750 section 2.1)."""
    names = ("bearer.basic", "bearer.token")
    judgement = all_refused([seen.one(name, operation) for name in names], "The token under another scheme", tolerated=BAD_REQUEST)
    return with_control(seen, "bearer.control", operation, judgement)


@check("BEARER-08", on=identities, reads="bearer")
def bare_token_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A token without a scheme is refused (RFC 6750 section 2.1)."""
    judgement = refused(seen.one("bearer.bare", operation), "The token without a scheme", tolerated=BAD_REQUEST)
    return with_control(seen, "bearer.control", operation, judgement)


@check("BEARER-09", on=identities, reads="bearer")
def empty_credential_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """`Bearer` with nothing, or with the word null, is refused (RFC 6750 section 3.1)."""
    exchanges = [seen.one("bearer.empty", operation), seen.one("bearer.null", operation)]
    for exchange in exchanges:
        if exchange.status >= 500:
            return broken(f"An empty credential makes the server fail with {exchange.status}.", exchange)
    return all_refused(exchanges, "An empty credential", tolerated=BAD_REQUEST)


@check("BEARER-11", on=identities, reads="bearer")
def data_after_the_token_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A token with something behind it is refused (RFC 6750 section 2.1)."""
    judgement = refused(seen.one("bearer.trailing", operation), "The token with something behind it", tolerated=BAD_REQUEST)
    return with_control(seen, "bearer.control", operation, judgement)


@check("BEARER-12", on=identities, reads="bearer")
def token_in_the_query_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A token in the query does not authenticate (RFC 9700 section 4.3.2)."""
    judgement = refused(seen.one("bearer.query", operation), "A token in the query", tolerated=BAD_REQUEST)
    return with_control(seen, "bearer.control", operation, judgement)


@check("BEARER-14", on=identities, reads="bearer")
def cookie_alone_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A cookie alone does not authenticate a protected operation (RFC 6750 section 5.3)."""
    judgement = refused(seen.one("bearer.cookie", operation), "A token in a cookie")
    return with_control(seen, "bearer.control", operation, judgement)


@check("BEARER-15", on=identities, reads="bearer")
def token_in_another_header_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A token in another header field does not authenticate."""
    judgement = refused(seen.one("bearer.other_header", operation), "A token in another header field")
    return with_control(seen, "bearer.control", operation, judgement)


@check("BEARER-17", on=identities, reads="bearer")
def bad_token_is_not_rescued(seen: Evidence, operation: Operation) -> Judgement:
    """A bad token in the header is not made good by a good one elsewhere (RFC 6750 section 2)."""
    judgement = refused(seen.one("bearer.rescue", operation), "A bad token with a good one in query and cookie", tolerated=BAD_REQUEST)
    return with_control(seen, "bearer.control", operation, judgement)


@check("BEARER-18", on=identities, reads="bearer")
def head_is_protected(seen: Evidence, operation: Operation) -> Judgement:
    """HEAD is protected like GET (RFC 9110 section 9.3.2)."""
    return refused(seen.one("bearer.head", operation), "HEAD without credentials", tolerated=frozenset({404, 405}))
