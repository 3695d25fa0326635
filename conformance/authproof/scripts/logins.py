"""Every way to log in with the right credentials, and what may come along with them."""

from __future__ import annotations

import secrets
from contextlib import suppress

from authproof.exchange import Probe
from authproof.lab import MAIN, Blocked, Lab, Missing, Script
from authproof_spec import Application, Contract
from authproof_spec.contract import Login
from authproof_spec.pointer import Json


def logins(lab: Lab, application: Application) -> Script:
    """Each further login that the account can use."""
    account = lab.session(application, *MAIN).account
    first = account.login(application)
    for login in application.logins:
        if login is not first and account.can_use(login):
            with suppress(Blocked):  # the check of this route judges the answer itself
                yield from lab.log_in(application, account, "login.other_route", login)


def login_sessions(lab: Lab, application: Application) -> Script:
    """A login with a made-up refresh cookie; then one with that session's cookie, and with members that nobody asked for."""
    account = lab.session(application, *MAIN).account
    login = account.login(application)
    lab.only_at_one(application)
    if login is None:
        raise Missing(f"The profile's account has not what a login of {application.name} asks for.")
    body = lab.credentials(login, account)
    cookies: dict[str, str] = {}
    if application.cookie and application.refresh:
        made_up = lab.secret(f"authproof-{secrets.token_urlsafe(32)}", "made_up_refresh_token")
        request = lab.call(login.operation, body=body, cookies={application.cookie.name: made_up})
        (answer,) = yield Probe("login.with_cookie", request, login.operation.id)
        with suppress(Blocked):
            session = lab.spare[application.name] = lab.opened(application, account, answer)
            cookies[application.cookie.name] = session.refresh_token or made_up
        yield lab.refresh(application, made_up, "login.made_up_cookie")
    request = lab.call(login.operation, body={**_powers(lab.contract, login), **body}, cookies=cookies)
    (answer,) = yield Probe("login.extra_members", request, login.operation.id)
    if answer.response is None or not answer.response.is_success:
        return  # a refusal is lawful
    session = lab.opened(application, account, answer)
    if application.identity:
        me = application.identity.operation
        yield Probe("login.extra_identity", lab.call(me, bearer=session.access_token), me.id)


def _powers(contract: Contract, login: Login) -> dict[str, Json]:
    """Members that would raise the caller's power if a server took them over, but for those that the document has."""
    permissions = sorted({name for operation in contract.operations for names in operation.bearer_schemes.values() for name in names})
    audiences = sorted({name for app in contract.applications.values() for kind in app.token_kinds for name in kind.audience})
    wanted: dict[str, Json] = {
        "role": "admin",
        "roles": ["admin"],
        "isAdmin": True,
        "permissions": list(permissions),
        "scope": " ".join(permissions),
        "userId": 1,
        "aud": list(audiences),
    }
    return {name: value for name, value in wanted.items() if name not in _declared_members(contract, login)}


def _declared_members(contract: Contract, login: Login) -> set[str]:
    body = login.operation.request_body
    pointers = [media.schema for media in body.content if media.schema] if body else []
    schemas = [contract.document.resolve({"$ref": f"#{pointer}"}) for pointer in pointers]
    return {name for schema in schemas if isinstance(schema, dict) for name in schema.get("properties", {})}
