"""The requirements without a check, and why."""

from __future__ import annotations

from collections.abc import Mapping

UNTESTED: Mapping[str, str] = {}
"""Id of each requirement that no check judges, and the reason."""
