"""Faults of error answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from authproof_mock.answers import Answers
from authproof_mock.faults.bearer import PathParameters
from authproof_mock.faults.fault import fault
from authproof_mock.faults.forged_tokens import Forgives
from authproof_mock.flows import Flows
from authproof_mock.guard import Guard
from authproof_mock.http import Answer, Call
from authproof_mock.journal import Journal
from authproof_mock.refusal import Refusal
from authproof_mock.resources import Resources
from authproof_mock.state import Caller, Request
from authproof_mock.validation import Validation
from authproof_spec.contract import Application, Identity, Login, Operation
from authproof_spec.pointer import Json, get


@fault(
    "sends-errors-as-text",
    breaks="ERR-01",
    also=("DOC-03", "LOGIN-09"),  # it is not what is declared, and LOGIN-09 asks for the shape of that one error
    reference="OWASP ASVS 5.0 4.1.1",
    harm="A client cannot read why it was refused.",
)
class SendsText(Answers):
    def media_type(self, answer: Answer, operation: Operation | None) -> str:
        return super().media_type(answer, operation) if answer.status < 400 else "text/plain"


@fault(
    "sends-errors-without-a-message",
    breaks="ERR-01",
    also=("ERR-03", "DOC-03", "LOGIN-09"),  # nothing else is said either, and it is not what is declared
    reference="RFC 9457 §3",
    harm="Nobody learns why a request was refused.",
)
class SendsNoMessage(Answers):
    def error_payload(self, refusal: Refusal, status: int, operation: Operation | None) -> Mapping[str, Json]:
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


# Their form


class _Problems(Answers):
    """Sends errors as problem details (RFC 9457), with members of its own."""

    members: Mapping[str, Json]

    def media_type(self, answer: Answer, operation: Operation | None) -> str:
        return super().media_type(answer, operation) if answer.status < 400 else "application/problem+json"

    def error_payload(self, refusal: Refusal, status: int, operation: Operation | None) -> Mapping[str, Json]:
        return {**super().error_payload(refusal, status, operation), "status": refusal.status, **type(self).members}


@fault(
    "sends-the-wrong-status-in-problem-details",
    breaks="ERR-02",
    reference="RFC 9457 §3.1.2",
    harm="A client that reads the body takes every refusal for a failure of the server.",
)
class SendsAnotherStatus(_Problems):
    members: Mapping[str, Json] = {"status": 500}


@fault(
    "sends-problem-details-of-wrong-types",
    breaks="ERR-02",
    reference="RFC 9457 §3.1.1",
    harm="A client that keeps to the standard cannot read why it was refused.",
)
class SendsWrongTypes(_Problems):
    members: Mapping[str, Json] = {"type": 401, "title": "Refused"}


@fault(
    "names-no-field-at-fault",
    breaks="ERR-03",
    reference="contract",
    harm="A form cannot show its user which field is wrong.",
)
class NamesNoField(Validation):
    def problems(self, schema: str, value: Json) -> dict[str, list[str]]:
        return {"body": ["This is not valid."]} if super().problems(schema, value) else {}


@fault(
    "names-fields-by-names-of-its-own",
    breaks="ERR-03",
    reference="contract",
    harm="A form does not find the field that it has to mark.",
)
class NamesOthers(Validation):
    def problems(self, schema: str, value: Json) -> dict[str, list[str]]:
        return {f"field{index}": words for index, words in enumerate(super().problems(schema, value).values())}


class _Tells(Answers):
    """Says more than a message in its errors."""

    inside: str

    def error_payload(self, refusal: Refusal, status: int, operation: Operation | None) -> Mapping[str, Json]:
        return {**super().error_payload(refusal, status, operation), "debug": type(self).inside}


@fault(
    "shows-a-stack-trace",
    breaks="ERR-04",
    reference="CWE-209",
    harm="An attacker reads which libraries of which age the server runs, and where.",
)
class ShowsATrace(_Tells):
    inside = 'Traceback (most recent call last):\n  File "handlers.py", line 12, in login\nKeyError: 1'


@fault(
    "shows-a-database-query",
    breaks="ERR-04",
    reference="OWASP ASVS 5.0 16.5.1",
    harm="An attacker reads how the tables are called, and whether his input reached them.",
)
class ShowsAQuery(_Tells):
    inside = "SELECT id, email FROM users WHERE email = $1"


@fault(
    "shows-a-path-of-the-file-system",
    breaks="ERR-04",
    reference="CWE-209",
    harm="An attacker reads where the application lies.",
)
class ShowsAPath(_Tells):
    inside = "cannot read /srv/backend/config/keys.yaml"


@fault(
    "forgets-the-form-of-errors-on-one-operation",
    breaks="ERR-06",
    # Where the document declares one form, another one is not as declared, and this one has no message where clients look for it.
    also=("ERR-01", "DOC-03"),
    reference="contract",
    harm="A client that reads errors everywhere else does not understand this one.",
)
class ForgetsTheForm(Answers):
    def finished(self, answer: Answer, operation: Operation | None) -> Answer:
        if operation and answer.status in {401, 403} and operation.id.startswith("list"):
            answer = replace(answer, payload={"error": "refused"})
        return super().finished(answer, operation)


@fault(
    "changes-the-media-type-of-errors-on-one-operation",
    breaks="ERR-06",
    reference="contract",
    harm="A client that knows problem details by their media type does not read the others.",
)
class ChangesTheMediaType(Answers):
    def media_type(self, answer: Answer, operation: Operation | None) -> str:
        if operation and answer.status == 401 and operation.id.startswith("list"):
            return "application/problem+json"
        return super().media_type(answer, operation)


@fault(
    "does-not-tell-which-methods-are-allowed",
    breaks="ERR-08",
    reference="RFC 9110 §15.5.6",
    harm="A client is told that it may not, and not what it may.",
)
class DoesNotTell(Answers):
    def refused(self, refusal: Refusal, operation: Operation | None = None) -> Answer:
        answer = super().refused(refusal, operation)
        return replace(answer, headers=[field for field in answer.headers if field[0] != "allow"])


# The log


@fault(
    "logs-the-authorization-of-calls",
    breaks="ERR-09",
    reference="CWE-532",
    harm="Whoever reads the log acts as any user of the last minutes.",
)
class LogsAuthorization(Journal):
    def line(self, call: Call, answer: Answer) -> str:
        return " ".join([super().line(call, answer), *call.header_values("authorization")])


@fault(
    "logs-the-bodies-of-logins",
    breaks="ERR-09",
    reference="OWASP ASVS 5.0 16.2.5",
    harm="Whoever reads the log has the passwords of all users.",
)
class LogsBodies(Journal):
    def line(self, call: Call, answer: Answer) -> str:
        return f"{super().line(call, answer)} {call.body.decode('utf-8', 'replace')}"


@fault(
    "logs-cookies",
    breaks="ERR-09",
    reference="CWE-532",
    harm="Whoever reads the log takes over the sessions in it.",
)
class LogsCookies(Journal):
    def line(self, call: Call, answer: Answer) -> str:
        return " ".join([super().line(call, answer), *call.header_values("cookie")])
