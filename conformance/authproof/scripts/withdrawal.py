"""What is taken away while a session goes on: a permission, or the account. Both are given back."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

from authproof.exchange import Exchange, Probe
from authproof.lab import MAIN, Blocked, Hook, Lab, Missing, PersonalToken, Script, Session, Step, Wait
from authproof.methods import SAFE
from authproof.profile import Account, Part
from authproof.scripts import cleanup
from authproof.scripts.permissions import refused_body, restricted
from authproof.scripts.personal_tokens import create
from authproof.scripts.refresh import keep
from authproof_spec import Application, Operation
from authproof_spec.pointer import Json

_SPREAD = 5
"""Seconds that a change of an account may need to be known everywhere."""


def withdrawn_permission(lab: Lab, application: Application) -> Script:
    """A reading operation before and after its permission was taken from the account: with the old access token, the next one, and a personal one.

    Then each writing operation, while the account has every permission but its own.
    """
    operation = _reading(lab, application)
    if operation is None:
        raise Missing(f"The contract has no reading operation of {application.name} that takes a permission.")
    account = lab.session(application, Part.PRIVILEGED).account
    pointer = application.identity.fields.get("permissions") if application.identity else None
    if application.identity is None or pointer is None:
        raise Missing(
            f"The contract does not say where the permissions stand in the who-am-I answer of {application.name}, so they could not be given back."
        )
    lab.hook("set_permissions", account)  # raises Missing before anything is sent
    session = yield from lab.log_in(application, account, "withdrawal.login")
    me = application.identity.operation
    (told,) = yield Probe("withdrawal.me", lab.call(me, bearer=session.access_token), me.id)
    held = told.response.at(pointer) if told.response else None
    if not isinstance(held, list):
        raise Missing(f"The who-am-I answer has no list of permissions at {pointer}, so they could not be given back.")
    token = yield from _personal_token(lab, session, operation)
    yield Probe("withdrawal.before", lab.example_call(operation, bearer=session.access_token), operation.id)
    if token:
        yield Probe("withdrawal.token_before", lab.example_call(operation, bearer=token.value), operation.id)
    give_back = lab.hook("set_permissions", account, permissions=held)
    yield replace(lab.hook("set_permissions", account, permissions=_but(held, operation)), undo=give_back)
    (with_old,) = yield Probe("withdrawal.old_token", lab.example_call(operation, bearer=session.access_token), operation.id)
    if token:
        yield Probe("withdrawal.token_after", lab.example_call(operation, bearer=token.value), operation.id)
    session = yield from _renewed(lab, application, session)
    yield Probe("withdrawal.new_token", lab.example_call(operation, bearer=session.access_token), operation.id)
    for other in restricted(lab, application):
        if other.method not in SAFE and set(_but(held, other)) != set(_but(held, operation)):
            yield replace(lab.hook("set_permissions", account, permissions=_but(held, other)), undo=give_back)
            # Where the token says what it permits, as an old one that is still let in seems to, only the next one knows of the change.
            if with_old.status != 403:
                session = yield from _renewed(lab, application, session)
            # A server that asks for another permission refuses it for its body or its object, and changes nothing.
            body = (refused_body(lab, other) or {}) if other.request_body else None
            yield Probe("withdrawal.all_but_this", lab.call(other, bearer=session.access_token, body=body), other.id)
    yield give_back
    if token:
        yield from cleanup.revoke(lab, token)


def _but(held: Sequence[Json], operation: Operation) -> list[Json]:
    """The permissions `held` without those that `operation` takes."""
    needed = {name for names in operation.bearer_schemes.values() for name in names}
    return [name for name in held if name not in needed]


def _reading(lab: Lab, application: Application) -> Operation | None:
    """A GET operation that takes a permission: of those the first that a personal access token opens, or else the first."""
    found = [operation for operation in restricted(lab, application) if operation.method == "GET"]
    personal = application.personal_access_tokens
    opened = [operation for operation in found if personal and operation.bearer_schemes.get(personal.kind.scheme.name)]
    return next(iter([*opened, *found]), None)


def _personal_token(lab: Lab, session: Session, operation: Operation) -> Generator[Step, Sequence[Exchange], PersonalToken | None]:
    """A personal access token of the session's account that opens `operation`; None when there is none to have, which other checks tell."""
    personal = session.application.personal_access_tokens
    if personal is None or personal.kind.scheme.name not in operation.bearer_schemes:
        return None
    if token := lab.personal_token(session.application, session.account):
        return token
    try:
        return (yield from create(lab, session, "withdrawal.create"))
    except (Missing, Blocked):
        return None


def _renewed(lab: Lab, application: Application, session: Session) -> Generator[Step, Sequence[Exchange], Session]:
    """The session with its next access token, by refresh where there is one, else by another login."""
    if application.refresh and session.refresh_token:
        (exchange,) = yield lab.refresh(application, session.refresh_token, "withdrawal.refresh")
        if lab.renewed(session, exchange):
            return session
    return (yield from lab.log_in(application, session.account, "withdrawal.login_again"))


def disabled_account(lab: Lab, application: Application) -> Script:
    """The tokens of an account before and after it was disabled. At one application.

    The disabled account of the profile, enabled for as long as this takes, spares the sessions of the others.
    """
    lab.only_at_one(application)
    account, enable, disable = _account_to_disable(lab, application)
    is_spare = account.part is Part.DISABLED
    if is_spare:
        yield replace(enable, undo=disable)
    session = yield from lab.log_in(application, account, "disabled.login")
    me = application.identity.operation if application.identity else None
    token = (yield from _personal_token(lab, session, me)) if me else None
    if me:
        yield Probe("disabled.before", lab.call(me, bearer=session.access_token), me.id)
    if me and token:
        yield Probe("disabled.token_before", lab.call(me, bearer=token.value), me.id)
    yield disable if is_spare else replace(disable, undo=enable)
    if me and token:
        yield Probe("disabled.token_after", lab.call(me, bearer=token.value), me.id)
    if me:
        yield from _access_token_afterwards(lab, session, me)
    yield from _refresh_afterwards(lab, session)
    if token or not is_spare:
        yield enable
    if token:
        yield from cleanup.revoke(lab, token)
    if token and is_spare:
        yield disable


def _account_to_disable(lab: Lab, application: Application) -> tuple[Account, Hook, Hook]:
    """The account, and the hooks that enable and disable it. Raises Missing when there is none."""
    for part in (Part.DISABLED, Part.OTHER, *MAIN):
        account = lab.profile.account(application.name, part)
        if account and account.login(application):
            return account, lab.hook("enable_account", account), lab.hook("disable_account", account)
    raise Missing(f"The profile has no account of the application {application.name}.")


def _access_token_afterwards(lab: Lab, session: Session, me: Operation) -> Script:
    """The access token; where it still works, once more when its lifetime is over."""
    (after,) = yield Probe("disabled.after", lab.call(me, bearer=session.access_token), me.id)
    lifetime = session.application.access_token.lifetime
    if after.response and after.response.is_success and lifetime is not None:
        try:
            yield Wait(lifetime + lab.contract.tokens.clock_skew + 1)
        except Missing:
            return  # the check says what is left to say
        yield Probe("disabled.expired", lab.call(me, bearer=session.access_token), me.id)


def _refresh_afterwards(lab: Lab, session: Session) -> Script:
    """The refresh token; where it still works, the next one when the change is surely known everywhere."""
    if session.application.refresh is None or session.refresh_token is None:
        return
    last, session.refresh_token = session.refresh_token, None
    (exchange,) = yield lab.refresh(session.application, last, "disabled.refresh")
    if child := keep(lab, session, exchange):
        yield Wait(_SPREAD)
        (exchange,) = yield lab.refresh(session.application, child, "disabled.refresh_later")
        keep(lab, session, exchange)
