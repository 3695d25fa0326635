"""The checks: each turns what a run recorded into a judgement of one requirement. They send nothing."""

from __future__ import annotations

from authproof.checks import (
    bearer,
    cookie,
    errors,
    forged_tokens,
    jwt,
    login,
    logout,
    minted_tokens,
    permissions,
    personal_tokens,
    refresh,
    second_factor,
)
from authproof.checks.registry import Check, Subjects, check

_MODULES = (
    bearer,
    jwt,
    forged_tokens,
    minted_tokens,
    cookie,
    login,
    second_factor,
    refresh,
    logout,
    permissions,
    personal_tokens,
    errors,
)

CHECKS: tuple[Check, ...] = tuple(found for module in _MODULES for found in vars(module).values() if isinstance(found, Check))
"""Every check, in the order of the catalogue's areas."""

__all__ = ["CHECKS", "Check", "Subjects", "check"]
