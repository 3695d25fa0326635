"""A certificate of this process's own, for serving over TLS on one's own machine."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import trustme

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# Apple's platforms refuse a server certificate of more than 825 days, also one of an authority that the user trusts.
_PAST, _FUTURE = timedelta(days=1), timedelta(days=396)


@dataclass(frozen=True, slots=True)
class Tls:
    """The server's side of TLS, and the certificate (PEM) of the authority that a client has to trust for it."""

    context: ssl.SSLContext
    authority: bytes


def new_tls(host: str) -> Tls:
    """TLS with a new certificate for this machine's loopback names and `host`. Its private keys are in memory alone, once this returns."""
    authority = trustme.CA(organization_name="authproof mock")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    now = datetime.now(UTC)
    leaf = authority.issue_cert(*dict.fromkeys([*_LOOPBACK, host]), not_before=now - _PAST, not_after=now + _FUTURE)
    leaf.configure_cert(context)
    return Tls(context, authority.cert_pem.bytes())
