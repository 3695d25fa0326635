"""Token families: everything that descends from one login, in constant memory each (RFC 9700 section 4.14.2).

A family is *live* until it is revoked or its last token ends. Each refresh token is

    current     the newest one: it is traded for a successor
    in grace    the one just replaced, within the contract's grace, while its successor is unused: answered again
    reused      any other one of a live family: it revokes the family

Tokens of a family carry the identifier `<family>.<random>`, so that all of them are found without being kept.
"""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass

from authproof_mock.clock import Clock
from authproof_mock.expiring import ExpiringStore
from authproof_spec.contract import RotationPolicy


@dataclass(slots=True)
class Family:
    """One login and what descends from it.

    current: identifier of the newest refresh token; parent: of the one before it, which was traded at `traded_at`.
    current_token: the newest refresh token itself, kept only for a grace that answers with it again.
    expires_at: seconds since the epoch after which no token of the family can be valid. ends_at: when the session ends, refreshed or not.
    """

    id: str
    application: str
    account: str
    expires_at: float
    current: str
    ends_at: float = math.inf
    parent: str | None = None
    traded_at: float = 0
    current_token: str | None = None
    revoked: bool = False


class Sessions:
    """Every family there is: the one owner of that state."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._families: ExpiringStore[Family] = ExpiringStore(clock)

    def open(self, application: str, account: str, expires_at: float, ends_at: float = math.inf) -> Family:
        """A new family, of a login."""
        key = secrets.token_hex(16)
        family = Family(key, application, account, expires_at, self.new_identifier(key), ends_at)
        self._families.add(key, family)
        return family

    def new_identifier(self, family: str) -> str:
        """The identifier of one more token of the family."""
        return f"{family}.{secrets.token_hex(8)}"

    def family_of(self, identifier: str) -> Family | None:
        """The family of a token by its identifier; None when it is of none that we know."""
        return self._families.get(identifier.partition(".")[0])

    def is_live(self, family: Family) -> bool:
        """True while the family is neither revoked nor ended."""
        return not family.revoked and min(family.expires_at, family.ends_at) > self._clock.now()

    def is_current(self, family: Family, identifier: str) -> bool:
        """True for the newest refresh token of the family."""
        return identifier == family.current

    def is_in_grace(self, family: Family, identifier: str, policy: RotationPolicy) -> bool:
        """True for the token just replaced, within the grace. It is the parent only as long as its successor is unused."""
        return identifier == family.parent and self._clock.now() < family.traded_at + policy.grace

    def is_reuse(self, family: Family, identifier: str, policy: RotationPolicy) -> bool:
        """True for a refresh token of the family that was used before, and that no grace covers."""
        return not self.is_current(family, identifier) and not self.is_in_grace(family, identifier, policy)

    def advance(self, family: Family, identifier: str, expires_at: float) -> str:
        """Replace the current token, for its holder or for that of its parent in grace; the successor's identifier."""
        if self.is_current(family, identifier):
            family.parent, family.traded_at = identifier, self._clock.now()
        family.current = self.new_identifier(family.id)
        family.expires_at = max(family.expires_at, expires_at)
        return family.current

    def punish(self, family: Family, policy: RotationPolicy) -> None:
        """What follows reuse: the family is revoked, or all of its account's."""
        if policy.revokes_account:
            self.revoke_account(family.account)
        else:
            self.revoke(family.id)

    def list(self) -> tuple[Family, ...]:
        """The live families."""
        return tuple(family for family in self._families if self.is_live(family))

    def revoke(self, key: str) -> bool:
        """Revoke the family of that id; False when there is none. It is kept until its tokens end, so that they stay dead."""
        family = self._families.get(key)
        if family is not None:
            family.revoked, family.current_token = True, None
        return family is not None

    def revoke_account(self, account: str) -> None:
        """Revoke every family of the account."""
        for family in self._families:
            if family.account == account:
                self.revoke(family.id)

    def revoke_all(self) -> None:
        """Revoke every family."""
        for family in self._families:
            self.revoke(family.id)
