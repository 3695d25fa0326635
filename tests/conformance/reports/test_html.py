"""The HTML report in a real browser."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from authproof.reports import render
from authproof.verdict import Verdict
from tests.conformance.reports.sample import report, result

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
STATE = """
const visible = (selector) => [...document.querySelectorAll(selector)].filter((node) => node.checkVisibility({contentVisibilityAuto: true}));
const shown = () => [...document.querySelectorAll(".result")].filter((node) => !node.closest("[hidden]"))
  .map((node) => node.closest(".requirement").id + " " + node.dataset.verdict);
const change = (id, value) => {
  document.getElementById(id).value = value;
  document.getElementById(id).dispatchEvent(new Event("input", {bubbles: true}));
};
const check = (verdict) => document.querySelector(`[name=verdict][value=${verdict}]`).click();
"""


@pytest.fixture(scope="module")
def page() -> str:
    return render("html", report()).decode("utf-8")


def chromium(path: Path, folder: Path, *arguments: str) -> str:
    """The document of `path` after its scripts have run."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None and not os.environ.get("CI"):
        pytest.skip("There is no Chromium. Mend: install Debian's package chromium.")
    assert program, "CI needs Chromium: install Debian's package chromium."
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={folder / 'chromium'}"]
    command = [program, *options, "--virtual-time-budget=2000", *arguments, "--dump-dom", path.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def evaluated(page: str, expression: str, folder: Path, *arguments: str) -> Any:
    """What the JavaScript `expression` gives on `page`, whose policy would keep a test's script out as well."""
    path = folder / "report.html"
    script = f"<script>{STATE};document.body.dataset.found = JSON.stringify((() => {{ {expression} }})());</script></body>"
    path.write_text(POLICY.sub("", page).replace("</body>", script), "utf-8")
    found = re.search(r'<body data-found="([^"]*)"', chromium(path, folder, *arguments))
    assert found, "the script of the test did not run"
    return json.loads(html.unescape(found[1]))


def test_what_a_target_sends_does_not_run_in_the_browser(page: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(page, "utf-8")
    document = chromium(path, tmp_path)
    assert "<title>Nonconformant: http://127.0.0.1:8000 - authproof</title>" in document
    assert "9 of 9 results" in document, "the report's own script did run under its policy"
    assert "<img" not in document
    assert document.count("<script") == 1
    found = evaluated(page, "return [document.title, document.images.length, document.scripts.length]", tmp_path)
    assert found == ["Nonconformant: http://127.0.0.1:8000 - authproof", 0, 2]


def test_nothing_is_loaded_from_elsewhere(page: str) -> None:
    assert "default-src 'none'" in page
    assert not re.findall(r"(?:\bsrc=|<link|@import|url\()(?![^<]*onerror)", re.sub(r"&lt;.*?&gt;", "", page))


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ("", 9),
        ("check('fail');", ["JWT-13 fail"]),
        ("check('fail'); check('warn');", ["JWT-13 fail", "LOGIN-05 warn"]),
        ("change('area', 'REFRESH');", ["REFRESH-03 inconclusive", "REFRESH-04 waived"]),
        ("change('level', 'SHOULD');", ["LOGIN-05 warn"]),
        ("change('text', 'TICKET 7');", ["REFRESH-04 waived"]),
        ("change('text', 'jwt-13 admin');", ["JWT-13 pass"]),
        ("change('text', 'nothing like it');", []),
        ("check('pass'); change('area', 'JWT');", ["JWT-13 pass"]),
    ],
)
def test_filter_and_search(page: str, tmp_path: Path, actions: str, expected: int | list[str]) -> None:
    found, told, empty = evaluated(
        page,
        f"{actions} return [shown(), document.getElementById('shown').textContent, !document.getElementById('none').hidden]",
        tmp_path,
    )
    if isinstance(expected, int):
        assert len(found) == expected
    else:
        assert found == expected
    assert told == f"{len(found)} of 9 results"
    assert empty is (not found)


def test_failures_are_unfolded_and_the_rest_is_not(page: str, tmp_path: Path) -> None:
    found = evaluated(page, "return [...document.querySelectorAll('.requirement[open]')].map((node) => node.id)", tmp_path)
    assert found == ["JWT-13", "LOGOUT-01"]
    unfolded = evaluated(page, "document.getElementById('unfold').click(); return document.querySelectorAll('details:not([open])').length", tmp_path)
    assert unfolded == 0


def test_the_colours_follow_the_readers_scheme(page: str, tmp_path: Path) -> None:
    expression = "const style = getComputedStyle(document.body); return [style.backgroundColor, style.color]"
    light = evaluated(page, expression, tmp_path, "--blink-settings=preferredColorScheme=1")
    dark = evaluated(page, expression, tmp_path, "--blink-settings=preferredColorScheme=0")
    assert [sum(map(int, re.findall(r"\d+", colour))) > 384 for colour in light] == [True, False]
    assert [sum(map(int, re.findall(r"\d+", colour))) > 384 for colour in dark] == [False, True]


def test_no_line_is_wider_than_a_narrow_window(page: str, tmp_path: Path) -> None:
    expression = "document.getElementById('unfold').click(); return document.documentElement.scrollWidth - innerWidth"
    assert evaluated(page, expression, tmp_path, "--window-size=500,900") <= 0


def test_it_can_be_read_without_javascript(page: str, tmp_path: Path) -> None:
    found = evaluated(
        re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL), "return [visible('form').length, visible('.requirement').length]", tmp_path
    )
    assert found == [0, 8]


def test_every_field_has_a_name_and_every_id_is_given_once(page: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'aria-labelledby="([^"]+)"', page)) <= set(ids)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert len(re.findall(r"<label", page)) == len(re.findall(r"<(?:input|select)\b", page))


def test_a_report_of_nothing_can_be_rendered() -> None:
    assert "Inconclusive" in render("html", report((), ())).decode("utf-8")
    assert "What failed" not in render("html", report((result("BEARER-01", Verdict.PASS),), ())).decode("utf-8")
