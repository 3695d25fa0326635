"""Who may call an operation: 401 for whom we do not know, then 403 for whom we know and do not let in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from authproof_mock.carriers import is_own_page, token_in
from authproof_mock.http import Call
from authproof_mock.refusal import Refusal, challenge
from authproof_mock.state import Caller, State
from authproof_mock.tokens import Content, InvalidToken, Purpose
from authproof_spec.contract import Contract, Operation, SchemeKind

# RFC 6750 section 2.1: credentials = "Bearer" 1*SP b64token
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE | re.ASCII)
_SCHEME = re.compile(r"bearer(?: |$)", re.IGNORECASE | re.ASCII)


class Guard:
    """Decides on every call of a protected operation, by what is true now and not when the token was made."""

    def __init__(self, state: State) -> None:
        self._state = state
        contract = state.contract
        # The alternatives of each operation: the schemes of which each asks a token, with the permissions that it takes.
        self._ways = {
            operation.id: [{part.scheme.name: frozenset(part.permissions) for part in way if part.scheme.opens} for way in operation.security]
            for operation in contract.operations
        }
        self._schemes = {identifier: {name for way in ways for name in way} for identifier, ways in self._ways.items()}
        self._guarded = frozenset(operation.id for operation in contract.operations if not operation.is_public) - frozenset(
            _cookie_operations(contract)
        )
        self._rules = {rule.operation.id: rule for rule in contract.object_rules}
        self._takes_bearer = frozenset(
            operation.id
            for operation in contract.operations
            if any(part.scheme.kind is SchemeKind.BEARER for way in operation.security for part in way)
        )
        kinds = [
            kind for application in contract.applications.values() for kind in application.bearer_kinds if kind.scheme.kind is not SchemeKind.BEARER
        ]
        self._other_kinds = {identifier: [kind for kind in kinds if kind.scheme.name in schemes] for identifier, schemes in self._schemes.items()}
        # An operation is of each application that has a bearer token for one of its schemes.
        self._applications = {
            identifier: frozenset(
                name for name, app in contract.applications.items() if any(kind.scheme.name in schemes for kind in app.bearer_kinds)
            )
            for identifier, schemes in self._schemes.items()
        }

    def guards(self, operation: Operation) -> bool:
        """True when a caller must be authenticated here. The flows judge a refresh cookie by themselves."""
        return operation.id in self._guarded

    def admit(self, call: Call, operation: Operation, path_parameters: Mapping[str, str]) -> Caller:
        """The caller of a protected operation. Raises Refusal: 401, then 403, then what an object rule says."""
        token = self.credential_of(call) if operation.id in self._takes_bearer else None
        token = token or token_in(call, self._other_kinds[operation.id])
        if token is None:
            raise Refusal(401, "Authentication is required.", headers=[challenge(self._state.contract)])
        try:
            caller = self.authenticate(token, operation)
        except InvalidToken:
            raise self.invalid_token() from None
        self.check_page(call, caller)
        self.check_scheme(caller, operation)
        self.check_companions(call, caller, operation)
        self.check_permissions(caller, operation)
        self.check_object(caller, operation, path_parameters)
        if caller.record:
            self._state.pats.mark_used(caller.record)
        return caller

    def recognised(self, call: Call, operation: Operation, path_parameters: Mapping[str, str]) -> Caller | None:
        """Whoever calls an operation that everybody may call, where it takes a token too; None for those that it would refuse."""
        if not operation.is_public or not self._schemes.get(operation.id):
            return None
        try:
            return self.admit(call, operation, path_parameters)
        except Refusal:
            return None

    def credential_of(self, call: Call) -> str | None:
        """The bearer token of the Authorization header; None when there is none. Raises Refusal when it is malformed or not the only one."""
        values = call.header_values("authorization")
        if not any(_SCHEME.match(value) for value in values):
            return None
        found = _BEARER.fullmatch(values[0])
        if len(values) > 1 or not found:
            raise self.invalid_token()
        return found.group(1)

    def invalid_token(self) -> Refusal:
        """The refusal of a credential that is not valid, for whatever reason."""
        header = challenge(self._state.contract, "invalid_token", "The access token is not valid")
        return Refusal(401, "The access token is not valid.", headers=[header])

    def authenticate(self, token: str, operation: Operation) -> Caller:
        """Whose `token` is. Raises InvalidToken when it does not authenticate anybody at the operation's application."""
        content = self._state.tokens.verify(token)
        self.check_purpose(content)
        self.check_application(content, operation)
        caller = self.caller_of(content)
        self.check_session(content)
        return caller

    def check_purpose(self, content: Content) -> None:
        """A refresh token authenticates nobody here (RFC 8725 section 3.12)."""
        if content.type.purpose is Purpose.REFRESH:
            raise InvalidToken("it is a refresh token")

    def check_application(self, content: Content, operation: Operation) -> None:
        """The token is of an application that the operation belongs to (RFC 8725 section 3.9)."""
        if content.type.application not in self._applications[operation.id]:
            raise InvalidToken("it is of another application")

    def caller_of(self, content: Content) -> Caller:
        """The account that the token names, which exists and is enabled, with the record of a personal access token."""
        account = self._state.accounts.find(content.account_key)
        if account is None or self._state.tokens.account_claims(account.id) != content.account:
            raise InvalidToken("it names no account")
        if account.disabled or not self._state.accounts.belongs_to(account, content.type.application):
            raise InvalidToken("its account is locked out")
        if content.type.purpose is not Purpose.PERSONAL:
            return Caller(account, content)
        record = self._state.pats.usable(content.identifier, content.type.application, account.key)
        if record is None:
            raise InvalidToken("it is no personal access token in use")
        return Caller(account, content, record)

    def check_session(self, content: Content) -> None:
        """An access token dies with its family. One of no family that we know stands for itself."""
        family = self._state.sessions.family_of(content.identifier)
        if family is not None and family.revoked:
            raise InvalidToken("its session is over")

    def check_page(self, call: Call, caller: Caller) -> None:
        """A call with a token cookie comes from the API's own page, where the contract has a CSRF token."""
        if not is_own_page(call, self._state.contract.applications[caller.content.type.application]):
            raise Refusal(403, "The CSRF token is missing or wrong.")

    def check_scheme(self, caller: Caller, operation: Operation) -> None:
        """The operation takes this kind of token."""
        if caller.content.type.kind.scheme.name not in self._schemes[operation.id]:
            raise self.insufficient_scope(frozenset())

    def check_companions(self, call: Call, caller: Caller, operation: Operation) -> None:
        """Where the document asks for several credentials at once, the others are there as well, and the same caller's."""
        name = caller.content.type.kind.scheme.name
        asked = [way.keys() - {name} for way in self._ways[operation.id] if name in way]
        if asked and not any(all(self._has_companion(call, caller, operation, other) for other in others) for others in asked):
            raise Refusal(401, "Another credential is required as well.", headers=[challenge(self._state.contract)])

    def _has_companion(self, call: Call, caller: Caller, operation: Operation, scheme: str) -> bool:
        kinds = [kind for kind in self._other_kinds[operation.id] if kind.scheme.name == scheme]
        token = token_in(call, kinds) if kinds else self.credential_of(call)
        try:
            companion = self.authenticate(token, operation) if token else None
        except InvalidToken:
            return False
        return companion is not None and (companion.account.key, companion.content.type.kind.scheme.name) == (caller.account.key, scheme)

    def check_permissions(self, caller: Caller, operation: Operation) -> None:
        """The account holds every permission that one of the operation's alternatives asks of this kind of token."""
        name = caller.content.type.kind.scheme.name
        needed = [way[name] for way in self._ways[operation.id] if name in way]
        held = self.permissions_of(caller)
        if not any(permissions <= held for permissions in needed):
            raise self.insufficient_scope(needed[0] if needed else frozenset())

    def permissions_of(self, caller: Caller) -> frozenset[str]:
        """What the account may do now."""
        return frozenset(caller.account.permissions)

    def insufficient_scope(self, needed: frozenset[str]) -> Refusal:
        """The refusal of a caller who lacks a permission (RFC 6750 section 3.1)."""
        header = challenge(self._state.contract, "insufficient_scope", "The caller lacks the permission", needed)
        return Refusal(403, "The caller lacks the permission.", headers=[header])

    def check_object(self, caller: Caller, operation: Operation, path_parameters: Mapping[str, str]) -> None:
        """The object is the caller's own where the contract has a rule for it."""
        rule = self._rules.get(operation.id)
        attribute = caller.account.attribute(rule.attribute) if rule else None
        if rule is None or (attribute is not None and str(attribute) == path_parameters[rule.parameter]):
            return
        if rule.otherwise == 403:
            raise self.insufficient_scope(frozenset())
        raise Refusal(rule.otherwise, "There is no such object.")


def _cookie_operations(contract: Contract) -> Iterator[str]:
    """The operations that the refresh cookie opens."""
    for application in contract.applications.values():
        for operation in (application.refresh, application.logout):
            if operation and not operation.bearer_schemes:
                yield operation.id
