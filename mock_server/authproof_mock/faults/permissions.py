"""Faults of permissions, of objects, and of the isolation of applications."""

from __future__ import annotations

from collections.abc import Mapping

from authproof_mock.faults.bearer import reads_with_permission
from authproof_mock.faults.fault import fault
from authproof_mock.guard import Guard
from authproof_mock.refusal import Refusal, challenge
from authproof_mock.state import Caller
from authproof_mock.tokens import Content, Purpose
from authproof_spec.contract import Operation


@fault(
    "lets-everybody-read",
    breaks="AUTHZ-01",
    also=("AUTHZ-02", "PAT-20"),  # the one asks for the same of every operation, the other for a token that lost the permission
    reference="CWE-862",
    harm="Any user reads what administrators alone may see.",
)
class LetsEverybodyRead(Guard):
    def check_permissions(self, caller: Caller, operation: Operation) -> None:
        if not reads_with_permission(operation):
            super().check_permissions(caller, operation)


@fault(
    "checks-permissions-of-get-alone",
    breaks="AUTHZ-02",
    reference="CWE-862",
    harm="Any user creates, changes and deletes what he may not even see.",
)
class ChecksGetAlone(Guard):
    def check_permissions(self, caller: Caller, operation: Operation) -> None:
        if operation.method == "GET":
            super().check_permissions(caller, operation)


@fault(
    "checks-no-permission-of-post",
    breaks="AUTHZ-02",
    reference="CWE-862",
    harm="Any user creates accounts, with permissions of his choice.",
)
class ChecksNoPost(Guard):
    def check_permissions(self, caller: Caller, operation: Operation) -> None:
        if operation.method != "POST":
            super().check_permissions(caller, operation)


@fault(
    "answers-401-for-a-missing-permission",
    breaks="AUTHZ-02",
    also=("AUTHZ-01", "PAT-20"),  # they ask for the same of the operations that read
    reference="contract",
    harm="A client refreshes and logs in again for ever, and never gets there.",
)
class Unauthorized(Guard):
    def check_permissions(self, caller: Caller, operation: Operation) -> None:
        try:
            super().check_permissions(caller, operation)
        except Refusal:
            raise self.invalid_token() from None


@fault(
    "does-not-say-what-is-missing",
    breaks="AUTHZ-04",
    reference="RFC 6750 §3.1",
    harm="A client cannot tell a missing permission from any other 403.",
)
class SaysNothing(Guard):
    def insufficient_scope(self, needed: frozenset[str]) -> Refusal:
        return Refusal(403, "The caller lacks the permission.")


@fault(
    "calls-a-missing-permission-an-invalid-token",
    breaks="AUTHZ-04",
    reference="RFC 6750 §3.1",
    harm="A client throws a good token away.",
)
class SaysInvalidToken(Guard):
    def insufficient_scope(self, needed: frozenset[str]) -> Refusal:
        return Refusal(403, "The caller lacks the permission.", headers=[challenge(self._state.contract, "invalid_token")])


@fault(
    "logs-out-whoever-lacks-a-permission",
    breaks="AUTHZ-04",
    reference="contract",
    harm="One click on a forbidden page ends the session.",
)
class LogsOut(Guard):
    def insufficient_scope(self, needed: frozenset[str]) -> Refusal:
        refusal = super().insufficient_scope(needed)
        cookies = [application.cookie for application in self._state.contract.applications.values() if application.cookie]
        cleared = [("set-cookie", f"{cookie.name}=; Path={cookie.path}; Max-Age=0") for cookie in cookies]
        return Refusal(refusal.status, refusal.message, headers=[*refusal.headers, *cleared])


@fault(
    "serves-the-objects-of-others",
    breaks="AUTHZ-10",
    reference="OWASP API Top 10 2023 API1",
    harm="Any user reads what belongs to another, by the name of it.",
)
class ServesForeignObjects(Guard):
    def check_object(self, caller: Caller, operation: Operation, path_parameters: Mapping[str, str]) -> None:
        """Nothing: it lets everybody through."""


@fault(
    "calls-the-objects-of-others-a-bad-request",
    breaks="AUTHZ-10",
    also=("DOC-02",),  # no document has it
    reference="contract",
    harm="A client takes a refusal for a mistake of its own.",
)
class CallsItABadRequest(Guard):
    def check_object(self, caller: Caller, operation: Operation, path_parameters: Mapping[str, str]) -> None:
        try:
            super().check_object(caller, operation, path_parameters)
        except Refusal:
            raise Refusal(400, "This is not valid.") from None


class OpensToAnotherApplication(Guard):
    """Takes some tokens of other applications, and asks them for no permission."""

    purpose = Purpose.ACCESS

    def takes(self, content: Content, operation: Operation) -> bool:
        """True for such a token at `operation`."""
        return content.type.purpose is self.purpose and content.type.application not in self._applications[operation.id]

    def check_application(self, content: Content, operation: Operation) -> None:
        if not self.takes(content, operation):
            super().check_application(content, operation)

    def check_scheme(self, caller: Caller, operation: Operation) -> None:
        if not self.takes(caller.content, operation):
            super().check_scheme(caller, operation)

    def check_permissions(self, caller: Caller, operation: Operation) -> None:
        if not self.takes(caller.content, operation):
            super().check_permissions(caller, operation)


@fault(
    "takes-the-access-token-of-another-application",
    breaks="APP-01",
    reference="CVE-2023-22482",
    harm="Who may use one application may use every other one.",
)
class TakesAnyApplications(OpensToAnotherApplication):
    pass


@fault(
    "takes-the-access-token-of-another-application-one-way",
    breaks="APP-01",
    reference="RFC 8725 §3.9",
    harm="Who may use the second application may use the first.",
)
class TakesItOneWay(OpensToAnotherApplication):
    def takes(self, content: Content, operation: Operation) -> bool:
        return super().takes(content, operation) and next(iter(self._state.contract.applications)) in self._applications[operation.id]


@fault(
    "takes-the-personal-token-of-another-application",
    breaks="PAT-22",
    reference="RFC 8725 §3.9",
    harm="A token that was made for a script of one application opens another.",
)
class TakesPersonalTokens(OpensToAnotherApplication):
    purpose = Purpose.PERSONAL
