"""Login, second factor, refresh and logout: how credentials become tokens, and how sessions end."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.utils import formatdate
from functools import partial

from authproof_mock.accounts import Account
from authproof_mock.carriers import is_own_page, the_cookie
from authproof_mock.http import Answer
from authproof_mock.refusal import Refusal, challenge
from authproof_mock.samples import Samples
from authproof_mock.sessions import Family
from authproof_mock.state import Request, State
from authproof_mock.tokens import Content, InvalidToken, Purpose
from authproof_spec.contract import Application, CookiePolicy, CsrfToken, Login, Operation, SecondFactor, TokenKind
from authproof_spec.pointer import Json, get, put

Handler = Callable[[Request], Answer]


def csrf_cookie(guard: CsrfToken, beside: CookiePolicy) -> CookiePolicy:
    """The cookie of the CSRF token: scoped like the access token's, and readable by the page, which repeats it."""
    return replace(beside, name=guard.cookie, http_only=False, path="/")


class Flows:
    """The operations that begin, continue and end a session."""

    def __init__(self, state: State, samples: Samples) -> None:
        self._state = state
        self._samples = samples

    def handlers(self) -> Iterator[tuple[str, Handler]]:
        """Each operation that plays a part in a session, by id, and what it does."""
        for application in self._state.contract.applications.values():
            for login in application.logins:
                yield login.operation.id, partial(self.login, application, login)
            if factor := application.second_factor:
                yield factor.operation.id, partial(self.answer_challenge, application, factor)
            if application.refresh:
                yield application.refresh.id, partial(self.refresh, application)
            if application.logout:
                yield application.logout.id, partial(self.logout, application)

    def undeclared_operations(self) -> Iterator[Operation]:
        """The operations that are served although the document does not have them: none."""
        yield from ()

    # Login

    def login(self, application: Application, login: Login, request: Request) -> Answer:
        """Tokens for the right credentials, or a challenge when the account carries a second factor."""
        account = self.account_of(application, login, request)
        if account is None or not self.may_log_in(account):
            raise self.refuse_credentials(login.refusal)
        if application.second_factor and self.needs_second_factor(account):
            return self.challenge(application, application.second_factor, account, request)
        return self.start_session(application, account, request)

    def account_of(self, application: Application, login: Login, request: Request) -> Account | None:
        """The account that the credentials of `request` are of; None when they are nobody's."""
        return self._state.accounts.authenticate(application.name, self.credentials_of(login, request))

    def credentials_of(self, login: Login, request: Request) -> dict[str, Json]:
        """What `request` has for each attribute that `login` asks for."""
        return {attribute: get(request.body, pointer) for pointer, attribute in login.credentials.items()}

    def may_log_in(self, account: Account) -> bool:
        """True unless the account is disabled."""
        return not account.disabled

    def needs_second_factor(self, account: Account) -> bool:
        """True when the account has a second factor."""
        return account.totp_secret is not None

    def refuse_credentials(self, status: int = 401) -> Refusal:
        """The one refusal of credentials, whatever is wrong with them (CWE-204)."""
        headers = [challenge(self._state.contract)] if status == 401 else []
        return Refusal(status, "The credentials are not valid.", headers=headers)

    # Second factor

    def challenge(self, application: Application, factor: SecondFactor, account: Account, request: Request) -> Answer:
        """A challenge, and neither token nor cookie."""
        opened = self._state.second_factors.challenge(application.name, account.key, factor.lifetime)
        payload: dict[str, Json] = {}
        put(payload, factor.response_challenge, opened.id)
        if factor.response_provider:
            put(payload, factor.response_provider, factor.provider)
        if factor.response_devices:
            # Their shape is the document's own affair, so they are those of its example.
            known = (get(example, factor.response_devices) for example in self._samples.examples(request.operation).values())
            put(payload, factor.response_devices, next((devices for devices in known if devices), []))
        return Answer(request.operation.success_status, payload)

    def answer_challenge(self, application: Application, factor: SecondFactor, request: Request) -> Answer:
        """Tokens for the right code, once."""
        opened = self._state.second_factors.open_challenge(application.name, get(request.body, factor.request_challenge))
        account = self._state.accounts.find(opened.account) if opened else None
        if opened is None or account is None or account.totp_secret is None or not self.may_log_in(account):
            raise self.refuse_credentials()
        if factor.request_provider and get(request.body, factor.request_provider) != factor.provider:
            raise self.refuse_credentials()
        if not self._state.second_factors.answer(opened, account.totp_secret, get(request.body, factor.request_code)):
            raise self.refuse_credentials()
        return self.start_session(application, account, request)

    # Sessions

    def start_session(self, application: Application, account: Account, request: Request) -> Answer:
        """The tokens of a new family."""
        ends_at = self._state.clock.now() + (application.session_lifetime or math.inf)
        family = self._state.sessions.open(application.name, account.key, self.end_of_family(application), ends_at)
        refresh_token = self.mint_refresh_token(application, family, account) if application.refresh_token else None
        return self.session_answer(application, family, account, refresh_token, request)

    def end_of_family(self, application: Application) -> float:
        """When the last token of a family ends that gets its tokens now, in seconds since the epoch."""
        return max(self._end_of(kind) for kind in (application.access_token, application.refresh_token) if kind)

    def mint_refresh_token(self, application: Application, family: Family, account: Account) -> str:
        """The current refresh token of the family."""
        refresh = self._state.tokens.type_of(application.name, Purpose.REFRESH)
        token = self._state.tokens.mint(refresh, account.id, family.current, self._end_of(refresh.kind))
        if application.rotation.grace and application.rotation.same_child:
            family.current_token = token
        return token

    def session_answer(self, application: Application, family: Family, account: Account, refresh_token: str | None, request: Request) -> Answer:
        """The tokens, each where the contract has it: in the body or in a cookie."""
        access = self._state.tokens.type_of(application.name, Purpose.ACCESS)
        identifier = self._state.sessions.new_identifier(family.id)
        token = self._state.tokens.mint(access, account.id, identifier, self._end_of(access.kind))
        payload: dict[str, Json] = {}
        headers = []
        if application.access_cookie:
            headers += self.access_cookies(application, application.access_cookie, token)
        else:
            put(payload, application.access_token_field, token)
        if refresh_token and application.refresh_body:
            put(payload, application.refresh_body.response, refresh_token)
        if refresh_token and application.cookie:
            headers.append(self.refresh_cookie(application.cookie, refresh_token))
        status = request.operation.success_status
        return Answer(status, self._samples.completed(request.operation, status, payload), headers)

    def access_cookies(self, application: Application, cookie: CookiePolicy, token: str) -> list[tuple[str, str]]:
        """The headers that set the access token's cookie, and that of the CSRF token, which scripts may read."""
        given = {cookie: token}
        if application.csrf:
            given[csrf_cookie(application.csrf, cookie)] = secrets.token_urlsafe(24)
        return [self.set_cookie(one, value, one.max_age, self._state.clock.now() + one.max_age) for one, value in given.items()]

    def _end_of(self, kind: TokenKind) -> float:
        return self._state.clock.now() + (kind.lifetime or 0)

    def check_page(self, application: Application, request: Request) -> None:
        """A call with a token cookie comes from the API's own page, where the contract has a CSRF token. Raises Refusal."""
        if not is_own_page(request.call, application):
            raise Refusal(403, "The CSRF token is missing or wrong.")

    def refresh(self, application: Application, request: Request) -> Answer:
        """The next tokens for the current refresh token. A used one that comes back revokes its family."""
        self.check_page(application, request)
        content = self.refresh_content(application, request)
        family = self._state.sessions.family_of(content.identifier) if content else None
        if content is None or family is None or not self.is_family_of(application, content, family):
            raise self.refuse_refresh(application)
        account = self._state.accounts.find(family.account)
        if account is None or not self.may_log_in(account) or not self._state.sessions.is_live(family):
            raise self.refuse_refresh(application)
        policy = application.rotation
        if self._state.sessions.is_reuse(family, content.identifier, policy):
            self._state.sessions.punish(family, policy)
            raise self.refuse_refresh(application)
        return self.session_answer(application, family, account, self.next_refresh_token(application, family, account, content), request)

    def next_refresh_token(self, application: Application, family: Family, account: Account, content: Content) -> str:
        """The successor of the token `content`: a new one, or within a grace that says so the one that it already has."""
        if family.current_token and not self._state.sessions.is_current(family, content.identifier):
            return family.current_token
        self._state.sessions.advance(family, content.identifier, self.end_of_family(application))
        return self.mint_refresh_token(application, family, account)

    def refuse_refresh(self, application: Application) -> Refusal:
        """The refusal of a refresh, which clears the cookie."""
        headers = [challenge(self._state.contract), *self.cleared_cookies(application)]
        return Refusal(401, "The refresh token is not valid.", headers=headers)

    def logout(self, application: Application, request: Request) -> Answer:
        """The session's end. It succeeds with any cookie or none, and only a token of ours revokes anything (RFC 7009 section 2.2)."""
        self.check_page(application, request)
        contents = [self.refresh_content(application, request), request.caller.content if request.caller else None]
        for content in contents:
            family = self._state.sessions.family_of(content.identifier) if content else None
            if content and family and self.is_family_of(application, content, family):
                self._state.sessions.revoke(family.id)
        answer = self._samples.answer(request.operation)
        return Answer(answer.status, answer.payload, self.cleared_cookies(application))

    # The refresh cookie

    def refresh_content(self, application: Application, request: Request) -> Content | None:
        """What the refresh token sent along says; None unless it is a valid one of this application, used or not."""
        token = self.refresh_token_of(application, request)
        try:
            content = self._state.tokens.verify(token) if token else None
        except InvalidToken:
            return None
        return content if content and self.is_refresh_token_of(application, content) else None

    def is_refresh_token_of(self, application: Application, content: Content) -> bool:
        """True for a refresh token of `application`."""
        return content.type.purpose is Purpose.REFRESH and content.type.application == application.name

    def is_family_of(self, application: Application, content: Content, family: Family) -> bool:
        """True when the family is of the application and account that the token names."""
        return (family.application, family.account) == (application.name, content.account_key)

    def refresh_token_of(self, application: Application, request: Request) -> str | None:
        """The refresh token where the contract has it, and nowhere else: in the body, or the cookie's exact value, when it is the only one."""
        if application.refresh_body:
            found = get(request.body, application.refresh_body.request)
            return found if isinstance(found, str) else None
        return the_cookie(request.call, application.cookie.name) if application.cookie else None

    def refresh_cookie(self, cookie: CookiePolicy, value: str) -> tuple[str, str]:
        """The header that sets the refresh cookie."""
        return self.set_cookie(cookie, value, cookie.max_age, self._state.clock.now() + cookie.max_age)

    def cleared_cookies(self, application: Application) -> list[tuple[str, str]]:
        """The headers that delete the application's token cookies: the same cookies, empty and past."""
        access = application.access_cookie
        guard = csrf_cookie(application.csrf, access) if application.csrf and access else None
        return [self.set_cookie(cookie, "", 0, 0) for cookie in (application.cookie, access, guard) if cookie]

    def set_cookie(self, cookie: CookiePolicy, value: str, max_age: int, expires_at: float) -> tuple[str, str]:
        """A Set-Cookie header, exactly as declared (RFC 6265 section 4.1). `expires_at` in seconds since the epoch."""
        attributes = [f"{cookie.name}={value}", f"Path={cookie.path}"]
        attributes += [f"Domain={cookie.domain}"] if cookie.domain else []
        attributes += [f"Max-Age={max_age}", f"Expires={formatdate(expires_at, usegmt=True)}"]
        attributes += ["HttpOnly"] if cookie.http_only else []
        attributes += ["Secure"] if cookie.secure else []
        return "set-cookie", "; ".join([*attributes, f"SameSite={cookie.same_site}"])
