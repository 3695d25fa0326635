"""Faults of agreement with the document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from authproof_mock.answers import Answers
from authproof_mock.faults.bearer import PathParameters, reads_with_permission, takes_permission
from authproof_mock.faults.fault import fault
from authproof_mock.guard import Guard
from authproof_mock.http import NOTHING, Answer, Call
from authproof_mock.resources import Resources
from authproof_mock.routing import Place, Router
from authproof_mock.state import Caller, Request
from authproof_spec.contract import Identity, Operation
from authproof_spec.pointer import Json


@fault(
    "answers-with-a-status-of-its-own",
    breaks="DOC-02",
    reference="OpenAPI 3.1 §Responses Object",
    harm="Clients that were made from the document do not know what they are told.",
)
class AnswersOtherwise(Resources):
    def identify(self, identity: Identity, request: Request) -> Answer:
        return replace(super().identify(identity, request), status=203)


@fault(
    "asks-for-credentials-on-a-public-operation",
    breaks="DOC-06",
    also=("DOC-02",),  # no document has it
    reference="contract",
    harm="Who watches the server's health takes it for dead.",
)
class AsksStrangers(Guard):
    def guards(self, operation: Operation) -> bool:
        return super().guards(operation) or (operation.is_public and operation.method == "GET")


@fault(
    "sends-a-number-where-text-is-declared",
    breaks="DOC-03",
    reference="OpenAPI 3.1 §Media Type Object",
    harm="Clients that were made from the document fail on an answer that it does not allow.",
)
class SendsANumber(Answers):
    def finished(self, answer: Answer, operation: Operation | None) -> Answer:
        return super().finished(replace(answer, payload=_numbered(answer.payload)) if operation and operation.method == "GET" else answer, operation)


def _numbered(payload: object) -> Json:
    """`payload` with numbers where names are."""
    if isinstance(payload, Mapping):
        return {name: 7 if name == "name" else _numbered(child) for name, child in payload.items()}
    return [_numbered(child) for child in payload] if isinstance(payload, list) else payload  # type: ignore[return-value]


@fault(
    "leaves-out-a-member-that-is-declared",
    breaks="DOC-03",
    reference="OpenAPI 3.1 §Response Object",
    harm="Clients that were made from the document fail on what they may rely on.",
)
class LeavesOutAMember(Answers):
    def finished(self, answer: Answer, operation: Operation | None) -> Answer:
        payload = answer.payload
        if operation and operation.method == "GET" and isinstance(payload, dict) and "meta" in payload:
            answer = replace(answer, payload={name: value for name, value in payload.items() if name != "meta"})
        return super().finished(answer, operation)


@fault(
    "answers-html-to-callers",
    breaks="DOC-03",
    reference="OpenAPI 3.1 §Media Type Object",
    harm="A client that was promised JSON is given a page.",
)
class AnswersHtml(Answers):
    def media_type(self, answer: Answer, operation: Operation | None) -> str:
        public = operation is not None and operation.is_public and operation.method == "GET"
        return "text/html" if public else super().media_type(answer, operation)


@fault(
    "answers-nothing-where-a-body-is-declared",
    breaks="DOC-03",
    reference="OpenAPI 3.1 §Response Object",
    harm="A client that was promised JSON is given nothing.",
)
class AnswersNothing(Answers):
    def finished(self, answer: Answer, operation: Operation | None) -> Answer:
        silent = operation is not None and operation.is_public and operation.method == "GET"
        return super().finished(replace(answer, payload=NOTHING) if silent else answer, operation)


@fault(
    "wants-another-scheme-than-it-declares",
    breaks="DOC-07",
    also=(
        "AUTHZ-02",
        "AUTHZ-01",
        "DOC-10",
    ),  # who has the permission does not get in either
    reference="OpenAPI 3.1 §Security Scheme Object",
    harm="Clients that were made from the document cannot authenticate.",
)
class WantsAnotherScheme(Guard):
    def admit(self, call: Call, operation: Operation, path_parameters: PathParameters) -> Caller:
        if reads_with_permission(operation) and any(value.startswith("Bearer ey") for value in call.header_values("authorization")):
            raise self.invalid_token()
        return super().admit(call, operation, path_parameters)


@fault(
    "sends-a-challenge-that-nobody-declared",
    breaks="DOC-08",
    reference="OpenAPI 3.1 §Header Object",
    harm="Who reads the document does not know that this answer asks for credentials.",
)
class SendsAnUndeclaredChallenge(Answers):
    def finished(self, answer: Answer, operation: Operation | None) -> Answer:
        answer = super().finished(answer, operation)
        return replace(answer, headers=[*answer.headers, ("www-authenticate", 'Bearer realm="api"')]) if answer.status == 400 else answer


@fault(
    "leaves-out-the-challenge-that-a-login-declares",
    breaks="DOC-08",
    reference="OpenAPI 3.1 §Header Object",
    harm="A client that goes by the document looks for a field that does not come.",
)
class LeavesOutADeclaredField(Answers):
    def finished(self, answer: Answer, operation: Operation | None) -> Answer:
        answer = super().finished(answer, operation)
        if answer.status != 401 or operation is None or operation.is_protected:
            return answer
        return replace(answer, headers=[field for field in answer.headers if field[0] != "www-authenticate"])


class _HasNeighbours(Router):
    """Has paths that no document has, each served in place of a public operation."""

    path: str

    def find(self, path: str) -> Place | None:
        if path != type(self).path:
            return super().find(path)
        return Place({"GET": Operation("neighbour", "GET", path, (), (), None, {})}, ())


class _HasSettings(_HasNeighbours):
    path = "/actuator/env"


class _HasVariables(_HasNeighbours):
    path = "/debug/vars"


class _ShowsSettings(Answers):
    def finished(self, answer: Answer, operation: Operation | None) -> Answer:
        shown: Json = {"activeProfiles": [], "propertySources": [{"name": "systemProperties"}]}
        return super().finished(replace(answer, payload=shown) if operation and operation.id == "neighbour" else answer, operation)


class _ShowsVariables(Answers):
    def finished(self, answer: Answer, operation: Operation | None) -> Answer:
        shown: Json = {"cmdline": ["./server"], "memstats": {"Alloc": 1}}
        return super().finished(replace(answer, payload=shown) if operation and operation.id == "neighbour" else answer, operation)


shows_settings = fault(
    "shows-its-settings-to-everybody",
    breaks="DOC-09",
    reference="OWASP ASVS 5.0 13.4.5",
    harm="Anybody reads passwords and addresses out of the settings.",
)(_HasSettings, _ShowsSettings)
shows_variables = fault(
    "shows-its-variables-to-everybody",
    breaks="DOC-09",
    reference="OWASP API Top 10 2023 API9",
    harm="Anybody reads with which arguments the server was started, and how it is doing.",
)(_HasVariables, _ShowsVariables)


# What is documented and not there, and what is there for nobody


@fault(
    "lets-nobody-create",
    breaks="DOC-10",
    reference="OpenAPI 3.1 §Security Requirement Object",
    harm="Administrators are refused what the document promises to them.",
)
class LetsNobodyCreate(Guard):
    def check_permissions(self, caller: Caller, operation: Operation) -> None:
        super().check_permissions(caller, operation)
        if operation.method == "POST" and takes_permission(operation):
            raise self.insufficient_scope(frozenset())


@fault(
    "asks-everybody-again-for-a-token",
    breaks="DOC-10",
    reference="OpenAPI 3.1 §Security Requirement Object",
    harm="A client logs in again for ever at an operation that takes nobody's token.",
)
class TakesNobodysToken(Guard):
    def check_permissions(self, caller: Caller, operation: Operation) -> None:
        super().check_permissions(caller, operation)
        if operation.method == "DELETE" and takes_permission(operation):
            raise self.invalid_token()


class _Lacks(Router):
    """Does not have operations that the document has."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        super().__init__(operation for operation in operations if not self.is_missing(operation))

    def is_missing(self, operation: Operation) -> bool:
        """True for what is not there."""
        raise NotImplementedError


@fault(
    "does-not-offer-a-documented-method",
    breaks="DOC-11",
    also=("DOC-02",),  # no document has 405 there
    reference="OpenAPI 3.1 §Paths Object",
    harm="Clients that were made from the document call what was never built.",
)
class LacksAMethod(_Lacks):
    def is_missing(self, operation: Operation) -> bool:
        return operation.method == "POST" and takes_permission(operation)


@fault(
    "does-not-have-a-documented-path",
    breaks="DOC-11",
    also=("DOC-02",),  # no document has 404 there
    reference="OpenAPI 3.1 §Paths Object",
    harm="Whoever watches what the document tells of watches nothing.",
)
class LacksAPath(_Lacks):
    def is_missing(self, operation: Operation) -> bool:
        return operation.method == "GET" and operation.is_public
