"""JSON, JUnit and Markdown, of a target that sends whatever may hurt a reader."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest
import xmlschema
from markdown_it import MarkdownIt

from authproof.extensions import requirement
from authproof.reports import FORMATS, render
from authproof.result import Result
from authproof.verdict import Verdict
from tests.conformance.reports.sample import JUDGED, report


@pytest.mark.parametrize("form", FORMATS)
def test_whatever_a_target_sends_can_be_written(form: str) -> None:
    text = render(form, report()).decode("utf-8")
    assert "\x1b" not in text
    assert "\x00" not in text
    assert "JWT-13" in text


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_tells_of_waivers_that_ended_or_are_not_needed(form: str) -> None:
    text = render(form, report()).decode("utf-8")
    assert "The waiver ended on 2026-01-31 and excuses nothing." in text
    assert "Everything that it names passed." in text
    assert "Ticket 7" in text


def test_the_json_report_fits_its_schema_and_has_what_is_promised() -> None:
    data = json.loads(render("json", report()))
    schema = json.loads((files("authproof.reports") / "report.schema.json").read_text("utf-8"))
    jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(data)
    assert data["verdict"] == "nonconformant"
    assert data["classes"] == {"core": "nonconformant", "spa": "inconclusive", "m2m": "not_tested", "mfa": "not_tested"}
    assert data["counts"] == {"pass": 3, "fail": 1, "warn": 1, "skip": 1, "inconclusive": 1, "error": 1, "waived": 1}
    assert {use["id"]: use["state"] for use in data["waivers"]} == {"REFRESH-04": "used", "JWT-13": "expired", "BEARER-01": "unused"}
    waived = next(entry for entry in data["results"] if entry["verdict"] == "waived")
    assert waived["detail"] == "The newest token works on. Waived until 2026-12-31: Ticket 7"
    assert {"id", "area", "level", "verdict", "statement", "sources", "operation", "detail", "evidence"} <= waived.keys()
    assert {"request", "response", "curl"} <= waived["evidence"][0].keys()


def test_the_junit_report_is_what_ci_servers_read() -> None:
    text = render("junit", report()).decode("utf-8")
    xmlschema.XMLSchema(Path(__file__).parent / "junit.xsd").validate(text)
    root = ET.fromstring(text)
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert len(cases) == int(root.get("tests", "")) == 9
    assert (root.get("failures"), root.get("errors")) == ("1", "1")
    failed = cases["JWT-13[GET /api/user]"]
    assert failed.get("classname") == "authproof.JWT"
    outcome = failed.find("failure")
    assert outcome is not None
    assert outcome.get("message", "").startswith("fail: ")
    assert 'curl -i --path-as-is -X POST -H "Authorization: Bearer ${ACCESS_TOKEN_1}"' in (outcome.text or "")
    tags = {name: [child.tag for child in case] for name, case in cases.items()}
    assert tags["LOGIN-05[GET /api/user]"] == ["system-out"]
    assert tags["BEARER-01[GET /api/user]"] == []
    assert tags["LOGOUT-01[GET /api/user]"] == ["error"]
    for name in ("LOGIN-06", "REFRESH-03", "REFRESH-04"):
        assert tags[f"{name}[GET /api/user]"] == ["skipped"]


def test_markdown_gives_a_target_no_markup() -> None:
    text = render("markdown", report()).decode("utf-8")
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert text.startswith("# ❌ Nonconformant\n")
    assert "&lt;script&gt;" in page
    assert {tag.lower() for tag in re.findall(r"<([A-Za-z0-9]+)", page)} <= {
        *("h1", "h2", "p", "a", "ul", "li", "pre", "code", "details", "summary", "strong"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }
    assert all(link.startswith("https://") for link in re.findall(r'href="([^"]*)', page))
    assert "| **all** | 1 | 1 | 1 | 1 | 1 | 3 | 1 |" in text
    assert text.count("<details>") == text.count("</details>") == 5


def test_markdown_that_is_too_long_for_a_job_summary_is_cut() -> None:
    many = tuple(one for one in report().results if one.verdict is Verdict.FAIL) * 1000
    text = render("markdown", report(many, ())).decode("utf-8")
    assert len(text) < 1_000_000
    assert "Further results, in the other formats: " in text


@pytest.mark.parametrize("form", FORMATS)
def test_a_projects_own_requirement_is_told_like_any_other(form: str) -> None:
    own = Result(requirement("SHOP-01", "A rule of a shop."), "GET /", Verdict.FAIL, "It was seen.")
    whole = report((*JUDGED, own), ())
    text = render(form, replace(whole, areas={**whole.areas, "SHOP": "Of this project: SHOP"})).decode("utf-8")
    assert "SHOP-01" in text
