"""The report as JUnit XML, in the shape that Jenkins, GitLab and their like read.

Written with the standard library: the format is a handful of elements, and the libraries for it
neither check them nor keep out characters that XML forbids.
"""

from __future__ import annotations

import re
from itertools import groupby
from xml.etree import ElementTree as ET

from authproof.report import Report
from authproof.reports.terminal import as_text
from authproof.reports.transcript import printable
from authproof.result import Result
from authproof.verdict import Verdict

_OUTCOMES = {
    Verdict.FAIL: "failure",
    Verdict.ERROR: "error",
    Verdict.INCONCLUSIVE: "skipped",
    Verdict.SKIP: "skipped",
    Verdict.WAIVED: "skipped",
}
"""The element by which JUnit tells a verdict. It has none for a warning, which is a passed case with a text."""
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document may hold (section 2.2)."""


def render(report: Report) -> str:
    """The whole report: a suite for each area, a case for each requirement at each operation."""
    totals = _counts(report.results, "tests", "failures", "errors")
    root = ET.Element("testsuites", {"name": "authproof", "time": f"{report.duration:.3f}", **totals})
    for area, results in groupby(report.by_area, key=lambda result: result.requirement.area):
        root.append(_suite(area, tuple(results), report))
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _counts(results: tuple[Result, ...], *names: str) -> dict[str, str]:
    outcomes = [_OUTCOMES.get(result.verdict) for result in results]
    found = {
        "tests": len(outcomes),
        "failures": outcomes.count("failure"),
        "errors": outcomes.count("error"),
        "skipped": outcomes.count("skipped"),
    }
    return {name: str(found[name]) for name in names}


def _suite(area: str, results: tuple[Result, ...], report: Report) -> ET.Element:
    counts = _counts(results, "tests", "failures", "errors", "skipped")
    suite = ET.Element("testsuite", {"name": f"authproof.{area}", "timestamp": report.started.partition("+")[0], **counts})
    properties = ET.SubElement(suite, "properties")
    about = {"target": report.target, "contract": report.contract, "verdict": report.headline, "classes": report.claims}
    for name, value in (*about.items(), *(("remark", remark) for remark in report.remarks)):
        ET.SubElement(properties, "property", name=name, value=printable(value))
    suite.extend(_case(result, report.target) for result in results)
    return suite


def _case(result: Result, target: str) -> ET.Element:
    case = ET.Element("testcase", classname=f"authproof.{result.requirement.area}", name=printable(result.name))
    if element := _OUTCOMES.get(result.verdict):
        outcome = ET.SubElement(case, element, type=result.verdict.value, message=printable(f"{result.verdict}: {result.detail}"))
        outcome.text = _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", as_text(result, target))
    elif result.verdict is Verdict.WARN:
        ET.SubElement(case, "system-out").text = _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", as_text(result, target))
    return case
