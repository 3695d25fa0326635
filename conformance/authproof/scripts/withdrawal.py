"""What is taken away while a session goes on: a permission, or the account. Both are given back."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

from authproof.exchange import Exchange, Probe
from authproof.lab import MAIN, Lab, Missing, Script, Session, Step, Wait
from authproof.profile import Part
from authproof.scripts.permissions import restricted
from authproof_spec import Application


def withdrawn_permission(lab: Lab, application: Application) -> Script:
    """A reading operation before and after its permission was taken from the account: with the old access token, then with the next one."""
    operation = next((operation for operation in restricted(lab, application) if operation.method == "GET"), None)
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
    yield Probe("withdrawal.before", lab.example_call(operation, bearer=session.access_token), operation.id)
    give_back = lab.hook("set_permissions", account, permissions=held)
    needed = {name for names in operation.bearer_schemes.values() for name in names}
    fewer = [name for name in held if name not in needed]
    yield replace(lab.hook("set_permissions", account, permissions=fewer), undo=give_back)
    yield Probe("withdrawal.old_token", lab.example_call(operation, bearer=session.access_token), operation.id)
    session = yield from _renewed(lab, application, session)
    yield Probe("withdrawal.new_token", lab.example_call(operation, bearer=session.access_token), operation.id)
    yield give_back


def _renewed(lab: Lab, application: Application, session: Session) -> Generator[Step, Sequence[Exchange], Session]:
    """The session with its next access token, by refresh where there is one, else by another login."""
    if application.refresh and session.refresh_token:
        (exchange,) = yield lab.refresh(application, session.refresh_token, "withdrawal.refresh")
        token = lab.access_token_of(application, exchange)
        if token:
            session.access_token, session.refresh_token = token, lab.refresh_token_of(application, exchange) or session.refresh_token
            return session
    return (yield from lab.log_in(application, session.account, "withdrawal.login_again"))


def disabled_account(lab: Lab, application: Application) -> Script:
    """An access token before and after its account was disabled; where it still works, until its lifetime is over. At the first application only."""
    if application is not next(iter(lab.contract.applications.values())):
        raise Missing("One application shows it: the first one is asked.")
    if application.identity is None:
        raise Missing(f"The contract has no who-am-I operation for {application.name}.")
    me = application.identity.operation
    account = lab.session(application, Part.OTHER, *MAIN).account
    give_back = lab.hook("enable_account", account)
    disable = replace(lab.hook("disable_account", account), undo=give_back)
    session = yield from lab.log_in(application, account, "disabled.login")
    yield Probe("disabled.before", lab.call(me, bearer=session.access_token), me.id)
    yield disable
    (after,) = yield Probe("disabled.after", lab.call(me, bearer=session.access_token), me.id)
    lifetime = application.access_token.lifetime
    if after.response and after.response.is_success and lifetime is not None:
        try:
            yield Wait(lifetime + lab.contract.tokens.clock_skew + 1)
        except Missing:
            pass  # the check says what is left to say
        else:
            yield Probe("disabled.expired", lab.call(me, bearer=session.access_token), me.id)
    yield give_back
