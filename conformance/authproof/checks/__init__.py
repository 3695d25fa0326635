"""The checks: each turns what a run recorded into a judgement of one requirement. They send nothing."""

from __future__ import annotations

from authproof.checks import (
    bearer,
    cookie,
    cors,
    creations,
    document,
    errors,
    forged_tokens,
    isolation,
    jwt,
    login,
    login_bodies,
    logout,
    minted_tokens,
    operations,
    ownership,
    permissions,
    personal_tokens,
    refresh,
    rotation,
    second_factor,
    surface,
    token_use,
    transport,
)
from authproof.checks.registry import Check, Subjects, check

_MODULES = (
    bearer,
    surface,
    jwt,
    forged_tokens,
    minted_tokens,
    cookie,
    login,
    login_bodies,
    second_factor,
    refresh,
    rotation,
    logout,
    permissions,
    ownership,
    personal_tokens,
    token_use,
    creations,
    isolation,
    cors,
    transport,
    errors,
    document,
    operations,
)

CHECKS: tuple[Check, ...] = tuple(found for module in _MODULES for found in vars(module).values() if isinstance(found, Check))
"""Every check, in the order of the catalogue's areas."""

__all__ = ["CHECKS", "Check", "Subjects", "check"]
