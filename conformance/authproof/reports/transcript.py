"""An exchange in the words of HTTP, for people: what was sent, and what came back. All of it can be printed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http import HTTPStatus

from authproof.exchange import Exchange, Headers, Request
from authproof.result import Result
from authproof.verdict import Verdict

GRAVEST_FIRST = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.WARN, Verdict.WAIVED, Verdict.PASS, Verdict.SKIP)
"""The order in which a reader wants to see them; the first of several verdicts stands for all."""
_FIELDS_SHOWN = 50
_DULL_SENT = {"user-agent", "accept", "accept-encoding"}
_DULL_RECEIVED = {"date", "server", "content-length"}


def gravest(results: Iterable[Result]) -> Verdict:
    """The verdict that stands for all of `results`."""
    return min((result.verdict for result in results), key=GRAVEST_FIRST.index)


def printable(text: str) -> str:
    """`text` on one line, with an escape in hexadecimal for each character that a terminal or browser might obey."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text)


def sent(request: Request, limit: int) -> Iterator[str]:
    """The lines of `request`; its body has at most `limit` characters."""
    yield printable(f"{request.method} {request.target}{' over plain http' if request.plain else ''}")
    yield from _fields(request.headers, _DULL_SENT)
    if request.body:
        yield from _body(request.body, limit)


def received(exchange: Exchange, limit: int) -> Iterator[str]:
    """The lines of the answer, or why there was none; its body has at most `limit` characters."""
    response = exchange.response
    if response is None:
        yield printable(exchange.describe())
        return
    yield f"{response.status} {_phrase(response.status)}".rstrip()
    yield from _fields(response.headers, _DULL_RECEIVED)
    if response.body:
        yield from _body(response.body, limit)


def _fields(headers: Headers, dull: set[str]) -> Iterator[str]:
    told = [field for field in headers if field[0].lower() not in dull]
    yield from (printable(f"{name}: {value}") for name, value in told[:_FIELDS_SHOWN])
    if len(told) > _FIELDS_SHOWN:
        yield f"… header fields left out: {len(told) - _FIELDS_SHOWN}"


def _body(body: bytes, limit: int) -> Iterator[str]:
    text = body.decode("utf-8", "replace")
    yield from (printable(line) for line in text[:limit].splitlines())
    if len(text) > limit:
        yield f"… {len(text) - limit} more characters"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
