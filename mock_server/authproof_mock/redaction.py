"""Taking secrets out of what is kept or printed."""

from __future__ import annotations

import re

REDACTED = "[redacted]"

# A JWS in compact form begins with the base64url text of "{", which is "e" and one of w to z, 0 to 9, - and _.
_TOKEN = re.compile(r"e[w-z0-9_-][A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


def without_tokens(text: str) -> str:
    """`text` without anything in it that looks like a JSON Web Token."""
    return _TOKEN.sub(REDACTED, text) if text.count(".") > 1 else text
