"""Faults of the first factor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from authproof_mock.accounts import Account, Accounts
from authproof_mock.faults.fault import fault
from authproof_mock.flows import Flows
from authproof_mock.http import Answer, Call
from authproof_mock.refusal import Refusal
from authproof_mock.sessions import Family
from authproof_mock.state import Request
from authproof_mock.validation import Validation
from authproof_spec.contract import Application, Login, Operation
from authproof_spec.pointer import Json, get, put


@fault(
    "refuses-one-of-its-logins",
    breaks="LOGIN-01",
    reference="contract",
    harm="Users who log in by another way than the first are locked out.",
)
class RefusesOneLogin(Flows):
    def login(self, application: Application, login: Login, request: Request) -> Answer:
        if login is not application.logins[0]:
            raise self.refuse_credentials(login.refusal)
        return super().login(application, login, request)


@fault(
    "sets-the-cookie-twice-at-login",
    breaks="LOGIN-01",
    also=("COOKIE-11",),  # it asks for the same of every cookie
    reference="contract",
    harm="Browsers keep two refresh tokens and send both, in an order of their own.",
)
class SetsTheCookieTwice(Flows):
    def login(self, application: Application, login: Login, request: Request) -> Answer:
        answer = super().login(application, login, request)
        return replace(answer, headers=[*answer.headers, *answer.headers])


@fault(
    "sets-no-cookie-at-login",
    breaks="LOGIN-01",
    reference="contract",
    harm="Users are logged out with their first access token.",
)
class SetsNoCookie(Flows):
    def session_answer(self, application: Application, family: Family, account: Account, refresh_token: str | None, request: Request) -> Answer:
        given = None if request.operation in [login.operation for login in application.logins] else refresh_token
        return super().session_answer(application, family, account, given, request)


@fault(
    "takes-any-password",
    breaks="LOGIN-02",
    # Where a wrong password is not refused, the refusals cannot be alike.
    also=("LOGIN-04",),
    reference="CWE-287",
    harm="Whoever knows an address is its owner.",
)
class TakesAnyPassword(Accounts):
    def secrets_match(self, account: Account, proofs: Mapping[str, bytes]) -> bool:
        return True


@fault(
    "compares-passwords-without-case",
    breaks="LOGIN-02",
    also=("LOGIN-04",),  # as above
    reference="CWE-287",
    harm="Passwords are far fewer than their owners believe.",
)
class ComparesWithoutCase(Accounts):
    def hash(self, secret: str) -> bytes:
        return super().hash(secret.casefold())


@fault(
    "opens-an-account-for-whoever-logs-in",
    breaks="LOGIN-03",
    also=("LOGIN-04",),  # as above, of an unknown account
    reference="CWE-204",
    harm="Anybody has an account, under any name that is not taken.",
)
class OpensAnAccount(Accounts):
    def authenticate(self, application: str, credentials: Mapping[str, Json]) -> Account | None:
        email = credentials.get("email")
        if isinstance(email, str) and not self.has_email(email):
            return self.create([application], credentials)
        return super().authenticate(application, credentials)


class _TellsApart(Flows):
    """Refuses some accounts otherwise than others."""

    def login(self, application: Application, login: Login, request: Request) -> Answer:
        try:
            return super().login(application, login, request)
        except Refusal as refusal:
            credentials = {attribute: get(request.body, pointer) for pointer, attribute in login.credentials.items()}
            public = {name: value for name, value in credentials.items() if name in {"email", "username"}}
            known = [account for account in self._state.accounts.list() if self._state.accounts.is_called(account, public)]
            raise self.told(refusal, known[0] if known else None) from None

    def told(self, refusal: Refusal, account: Account | None) -> Refusal:
        """What is said in place of `refusal`; `account` is None where there is none of that name."""
        raise NotImplementedError


@fault(
    "answers-404-to-an-unknown-account",
    breaks="LOGIN-03",
    # The status tells who exists, and no document has it.
    also=("LOGIN-04", "DOC-02"),
    reference="CWE-204",
    harm="Anybody finds out who has an account.",
)
class AnswersNotFound(_TellsApart):
    def told(self, refusal: Refusal, account: Account | None) -> Refusal:
        return refusal if account else Refusal(404, refusal.message)


@fault(
    "tells-unknown-accounts-by-the-message",
    breaks="LOGIN-04",
    reference="CWE-204",
    harm="Anybody finds out who has an account.",
)
class TellsByTheMessage(_TellsApart):
    def told(self, refusal: Refusal, account: Account | None) -> Refusal:
        return refusal if account else Refusal(refusal.status, "There is no such account.", headers=refusal.headers)


@fault(
    "tells-unknown-accounts-by-the-challenge",
    breaks="LOGIN-04",
    reference="CWE-204",
    harm="Anybody who reads headers finds out who has an account.",
)
class TellsByTheChallenge(_TellsApart):
    def told(self, refusal: Refusal, account: Account | None) -> Refusal:
        return refusal if account else Refusal(refusal.status, refusal.message)


@fault(
    "tells-unknown-accounts-by-a-header-of-its-own",
    breaks="LOGIN-04",
    reference="CWE-204",
    harm="Anybody who reads headers finds out who has an account.",
)
class TellsByAHeader(_TellsApart):
    def told(self, refusal: Refusal, account: Account | None) -> Refusal:
        return refusal if account else Refusal(refusal.status, refusal.message, headers=[*refusal.headers, ("x-error-code", "unknown_user")])


@fault(
    "tells-disabled-accounts-by-the-message",
    breaks="LOGIN-04",
    reference="CWE-204",
    harm="Anybody finds out whose account is disabled, and that a guessed password was right.",
)
class TellsTheDisabled(_TellsApart):
    def told(self, refusal: Refusal, account: Account | None) -> Refusal:
        return Refusal(refusal.status, "The account is disabled.", headers=refusal.headers) if account and account.disabled else refusal


@fault(
    "lets-disabled-accounts-in",
    breaks="LOGIN-06",
    also=("LOGIN-04",),  # a login that succeeds is not refused like the others
    reference="contract",
    harm="Who was locked out logs in again.",
)
class LetsTheDisabledIn(Flows):
    def may_log_in(self, account: Account) -> bool:
        return True


@fault(
    "gives-a-disabled-account-a-token-with-its-refusal",
    breaks="LOGIN-06",
    also=("LOGIN-04",),  # the body differs by the token
    reference="contract",
    harm="Who was locked out finds a token in the refusal.",
)
class RefusesWithAToken(Flows):
    def login(self, application: Application, login: Login, request: Request) -> Answer:
        credentials = {attribute: get(request.body, pointer) for pointer, attribute in login.credentials.items()}
        account = self._state.accounts.authenticate(application.name, credentials)
        if account is None or not account.disabled:
            return super().login(application, login, request)
        answer = self.start_session(application, account, request)
        payload: dict[str, Json] = {}
        put(payload, self._state.contract.error_message, "The credentials are not valid.")
        put(
            payload, application.access_token_field, get(answer.payload, application.access_token_field) if isinstance(answer.payload, dict) else None
        )
        return Answer(login.refusal, payload, self.refuse_credentials().headers)


class _JudgesOtherwise(Validation):
    """Answers a body that is not valid otherwise where nobody is authenticated yet."""

    status = 401

    def check(self, call: Call, operation: Operation, path_parameters: Mapping[str, str]) -> Json:
        try:
            return super().check(call, operation, path_parameters)
        except Refusal as refusal:
            if refusal.status != 400 or not operation.is_public:
                raise
            raise Refusal(self.status, refusal.message) from None


@fault(
    "takes-a-missing-password-for-a-wrong-one",
    breaks="LOGIN-07",
    reference="RFC 9110 §15.5.1",
    harm="A client with a bug counts as an attacker, and locks its user out.",
)
class TakesMissingForWrong(_JudgesOtherwise):
    status = 401


@fault(
    "fails-on-a-missing-password",
    breaks="LOGIN-07",
    also=("ERR-07", "DOC-02"),  # it is a server error, which no document has
    reference="RFC 9110 §15.5.1",
    harm="Anybody makes the server fail with an empty object.",
)
class FailsOnAMissingPassword(_JudgesOtherwise):
    status = 500
