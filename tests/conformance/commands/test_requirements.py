from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from authproof.commands.requirements import command
from authproof_spec.catalogue import load_catalogue

PAGE = Path(__file__).parents[3] / "docs" / "requirements.md"


def run(*arguments: str) -> str:
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_without_a_terminal_each_requirement_is_one_plain_line() -> None:
    lines = run().splitlines()
    assert [line.split()[0] for line in lines] == list(load_catalogue())
    assert lines[0] == "BEARER-01    MUST   An operation that is declared as protected answers 401 to a request without credentials."
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["logout-01", "APP-02"], ["LOGOUT-01", "APP-02"]),
        (["logout", "--level", "should"], ["LOGOUT-08"]),
        (["--area", "doc", "--level", "SHOULD"], ["DOC-08", "DOC-09"]),
        (["--area", "jwt", "--level", "may"], ["JWT-38"]),
        (["jwt-01", "--area", "doc"], []),
    ],
)
def test_terms_areas_and_levels_narrow_the_list(arguments: list[str], expected: list[str]) -> None:
    assert [line.split()[0] for line in run(*arguments).splitlines()] == expected


def test_json_holds_everything_of_a_requirement() -> None:
    document = json.loads(run("jwt-34", "--format", "json"))
    assert set(document) == {"version", "requirements"}
    assert document["version"] == 1
    (one,) = document["requirements"]
    assert list(one) == ["id", "area", "statement", "level", "sources", "needs", "test", "caution", "examples", "untested"]
    assert (one["id"], one["area"], one["level"]) == ("JWT-34", "JWT", "MUST")
    assert one["needs"] == [["account"], ["clock", "signing_key"]]
    assert one["sources"][0] == {
        "citation": "RFC 7519 §4.1.4",
        "standard": "RFC 7519",
        "section": "4.1.4",
        "title": '"exp" (Expiration Time) Claim',
        "url": "https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4",
    }


def test_the_page_of_the_documentation_is_what_the_command_prints() -> None:
    assert PAGE.read_text("utf-8") == run("--format", "markdown"), "write it anew: authproof requirements --format markdown > docs/requirements.md"


def test_markdown_of_a_part_counts_that_part_alone() -> None:
    page = run("cors-0", "--format", "markdown")
    assert "Number of requirements: 9." in page
    assert "| [CORS](#cors) | Cross-origin requests from browsers | 7 | 2 | 0 |" in page
    assert "BEARER" not in page


def test_markdown_leaves_no_character_to_chance() -> None:
    assert "Access-Control-Allow-Origin: \\*" in run("cors-01", "--format", "markdown")


def test_an_unknown_term_ends_with_exit_code_2_and_the_nearest_ids() -> None:
    result = CliRunner().invoke(command, ["BEARRER-01"])
    assert result.exit_code == 2
    assert result.output == "Error: There is no requirement or area 'BEARRER-01'. Did you mean BEARER-01 or BEARER-21 or BEARER-20?\n"


@pytest.mark.parametrize("arguments", [["--area", "zzz"], ["--level", "must-not"], ["--format", "xml"]])
def test_an_unknown_choice_ends_with_exit_code_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(command, arguments).exit_code == 2


def test_a_terminal_gets_a_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    command.main(["mfa-11"], standalone_mode=False)
    output = capsys.readouterr().out
    assert "requirement" in output
    assert "needs" in output
    assert "MFA-11" in output
    assert "1 requirements" in output
