"""What a client offers in a TLS handshake, to find out what a target agrees to. No I/O."""

from __future__ import annotations

import ssl
import warnings


def only(version: str) -> ssl.SSLContext:
    """A client that offers `version`, such as TLSv1.1, and nothing else, however weak; the certificate is not what it asks about."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # OpenSSL has the old versions on its lowest level of security alone.
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version.replace(".", "_")]
    return context


def can_be_offered(context: ssl.SSLContext) -> bool:
    """True when this machine's TLS library writes a first message for `context`; some are built without the old versions."""
    written = ssl.MemoryBIO()
    try:
        context.wrap_bio(ssl.MemoryBIO(), written, server_hostname="target").do_handshake()
    except ssl.SSLWantReadError:
        return written.pending > 0
    except ssl.SSLError:
        return False
    return True
