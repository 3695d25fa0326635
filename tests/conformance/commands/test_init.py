"""`authproof init`."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from authproof.cli import main
from authproof.profile import Part, load_profile
from authproof_spec import load_contract

SERVERS = Path(__file__).parents[2] / "servers"
DOCUMENTS = [None, *sorted(str(path) for path in SERVERS.glob("*/openapi.yaml"))]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_profile_fits_its_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: str | None) -> None:
    path = tmp_path / "authproof.toml"
    arguments = ["--contract", document] if document else []
    result = CliRunner().invoke(main, ["init", str(path), "--url", "https://api.example.test/v1", *arguments])
    assert result.exit_code == 0, result.output
    contract = load_contract(document)
    text = path.read_text("utf-8")
    for application in contract.applications:
        for attribute in ("PASSWORD", "LINK_TOKEN"):
            monkeypatch.setenv(f"{application.upper()}_ORDINARY_{attribute}", "a secret")
    profile = load_profile(path)
    assert profile.url == "https://api.example.test/v1"
    assert (profile.contract and Path(profile.contract).resolve()) == (document and Path(document))
    profile.check_against(contract)
    assert {account.application for account in profile.accounts} == set(contract.applications)
    assert {account.part for account in profile.accounts} == {Part.ORDINARY}
    assert all(line.startswith("#") or "  # " not in line for line in text.splitlines())


def test_what_is_commented_out_is_right_too(tmp_path: Path) -> None:
    path = tmp_path / "authproof.toml"
    assert CliRunner().invoke(main, ["init", str(path)]).exit_code == 0
    lines = path.read_text("utf-8").splitlines()
    settings = [line.removeprefix("# ") for line in lines if line.startswith(("# [", "[")) or " = " in line]
    hooks = next(number for number, line in enumerate(settings) if line.startswith("[hooks."))
    read = tomllib.loads("\n".join(line for number, line in enumerate(settings) if not hooks <= number < hooks + 8))
    assert set(read["accounts"]["admin"]) == {*Part, "auditor"}
    assert "second_factor" not in read["accounts"]["survey"]
    assert read["budget"]["failed_logins"] == 5
    assert read["waivers"][0]["id"] == "COOKIE-03"


def test_a_file_is_not_replaced_unasked(tmp_path: Path) -> None:
    path = tmp_path / "authproof.toml"
    path.write_text("mine", "utf-8")
    result = CliRunner().invoke(main, ["init", str(path)])
    assert (result.exit_code, path.read_text("utf-8")) == (2, "mine")
    assert "--force" in result.output
    assert CliRunner().invoke(main, ["init", str(path), "--force"]).exit_code == 0
    assert path.read_text("utf-8") != "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--url", "api.example.com"], "is not the URL of an API"),
        (["--contract", "absent.yaml"], "cannot be read"),
        (["absent/authproof.toml"], "cannot be written"),
    ],
)
def test_what_cannot_be_used_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["init", *arguments])
    assert result.exit_code == 2
    assert words in result.output
    assert "Traceback" not in result.output
    assert not list(tmp_path.iterdir())
