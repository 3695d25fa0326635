from __future__ import annotations

from authproof_mock.clock import Clock
from authproof_mock.expiring import ExpiringStore
from authproof_mock.second_factor import Challenge


def test_ended_entries_do_not_pile_up(clock: Clock) -> None:
    store: ExpiringStore[Challenge] = ExpiringStore(clock)
    largest = 0
    for number in range(20_000):
        store.add(str(number), Challenge(str(number), "app", "1", clock.now() + 60))
        clock.advance(1)
        largest = max(largest, len(store))
    assert largest <= 256


def test_living_entries_are_all_kept(clock: Clock) -> None:
    store: ExpiringStore[Challenge] = ExpiringStore(clock)
    for number in range(2_000):
        store.add(str(number), Challenge(str(number), "app", "1", clock.now() + 60))
    assert len(store) == 2_000
    assert store.get("0") is not None


def test_a_walk_is_not_disturbed_by_what_is_added_and_dropped(clock: Clock) -> None:
    store: ExpiringStore[Challenge] = ExpiringStore(clock)
    for name in ("1", "2"):
        store.add(name, Challenge(name, "app", "1", clock.now() + 60))
    seen = []
    for challenge in store:
        seen.append(challenge.id)
        store.add(f"{challenge.id}1", challenge)
        store.drop("1")
    assert seen == ["1", "2"]
