from __future__ import annotations

import time

from authproof_mock.clock import Clock


def test_it_is_the_real_time_until_moved() -> None:
    assert abs(Clock().now() - time.time()) < 5


def test_it_moves_and_goes_on() -> None:
    moments = iter([100.0, 200.0, 300.0, 400.0, 500.0])
    clock = Clock(lambda: next(moments))
    clock.advance(50)
    assert clock.now() == 150
    clock.set(1000)
    assert clock.now() == 1100
    clock.reset()
    assert clock.now() == 400
