"""Faults of where and when personal access tokens work."""

from __future__ import annotations

import math
from dataclasses import replace

from authproof_mock.faults.fault import fault
from authproof_mock.faults.jwt import TakesForARefreshToken
from authproof_mock.flows import Flows
from authproof_mock.guard import Guard
from authproof_mock.http import Answer, Call
from authproof_mock.pats import PersonalAccessToken, PersonalAccessTokenStore
from authproof_mock.state import Caller, Request, State
from authproof_mock.tokens import Content, InvalidToken, Purpose, Tokens
from authproof_mock.validation import Validation
from authproof_spec.contract import Application, Login, Operation
from authproof_spec.pointer import Json

# The record behind the token


@fault(
    "does-not-look-personal-tokens-up",
    breaks="PAT-18",
    also=("PAT-07", "PAT-19"),  # a token that is not looked up is neither seen to be revoked nor seen to be used
    reference="CWE-345",
    harm="Nobody can stop a token, and whoever has the key makes tokens that are in no list.",
)
class DoesNotLookUp(Guard):
    def caller_of(self, content: Content) -> Caller:
        return super().caller_of(replace(content, type=replace(content.type, purpose=Purpose.ACCESS)))


@fault(
    "looks-a-personal-token-up-and-not-its-user",
    breaks="PAT-18",
    reference="CWE-345",
    harm="Where a token is believed whatever user it names, one record serves them all.",
)
class LooksUpTheIdAlone(PersonalAccessTokenStore):
    def usable(self, identifier: str, application: str, account: str) -> PersonalAccessToken | None:
        record = self._records.get(identifier)
        return super().usable(identifier, application, record.account) if record else None


# Expiry, and the time of use


class _OverlooksTheExpiry(Tokens):
    def check_expiry(self, content: Content) -> None:
        if content.type.purpose is not Purpose.PERSONAL:
            super().check_expiry(content)


class _KeepsExpired(PersonalAccessTokenStore):
    grace = math.inf

    def usable(self, identifier: str, application: str, account: str) -> PersonalAccessToken | None:
        record = self.owned(identifier, application, account)
        if record is None or self.is_revoked(record) or record.expires_at + self.grace <= self._clock.now():
            return None
        return record


class _KeepsExpiredForADay(_KeepsExpired):
    grace = 86400


lets_expired_tokens_work = fault(
    "lets-expired-personal-tokens-work",
    breaks="PAT-06",
    reference="CWE-613",
    harm="The end that its owner chose for a token means nothing.",
)(_OverlooksTheExpiry, _KeepsExpired)

lets_expired_tokens_work_for_a_day = fault(
    "lets-expired-personal-tokens-work-until-the-next-day",
    breaks="PAT-06",
    reference="RFC 7519 §4.1.4",
    harm="A token that was made for an hour works for a day.",
)(_OverlooksTheExpiry, _KeepsExpiredForADay)


@fault(
    "never-records-the-use-of-a-personal-token",
    breaks="PAT-19",
    reference="contract",
    harm="Nobody sees which tokens are in use, so no old one is ever revoked.",
)
class NeverRecordsTheUse(PersonalAccessTokenStore):
    def mark_used(self, record: PersonalAccessToken) -> None:
        """Nothing."""


@fault(
    "says-that-a-new-token-was-used",
    breaks="PAT-19",
    reference="contract",
    harm="A stolen token and an unused one look alike.",
)
class SaysThatItWasUsed(PersonalAccessTokenStore):
    def create(self, application: str, account: str, name: str, expires_at: float) -> PersonalAccessToken:
        record = super().create(application, account, name, expires_at)
        record.used_at = record.created_at
        return record


# The account behind the token


class _Account(Guard):
    """Overlooks that the account of a personal access token is disabled."""

    def overlooks(self, caller: Caller) -> bool:
        """True for a caller whose account is taken for an enabled one."""
        return True

    def caller_of(self, content: Content) -> Caller:
        account = self._state.accounts.find(content.account_key)
        if content.type.purpose is not Purpose.PERSONAL or account is None or not account.disabled:
            return super().caller_of(content)
        record = self._state.pats.usable(content.identifier, content.type.application, account.key)
        caller = Caller(account, content, record)
        return caller if record and self.overlooks(caller) else super().caller_of(content)


@fault(
    "takes-the-token-of-a-disabled-account",
    breaks="PAT-17",
    reference="CWE-613",
    harm="The scripts of somebody who was dismissed go on.",
)
class TakesItOfADisabledAccount(_Account):
    pass


@fault(
    "remembers-for-a-minute-that-a-tokens-account-was-enabled",
    breaks="PAT-17",
    reference="CWE-613",
    harm="The scripts of somebody who was dismissed have a minute left.",
)
class RemembersTheAccount(_Account):
    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._seen: dict[str, float] = {}

    def caller_of(self, content: Content) -> Caller:
        caller = super().caller_of(content)
        if not caller.account.disabled:
            self._seen[caller.account.key] = self._state.clock.now()
        return caller

    def overlooks(self, caller: Caller) -> bool:
        return self._state.clock.now() < self._seen.get(caller.account.key, 0) + 60


@fault(
    "freezes-the-permissions-of-a-personal-token",
    breaks="PAT-20",
    reference="OWASP API Top 10 2023 API5",
    harm="Who lost a permission keeps it in every token that was used before.",
)
class FreezesPermissions(Guard):
    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._first: dict[str, frozenset[str]] = {}

    def permissions_of(self, caller: Caller) -> frozenset[str]:
        now = super().permissions_of(caller)
        return self._first.setdefault(caller.record.id, now) if caller.record else now


class _EndsTokens(Flows):
    """Revokes the personal access tokens of a session's user."""

    def end_tokens(self, application: Application, request: Request) -> None:
        content = self.refresh_content(application, request)
        for record in self._state.pats.owned_by(application.name, content.account_key) if content else ():
            self._state.pats.revoke(record.id)


@fault(
    "ends-personal-tokens-at-logout",
    breaks="PAT-21",
    also=("LOGOUT-07",),  # it asks for the same
    reference="contract",
    harm="Who closes a browser session stops all scripts.",
)
class EndsTokensAtLogout(_EndsTokens):
    def logout(self, application: Application, request: Request) -> Answer:
        self.end_tokens(application, request)
        return super().logout(application, request)


@fault(
    "ends-personal-tokens-at-a-refresh",
    breaks="PAT-21",
    also=("LOGOUT-07",),  # it asks for the same
    reference="contract",
    harm="Scripts stop whenever their owner's browser is open for a quarter of an hour.",
)
class EndsTokensAtARefresh(_EndsTokens):
    def refresh(self, application: Application, request: Request) -> Answer:
        self.end_tokens(application, request)
        return super().refresh(application, request)


class _GivesSessions(Flows):
    """Opens a session for a personal access token in Authorization."""

    def personal_session(self, application: Application, request: Request) -> Answer | None:
        for value in request.call.header_values("authorization"):
            try:
                content = self._state.tokens.verify(value.removeprefix("Bearer "))
            except InvalidToken:
                continue
            account = self._state.accounts.find(content.account_key)
            if account and (content.type.application, content.type.purpose) == (application.name, Purpose.PERSONAL):
                return self.start_session(application, account, request)
        return None


@fault(
    "refreshes-with-a-personal-token-as-bearer",
    breaks="PAT-16",
    reference="CWE-288",
    harm="A token that was given to a script becomes a session that its revocation does not end.",
)
class RefreshesWithIt(_GivesSessions):
    def refresh(self, application: Application, request: Request) -> Answer:
        return self.personal_session(application, request) or super().refresh(application, request)


class _LogsInWithIt(_GivesSessions):
    def login(self, application: Application, login: Login, request: Request) -> Answer:
        return self.personal_session(application, request) or super().login(application, login, request)


class _NeedsNoCredentials(Validation):
    def body_of(self, call: Call, operation: Operation) -> Json:
        return {} if call.header_values("authorization") and not operation.security else super().body_of(call, operation)


logs_in_with_a_personal_token = fault(
    "logs-in-with-a-personal-token-as-bearer",
    breaks="PAT-16",
    reference="CWE-288",
    harm="A token that was given to a script becomes a session, past the password and the second factor.",
)(_LogsInWithIt, _NeedsNoCredentials)


# Other purposes


@fault(
    "takes-a-personal-token-for-a-refresh-token",
    breaks="PAT-14",
    reference="RFC 8725 §3.12",
    harm="A token that was given to a script becomes a session that its revocation does not end.",
)
class TakesItForARefreshToken(TakesForARefreshToken):
    def takes(self, application: Application, content: Content) -> bool:
        return (content.type.application, content.type.purpose) == (application.name, Purpose.PERSONAL)
