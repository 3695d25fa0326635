"""Tokens of one application, offered to another, and tokens of one kind, offered as another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from authproof.exchange import Probe
from authproof.lab import MAIN, Lab, Missing, Script, Session
from authproof.profile import SECRETS, Account, Part
from authproof.scripts.forgeries import elsewhere
from authproof.scripts.permissions import restricted
from authproof.scripts.personal_tokens import token_body
from authproof_spec import Application

NAMES = ("email", "username")
"""The attributes that name a person."""
UNDECLARED = "authproof"
"""A name that no document gives to an application of its own."""


def isolation(lab: Lab, application: Application) -> Script:
    """The application's access token at every other who-am-I; its refresh token as bearer; its access token as cookie."""
    session = lab.session(application, *MAIN)
    for other in lab.contract.applications.values():
        if other is not application and other.identity:
            yield Probe("isolation.access", lab.call(other.identity.operation, bearer=session.access_token), other.identity.operation.id)
            yield from _at_other_operations(lab, other, session)
        if other is not application and other.refresh and session.refresh_token:
            yield lab.refresh(other, session.refresh_token, "isolation.refresh")
    if application.identity and session.refresh_token:
        operation = application.identity.operation
        yield Probe("isolation.refresh_as_bearer", lab.call(operation, bearer=session.refresh_token), operation.id)
    if application.refresh:
        yield lab.refresh(application, session.access_token, "isolation.access_as_refresh")


def _at_other_operations(lab: Lab, other: Application, session: Session) -> Iterator[Probe]:
    """The token at every other operation of `other`, once; with the key of the target the script `minted` asks that with tokens of its own."""
    strangers = [application for application in lab.contract.applications.values() if application is not other]
    if lab.profile.signing_key is None and session.application is strangers[0]:
        for operation in elsewhere(lab, other):
            yield Probe("isolation.access", lab.example_call(operation, bearer=session.access_token), operation.id)


def undeclared(lab: Lab, application: Application) -> Script:
    """The application's who-am-I, with a name that the document does not know in place of the application's own."""
    if application.identity is None:
        raise Missing(f"The contract has no who-am-I operation for {application.name}.")
    operation = application.identity.operation
    segments = operation.encoded_path.split("/")
    if application.name not in segments:
        raise Missing(f"The path of {operation.name} does not name the application.")
    session = lab.session(application, *MAIN)
    request = lab.call(operation, bearer=session.access_token)
    elsewhere = "/".join(UNDECLARED if segment == application.name else segment for segment in request.target.split("/"))
    # What is asked is no operation of the document, so no check of one is to take the answer for its own.
    yield Probe("undeclared", replace(request, target=elsewhere), variant=application.name)


def foreign_credentials(lab: Lab, application: Application) -> Script:
    """The credentials of an account that another application alone knows; at the last application only, since each costs a failed login."""
    if application is not list(lab.contract.applications.values())[-1]:
        raise Missing("One application shows it, and each attempt costs a failed login: the last application is asked.")
    own = lab.session(application, *MAIN).account
    known = [account for account in lab.profile.accounts if account.application == application.name]
    # What the login asks for besides credentials, such as the name of a survey, is right.
    context = {name: value for name, value in own.attributes.items() if name not in {*SECRETS, *NAMES}}
    for account in lab.profile.accounts:
        mixed = replace(account, application=application.name, attributes={**context, **account.attributes})
        login = mixed.login(application)
        is_foreign = account.application != application.name and account.part in MAIN and not any(_is_same_person(account, each) for each in known)
        if not is_foreign or login is None:
            continue
        if not lab.may_fail_a_login():
            raise Missing("The budget of failed logins is used up.")
        (exchange,) = yield Probe("isolation.credentials", lab.call(login.operation, body=lab.credentials(login, mixed)), login.operation.id)
        if exchange.response and exchange.response.is_success:
            lab.opened(application, mixed, exchange)
        return
    raise Missing(f"The profile has no account that {application.name} does not know and that could ask for its login.")


def second_factor_elsewhere(lab: Lab, application: Application) -> Script:
    """A session of another application without a second factor, for an account that carries one here; its tokens are offered here."""
    if application.second_factor is None:
        raise Missing(f"The contract has no second factor for {application.name}.")
    protected = lab.profile.account(application.name, Part.SECOND_FACTOR)
    accounts = (
        (other, account)
        for other in lab.contract.applications.values()
        for account in lab.profile.accounts
        if other is not application and other.second_factor is None and account.application == other.name
    )
    found = next(((other, account) for other, account in accounts if protected and _is_same_person(account, protected)), None)
    if found is None:
        raise Missing("The profile has no account with a second factor that is in another application without one, too.")
    session = yield from lab.log_in(*found, "elsewhere.login")
    reached = [application.identity.operation] if application.identity else []
    # With the key of the target the script `minted` asks every operation with tokens for another audience.
    asks_all = lab.profile.signing_key is None
    reached += [operation for operation in restricted(lab, application) if operation.method == "GET"][:1] if asks_all else []
    for operation in reached:
        yield Probe("elsewhere.access", lab.call(operation, bearer=session.access_token), operation.id)
    if asks_all and (personal := application.personal_access_tokens):
        request = lab.call(personal.create, bearer=session.access_token, body=token_body(lab, personal))
        yield Probe("elsewhere.access", request, personal.create.id)
    if application.refresh:
        yield lab.refresh(application, session.refresh_token, "elsewhere.refresh")


def _is_same_person(one: Account, other: Account) -> bool:
    """True when both are called alike."""
    return any(name in one.attributes and one.attributes[name] == other.attributes.get(name) for name in NAMES)
