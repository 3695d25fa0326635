"""What refresh tokens and personal access tokens are worth once their account was locked out or has lost a permission. All of it is taken back."""

from __future__ import annotations

from dataclasses import replace

from authproof.exchange import Probe
from authproof.lab import MAIN, Blocked, Hook, Lab, Missing, Script, Wait
from authproof.profile import Account, Part
from authproof.scripts import cleanup
from authproof.scripts.personal_tokens import create
from authproof.scripts.refresh import keep
from authproof_spec import Application, Operation

_SPREAD = 5
"""Seconds that a change of an account may need to be known everywhere."""


def lockout(lab: Lab, application: Application) -> Script:
    """A refresh token and a personal access token of an account that is disabled after they were given.

    The disabled account of the profile, enabled for as long as this takes, spares the sessions of the others.
    """
    account, enable, disable = _account_to_lock_out(lab, application)
    if account.part is Part.DISABLED:
        yield replace(enable, undo=disable)
    session = yield from lab.log_in(application, account, "lockout.login")
    me = application.identity.operation if application.identity else None
    token = None
    if me and application.personal_access_tokens:
        try:
            token = yield from create(lab, session, "lockout.create")
        except Blocked:
            pass  # the checks of creation say so
        else:
            yield Probe("lockout.token_before", lab.call(me, bearer=token.value), me.id)
    yield disable if account.part is Part.DISABLED else replace(disable, undo=enable)
    if application.refresh and session.refresh_token:
        (exchange,) = yield lab.refresh(application, session.refresh_token, "lockout.refresh")
        session.refresh_token = None
        if child := keep(lab, session, exchange):
            yield Wait(_SPREAD)
            (exchange,) = yield lab.refresh(application, child, "lockout.refresh_later")
            keep(lab, session, exchange)
    if me and token:
        yield Probe("lockout.token_after", lab.call(me, bearer=token.value), me.id)
        yield enable
        yield from cleanup.revoke(lab, token)
    if account.part is not Part.DISABLED:
        yield enable
    elif token:
        yield disable


def _account_to_lock_out(lab: Lab, application: Application) -> tuple[Account, Hook, Hook]:
    """The account, and the hooks that enable and disable it. Raises Missing when there is none."""
    for part in (Part.DISABLED, Part.OTHER, *MAIN):
        account = lab.profile.account(application.name, part)
        if account and account.login(application):
            return account, lab.hook("enable_account", account), lab.hook("disable_account", account)
    raise Missing(f"The profile has no account of the application {application.name}.")


def lost_permission(lab: Lab, application: Application) -> Script:
    """A personal access token at an operation with a permission, before and after its account lost all permissions."""
    operation = _restricted(lab, application)
    identity = application.identity
    place = identity.fields.get("permissions") if identity else None
    if operation is None or identity is None or place is None:
        raise Missing(
            f"{application.name} has no reading operation that takes a permission and a personal access token, or does not tell permissions."
        )
    session = lab.session(application, Part.PRIVILEGED)
    take = lab.hook("set_permissions", session.account, permissions=[])
    (told,) = yield Probe("rights.identity", lab.call(identity.operation, bearer=session.access_token), identity.operation.id)
    held = told.response.at(place) if told.response else None
    if not isinstance(held, list):
        raise Blocked(f"The who-am-I answer has no list of permissions at {place}, so they could not be given back.")
    token = lab.personal_token(application, session.account) or (yield from create(lab, session, "rights.create"))
    yield Probe("rights.before", lab.example_call(operation, bearer=token.value), operation.id)
    give_back = lab.hook("set_permissions", session.account, permissions=held)
    yield replace(take, undo=give_back)
    yield Probe("rights.after", lab.example_call(operation, bearer=token.value), operation.id)
    yield give_back
    yield from cleanup.revoke(lab, token)


def _restricted(lab: Lab, application: Application) -> Operation | None:
    """A GET operation that a personal access token opens with a permission."""
    personal = application.personal_access_tokens
    name = personal.kind.scheme.name if personal else ""
    return next((found for found in lab.contract.protected_operations if found.method == "GET" and found.bearer_schemes.get(name)), None)
