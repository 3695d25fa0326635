"""The scripts of a run: each sends the probes of one subject, and judges nothing.

A script is a generator of steps for one application; see `authproof.lab`. They run in the order of `SCRIPTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from authproof.lab import Lab, Script
from authproof.scripts import (
    access_expiry,
    baseline,
    bearer,
    cookie_values,
    cors,
    expiry,
    identities,
    isolation,
    jwt,
    key_set,
    login_bodies,
    logins,
    logout,
    minted,
    objects,
    opaque,
    operations,
    permissions,
    personal_tokens,
    refresh,
    refused_logins,
    second_factor,
    surface,
    transport,
    withdrawal,
)
from authproof_spec import Application

ScriptFunction: TypeAlias = Callable[[Lab, Application], Script]

# Failed logins come late, and most of them at the end: a limiter that they trip must not spoil the rest.
# What moves the clock comes when everything that counts on time is over.
SCRIPTS: Mapping[str, ScriptFunction] = {
    "baseline": baseline.baseline,
    "lists": operations.lists,
    "public": bearer.public,
    "bearer": bearer.bearer,
    "bearer_in_full": bearer.bearer_in_full,
    "bearer_in_body": bearer.bearer_in_body,
    "methods": surface.methods,
    "paths": surface.paths,
    "existing_objects": objects.objects,
    "jwt": jwt.jwt,
    "opaque": opaque.opaque,
    "key_set": key_set.key_set,
    "minted": minted.minted,
    "permissions": permissions.permissions,
    "objects": permissions.objects,
    "operations": operations.operations,
    "personal_tokens": personal_tokens.personal_tokens,
    "identities": identities.identities,
    "ownership": identities.ownership,
    "creations": personal_tokens.creations,
    "forged_personal_tokens": personal_tokens.forged_tokens,
    "isolation": isolation.isolation,
    "undeclared": isolation.undeclared,
    "second_factor_elsewhere": isolation.second_factor_elsewhere,
    "cors": cors.cors,
    "cross_site": cors.cross_site,
    "transport": transport.transport,
    "refresh": refresh.refresh,
    "cookie_values": cookie_values.cookie_values,
    "logout": logout.logout,
    "reuse": refresh.reuse,
    "ancestor": refresh.ancestor,
    "race": refresh.race,
    "fork": refresh.fork,
    "second_factor": second_factor.second_factor,
    "other_ways_in": second_factor.other_ways_in,
    "logins": logins.logins,
    "disabled_logins": refused_logins.disabled_logins,
    "wrong_secret": refused_logins.wrong_secret,
    "login_bodies": login_bodies.login_bodies,
    "login_sessions": logins.login_sessions,
    "withdrawn_permission": withdrawal.withdrawn_permission,
    "disabled_account": withdrawal.disabled_account,
    "forged_refresh": access_expiry.forged_refresh,
    # These move the clock, after which no earlier session is as it was.
    "expired_challenge": second_factor.expired_challenge,
    "expiry": access_expiry.expiry,
    "token_expiry": expiry.token_expiry,
    "refresh_expiry": expiry.refresh_expiry,
    "session_end": expiry.session_end,
    # After these a limiter may refuse every login.
    "refused_logins": refused_logins.refused_logins,
    "foreign_credentials": isolation.foreign_credentials,
    # A firewall may shut out who asks for these, and the log has everything else in it.
    "neighbours": surface.neighbours,
    "log": surface.log,
}
