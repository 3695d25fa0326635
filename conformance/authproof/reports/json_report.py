"""The report as JSON; `report.schema.json` describes it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from authproof.exchange import Exchange
from authproof.matrix import Cell, Row
from authproof.report import Report
from authproof.reports.curl import curl
from authproof.result import Result

SCHEMA = 1
"""Version of the format; a member that is added does not change it."""


_SHOWN = 20_000
"""Characters of a body."""


def render(report: Report) -> str:
    """The whole report as one JSON document."""
    return json.dumps(as_data(report), indent=2, ensure_ascii=False) + "\n"


def as_data(report: Report) -> dict[str, object]:
    """The report as plain data."""
    return {
        "authproof": report.version,
        "schema": SCHEMA,
        "target": report.target,
        "contract": report.contract,
        "started": report.started,
        "duration_s": report.duration,
        "requests": report.requests,
        "failed_logins": report.failed_logins,
        "verdict": report.verdict.value,
        "classes": {found.cls.name: found.claim.value for found in report.classes},
        "class_reasons": {found.cls.name: found.reason for found in report.classes if found.reason},
        "interrupted": report.interrupted,
        "left_behind": list(report.left_behind),
        "counts": {verdict.value: count for verdict, count in report.counts.items()},
        "results": [_result(result, report.target) for result in report.results],
        "matrix": {
            "identities": list(report.matrix.identities),
            "rows": [_row(row, report.matrix.identities) for row in report.matrix.rows],
        },
        "waivers": [
            {
                "id": use.waiver.id,
                "operation": use.waiver.operation,
                "reason": use.waiver.reason,
                "expires": use.waiver.expires.isoformat(),
                "state": use.state.value,
                "excused": use.excused,
                "remark": use.remark,
            }
            for use in report.waivers
        ],
        "secrets": {
            name: {"kind": fact.kind, "sha256": fact.sha256, "length": fact.length, "header": fact.header, "claims": fact.claims}
            for name, fact in report.facts.items()
        },
    }


def _row(row: Row, identities: Sequence[str]) -> dict[str, object]:
    return {"operation": row.operation, "cells": {name: _cell(cell) for name, cell in zip(identities, row.cells, strict=True)}}


def _cell(cell: Cell) -> dict[str, object]:
    return {
        "expected": cell.expected,
        "state": cell.state.value,
        "seen": list(cell.seen),
        "exchanges": list(cell.exchanges),
        "requirements": list(cell.requirements),
        "note": cell.note,
    }


def _result(result: Result, target: str) -> dict[str, object]:
    requirement = result.requirement
    return {
        "id": requirement.id,
        "area": requirement.area,
        "level": requirement.level.value,
        "verdict": result.verdict.value,
        "statement": requirement.statement,
        "sources": [source.citation for source in requirement.sources],
        "operation": result.operation,
        "detail": result.detail,
        "evidence": [_exchange(exchange, target) for exchange in result.exchanges],
    }


def _exchange(exchange: Exchange, target: str) -> dict[str, object]:
    request, response = exchange.probe.request, exchange.response
    return {
        "number": exchange.number,
        "probe": exchange.probe.name,
        "variant": exchange.probe.variant,
        "request": {
            "method": request.method,
            "target": request.target,
            "headers": [list(pair) for pair in request.headers],
            "body": None if request.body is None else _body(request.body),
        },
        "response": None
        if response is None
        else {
            "status": response.status,
            "headers": [list(pair) for pair in response.headers],
            "body": _body(response.body),
        },
        "failure": exchange.failure,
        "curl": curl(request, target),
    }


def _body(body: bytes) -> str:
    """The text of `body`, cut where it is longer than anybody reads; each result that rests on the exchange repeats it."""
    text = body.decode("utf-8", "replace")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… {len(text) - _SHOWN} more characters"
