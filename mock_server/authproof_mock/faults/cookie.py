"""Faults of the refresh cookie."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from authproof_mock.accounts import Account
from authproof_mock.answers import Answers
from authproof_mock.carriers import cookie_values
from authproof_mock.faults.fault import fault
from authproof_mock.flows import Flows
from authproof_mock.http import Answer
from authproof_mock.refusal import Refusal
from authproof_mock.samples import Samples
from authproof_mock.sessions import Family
from authproof_mock.state import Request, State
from authproof_mock.tokens import AccountId, InvalidToken, Purpose, Tokens, TokenType
from authproof_spec.contract import Application, CookiePolicy, Login, Operation, SecondFactor
from authproof_spec.pointer import Json, get

LOGIN, REFRESH = "login", "refresh"


class _Bakes(Flows):
    """Alters the refresh cookie that comes with tokens, or the answer that brings it."""

    places: tuple[str, ...] = (LOGIN, REFRESH)

    def session_answer(self, application: Application, family: Family, account: Account, refresh_token: str | None, request: Request) -> Answer:
        answer = super().session_answer(application, family, account, refresh_token, request)
        place = REFRESH if request.operation is application.refresh else LOGIN
        return self.altered(answer, application, refresh_token or "") if place in self.places else answer

    def altered(self, answer: Answer, application: Application, refresh_token: str) -> Answer:
        """What is sent in place of `answer`."""
        return replace(answer, headers=[(name, self.cookie(value, application)) for name, value in answer.headers])

    def cookie(self, line: str, application: Application) -> str:
        """What is sent in place of the Set-Cookie `line`."""
        return line


class _WithoutHttpOnly(_Bakes):
    def cookie(self, line: str, application: Application) -> str:
        return super().cookie(line, application).replace("; HttpOnly", "")


@fault(
    "drops-http-only-at-login",
    breaks="COOKIE-01",
    reference="CWE-1004",
    harm="A script that was smuggled into the page reads the refresh token.",
)
class DropsHttpOnlyAtLogin(_WithoutHttpOnly):
    places = (LOGIN,)


@fault(
    "drops-http-only-at-refresh",
    breaks="COOKIE-01",
    reference="RFC 6265 §4.1.2.6",
    harm="After the first refresh a script that was smuggled into the page reads the refresh token.",
)
class DropsHttpOnlyAtRefresh(_WithoutHttpOnly):
    places = (REFRESH,)


class _WithoutSecure(_Bakes):
    def cookie(self, line: str, application: Application) -> str:
        return super().cookie(line, application).replace("; Secure", "")


@fault(
    "drops-secure-at-login",
    breaks="COOKIE-02",
    reference="CWE-614",
    harm="The refresh token travels in clear text as soon as the browser follows one http link.",
)
class DropsSecureAtLogin(_WithoutSecure):
    places = (LOGIN,)


@fault(
    "drops-secure-at-refresh",
    breaks="COOKIE-02",
    reference="RFC 6265 §4.1.2.5",
    harm="After the first refresh the refresh token travels in clear text as soon as the browser follows one http link.",
)
class DropsSecureAtRefresh(_WithoutSecure):
    places = (REFRESH,)


class WithSameSiteNone(_Bakes):
    """Lets browsers send the cookie with the requests of any page."""

    def cookie(self, line: str, application: Application) -> str:
        return re.sub("SameSite=.*$", "SameSite=None", super().cookie(line, application))


@fault(
    "sets-same-site-to-none",
    breaks="COOKIE-03",
    also=("CORS-09", "REFRESH-20"),  # any page may then do what the cookie alone opens
    reference="CWE-1275",
    harm="Any web page makes its visitors' browsers refresh and log out.",
)
class SetsSameSiteToNone(WithSameSiteNone):
    places = (REFRESH,)


@fault(
    "leaves-same-site-to-the-browser",
    breaks="COOKIE-03",
    also=("CORS-09", "REFRESH-20"),  # some browsers then let any page do what the cookie alone opens
    reference="RFC 6265bis §4.1.2.7",
    harm="Whether other sites may send the cookie is up to each browser.",
)
class LeavesSameSiteOut(_Bakes):
    places = (LOGIN,)

    def cookie(self, line: str, application: Application) -> str:
        return re.sub("; SameSite=.*$", "", super().cookie(line, application))


@fault(
    "sends-the-cookie-with-every-request",
    breaks="COOKIE-04",
    also=("APP-02",),
    reference="RFC 6265 §4.1.2.4",
    harm="The refresh token reaches every path of the host, and every log and application there.",
)
class SendsTheCookieEverywhere(_Bakes):
    def cookie(self, line: str, application: Application) -> str:
        return re.sub("Path=[^;]*", "Path=/", super().cookie(line, application))


@fault(
    "sends-the-cookie-to-the-refresh-alone",
    breaks="COOKIE-04",
    reference="RFC 6265 §5.1.4",
    harm="The logout never sees the refresh token, so it cannot revoke it.",
)
class SendsTheCookieToTheRefresh(_Bakes):
    places = (REFRESH,)

    def cookie(self, line: str, application: Application) -> str:
        path = application.refresh.path if application.refresh else "/"
        return re.sub("Path=[^;]*", f"Path={path}", super().cookie(line, application))


@fault(
    "shares-the-cookie-with-the-domain",
    breaks="COOKIE-05",
    reference="RFC 6265 §4.1.2.3",
    harm="Every host below the domain gets the refresh token, also one that an attacker has.",
)
class SharesTheCookie(_Bakes):
    def cookie(self, line: str, application: Application) -> str:
        return super().cookie(line, application) + "; Domain=example.com"


@fault(
    "keeps-the-cookie-for-a-year",
    breaks="COOKIE-07",
    reference="CWE-613",
    harm="A browser that was sold still has the cookie.",
)
class KeepsTheCookie(_Bakes):
    places = (REFRESH,)

    def cookie(self, line: str, application: Application) -> str:
        return re.sub(r"Max-Age=\d+", f"Max-Age={365 * 86400}", super().cookie(line, application))


@fault(
    "forgets-the-cookie-after-a-minute",
    breaks="COOKIE-07",
    reference="RFC 6265 §4.1.2.2",
    harm="Users are logged out long before their session ends.",
)
class ForgetsTheCookie(_Bakes):
    places = (LOGIN,)

    def cookie(self, line: str, application: Application) -> str:
        return re.sub(r"Max-Age=\d+", "Max-Age=60", super().cookie(line, application))


@fault(
    "shows-the-refresh-token-in-the-body",
    breaks="COOKIE-08",
    reference="CWE-598",
    harm="A script that was smuggled into the page reads the refresh token from the answer.",
)
class ShowsItInTheBody(_Bakes):
    places = (REFRESH,)

    def altered(self, answer: Answer, application: Application, refresh_token: str) -> Answer:
        answer = super().altered(answer, application, refresh_token)
        return replace(answer, payload={**answer.payload, "refreshToken": refresh_token} if isinstance(answer.payload, dict) else answer.payload)


@fault(
    "shows-the-refresh-token-in-a-header",
    breaks="COOKIE-08",
    reference="CWE-598",
    harm="A script that was smuggled into the page, and whoever logs headers, reads the refresh token.",
)
class ShowsItInAHeader(_Bakes):
    places = (LOGIN,)

    def altered(self, answer: Answer, application: Application, refresh_token: str) -> Answer:
        answer = super().altered(answer, application, refresh_token)
        return replace(answer, headers=[*answer.headers, ("x-refresh-token", refresh_token)])


@fault(
    "sets-the-cookie-before-it-checks-the-password",
    breaks="COOKIE-09",
    # It asks for the same of a wrong password in particular.
    also=("LOGIN-02", "DOC-08", "LOGIN-04"),
    reference="CWE-287",
    harm="Whoever knows an address gets a session of its owner.",
)
class SetsTheCookieTooEarly(Flows):
    def login(self, application: Application, login: Login, request: Request) -> Answer:
        try:
            return super().login(application, login, request)
        except Refusal as refusal:
            emails = [get(request.body, pointer) for pointer, attribute in login.credentials.items() if attribute == "email"]
            account = next((one for one in self._state.accounts.list() if not one.disabled and one.email in emails), None)
            if account is None:
                raise
            headers = [header for header in self.start_session(application, account, request).headers if header[0] == "set-cookie"]
            raise Refusal(refusal.status, refusal.message, headers=[*refusal.headers, *headers]) from None


def with_path(cookie: CookiePolicy, path: str) -> CookiePolicy:
    """`cookie` as it would be for `path`."""
    return replace(cookie, path=path)


class _DeletesAtLogout(Flows):
    def logout(self, application: Application, request: Request) -> Answer:
        answer = super().logout(application, request)
        return replace(answer, headers=[(name, self.deletion(value)) for name, value in answer.headers])

    def deletion(self, line: str) -> str:
        """What is sent in place of the Set-Cookie `line` that deletes the cookie."""
        return line


@fault(
    "clears-the-cookie-of-another-path",
    breaks="COOKIE-10",
    # The logout is where a cookie is cleared.
    also=("LOGOUT-02",),
    reference="RFC 6265 §5.3",
    harm="After logout the browser still has the cookie.",
)
class ClearsAnotherPath(_DeletesAtLogout):
    def deletion(self, line: str) -> str:
        return re.sub("Path=[^;]*", "Path=/", line)


@fault(
    "empties-the-cookie-without-ending-it",
    breaks="COOKIE-10",
    also=("LOGOUT-02",),  # as above
    reference="RFC 6265 §3.1",
    harm="After logout the browser sends an empty cookie for ever.",
)
class EmptiesTheCookie(_DeletesAtLogout):
    def deletion(self, line: str) -> str:
        return re.sub("; Max-Age=[^;]*|; Expires=[^;]*", "", line)


@fault(
    "sets-the-cookie-with-a-wrong-code",
    breaks="COOKIE-09",
    # It asks for the same of a wrong code in particular.
    also=("MFA-05", "DOC-08"),
    reference="CWE-287",
    harm="A stolen password and any six digits are enough for a session.",
)
class SetsTheCookieWithAWrongCode(Flows):
    def answer_challenge(self, application: Application, factor: SecondFactor, request: Request) -> Answer:
        opened = self._state.second_factors.open_challenge(application.name, get(request.body, factor.request_challenge))
        try:
            return super().answer_challenge(application, factor, request)
        except Refusal as refusal:
            account = self._state.accounts.find(opened.account) if opened else None
            if account is None:
                raise
            headers = [header for header in self.start_session(application, account, request).headers if header[0] == "set-cookie"]
            raise Refusal(refusal.status, refusal.message, headers=[*refusal.headers, *headers]) from None


@fault(
    "clears-the-cookie-of-two-paths",
    breaks="COOKIE-11",
    reference="RFC 6265 §4.1.1",
    harm="Which of two cookies of one name a client keeps is its own affair.",
)
class ClearsTwoPaths(Flows):
    def logout(self, application: Application, request: Request) -> Answer:
        answer = super().logout(application, request)
        old = [(name, re.sub("Path=[^;]*", "Path=/", value)) for name, value in answer.headers if name == "set-cookie"]
        return replace(answer, headers=[*old, *answer.headers])


@fault(
    "bakes-a-cookie-that-browsers-drop",
    breaks="COOKIE-12",
    reference="RFC 6265 §6.1",
    harm="Browsers drop the cookie without a word, and users are logged out with their access token.",
)
class BakesALargeCookie(Tokens):
    def claims(self, token_type: TokenType, account: AccountId, identifier: str, expires_at: float) -> dict[str, Json]:
        claims = super().claims(token_type, account, identifier, expires_at)
        return {**claims, "profile": "x" * 4096} if token_type.purpose is Purpose.REFRESH else claims


@fault(
    "lets-caches-keep-the-tokens-of-a-login",
    breaks="COOKIE-13",
    also=("DOC-08",),
    reference="CWE-525",
    harm="The next user of a shared cache or browser finds the tokens.",
)
class LetsCachesKeepLogins(Answers):
    def caching(self, operation: Operation | None) -> Iterable[tuple[str, str]]:
        logins = [login.operation for application in self._contract.applications.values() for login in application.logins]
        return [] if operation in logins else super().caching(operation)


@fault(
    "lets-browsers-keep-the-tokens-of-a-refresh",
    breaks="COOKIE-13",
    reference="RFC 9111 §5.2.2.5",
    harm="no-cache lets a browser keep on its disk what no-store forbids.",
)
class LetsBrowsersKeepRefreshes(Answers):
    def caching(self, operation: Operation | None) -> Iterable[tuple[str, str]]:
        refreshes: Mapping[str, Application] = {app.refresh.id: app for app in self._contract.applications.values() if app.refresh}
        return [("cache-control", "no-cache")] if operation and operation.id in refreshes else super().caching(operation)


@fault(
    "lets-caches-keep-the-tokens-of-a-second-factor",
    breaks="COOKIE-13",
    also=("DOC-08",),
    reference="RFC 6749 §5.1",
    harm="The next user of a shared cache or browser finds the tokens of somebody whom a password alone would not let in.",
)
class LetsCachesKeepSecondFactors(Answers):
    def caching(self, operation: Operation | None) -> Iterable[tuple[str, str]]:
        factors = [app.second_factor.operation for app in self._contract.applications.values() if app.second_factor]
        return [] if operation in factors else super().caching(operation)


class _Remembers(Flows):
    """Knows its refresh tokens by something less than the whole of them."""

    def __init__(self, state: State, samples: Samples) -> None:
        super().__init__(state, samples)
        self._known: dict[str, str] = {}

    def mint_refresh_token(self, application: Application, family: Family, account: Account) -> str:
        token = super().mint_refresh_token(application, family, account)
        self._known[self.key(token)] = token
        return token

    def refresh_token_of(self, application: Application, request: Request) -> str | None:
        token = super().refresh_token_of(application, request)
        return None if token is None else self._known.get(self.key(token), token)

    def key(self, token: str) -> str:
        """What a token is found by."""
        raise NotImplementedError


@fault(
    "finds-refresh-tokens-without-regard-to-case",
    breaks="COOKIE-14",
    reference="CWE-697",
    harm="A database that compares text without case has far fewer tokens than their length tells.",
)
class FindsWithoutCase(_Remembers):
    def key(self, token: str) -> str:
        return token.casefold()


@fault(
    "finds-refresh-tokens-by-their-beginning",
    breaks="COOKIE-14",
    reference="CWE-697",
    harm="A column that is too short cuts the tokens off, and the rest of them proves nothing.",
)
class FindsByTheBeginning(_Remembers):
    def key(self, token: str) -> str:
        head, dot, tail = token.rpartition(".")
        return head + dot + tail[:20]


@fault(
    "takes-the-last-of-two-cookies",
    breaks="COOKIE-15",
    reference="CWE-436",
    harm="Somebody who can set a cookie for a sister host decides which of two sessions goes on.",
)
class TakesTheLastCookie(Flows):
    def refresh_token_of(self, application: Application, request: Request) -> str | None:
        values = cookie_values(request.call, application.cookie.name) if application.cookie else []
        return values[-1] if values else None


@fault(
    "fails-on-two-cookies",
    breaks="COOKIE-15",
    also=("ERR-07", "DOC-02"),  # it is a server error, which no document has
    reference="RFC 6265 §4.2.2",
    harm="A user with a stray cookie can neither refresh nor log out.",
)
class FailsOnTwoCookies(Flows):
    def refresh(self, application: Application, request: Request) -> Answer:
        if application.cookie and len(cookie_values(request.call, application.cookie.name)) > 1:
            raise Refusal(500, "Something went wrong.")
        return super().refresh(application, request)


class _KeepsTheRefusedCookie(Flows):
    is_kept = True

    def refuse_refresh(self, application: Application) -> Refusal:
        refusal = super().refuse_refresh(application)
        headers = [header for header in refusal.headers if header[0] != "set-cookie" or not self.is_kept]
        return Refusal(refusal.status, refusal.message, headers=headers)


@fault(
    "keeps-the-cookie-of-a-refused-refresh",
    breaks="REFRESH-21",
    also=("DOC-08",),
    reference="contract",
    harm="The browser sends a dead cookie again and again, and each time it looks like theft.",
)
class KeepsTheRefusedCookie(_KeepsTheRefusedCookie):
    """Whatever the cookie is refused for."""


@fault(
    "keeps-the-cookie-of-an-expired-refresh",
    breaks="REFRESH-21",
    also=("DOC-08",),
    reference="contract",
    harm="After a night the browser sends a dead cookie with every visit, until somebody empties it.",
)
class KeepsTheExpiredCookie(_KeepsTheRefusedCookie):
    def refresh(self, application: Application, request: Request) -> Answer:
        self.is_kept = False
        with suppress(InvalidToken):
            content = self._state.tokens.read(self.refresh_token_of(application, request) or "")
            self.is_kept = content.expires_at <= self._state.clock.now()
        return super().refresh(application, request)


@fault(
    "clears-another-cookie-at-a-refused-refresh",
    breaks="REFRESH-21",
    reference="contract",
    harm="The browser keeps the dead cookie, which is of another path than the one that is cleared.",
)
class ClearsAnotherCookie(Flows):
    def refuse_refresh(self, application: Application) -> Refusal:
        refusal = super().refuse_refresh(application)
        return Refusal(refusal.status, refusal.message, headers=[(name, re.sub("Path=[^;]*", "Path=/", value)) for name, value in refusal.headers])
