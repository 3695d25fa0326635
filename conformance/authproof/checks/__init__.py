"""The checks: each turns what a run recorded into a judgement of one requirement. They send nothing."""

from __future__ import annotations

from authproof.checks import (
    bearer,
    cookie,
    cors,
    errors,
    isolation,
    jwt,
    login,
    login_bodies,
    logout,
    ownership,
    permissions,
    personal_tokens,
    refresh,
    second_factor,
    transport,
)
from authproof.checks.registry import Check, Subjects, check

_MODULES = (bearer, jwt, cookie, login, login_bodies, second_factor, refresh, logout, permissions, ownership, personal_tokens, isolation, cors, transport, errors)

CHECKS: tuple[Check, ...] = tuple(found for module in _MODULES for found in vars(module).values() if isinstance(found, Check))
"""Every check, in the order of the catalogue's areas."""

__all__ = ["CHECKS", "Check", "Subjects", "check"]
