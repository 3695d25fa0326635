"""Faults of the second factor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from authproof_mock.accounts import Account
from authproof_mock.faults.bearer import access_token
from authproof_mock.faults.fault import fault
from authproof_mock.flows import Flows
from authproof_mock.guard import Guard
from authproof_mock.http import Answer
from authproof_mock.refusal import Refusal
from authproof_mock.second_factor import Challenge, SecondFactors
from authproof_mock.state import Caller, Request
from authproof_spec.contract import Application, Operation, SecondFactor
from authproof_spec.pointer import Json, get


@fault(
    "asks-for-no-second-factor",
    breaks="MFA-01",
    reference="CWE-308",
    harm="A stolen password is enough.",
)
class AsksForNoSecondFactor(Flows):
    def needs_second_factor(self, account: Account) -> bool:
        return False


@fault(
    "gives-the-access-token-with-the-challenge",
    breaks="MFA-01",
    also=("DOC-03",),  # the document has the one or the other
    reference="CWE-308",
    harm="A stolen password is enough for whoever reads the answer instead of the page.",
)
class GivesTheTokenTooEarly(Flows):
    def challenge(self, application: Application, factor: SecondFactor, account: Account, request: Request) -> Answer:
        answer, session = super().challenge(application, factor, account, request), self.start_session(application, account, request)
        both = isinstance(answer.payload, Mapping) and isinstance(session.payload, Mapping)
        return replace(answer, payload={**answer.payload, **session.payload}) if both else answer  # type: ignore[dict-item]


@fault(
    "sets-the-refresh-cookie-with-the-challenge",
    breaks="MFA-01",
    reference="CWE-308",
    harm="A stolen password is enough: the refresh gives the access token.",
)
class SetsTheCookieTooEarly(Flows):
    def challenge(self, application: Application, factor: SecondFactor, account: Account, request: Request) -> Answer:
        answer = super().challenge(application, factor, account, request)
        return replace(answer, headers=[*answer.headers, *self.start_session(application, account, request).headers])


@fault(
    "takes-the-challenge-for-an-access-token",
    breaks="MFA-03",
    reference="CWE-288",
    harm="A stolen password is enough: its challenge opens everything.",
)
class TakesTheChallengeAsBearer(Guard):
    def authenticate(self, token: str, operation: Operation) -> Caller:
        application = self._state.contract.application_of(operation)
        opened = self._state.second_factors.open_challenge(application.name, token) if application else None
        return super().authenticate(access_token(self._state, operation, opened.account) if opened else token, operation)


@fault(
    "takes-the-challenge-for-a-refresh-token",
    breaks="MFA-03",
    reference="RFC 8725 §3.12",
    harm="A stolen password is enough: its challenge, as cookie, gives tokens.",
)
class TakesTheChallengeAsCookie(Flows):
    def refresh(self, application: Application, request: Request) -> Answer:
        opened = self._state.second_factors.open_challenge(application.name, self.refresh_token_of(application, request))
        account = self._state.accounts.find(opened.account) if opened else None
        return self.start_session(application, account, request) if account else super().refresh(application, request)


@fault(
    "sets-no-cookie-after-the-second-factor",
    breaks="MFA-04",
    reference="contract",
    harm="Users with a second factor are logged out with their first access token.",
)
class SetsNoCookieAfterwards(Flows):
    def answer_challenge(self, application: Application, factor: SecondFactor, request: Request) -> Answer:
        return replace(super().answer_challenge(application, factor, request), headers=[])


@fault(
    "gives-no-token-after-the-second-factor",
    breaks="MFA-04",
    also=("DOC-03",),  # the document declares one
    reference="RFC 6238 §4.2",
    harm="Users with a second factor cannot log in.",
)
class GivesNoTokenAfterwards(Flows):
    def answer_challenge(self, application: Application, factor: SecondFactor, request: Request) -> Answer:
        return replace(super().answer_challenge(application, factor, request), payload={})


@fault(
    "takes-any-code",
    breaks="MFA-05",
    reference="CWE-287",
    harm="A stolen password is enough, with any six digits.",
)
class TakesAnyCode(SecondFactors):
    def answer(self, challenge: Challenge, secret: str, code: Json) -> bool:
        super().answer(challenge, secret, code)
        return True


@fault(
    "answers-403-to-a-wrong-code",
    breaks="MFA-05",
    also=("DOC-02",),  # no document has it
    reference="RFC 9110 §15.5.2",
    harm="A client tells its user that the login is forbidden, where the code was mistyped.",
)
class ForbidsAWrongCode(Flows):
    def answer_challenge(self, application: Application, factor: SecondFactor, request: Request) -> Answer:
        try:
            return super().answer_challenge(application, factor, request)
        except Refusal as refusal:
            # A challenge that is still open was answered wrongly.
            opened = self._state.second_factors.open_challenge(application.name, get(request.body, factor.request_challenge))
            raise Refusal(403, refusal.message) if opened else refusal from None


@fault(
    "lets-a-challenge-be-answered-again",
    breaks="MFA-06",
    reference="CWE-837",
    harm="Whoever sees one challenge answers it with any later code.",
)
class KeepsTheChallenge(SecondFactors):
    def consume(self, challenge: Challenge) -> None:
        """Nothing: it stays open."""
