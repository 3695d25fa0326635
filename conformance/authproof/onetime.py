"""One-time codes (RFC 6238), as the secret of an account tells them."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

_HASHES = {"SHA1": "sha1", "SHA256": "sha256", "SHA512": "sha512"}


@dataclass(frozen=True, slots=True)
class Totp:
    """A generator of codes. `secret` is in base32, `interval` in seconds."""

    secret: str = field(repr=False)
    digits: int = 6
    interval: int = 30
    algorithm: str = "SHA1"

    def at(self, moment: float) -> str:
        """The code of the time step of `moment`, in seconds since the epoch (RFC 4226 section 5.3). Raises ValueError when the secret is no base32."""
        step = int(moment) // self.interval
        digest = hmac.digest(_decoded(self.secret), step.to_bytes(8, "big"), _HASHES[self.algorithm])
        start = digest[-1] & 0xF
        number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
        return f"{number % 10**self.digits:0{self.digits}}"


def totp_of(secret: str) -> Totp:
    """The generator of `secret`: base32 text, for six digits every 30 seconds, or an otpauth:// URI, which may say otherwise.

    Raises ValueError when it is neither.
    """
    found = _of_uri(secret) if secret.startswith("otpauth:") else Totp(secret)
    found.at(0)
    return found


def _of_uri(uri: str) -> Totp:
    parts = urlsplit(uri)
    given = {name: values[0] for name, values in parse_qs(parts.query).items()}
    found = Totp(given.get("secret", ""), int(given.get("digits", "6")), int(given.get("period", "30")), given.get("algorithm", "SHA1").upper())
    if parts.netloc != "totp" or found.algorithm not in _HASHES or not 6 <= found.digits <= 10 or found.interval <= 0:
        raise ValueError("it is no URI of time-based codes")
    return found


def _decoded(secret: str) -> bytes:
    plain = secret.replace(" ", "").rstrip("=")
    if not plain:
        raise ValueError("it is empty")
    return base64.b32decode(plain + "=" * (-len(plain) % 8), casefold=True)
