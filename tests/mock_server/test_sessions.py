from __future__ import annotations

import pytest

from authproof_mock.clock import Clock
from authproof_mock.sessions import Sessions
from authproof_spec.contract import RotationPolicy

STRICT = RotationPolicy()
GRACE = RotationPolicy(grace=10)


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(clock)


def test_the_current_token_is_no_reuse_and_every_older_one_is(sessions: Sessions, clock: Clock) -> None:
    family = sessions.open("admin", "1", clock.now() + 100)
    first = family.current
    second = sessions.advance(family, first, clock.now() + 100)
    third = sessions.advance(family, second, clock.now() + 100)
    assert len({first, second, third}) == 3
    assert [sessions.is_reuse(family, token, STRICT) for token in (first, second, third)] == [True, True, False]
    assert all(sessions.family_of(token) is family for token in (first, second, third))


def test_grace_covers_the_parent_alone_and_only_for_its_time(sessions: Sessions, clock: Clock) -> None:
    family = sessions.open("admin", "1", clock.now() + 100)
    first = family.current
    second = sessions.advance(family, first, clock.now() + 100)
    assert not sessions.is_reuse(family, first, GRACE)
    clock.advance(9.9)
    assert not sessions.is_reuse(family, first, GRACE)
    clock.advance(0.1)
    assert sessions.is_reuse(family, first, GRACE)
    sessions.advance(family, second, clock.now() + 100)
    assert not sessions.is_reuse(family, second, GRACE)
    assert sessions.is_reuse(family, first, GRACE)


def test_an_answer_within_the_grace_does_not_lengthen_it(sessions: Sessions, clock: Clock) -> None:
    family = sessions.open("admin", "1", clock.now() + 100)
    first = family.current
    sessions.advance(family, first, clock.now() + 100)
    clock.advance(6)
    sessions.advance(family, first, clock.now() + 100)
    clock.advance(6)
    assert sessions.is_reuse(family, first, GRACE)


def test_reuse_revokes_the_family_or_the_account(sessions: Sessions, clock: Clock) -> None:
    one, other, foreign = (sessions.open("admin", account, clock.now() + 100) for account in ("1", "1", "2"))
    sessions.punish(one, STRICT)
    assert sessions.list() == (other, foreign)
    sessions.punish(one, RotationPolicy(revokes_account=True))
    assert sessions.list() == (foreign,)


def test_a_revoked_family_is_remembered_until_its_tokens_end(sessions: Sessions, clock: Clock) -> None:
    family = sessions.open("admin", "1", clock.now() + 100)
    assert sessions.revoke(family.id)
    assert not sessions.is_live(family)
    assert sessions.family_of(family.current) is family
    clock.advance(100)
    for _ in range(300):
        sessions.open("admin", "1", clock.now() + 100)
    assert sessions.family_of(family.current) is None


def test_an_unknown_family_cannot_be_revoked(sessions: Sessions) -> None:
    assert not sessions.revoke("unknown")
    assert sessions.family_of("unknown.token") is None
    assert sessions.family_of("") is None


def test_a_family_stays_small_however_often_it_is_refreshed(sessions: Sessions, clock: Clock) -> None:
    family = sessions.open("admin", "1", clock.now() + 100)
    for _ in range(1000):
        sessions.advance(family, family.current, clock.now() + 100)
    assert sum(len(str(getattr(family, name))) for name in family.__slots__) < 500
    assert sessions.list() == (family,)
