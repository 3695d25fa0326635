"""What ends with time. These scripts move the target's clock, or wait, and so come last."""

from __future__ import annotations

import math

from authproof.lab import Lab, Missing, Script, Wait
from authproof.scripts.refresh import keep, log_in, rotate
from authproof_spec import Application

MARGIN = 5
"""Seconds, besides the declared clock skew, by which a probe is early or late."""
_MOST_STEPS = 10


def refresh_expiry(lab: Lab, application: Application) -> Script:
    """A refresh token that nobody used, after its lifetime."""
    session = yield from log_in(lab, application)
    yield Wait(_lifetime(application) + lab.contract.tokens.clock_skew + MARGIN)
    unused, session.refresh_token = session.refresh_token, None
    (exchange,) = yield lab.refresh(application, unused, "expiry.refresh")
    keep(lab, session, exchange)


def session_end(lab: Lab, application: Application) -> Script:
    """A session that is refreshed again and again, after its declared end; where none is declared, after the end of its first token."""
    session = yield from log_in(lab, application)
    lifetime, margin = _lifetime(application), lab.contract.tokens.clock_skew + MARGIN
    end = application.session_lifetime or lifetime
    step = min(lifetime - 2 * margin, end // 2)
    steps = math.ceil((end - margin) / step) - 1
    if step <= 0 or steps > _MOST_STEPS:
        raise Missing(f"A session of {end} seconds takes more than {_MOST_STEPS} refreshes of tokens that live {lifetime} seconds.")
    for _ in range(steps):
        yield Wait(step)
        yield from rotate(lab, session, "session.step")
    yield Wait(end - steps * step + margin)
    last, session.refresh_token = session.refresh_token, None
    (exchange,) = yield lab.refresh(application, last, "session.end")
    keep(lab, session, exchange)


def _lifetime(application: Application) -> int:
    lifetime = application.refresh_token.lifetime if application.refresh_token else None
    if lifetime is None:
        raise Missing(f"The contract has no lifetime for the refresh tokens of {application.name}.")
    return lifetime
