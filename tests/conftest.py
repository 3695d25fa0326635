"""Settings of the whole test run."""

from __future__ import annotations

import os

import pytest


@pytest.hookimpl(optionalhook=True)  # pytest-xdist may be switched off
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are processors: some tests wait for servers and clocks, and leave theirs idle."""
    return (os.cpu_count() or 1) + 1
