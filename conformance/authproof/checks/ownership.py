"""AUTHZ: whose a token is, and what is whose."""

from __future__ import annotations

from authproof.checks.answers import came_from_elsewhere, does_not_decide, person, response_of
from authproof.checks.registry import check, identities, identities_and_token_creations, token_revocations
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange
from authproof.verdict import Judgement, broken, met, undecided, untestable, weak, worst
from authproof_spec import Application, Operation
from authproof_spec.contract import Meaning, PersonalAccessTokens
from authproof_spec.pointer import Json, get


def _parts(seen: Evidence, operation: Operation) -> tuple[Application, PersonalAccessTokens, Operation]:
    """The application of `operation`, its personal access tokens, and its who-am-I. Raises NotObserved."""
    application = seen.application_of(operation)
    if application is None or application.personal_access_tokens is None or application.identity is None:
        raise NotObserved("The operation belongs to no application with personal access tokens and who-am-I.")
    return application, application.personal_access_tokens, application.identity.operation


def _shows(personal: PersonalAccessTokens, listed: Exchange, identifier: Json) -> Judgement:
    """Broken when the list of another user has the token; undecided when it may be on a page that was not read."""
    response = response_of(listed)
    if response.status in {403, 404} and not does_not_decide(listed):
        return met("The other user may not list tokens.", listed)
    records = response.at(personal.items)
    if not response.is_success or not isinstance(records, list):
        return undecided(f"The list of the other user is answered {listed.status} without records.", listed)
    # An id may be a number here and a text there.
    if identifier is not None and any(str(get(record, personal.record["id"])) == str(identifier) for record in records):
        return broken("Another user's list shows the token.", listed)
    total = response.at(personal.total) if personal.total else None
    if isinstance(total, int) and total > len(records):
        return undecided(f"The list of the other user has {total} records and shows {len(records)} of them.", listed)
    return met("Another user's list does not show the token.", listed)


def _survives(attempt: Exchange, before: Exchange, after: Exchange) -> Judgement:
    """Met when the token works after another user's attempt to revoke it as it did before."""
    if not response_of(before).is_success:
        return undecided(f"The token was answered {before.status} before that too.", before)
    if does_not_decide(attempt) or does_not_decide(after):
        return undecided(f"The attempt is answered {attempt.status}, and the token {after.status} after it.", attempt, after)
    if not response_of(after).is_success:
        return broken(f"Another user's revocation is answered {attempt.status}, and the token is then answered {after.status}.", attempt, after)
    return met(f"Another user's revocation is answered {attempt.status}, and the token works on.", attempt, after)


def _identifier(personal: PersonalAccessTokens, created: Exchange) -> Json:
    return get(response_of(created).at(personal.response_record), personal.record["id"])


@check("AUTHZ-05", on=token_revocations, reads="personal_tokens")
def personal_tokens_of_others_are_out_of_reach(seen: Evidence, operation: Operation) -> Judgement:
    """Another user's token is neither listed nor revocable, and lives on (CWE-639)."""
    application, personal, me = _parts(seen, operation)
    if not seen.all("pat.foreign_revoke", operation) and ("personal_tokens", application.name) not in seen.outcomes:
        return untestable("The profile has no second account of the application.")
    attempt = seen.one("pat.foreign_revoke", operation)
    made = seen.all("pat.create_again", personal.create) or (seen.one("pat.create", personal.create),)
    identifier = _identifier(personal, made[0])
    seen.one("pat.foreign_list", personal.list)
    # Of several the last one was a valid request.
    listed = _shows(personal, seen.all("pat.foreign_list", personal.list)[-1], identifier)
    return worst(listed, _survives(attempt, seen.one("pat.use", me), seen.one("pat.after_foreign_revoke", me)))


@check("AUTHZ-06", on=token_revocations, reads="ownership")
def privileged_users_reach_their_own_tokens_alone(seen: Evidence, operation: Operation) -> Judgement:
    """A permission to administer accounts opens nobody's personal access tokens (OWASP API1)."""
    application, personal, me = _parts(seen, operation)
    before = seen.one("ownership.use", me)
    if person(application, response_of(before)) != _expected(seen, application, "ordinary"):
        return undecided("The token is not one of the ordinary account, so nothing is said of who may see it.", before)
    after = next((exchange for exchange in seen.all("ownership.at_once", me) if exchange.probe.variant == "personal"), None)
    if after is None:
        raise NotObserved("The token was not used after the attempt.")
    listed = _shows(personal, seen.one("ownership.list", personal.list), _identifier(personal, _created(seen, personal)))
    return worst(listed, _survives(seen.one("ownership.revoke", operation), before, after))


def _created(seen: Evidence, personal: PersonalAccessTokens) -> Exchange:
    """The answer that gave the token, of whichever attempt."""
    plain = seen.all("ownership.plain", personal.create)
    return plain[0] if plain else seen.one("ownership.create", personal.create)


def _expected(seen: Evidence, application: Application, part: str) -> Json:
    """Who the account that plays `part` is, by the baseline's who-am-I. Raises NotObserved."""
    if application.identity:
        for exchange in seen.all("identity.control", application.identity.operation):
            if exchange.probe.variant == part and response_of(exchange).is_success:
                return person(application, response_of(exchange))
    raise NotObserved(f"The {part} account did not learn who it is.")


@check("AUTHZ-07", on=identities_and_token_creations, reads=("identities", "ownership", "personal_tokens"))
def named_owner_is_not_believed(seen: Evidence, operation: Operation) -> Judgement:
    """Who calls is told by the token, not by a member, parameter or header field beside it (CWE-639, CWE-915)."""
    application = seen.application_of(operation)
    if application is None:
        raise NotObserved("The operation belongs to no application.")
    if application.identity and operation is application.identity.operation:
        claimed = seen.one("identity.claimed", operation)
        return _is_still(seen, application, claimed, claimed.probe.variant, "A caller who names somebody else")
    _, personal, me = _parts(seen, operation)
    created = seen.one("ownership.create", operation)
    if created.status in {400, 403, 422} and not came_from_elsewhere(response_of(created)):
        return met(f"A request that names another owner is answered {created.status}.", created)
    if not response_of(created).is_success:
        return undecided(f"The creation is answered {created.status}, which does not decide.", created)
    plain = seen.all("pat.use", me)
    if plain and person(application, response_of(plain[0])) != _expected(seen, application, "ordinary"):
        return undecided("A token that names nobody is not taken for its owner either.", *plain)
    recorded = get(response_of(created).at(personal.response_record), personal.record["account"]) if "account" in personal.record else None
    named, own = (str(_expected(seen, application, part)) for part in ("privileged", "ordinary"))
    if recorded is not None and str(recorded) == named != own:
        return broken("The record of the new token has the owner that the request named.", created)
    return _is_still(seen, application, seen.one("ownership.use", me), "ordinary", "A token that names another owner")


def _is_still(seen: Evidence, application: Application, exchange: Exchange, part: str, what: str) -> Judgement:
    """Met when `exchange` names the account that plays `part`, or nobody."""
    response = response_of(exchange)
    if does_not_decide(exchange):
        return undecided(f"{what} is answered {exchange.status}, which does not decide.", exchange)
    if not response.is_success:
        return met(f"{what} is answered {exchange.status}.", exchange)
    if person(application, response) != _expected(seen, application, part):
        return broken(f"{what} is taken for somebody else.", exchange)
    return met(f"{what} is taken for who it is.", exchange)


@check("AUTHZ-11", on=identities, reads=("identities", "ownership"))
def identity_is_that_of_the_token(seen: Evidence, operation: Operation) -> Judgement:
    """Who-am-I tells each token's own account, also when several ask at the same moment (CWE-488)."""
    application = seen.application_of(operation)
    if application is None:
        raise NotObserved("The operation belongs to no application.")
    exchanges = [*seen.all("identity.at_once", operation), *seen.all("ownership.at_once", operation)]
    if len({exchange.probe.variant for exchange in exchanges}) < 2:
        raise NotObserved("Fewer than two accounts asked who they are.")
    unclear = [exchange for exchange in exchanges if does_not_decide(exchange) or not response_of(exchange).is_success]
    if unclear:
        return undecided(f"Who-am-I is answered {unclear[0].status} to one of several at once, which does not decide.", *unclear)
    known = {exchange.probe.variant: exchange for exchange in seen.all("identity.control", operation)}
    if len({str(_expected(seen, application, part)) for part in known}) < len(known):
        say = broken if application.identity and "id" in application.identity.fields else undecided
        return say("Who-am-I tells several accounts the same.", *known.values())
    subjects = {part: _subject(seen, exchange) for part, exchange in known.items()}
    owners = {subject: _expected(seen, application, part) for part, subject in subjects.items() if subject}
    for exchange in exchanges:
        # A token without claims to read is of whom it was made for.
        part = exchange.probe.variant if exchange.probe.variant in known else "ordinary"
        owner = owners.get(_subject(seen, exchange)) or _expected(seen, application, part)
        if person(application, response_of(exchange)) != owner:
            return broken("Who-am-I names another account than that of the token.", exchange)
    return met(f"{len(exchanges)} answers to several accounts, some at once, name the right one each.", *exchanges)


def _subject(seen: Evidence, exchange: Exchange) -> tuple[str, ...]:
    """The claims that name the account in the token that `exchange` sent; none where it has none to read."""
    names = seen.tokens_in(" ".join(value for _, value in exchange.probe.request.headers))
    claims = seen.facts[names[0]].claims if names else None
    return tuple(str(claims.get(name)) for name in seen.contract.tokens.claims_meaning(Meaning.ACCOUNT)) if claims else ()


@check("AUTHZ-09", on=identities, reads="disabled_account")
def disabled_account_is_locked_out(seen: Evidence, operation: Operation) -> Judgement:
    """The access token of a disabled account ends at once, or with its own lifetime (CWE-613)."""
    before, after = seen.one("disabled.before", operation), seen.one("disabled.after", operation)
    late = seen.all("disabled.expired", operation)
    unclear = [exchange for exchange in (*late, after) if does_not_decide(exchange)] + [before] * (not response_of(before).is_success)
    if unclear:
        return undecided(f"The access token is answered {unclear[0].status}, which does not decide.", unclear[0])
    if late and response_of(late[0]).is_success:
        return broken("The access token of a disabled account works beyond its lifetime.", after, *late)
    if response_of(after).is_success:
        return weak("The access token of a disabled account works on within its lifetime.", after, *late)
    if after.status == 403:
        return weak("The access token of a disabled account is answered 403; nobody is authenticated, so 401 is due.", after)
    if after.status != 401:
        return broken(f"The access token of a disabled account is answered {after.status} where 401 is due.", after)
    return met("The access token of a disabled account is refused at once.", after)
