"""Tokens whose time is over. The target's clock may be moved here, so this comes last."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from authproof.exchange import Exchange, Probe
from authproof.forge import signature
from authproof.forge.minted import LEEWAY
from authproof.lab import MAIN, Lab, Missing, Script, Session, Step, Wait
from authproof.scripts.bearer import has_identity
from authproof.scripts.forgeries import elsewhere
from authproof.scripts.refresh import has_refresh, leave
from authproof.vault import decode
from authproof_spec import Application
from authproof_spec.contract import Meaning


def forged_refresh(lab: Lab, application: Application) -> Script:
    """A refresh token that is both expired and wrongly signed. A server that believes it may end the session, which nobody needs any more.

    At one application, whose guard of refresh tokens stands for all.
    """
    lab.only_at_one(application, has_refresh)
    token = lab.session(application, *MAIN).refresh_token or ""
    if None in decode(token):
        raise Missing(f"The refresh token of {application.name} is no JWT, or there is none.")
    names = lab.contract.tokens.claims_meaning(Meaning.EXPIRES_AT)
    forged = signature.expired_and_forged(token, names, lab.now())[""]
    yield lab.refresh(application, lab.secret(forged, "forged_token"), "expiry.forged_refresh")


def expiry(lab: Lab, application: Application) -> Script:
    """A good access token before and after its time. With a signing key one is minted instead, which takes no time."""
    if application.identity is None:
        raise Missing(f"The contract has no who-am-I operation for {application.name}.")
    if lab.profile.signing_key and not application.access_token.opaque:
        if not lab.hooks.offers("advance_clock"):
            return
        lab.only_at_one(application, has_identity)
    session = yield from fresh_session(lab, application)
    operation, token = application.identity.operation, session.access_token
    (before,) = yield Probe("expiry.before", lab.call(operation, bearer=token), operation.id)
    named = _ends(lab, token)
    remaining = min(named) - lab.server_time(before) if named else application.access_token.lifetime or 0
    # A clock that can be moved leaves no doubt; to wait in fact, not a second longer than the document says.
    tolerance = lab.contract.tokens.clock_skew
    certain = lab.hooks.offers("advance_clock")
    yield Wait(max(0.0, remaining) + (max(tolerance, LEEWAY) if certain else tolerance) + 2)
    when = "long after its expiry" if certain else "just after its expiry"
    yield Probe("expiry.after", lab.call(operation, bearer=token), operation.id, when)
    yield from leave(lab, session, "expiry.refreshed")
    if lab.profile.signing_key and not application.access_token.opaque:
        return  # the script `minted` asks every operation with an expired token of its own
    for other in elsewhere(lab, application):
        yield Probe("expiry.after", lab.example_call(other, bearer=token), other.id, when)


def fresh_session(lab: Lab, application: Application) -> Generator[Step, Sequence[Exchange], Session]:
    """The spare session if its access token surely is not over, else a new one. Raises Missing or Blocked."""
    spare = lab.spare.get(application.name)
    ends = _ends(lab, spare.access_token) if spare else ()
    if spare and (min(ends) < lab.now() + LEEWAY if ends else lab.moved):
        del lab.spare[application.name]
    return (yield from lab.spare_or_new(application))


def _ends(lab: Lab, token: str) -> list[float]:
    """When `token` ends by its own claims, in seconds since the epoch; nothing where it has none that can be read."""
    claims = decode(token)[1] or {}
    return [value for name in lab.contract.tokens.claims_meaning(Meaning.EXPIRES_AT) if isinstance(value := claims.get(name), int | float)]
