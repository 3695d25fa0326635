"""A store whose entries end by themselves, so that memory follows what is alive and not what was ever made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from authproof_mock.clock import Clock

_SMALL = 256


class Expiring(Protocol):
    """Something with an end."""

    @property
    def expires_at(self) -> float:
        """Seconds since the epoch."""
        ...


Entry = TypeVar("Entry", bound=Expiring)


class ExpiringStore(Generic[Entry]):
    """Entries by key. Ended ones are dropped whenever the store has doubled, so adding stays cheap on average."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[str, Entry] = {}
        self._prune_at = _SMALL

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        # Of a copy, so that what is added or dropped meanwhile, also by another thread, disturbs nobody.
        return iter(tuple(self._entries.values()))

    def add(self, key: str, entry: Entry) -> None:
        """Keep `entry` until it ends."""
        if len(self._entries) >= self._prune_at:
            now = self._clock.now()
            self._entries = {key: kept for key, kept in self._entries.items() if kept.expires_at > now}
            self._prune_at = max(_SMALL, 2 * len(self._entries))
        self._entries[key] = entry

    def get(self, key: str) -> Entry | None:
        """The entry of `key`, ended or not, while it is still kept."""
        return self._entries.get(key)

    def drop(self, key: str) -> None:
        """Forget the entry of `key`."""
        self._entries.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
