"""Faults of permissions, of objects, and of who the caller is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import parse_qs

from authproof_mock.accounts import Account
from authproof_mock.faults.bearer import reads_with_permission, takes_permission
from authproof_mock.faults.fault import fault
from authproof_mock.guard import Guard
from authproof_mock.http import Answer, Call
from authproof_mock.pats import PersonalAccessToken
from authproof_mock.refusal import Refusal, challenge
from authproof_mock.resources import Resources
from authproof_mock.samples import Samples
from authproof_mock.state import Caller, Request, State
from authproof_mock.tokens import Content, InvalidToken, Purpose
from authproof_mock.validation import Validation
from authproof_spec.contract import Application, Identity, Operation
from authproof_spec.pointer import get


@fault(
    "lets-everybody-read",
    breaks="AUTHZ-01",
    # The first asks for the same of every operation, the others of a permission that was lost, by a user or by a token.
    also=("AUTHZ-02", "AUTHZ-08", "PAT-20"),
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
    also=("AUTHZ-03",),  # a missing object is answered 404, and nothing 403
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
    "asks-for-another-permission-where-one-deletes",
    breaks="AUTHZ-02",
    reference="CWE-863",
    harm="The permission was copied along with the route, and whoever may look may delete.",
)
class AsksForAnotherPermission(Guard):
    def check_permissions(self, caller: Caller, operation: Operation) -> None:
        reading = (other for other in self._state.contract.protected_operations if reads_with_permission(other))
        super().check_permissions(caller, next(reading) if operation.method == "DELETE" and takes_permission(operation) else operation)


@fault(
    "answers-401-for-a-missing-permission",
    breaks="AUTHZ-02",
    also=("AUTHZ-01",),  # they ask for the same of the operations that read
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
    also=("DOC-08",),  # no document has a cookie there
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


# What is decided first


@fault(
    "reads-the-body-before-the-permission",
    breaks="AUTHZ-03",
    reference="CWE-204",
    harm="Any user learns from the errors what an operation takes that is not for them.",
)
class ReadsTheBodyFirst(Guard):
    def admit(self, call: Call, operation: Operation, path_parameters: Mapping[str, str]) -> Caller:
        try:
            return super().admit(call, operation, path_parameters)
        except Refusal as refusal:
            if refusal.status == 403:
                Validation(self._state.contract).check(call, operation, path_parameters)
            raise


@fault(
    "looks-for-the-object-before-the-permission",
    breaks="AUTHZ-03",
    also=("AUTHZ-02",),  # what is not there is answered 404 and no more
    reference="CWE-204",
    harm="Any user finds out which accounts there are.",
)
class LooksFirst(Guard):
    def admit(self, call: Call, operation: Operation, path_parameters: Mapping[str, str]) -> Caller:
        try:
            return super().admit(call, operation, path_parameters)
        except Refusal as refusal:
            if refusal.status == 403 and self.is_about_nobody(operation, path_parameters):
                raise Refusal(404, "There is no such object.") from None
            raise

    def is_about_nobody(self, operation: Operation, path_parameters: Mapping[str, str]) -> bool:
        """True when `operation` administers an account that does not exist."""
        administrations = [application.accounts for application in self._state.contract.applications.values() if application.accounts]
        is_one = any(operation in (found.update, found.delete) for found in administrations)
        return is_one and self._state.accounts.find([*path_parameters.values()][-1]) is None


# The tokens of others


def is_administrator(account: Account) -> bool:
    """True for an account with permissions."""
    return bool(account.permissions)


@fault(
    "shows-administrators-the-tokens-of-everybody",
    breaks="AUTHZ-06",
    also=("AUTHZ-05",),  # the other user of its check is an administrator too
    reference="OWASP API Top 10 2023 API1",
    harm="Administrators see what the contract says is nobody's business.",
)
class ShowsAdministrators(Resources):
    def visible_tokens(self, application: Application, request: Request) -> Sequence[PersonalAccessToken]:
        if is_administrator(request.identity.account):
            return self._state.pats.list()
        return super().visible_tokens(application, request)


@fault(
    "lets-administrators-revoke-the-tokens-of-everybody",
    breaks="AUTHZ-06",
    also=("AUTHZ-05", "PAT-09"),  # the other user of their checks is an administrator too
    reference="OWASP API Top 10 2023 API1",
    harm="Whoever administers accounts also stops the scripts of all others.",
)
class LetsAdministratorsRevoke(Resources):
    def revocable_token(self, application: Application, request: Request) -> PersonalAccessToken | None:
        if is_administrator(request.identity.account):
            return next((record for record in self._state.pats.list() if record.id == request.object_id), None)
        return super().revocable_token(application, request)


# Who the caller is


@fault(
    "makes-the-token-for-the-user-in-the-body",
    breaks="AUTHZ-07",
    also=("PAT-13",),
    reference="CWE-915",
    harm="Any user gets a token of an administrator.",
)
class BelievesTheBody(Resources):
    def owner_of(self, request: Request) -> Account:
        named = get(request.body, "/userId")
        return self._state.accounts.find(str(named)) or super().owner_of(request)


@fault(
    "believes-a-header-about-the-caller",
    breaks="AUTHZ-07",
    reference="CWE-639",
    harm="Whoever reaches the application past its gateway is whoever they like.",
)
class BelievesAHeader(Guard):
    def admit(self, call: Call, operation: Operation, path_parameters: Mapping[str, str]) -> Caller:
        caller = super().admit(call, operation, path_parameters)
        named = [account for value in call.header_values("x-user-id") if (account := self._state.accounts.find(value))]
        return replace(caller, account=named[0]) if named else caller


@fault(
    "answers-for-the-user-in-the-query",
    breaks="AUTHZ-07",
    reference="CWE-639",
    harm="Any user reads the profile of every other one.",
)
class BelievesTheQuery(Resources):
    def identify(self, identity: Identity, request: Request) -> Answer:
        named = parse_qs(request.call.query).get("userId", [""])[0]
        account = self._state.accounts.find(named)
        caller = replace(request.identity, account=account or request.identity.account)
        return super().identify(identity, replace(request, caller=caller))


@fault(
    "tells-everybody-the-profile-of-the-first-caller",
    breaks="AUTHZ-11",
    reference="CWE-488",
    harm="A cache in front of the API hands the profile of one user to the next.",
)
class CachesTheProfile(Resources):
    def __init__(self, state: State, samples: Samples) -> None:
        super().__init__(state, samples)
        self.kept: dict[str, Answer] = {}

    def identify(self, identity: Identity, request: Request) -> Answer:
        return self.kept.setdefault(identity.operation.id, super().identify(identity, request))


# What is taken away


class _Remembers(Guard):
    """Asks once for what may change later."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.permissions: dict[str, frozenset[str]] = {}
        self.callers: dict[str, Caller] = {}


@fault(
    "remembers-permissions-for-ever",
    breaks="AUTHZ-08",
    also=(
        "PAT-20",
        "AUTHZ-02",
    ),
    reference="CWE-863",
    harm="Who was an administrator once stays one.",
)
class RemembersPermissions(_Remembers):
    def permissions_of(self, caller: Caller) -> frozenset[str]:
        return self.permissions.setdefault(caller.account.key, super().permissions_of(caller))


@fault(
    "answers-404-to-a-disabled-account",
    breaks="AUTHZ-09",
    also=("DOC-02",),
    reference="CWE-613",
    harm="A client takes the end of its session for a missing page, and asks on.",
)
class DisabledIsNotFound(Guard):
    def caller_of(self, content: Content) -> Caller:
        account = self._state.accounts.find(content.account_key)
        if account and account.disabled and content.type.purpose is Purpose.ACCESS:
            raise Refusal(404, "There is no such object.")
        return super().caller_of(content)


@fault(
    "lets-the-tokens-of-disabled-accounts-live-on",
    breaks="AUTHZ-09",
    also=("PAT-17",),
    reference="CWE-613",
    harm="Whoever was locked out stays in, as long as they keep asking.",
)
class LetsThemLive(_Remembers):
    def authenticate(self, token: str, operation: Operation) -> Caller:
        try:
            self.callers[token] = super().authenticate(token, operation)
        except InvalidToken:
            known = self.callers.get(token)
            account = self._state.accounts.find(known.account.key) if known else None
            if known is None or account is None or not account.disabled:
                raise
            return known
        return self.callers[token]
