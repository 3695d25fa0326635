"""How the target is reached: TLS, and whether anything is served without it."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from authproof.exchange import Probe
from authproof.lab import Greeting, Lab, Missing, Script
from authproof_spec import Application

OLD_VERSIONS = ("TLSv1", "TLSv1.1")
"""What nobody is to offer any more (RFC 8996)."""


def transport(lab: Lab, application: Application) -> Script:
    """A handshake as a client does it, one with each old version alone, and a request without TLS and without a credential; once for all."""
    if application is not next(iter(lab.contract.applications.values())):
        raise Missing("All applications are reached alike: it was asked once.")
    is_secure = urlsplit(lab.profile.url).scheme == "https"
    if not is_secure and lab.profile.is_rehearsal:
        raise Missing("The target is asked over plain http inside a machine or a private network, which tells nothing of how its clients reach it.")
    yield Greeting()
    if is_secure:
        for version in OLD_VERSIONS:
            yield Greeting(version)
        operation = application.identity.operation if application.identity else application.logins[0].operation
        request = replace(lab.call(operation), method="GET", body=None, plain=True)
        # What answers need not be the application, so this is a request of no operation.
        yield Probe("transport.plain", request)
