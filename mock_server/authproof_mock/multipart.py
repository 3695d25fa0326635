"""Bodies of several parts (RFC 7578)."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message
from email.utils import collapse_rfc2231_value


def texts_of(content: bytes, content_type: str) -> dict[str, list[str]]:
    """The parts of `content` as text, by their names. Raises ValueError when it is not what `content_type` says."""
    whole = message_from_bytes(b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n" + content)
    parts = whole.get_payload()
    if not isinstance(parts, list) or whole.defects:
        raise ValueError("it has no parts, or no end")
    found: dict[str, list[str]] = {}
    for part in parts:
        if isinstance(part, Message):
            found.setdefault(_name(part), []).append(_text(part))
    return found


def _name(part: Message) -> str:
    return collapse_rfc2231_value(part.get_param("name", "", header="content-disposition") or "")


def _text(part: Message) -> str:
    data = part.get_payload(decode=True)
    return data.decode("utf-8", "replace") if isinstance(data, bytes) else ""
