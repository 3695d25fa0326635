"""Base64 for URLs without padding (RFC 7515 section 2), one text for one value."""

from __future__ import annotations

import base64
import binascii


def encode(raw: bytes) -> str:
    """The one text that stands for `raw`."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """What `text` stands for. Raises ValueError unless it is exactly what `encode` gives (RFC 4648 section 3.5)."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if encode(raw) != text:
        raise ValueError("not the canonical base64url")
    return raw
