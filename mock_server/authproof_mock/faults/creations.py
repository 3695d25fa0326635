"""Faults of the creation of personal access tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from authproof_mock.clock import Clock
from authproof_mock.faults.fault import fault
from authproof_mock.faults.jwt import Claims
from authproof_mock.guard import Guard
from authproof_mock.http import Answer
from authproof_mock.pats import PersonalAccessToken, PersonalAccessTokenStore
from authproof_mock.refusal import Refusal
from authproof_mock.resources import Resources
from authproof_mock.state import Caller, Request
from authproof_mock.tokens import AccountId, Content, Purpose, Tokens, TokenType
from authproof_mock.validation import Validation
from authproof_spec.contract import Application, Meaning, Operation, PersonalAccessTokens
from authproof_spec.pointer import Json, get

# The name


class _OverlooksProblems(Validation):
    """Lets a field pass that the schema does not."""

    field = "name"
    words: str | None = None

    def problems(self, schema: str, value: Json) -> dict[str, list[str]]:
        found = super().problems(schema, value)
        left = [words for words in found.get(self.field, []) if self.words not in {None, words}]
        return {**{name: words for name, words in found.items() if name != self.field}, **({self.field: left} if left else {})}


@fault(
    "takes-names-that-are-too-short",
    breaks="PAT-11",
    reference="RFC 9110 §15.5.1",
    harm="Nobody can tell by its name which script a leaked token belongs to.",
)
class TakesShortNames(_OverlooksProblems):
    words = "This is too short."


@fault(
    "takes-names-that-are-too-long",
    breaks="PAT-11",
    reference="RFC 9110 §15.5.1",
    harm="A database cuts the name off, or fails.",
)
class TakesLongNames(_OverlooksProblems):
    words = "This is too long."


@fault(
    "refuses-the-longest-name",
    breaks="PAT-11",
    reference="RFC 9110 §15.5.1",
    harm="A client that keeps to the document is refused.",
)
class RefusesTheLongest(Resources):
    def create_token(self, application: Application, personal: PersonalAccessTokens, request: Request) -> Answer:
        if len(str(get(request.body, personal.request_name))) > 127:
            raise Refusal(400, "The name is too long.")
        return super().create_token(application, personal, request)


# The expiry


@fault(
    "takes-an-expiry-that-is-over",
    breaks="PAT-12",
    reference="CWE-613",
    harm="A script is given a token that never works, and nobody is told.",
)
class TakesThePast(Resources):
    def expiry_of(self, personal: PersonalAccessTokens, value: Json) -> float:
        try:
            return super().expiry_of(personal, value)
        except Refusal as refusal:
            if "future" not in str(refusal.fields):
                raise
            return self._state.clock.now() - 60


@fault(
    "takes-an-expiry-beyond-the-maximum",
    breaks="PAT-12",
    reference="CWE-613",
    harm="A leaked token works for a century.",
)
class TakesTheFarFuture(Resources):
    def expiry_of(self, personal: PersonalAccessTokens, value: Json) -> float:
        return super().expiry_of(replace(personal, kind=replace(personal.kind, lifetime=None)), value)


class _NeedsNoExpiry(_OverlooksProblems):
    field = "expiresAt"


class _LivesForEver(Resources):
    def expiry_of(self, personal: PersonalAccessTokens, value: Json) -> float:
        return super().expiry_of(personal, value) if value is not None else self._state.clock.now() + 100 * 365 * 86400


lets_tokens_live_without_an_expiry = fault(
    "lets-a-token-without-an-expiry-live-for-ever",
    breaks="PAT-12",
    reference="CWE-613",
    harm="Most users name no end, and most leaked tokens have none.",
)(_NeedsNoExpiry, _LivesForEver)


# Members too many


class _ReadsTheAudience(Resources):
    def create_token(self, application: Application, personal: PersonalAccessTokens, request: Request) -> Answer:
        self._state.tokens.audience = get(request.body, "/aud")  # type: ignore[attr-defined]
        try:
            return super().create_token(application, personal, request)
        finally:
            self._state.tokens.audience = None  # type: ignore[attr-defined]


class _WritesTheAudience(Tokens):
    audience: Json = None

    def claims(self, token_type: TokenType, account: AccountId, identifier: str, expires_at: float) -> Claims:
        claims = super().claims(token_type, account, identifier, expires_at)
        if token_type.purpose is Purpose.PERSONAL and isinstance(self.audience, list):
            return {**claims, **dict.fromkeys(self._rules.claims_meaning(Meaning.AUDIENCE), self.audience)}
        return claims


lets_a_client_choose_the_audience = fault(
    "lets-a-client-choose-the-audience-of-a-token",
    breaks="PAT-13",
    also=("JWT-08",),  # the kinds are told apart by their audience
    reference="CWE-915",
    harm="A token that was meant for one application opens all that trust the audience.",
)(_ReadsTheAudience, _WritesTheAudience)


class _KeepsGrants(PersonalAccessTokenStore):
    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.grants: dict[str, tuple[str, ...]] = {}
        self.wanted: tuple[str, ...] = ()

    def create(self, application: str, account: str, name: str, expires_at: float) -> PersonalAccessToken:
        record = super().create(application, account, name, expires_at)
        self.grants[record.id] = self.wanted
        return record


class _ReadsGrants(Resources):
    def create_token(self, application: Application, personal: PersonalAccessTokens, request: Request) -> Answer:
        wanted = get(request.body, "/permissions")
        self._state.pats.wanted = tuple(str(name) for name in wanted) if isinstance(wanted, list) else ()  # type: ignore[attr-defined]
        return super().create_token(application, personal, request)


class _HonoursGrants(Guard):
    def caller_of(self, content: Content) -> Caller:
        caller = super().caller_of(content)
        grants: Mapping[str, tuple[str, ...]] = self._state.pats.grants  # type: ignore[attr-defined]
        more = grants.get(caller.record.id, ()) if caller.record else ()
        return replace(caller, account=replace(caller.account, permissions=(*caller.account.permissions, *more)))


grants_what_a_client_asks_for = fault(
    "grants-the-permissions-that-a-client-asks-for",
    breaks="PAT-13",
    reference="CWE-915",
    harm="Any user makes a token that may do everything.",
)(_KeepsGrants, _ReadsGrants, _HonoursGrants)


@fault(
    "lets-a-personal-token-create-further-ones",
    breaks="PAT-15",
    reference="CWE-269",
    harm="The thief of a token makes another one, which the owner's revocation does not end.",
)
class LetsItCreate(Guard):
    def check_scheme(self, caller: Caller, operation: Operation) -> None:
        if not caller.record:
            super().check_scheme(caller, operation)

    def check_permissions(self, caller: Caller, operation: Operation) -> None:
        if caller.content.type.kind.scheme.name in operation.bearer_schemes:
            super().check_permissions(caller, operation)
