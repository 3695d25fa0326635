from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from starlette.applications import Starlette

from authproof.cli import main
from authproof_mock.backend import Backend
from authproof_mock.faults import all_faults

PAGE = Path(__file__).parents[3] / "docs" / "faults.md"


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["faults", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_without_a_terminal_each_fault_is_one_plain_line() -> None:
    lines = run().splitlines()
    assert [line.split()[1] for line in lines] == list(all_faults())
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (["jwt-09"], {"JWT-09"}),
        (["LOGOUT-01", "MFA-06"], {"LOGOUT-01", "MFA-06"}),
        (["app"], {"APP-01", "APP-02", "APP-03", "APP-04", "APP-05"}),
        (["transport-02"], set()),
    ],
)
def test_a_requirement_narrows_the_list(terms: list[str], expected: set[str]) -> None:
    lines = run(*(argument for term in terms for argument in ("--requirement", term))).splitlines()
    assert {line.split()[0] for line in lines} == expected


def test_json_has_everything() -> None:
    answer = json.loads(run("--format", "json", "--requirement", "COOKIE-09"))
    assert answer["version"] == 1
    assert answer["faults"]
    for fault in answer["faults"]:
        assert fault.keys() == {"name", "breaks", "also", "reference", "harm", "needs"}
        assert fault["breaks"] == "COOKIE-09"
    assert any("LOGIN-02" in fault["also"] for fault in answer["faults"])


def test_the_page_is_the_output_of_the_command() -> None:
    assert PAGE.read_text("utf-8") == run("--format", "markdown")


def test_an_unknown_requirement_is_refused() -> None:
    result = CliRunner().invoke(main, ["faults", "--requirement", "nothing"])
    assert result.exit_code == 2
    assert "There is no requirement or area 'nothing'" in result.output


def test_the_mock_is_served_with_its_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Backend] = []

    def serve(app: Starlette, *_: object, started: Callable[[str], None], **__: object) -> None:
        served.append(app.state.backend)
        started("http://127.0.0.1:1")

    monkeypatch.setattr("authproof_mock.server.serve", serve)
    result = CliRunner().invoke(main, ["mock", "--fault", "accepts-alg-none", "--fault", "takes-any-scheme"])
    assert result.exit_code == 0, result.output
    assert result.output.endswith("Wrong on purpose: accepts-alg-none, takes-any-scheme.\n")
    assert type(served[0].tokens).__name__ == "AcceptsAlgNone"


def test_the_mock_refuses_an_unknown_fault_and_names_its_like() -> None:
    result = CliRunner().invoke(main, ["mock", "--fault", "accept-alg-none"])
    assert result.exit_code == 2
    assert "did you mean accepts-alg-none" in result.output
