"""Personal access tokens: a record of each, looked up on every use."""

from __future__ import annotations

import builtins
import math
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from authproof_mock.clock import Clock
from authproof_spec.pointer import Json

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(slots=True)
class PersonalAccessToken:
    """The record of one token, never the token itself. Its id is the token's identifier; times are in seconds since the epoch.

    expires_at: infinity for a token without an end.
    """

    id: str
    application: str
    account: str
    name: str
    created_at: float
    expires_at: float
    used_at: float | None = None
    revoked: bool = False


class PersonalAccessTokenStore:
    """Every record there is: the one owner of that state."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._records: dict[str, PersonalAccessToken] = {}

    def create(self, application: str, account: str, name: str, expires_at: float) -> PersonalAccessToken:
        """A new record."""
        record = PersonalAccessToken(str(uuid.uuid4()), application, account, name, self._clock.now(), expires_at)
        self._records[record.id] = record
        return record

    def usable(self, identifier: str, application: str, account: str) -> PersonalAccessToken | None:
        """The record of a token that authenticates now; None when it is unknown, revoked, expired or another account's."""
        record = self.owned(identifier, application, account)
        if record is None or self.is_revoked(record) or record.expires_at <= self._clock.now():
            return None
        return record

    def is_revoked(self, record: PersonalAccessToken) -> bool:
        """True once the record's token is revoked."""
        return record.revoked

    def owned(self, identifier: str, application: str, account: str) -> PersonalAccessToken | None:
        """The record of that id, when it is that account's own."""
        record = self._records.get(identifier)
        if record is None or (record.application, record.account) != (application, account):
            return None
        return record

    def owned_by(self, application: str, account: str) -> builtins.list[PersonalAccessToken]:
        """The records of the account, revoked and expired ones too, oldest first."""
        return [record for record in self._records.values() if (record.application, record.account) == (application, account)]

    def mark_used(self, record: PersonalAccessToken) -> None:
        """Note that the token was accepted just now."""
        record.used_at = self._clock.now()

    def list(self) -> tuple[PersonalAccessToken, ...]:
        """Every record."""
        return tuple(self._records.values())

    def revoke(self, identifier: str) -> bool:
        """Revoke the token of that id; False when there is none. The record stays."""
        record = self._records.get(identifier)
        if record is not None:
            record.revoked = True
        return record is not None

    def drop_account(self, account: str) -> None:
        """Forget the records of a deleted account."""
        self._records = {key: record for key, record in self._records.items() if record.account != account}

    def clear(self) -> None:
        """Forget everything."""
        self._records.clear()


def moment(value: Json) -> float:
    """Seconds since the epoch of an RFC 3339 date-time, or of the end of a full date in UTC. Raises ValueError."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        return datetime.fromisoformat(value).replace(hour=23, minute=59, second=59, tzinfo=UTC).timestamp()
    if isinstance(value, str) and _DATE_TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC).timestamp()
        except OverflowError:
            raise ValueError("in no year that UTC has here") from None
    raise ValueError("neither a date-time nor a date of RFC 3339")


def text(seconds: float | None) -> str | None:
    """The RFC 3339 date-time, in UTC and whole seconds, of `seconds` since the epoch; None of what never was, or never will be."""
    return None if seconds is None or math.isinf(seconds) else datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
