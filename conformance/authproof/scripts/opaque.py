"""Opaque access tokens that are almost good. Of JWTs the script `jwt` sends such ones in many more ways."""

from __future__ import annotations

from authproof.exchange import Probe
from authproof.lab import MAIN, Lab, Missing, Script
from authproof.scripts.altered import altered_values, opaque_forgeries
from authproof.scripts.bearer import who_am_i
from authproof.scripts.forgeries import elsewhere
from authproof_spec import Application


def opaque(lab: Lab, application: Application) -> Script:
    """Who-am-I with each of them, and with the good one; every other protected operation with one of them."""
    if not application.access_token.opaque:
        raise Missing(f"The access tokens of {application.name} are JWTs.")
    operation, token = who_am_i(lab, application), lab.session(application, *MAIN).access_token
    for variant, altered in (*altered_values(token), *opaque_forgeries(token)):
        yield Probe("opaque.altered", lab.call(operation, bearer=lab.secret(altered, "forged_token")), operation.id, variant)
    for other in elsewhere(lab, application):
        variant, altered = next(altered_values(token))
        yield Probe("opaque.altered", lab.example_call(other, bearer=lab.secret(altered, "forged_token")), other.id, variant)
    yield Probe("opaque.control", lab.call(operation, bearer=token), operation.id)
