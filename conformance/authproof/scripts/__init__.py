"""The scripts of a run: each sends the probes of one subject, and judges nothing.

A script is a generator of steps for one application; see `authproof.lab`. They run in the order of `SCRIPTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from authproof.lab import Lab, Script
from authproof.scripts import baseline, bearer, isolation, jwt, logins, logout, objects, permissions, personal_tokens, refresh, second_factor, surface
from authproof_spec import Application

ScriptFunction: TypeAlias = Callable[[Lab, Application], Script]

# Failed logins come last: a limiter that they trip must not spoil the rest.
SCRIPTS: Mapping[str, ScriptFunction] = {
    "baseline": baseline.baseline,
    "public": bearer.public,
    "bearer": bearer.bearer,
    "bearer_in_full": bearer.bearer_in_full,
    "bearer_in_body": bearer.bearer_in_body,
    "methods": surface.methods,
    "paths": surface.paths,
    "objects": objects.objects,
    "jwt": jwt.jwt,
    "permissions": permissions.permissions,
    "personal_tokens": personal_tokens.personal_tokens,
    "isolation": isolation.isolation,
    "refresh": refresh.refresh,
    "ancestor": refresh.ancestor,
    "race": refresh.race,
    "logout": logout.logout,
    "second_factor": second_factor.second_factor,
    "logins": logins.logins,
    # A firewall may shut out who asks for these, and the log has everything else in it.
    "neighbours": surface.neighbours,
    "log": surface.log,
}
