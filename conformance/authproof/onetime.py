"""One-time codes (RFC 6238), as the secret of an account tells them."""

from __future__ import annotations

import pyotp


def totp_of(secret: str) -> pyotp.TOTP:
    """The generator of `secret`: base32 text, for six digits every 30 seconds, or an otpauth:// URI, which may say otherwise.

    Raises ValueError when it is neither.
    """
    found = pyotp.parse_uri(secret) if secret.startswith("otpauth://") else pyotp.TOTP(secret.replace(" ", ""))
    if not isinstance(found, pyotp.TOTP):
        raise ValueError("it is not time-based")  # noqa: TRY004  # one kind of error for one kind of mistake
    found.at(0)
    return found
