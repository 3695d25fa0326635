"""A certificate of this process's own, for serving over TLS on one's own machine."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

import trustme

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Tls:
    """The server's side of TLS, and the certificate (PEM) of the authority that a client has to trust for it."""

    context: ssl.SSLContext
    authority: bytes


def new_tls(host: str) -> Tls:
    """TLS with a new certificate for this machine's loopback names and `host`. Its private keys are in memory alone, once this returns."""
    authority = trustme.CA(organization_name="authproof mock")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*dict.fromkeys([*_LOOPBACK, host])).configure_cert(context)
    return Tls(context, authority.cert_pem.bytes())
