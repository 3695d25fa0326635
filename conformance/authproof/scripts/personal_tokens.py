"""Personal access tokens: a token's life, what may be asked of a creation, and forged ones."""

from __future__ import annotations

import copy
import re
import secrets
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

from authproof.exchange import Exchange, Probe
from authproof.forge import signature
from authproof.forge.compact import encode, header_of, signed
from authproof.inputs import example_body
from authproof.keys import algorithm_of, signing_key
from authproof.lab import MAIN, Blocked, Lab, Missing, PersonalToken, Script, Session, Step, Wait
from authproof.profile import Part
from authproof.schemas import request_field
from authproof.scripts.altered import altered_values, opaque_forgeries
from authproof.scripts.forgeries import elsewhere
from authproof.vault import decode
from authproof_spec import Application, Operation
from authproof_spec.contract import Meaning, PersonalAccessTokens
from authproof_spec.pointer import Json, get, put

DAY = 86400
OWNER_MEMBERS = ("userId", "user_id", "ownerId", "owner_id", "accountId", "account_id", "sub")
"""Names that servers have for the owner of an object, besides those of the contract."""
_MALFORMED = ("*", "'")
_LONGEST = 10_000
_LAG = 1
"""Seconds that the copies of a server may need to hear of a revocation."""
_LIKE_A_TOKEN = re.compile(r"[A-Za-z0-9_.~+/=-]{8,}")
_MOST_VALUES = 2

Creation = Generator[Step, Sequence[Exchange], PersonalToken]


def personal_tokens(lab: Lab, application: Application) -> Script:
    """One token of the ordinary account, from its creation to after its revocation; on the way another user and other uses."""
    personal, me = _operations(application)
    session = lab.session(application, *MAIN)
    token = yield from create(lab, session, "pat.create")
    yield Probe("pat.use", lab.call(me, bearer=token.value), me.id)
    yield from _unsigned(lab, me, token)
    for identifier in _MALFORMED:
        yield _revoke(lab, personal, session, identifier, "pat.revoke_malformed")
    (listing,) = yield Probe("pat.list", lab.call(personal.list, bearer=session.access_token), personal.list.id)
    record = _record_of(personal, listing, token)
    yield from _try_listed_values(lab, personal, me, record)
    if record is not None and "revoked" in personal.record and get(record, personal.record["revoked"]) is True:
        token = yield from create(lab, session, "pat.create_again")  # a malformed id has hit it
    yield from _other_uses(lab, application, token)
    yield _revoke(lab, personal, session, _another(token.identifier or ""), "pat.revoke_unknown")
    stranger = _stranger(lab, application, session)
    if stranger:
        yield from _foreign_list(lab, personal, stranger, session)
        yield _revoke(lab, personal, stranger, token.identifier or "", "pat.foreign_revoke")
        yield Probe("pat.after_foreign_revoke", lab.call(me, bearer=token.value), me.id)
    yield lab.revocation(token, session.access_token, "pat.revoke")
    (used,) = yield Probe("pat.revoked_use", lab.call(me, bearer=token.value), me.id)
    if used.response and used.response.is_success:
        yield Wait(_LAG)
        yield Probe("pat.revoked_use_later", lab.call(me, bearer=token.value), me.id)
    for operation in elsewhere(lab, application):
        if personal.kind.scheme.name in operation.bearer_schemes:
            yield Probe("pat.revoked_use", lab.example_call(operation, bearer=token.value), operation.id)
    yield Probe("pat.list_after", lab.call(personal.list, bearer=session.access_token), personal.list.id)
    yield lab.revocation(token, session.access_token, "pat.revoke_again")


def _unsigned(lab: Lab, me: Operation, token: PersonalToken) -> Iterator[Probe]:
    """The token as a forger has it, where it is a JWT: what verifies access tokens need not be what verifies these."""
    if None in decode(token.value):
        return
    for name, variants in (("jwt.none", signature.unsigned(token.value)), ("jwt.signature_changed", signature.changed(token.value))):
        lab.personal_values.add(variants[""])  # so that it travels as the good one does
        yield Probe(name, lab.call(me, bearer=lab.secret(variants[""], "forged_token")), me.id, "a personal access token")


def _foreign_list(lab: Lab, personal: PersonalAccessTokens, stranger: Session, owner: Session) -> Script:
    """The list that another account is shown who asks for that of the owner; where that is no valid request, just for the list."""
    query = claimed_owner(owner.identifier) if owner.identifier else ""
    (exchange,) = yield Probe("pat.foreign_list", lab.call(personal.list, bearer=stranger.access_token, query=query), personal.list.id)
    if query and exchange.status in {400, 403, 422}:
        yield Probe("pat.foreign_list", lab.call(personal.list, bearer=stranger.access_token), personal.list.id)


def claimed_owner(identifier: str) -> str:
    """A query that names somebody else, by every name that servers have for the owner of an object."""
    return "&".join(f"{name}={quote(identifier)}" for name in OWNER_MEMBERS)


def _other_uses(lab: Lab, application: Application, token: PersonalToken) -> Iterator[Probe]:
    """The token where it opens nothing: as a refresh token, at the operations that give sessions, at other applications, for a further token."""
    bearer, _ = lab.credential(application, token.value)
    if application.refresh:
        yield lab.refresh(application, token.value, "pat.as_refresh")
        bare = lab.refresh(application, None, "pat.exchange")
        yield replace(bare, request=replace(bare.request, headers=(*bare.request.headers, *bearer)))
    if lab.may_fail_a_login():
        login = application.logins[0].operation
        yield Probe("pat.exchange", lab.call(login, body={}, headers=bearer), login.id)
    for other in lab.contract.applications.values():
        if other is not application and other.identity:
            yield Probe("pat.elsewhere", lab.call(other.identity.operation, bearer=token.value), other.identity.operation.id)
    if personal := application.personal_access_tokens:
        request = lab.call(personal.create, bearer=token.value, body=body_of(lab, personal, lab.now() + DAY))
        yield Probe("pat.child", request, personal.create.id)


def _try_listed_values(lab: Lab, personal: PersonalAccessTokens, me: Operation, record: Json) -> Iterator[Probe]:
    """What a list shows of a token besides its record, such as a part or a hash of it, offered as the token."""
    declared = {pointer.split("/")[1] for pointer in personal.record.values()}
    members = record.items() if isinstance(record, dict) else ()
    values = [(name, value) for name, value in members if name not in declared and isinstance(value, str) and _LIKE_A_TOKEN.fullmatch(value)]
    for name, value in values[:_MOST_VALUES]:
        lab.personal_values.add(value)
        yield Probe("pat.listed_value", lab.call(me, bearer=value), me.id, name)


def creations(lab: Lab, application: Application) -> Script:
    """Creations that go too far, and two that go as far as they may: the longest name by another user, the shortest with members too many."""
    personal, me = _operations(application)
    session = lab.session(application, *MAIN)
    for name, variant, body in _wrong_bodies(lab, personal):
        yield Probe(name, lab.call(personal.create, bearer=session.access_token, body=body), personal.create.id, variant)
    stranger = _stranger(lab, application, session)
    field = request_field(lab.contract, personal.create, personal.request_name)
    longest, shortest = field.limit("maxLength"), field.limit("minLength")
    if longest and longest <= _LONGEST:
        yield _creation(lab, stranger or session, "pat.longest_name", name=f"authproof {lab.run_id} ".ljust(longest, "x")[:longest])
    shortest_name = "apf".ljust(shortest, "x")[:shortest] if shortest else None
    body = _with_extras(lab, personal, stranger, body_of(lab, personal, lab.now() + DAY, shortest_name))
    (created,) = yield Probe("pat.extras", lab.call(personal.create, bearer=session.access_token, body=body), personal.create.id)
    if created.response and created.response.is_success:
        token = lab.personal_token(application, session.account)
        yield Probe("pat.extras_use", lab.call(me, bearer=token.value if token else ""), me.id)
    else:
        yield _creation(lab, session, "pat.shortest_name", name=shortest_name)


def _wrong_bodies(lab: Lab, personal: PersonalAccessTokens) -> Iterator[tuple[str, str, dict[str, Json]]]:
    """Probe, variant and body of each creation with one thing wrong by what the document says."""
    now = lab.now()
    name = request_field(lab.contract, personal.create, personal.request_name)
    shortest, longest = name.limit("minLength"), name.limit("maxLength")
    if shortest:
        yield "pat.wrong_name", f"{shortest - 1} characters", body_of(lab, personal, now + DAY, name="x" * (shortest - 1))
    if longest and longest <= _LONGEST:
        yield "pat.wrong_name", f"{longest + 1} characters", body_of(lab, personal, now + DAY, name="x" * (longest + 1))
    if name.is_required:
        yield "pat.wrong_name", "none", _without(body_of(lab, personal, now + DAY), personal.request_name)
    if personal.request_expires_at is None:
        return
    expiry = request_field(lab.contract, personal.create, personal.request_expires_at)
    yield "pat.wrong_expiry", "a day ago", body_of(lab, personal, now - DAY)
    if personal.kind.lifetime is not None:
        yield "pat.wrong_expiry", "beyond the maximum", body_of(lab, personal, now + personal.kind.lifetime + 2 * DAY)
    if expiry.is_required:
        yield "pat.wrong_expiry", "none", _without(body_of(lab, personal, now + DAY), personal.request_expires_at)
        if "null" not in expiry.types:
            body = body_of(lab, personal, now + DAY)
            put(body, personal.request_expires_at, None)
            yield "pat.wrong_expiry", "null", body


def _with_extras(lab: Lab, personal: PersonalAccessTokens, stranger: Session | None, body: dict[str, Json]) -> dict[str, Json]:
    """`body` with what a client must not choose: owner, id, token, audience and permissions."""
    claims = decode(stranger.access_token)[1] if stranger else None
    accounts = lab.contract.tokens.claims_meaning(Meaning.ACCOUNT)
    owner = next((claims[name] for name in accounts if claims and name in claims), "1")
    audience = sorted(entry for application in lab.contract.applications.values() for entry in application.access_token.audience)
    permissions = sorted({name for operation in lab.contract.operations for names in operation.bearer_schemes.values() for name in names})
    extras: dict[str, Json] = {"permissions": [*permissions], "scope": " ".join(permissions), "aud": [*audience], "admin": True}
    for pointer, value in (
        *((personal.record[member], value) for member, value in (("account", owner), ("id", EXTRA_ID)) if member in personal.record),
        (personal.response_token, "authproof"),
    ):
        extras.setdefault(pointer.split("/")[1], value)
    return {**extras, **body}


EXTRA_ID = "00000000-0000-4000-8000-000000000000"
"""The id that a creation asks for and must not get."""


def forged_tokens(lab: Lab, application: Application) -> Script:
    """Tokens that are in no record: altered ones, or signed by the target's own key with a random id, with none, and with another user's."""
    personal, me = _operations(application)
    session = lab.session(application, *MAIN)
    token = lab.personal_token(application, session.account)
    if personal.kind.opaque:
        yield from _altered_tokens(lab, me, token)
        return
    names = lab.contract.tokens.claims_meaning(Meaning.IDENTIFIER)
    text = lab.profile.signing_key
    if text is None:
        raise Missing("The profile has no signing key.")
    if not names:
        raise Missing("The contract names no claim that identifies a token.")
    if token is None or None in decode(token.value):
        raise Blocked("There is no personal access token that is a JWT, so none can be forged from it.")
    claims, own = decode(token.value)[1] or {}, decode(session.access_token)[1] or {}
    if any(claims.get(name) != own.get(name, claims.get(name)) for name in lab.contract.tokens.claims_meaning(Meaning.ACCOUNT)):
        raise Blocked("The personal access token is not of the user who created it.")
    key = signing_key(text, algorithm_of(token.value, lab.contract.tokens.algorithm), token.value)
    if key is None:
        raise Blocked("The profile's signing key did not sign the personal access token.")
    changes: dict[str, Mapping[str, Json]] = {"": {}, "a random id": dict.fromkeys(names, _another(str(claims.get(names[0], ""))))}
    stranger = _stranger(lab, application, session)
    other = lab.personal_token(application, stranger.account) if stranger else None
    if other and (others := decode(other.value)[1]):
        changes["the id of another user's token"] = {name: others[name] for name in names if name in others}
    for variant, change in changes.items():
        yield _forged(lab, me, signed(header_of(token.value), encode({**claims, **change}), key), variant)
    nameless = {name: value for name, value in claims.items() if name not in names}
    yield _forged(lab, me, signed(header_of(token.value), encode(nameless), key), "no id")


def _altered_tokens(lab: Lab, me: Operation, token: PersonalToken | None) -> Script:
    """Tokens that are almost the one that there is: a server may look it up by a part of it alone."""
    if token is None:
        raise Blocked("There is no personal access token from which one could be altered.")
    yield Probe("pat.signed_control", lab.call(me, bearer=token.value), me.id)
    for variant, altered in (*altered_values(token.value), *opaque_forgeries(token.value)):
        yield _forged(lab, me, altered, variant)


def _forged(lab: Lab, me: Operation, forged: str, variant: str) -> Probe:
    lab.personal_values.add(forged)  # so that it travels as the good one does
    return Probe("pat.forged" if variant else "pat.signed_control", lab.call(me, bearer=lab.secret(forged, "forged_token")), me.id, variant)


def create(lab: Lab, session: Session, probe: str, expires_at: float | None = None) -> Creation:
    """A new token of the session's account. Raises Missing or Blocked when there is none to have."""
    (exchange,) = yield _creation(lab, session, probe, expires_at=expires_at)
    return created_token(lab, session, exchange)


def created_token(lab: Lab, session: Session, exchange: Exchange) -> PersonalToken:
    """The token that `session` got by `exchange`. Raises Blocked when it got none."""
    known = [token for token in lab.personal_tokens if token.session is session]
    if exchange.response is None or not exchange.response.is_success:
        raise Blocked(f"The creation of a personal access token was answered {exchange.describe()}.")
    if not known or known[-1].identifier is None:
        raise Blocked("The creation of a personal access token gave no token, or no id in its record, where the contract has them.")
    return known[-1]


def _creation(lab: Lab, session: Session, probe: str, expires_at: float | None = None, name: str | None = None) -> Probe:
    personal, _ = _operations(session.application)
    body = body_of(lab, personal, expires_at or lab.now() + DAY, name=name)
    return Probe(probe, lab.call(personal.create, bearer=session.access_token, body=body), personal.create.id)


def _operations(application: Application) -> tuple[PersonalAccessTokens, Operation]:
    """What the contract says of the tokens, and the who-am-I operation that shows whether one is accepted. Raises Missing."""
    if application.personal_access_tokens is None or application.identity is None:
        raise Missing(f"The contract has no personal access tokens for {application.name}.")
    return application.personal_access_tokens, application.identity.operation


def token_body(lab: Lab, personal: PersonalAccessTokens) -> dict[str, Json]:
    """A body that asks for a token of one day."""
    return body_of(lab, personal, lab.now() + DAY)


def body_of(lab: Lab, personal: PersonalAccessTokens, expires_at: float, name: str | None = None) -> dict[str, Json]:
    """The body of a creation: the document's example with a name that tells the run, and with that expiry (seconds since the epoch)."""
    example = copy.deepcopy(example_body(personal.create))
    body: dict[str, Json] = example if isinstance(example, dict) else {}
    field = request_field(lab.contract, personal.create, personal.request_name)
    put(
        body,
        personal.request_name,
        f"authproof {lab.run_id}"[: field.limit("maxLength")].ljust(field.limit("minLength") or 0, "x") if name is None else name,
    )
    if personal.request_expires_at:
        put(body, personal.request_expires_at, written(lab, personal, personal.request_expires_at, expires_at))
    return body


def written(lab: Lab, personal: PersonalAccessTokens, pointer: str, moment: float) -> Json:
    """`moment` (seconds since the epoch) as the document wants an expiry at `pointer`: a date-time, a date, or a number."""
    field = request_field(lab.contract, personal.create, pointer)
    if field.types & {"integer", "number"} and "string" not in field.types:
        return int(moment)
    date = datetime.fromtimestamp(moment, UTC)
    return date.strftime("%Y-%m-%d" if "date" in field.formats and "date-time" not in field.formats else "%Y-%m-%dT%H:%M:%SZ")


def _without(body: dict[str, Json], pointer: str) -> dict[str, Json]:
    holder, _, name = pointer.rpartition("/")
    owner = get(body, holder) if holder else body
    if isinstance(owner, dict):
        owner.pop(name, None)
    return body


def _revoke(lab: Lab, personal: PersonalAccessTokens, session: Session, identifier: str, name: str) -> Probe:
    path = {personal.revoke.path_parameters[-1].name: identifier}
    return Probe(name, lab.call(personal.revoke, bearer=session.access_token, path=path), personal.revoke.id)


def _record_of(personal: PersonalAccessTokens, listing: Exchange, token: PersonalToken) -> Json:
    items = listing.response.at(personal.items) if listing.response else None
    records = items if isinstance(items, list) else []
    return next((record for record in records if str(get(record, personal.record["id"])) == token.identifier), None)


def _another(identifier: str) -> str:
    """Another id of the same form: a number for a number, hexadecimal letters for such letters."""
    if identifier.isdecimal():
        return "2147483000"
    return "".join(secrets.choice("0123456789abcdef") if letter in "0123456789abcdef" else letter for letter in identifier)


def _stranger(lab: Lab, application: Application, session: Session) -> Session | None:
    candidates = (lab.sessions.get((application.name, part)) for part in (Part.OTHER, Part.PRIVILEGED))
    return next((candidate for candidate in candidates if candidate and candidate is not session), None)
