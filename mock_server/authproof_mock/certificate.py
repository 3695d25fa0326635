"""A certificate of this process's own, for serving over TLS on one's own machine."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import trustme

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# Apple's platforms refuse a server certificate of more than 825 days, also one of an authority that the user trusts.
_PAST, _FUTURE = timedelta(days=1), timedelta(days=396)


@dataclass(frozen=True, slots=True)
class Tls:
    """The server's side of TLS, and the certificate (PEM) of the authority that a client has to trust for it."""

    context: ssl.SSLContext
    authority: bytes


class Certificates:
    """Makes authorities, their certificates, and what is offered with them."""

    def tls(self, host: str) -> Tls:
        """TLS with a new certificate for this machine's loopback names and `host`. Its private keys are in memory alone, once this returns."""
        import trustme

        authority = trustme.CA(organization_name="authproof mock")
        context = self.context()
        self.certificate(authority, list(dict.fromkeys([*_LOOPBACK, host]))).configure_cert(context)
        return Tls(context, self.published(authority))

    def context(self) -> ssl.SSLContext:
        """The versions of TLS on offer: those that this Python deems safe, from 1.2 on."""
        return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    def certificate(self, authority: trustme.CA, names: Sequence[str]) -> trustme.LeafCert:
        """A certificate for `names`."""
        now = datetime.now(UTC)
        return authority.issue_cert(*names, not_before=now - _PAST, not_after=now + _FUTURE)

    def published(self, authority: trustme.CA) -> bytes:
        """The certificate (PEM) that clients are told to trust."""
        return authority.cert_pem.bytes()
