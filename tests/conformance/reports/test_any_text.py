"""Whatever text a target sends: each report of it is written, and can be read again."""

from __future__ import annotations

import io
import json
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema_rs
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from authproof.exchange import Exchange, Probe, Request, Response
from authproof.report import Report
from authproof.reports import render, terminal
from authproof.result import Result
from authproof.verdict import Verdict
from authproof_spec.catalogue import load_catalogue
from tests.conformance.reports import sample

SCHEMA = json.loads((files("authproof.reports") / "report.schema.json").read_text("utf-8"))
JUNIT = xmlschema.XMLSchema(Path(sample.__file__).parent / "junit.xsd")
TEXT = st.text(st.characters(categories=None), max_size=30) | st.sampled_from(
    ["\x00", "\ud800", "]]>", "```", "\x85\u2028", "\ufffe", "\x1b]0;x\x07"]
)
BODY = st.binary(max_size=60) | TEXT.map(lambda text: text.encode("utf-8", "surrogatepass"))


@st.composite
def reports(draw: st.DrawFn) -> Report:
    def judged(identifier: str, verdict: Verdict) -> Result:
        headers = draw(st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple))
        request = Request("POST", "/" + draw(TEXT), headers, draw(st.none() | BODY))
        response = draw(st.none() | st.builds(Response, st.integers(100, 999), st.just(headers), BODY))
        exchange = Exchange(1, Probe("probe", request, variant=draw(TEXT)), response, None if response else draw(TEXT))
        return Result(load_catalogue()[identifier], draw(TEXT), verdict, draw(TEXT), (exchange,))

    results = (judged("JWT-13", Verdict.FAIL), judged("LOGIN-05", Verdict.WARN), judged("REFRESH-03", Verdict.INCONCLUSIVE))
    return sample.report(results, (), left=(draw(TEXT),))


@settings(max_examples=60, deadline=None)
@given(reports())
def test_every_format_is_written_and_can_be_read_again(report: Report) -> None:
    data = json.loads(render("json", report).decode("utf-8"))
    jsonschema_rs.Draft202012Validator(SCHEMA).validate(data)
    assert [result["id"] for result in data["results"]] == ["JWT-13", "LOGIN-05", "REFRESH-03"]

    text = render("junit", report).decode("utf-8")
    JUNIT.validate(text)
    assert sorted(case.get("classname", "") for case in ET.fromstring(text).iter("testcase")) == [
        "authproof.JWT",
        "authproof.LOGIN",
        "authproof.REFRESH",
    ]

    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(render("markdown", report).decode("utf-8"))
    assert "JWT-13" in page
    assert "<script" not in page

    assert "\x00" not in render("html", report).decode("utf-8")


@settings(max_examples=60, deadline=None)
@given(reports(), st.booleans())
def test_the_terminal_obeys_no_target(report: Report, plain: bool) -> None:  # noqa: FBT001  # drawn
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    terminal.render(report, Console(file=stream, width=80, highlight=False, markup=False, emoji=False, no_color=True), plain=plain)
    written = stream.buffer.getvalue().decode("utf-8")
    assert "JWT-13" in written
    assert all(letter == "\n" or letter.isprintable() for letter in written)
