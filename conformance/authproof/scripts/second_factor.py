"""The second factor: challenges, codes that are wrong in several ways, the right one, and what is left of both afterwards."""

from __future__ import annotations

import secrets
import string
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from authproof.exchange import Exchange, Probe
from authproof.lab import Blocked, Lab, Missing, Script, Step, Wait
from authproof.onetime import Totp, totp_of
from authproof.profile import Account, Part
from authproof_spec import Application
from authproof_spec.contract import SecondFactor
from authproof_spec.pointer import Json, put

MOST_WRONG_CODES: Final = 4
"""How many wrong codes in a row a run sends for an account, which might be locked after a few more."""
_FAR: Final = 4
"""Time steps that no server allows a clock to be off by."""
_MARGIN: Final = 5
"""Seconds of a time step that must be left, so that what belongs together is sent within it."""
_SCRIPT_DIGITS: Final = str.maketrans(string.digits, "٠١٢٣٤٥٦٧٨٩")


@dataclass(slots=True)
class Desk:
    """What it takes to answer challenges: the account with its codes, and how many wrong ones were sent since a right one."""

    lab: Lab
    application: Application
    factor: SecondFactor
    account: Account
    totp: Totp
    wrong_codes: int = 0

    def challenge(self, name: str) -> Generator[Step, Sequence[Exchange], tuple[str, float]]:
        """Log in with the first factor; the challenge, and the server's time in seconds. Raises Missing or Blocked."""
        login = self.account.login(self.application)
        if login is None:
            raise Missing(f"The profile's account has not what a login of {self.application.name} asks for.")
        body = self.lab.credentials(login, self.account)
        (exchange,) = yield Probe(name, self.lab.call(login.operation, body=body), login.operation.id)
        with suppress(Blocked):
            self.lab.opened(self.application, self.account, exchange)  # by a server that asks for no second factor
        challenge = exchange.response.at(self.factor.response_challenge) if exchange.response else None
        if not isinstance(challenge, str) or not challenge:
            raise Blocked(f"The login of the account with a second factor was answered {exchange.describe()} without a challenge.")
        return self.lab.secret(challenge, "challenge"), self.lab.server_time(exchange)

    def in_a_step(self, moment: float) -> Generator[Step, Sequence[Exchange], float]:
        """The server's time, once enough of a time step is left."""
        left = self.totp.interval - moment % self.totp.interval
        if left >= _MARGIN:
            return moment
        yield Wait(left + 1)
        return moment + left + 1

    def code(self, moment: float, steps: int = 0) -> str:
        """The code of the time step that is `steps` after that of `moment`."""
        return self.totp.at(int(moment) + steps * self.totp.interval)

    def answer(self, name: str, challenge: Json, code: Json, variant: str = "") -> Probe:
        """An answer to `challenge`, either of them perhaps no text at all."""
        body: dict[str, Json] = {}
        put(body, self.factor.request_challenge, challenge)
        put(body, self.factor.request_code, code)
        for part in code if isinstance(code, list) else [code]:
            if isinstance(part, str | int):
                self.lab.secret(str(part), "code")
        if self.factor.request_provider:
            put(body, self.factor.request_provider, self.factor.provider)
        return Probe(name, self.lab.call(self.factor.operation, body=body), self.factor.operation.id, variant)

    def try_wrong(self, probe: Probe) -> Generator[Step, Sequence[Exchange], bool]:
        """Send an answer that is to be refused; True when it was let in, and then its session is logged out at the end."""
        (answer,) = yield probe
        self.wrong_codes += answer.status in {401, 403}
        with suppress(Blocked):
            self.lab.opened(self.application, self.account, answer)
        return answer.response is not None and answer.response.is_success


def desk(lab: Lab, application: Application) -> Desk:
    """The desk for the application's account with a second factor. Raises Missing."""
    if application.second_factor is None:
        raise Missing(f"The contract has no second factor for {application.name}.")
    account = lab.profile.account(application.name, Part.SECOND_FACTOR)
    if account is None or account.totp_secret is None:
        raise Missing(f"The profile has no account of {application.name} with a second factor and its secret.")
    return Desk(lab, application, application.second_factor, account, totp_of(account.totp_secret))


def second_factor(lab: Lab, application: Application) -> Script:
    """One challenge from its creation to its second use, then another one with the code that was used."""
    at = desk(lab, application)
    challenge, moment = yield from at.challenge("mfa.challenge")
    moment = yield from at.in_a_step(moment)
    # Sent at once, so that two connections are open when the right code is sent twice.
    yield tuple(_misuses(lab, application, challenge))
    for variant, unknown in (("one that was never given", _like(challenge)), ("text with quotes", "' OR '1'='1"), ("null", None)):
        yield at.answer("mfa.unknown_challenge", unknown, "000000"[: at.totp.digits].rjust(at.totp.digits, "0"), variant)
    if (yield from at.try_wrong(at.answer("mfa.old_code", challenge, _wrong_code(at, moment)))):
        challenge, moment = yield from at.challenge("mfa.challenge_after_old_code")
        yield from at.try_wrong(at.answer("mfa.wrong_code", challenge, _random_code(at, moment)))
    for variant, code in _malformed(at.code(moment)):
        if at.wrong_codes < MOST_WRONG_CODES and (yield from at.try_wrong(at.answer("mfa.malformed_code", challenge, code, variant))):
            challenge, moment = yield from at.challenge("mfa.challenge_after_malformed_code")
            break
    won = yield from _answer_twice(at, challenge, moment, "mfa.right_code")
    if not won:
        # A run just before this one may have used the code of this step, which a right server refuses.
        yield Wait(at.totp.interval - moment % at.totp.interval + 1)
        challenge, moment = yield from at.challenge("mfa.challenge_again")
        won = yield from _answer_twice(at, challenge, moment, "mfa.right_code_next_step")
    if not won:
        return
    at.wrong_codes = 0
    yield at.answer("mfa.used_challenge", challenge, at.code(moment, 1))
    another, now = yield from at.challenge("mfa.second_challenge")
    is_same_step = int(now) // at.totp.interval == int(moment) // at.totp.interval
    if is_same_step and (yield from at.try_wrong(at.answer("mfa.replayed_code", another, at.code(moment)))):
        # The challenge is used up, and would hide whether a server takes anybody's code.
        another, now = yield from at.challenge("mfa.challenge_after_replay")
    yield from at.try_wrong(_last_wrong_code(at, another, now))


def _misuses(lab: Lab, application: Application, challenge: str) -> Iterator[Probe]:
    if application.identity:
        me = application.identity.operation
        yield Probe("mfa.challenge_as_bearer", lab.call(me, bearer=challenge), me.id)
    if application.refresh:
        yield lab.refresh(application, challenge, "mfa.challenge_as_refresh")


def _answer_twice(at: Desk, challenge: str, moment: float, name: str) -> Generator[Step, Sequence[Exchange], bool]:
    """The right code, twice at the same moment; True when that opened a session."""
    probe = at.answer(name, challenge, at.code(moment))
    rivals = yield (probe, replace(probe))
    for rival in rivals:
        with suppress(Blocked):
            at.lab.opened(at.application, at.account, rival)
    return any(rival.response is not None and rival.response.is_success for rival in rivals)


def _last_wrong_code(at: Desk, challenge: str, moment: float) -> Probe:
    """The right code of another account; where there is none, a code of this one from far ahead."""
    other = at.lab.profile.account(at.application.name, Part.OTHER_SECOND_FACTOR)
    if other and other.totp_secret:
        return at.answer("mfa.foreign_code", challenge, totp_of(other.totp_secret).at(int(moment)))
    return at.answer("mfa.future_code", challenge, _wrong_code(at, moment, _FAR))


def _malformed(right: str) -> Iterator[tuple[str, Json]]:
    """The right code in forms that are none, and none at all."""
    yield "a list that holds it", [right]
    yield "a number", int(right)
    yield "its digits in another script", right.translate(_SCRIPT_DIGITS)
    yield "null", None


def _wrong_code(at: Desk, moment: float, steps: int = -_FAR) -> str:
    """The code of a time step that is far away; of one farther where that is by chance also a code of one near."""
    near = {at.code(moment, step) for step in range(1 - _FAR, _FAR)}
    far = (at.code(moment, steps + (step if steps > 0 else -step)) for step in range(10))
    return next(code for code in far if code not in near)


def _random_code(at: Desk, moment: float) -> str:
    """A code of no time step near."""
    near = {at.code(moment, step) for step in range(-20, 21)}
    candidates = ("".join(secrets.choice(string.digits) for _ in range(at.totp.digits)) for _ in range(100))
    return next(code for code in candidates if code not in near)


def _like(challenge: str) -> str:
    """Another text of the form of `challenge`."""
    letters = "abcdef" if set(challenge.lower()) <= set(string.hexdigits + "-") else string.ascii_lowercase
    return "".join(
        secrets.choice(string.digits) if one in string.digits else secrets.choice(letters) if one in string.ascii_letters else one
        for one in challenge
    )


def other_ways_in(lab: Lab, application: Application) -> Script:
    """The account with a second factor logs in with its first one alone, by every further login of the application that it can use."""
    at = desk(lab, application)
    ways = [login for login in application.logins if login is not at.account.login(application) and at.account.can_use(login)]
    for login in ways:
        body = lab.credentials(login, at.account)
        yield from at.try_wrong(Probe("mfa.other_login", lab.call(login.operation, body=body), login.operation.id))
    if not ways:
        raise Missing(f"The account with a second factor can use one login of {application.name} alone.")


def expired_challenge(lab: Lab, application: Application) -> Script:
    """A challenge whose lifetime is over, with the right code; and the same code with a new challenge, to show that it is right."""
    at = desk(lab, application)
    lab.check_wait(at.factor.lifetime + 1)
    challenge, moment = yield from at.challenge("mfa.challenge_to_expire")
    ahead = moment - lab.now()
    yield Wait(at.factor.lifetime + 1)
    moment = yield from at.in_a_step(lab.now() + ahead)
    code = at.code(moment)
    if not (yield from at.try_wrong(at.answer("mfa.expired_challenge", challenge, code))):
        challenge, _ = yield from at.challenge("mfa.challenge_of_now")
        yield from at.try_wrong(at.answer("mfa.code_of_now", challenge, code))
