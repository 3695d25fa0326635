"""The legitimate flow: every account logs in and asks who it is."""

from __future__ import annotations

from authproof.exchange import Exchange, Probe
from authproof.lab import MAIN, Blocked, Lab, Missing, Script
from authproof.profile import Part
from authproof_spec import Application


def baseline(lab: Lab, application: Application) -> Script:
    """Open the session of each account of the application and ask for its identity; last without a credential, which tells what that answer is worth."""
    for part in (*MAIN, Part.OTHER, *(account.part for account in lab.profile.roles(application.name) if account.part not in MAIN)):
        account = lab.profile.account(application.name, part)
        if account is None:
            continue
        try:
            session = yield from lab.log_in(application, account)
        except (Missing, Blocked) as reason:
            lab.refusals[application.name, part] = reason
            continue
        lab.sessions[application.name, part] = session
        if application.identity:
            operation = application.identity.operation
            (told,) = yield Probe("identity.control", lab.call(operation, bearer=session.access_token), operation.id, part)
            session.identifier = _identifier(application, told)
    if application.identity:
        yield Probe("bearer.none", lab.example_call(application.identity.operation), application.identity.operation.id)
    lab.session(application, *MAIN)


def _identifier(application: Application, told: Exchange) -> str | None:
    """The id of the account that the who-am-I answer names; None when it names none."""
    pointer = application.identity.fields.get("id") if application.identity else None
    found = told.response.at(pointer) if told.response and pointer else None
    return str(found) if isinstance(found, str | int) else None
