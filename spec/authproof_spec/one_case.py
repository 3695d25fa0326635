"""One case of what Schemathesis generates, the same one each time. hypothesis is imported with the first, since that takes a while."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any


def one_case(strategy_of: Callable[[Any], Any]) -> Any:
    """The first case of the strategy that `strategy_of` makes for valid data; None where its schemas allow nothing, or Schemathesis does not understand them.

    strategy_of: takes Schemathesis's generation mode.
    """
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis.configuration import set_hypothesis_home_dir
    from hypothesis.errors import HypothesisException
    from schemathesis import GenerationMode
    from schemathesis.core.errors import SchemathesisError

    cases: list[Any] = []

    try:
        strategy = strategy_of(GenerationMode.POSITIVE)

        @settings(max_examples=1, database=None, derandomize=True, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck))
        @given(strategy)
        def keep(case: Any) -> None:
            cases.append(case)

        with tempfile.TemporaryDirectory() as folder:
            # hypothesis keeps what it computes in the folder at work, which is not ours to write to.
            set_hypothesis_home_dir(folder)
            try:
                keep()
            finally:
                set_hypothesis_home_dir(None)
        return cases[0]
    except (HypothesisException, SchemathesisError, ValueError, TypeError, LookupError, RecursionError):
        return None
