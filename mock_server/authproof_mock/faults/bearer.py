"""Faults of reading the credential."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from urllib.parse import parse_qs, parse_qsl

from authproof_mock.answers import Answers
from authproof_mock.clock import Clock
from authproof_mock.faults.fault import fault
from authproof_mock.guard import Guard
from authproof_mock.http import Call
from authproof_mock.keys import SigningKey
from authproof_mock.refusal import Refusal, challenge
from authproof_mock.state import Caller, State
from authproof_mock.tokens import AccountId, Content, InvalidToken, Purpose, Tokens, TokenType
from authproof_mock.validation import Validation
from authproof_spec.contract import Contract, Operation
from authproof_spec.pointer import Json

PathParameters = Mapping[str, str]


def takes_permission(operation: Operation) -> bool:
    """True for an operation that is not open to every account."""
    return any(operation.bearer_schemes.values())


def reads_with_permission(operation: Operation) -> bool:
    """True for an operation that shows something to those alone who may see it."""
    return operation.method == "GET" and takes_permission(operation)


def access_token(state: State, operation: Operation, account: str | None = None) -> str:
    """A new access token for `operation`: that of the account with the key `account`, else of the first one. Raises InvalidToken."""
    application = state.contract.application_of(operation)
    for found in state.accounts.list():
        if application and account in {None, found.key} and state.accounts.belongs_to(found, application.name):
            kind = state.tokens.type_of(application.name, Purpose.ACCESS)
            return state.tokens.mint(kind, found.id, secrets.token_hex(8), state.clock.now() + 60)
    raise InvalidToken("there is nobody to take it for")


def with_bearer(call: Call, token: str) -> Call:
    """`call` with `token` as its credential."""
    return replace(call, headers=[*(header for header in call.headers if header[0] != "authorization"), ("authorization", f"Bearer {token}")])


def without_bearer(call: Call) -> bool:
    """True when no Authorization came."""
    return not call.header_values("authorization")


def query_of(call: Call) -> str | None:
    """The token in the query."""
    return next(iter(parse_qs(call.query).get("access_token", [])), None)


def cookies_of(call: Call) -> Mapping[str, str]:
    """The cookies by name."""
    pairs = (part.strip().partition("=") for line in call.header_values("cookie") for part in line.split(";"))
    return {name: value for name, _, value in pairs}


# No credentials, and none that is one


@fault(
    "takes-a-word-for-a-token-at-one-operation",
    breaks="BEARER-29",
    reference="CWE-287",
    harm="Whoever sends any word in the place of the token is let in.",
)
class TakesAnyWord(Guard):
    def authenticate(self, token: str, operation: Operation) -> Caller:
        if reads_with_permission(operation) and token.count(".") < 2:
            return super().authenticate(access_token(self._state, operation), operation)
        return super().authenticate(token, operation)


@fault(
    "forgets-the-guard-of-one-operation",
    breaks="BEARER-01",
    # Where there is no guard, nothing that it asks for is asked for.
    also=(
        "DOC-06",
        "BEARER-29",
        "JWT-09",
        "JWT-13",
        "JWT-34",
        "JWT-39",
        "JWT-40",
        "AUTHZ-01",
        "AUTHZ-02",
        "AUTHZ-08",
        "PAT-07",
        "PAT-20",
        "BEARER-18",
    ),
    reference="CWE-306",
    harm="Anybody reads what one operation shows, without an account.",
)
class ForgetsTheGuard(Guard):
    def guards(self, operation: Operation) -> bool:
        return super().guards(operation) and not reads_with_permission(operation)


@fault(
    "answers-403-where-nobody-is-known",
    breaks="BEARER-01",
    also=(
        "BEARER-22",
        "BEARER-18",
        "BEARER-23",
    ),  # it is a permission that is said to be missing
    reference="RFC 9110 §15.5.2",
    harm="A client whose token is gone believes that its user may not do this, and never logs in again.",
)
class ForbidsStrangers(Guard):
    def admit(self, call: Call, operation: Operation, path_parameters: PathParameters) -> Caller:
        if without_bearer(call) and takes_permission(operation):
            raise self.insufficient_scope(frozenset())
        return super().admit(call, operation, path_parameters)


@fault(
    "judges-the-body-before-the-credentials",
    breaks="BEARER-01",
    # A body that is not valid is told so, and a token in a body gets nowhere either.
    also=("BEARER-13", "BEARER-23"),
    reference="RFC 9110 §11.4",
    harm="A stranger learns from 400 or 401 how a protected operation reads its input.",
)
class ValidatesStrangers(Guard):
    def admit(self, call: Call, operation: Operation, path_parameters: PathParameters) -> Caller:
        if without_bearer(call) and operation.request_body:
            raise Refusal(400, "The body is not valid.")
        return super().admit(call, operation, path_parameters)


@fault(
    "sends-no-challenge-without-credentials",
    breaks="BEARER-02",
    also=("DOC-08",),
    reference="RFC 9110 §11.6.1",
    harm="A client that does not know the API cannot learn from its refusal how to authenticate.",
)
class SendsNoChallenge(Guard):
    def admit(self, call: Call, operation: Operation, path_parameters: PathParameters) -> Caller:
        if without_bearer(call):
            raise Refusal(401, "Authentication is required.")
        return super().admit(call, operation, path_parameters)


@fault(
    "sends-no-challenge-on-one-operation",
    breaks="BEARER-02",
    also=("DOC-08",),
    reference="RFC 9110 §15.5.2",
    harm="One operation does not tell its clients how to authenticate.",
)
class SendsNoChallengeOnOne(Guard):
    def admit(self, call: Call, operation: Operation, path_parameters: PathParameters) -> Caller:
        if without_bearer(call) and reads_with_permission(operation):
            raise Refusal(401, "Authentication is required.")
        return super().admit(call, operation, path_parameters)


@fault(
    "challenges-for-a-password",
    breaks="BEARER-02",
    reference="RFC 6750 §3",
    harm="Browsers open a dialogue for a password that this API does not take.",
)
class ChallengesForBasic(Guard):
    def admit(self, call: Call, operation: Operation, path_parameters: PathParameters) -> Caller:
        if without_bearer(call):
            raise Refusal(401, "Authentication is required.", headers=[("www-authenticate", 'Basic realm="api"')])
        return super().admit(call, operation, path_parameters)


@fault(
    "names-the-realm-twice",
    breaks="BEARER-03",
    reference="RFC 9110 §11.2",
    harm="Two clients read two different realms from one challenge.",
)
class NamesTheRealmTwice(Guard):
    def admit(self, call: Call, operation: Operation, path_parameters: PathParameters) -> Caller:
        if without_bearer(call):
            raise Refusal(401, "Authentication is required.", headers=[("www-authenticate", 'Bearer realm="api", realm="back office"')])
        return super().admit(call, operation, path_parameters)


@fault(
    "leaves-a-quote-open-in-the-challenge",
    breaks="BEARER-03",
    reference="RFC 9110 §11.2",
    harm="A client that reads the challenge by the standard finds no error code in it.",
)
class LeavesAQuoteOpen(Guard):
    def invalid_token(self) -> Refusal:
        return Refusal(
            401, "The access token is not valid.", headers=[("www-authenticate", 'Bearer error="invalid_token", error_description="not valid')]
        )


@fault(
    "challenges-without-a-parameter",
    breaks="BEARER-03",
    reference="RFC 6750 §3",
    harm="A client learns from the challenge neither what it is for nor what is wrong.",
)
class ChallengesWithoutAParameter(Guard):
    def admit(self, call: Call, operation: Operation, path_parameters: PathParameters) -> Caller:
        if without_bearer(call):
            raise Refusal(401, "Authentication is required.", headers=[("www-authenticate", "Bearer")])
        return super().admit(call, operation, path_parameters)


@fault(
    "names-an-error-where-nothing-was-sent",
    breaks="BEARER-04",
    reference="RFC 6750 §3.1",
    harm="A client without a token is told that its token is bad, and goes looking for a fault that is none.",
)
class NamesAnErrorTooEarly(Guard):
    def admit(self, call: Call, operation: Operation, path_parameters: PathParameters) -> Caller:
        if without_bearer(call):
            raise self.invalid_token()
        return super().admit(call, operation, path_parameters)


@fault(
    "does-not-name-an-invalid-token",
    breaks="BEARER-05",
    reference="RFC 6750 §3.1",
    harm="A client cannot tell an expired token from a missing one, so it does not refresh.",
)
class NamesNoError(Guard):
    def invalid_token(self) -> Refusal:
        return Refusal(401, "The access token is not valid.", headers=[challenge(self._state.contract)])


@fault(
    "calls-an-invalid-token-an-invalid-request",
    breaks="BEARER-05",
    reference="RFC 6750 §3",
    harm="A client mends its request for ever instead of refreshing its token.",
)
class NamesAnotherError(Guard):
    def invalid_token(self) -> Refusal:
        return Refusal(401, "The access token is not valid.", headers=[challenge(self._state.contract, "invalid_request")])


# The scheme


@fault(
    "compares-the-scheme-as-it-is-spelled",
    breaks="BEARER-06",
    reference="RFC 9110 §11.1",
    harm="Lawful clients that write `bearer` are locked out.",
)
class ComparesTheScheme(Guard):
    def credential_of(self, call: Call) -> str | None:
        spelled = [header for header in call.headers if header[0] != "authorization" or header[1].startswith("Bearer")]
        return super().credential_of(replace(call, headers=spelled))


@fault(
    "knows-two-spellings-of-the-scheme",
    breaks="BEARER-06",
    reference="RFC 9110 §11.1",
    harm="Lawful clients that write `BEARER` are locked out.",
)
class KnowsTwoSpellings(Guard):
    def credential_of(self, call: Call) -> str | None:
        spelled = [header for header in call.headers if header[0] != "authorization" or header[1].startswith(("Bearer", "bearer"))]
        return super().credential_of(replace(call, headers=spelled))


@fault(
    "takes-any-scheme",
    breaks="BEARER-07",
    reference="RFC 6750 §2.1",
    harm="Two guards that read the field differently disagree on who the caller is.",
)
class TakesAnyScheme(Guard):
    def credential_of(self, call: Call) -> str | None:
        for value in call.header_values("authorization"):
            scheme, _, token = value.partition(" ")
            if token and scheme.lower() != "bearer":
                return token
        return super().credential_of(call)


@fault(
    "takes-a-token-without-a-scheme",
    breaks="BEARER-08",
    reference="RFC 6750 §2.1",
    harm="Filters that look for `Bearer` do not see the credentials that pass them.",
)
class TakesABareToken(Guard):
    def credential_of(self, call: Call) -> str | None:
        bare = (value for value in call.header_values("authorization") if value.count(".") == 2 and " " not in value)
        return next(bare, None) or super().credential_of(call)


@fault(
    "fails-on-an-empty-credential",
    breaks="BEARER-09",
    also=("ERR-07", "DOC-02"),  # it is a server error, which no document has
    reference="CWE-755",
    harm="Anybody makes the server fail with one short header.",
)
class FailsOnAnEmptyCredential(Guard):
    def credential_of(self, call: Call) -> str | None:
        if "Bearer" in call.header_values("authorization"):
            raise Refusal(500, "Something went wrong.")
        return super().credential_of(call)


@fault(
    "takes-the-word-null-for-somebody",
    breaks="BEARER-09",
    reference="RFC 6750 §3.1",
    harm="A client that lost its token, and whoever imitates it, acts as the first account there is.",
)
class TakesNull(Guard):
    def authenticate(self, token: str, operation: Operation) -> Caller:
        return super().authenticate(access_token(self._state, operation) if token == "null" else token, operation)  # noqa: S105  # no password


@fault(
    "takes-schemes-that-begin-like-bearer",
    breaks="BEARER-07",
    reference="RFC 9110 §11.4",
    harm="Two guards that read the field differently disagree on who the caller is.",
)
class TakesALongerScheme(Guard):
    def credential_of(self, call: Call) -> str | None:
        return super().credential_of(_with_value(call, lambda value: value.replace("Bearerx ", "Bearer ", 1)))


@fault(
    "takes-an-empty-field-for-somebody",
    breaks="BEARER-09",
    reference="CWE-287",
    harm="A client that lost its token, and whoever imitates it, acts as the first account there is.",
)
class TakesAnEmptyField(Guard):
    def admit(self, call: Call, operation: Operation, path_parameters: PathParameters) -> Caller:
        if "" in call.header_values("authorization"):
            call = with_bearer(call, access_token(self._state, operation))
        return super().admit(call, operation, path_parameters)


@fault(
    "wants-exactly-one-blank",
    breaks="BEARER-10",
    reference="RFC 6750 §2.1",
    harm="Lawful clients that write two blanks are locked out.",
)
class WantsOneBlank(Guard):
    def credential_of(self, call: Call) -> str | None:
        if any(value.lower().startswith("bearer  ") for value in call.header_values("authorization")):
            raise self.invalid_token()
        return super().credential_of(call)


@fault(
    "strips-quotes-off-the-token",
    breaks="BEARER-11",
    reference="CWE-436",
    harm="A proxy and the server read two different credentials from one field.",
)
class StripsQuotes(Guard):
    def credential_of(self, call: Call) -> str | None:
        return super().credential_of(_with_value(call, lambda value: value.replace('"', "")))


@fault(
    "ends-the-token-at-a-control-byte",
    breaks="BEARER-11",
    reference="CWE-158",
    harm="What a filter in front takes for one token is another one to the server.",
)
class EndsAtAControlByte(Guard):
    def credential_of(self, call: Call) -> str | None:
        return super().credential_of(_with_value(call, lambda value: value.partition("\0")[0]))


@fault(
    "ignores-what-follows-the-token",
    breaks="BEARER-11",
    also=("BEARER-10",),  # it splits at each blank, so what follows two of them is not found
    reference="CWE-436",
    harm="A proxy and the server read two different credentials from one field.",
)
class IgnoresTheRest(Guard):
    def credential_of(self, call: Call) -> str | None:
        first = [(name, " ".join(value.split(" ")[:2]) if name == "authorization" else value) for name, value in call.headers]
        return super().credential_of(replace(call, headers=first))


def _with_value(call: Call, change: Callable[[str], str]) -> Call:
    """`call` with what `change` makes of its Authorization."""
    return replace(call, headers=[(name, change(value) if name == "authorization" else value) for name, value in call.headers])


class _TakesOneOfTwo(Guard):
    """Reads one of several Authorization fields, and ignores the others."""

    which: int

    def credential_of(self, call: Call) -> str | None:
        values = call.header_values("authorization")
        if len(values) > 1:
            call = replace(
                call, headers=[*(field for field in call.headers if field[0] != "authorization"), ("authorization", values[type(self).which])]
            )
        return super().credential_of(call)


@fault(
    "takes-the-first-of-two-credentials",
    breaks="BEARER-16",
    reference="RFC 9110 §5.3",
    harm="A proxy that reads the last field lets through what the server then takes for somebody else.",
)
class TakesTheFirst(_TakesOneOfTwo):
    which = 0


@fault(
    "takes-the-last-of-two-credentials",
    breaks="BEARER-16",
    reference="CWE-436",
    harm="A proxy that reads the first field lets through what the server then takes for somebody else.",
)
class TakesTheLast(_TakesOneOfTwo):
    which = -1


# Other places


@fault(
    "reads-the-token-from-the-query",
    breaks="BEARER-12",
    reference="CWE-598",
    harm="Tokens stand in logs, histories and referrers, where others find them.",
)
class ReadsTheQuery(Guard):
    def credential_of(self, call: Call) -> str | None:
        return super().credential_of(call) or query_of(call)


@fault(
    "prefers-the-token-of-the-query",
    breaks="BEARER-12",
    # It goes before the header, so it also replaces a bad one there.
    also=("BEARER-17",),
    reference="RFC 9700 §4.3.2",
    harm="A link that an attacker made lets his victim act in his account, whoever the victim is logged in as.",
)
class PrefersTheQuery(Guard):
    def credential_of(self, call: Call) -> str | None:
        return query_of(call) or super().credential_of(call)


class _ReadsAForm(Guard):
    def credential_of(self, call: Call) -> str | None:
        return super().credential_of(call) or _form_of(call).get("access_token")


class _TakesForms(Validation):
    def body_of(self, call: Call, operation: Operation) -> Json:
        return dict(_form_of(call)) or super().body_of(call, operation)


def _form_of(call: Call) -> Mapping[str, str]:
    """The fields of a form with a token in it; of anything else none."""
    return dict(parse_qsl(call.body.decode("latin-1"))) if call.body.startswith(b"name=") else {}


reads_a_form = fault(
    "reads-the-token-from-a-form",
    breaks="BEARER-13",
    reference="RFC 6750 §2.2",
    harm="A form of any web page sends a request that is authenticated by what the page put into it.",
)(_ReadsAForm, _TakesForms)


@fault(
    "reads-the-token-from-a-json-body",
    breaks="BEARER-13",
    reference="RFC 6750 §2.2",
    harm="Tokens stand wherever bodies are kept: in traces, in queues and in error reports.",
)
class ReadsAJsonBody(Guard):
    def credential_of(self, call: Call) -> str | None:
        with suppress(ValueError):
            body = json.loads(call.body or b"null")
            if isinstance(body, dict) and without_bearer(call):
                return body.get("access_token")
        return super().credential_of(call)


@fault(
    "reads-the-access-token-from-a-cookie",
    breaks="BEARER-14",
    reference="CWE-352",
    harm="Any web page makes its visitors' browsers send requests that are authenticated.",
)
class ReadsACookie(Guard):
    def credential_of(self, call: Call) -> str | None:
        return super().credential_of(call) or (cookies_of(call).get("access_token") if without_bearer(call) else None)


@fault(
    "lets-the-refresh-cookie-authenticate",
    breaks="BEARER-14",
    reference="RFC 6750 §5.3",
    harm="Any web page makes its visitors' browsers send requests that are authenticated.",
)
class TakesTheRefreshCookie(Guard):
    def admit(self, call: Call, operation: Operation, path_parameters: PathParameters) -> Caller:
        for value in cookies_of(call).values() if without_bearer(call) else ():
            with suppress(InvalidToken):
                content = self._state.tokens.verify(value)
                if content.type.purpose is Purpose.REFRESH:
                    call = with_bearer(call, access_token(self._state, operation, content.account_key))
        return super().admit(call, operation, path_parameters)


@fault(
    "reads-the-token-from-another-header",
    breaks="BEARER-15",
    reference="CWE-288",
    harm="A proxy that strips Authorization does not keep anybody out.",
)
class ReadsAnotherHeader(Guard):
    def credential_of(self, call: Call) -> str | None:
        return super().credential_of(call) or next(iter(call.header_values("x-access-token")), None)


@fault(
    "reads-the-credentials-of-a-proxy",
    breaks="BEARER-15",
    reference="CWE-288",
    harm="A field that was meant between proxies lets anybody in from outside.",
)
class ReadsAnotherAuthorization(Guard):
    def credential_of(self, call: Call) -> str | None:
        values = call.header_values("x-authorization")
        return super().credential_of(call) or (values[0].removeprefix("Bearer ") if values else None)


class _Rescues(Guard):
    """Tries again with another credential when the first one is bad."""

    rescue: Callable[[Call], str | None]

    def admit(self, call: Call, operation: Operation, path_parameters: PathParameters) -> Caller:
        try:
            return super().admit(call, operation, path_parameters)
        except Refusal as refusal:
            token = type(self).rescue(call)
            if refusal.status != 401 or without_bearer(call) or token is None:
                raise
            return super().admit(with_bearer(call, token), operation, path_parameters)


@fault(
    "tries-the-query-after-a-bad-header",
    breaks="BEARER-17",
    reference="RFC 6750 §2",
    harm="A refused credential is not the end: the server goes on to look for one that it likes.",
)
class TriesTheQuery(_Rescues):
    rescue = staticmethod(query_of)


@fault(
    "tries-the-cookie-after-a-bad-header",
    breaks="BEARER-17",
    reference="CWE-288",
    harm="A request forged by a web page is authenticated as soon as it carries any credential at all.",
)
class TriesTheCookie(_Rescues):
    rescue = staticmethod(lambda call: cookies_of(call).get("access_token"))


class _ServesHead(Guard):
    def is_open(self, operation: Operation) -> bool:
        """True for an operation that answers HEAD to strangers."""
        return True

    def admit(self, call: Call, operation: Operation, path_parameters: PathParameters) -> Caller:
        if call.method == "HEAD" and without_bearer(call) and self.is_open(operation):
            call = with_bearer(call, access_token(self._state, operation))
        return super().admit(call, operation, path_parameters)


@fault(
    "serves-head-to-strangers",
    breaks="BEARER-18",
    reference="CVE-2010-0738",
    harm="Anybody learns by HEAD what exists, and carries out whatever the handler does.",
)
class ServesHead(_ServesHead):
    """At every operation."""


@fault(
    "serves-head-to-strangers-on-one-operation",
    breaks="BEARER-18",
    reference="RFC 9110 §9.3.2",
    harm="The operation whose route names GET alone is open to the method that comes with it.",
)
class ServesHeadOnce(_ServesHead):
    def is_open(self, operation: Operation) -> bool:
        return reads_with_permission(operation)


# What is judged first


@fault(
    "misses-a-permission-in-a-token-that-is-not-valid",
    breaks="BEARER-22",
    # What is no valid token is 401 to the requirements of tokens, too.
    also=(
        "JWT-09",
        "JWT-13",
        "JWT-34",
        "JWT-39",
        "JWT-40",
        "BEARER-29",
        "PAT-07",
    ),
    reference="RFC 9110 §15.5.4",
    harm="The server acts on what a forged token says before it knows that it is forged.",
)
class JudgesPermissionsFirst(Guard):
    def admit(self, call: Call, operation: Operation, path_parameters: PathParameters) -> Caller:
        try:
            return super().admit(call, operation, path_parameters)
        except Refusal as refusal:
            if refusal.status == 401 and takes_permission(operation) and not without_bearer(call):
                raise self.insufficient_scope(frozenset()) from None
            raise


# Who may keep the answer


class _Caches(Answers):
    """Sends what is protected with a Cache-Control of its own."""

    cache_control: str

    def caching(self, operation: Operation | None) -> Iterable[tuple[str, str]]:
        protected = operation is not None and operation.is_protected and operation.method == "GET"
        return [("cache-control", type(self).cache_control)] if protected else super().caching(operation)


@fault(
    "marks-protected-answers-as-public",
    breaks="BEARER-27",
    reference="RFC 9111 §5.2.2.9",
    harm="Who comes next through the same cache is shown the account of who came before.",
)
class MarksAsPublic(_Caches):
    cache_control = "public, max-age=60"


@fault(
    "lets-a-content-network-keep-protected-answers",
    breaks="BEARER-27",
    reference="RFC 9111 §5.2.2.10",
    harm="A content network answers the next visitor out of its cache.",
)
class LetsANetworkKeep(_Caches):
    cache_control = "max-age=0, s-maxage=300"


@fault(
    "asks-caches-to-revalidate-what-they-should-not-have",
    breaks="BEARER-27",
    reference="RFC 9111 §3.5",
    harm="must-revalidate allows a shared cache to keep what was asked for with credentials, which nobody meant.",
)
class AsksToRevalidate(_Caches):
    cache_control = "max-age=60, must-revalidate"


class _LooksUpCarelessly(Tokens):
    """Finds an opaque token by something that others have as well."""

    def __init__(self, contract: Contract, clock: Clock, key: SigningKey) -> None:
        super().__init__(contract, clock, key)
        self._found: dict[str, str] = {}

    def mint_opaque(self, token_type: TokenType, account: AccountId, identifier: str, expires_at: float) -> str:
        token = super().mint_opaque(token_type, account, identifier, expires_at)
        self._found[self.key_of(token)] = token
        return token

    def verify(self, token: str) -> Content:
        return super().verify(self._found.get(self.key_of(token), token))

    def key_of(self, token: str) -> str:
        raise NotImplementedError


@fault(
    "looks-opaque-tokens-up-whatever-their-case",
    breaks="BEARER-28",
    reference="CWE-697",
    design="api-keys",
    also=("PAT-18",),  # which asks the same of personal access tokens
    harm="A database that compares text without regard to case takes a token for every other one that differs in case alone.",
)
class LooksUpWhateverTheCase(_LooksUpCarelessly):
    def key_of(self, token: str) -> str:
        return token.lower()


@fault(
    "looks-opaque-tokens-up-by-their-beginning",
    breaks="BEARER-28",
    reference="CWE-697",
    design="api-keys",
    # PAT-18 asks the same of personal access tokens, BEARER-11 what follows a token; a forged logout ends the true session.
    also=("BEARER-11", "LOGOUT-06", "PAT-18"),
    harm="A column that is too short keeps the beginning of each token, and that much alone is to be guessed.",
)
class LooksUpByTheBeginning(_LooksUpCarelessly):
    def key_of(self, token: str) -> str:
        return token[:20]
