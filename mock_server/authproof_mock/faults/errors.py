"""Faults of error answers, and of agreement with the document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from authproof_mock.answers import Answers
from authproof_mock.faults.bearer import PathParameters
from authproof_mock.faults.fault import fault
from authproof_mock.faults.jwt import Forgives
from authproof_mock.flows import Flows
from authproof_mock.guard import Guard
from authproof_mock.http import Answer, Call
from authproof_mock.refusal import Refusal
from authproof_mock.resources import Resources
from authproof_mock.state import Caller, Request
from authproof_spec.contract import Application, Identity, Login, Operation
from authproof_spec.pointer import Json, get


@fault(
    "sends-errors-as-text",
    breaks="ERR-01",
    also=("LOGIN-09",),  # it asks for the shape of that one error
    reference="OWASP ASVS 5.0 4.1.1",
    harm="A client cannot read why it was refused.",
)
class SendsText(Answers):
    def media_type(self, answer: Answer, operation: Operation | None) -> str:
        return super().media_type(answer, operation) if answer.status < 400 else "text/plain"


@fault(
    "sends-errors-without-a-message",
    breaks="ERR-01",
    also=("LOGIN-09",),  # it asks for the shape of that one error
    reference="RFC 9457 §3",
    harm="Nobody learns why a request was refused.",
)
class SendsNoMessage(Answers):
    def error_payload(self, refusal: Refusal) -> dict[str, Json]:
        return {"code": 1}


@fault(
    "repeats-the-password-in-the-refusal",
    breaks="ERR-05",
    reference="CWE-209",
    harm="A password that was mistyped by one letter stands in logs and on screens.",
)
class RepeatsThePassword(Flows):
    def login(self, application: Application, login: Login, request: Request) -> Answer:
        try:
            return super().login(application, login, request)
        except Refusal as refusal:
            sent = [get(request.body, pointer) for pointer, attribute in login.credentials.items() if attribute == "password"]
            raise Refusal(refusal.status, f"The credentials are not valid: {sent[0] if sent else ''}", headers=refusal.headers) from None


@fault(
    "repeats-the-token-in-the-refusal",
    breaks="ERR-05",
    also=("PAT-02",),  # personal access tokens are shown again as well
    reference="CWE-209",
    harm="Tokens stand in logs and on screens.",
)
class RepeatsTheToken(Guard):
    def admit(self, call: Call, operation: Operation, path_parameters: PathParameters) -> Caller:
        try:
            return super().admit(call, operation, path_parameters)
        except Refusal as refusal:
            sent = " ".join(call.header_values("authorization"))
            raise Refusal(refusal.status, f"{refusal.message} {sent}", headers=refusal.headers) from None


@fault(
    "repeats-the-token-to-its-owner",
    breaks="ERR-05",
    also=("PAT-02",),  # as above
    reference="OWASP ASVS 5.0 16.5.1",
    harm="The access token stands in the page's data, where a script that was smuggled in reads it.",
)
class RepeatsTheTokenToItsOwner(Resources):
    def identify(self, identity: Identity, request: Request) -> Answer:
        answer = super().identify(identity, request)
        token = " ".join(request.call.header_values("authorization")).rpartition(" ")[2]
        return replace(answer, payload={**answer.payload, "token": token}) if isinstance(answer.payload, dict) else answer


@fault(
    "fails-on-an-algorithm-that-is-no-text",
    breaks="ERR-07",
    also=("DOC-02",),  # no document has it
    reference="CWE-755",
    harm="Anybody makes the server fail with a token of his own.",
)
class FailsOnAnAlgorithm(Forgives):
    def forgives(self, header: Mapping[str, Json], signature: str | None) -> bool:
        if "alg" in header and not isinstance(header["alg"], str):
            raise Refusal(500, "Something went wrong.")
        return False


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
