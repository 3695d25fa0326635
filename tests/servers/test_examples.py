"""The examples of real servers: what a certification reports is what each folder says, with the reason, and nothing else."""

from __future__ import annotations

import json
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.servers.certification import Certificate, certify

EXAMPLES = Path(__file__).parents[2] / "examples"
FOLDERS = sorted(path.parent.name for path in EXAMPLES.glob("*/expected.toml"))
OBSERVED = {
    "django-rest-auth": {
        *("BEARER-01", "BEARER-29", "JWT-09", "JWT-13", "COOKIE-01", "COOKIE-02", "LOGIN-04", "LOGIN-06"),
        *("REFRESH-02", "REFRESH-03", "LOGOUT-01", "AUTHZ-01", "AUTHZ-02", "DOC-10", "DOC-11"),
    },
    "fastapi-users": {
        *("BEARER-01", "BEARER-28", "BEARER-29", "LOGIN-04", "LOGIN-06", "LOGOUT-01", "LOGOUT-08"),
        *("AUTHZ-01", "AUTHZ-02", "AUTHZ-03", "AUTHZ-10", "DOC-10", "DOC-11"),
    },
}


@cache
def expected(folder: str) -> dict[str, Any]:
    return tomllib.loads((EXAMPLES / folder / "expected.toml").read_text("utf-8"))


@pytest.fixture(scope="module", params=FOLDERS)
def certified(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Certificate]:
    folder = EXAMPLES / request.param
    return request.param, certify([sys.executable, str(folder / "server.py"), "0"], folder / "authproof.toml", tmp_path_factory.mktemp("report"))


def test_the_folders_are_complete() -> None:
    assert sorted(OBSERVED) == FOLDERS
    for folder in FOLDERS:
        assert {"README.md", "authproof.toml", "authproof-overlay.yaml", "openapi.yaml", "server.py"} <= {
            path.name for path in (EXAMPLES / folder).iterdir()
        }


def test_the_report_is_the_expected_one(certified: tuple[str, Certificate]) -> None:
    folder, certificate = certified
    told, varies = expected(folder), set(expected(folder).get("varies", {}))
    for verdict in ("fail", "warn", "inconclusive", "error"):
        assert certificate.ids(verdict) - varies == set(told.get(verdict, {})) - varies, verdict
    assert certificate.report["verdict"] == told["verdict"]
    assert certificate.exit_code == 1


def test_the_rest_was_observed_to_be_right(certified: tuple[str, Certificate]) -> None:
    folder, certificate = certified
    assert OBSERVED[folder] <= certificate.ids("pass")


def test_every_operation_answers_every_identity_as_expected(certified: tuple[str, Certificate]) -> None:
    _, certificate = certified
    cells = [cell for row in certificate.report["matrix"]["rows"] for cell in row["cells"].values()]
    assert not [cell for cell in cells if cell["state"] == "deviates"]
    assert sum(cell["state"] == "as_expected" for cell in cells) > 4 * len(certificate.report["matrix"]["rows"])


def test_the_run_was_polite_and_left_nothing_behind(certified: tuple[str, Certificate]) -> None:
    _, certificate = certified
    assert certificate.report["requests"] < 350
    assert certificate.report["failed_logins"] <= 5
    assert certificate.report["left_behind"] == []


def test_no_secret_is_in_the_report(certified: tuple[str, Certificate]) -> None:
    _, certificate = certified
    text = json.dumps(certificate.report)
    assert "long password" not in text
    assert "eyJ" not in text
