"""Faults of the first factor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import parse_qsl

from authproof_mock.accounts import Account, Accounts
from authproof_mock.faults.fault import fault
from authproof_mock.flows import Flows
from authproof_mock.http import Answer, Call
from authproof_mock.refusal import Refusal
from authproof_mock.samples import Samples
from authproof_mock.sessions import Family
from authproof_mock.state import Request, State
from authproof_mock.validation import Validation
from authproof_spec.contract import Application, Login, MediaType, Operation
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
    also=("LOGIN-13", "DOC-08"),  # a login that brings a cookie is given no new one
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
    # One that is almost right is a wrong one, and so is that of another way to log in, or of an account with a second factor.
    also=("LOGIN-15", "LOGIN-20"),
    reference="CWE-287",
    harm="Whoever knows an address is its owner.",
)
class TakesAnyPassword(Accounts):
    def secrets_match(self, account: Account, proofs: Mapping[str, bytes]) -> bool:
        return True


@fault(
    "opens-an-account-for-whoever-logs-in",
    breaks="LOGIN-03",
    reference="CWE-204",
    harm="Anybody has an account, under any name that is not taken.",
)
class OpensAnAccount(Accounts):
    def authenticate(self, application: str, credentials: Mapping[str, Json]) -> Account | None:
        email = credentials.get("email")
        if isinstance(email, str) and not self.has_email(email):
            return self.create([application], credentials)
        return super().authenticate(application, credentials)


class TellsApart(Flows):
    """Refuses some accounts otherwise than others."""

    def login(self, application: Application, login: Login, request: Request) -> Answer:
        try:
            return super().login(application, login, request)
        except Refusal as refusal:
            public = {name: value for name, value in self.credentials_of(login, request).items() if name in {"email", "username"}}
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
class AnswersNotFound(TellsApart):
    def told(self, refusal: Refusal, account: Account | None) -> Refusal:
        return refusal if account else Refusal(404, refusal.message)


@fault(
    "tells-unknown-accounts-by-the-message",
    breaks="LOGIN-04",
    reference="CWE-204",
    harm="Anybody finds out who has an account.",
)
class TellsByTheMessage(TellsApart):
    def told(self, refusal: Refusal, account: Account | None) -> Refusal:
        return refusal if account else Refusal(refusal.status, "There is no such account.", headers=refusal.headers)


@fault(
    "tells-unknown-accounts-by-the-challenge",
    breaks="LOGIN-04",
    also=("DOC-08",),
    reference="CWE-204",
    harm="Anybody who reads headers finds out who has an account.",
)
class TellsByTheChallenge(TellsApart):
    def told(self, refusal: Refusal, account: Account | None) -> Refusal:
        return refusal if account else Refusal(refusal.status, refusal.message)


@fault(
    "tells-unknown-accounts-by-a-header-of-its-own",
    breaks="LOGIN-04",
    reference="CWE-204",
    harm="Anybody who reads headers finds out who has an account.",
)
class TellsByAHeader(TellsApart):
    def told(self, refusal: Refusal, account: Account | None) -> Refusal:
        return refusal if account else Refusal(refusal.status, refusal.message, headers=[*refusal.headers, ("x-error-code", "unknown_user")])


@fault(
    "tells-disabled-accounts-by-the-message",
    breaks="LOGIN-04",
    reference="CWE-204",
    harm="Anybody finds out whose account is disabled, and that a guessed password was right.",
)
class TellsTheDisabled(TellsApart):
    def told(self, refusal: Refusal, account: Account | None) -> Refusal:
        return Refusal(refusal.status, "The account is disabled.", headers=refusal.headers) if account and account.disabled else refusal


@fault(
    "lets-disabled-accounts-in",
    breaks="LOGIN-06",
    reference="contract",
    harm="Who was locked out logs in again.",
)
class LetsTheDisabledIn(Flows):
    def may_log_in(self, account: Account) -> bool:
        return True


@fault(
    "lets-disabled-accounts-in-by-a-further-login",
    breaks="LOGIN-06",
    reference="contract",
    design="scopes-and-logins",
    harm="Who was locked out comes in by the other door: only the first login asks whether the account is disabled.",
)
class LetsTheDisabledInElsewhere(Flows):
    def login(self, application: Application, login: Login, request: Request) -> Answer:
        account = self.account_of(application, login, request)
        if account and account.disabled and login is not application.logins[0]:
            return self.start_session(application, account, request)
        return super().login(application, login, request)


@fault(
    "gives-a-disabled-account-a-token-with-its-refusal",
    breaks="LOGIN-06",
    also=("LOGIN-04",),  # the body differs by the token
    reference="contract",
    harm="Who was locked out finds a token in the refusal.",
)
class RefusesWithAToken(Flows):
    def login(self, application: Application, login: Login, request: Request) -> Answer:
        account = self.account_of(application, login, request)
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
    also=("LOGIN-09", "LOGIN-08", "DOC-08"),  # it answers every body that is not valid so
    reference="RFC 9110 §15.5.1",
    harm="A client with a bug counts as an attacker, and locks its user out.",
)
class TakesMissingForWrong(_JudgesOtherwise):
    status = 401


@fault(
    "fails-on-a-missing-password",
    breaks="LOGIN-07",
    # It answers every body that is not valid with a server error, which no document has.
    also=("LOGIN-08", "LOGIN-09", "MFA-10", "ERR-07", "DOC-02"),
    reference="RFC 9110 §15.5.1",
    harm="Anybody makes the server fail with an empty object.",
)
class FailsOnAMissingPassword(_JudgesOtherwise):
    status = 500


class _AllowsEmpty(Validation):
    def problems(self, schema: str, value: Json) -> dict[str, list[str]]:
        return {name: words for name, words in super().problems(schema, value).items() if not (name == "password" and _member(value, name) == "")}


class _TrustsEmpty(Accounts):
    def secrets_match(self, account: Account, proofs: Mapping[str, bytes]) -> bool:
        return super().secrets_match(account, proofs) or bool(account.key and proofs.get("password") == self.hash(""))


lets_empty_in = fault(
    "lets-an-empty-password-in",
    breaks="LOGIN-07",
    reference="RFC 4513 §5.1.2",
    harm="A directory takes a login without a password for an anonymous one, and the application for a right one.",
)(_AllowsEmpty, _TrustsEmpty)


@fault(
    "takes-an-empty-password-for-a-wrong-one",
    breaks="LOGIN-07",
    reference="contract",
    harm="A client that loses its password counts as an attacker, and locks its user out.",
)
class TakesEmptyForWrong(_AllowsEmpty):
    pass


class _AllowsAnyType(Validation):
    """Looks at the types of no password."""

    def problems(self, schema: str, value: Json) -> dict[str, list[str]]:
        found = super().problems(schema, value)
        return {name: words for name, words in found.items() if not name.startswith("password") or isinstance(_member(value, "password"), str)}


class _ReadsOperators(Accounts):
    def authenticate(self, application: str, credentials: Mapping[str, Json]) -> Account | None:
        names = {name: value for name, value in credentials.items() if name != "password"}
        if isinstance(credentials.get("password"), dict):
            return next((one for one in self.list() if self.belongs_to(one, application) and self.is_called(one, names)), None)
        return super().authenticate(application, credentials)


reads_operators = fault(
    "takes-an-operator-for-a-password",
    breaks="LOGIN-08",
    reference="CWE-943",
    harm='A password of {"$ne": null} opens every account.',
)(_AllowsAnyType, _ReadsOperators)


class _TakesTheFirst(Accounts):
    def authenticate(self, application: str, credentials: Mapping[str, Json]) -> Account | None:
        flat = {name: value[0] if isinstance(value, list) and value else value for name, value in credentials.items()}
        return super().authenticate(application, flat)


takes_the_first = fault(
    "takes-the-first-password-of-a-list",
    breaks="LOGIN-08",
    reference="CWE-1287",
    harm="One request tries a thousand passwords, and the limit counts one.",
)(_AllowsAnyType, _TakesTheFirst)


@fault(
    "fails-on-a-password-that-is-no-text",
    breaks="LOGIN-08",
    also=("ERR-07", "DOC-02"),  # it is a server error, which no document has
    reference="CWE-1287",
    harm="Anybody makes the server fail.",
)
class FailsOnNoText(Validation):
    def problems(self, schema: str, value: Json) -> dict[str, list[str]]:
        if isinstance(value, dict) and "password" in value and not isinstance(value["password"], str):
            raise Refusal(500, "Something went wrong.")
        return super().problems(schema, value)


class _OnBrokenJson(Validation):
    """Answers a text that is no JSON otherwise."""

    status = 500

    def body_of(self, call: Call, operation: Operation) -> Json:
        if operation.is_public and call.body.endswith(b":"):
            raise Refusal(self.status, "The body cannot be read.")
        return super().body_of(call, operation)


@fault(
    "fails-on-broken-json",
    breaks="LOGIN-09",
    also=("ERR-07", "DOC-02"),  # it is a server error, which no document has
    reference="RFC 9110 §15.5.1",
    harm="Anybody makes the server fail with half a request.",
)
class FailsOnBrokenJson(_OnBrokenJson):
    pass


@fault(
    "takes-broken-json-for-wrong-credentials",
    breaks="LOGIN-09",
    also=("DOC-08",),
    reference="RFC 9110 §15.5.1",
    harm="A client whose connection breaks off counts as an attacker.",
)
class TakesBrokenJsonForWrong(_OnBrokenJson):
    status = 401


@fault(
    "reads-a-login-form",
    breaks="LOGIN-10",
    reference="CWE-352",
    harm="A page of another site logs its visitors in to an account of the attacker's.",
)
class ReadsAForm(Validation):
    def body_of(self, call: Call, operation: Operation) -> Json:
        if any(value.startswith("application/x-www-form-urlencoded") for value in call.header_values("content-type")):
            return dict(parse_qsl(call.body.decode("latin-1")))
        return super().body_of(call, operation)


@fault(
    "reads-json-under-any-label",
    breaks="LOGIN-10",
    reference="CWE-352",
    harm="A form of another site writes JSON under text/plain, for which no browser asks first.",
)
class ReadsAnyLabel(Validation):
    def media_type_of(self, types: Sequence[str], content: Sequence[MediaType]) -> MediaType | None:
        return super().media_type_of(types, content) or (content[0] if types else None)


@fault(
    "reads-credentials-from-the-query",
    breaks="LOGIN-11",
    reference="CWE-598",
    harm="Passwords end in the logs of every server and proxy on the way.",
)
class ReadsTheQuery(Validation):
    def body_of(self, call: Call, operation: Operation) -> Json:
        query = dict(parse_qsl(call.query))
        return query if operation.is_public and "password" in query else super().body_of(call, operation)


@fault(
    "takes-permissions-from-the-login",
    breaks="LOGIN-12",
    reference="CWE-915",
    harm="Whoever asks for a permission has it.",
)
class TakesPermissions(Flows):
    def login(self, application: Application, login: Login, request: Request) -> Answer:
        answer = super().login(application, login, request)
        account = self.account_of(application, login, request)
        if account and _member(request.body, "permissions"):
            self._state.accounts.change(account.key, {"permissions": _member(request.body, "permissions")})
        return answer


@fault(
    "logs-in-whomever-the-body-names",
    breaks="LOGIN-12",
    reference="CWE-915",
    harm="One password opens every account.",
)
class LogsInWhomever(Flows):
    def login(self, application: Application, login: Login, request: Request) -> Answer:
        answer = super().login(application, login, request)
        named = self._state.accounts.find(str(_member(request.body, "userId")))
        return self.start_session(application, named, request) if named else answer


class _SeesTheCookie(Flows):
    """Does something else with a login that brings a refresh cookie."""

    def login(self, application: Application, login: Login, request: Request) -> Answer:
        answer = super().login(application, login, request)
        brought = self.refresh_token_of(application, request)
        return self.altered(answer, brought) if brought else answer

    def altered(self, answer: Answer, brought: str) -> Answer:
        """What is sent in place of `answer` to a login that brought a cookie; that cookie stays."""
        return replace(answer, headers=[header for header in answer.headers if header[0] != "set-cookie"])


@fault(
    "keeps-the-cookie-that-comes-with-a-login",
    breaks="LOGIN-13",
    reference="CWE-384",
    harm="Whoever used the browser before goes on in the session of who uses it now, or the other way round.",
)
class KeepsTheCookie(_SeesTheCookie):
    pass


@fault(
    "makes-a-made-up-cookie-good",
    breaks="LOGIN-13",
    reference="CWE-384",
    harm="An attacker who sets a cookie in a browser shares the session of whoever logs in with it.",
)
class MakesACookieGood(_SeesTheCookie):
    def __init__(self, state: State, samples: Samples) -> None:
        super().__init__(state, samples)
        self._adopted: dict[str, str] = {}

    def altered(self, answer: Answer, brought: str) -> Answer:
        given = next((value for name, value in answer.headers if name == "set-cookie"), "")
        self._adopted[brought] = given.partition("=")[2].partition(";")[0]
        return super().altered(answer, brought)

    def refresh_token_of(self, application: Application, request: Request) -> str | None:
        token = super().refresh_token_of(application, request)
        return self._adopted.get(token, token) if token else None


class _NumbersItsTokens(Flows):
    """Gives out a number in place of each refresh token, and finds the token by it."""

    length = 6

    def __init__(self, state: State, samples: Samples) -> None:
        super().__init__(state, samples)
        self._numbered: dict[str, str] = {}

    def mint_refresh_token(self, application: Application, family: Family, account: Account) -> str:
        number = f"{len(self._numbered) + 1000:0{self.length}}"
        self._numbered[number] = super().mint_refresh_token(application, family, account)
        return number

    def refresh_token_of(self, application: Application, request: Request) -> str | None:
        token = super().refresh_token_of(application, request)
        return self._numbered.get(token, token) if token else None


@fault(
    "numbers-its-refresh-tokens",
    breaks="LOGIN-14",
    also=("ERR-05",),
    reference="CWE-330",
    harm="The next number is the next user's session.",
)
class NumbersItsTokens(_NumbersItsTokens):
    pass


@fault(
    "counts-up-in-long-refresh-tokens",
    breaks="LOGIN-14",
    reference="CWE-340",
    harm="A token that looks long is the one before, plus one.",
)
class CountsUpInLongTokens(_NumbersItsTokens):
    length = 48


@fault(
    "compares-passwords-without-case",
    breaks="LOGIN-15",
    reference="CWE-697",
    harm="Passwords are far fewer than their owners believe.",
)
class ComparesWithoutCase(Accounts):
    def hash(self, secret: str) -> bytes:
        return super().hash(secret.casefold())


@fault(
    "trims-passwords",
    breaks="LOGIN-15",
    reference="OWASP ASVS 5.0 6.2.8",
    harm="A password with a blank at its end is another one than its owner chose.",
)
class TrimsPasswords(Accounts):
    def hash(self, secret: str) -> bytes:
        return super().hash(secret.strip())


@fault(
    "cuts-passwords-off",
    breaks="LOGIN-15",
    reference="CWE-697",
    harm="Whatever follows the first characters of a password protects nothing.",
)
class CutsPasswordsOff(Accounts):
    def hash(self, secret: str) -> bytes:
        return super().hash(secret[:20])


@fault(
    "fails-on-a-long-password",
    breaks="LOGIN-16",
    also=("ERR-07", "DOC-02"),  # it is a server error, which no document has
    reference="CWE-770",
    harm="One request of a megabyte brings a worker down.",
)
class FailsOnLongPasswords(Validation):
    def check(self, call: Call, operation: Operation, path_parameters: Mapping[str, str]) -> Json:
        if operation.is_public and len(call.body) > 100_000:
            raise Refusal(500, "Something went wrong.")
        return super().check(call, operation, path_parameters)


class _TrustsFurtherLogins(Flows):
    """Looks for the account alone at a login other than the first."""

    proof = "password"

    def login(self, application: Application, login: Login, request: Request) -> Answer:
        if login is application.logins[0] or self.proof not in login.credentials.values():
            return super().login(application, login, request)
        public = {name: value for name, value in self.credentials_of(login, request).items() if name != self.proof}
        accounts = [one for one in self._state.accounts.list() if self._state.accounts.belongs_to(one, application.name)]
        named = [one for one in accounts if self.may_log_in(one) and self._state.accounts.is_called(one, public)]
        return self.start_session(application, named[0], request) if named else super().login(application, login, request)


@fault(
    "checks-no-password-at-the-second-login",
    breaks="LOGIN-20",
    also=("LOGIN-15",),  # what is almost right is accepted too
    reference="OWASP ASVS 5.0 6.3.4",
    harm="The door that was built last has no lock.",
)
class TrustsTheAlias(_TrustsFurtherLogins):
    pass


@fault(
    "takes-any-link",
    breaks="LOGIN-20",
    reference="OWASP ASVS 5.0 6.3.4",
    harm="Any text at the end of the link opens somebody's survey.",
)
class TakesAnyLink(_TrustsFurtherLogins):
    proof = "linkToken"


def _member(body: Json, name: str) -> Json:
    """The member `name` of a JSON object; None when there is none."""
    return body.get(name) if isinstance(body, dict) else None
