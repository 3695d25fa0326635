"""Faults of the second factor."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

from authproof_mock.accounts import Account
from authproof_mock.clock import Clock
from authproof_mock.faults.bearer import access_token
from authproof_mock.faults.fault import fault
from authproof_mock.faults.login import TellsApart
from authproof_mock.flows import Flows
from authproof_mock.guard import Guard
from authproof_mock.http import Answer
from authproof_mock.refusal import Refusal
from authproof_mock.second_factor import Challenge, SecondFactors
from authproof_mock.state import Caller, Request
from authproof_mock.validation import Validation
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
    "asks-for-no-second-factor-for-an-hour",
    breaks="MFA-01",
    reference="CWE-308",
    harm="Once the user has given a code, a stolen password is enough, from wherever.",
)
class RemembersTheSecondFactor(Flows):
    def answer_challenge(self, application: Application, factor: SecondFactor, request: Request) -> Answer:
        answer = super().answer_challenge(application, factor, request)
        self._given = self._state.clock.now()
        return answer

    def needs_second_factor(self, account: Account) -> bool:
        return super().needs_second_factor(account) and self._state.clock.now() > getattr(self, "_given", -math.inf) + 3600


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
    also=("DOC-08",),
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
    also=("MFA-07", "MFA-08", "MFA-14"),  # a used one, that of somebody else, and an old one
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


class _NumbersChallenges(SecondFactors):
    """Gives a challenge the next number for its id."""

    length = 6

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._given = 0

    def challenge(self, application: str, account: str, lifetime: float) -> Challenge:
        challenge = super().challenge(application, account, lifetime)
        self._challenges.drop(challenge.id)
        self._given += 1
        challenge.id = f"{self._given:0{self.length}}"
        self._challenges.add(challenge.id, challenge)
        return challenge


@fault(
    "numbers-its-challenges",
    breaks="MFA-02",
    reference="CWE-330",
    harm="Anybody answers the challenges of others, who have given their password already.",
)
class NumbersChallenges(_NumbersChallenges):
    pass


@fault(
    "counts-up-in-long-challenges",
    breaks="MFA-02",
    reference="CWE-340",
    harm="A challenge that looks long is the one before, plus one.",
)
class CountsUpInLongChallenges(_NumbersChallenges):
    length = 32


@fault(
    "takes-a-code-twice",
    breaks="MFA-07",
    reference="RFC 6238 §5.2",
    harm="Whoever looks over a shoulder logs in with the same code within its half minute.",
)
class TakesACodeTwice(SecondFactors):
    def is_replay(self, account: str, step: int) -> bool:
        return False


@fault(
    "takes-the-code-of-anybody",
    breaks="MFA-08",
    reference="CWE-639",
    harm="Whoever has a second factor of his own needs nothing but the password of somebody else.",
)
class TakesAnybodysCode(Flows):
    def answer_challenge(self, application: Application, factor: SecondFactor, request: Request) -> Answer:
        opened = self._state.second_factors.open_challenge(application.name, get(request.body, factor.request_challenge))
        code = get(request.body, factor.request_code)
        for other in self._state.accounts.list() if opened else ():
            if (
                other.totp_secret
                and opened
                and other.key != opened.account
                and self._state.second_factors.step_of(other.totp_secret, code) is not None
            ):
                account = self._state.accounts.find(opened.account)
                return self.start_session(application, account, request) if account else super().answer_challenge(application, factor, request)
        return super().answer_challenge(application, factor, request)


class _OnAnUnknownChallenge(Flows):
    """Answers a challenge otherwise that it never gave."""

    def answer_challenge(self, application: Application, factor: SecondFactor, request: Request) -> Answer:
        identifier = get(request.body, factor.request_challenge)
        if isinstance(identifier, str) and not identifier.isalnum():
            raise self.refusal(identifier)
        return super().answer_challenge(application, factor, request)

    def refusal(self, identifier: str) -> Refusal:
        """What is said to `identifier`."""
        return Refusal(500, "Something went wrong.")


@fault(
    "fails-on-a-challenge-with-quotes",
    breaks="MFA-10",
    also=("ERR-07", "DOC-02"),  # it is a server error, which no document has
    reference="CWE-755",
    harm="Anybody makes the server fail, and learns that quotes reach its database.",
)
class FailsOnQuotes(_OnAnUnknownChallenge):
    pass


@fault(
    "tells-malformed-challenges-from-unknown-ones",
    breaks="MFA-10",
    reference="CWE-204",
    harm="Anybody learns what challenges look like.",
)
class TellsMalformedChallenges(_OnAnUnknownChallenge):
    def refusal(self, identifier: str) -> Refusal:
        refusal = self.refuse_credentials()
        return Refusal(refusal.status, "No challenge looks like this.", headers=refusal.headers)


@fault(
    "keeps-challenges-open-for-ever",
    breaks="MFA-11",
    reference="CWE-613",
    harm="A challenge from a log of last year still stands for a password.",
)
class KeepsChallengesOpen(SecondFactors):
    def open_challenge(self, application: str, identifier: Json) -> Challenge | None:
        challenge = self._challenges.get(identifier) if isinstance(identifier, str) else None
        return challenge if challenge and challenge.application == application else None


@fault(
    "keeps-challenges-open-for-twice-their-time",
    breaks="MFA-11",
    reference="OWASP ASVS 5.0 6.5.5",
    harm="Whoever finds a browser that somebody left has twice as long.",
)
class KeepsChallengesLonger(SecondFactors):
    def challenge(self, application: str, account: str, lifetime: float) -> Challenge:
        return super().challenge(application, account, 2 * lifetime)


class _TakesAnyForm(Validation):
    """Looks at the form of no code."""

    def problems(self, schema: str, value: Json) -> dict[str, list[str]]:
        found = super().problems(schema, value)
        return {name: words for name, words in found.items() if not (name.startswith("token") and isinstance(value, dict) and "challengeId" in value)}


class _ReadsLists(SecondFactors):
    def answer(self, challenge: Challenge, secret: str, code: Json) -> bool:
        return super().answer(challenge, secret, code[0] if isinstance(code, Sequence) and not isinstance(code, str) and code else code)


reads_lists = fault(
    "takes-a-list-of-codes",
    breaks="MFA-13",
    reference="CWE-1287",
    harm="One request tries a million codes, and the limit counts one.",
)(_TakesAnyForm, _ReadsLists)


class _ReadsNumbers(SecondFactors):
    def answer(self, challenge: Challenge, secret: str, code: Json) -> bool:
        is_number = isinstance(code, int) and not isinstance(code, bool)
        return super().answer(challenge, secret, f"{code:06d}" if is_number else code)


reads_numbers = fault(
    "takes-a-number-for-a-code",
    breaks="MFA-13",
    reference="CWE-1287",
    harm="A code that begins with zeros is another number, and which form of it counts depends on who reads it.",
)(_TakesAnyForm, _ReadsNumbers)


class _AsksForNoCode(_TakesAnyForm):
    """Looks at the form of no code that is not there."""

    def problems(self, schema: str, value: Json) -> dict[str, list[str]]:
        has_code = isinstance(value, dict) and value.get("token") is not None
        return Validation.problems(self, schema, value) if has_code else super().problems(schema, value)


class _TakesNoCode(SecondFactors):
    def answer(self, challenge: Challenge, secret: str, code: Json) -> bool:
        if code is None:
            self.consume(challenge)
            return True
        return super().answer(challenge, secret, code)


takes_no_code = fault(
    "takes-an-answer-without-a-code",
    breaks="MFA-13",
    reference="CWE-1287",
    harm="The code is compared where there is one, so a stolen password is enough for who sends none.",
)(_AsksForNoCode, _TakesNoCode)


class _TakesAnyText(_TakesAnyForm):
    """Looks at the form of no code that is text."""

    def problems(self, schema: str, value: Json) -> dict[str, list[str]]:
        text = isinstance(value, dict) and isinstance(value.get("token"), str)
        return super().problems(schema, value) if text else Validation.problems(self, schema, value)


class _ReadsAnyDigits(SecondFactors):
    def answer(self, challenge: Challenge, secret: str, code: Json) -> bool:
        plain = "".join(str(unicodedata.digit(one, one)) for one in code) if isinstance(code, str) else code
        return super().answer(challenge, secret, plain)


reads_any_digits = fault(
    "takes-digits-of-any-script",
    breaks="MFA-13",
    reference="CWE-1287",
    harm="What a filter in front of the server lets pass as no code is one all the same.",
)(_TakesAnyText, _ReadsAnyDigits)


class _WidensTheWindow(SecondFactors):
    before, after = 10, 1

    def steps(self) -> range:
        present = super().steps()[-2]
        return range(present - self.before, present + self.after + 1)


@fault(
    "takes-codes-of-five-minutes-ago",
    breaks="MFA-14",
    reference="RFC 6238 §5.2",
    harm="A code that was seen in passing is good for five minutes.",
)
class TakesOldCodes(_WidensTheWindow):
    pass


class _OpensToElsewhere(Guard):
    def authenticate(self, token: str, operation: Operation) -> Caller:
        content = self._state.tokens.verify(token)
        account = self._state.accounts.find(content.account_key)
        application = self._state.contract.application_of(operation)
        strange = account is not None and application is not None and content.type.application != application.name
        if account and account.totp_secret and strange:
            return super().authenticate(access_token(self._state, operation, account.key), operation)
        return super().authenticate(token, operation)


opens_to_elsewhere = fault(
    "takes-a-token-of-an-application-without-a-second-factor",
    breaks="MFA-15",
    also=("APP-05",),  # it asks for the same of each kind of operation
    reference="OWASP ASVS 5.0 6.3.4",
    harm="A stolen password is enough: the neighbouring application asks for nothing more.",
)(_OpensToElsewhere)


@fault(
    "tells-accounts-with-a-second-factor-by-the-message",
    breaks="MFA-16",
    reference="CWE-204",
    harm="Anybody finds out whose password alone is enough.",
)
class TellsGuardedAccounts(TellsApart):
    def told(self, refusal: Refusal, account: Account | None) -> Refusal:
        guarded = account is not None and account.totp_secret is not None
        return Refusal(refusal.status, "Wrong password; no code was asked for.", headers=refusal.headers) if guarded else refusal


@fault(
    "tells-accounts-with-a-second-factor-by-a-header",
    breaks="MFA-16",
    reference="CWE-204",
    harm="Anybody who reads headers finds out whose password alone is enough.",
)
class TellsGuardedAccountsByAHeader(TellsApart):
    def told(self, refusal: Refusal, account: Account | None) -> Refusal:
        guarded = account is not None and account.totp_secret is not None
        return Refusal(refusal.status, refusal.message, headers=[*refusal.headers, ("x-otp", "required")]) if guarded else refusal


_LAG = 0.05
"""Seconds between the look at a challenge and the note that it is used."""


class _AnswersSlowly(Flows):
    """Answers once the use of the challenge is noted, so that only whoever comes meanwhile finds it unused."""

    def answer_challenge(self, application: Application, factor: SecondFactor, request: Request) -> Answer:
        return replace(super().answer_challenge(application, factor, request), delay=1.5 * _LAG)


class _NotesUseLate(SecondFactors):
    """Notes the use of a challenge and of its code some time after it looked at them."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._used_at: dict[str, float] = {}

    def consume(self, challenge: Challenge) -> None:
        self._used_at.setdefault(challenge.id, self._clock.now())

    def open_challenge(self, application: str, identifier: Json) -> Challenge | None:
        challenge = super().open_challenge(application, identifier)
        return challenge if challenge and self._clock.now() < self._used_at.get(challenge.id, self._clock.now()) + _LAG else None

    def is_replay(self, account: str, step: int) -> bool:
        return super().is_replay(account, step) and self._clock.now() > max(self._used_at.values(), default=0.0) + _LAG


notes_use_late = fault(
    "lets-simultaneous-codes-in",
    breaks="MFA-17",
    reference="CWE-362",
    harm="Whoever relays a code while its owner types it has a session of his own.",
)(_AnswersSlowly, _NotesUseLate)
