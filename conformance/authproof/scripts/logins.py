"""Every way to log in, and the refusals of the first one: as few failed logins as prove the point."""

from __future__ import annotations

from authproof.exchange import Probe
from authproof.lab import MAIN, Blocked, Lab, Script
from authproof.profile import SECRETS, Part
from authproof_spec import Application


def logins(lab: Lab, application: Application) -> Script:
    """The further logins that the account can use; then a missing field, and a wrong, an unknown and a disabled account."""
    account = lab.session(application, *MAIN).account
    first = account.login(application)
    for login in application.logins:
        if login is not first and account.can_use(login):
            try:
                yield from lab.log_in(application, account, "login.other_route", login)
            except Blocked:
                continue  # the check of this route judges the answer itself
    if first is None:
        return
    yield Probe("login.empty", lab.call(first.operation, body={}), first.operation.id)
    attributes = set(first.credentials.values())
    secret = next((name for name in SECRETS if name in attributes), None)
    if secret is None:
        return
    right = account.attributes[secret]
    wrong = lab.secret(right.swapcase() if right.swapcase() != right else right + "x", "wrong_password")
    body = lab.credentials(first, account, **{secret: wrong})
    yield Probe("login.wrong_secret", lab.call(first.operation, body=body), first.operation.id)
    identifier = next((name for name in first.credentials.values() if name in {"email", "username"}), None)
    if identifier and lab.may_fail_a_login():
        nobody = f"authproof-{lab.run_id}" + ("@example.com" if identifier == "email" else "")
        body = lab.credentials(first, account, **{identifier: nobody, secret: wrong})
        yield Probe("login.unknown", lab.call(first.operation, body=body), first.operation.id)
    disabled = lab.profile.account(application.name, Part.DISABLED)
    if disabled and disabled.can_use(first):
        yield Probe("login.disabled", lab.call(first.operation, body=lab.credentials(first, disabled)), first.operation.id)
