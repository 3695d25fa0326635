"""What a document's examples tell: a JWT, a Set-Cookie."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import jwt

from authproof_spec.pointer import Json

_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")


def token_in(texts: Iterable[str]) -> str | None:
    """The first JWT in `texts`."""
    return next((found[0] for text in texts if (found := _JWT.search(text))), None)


def payload(token: str | None) -> Mapping[str, Json]:
    """The claims of `token`, unverified; none when it is no JWT."""
    try:
        decoded: Mapping[str, Json] = jwt.decode(token or "", options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        return {}
    return decoded


def header(token: str) -> Mapping[str, Json]:
    """The JOSE header of `token`; nothing when it is no JWT."""
    try:
        return jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        return {}


def attributes(cookie: str) -> Mapping[str, str]:
    """The attributes of an example of Set-Cookie, by their names in lower case; a flag has an empty value."""
    parts = (part.strip().partition("=") for part in cookie.split(";")[1:])
    return {key.lower(): value.strip() for key, _, value in parts}
