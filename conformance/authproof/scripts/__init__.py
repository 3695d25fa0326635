"""The scripts of a run: each sends the probes of one subject, and judges nothing.

A script is a generator of steps for one application; see `authproof.lab`. They run in the order of `SCRIPTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from authproof.lab import Lab, Script
from authproof.scripts import (
    baseline,
    bearer,
    expiry,
    isolation,
    jwt,
    key_set,
    logins,
    logout,
    minted,
    permissions,
    personal_tokens,
    refresh,
    second_factor,
)
from authproof_spec import Application

ScriptFunction: TypeAlias = Callable[[Lab, Application], Script]

# Failed logins come last: a limiter that they trip must not spoil the rest.
SCRIPTS: Mapping[str, ScriptFunction] = {
    "baseline": baseline.baseline,
    "public": bearer.public,
    "bearer": bearer.bearer,
    "jwt": jwt.jwt,
    "key_set": key_set.key_set,
    "minted": minted.minted,
    "permissions": permissions.permissions,
    "personal_tokens": personal_tokens.personal_tokens,
    "isolation": isolation.isolation,
    "refresh": refresh.refresh,
    "ancestor": refresh.ancestor,
    "race": refresh.race,
    "logout": logout.logout,
    "second_factor": second_factor.second_factor,
    "logins": logins.logins,
    "forged_refresh": expiry.forged_refresh,
    "expiry": expiry.expiry,
}
