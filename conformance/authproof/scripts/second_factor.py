"""The second factor: the challenge, a wrong code, the right one, and the challenge again."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import pyotp

from authproof.exchange import Exchange, Probe
from authproof.lab import Blocked, Lab, Missing, Script, Step, Wait
from authproof.profile import Account, Part
from authproof_spec import Application
from authproof_spec.contract import SecondFactor
from authproof_spec.pointer import Json, put

STEP = 30
"""Seconds that a one-time code lives (RFC 6238 section 5.2)."""


def second_factor(lab: Lab, application: Application) -> Script:
    """One challenge from its creation to its second use."""
    factor = application.second_factor
    if factor is None:
        raise Missing(f"The contract has no second factor for {application.name}.")
    account = lab.profile.account(application.name, Part.SECOND_FACTOR)
    if account is None or account.totp_secret is None:
        raise Missing(f"The profile has no account of {application.name} with a second factor and its secret.")
    totp = pyotp.TOTP(account.totp_secret)

    challenge, login = yield from _challenge(lab, application, account, factor, "mfa.challenge")
    if application.identity:
        me = application.identity.operation
        yield Probe("mfa.challenge_as_bearer", lab.call(me, bearer=challenge), me.id)
    if application.refresh:
        yield lab.refresh(application, challenge, "mfa.challenge_as_refresh")
    moment = lab.server_time(login)
    yield _answer(lab, factor, challenge, _wrong_code(totp, moment), "mfa.wrong_code")
    (right,) = yield _answer(lab, factor, challenge, totp.at(int(moment)), "mfa.right_code")
    if right.status == 401:
        # A run just before this one may have used the code of this step, which a right server refuses.
        yield Wait(STEP - moment % STEP + 1)
        challenge, login = yield from _challenge(lab, application, account, factor, "mfa.challenge_again")
        moment = lab.server_time(login)
        (right,) = yield _answer(lab, factor, challenge, totp.at(int(moment)), "mfa.right_code_next_step")
    lab.opened(application, account, right)
    yield _answer(lab, factor, challenge, totp.at(int(moment) + STEP), "mfa.used_challenge")


def _challenge(
    lab: Lab, application: Application, account: Account, factor: SecondFactor, name: str
) -> Generator[Step, Sequence[Exchange], tuple[str, Exchange]]:
    login = account.login(application)
    if login is None:
        raise Missing(f"The profile's account has not what a login of {application.name} asks for.")
    (exchange,) = yield Probe(name, lab.call(login.operation, body=lab.credentials(login, account)), login.operation.id)
    challenge = exchange.response.at(factor.response_challenge) if exchange.response else None
    if not isinstance(challenge, str) or not challenge:
        raise Blocked(f"The login of the account with a second factor was answered {exchange.describe()} without a challenge.")
    return lab.secret(challenge, "challenge"), exchange


def _answer(lab: Lab, factor: SecondFactor, challenge: str, code: str, name: str) -> Probe:
    body: dict[str, Json] = {}
    put(body, factor.request_challenge, challenge)
    put(body, factor.request_code, lab.secret(code, "code"))
    if factor.request_provider:
        put(body, factor.request_provider, factor.provider)
    return Probe(name, lab.call(factor.operation, body=body), factor.operation.id)


def _wrong_code(totp: pyotp.TOTP, moment: float) -> str:
    """A code that is not right in this step or one near it."""
    near = {totp.at(int(moment) + STEP * offset) for offset in range(-3, 4)}
    right = int(totp.at(int(moment)))
    return next(code for distance in range(1, 10) if (code := f"{(right + distance) % 10**6:06}") not in near)
