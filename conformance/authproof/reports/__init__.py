"""Renderings of a report: each is a function of the one result model."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from authproof.report import Report

FORMATS = ("json", "junit", "html", "markdown")


def render(form: str, report: Report) -> bytes:
    """`report` in the format `form`, one of FORMATS, as UTF-8."""
    text: str = import_module(f"authproof.reports.{form}_report").render(report)
    # A target can send halves of surrogate pairs, escaped in JSON, which no encoding can write.
    return text.encode("utf-8", "replace")
