"""The scripts of a run: each sends the probes of one subject, and judges nothing.

A script is a generator of steps for one application; see `authproof.lab`. They run in the order of `SCRIPTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from authproof.lab import Lab, Script
from authproof.scripts import (
    account_changes,
    baseline,
    bearer,
    expiry,
    isolation,
    jwt,
    logins,
    logout,
    permissions,
    personal_tokens,
    refresh,
    second_factor,
)
from authproof_spec import Application

ScriptFunction: TypeAlias = Callable[[Lab, Application], Script]

# Failed logins come late: a limiter that they trip must not spoil the rest. What moves the clock comes last: everything else is then over.
SCRIPTS: Mapping[str, ScriptFunction] = {
    "baseline": baseline.baseline,
    "public": bearer.public,
    "bearer": bearer.bearer,
    "jwt": jwt.jwt,
    "permissions": permissions.permissions,
    "personal_tokens": personal_tokens.personal_tokens,
    "creations": personal_tokens.creations,
    "forged_personal_tokens": personal_tokens.forged_tokens,
    "isolation": isolation.isolation,
    "refresh": refresh.refresh,
    "logout": logout.logout,
    "reuse": refresh.reuse,
    "ancestor": refresh.ancestor,
    "race": refresh.race,
    "fork": refresh.fork,
    "second_factor": second_factor.second_factor,
    "logins": logins.logins,
    "lost_permission": account_changes.lost_permission,
    "lockout": account_changes.lockout,
    "token_expiry": expiry.token_expiry,
    "refresh_expiry": expiry.refresh_expiry,
    "session_end": expiry.session_end,
}
