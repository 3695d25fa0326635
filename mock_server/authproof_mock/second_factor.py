"""Second-factor challenges and one-time codes (RFC 6238)."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

import pyotp

from authproof_mock.clock import Clock
from authproof_mock.expiring import ExpiringStore
from authproof_spec.pointer import Json

_STEP = 30
_MOST_WRONG_CODES = 5


@dataclass(slots=True)
class Challenge:
    """A login that waits for its code. `expires_at` is in seconds since the epoch."""

    id: str
    application: str
    account: str
    expires_at: float
    wrong_codes: int = 0


class SecondFactors:
    """The open challenges, and the codes that were taken."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._challenges: ExpiringStore[Challenge] = ExpiringStore(clock)
        self._used_steps: dict[str, set[int]] = {}

    def challenge(self, application: str, account: str, lifetime: float) -> Challenge:
        """A new challenge that lives for `lifetime` seconds."""
        challenge = Challenge(secrets.token_hex(16), application, account, self._clock.now() + lifetime)
        self._challenges.add(challenge.id, challenge)
        return challenge

    def open_challenge(self, application: str, identifier: Json) -> Challenge | None:
        """The challenge of that id; None when it is unknown, used up, expired or another application's."""
        challenge = self._challenges.get(identifier) if isinstance(identifier, str) else None
        if challenge is None or challenge.application != application or challenge.expires_at <= self._clock.now():
            return None
        return challenge

    def answer(self, challenge: Challenge, secret: str, code: Json) -> bool:
        """True when `code` answers the challenge, which is then used up; it is so after five wrong ones too."""
        step = self.step_of(secret, code)
        if step is not None and not self.is_replay(challenge.account, step):
            # A step out of the window cannot come back, so it need not be kept.
            self._used_steps[challenge.account] = {step} | (self._used_steps.get(challenge.account, set()) & set(self.steps()))
            self.consume(challenge)
            return True
        challenge.wrong_codes += 1
        if challenge.wrong_codes >= _MOST_WRONG_CODES:
            self.consume(challenge)
        return False

    def consume(self, challenge: Challenge) -> None:
        """Use the challenge up."""
        self._challenges.drop(challenge.id)

    def steps(self) -> range:
        """The time steps whose codes are taken: the present one and its neighbours (RFC 6238 section 5.2)."""
        present = int(self._clock.now()) // _STEP
        return range(max(0, present - 1), present + 2)

    def step_of(self, secret: str, code: Json) -> int | None:
        """The time step that `code` is of; None when it is of none that is taken now."""
        if not isinstance(code, str):
            return None
        generator = pyotp.TOTP(secret, interval=_STEP)
        presented = code.encode("utf-8", "surrogatepass")
        return next((step for step in self.steps() if hmac.compare_digest(generator.generate_otp(step).encode(), presented)), None)

    def is_replay(self, account: str, step: int) -> bool:
        """True when the account's code of that step was taken before."""
        return step in self._used_steps.get(account, set())

    def clear(self) -> None:
        """Forget everything."""
        self._challenges.clear()
        self._used_steps.clear()
