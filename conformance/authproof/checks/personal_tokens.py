"""PAT: personal access tokens."""

from __future__ import annotations

from datetime import UTC, datetime

from authproof.checks.answers import accepted, refused, response_of
from authproof.checks.registry import (
    check,
    identities_with_personal_tokens,
    refreshes_beside_personal_tokens,
    token_creations,
    token_lists,
    token_revocations,
)
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange
from authproof.reading import cache_directives
from authproof.verdict import Judgement, broken, met, undecided, untestable, weak
from authproof_spec import Operation
from authproof_spec.contract import Meaning, PersonalAccessTokens
from authproof_spec.pointer import Json, get


def _personal(seen: Evidence, operation: Operation) -> PersonalAccessTokens:
    application = seen.application_of(operation)
    if application is None or application.personal_access_tokens is None:
        raise NotObserved("The operation belongs to no application with personal access tokens.")
    return application.personal_access_tokens


def _created(seen: Evidence, personal: PersonalAccessTokens) -> tuple[Exchange, Json]:
    exchange = seen.one("pat.create", personal.create)
    return exchange, response_of(exchange).at(personal.response_record)


@check("PAT-01", on=token_creations, reads="personal_tokens")
def creation_gives_the_token_and_its_record(seen: Evidence, operation: Operation) -> Judgement:
    """Creation is answered with the declared status, the token and its record (RFC 9110 section 15.3.2)."""
    personal = _personal(seen, operation)
    exchange, record = _created(seen, personal)
    response = response_of(exchange)
    if response.status != operation.success_status:
        return broken(f"A valid creation is answered {response.status} where {operation.success_status} is due.", exchange)
    if not isinstance(response.at(personal.response_token), str):
        return broken(f"The answer has no token at {personal.response_token}.", exchange)
    missing = [name for name, pointer in personal.record.items() if not _has(record, pointer)]
    if missing:
        return broken(f"The record lacks {', '.join(missing)}.", exchange)
    if "no-store" not in cache_directives(response):
        return weak("The answer carries a token, and is not no-store.", exchange)
    return met(f"A valid creation is answered {response.status} with the token and its record.", exchange)


def _has(record: Json, pointer: str) -> bool:
    parent, _, name = pointer.rpartition("/")
    holder = get(record, parent) if parent else record
    return isinstance(holder, dict) and name in holder


@check("PAT-02", on=token_lists, reads="personal_tokens")
def token_is_shown_once(seen: Evidence, operation: Operation) -> Judgement:
    """No answer but that of the creation has the token (CWE-522)."""
    personal = _personal(seen, operation)
    created, _ = _created(seen, personal)
    seen.one("pat.list", operation)
    token = response_of(created).at(personal.response_token)
    names = set(seen.tokens_in(token)) if isinstance(token, str) else set()
    for exchange in seen.answered:
        response = response_of(exchange)
        text = response.body.decode("utf-8", "replace") + " ".join(value for _, value in response.headers)
        if exchange.number != created.number and names & set(seen.tokens_in(text)):
            return broken("The token is shown again.", exchange)
    return met("The token is in the answer of its creation alone.", created)


@check("PAT-03", on=identities_with_personal_tokens, reads="personal_tokens")
def personal_token_is_accepted(seen: Evidence, operation: Operation) -> Judgement:
    """A personal access token is accepted as the same user (the declared schemes of the operation)."""
    return accepted(seen, seen.one("pat.use", operation), "A personal access token")


@check("PAT-04", on=token_creations, reads="personal_tokens")
def claims_of_the_personal_token_match(seen: Evidence, operation: Operation) -> Judgement:
    """The token's audience is the declared one, and it expires when its record says."""
    personal = _personal(seen, operation)
    if personal.kind.opaque:
        return untestable("The document declares these tokens opaque, so they have no claims.")
    exchange, record = _created(seen, personal)
    token = response_of(exchange).at(personal.response_token)
    names = seen.tokens_in(token) if isinstance(token, str) else ()
    claims = seen.facts[names[0]].claims if names else None
    if claims is None:
        return undecided("The token is no JWT, so it has no claims to read.", exchange)
    for claim in seen.contract.tokens.claims_meaning(Meaning.AUDIENCE):
        value = claims.get(claim)
        if frozenset(value if isinstance(value, list) else [str(value)]) != personal.kind.audience:
            return broken(f"The claim {claim} is {value}, and {sorted(personal.kind.audience)} is declared.", exchange)
    for claim in seen.contract.tokens.claims_meaning(Meaning.EXPIRES_AT):
        recorded = _moment(get(record, personal.record["expiresAt"]) if "expiresAt" in personal.record else None)
        value = claims.get(claim)
        if recorded is not None and isinstance(value, int | float):
            if abs(recorded - value) > 86400:
                return broken(f"The claim {claim} and the record's expiry are {abs(recorded - value):.0f} seconds apart.", exchange)
            if abs(recorded - value) > 60:
                return weak(f"The claim {claim} and the record's expiry are {abs(recorded - value):.0f} seconds apart.", exchange)
    return met("The token's claims match its record.", exchange)


def _moment(text: Json) -> float | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


@check("PAT-07", on=token_revocations, reads="personal_tokens")
def revoked_token_is_refused_at_once(seen: Evidence, operation: Operation) -> Judgement:
    """A revoked token is refused with the next request (CWE-613)."""
    application = seen.application_of(operation)
    if application is None or application.identity is None:
        raise NotObserved("The operation belongs to no application with a who-am-I operation.")
    revocation = seen.one("pat.revoke", operation)
    if not response_of(revocation).is_success:
        return broken(f"The revocation of an own token is answered {revocation.status}.", revocation)
    used = accepted(seen, seen.one("pat.use", application.identity.operation), "The token before its revocation")
    if used.verdict != "pass":
        return undecided(f"The token was not accepted before its revocation either: {used.detail}", *used.exchanges)
    return refused(seen.one("pat.revoked_use", application.identity.operation), "A revoked personal access token")


@check("PAT-08", on=token_revocations, reads="personal_tokens")
def revoked_token_is_shown_as_revoked(seen: Evidence, operation: Operation) -> Judgement:
    """The list shows a revoked token as revoked or not at all, and a second revocation is no server error."""
    personal = _personal(seen, operation)
    _, record = _created(seen, personal)
    listing = seen.one("pat.list_after", personal.list)
    items = response_of(listing).at(personal.items)
    if not isinstance(items, list):
        return broken(f"The list has no records at {personal.items}.", listing)
    again = seen.one("pat.revoke_again", operation)
    if again.status >= 500:
        return broken(f"A second revocation makes the server fail with {again.status}.", again)
    identifier = get(record, personal.record["id"])
    for item in items:
        if get(item, personal.record["id"]) == identifier and "revoked" in personal.record and get(item, personal.record["revoked"]) is not True:
            return broken("The list does not show the revoked token as revoked.", listing)
    return met("The revoked token is shown as revoked, or is gone.", listing, again)


@check("PAT-09", on=token_revocations, reads="personal_tokens")
def unknown_and_foreign_token_look_alike(seen: Evidence, operation: Operation) -> Judgement:
    """The revocation of an unknown token and of another user's is answered 404, the same for both (CWE-204)."""
    unknown = seen.one("pat.revoke_unknown", operation)
    foreign = seen.all("pat.foreign_revoke", operation)
    if response_of(unknown).is_success:
        return broken(f"The revocation of a token that does not exist is answered {unknown.status}.", unknown)
    if foreign and foreign[0].status != unknown.status:
        return broken(
            f"Another user's token is answered {foreign[0].status} and an unknown one {unknown.status}: this tells that it exists.", *foreign, unknown
        )
    if unknown.status != 404:
        return weak(f"The revocation of an unknown token is answered {unknown.status}, and 404 is due.", unknown)
    return met("Unknown and foreign tokens are answered 404." if foreign else "An unknown token is answered 404.", *foreign, unknown)


@check("PAT-14", on=refreshes_beside_personal_tokens, reads="personal_tokens")
def personal_token_is_no_refresh_token(seen: Evidence, operation: Operation) -> Judgement:
    """A personal access token in the refresh cookie is refused (RFC 8725 section 3.12)."""
    return refused(seen.one("pat.as_refresh", operation), "A personal access token in the refresh cookie")
