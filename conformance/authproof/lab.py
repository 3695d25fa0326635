"""What scripts work with: the contract, the profile, the live sessions, and builders of requests. No I/O."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import TypeAlias
from urllib.parse import quote

from authproof.bodies import encode
from authproof.exchange import Exchange, Headers, Probe, Request, Response
from authproof.hooks import DeclaredHooks, Hooks
from authproof.inputs import InputSource
from authproof.methods import SAFE, writing_operations
from authproof.onetime import totp_of
from authproof.profile import SECRETS, Account, Part, Profile
from authproof.reading import moment_of
from authproof.tokens import access_token_in, given_cookies, refresh_token_in, where_access_tokens_are
from authproof.vault import Vault
from authproof_spec import Application, Contract, Operation
from authproof_spec.contract import Login, TokenKind
from authproof_spec.pointer import Json, get, put

_PATIENCE = 600.0
_SAME_TIME = 60.0
"""Seconds by which clocks may differ without being of another time."""
USER_AGENT = f"authproof/{version('authproof')}"
MAIN = (Part.ORDINARY, Part.PRIVILEGED)
"""The part whose session most probes use: the one with the least power that there is."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A step that lets `seconds` pass: on the target's clock where a hook moves it, else in fact."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Greeting:
    """A step that tries a TLS handshake: of the `version` alone, such as TLSv1.1; None: as a client does, who verifies the certificate."""

    version: str | None = None


@dataclass(frozen=True, slots=True)
class Hook:
    """A step that carries out the control hook `name` with `values`; what cannot be done becomes Missing or Blocked.

    undo: the hook that takes it back. The runner keeps it for the clean-up until a script yields it itself.
    """

    name: str
    values: Mapping[str, Json]
    undo: Hook | None = None


Step: TypeAlias = Probe | tuple[Probe, ...] | Wait | Hook | Greeting
Script: TypeAlias = Generator[Step, "Sequence[Exchange]", None]
"""Yields probes (a tuple of them is sent at once) and is sent back their exchanges, with the secrets still in them."""


class Missing(Exception):
    """The profile or the contract offers no means: what depends on it is skipped, for this reason."""


class Blocked(Exception):
    """The target did not do what the rest of the script needs: what depends on it is inconclusive, for this reason."""


@dataclass(slots=True)
class Session:
    """A live session.

    refresh_token: the newest one; None when the application has none, or after logout.
    identifier: the account's id, where the baseline has learned it from who-am-I.
    ended: it was logged out, which an application without refresh tokens tells by nothing else.
    """

    application: Application
    account: Account
    access_token: str
    refresh_token: str | None = None
    identifier: str | None = None
    ended: bool = False

    def attribute(self, name: str) -> str | None:
        """The attribute `name` of its account: by the profile, or the id that who-am-I told."""
        return self.account.attributes.get(name) or (self.identifier if name == "id" else None)

    @property
    def key(self) -> str | None:
        """The token that its logout takes: the refresh token, or the access token where there is no other; None once it is over."""
        if self.application.refresh_token:
            return self.refresh_token
        return None if self.ended else self.access_token


@dataclass(frozen=True, slots=True)
class Written:
    """What an operation wrote that answered with a success: `answer` may tell what it made."""

    operation: Operation
    answer: Response


@dataclass(frozen=True, slots=True)
class PersonalToken:
    """A live personal access token, to be revoked at the end of the run at the latest.

    identifier: its record's id; None when its creation told none. session: the one that created it, where that is known.
    """

    application: Application
    identifier: str | None
    value: str = field(repr=False)
    session: Session | None = None


@dataclass(slots=True)
class Lab:
    """The state of a run.

    sessions: the session of each account, opened by the baseline and left open for all scripts.
    refusals: why an account has none.
    personal_values: every personal access token of the run, which may travel otherwise than an access token.
    csrf_values, partners: what was given together with an access token, by it, and the access token given together with a refresh token.
    open_sessions, personal_tokens, written: what is to be undone at the end; the runner tells `note` every exchange, so that none is forgotten.
    spare: by application a session with a refresh token that a script is done with, and that was seen to live; for the next one that needs one.
    served: the operations that somebody who may call them was asked as, with the part of the account. answers: to what was asked for its list.
    not_found: by application a request of somebody who may, that was answered 404.
    failed_logins: how many the target has refused so far. moved: seconds by which hooks moved the target's clock.
    ahead: seconds by which it was ahead before, as its Date tells.
    """

    contract: Contract
    profile: Profile
    vault: Vault = field(default_factory=Vault)
    hooks: Hooks = DeclaredHooks({})  # noqa: RUF009  # frozen
    clock: Callable[[], float] = time.time
    moved: float = 0.0
    ahead: float = 0.0
    failed_logins: int = 0
    run_id: str = field(default_factory=lambda: secrets.token_hex(4))
    sessions: dict[tuple[str, str], Session] = field(default_factory=dict)
    refusals: dict[tuple[str, str], Exception] = field(default_factory=dict)
    open_sessions: list[Session] = field(default_factory=list)
    personal_tokens: list[PersonalToken] = field(default_factory=list)
    personal_values: set[str] = field(default_factory=set, repr=False)
    written: list[Written] = field(default_factory=list, repr=False)
    csrf_values: dict[str, str] = field(default_factory=dict, repr=False)
    partners: dict[str, str] = field(default_factory=dict, repr=False)

    spare: dict[str, Session] = field(default_factory=dict)
    served: set[tuple[str, str]] = field(default_factory=set)
    answers: dict[str, Json] = field(default_factory=dict, repr=False)
    not_found: dict[str, Request] = field(default_factory=dict, repr=False)
    inputs: InputSource = field(init=False, repr=False)
    _writing: Mapping[str, Operation] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Every secret of the profile is known to the vault before anything is recorded."""
        self.inputs = InputSource(self.contract, self.profile.parameters, dict(self._own_objects()))
        self._writing = {operation.id: operation for operation in writing_operations(self.contract)}
        for account in self.profile.accounts:
            for attribute in SECRETS:
                if value := account.attributes.get(attribute):
                    self.vault.add(value, "password" if attribute == "password" else "link_token")
            if account.totp_secret:
                self.vault.add(account.totp_secret, "totp_secret")
                self.vault.add(totp_of(account.totp_secret).secret, "totp_secret")
        if self.profile.signing_key:
            self.vault.add(self.profile.signing_key, "signing_key")

    def _own_objects(self) -> Iterator[tuple[tuple[str, str], str]]:
        """The path parameters by which an object rule names what belongs to the account that most probes use."""
        for rule in self.contract.object_rules:
            application = self.contract.application_of(rule.operation)
            account = self.profile.account(application.name, *MAIN) if application else None
            if account and (value := account.attributes.get(rule.attribute)):
                yield (rule.operation.id, rule.parameter), value

    def now(self) -> float:
        """The target's time as far as it is known, seconds since the epoch."""
        return self.clock() + self.ahead + self.moved

    def may_fail_a_login(self) -> bool:
        """True when the budget has a failed login left."""
        return self.failed_logins < self.profile.budget.failed_logins

    @property
    def patience(self) -> float:
        """Seconds that a run may wait in all because the target limits requests: when nobody said so, its first access tokens outlive them."""
        declared = self.profile.budget.retry_after
        lifetimes = (application.access_token.lifetime for application in self.contract.applications.values())
        return min([_PATIENCE, *(lifetime * 2 / 3 for lifetime in lifetimes if lifetime)]) if declared is None else declared

    def check_wait(self, seconds: float) -> None:
        """Raise Missing when `seconds` can surely not pass in this run, before anything is sent for what comes after them."""
        if not self.hooks.offers("advance_clock") and seconds > self.profile.budget.wait:
            raise Missing(too_long(seconds))

    def hook(self, name: str, account: Account | None = None, **values: Json) -> Hook:
        """A step that carries out the hook `name` with the attributes of `account` and with `values`. Raises Missing when there is none."""
        if not self.hooks.offers(name):
            raise Missing(f"The profile has no hook {name}.")
        known = {} if account is None else {attribute: value for attribute, value in account.attributes.items() if attribute not in SECRETS}
        return Hook(name, {**known, **values})

    def session(self, application: Application, *parts: str) -> Session:
        """The open session of the first of `parts` that the profile has. Raises Missing or Blocked."""
        account = self.profile.account(application.name, *parts)
        if account is None:
            names = " or ".join(parts)
            raise Missing(f"The profile has no {names} account of the application {application.name}.")
        if session := self.sessions.get((application.name, account.part)):
            return session
        raise self.refusals.get((application.name, account.part), Blocked(f"There is no session of {application.name}."))

    def representative(self, able: Callable[[Application], bool] = lambda _: True) -> Application | None:
        """The first application with a session that is `able`: where a question is asked that all applications would answer alike."""
        opened = (session.application for session in self.sessions.values() if session.account.part in MAIN)
        return next((application for application in opened if able(application)), None)

    def only_at_one(self, application: Application, able: Callable[[Application], bool] = lambda _: True) -> None:
        """Raise Missing for every application but the representative one. Without any session, what asks for one tells why there is none."""
        chosen = self.representative(able)
        if chosen is not None and chosen is not application:
            raise Missing(f"This is asked of {chosen.name} alone, which stands for all applications.")

    def secret(self, value: str, kind: str) -> str:
        """`value`, which from now on is a secret of `kind`."""
        self.vault.add(value, kind)
        return value

    def call(
        self,
        operation: Operation,
        *,
        bearer: str | None = None,
        cookies: Mapping[str, str] | None = None,
        headers: Headers = (),
        body: Json = None,
        path: Mapping[str, str] | None = None,
        query: str = "",
        content: tuple[bytes, str] | None = None,
    ) -> Request:
        """A request of `operation`, valid but for what the arguments say, and without a body unless they have one.

        path: values of path parameters. The others are valid for safe methods; for the rest they name nothing, unless the profile gives them.
        content: the body with its media type, in place of `body`.
        """
        # Without a coding, so that an answer is what it is, and no small one unfolds to a large one.
        fields = [("User-Agent", USER_AGENT), ("Accept", "application/json"), ("Accept-Encoding", "identity")]
        inputs = self.inputs.of(operation)
        jar = {**inputs.cookies, **(cookies or {})}
        if bearer is not None:
            application = self.contract.application_of(operation)
            headers_of_token, cookies_of_token = (
                self.credential(application, bearer) if application else ((("Authorization", f"Bearer {bearer}"),), {})
            )
            fields += headers_of_token
            jar |= cookies_of_token
        if jar:
            fields.append(("Cookie", "; ".join(f"{name}={value}" for name, value in jar.items())))
        if body is not None:
            content = encode(operation, body)
        if content is not None:
            fields.append(("Content-Type", content[1]))
        told = {name.lower() for name, _ in (*fields, *headers)}
        fields += [field for field in inputs.headers if field[0].lower() not in told]
        target = self._target(operation, {**inputs.path, **(path or {})}, inputs.query, query)
        return Request(operation.method, target, (*fields, *headers), content[0] if content else None)

    def credential(self, application: Application, token: str) -> tuple[Headers, dict[str, str]]:
        """The header fields and cookies that carry `token`: as the application's access tokens travel, or as its personal ones."""
        personal = application.personal_access_tokens
        kind = personal.kind if personal and token in self.personal_values else application.access_token
        headers, jar = at_its_place(kind, f"{kind.word} {token}" if kind.word else token)
        of_page, beside = self.proof_of_page(application, token) if jar else ((), {})
        return (*headers, *of_page), jar | beside

    def proof_of_page(self, application: Application, access_token: str | None) -> tuple[Headers, dict[str, str]]:
        """The CSRF token that came with `access_token`, in its field and its cookie; nothing where there is none."""
        guard, value = application.csrf, self.csrf_values.get(access_token or "")
        return (((guard.header, value),), {guard.cookie: value}) if guard and value is not None else ((), {})

    def call_with(self, operation: Operation, kind: TokenKind, value: str, *, cookies: Mapping[str, str] | None = None, query: str = "") -> Request:
        """A request of `operation` with `value`, just as it is, in the place of tokens of `kind`, and with other cookies and query."""
        headers, jar = at_its_place(kind, value)
        return self.call(operation, headers=headers, cookies={**jar, **(cookies or {})}, query=query)

    def example_call(self, operation: Operation, *, bearer: str | None = None, path: Mapping[str, str] | None = None) -> Request:
        """A request of `operation` that is valid but for the credential; see `call` for what it is aimed at.

        Where the profile allows no unsafe methods, it has an empty object for a body that would create something.
        """
        if operation.method not in SAFE and operation.request_body and not self.profile.allows_unsafe_methods:
            return self.call(operation, bearer=bearer, path=path, body={})
        return self.call(operation, bearer=bearer, path=path, content=self.inputs.of(operation).content)

    def may_ask(self, operation: Operation) -> bool:
        """True when `operation` may be asked by anybody: it is safe, or what it writes is the run's own, or the profile allows the rest."""
        return self.profile.allows_unsafe_methods or operation.id not in self._writing

    def _target(self, operation: Operation, values: Mapping[str, str], inputs: Iterable[tuple[str, str]], query: str) -> str:
        target = operation.encoded_path
        for parameter in operation.path_parameters:
            target = target.replace("{" + parameter.name + "}", quote(values.get(parameter.name, ""), safe="", errors="replace"))
        required = [f"{quote(name)}={quote(value, safe='', errors='replace')}" for name, value in inputs]
        full = "&".join([*required, *([query] if query else [])])
        return f"{target}?{full}" if full else target

    def credentials(self, login: Login, account: Account, **changes: str) -> dict[str, Json]:
        """The body of `login` for `account`; `changes` replace attributes."""
        body: dict[str, Json] = {}
        for pointer, attribute in login.credentials.items():
            put(body, pointer, changes.get(attribute, account.attributes.get(attribute, "")))
        return body

    def log_in(
        self, application: Application, account: Account, name: str = "login.good", login: Login | None = None
    ) -> Generator[Step, Sequence[Exchange], Session]:
        """Log `account` in. Raises Blocked when that does not give an access token."""
        login = login or account.login(application)
        if login is None:
            raise Missing(f"The profile's account has not what a login of {application.name} asks for.")
        body = self.credentials(login, account)
        (exchange,) = yield Probe(name, self.call(login.operation, body=body), login.operation.id, account.part)
        return self.opened(application, account, exchange)

    def spend(self, hook: Hook) -> None:
        """Forget the spare sessions of the account that `hook` did something to, which may have ended them."""
        for name, session in [*self.spare.items()]:
            known = {attribute: value for attribute, value in session.account.attributes.items() if attribute not in SECRETS}
            if known.items() <= hook.values.items():
                del self.spare[name]

    def spare_or_new(self, application: Application) -> Generator[Step, Sequence[Exchange], Session]:
        """The spare session of `application`, or a new one of the account that most probes use. Raises Missing or Blocked."""
        if spare := self.spare.pop(application.name, None):
            return spare
        return (yield from self.log_in(application, self.session(application, *MAIN).account))

    def opened(self, application: Application, account: Account, exchange: Exchange) -> Session:
        """The session that `exchange` opened, to be logged out at the end. Raises Blocked when it opened none."""
        what = f"{application.name}: the login of the {account.part} account"
        if exchange.response is None or not exchange.response.is_success:
            raise Blocked(f"{what} was answered {exchange.describe()}.")
        token = self.access_token_of(application, exchange)
        if token is None:
            raise Blocked(f"{what} gave no access token {where_access_tokens_are(application)}.")
        session = Session(application, account, token, self.refresh_token_of(application, exchange))
        self.open_sessions.append(session)
        return session

    def access_token_of(self, application: Application, exchange: Exchange) -> str | None:
        """The access token that `exchange` gives, wherever the contract has it; None when it gives none."""
        token = access_token_in(application, exchange)
        if token is None or exchange.response is None:
            return None
        if application.csrf and (guards := given_cookies(exchange.response, application.csrf.cookie)):
            self.csrf_values[token] = self.secret(guards[-1].value, "csrf_token")
        return self.secret(token, "access_token")

    def refresh_token_of(self, application: Application, exchange: Exchange) -> str | None:
        """The refresh token that `exchange` gives, in the application's cookie or in the body; None when it gives none."""
        token = refresh_token_in(application, exchange)
        if token is None:
            return None
        if access := self.access_token_of(application, exchange):
            self.partners[token] = access
        return self.secret(token, "refresh_token")

    def renewed(self, session: Session, exchange: Exchange) -> bool:
        """Take over the tokens that a successful `exchange` gave to `session`; True when it gave a refresh token."""
        if exchange.response is None or not exchange.response.is_success:
            return False
        session.access_token = self.access_token_of(session.application, exchange) or session.access_token
        refresh_token = self.refresh_token_of(session.application, exchange)
        session.refresh_token = refresh_token or session.refresh_token
        return refresh_token is not None

    def refresh(self, application: Application, token: str | None, name: str) -> Probe:
        """A refresh with the refresh token `token`, or without one. Raises Missing when the contract has none."""
        if application.refresh is None or application.refresh_token is None:
            raise Missing(f"The contract has no refresh for {application.name}.")
        return Probe(name, self._with_refresh_token(application, application.refresh, token), application.refresh.id)

    def logout(self, application: Application, token: str | None, name: str) -> Probe:
        """A logout with the key of a session, or without one. Raises Missing when the contract has none."""
        if application.logout is None:
            raise Missing(f"The contract has no logout for {application.name}.")
        if application.refresh_token is None:
            headers, jar = ((), {}) if token is None else self.credential(application, token)
            # What never was given has no page of its own.
            of_page, beside = self.proof_of_page(application, self._page_of(application, None)) if jar and token not in self.csrf_values else ((), {})
            return Probe(name, self.call(application.logout, headers=(*headers, *of_page), cookies=jar | beside), application.logout.id)
        return Probe(name, self._with_refresh_token(application, application.logout, token), application.logout.id)

    def _with_refresh_token(self, application: Application, operation: Operation, token: str | None) -> Request:
        """A call of `operation` with the refresh token where the contract has it, and with its access token where the operation takes one."""
        bearer = self.partners.get(token or "") if operation.is_protected else None
        if application.refresh_body is None:
            cookies = {application.cookie.name: token} if application.cookie and token is not None else {}
            headers, beside = self.proof_of_page(application, self._page_of(application, token)) if bearer is None else ((), {})
            return self.call(operation, bearer=bearer, cookies=cookies | beside, headers=headers)
        body: dict[str, Json] = {}
        if token is not None:
            put(body, application.refresh_body.request, token)
        return self.call(operation, bearer=bearer, body=body)

    def _page_of(self, application: Application, refresh_token: str | None) -> str | None:
        """The access token that came with `refresh_token`; for one that never was given, that of any session, whose page may well send it."""
        others = (session.access_token for session in self.open_sessions if session.application is application)
        return self.partners.get(refresh_token or "") or next(others, None)

    def note(self, exchange: Exchange) -> None:
        """Remember what `exchange` wrote and the personal access token that it created, and forget the one that its owner revoked by it."""
        response = exchange.response
        self._note_writing(exchange)
        if response and not self.moved and (told := moment_of(response)) is not None:
            ahead = told - self.clock()
            self.ahead = ahead if abs(ahead) > _SAME_TIME else 0.0
        for application in self.contract.applications.values():
            personal = application.personal_access_tokens
            if personal is None or response is None or not response.is_success:
                continue
            if exchange.probe.operation == personal.create.id and isinstance(value := response.at(personal.response_token), str):
                identifier = get(response.at(personal.response_record), personal.record["id"])
                known = str(identifier) if isinstance(identifier, str | int) else None
                self.personal_tokens.append(PersonalToken(application, known, value, self._sender(exchange)))
            elif exchange.probe.operation == personal.revoke.id and (sender := self._sender(exchange)):
                self.personal_tokens = [token for token in self.personal_tokens if not self._is_revoked_by(token, sender, exchange)]

    def _note_writing(self, exchange: Exchange) -> None:
        request, response = exchange.probe.request, exchange.response
        operation = self._writing.get(exchange.probe.operation or "")
        if operation is None or response is None or not response.is_success or request.method != operation.method:
            return
        # Success about what does not exist wrote nothing, but for PUT, which may create it (RFC 9110 section 9.3.4).
        about_nothing = self.inputs.aims_at_nothing(operation) and request.target == self.call(operation).target
        if request.method == "PUT" or not about_nothing:
            self.written.append(Written(operation, response))

    def _is_revoked_by(self, token: PersonalToken, sender: Session, exchange: Exchange) -> bool:
        if token.identifier is None or (token.session and token.session.account != sender.account):
            return False
        return self.revocation(token, "", "").request.target == exchange.probe.request.target

    def _sender(self, exchange: Exchange) -> Session | None:
        """The session whose access token `exchange` was sent with, wherever, or that created the personal access token that it was sent with."""
        request = exchange.probe.request
        sent = " ".join((request.target, *(value for _, value in request.headers), (request.body or b"").decode("utf-8", "replace")))
        sessions = [session for session in self.open_sessions if session.access_token in sent]
        sessions += [token.session for token in self.personal_tokens if token.session and token.value in sent]
        return sessions[0] if sessions else None

    def personal_token(self, application: Application, account: Account) -> PersonalToken | None:
        """The newest live personal access token of `account` that earlier scripts left."""
        own = [token for token in self.personal_tokens if token.application is application and token.session and token.session.account == account]
        return own[-1] if own else None

    def revocation(self, token: PersonalToken, bearer: str, name: str) -> Probe:
        """A revocation of `token` with the credential `bearer`. Raises Missing when there is no way to name the token."""
        personal = token.application.personal_access_tokens
        if personal is None or token.identifier is None:
            raise Missing("its creation told no id")
        path = {personal.revoke.path_parameters[-1].name: token.identifier}
        return Probe(name, self.call(personal.revoke, bearer=bearer, path=path), personal.revoke.id)

    def server_time(self, exchange: Exchange) -> float:
        """The target's own time, seconds since the epoch, by its Date field; this machine's when there is none."""
        told = moment_of(exchange.response) if exchange.response else None
        if told is None:
            return self.now()
        # Date may be written by a server in front of the application, whose clock no hook moves.
        return min(told, told + self.moved, key=lambda moment: abs(moment - self.now()))


def at_its_place(kind: TokenKind, value: str) -> tuple[Headers, dict[str, str]]:
    """The header field, or the cookie, for tokens of `kind`, with `value`."""
    return (((kind.field, value),), {}) if kind.field else ((), {kind.scheme.parameter or "": value})


def without(request: Request, name: str) -> Request:
    """`request` without the header field `name`."""
    return replace(request, headers=tuple(field for field in request.headers if field[0].lower() != name.lower()))


def too_long(seconds: float) -> str:
    """Why a script does not go on after a wait of `seconds`."""
    return f"This needs a wait of {seconds:.0f} seconds, which is more than the run may wait, and the profile has no hook advance_clock."
