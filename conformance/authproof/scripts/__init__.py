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
    cookie_values,
    cors,
    identities,
    isolation,
    jwt,
    login_bodies,
    logins,
    logout,
    permissions,
    personal_tokens,
    refresh,
    refused_logins,
    second_factor,
    transport,
    withdrawal,
)
from authproof_spec import Application

ScriptFunction: TypeAlias = Callable[[Lab, Application], Script]

# Failed logins come last: a limiter that they trip must not spoil the rest.
SCRIPTS: Mapping[str, ScriptFunction] = {
    "baseline": baseline.baseline,
    "public": bearer.public,
    "bearer": bearer.bearer,
    "jwt": jwt.jwt,
    "permissions": permissions.permissions,
    "objects": permissions.objects,
    "personal_tokens": personal_tokens.personal_tokens,
    "identities": identities.identities,
    "ownership": identities.ownership,
    "isolation": isolation.isolation,
    "undeclared": isolation.undeclared,
    "second_factor_elsewhere": isolation.second_factor_elsewhere,
    "cors": cors.cors,
    "cross_site": cors.cross_site,
    "transport": transport.transport,
    "refresh": refresh.refresh,
    "ancestor": refresh.ancestor,
    "race": refresh.race,
    "cookie_values": cookie_values.cookie_values,
    "logout": logout.logout,
    "second_factor": second_factor.second_factor,
    "foreign_credentials": isolation.foreign_credentials,
    "other_ways_in": second_factor.other_ways_in,
    "logins": logins.logins,
    "login_bodies": login_bodies.login_bodies,
    "login_sessions": logins.login_sessions,
    "disabled_logins": refused_logins.disabled_logins,
    "refused_logins": refused_logins.refused_logins,
    "withdrawn_permission": withdrawal.withdrawn_permission,
    "disabled_account": withdrawal.disabled_account,
    "expired_challenge": second_factor.expired_challenge,
}
