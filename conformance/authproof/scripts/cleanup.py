"""The end of a run: nothing that it made stays behind. Raises Missing or Blocked with the reason for what does."""

from __future__ import annotations

from authproof.exchange import Exchange
from authproof.lab import Blocked, Hook, Lab, PersonalToken, Script, Session

_DONE = frozenset({200, 202, 204, 404})


def carry_out(hook: Hook) -> Script:
    """Take back what another hook did."""
    yield hook


def revoke(lab: Lab, token: PersonalToken) -> Script:
    """Revoke `token` by the session that created it, or by a new one where that is over."""
    if token.session is None:
        raise Blocked("it was created without a session of this run")
    (exchange,) = yield lab.revocation(token, token.session, "cleanup.revoke")
    if exchange.status == 401:
        session = yield from lab.log_in(token.application, token.session.account, "cleanup.login")
        (exchange,) = yield lab.revocation(token, session, "cleanup.revoke")
    _expect_done(exchange)


def log_out(lab: Lab, session: Session) -> Script:
    """End `session`."""
    (exchange,) = yield lab.logout(session.application, session.refresh_token, "cleanup.logout")
    _expect_done(exchange)


def _expect_done(exchange: Exchange) -> None:
    if exchange.status not in _DONE:
        raise Blocked(exchange.describe())
