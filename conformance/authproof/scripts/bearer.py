"""How a protected operation reads its credential."""

from __future__ import annotations

from dataclasses import replace

from authproof.exchange import Headers, Probe
from authproof.lab import MAIN, Lab, Missing, Script
from authproof_spec import Application

GARBAGE = "authproof.garbage"


def public(lab: Lab, application: Application) -> Script:
    """Each public operation that only reads, without credentials; once for all applications."""
    if application is next(iter(lab.contract.applications.values())):
        for operation in lab.contract.operations:
            if operation.is_public and operation.method == "GET":
                yield Probe("public", lab.example_call(operation), operation.id)


def bearer(lab: Lab, application: Application) -> Script:
    """Each protected operation without credentials; then who-am-I with the token in wrong places and odd spellings."""
    for operation in lab.contract.protected_operations:
        if lab.contract.application_of(operation) is application:
            yield Probe("bearer.none", lab.example_call(operation), operation.id)
            yield Probe("bearer.garbage", lab.example_call(operation, bearer=GARBAGE), operation.id)
    if application.identity is None:
        raise Missing(f"The contract has no who-am-I operation for {application.name}.")
    operation = application.identity.operation
    session = lab.session(application, *MAIN)
    token = session.access_token
    spellings: dict[str, Headers] = {
        "bearer.lower_case": (("Authorization", f"bearer {token}"),),
        "bearer.upper_case": (("Authorization", f"BEARER {token}"),),
        "bearer.bare": (("Authorization", token),),
        "bearer.basic": (("Authorization", f"Basic {token}"),),
        "bearer.token": (("Authorization", f"Token {token}"),),
        "bearer.empty": (("Authorization", "Bearer"),),
        "bearer.null": (("Authorization", "Bearer null"),),
        "bearer.trailing": (("Authorization", f"Bearer {token} x"),),
        "bearer.other_header": (("X-Access-Token", token), ("X-Auth-Token", token), ("X-Authorization", f"Bearer {token}")),
    }
    for name, headers in spellings.items():
        yield Probe(name, lab.call(operation, headers=headers), operation.id)
    query = "&".join(f"{name}={token}" for name in ("access_token", "token", "jwt", "auth"))
    yield Probe("bearer.query", lab.call(operation, query=query), operation.id)
    cookies = {"access_token": token, "token": token}
    if application.cookie and session.refresh_token:
        cookies[application.cookie.name] = session.refresh_token
    yield Probe("bearer.cookie", lab.call(operation, cookies=cookies), operation.id)
    rescue = lab.call(operation, bearer=GARBAGE, query=f"access_token={token}", cookies={"access_token": token})
    yield Probe("bearer.rescue", rescue, operation.id)
    if operation.method == "GET":
        yield Probe("bearer.head", replace(lab.call(operation), method="HEAD"), operation.id)
    yield Probe("bearer.control", lab.call(operation, bearer=token), operation.id)
