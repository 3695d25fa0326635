"""The checks: each turns what a run recorded into a judgement of one requirement. They send nothing."""

from __future__ import annotations

from authproof.checks import (
    bearer,
    cookie,
    creations,
    errors,
    jwt,
    login,
    logout,
    permissions,
    personal_tokens,
    refresh,
    rotation,
    second_factor,
    token_use,
)
from authproof.checks.registry import Check, Subjects, check

_MODULES = (bearer, jwt, cookie, login, second_factor, refresh, rotation, logout, permissions, personal_tokens, token_use, creations, errors)

CHECKS: tuple[Check, ...] = tuple(found for module in _MODULES for found in vars(module).values() if isinstance(found, Check))
"""Every check, in the order of the catalogue's areas."""

__all__ = ["CHECKS", "Check", "Subjects", "check"]
