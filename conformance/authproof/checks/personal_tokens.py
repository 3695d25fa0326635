"""PAT: personal access tokens."""

from __future__ import annotations

from datetime import UTC, datetime

from authproof.checks.answers import accepted, came_from_elsewhere, does_not_decide, refused, response_of, served
from authproof.checks.refusals import sent_to_application, what_at
from authproof.checks.registry import (
    check,
    token_creations,
    token_lists,
    token_revocations,
)
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange
from authproof.reading import cache_directives
from authproof.verdict import Judgement, Verdict, broken, met, undecided, untestable, weak, worst
from authproof_spec import Operation
from authproof_spec.contract import Meaning, PersonalAccessTokens
from authproof_spec.pointer import Json, get

_DAY = 86400
_FAR = 1e15
"""Seconds since the epoch, or milliseconds, beyond which nothing is a time."""
_GRAIN = 60
"""Seconds to which a server may round the times that it records."""


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
    listing = seen.one("pat.list", operation)
    token = response_of(created).at(personal.response_token)
    names = set(seen.tokens_in(token)) if isinstance(token, str) else set()
    for exchange in seen.all("pat.listed_value"):
        if response_of(exchange).is_success:
            return broken(f"The list shows {exchange.probe.variant}, and that is accepted as a token.", listing, exchange)
    for exchange in seen.all("pat.listed_value"):
        if exchange.status == 429:
            return undecided(f"What the list shows as {exchange.probe.variant} was not judged: the target limits requests (429).", exchange)
    if not response_of(listing).is_success:
        return undecided(f"The list is answered {listing.status}.", listing)
    for exchange in seen.answered:
        response = response_of(exchange)
        text = response.body.decode("utf-8", "replace") + " ".join(value for _, value in response.headers)
        if exchange.number != created.number and names & set(seen.tokens_in(text)):
            where = seen.operation_of(exchange)
            return broken(f"The token is shown again{f', by {where.name}' if where else ''}: in an answer {exchange.status}.", exchange)
    return met("The token is in the answer of its creation alone.", created)


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
        if {str(entry) for entry in (value if isinstance(value, list) else [value])} != personal.kind.audience:
            return broken(f"The claim {claim} is {value}, and {sorted(personal.kind.audience)} is declared.", exchange)
    recorded = _moment(get(record, personal.record["expiresAt"]) if "expiresAt" in personal.record else None)
    # The record may be all that tells when the token ends.
    ends = {claim: claims[claim] for claim in seen.contract.tokens.claims_meaning(Meaning.EXPIRES_AT) if claims.get(claim) is not None}
    if recorded is None or not ends:
        return met("The token's claims match its record.", exchange)
    return worst(*(_ends_as_recorded(claim, value, recorded, exchange) for claim, value in ends.items()))


def _ends_as_recorded(claim: str, value: Json, recorded: float, exchange: Exchange) -> Judgement:
    if not isinstance(value, int | float) or not abs(value) < _FAR:
        return broken(f"The claim {claim} is no time, and the record has an expiry.", exchange)
    apart = abs(recorded - value)
    if apart > _GRAIN:
        return (broken if apart > _DAY else weak)(f"The claim {claim} and the record's expiry are {apart:.0f} seconds apart.", exchange)
    return met("The token's claims match its record.", exchange)


def _moment(text: Json) -> float | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


@check("PAT-05", on=token_lists, reads="personal_tokens")
def list_has_the_callers_tokens_alone(seen: Evidence, operation: Operation) -> Judgement:
    """A list has all tokens of the caller and no others, each with the members that the document declares (OWASP API1)."""
    personal = _personal(seen, operation)
    _, record = _created(seen, personal)
    listing = seen.one("pat.list", operation)
    if not response_of(listing).is_success:
        return served(listing, "The list of one's own tokens")
    items = response_of(listing).at(personal.items)
    if not isinstance(items, list):
        return broken(f"The list has no records at {personal.items}.", listing)
    total = response_of(listing).at(personal.total) if personal.total else None
    if wrong := _wrong_in(items, total, record, personal):
        return broken(wrong, listing)
    if _record_in(items, record, personal) is None:
        if isinstance(total, int) and total > len(items):
            return undecided("The list comes in pages, and its first one does not have the new token.", listing)
        return broken("The list does not have the token that the caller has just created.", listing)
    return met(f"The list has the new token, and of its {len(items)} records all are the caller's.", listing)


def _wrong_in(items: list[Json], total: Json, record: Json, personal: PersonalAccessTokens) -> str | None:
    """What is wrong with the records of a list by themselves; None when nothing is."""
    owner = _member(record, personal, "account")
    for item in items:
        if missing := [name for name, pointer in personal.record.items() if not _has(item, pointer)]:
            return f"A record of the list lacks {', '.join(missing)}."
        if owner is not None and _member(item, personal, "account") != owner:
            return "The list has a token of another account."
    if isinstance(total, int) and total < len(items):
        return f"The list has {len(items)} records and says that there are {total}."
    return None


def _record_in(items: Json, record: Json, personal: PersonalAccessTokens) -> Json:
    """The record of the list `items` that is of the same token as `record`; None when there is none."""
    records = items if isinstance(items, list) else []
    return next((item for item in records if _member(item, personal, "id") == _member(record, personal, "id")), None)


def _member(record: Json, personal: PersonalAccessTokens, name: str) -> str | None:
    """The record's member as text, whether the target writes a number or not; None when it has none."""
    value = get(record, personal.record[name]) if name in personal.record else None
    return None if value is None else str(value)


@check("PAT-07", on=token_revocations, reads="personal_tokens")
def revoked_token_is_refused_at_once(seen: Evidence, operation: Operation) -> Judgement:
    """A revoked token is refused with the next request (CWE-613)."""
    application = seen.application_of(operation)
    if application is None or application.identity is None:
        raise NotObserved("The operation belongs to no application with a who-am-I operation.")
    revocation = seen.one("pat.revoke", operation)
    if not response_of(revocation).is_success:
        return served(revocation, "The revocation of one's own token")
    used = accepted(seen, seen.one("pat.use", application.identity.operation), "The token before its revocation")
    if used.verdict is not Verdict.PASS:
        return undecided(f"The token was not accepted before its revocation either: {used.detail}", *used.exchanges)
    what, here = "A revoked personal access token", application.identity.operation
    judgement = refused(seen.one("pat.revoked_use", here), what)
    late = seen.all("pat.revoked_use_later", application.identity.operation)
    if late and refused(late[0], "It").verdict is Verdict.PASS:
        judgement = weak("A revoked personal access token is refused only a second later.", *judgement.exchanges, *late)
    others = [exchange for exchange in sent_to_application(seen, ["pat.revoked_use"], operation) if exchange.probe.operation != here.id]
    return worst(judgement, *(refused(exchange, what_at(seen, exchange, operation, what)) for exchange in others))


@check("PAT-08", on=token_revocations, reads="personal_tokens")
def revoked_token_is_shown_as_revoked(seen: Evidence, operation: Operation) -> Judgement:
    """The list shows a revoked token as revoked or not at all, and a second revocation is no server error."""
    personal = _personal(seen, operation)
    again = seen.one("pat.revoke_again", operation)
    if again.status in {500, 501}:
        return broken(f"A second revocation makes the server fail with {again.status}.", again)
    listing = seen.one("pat.list_after", personal.list)
    if not response_of(listing).is_success:
        return served(listing, "The list of one's own tokens")
    items = response_of(listing).at(personal.items)
    if not isinstance(items, list):
        return broken(f"The list has no records at {personal.items}.", listing)
    revoked = _revoked_identifier(seen, personal, operation)
    for item in items:
        shown = get(item, personal.record["revoked"]) if "revoked" in personal.record else True
        if _member(item, personal, "id") == revoked and (shown is None or shown is False):
            return broken("The list does not show the revoked token as revoked.", listing)
    return met("The revoked token is shown as revoked, or is gone.", listing, again)


def _revoked_identifier(seen: Evidence, personal: PersonalAccessTokens, operation: Operation) -> str | None:
    """The id of the token that was revoked, which is the last one of those created for it."""
    creations = (*seen.all("pat.create", personal.create), *seen.all("pat.create_again", personal.create))
    if not creations or not seen.all("pat.revoke", operation):
        raise NotObserved("No token was revoked.")
    return _member(response_of(creations[-1]).at(personal.response_record), personal, "id")


@check("PAT-09", on=token_revocations, reads="personal_tokens")
def unknown_and_foreign_token_look_alike(seen: Evidence, operation: Operation) -> Judgement:
    """The revocation of an unknown token and of another user's is answered 404, the same for both (CWE-204)."""
    unknown = seen.one("pat.revoke_unknown", operation)
    foreign = seen.all("pat.foreign_revoke", operation)
    answers = (unknown, *foreign)
    if any(does_not_decide(exchange) for exchange in answers):
        return undecided(f"The revocations are answered {', '.join(str(exchange.status) for exchange in answers)}.", *answers)
    if response_of(unknown).is_success:
        return broken(f"The revocation of a token that does not exist is answered {unknown.status}.", unknown)
    if foreign and foreign[0].status != unknown.status:
        return broken(
            f"Another user's token is answered {foreign[0].status} and an unknown one {unknown.status}: this tells that it exists.", *foreign, unknown
        )
    if unknown.status != 404:
        return weak(f"The revocation of an unknown token is answered {unknown.status}, and 404 is due.", unknown)
    return met("Unknown and foreign tokens are answered 404." if foreign else "An unknown token is answered 404.", *foreign, unknown)


@check("PAT-10", on=token_revocations, reads="personal_tokens")
def malformed_id_is_harmless(seen: Evidence, operation: Operation) -> Judgement:
    """An id that is none is answered 4xx, and the tokens that there are live on (CWE-89)."""
    personal = _personal(seen, operation)
    exchanges = seen.all("pat.revoke_malformed", operation)
    if not exchanges:
        raise NotObserved("No malformed id was tried.")
    for exchange in exchanges:
        if response_of(exchange).is_success or exchange.status in {401, 500, 501}:
            return broken(f"The revocation of a malformed id is answered {exchange.status}.", exchange)
    for exchange in exchanges:
        if exchange.status == 429 or exchange.status > 501 or came_from_elsewhere(response_of(exchange)):
            return undecided(f"The revocation of a malformed id is answered {exchange.status}.", exchange)
    _, record = _created(seen, personal)
    listing = seen.one("pat.list", personal.list)
    own = _record_in(response_of(listing).at(personal.items), record, personal)
    if own is None:
        return undecided("The list does not show whether the token lives on.", *exchanges, listing)
    if "revoked" in personal.record and get(own, personal.record["revoked"]) is True:
        return broken("The revocation of a malformed id has revoked a token.", *exchanges, listing)
    shown = ", ".join(dict.fromkeys(str(exchange.status) for exchange in exchanges))
    return met(f"Malformed ids are answered {shown}, and the token lives on.", *exchanges)


@check("PAT-19", on=token_lists, reads="personal_tokens")
def use_is_recorded(seen: Evidence, operation: Operation) -> Judgement:
    """The record tells when the token was used, and does not before it was."""
    personal = _personal(seen, operation)
    created, record = _created(seen, personal)
    if "usedAt" not in personal.record:
        return untestable("The document has no time of use in a record.")
    if _member(record, personal, "usedAt") is not None:
        return broken("The record has a time of use before there was any.", created)
    listing, use = seen.one("pat.list", operation), seen.one("pat.use")
    own = _record_in(response_of(listing).at(personal.items), record, personal)
    if own is None or not response_of(use).is_success:
        return undecided("The token could not be used, or the list does not have it.", use, listing)
    used, made = (_moment(_member(source, personal, name)) for source, name in ((own, "usedAt"), (record, "createdAt")))
    if used is None:
        return broken("The record has no time of use after the token was used.", use, listing)
    if made is not None and used < made - _GRAIN:
        return broken(f"The recorded time of use is {made - used:.0f} seconds before the token was made.", listing)
    return met("The time of use is recorded.", listing)
