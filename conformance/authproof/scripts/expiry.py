"""What ends with time. These scripts move the target's clock, or wait, and so come last."""

from __future__ import annotations

import math

from authproof.exchange import Probe
from authproof.forge.minted import LEEWAY
from authproof.lab import Blocked, Lab, Missing, Script, Wait
from authproof.scripts import cleanup
from authproof.scripts.access_expiry import fresh_session
from authproof.scripts.personal_tokens import DAY, create
from authproof.scripts.refresh import has_refresh, keep, log_in, rotate
from authproof_spec import Application

MARGIN = 5
"""Seconds, besides the declared clock skew, by which a probe is early; one that is late allows for an undeclared one too."""
_SOON = 120
"""Seconds that a personal access token lives that is to be seen to end."""
_MOST_STEPS = 10


def token_expiry(lab: Lab, application: Application) -> Script:
    """A personal access token that ends soon, before and after its end. Where no end is that near, one that ends tomorrow."""
    if application.personal_access_tokens is None or application.identity is None:
        raise Missing(f"The contract has no personal access tokens for {application.name}.")
    if not lab.hooks.offers("advance_clock"):
        raise Missing("The profile has no hook advance_clock, and nobody waits for a token to expire.")
    me = application.identity.operation
    lasts = _SOON
    if application.personal_access_tokens.request_expires_at is None:
        lasts = application.personal_access_tokens.kind.lifetime or 0
    if not lasts:
        raise Missing(f"The personal access tokens of {application.name} have no end, by the document.")
    session = yield from fresh_session(lab, application)
    try:
        token = yield from create(lab, session, "expiry.create", lab.now() + lasts)
    except Blocked:
        lasts = DAY
        token = yield from create(lab, session, "expiry.create", lab.now() + lasts)
    yield Probe("expiry.token_before", lab.call(me, bearer=token.value), me.id)
    # An expiry that is a bare date may mean the end of that day, in whatever time zone.
    yield Wait(lasts + (_late(lab) if lasts < DAY else 2 * DAY))
    yield Probe("expiry.token_after", lab.call(me, bearer=token.value), me.id)
    yield lab.revocation(token, session.access_token, "expiry.revoke")


def refresh_expiry(lab: Lab, application: Application) -> Script:
    """A refresh token that nobody used, after its lifetime."""
    seconds = _lifetime(application) + _late(lab)
    lab.check_wait(seconds)
    yield from cleanup.end_everything(lab)
    session = yield from log_in(lab, application)
    yield Wait(seconds)
    unused, session.refresh_token = session.refresh_token, None
    (exchange,) = yield lab.refresh(application, unused, "expiry.refresh")
    keep(lab, session, exchange)


def session_end(lab: Lab, application: Application) -> Script:
    """A session that is refreshed again and again, after its declared end; where none is declared, after the end of its first token."""
    lab.only_at_one(application, has_refresh)
    lifetime, margin = _lifetime(application), lab.contract.tokens.clock_skew + MARGIN
    end = application.session_lifetime or lifetime
    step = min(lifetime - 2 * margin, end // 2)
    steps = math.ceil((end - margin) / step) - 1 if step > 0 else math.inf
    if steps > _MOST_STEPS:
        raise Missing(f"A session of {end} seconds takes more than {_MOST_STEPS} refreshes of tokens that live {lifetime} seconds.")
    lab.check_wait(end + _late(lab))
    yield from cleanup.end_everything(lab)
    session = yield from log_in(lab, application)
    for _ in range(int(steps)):
        yield Wait(step)
        yield from rotate(lab, session, "session.step")
    yield Wait(end - steps * step + _late(lab))
    last, session.refresh_token = session.refresh_token, None
    (exchange,) = yield lab.refresh(application, last, "session.end")
    keep(lab, session, exchange)


def _late(lab: Lab) -> int:
    """Seconds after an end from which on no clock is an excuse."""
    return max(lab.contract.tokens.clock_skew, LEEWAY) + MARGIN


def _lifetime(application: Application) -> int:
    lifetime = application.refresh_token.lifetime if application.refresh_token else None
    if lifetime is None:
        raise Missing(f"The contract has no lifetime for the refresh tokens of {application.name}.")
    return lifetime
