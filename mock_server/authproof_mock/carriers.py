"""Where a call has its tokens, other than in Authorization: Bearer, and how an answer gives them."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator

from authproof_mock.http import Call
from authproof_spec.contract import Application, SchemeKind, TokenKind

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def cookie_values(call: Call, name: str) -> list[str]:
    """Every value of the cookie `name`, exactly as sent."""
    pairs = (part.strip(" \t").partition("=") for line in call.header_values("cookie") for part in line.split(";"))
    return [value for key, _, value in pairs if key == name]


def the_cookie(call: Call, name: str) -> str | None:
    """The value of the cookie `name`; None when there is none, or several."""
    values = cookie_values(call, name)
    return values[0] if len(values) == 1 else None


def token_in(call: Call, kinds: Iterable[TokenKind]) -> str | None:
    """The first token that stands where one of `kinds` travels, in a header of its own or in a cookie; None when there is none."""
    found = (token for kind in kinds for token in _tokens(call, kind))
    return next(found, None)


def _tokens(call: Call, kind: TokenKind) -> Iterator[str]:
    name = kind.scheme.parameter or ""
    if kind.scheme.kind is SchemeKind.COOKIE and (value := the_cookie(call, name)):
        yield value
    if kind.scheme.kind is SchemeKind.HEADER:
        values = call.header_values(name.lower())
        word, _, rest = (values[0] if len(values) == 1 else "").partition(" ")
        if kind.prefix is None and word and not rest:
            yield word
        if kind.prefix is not None and word.lower() == kind.prefix.lower() and rest:
            yield rest.lstrip(" ")


def is_own_page(call: Call, application: Application) -> bool:
    """True unless the call may be another site's: it changes something, has a token cookie, and does not repeat the CSRF token."""
    guard = application.csrf
    if guard is None or call.method in _SAFE or not any(cookie_values(call, cookie.name) for cookie in application.token_cookies):
        return True
    kept, repeated = the_cookie(call, guard.cookie), call.header_values(guard.header.lower())
    return bool(kept) and len(repeated) == 1 and hmac.compare_digest((kept or "").encode(), repeated[0].encode())
