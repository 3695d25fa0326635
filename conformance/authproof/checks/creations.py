"""PAT: what may be asked of the creation of a personal access token."""

from __future__ import annotations

from collections.abc import Mapping

from authproof.checks.answers import does_not_decide, response_of, same_person
from authproof.checks.designs import chosen_expiry
from authproof.checks.registry import check, token_creations
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange
from authproof.verdict import Judgement, Verdict, broken, met, undecided, untestable, weak, worst
from authproof_spec import Application, Operation
from authproof_spec.contract import Meaning, PersonalAccessTokens
from authproof_spec.pointer import Json, get


def _offer(seen: Evidence, operation: Operation) -> tuple[Application, PersonalAccessTokens]:
    application = seen.application_of(operation)
    if application is None or application.personal_access_tokens is None:
        raise NotObserved("The operation belongs to no application with personal access tokens.")
    return application, application.personal_access_tokens


def _turned_down(exchange: Exchange, what: str) -> Judgement:
    """Met when a creation with `what` is refused for its content: 400 or 422, whichever a server uses (RFC 9110 section 15.5.21)."""
    response = response_of(exchange)
    if response.status in {400, 422}:
        return met(f"{what} is answered {response.status}.", exchange)
    if response.is_success:
        return broken(f"{what} is accepted: answered {response.status} where 400 is due.", exchange)
    if does_not_decide(exchange):
        return undecided(f"{what} is answered {response.status}, which does not decide.", exchange)
    return broken(f"{what} is answered {response.status} where 400 is due.", exchange)


@check("PAT-11", on=token_creations, reads="creations")
def limits_of_the_name_are_enforced(seen: Evidence, operation: Operation) -> Judgement:
    """Names at the edges of the declared limits are taken, and those beyond are not."""
    wrong = seen.all("pat.wrong_name", operation)
    edges = [*seen.all("pat.longest_name", operation), *seen.all("pat.shortest_name", operation)]
    if not wrong and ("creations", _offer(seen, operation)[0].name) not in seen.outcomes:
        return untestable("The document sets no limits to the name.")
    if not wrong:
        raise NotObserved("No creation with a wrong name was answered.")
    found = [_turned_down(exchange, f"A name of {exchange.probe.variant}") for exchange in wrong]
    for exchange in edges:
        if not response_of(exchange).is_success:
            say = broken if exchange.status in {400, 422} else undecided
            found.append(say(f"A name at the edge of the limits is answered {exchange.status}.", exchange))
    return worst(*found)


@check("PAT-12", on=token_creations, reads=("personal_tokens", "creations"), where=chosen_expiry)
def limits_of_the_expiry_are_enforced(seen: Evidence, operation: Operation) -> Judgement:
    """An expiry is required where the document says so, lies ahead, and within the maximum."""
    wrong = seen.all("pat.wrong_expiry", operation)
    if not wrong:
        raise NotObserved("No creation with a wrong expiry was answered.")
    good = seen.one("pat.create", operation)
    if not response_of(good).is_success:
        return undecided(f"A creation with an expiry of tomorrow is answered {good.status}.", good)
    return worst(*(_turned_down(exchange, f"An expiry that is {exchange.probe.variant}") for exchange in wrong))


@check("PAT-13", on=token_creations, reads=("personal_tokens", "creations"))
def extra_members_widen_nothing(seen: Evidence, operation: Operation) -> Judgement:
    """Members that are not a client's to choose are refused or ignored (CWE-915)."""
    application, personal = _offer(seen, operation)
    exchange = seen.one("pat.extras", operation)
    if not response_of(exchange).is_success:
        return _turned_down(exchange, "A creation with members too many")
    plain = seen.one("pat.create", operation)
    if chosen := _chosen(seen, personal, exchange, plain):
        return broken(f"The creation let the client choose {chosen}.", exchange, plain)
    if application.identity is None:
        return met("The members too many are ignored.", exchange)
    used = seen.one("pat.extras_use", application.identity.operation)
    control = seen.one("pat.use", application.identity.operation)
    judgement = same_person(seen, application, used, control, "The token that was created with members too many")
    if judgement.verdict is not Verdict.PASS:
        return judgement
    place = application.identity.fields.get("permissions")
    if place and get(response_of(used).json, place) != get(response_of(control).json, place):
        return broken("The token that was created with members too many has other permissions.", used, control)
    return met("The members too many are ignored.", exchange, used)


def _chosen(seen: Evidence, personal: PersonalAccessTokens, exchange: Exchange, plain: Exchange) -> str | None:
    """What a creation with members too many took from them, by its record and its claims beside those of a `plain` one; None when nothing."""
    given, usual = (response_of(each).at(personal.response_record) for each in (exchange, plain))
    sent = exchange.probe.body_at(personal.record["id"])
    if sent is not None and str(get(given, personal.record["id"])) == str(sent):
        return "the id"
    if "account" in personal.record and get(given, personal.record["account"]) != get(usual, personal.record["account"]):
        return "the owner"
    new, old = (_claims(seen, personal, each) for each in (exchange, plain))
    if new is None or old is None:
        return None
    meanings = (Meaning.AUDIENCE, Meaning.ACCOUNT)
    names = [*(name for meaning in meanings for name in seen.contract.tokens.claims_meaning(meaning)), "permissions", "scope", "admin"]
    return next((f"the claim {name}" for name in names if new.get(name) != old.get(name)), None)


def _claims(seen: Evidence, personal: PersonalAccessTokens, exchange: Exchange) -> Mapping[str, Json] | None:
    names = seen.tokens_in(str(response_of(exchange).at(personal.response_token)))
    return seen.facts[names[0]].claims if names else None


@check("PAT-15", on=token_creations, reads="personal_tokens")
def personal_token_creates_no_further_one(seen: Evidence, operation: Operation) -> Judgement:
    """A personal access token creates no token where the document asks for an access token (OWASP ASVS 7.5.1)."""
    _, personal = _offer(seen, operation)
    exchange = seen.one("pat.child", operation)
    response = response_of(exchange)
    if does_not_decide(exchange):
        return undecided(f"A creation with a personal access token is answered {response.status}.", exchange)
    if not response.is_success:
        say = met if response.status in {401, 403} else undecided
        return say(f"A creation with a personal access token is answered {response.status}.", exchange)
    if personal.kind.scheme.name in operation.bearer_schemes:
        return weak("A personal access token creates further ones, as the document has it: a leaked one is replaced by its thief.", exchange)
    return broken(f"A personal access token creates further ones: answered {response.status}.", exchange)
