"""Faults of what counts as a refresh token, where it is read, how long it lives, and what it gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs

from authproof_mock import base64url
from authproof_mock.accounts import Account
from authproof_mock.faults.fault import fault
from authproof_mock.faults.jwt import Claims, WritesOtherClaims
from authproof_mock.faults.refresh import GivesAnotherAccessToken
from authproof_mock.flows import Flows, Handler
from authproof_mock.http import NO_STORE, Answer
from authproof_mock.samples import Samples
from authproof_mock.sessions import Family, Sessions
from authproof_mock.state import Request, State
from authproof_mock.tokens import AccountId, Content, Purpose, Tokens, TokenType
from authproof_spec.contract import Application, Meaning, Operation
from authproof_spec.pointer import Json

# Forged ones


class TrustsRefreshTokens(Flows):
    """Takes what some refresh tokens say for true, as if our own key had signed it."""

    def is_concerned(self, application: Application, request: Request) -> bool:
        """True for a request whose token is trusted."""
        return request.operation is application.refresh

    def trusts(self, header: dict[str, Json]) -> bool:
        """True for a token with such a header."""
        return True

    def refresh_token_of(self, application: Application, request: Request) -> str | None:
        token = super().refresh_token_of(application, request)
        head, dot, rest = (token or "").partition(".")
        claims = rest.partition(".")[0]
        try:
            header = json.loads(base64url.decode(head))
            json.loads(base64url.decode(claims))
        except ValueError:
            return token
        if not dot or not self.is_concerned(application, request) or not self.trusts(header):
            return token
        key = self._state.tokens.key
        message = f"{base64url.encode(json.dumps({'alg': key.algorithm, 'typ': 'JWT'}).encode())}.{claims}"
        return f"{message}.{base64url.encode(key.sign(message.encode()))}"


@fault(
    "takes-an-unsigned-refresh-token",
    breaks="REFRESH-12",
    reference="CVE-2015-2951",
    harm="Anybody writes a refresh token for any session whose identifier is known.",
)
class TakesAnUnsignedOne(TrustsRefreshTokens):
    def trusts(self, header: dict[str, Json]) -> bool:
        return header.get("alg") == "none"


@fault(
    "does-not-check-the-signature-of-a-refresh-token",
    breaks="REFRESH-12",
    also=("COOKIE-14",),
    reference="CVE-2021-22573",
    harm="A refresh token that has expired is given a later end by whoever has it.",
)
class ChecksNoSignature(TrustsRefreshTokens):
    def trusts(self, header: dict[str, Json]) -> bool:
        return header.get("alg") != "none"


# Other places and methods


class _ReadsItElsewhere(Flows):
    """Reads the refresh token somewhere else where there is no cookie."""

    def refresh_token_of(self, application: Application, request: Request) -> str | None:
        return super().refresh_token_of(application, request) or self.elsewhere(request)

    def elsewhere(self, request: Request) -> str | None:
        """What stands there."""
        raise NotImplementedError


@fault(
    "reads-the-refresh-token-in-the-body",
    breaks="REFRESH-18",
    reference="contract",
    harm="A page that got hold of the token uses it from anywhere, whatever the cookie's flags.",
)
class ReadsTheBody(_ReadsItElsewhere):
    def elsewhere(self, request: Request) -> str | None:
        try:
            body = json.loads(request.call.body)
        except ValueError:
            return None
        return str(body["refresh_token"]) if isinstance(body, dict) and "refresh_token" in body else None


@fault(
    "reads-the-refresh-token-in-the-query",
    breaks="REFRESH-18",
    reference="OWASP ASVS 5.0 14.2.1",
    harm="The token is in the logs of every server on the way.",
)
class ReadsTheQuery(_ReadsItElsewhere):
    def elsewhere(self, request: Request) -> str | None:
        return next(iter(parse_qs(request.call.query).get("token", [])), None)


@fault(
    "takes-the-refresh-token-as-a-bearer-token",
    breaks="REFRESH-18",
    reference="OWASP ASVS 5.0 14.2.1",
    harm="Clients keep the refresh token where scripts can read it.",
)
class TakesABearer(_ReadsItElsewhere):
    def elsewhere(self, request: Request) -> str | None:
        values = request.call.header_values("authorization")
        return values[0].removeprefix("Bearer ") if values else None


class AnswersGet(Flows):
    """Serves an operation by GET too."""

    def served(self, application: Application) -> Operation | None:
        """The operation."""
        raise NotImplementedError

    def undeclared_operations(self) -> Iterator[Operation]:
        for application in self._state.contract.applications.values():
            if operation := self.served(application):
                yield replace(operation, id=f"GET {operation.id}", method="GET")

    def handlers(self) -> Iterator[tuple[str, Handler]]:
        known = dict(super().handlers())
        yield from known.items()
        for application in self._state.contract.applications.values():
            if operation := self.served(application):
                yield f"GET {operation.id}", self._unstored(known[operation.id])

    @staticmethod
    def _unstored(handler: Handler) -> Handler:
        def handle(request: Request) -> Answer:
            answer = handler(request)
            return replace(answer, headers=[*answer.headers, NO_STORE])

        return handle


@fault(
    "refreshes-by-get",
    breaks="REFRESH-19",
    reference="CWE-352",
    harm="An image of another site uses up the refresh token, and the session ends for reuse.",
)
class RefreshesByGet(AnswersGet):
    def served(self, application: Application) -> Operation | None:
        return application.refresh


@fault(
    "lets-every-site-read-a-refresh",
    breaks="REFRESH-20",
    also=("CORS-02",),
    reference="OWASP ASVS 5.0 3.4.2",
    harm="Where a browser sends the cookie after all, any site reads the access token.",
)
class LetsEverySiteRead(Flows):
    def refresh(self, application: Application, request: Request) -> Answer:
        answer = super().refresh(application, request)
        origins = [("access-control-allow-origin", origin) for origin in request.call.header_values("origin")]
        return replace(answer, headers=[*answer.headers, *origins, *([("access-control-allow-credentials", "true")] if origins else [])])


# Time


class _NeverExpires(Tokens):
    def check_expiry(self, content: Content) -> None:
        if content.type.purpose is not Purpose.REFRESH:
            super().check_expiry(content)


class _LivesOn(Sessions):
    def is_live(self, family: Family) -> bool:
        return not family.revoked and family.ends_at > self._clock.now()


lets_refresh_tokens_live_on = fault(
    "lets-refresh-tokens-live-on",
    breaks="REFRESH-14",
    reference="OWASP ASVS 5.0 7.3.1",
    harm="A refresh token of last year's backup opens the session.",
)(_NeverExpires, _LivesOn)


class _LivesForAWeek(Tokens):
    def mint(self, token_type: TokenType, account: AccountId, identifier: str, expires_at: float) -> str:
        return super().mint(token_type, account, identifier, expires_at + (6 * 86400 if token_type.purpose is Purpose.REFRESH else 0))


class _FamilyOfAWeek(Flows):
    def end_of_family(self, application: Application) -> float:
        return super().end_of_family(application) + 6 * 86400


lets_refresh_tokens_live_for_a_week = fault(
    "lets-refresh-tokens-live-for-a-week",
    breaks="REFRESH-14",
    reference="contract",
    harm="A stolen cookie works for days after the browser has dropped its own.",
)(_LivesForAWeek, _FamilyOfAWeek)


@fault(
    "lets-a-session-live-for-ever",
    breaks="REFRESH-15",
    reference="OWASP ASVS 5.0 7.3.2",
    harm="A thief who refreshes once a day is never asked to log in.",
)
class LetsASessionLive(Sessions):
    def is_live(self, family: Family) -> bool:
        return not family.revoked and family.expires_at > self._clock.now()


@fault(
    "moves-the-end-of-a-session-with-each-refresh",
    breaks="REFRESH-15",
    reference="OWASP ASVS 5.0 7.3.2",
    harm="The end of a session is one that never comes.",
)
class MovesTheEnd(Sessions):
    def advance(self, family: Family, identifier: str, expires_at: float) -> str:
        family.ends_at = max(family.ends_at, expires_at + 1)
        return super().advance(family, identifier, expires_at)


# Accounts


class _KeepsTheSessions(Sessions):
    def revoke_account(self, account: str) -> None:
        """Nothing: the sessions of an account that is locked out stay."""


class _RefreshesForAnybody(Flows):
    def __init__(self, state: State, samples: Samples) -> None:
        super().__init__(state, samples)
        self._refreshing = False

    def refresh(self, application: Application, request: Request) -> Answer:
        self._refreshing = True
        try:
            return super().refresh(application, request)
        finally:
            self._refreshing = False

    def may_log_in(self, account: Account) -> bool:
        return super().may_log_in(account) or (self._refreshing and self.is_forgiven(account))

    def is_forgiven(self, account: Account) -> bool:
        """True for a disabled account that is served all the same."""
        return True


refreshes_for_a_disabled_account = fault(
    "refreshes-for-a-disabled-account",
    breaks="REFRESH-17",
    reference="CWE-613",
    harm="Who was dismissed stays logged in for as long as the page is open.",
)(_RefreshesForAnybody, _KeepsTheSessions)


class _RemembersAccounts(_RefreshesForAnybody):
    def __init__(self, state: State, samples: Samples) -> None:
        super().__init__(state, samples)
        self._seen: dict[str, float] = {}

    def may_log_in(self, account: Account) -> bool:
        if not account.disabled:
            self._seen[account.key] = self._state.clock.now()
        return super().may_log_in(account)

    def is_forgiven(self, account: Account) -> bool:
        return self._state.clock.now() < self._seen.get(account.key, 0) + 600


remembers_that_an_account_was_enabled = fault(
    "remembers-for-minutes-that-an-account-was-enabled",
    breaks="REFRESH-17",
    reference="OWASP ASVS 5.0 7.4.2",
    harm="Who was dismissed has minutes left, and gets tokens that outlive them.",
)(_RemembersAccounts, _KeepsTheSessions)


# What a refresh gives


@fault(
    "gives-another-users-access-token-at-a-refresh",
    breaks="REFRESH-22",
    also=("REFRESH-01", "REFRESH-07", "LOGOUT-08"),  # it is not the same user's, and what ends this user's session does not end it
    reference="RFC 6749 §6",
    harm="A user goes on as somebody else.",
)
class GivesAnotherUsers(GivesAnotherAccessToken):
    def given(self, application: Application, account: Account, first: Json) -> Json:
        accounts = self._state.accounts
        others = (other for other in accounts.list() if other.key != account.key and accounts.belongs_to(other, application.name))
        kind = self._state.tokens.type_of(application.name, Purpose.ACCESS)
        return self._state.tokens.mint(kind, next(others).id, self._state.sessions.new_identifier(""), self._state.clock.now() + 900)


class _WritesAnotherAudience(WritesOtherClaims):
    refreshing = False

    def written(self, token_type: TokenType, claims: Claims) -> Claims:
        if not self.refreshing or token_type.purpose is not Purpose.ACCESS:
            return claims
        every = {entry for application in self._contract.applications.values() for entry in application.access_token.audience}
        audience: list[Json] = [*sorted(every)]
        return {**claims, **dict.fromkeys(self._rules.claims_meaning(Meaning.AUDIENCE), audience)}


class _TellsOfTheRefresh(Flows):
    def refresh(self, application: Application, request: Request) -> Answer:
        tokens = self._state.tokens
        tokens.refreshing = True  # type: ignore[attr-defined]
        try:
            return super().refresh(application, request)
        finally:
            tokens.refreshing = False  # type: ignore[attr-defined]


class _WritesALateExpiry(WritesOtherClaims):
    refreshing = False

    def written(self, token_type: TokenType, claims: Claims) -> Claims:
        if not self.refreshing or token_type.purpose is not Purpose.ACCESS:
            return claims
        return {**claims, **{name: int(str(claims[name])) + 86400 for name in self._rules.claims_meaning(Meaning.EXPIRES_AT)}}


lets_access_tokens_of_a_refresh_live_for_a_day = fault(
    "lets-access-tokens-of-a-refresh-live-for-a-day",
    breaks="JWT-03",
    reference="RFC 6750 §5.3",
    harm="All tokens but the first of a session work for a day when they are stolen.",
)(_WritesALateExpiry, _TellsOfTheRefresh)


widens_the_audience_at_a_refresh = fault(
    "widens-the-audience-at-a-refresh",
    breaks="REFRESH-22",
    also=("JWT-08",),
    reference="RFC 6749 §6",
    harm="Who waits a quarter of an hour has tokens that other applications trust.",
)(_WritesAnotherAudience, _TellsOfTheRefresh)
