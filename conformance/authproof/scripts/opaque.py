"""Opaque access tokens that are almost good. Of JWTs the script `jwt` sends such ones in many more ways."""

from __future__ import annotations

from authproof.exchange import Probe
from authproof.lab import MAIN, Lab, Missing, Script
from authproof.scripts.altered import altered_values, opaque_forgeries
from authproof.scripts.bearer import who_am_i
from authproof.scripts.forgeries import asked_elsewhere, elsewhere
from authproof_spec import Application


def opaque(lab: Lab, application: Application) -> Script:
    """Who-am-I with each of them, and with the good one; every other protected operation with one of them."""
    if not application.access_token.opaque:
        raise Missing(f"The access tokens of {application.name} are JWTs.")
    operation, session = who_am_i(lab, application), lab.session(application, *MAIN)
    token = session.access_token
    for variant, altered in (*altered_values(token), *opaque_forgeries(token)):
        yield Probe("opaque.altered", lab.call(operation, bearer=lab.secret(altered, "forged_token")), operation.id, variant)
    yield Probe("opaque.control", lab.call(operation, bearer=token), operation.id)
    variant, altered = next(altered_values(token))
    for other in elsewhere(lab, application):
        call = lab.example_call(other, bearer=lab.secret(altered, "forged_token"))
        yield from asked_elsewhere(lab, session, Probe("opaque.altered", call, other.id, variant))
