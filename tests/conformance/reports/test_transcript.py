"""An exchange in the words of HTTP."""

from __future__ import annotations

import pytest

from authproof.exchange import Exchange, Probe, Request, Response
from authproof.reports.transcript import received


@pytest.mark.parametrize(("count", "more"), [(50, []), (51, ["… header fields left out: 1"]), (1000, ["… header fields left out: 950"])])
def test_of_many_header_fields_the_first_ones_are_shown(count: int, more: list[str]) -> None:
    fields = (("Date", "now"), *(("Set-Cookie", f"a={number}") for number in range(count)))
    lines = list(received(Exchange(1, Probe("ask", Request("GET", "/")), Response(200, fields, b"body")), 100))
    assert lines == ["200 OK", *(f"Set-Cookie: a={number}" for number in range(50)), *more, "body"]
