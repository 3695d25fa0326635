"""`authproof init --from`."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from authproof.cli import main
from authproof.profile import load_profile
from authproof_mock.made_accounts import PASSWORD
from authproof_mock.server import running_mock
from authproof_spec import load_contract

DOCUMENTS = Path(__file__).parents[1] / "guess" / "documents"
OAUTH = """
openapi: 3.1.0
info: {title: Shop, version: "1"}
security: [{bearer: []}]
components: {securitySchemes: {bearer: {type: http, scheme: bearer}}}
paths:
  /orders: {get: {responses: {"200": {description: d}, "401": {description: d}}}}
  /oauth/token:
    post:
      security: []
      requestBody:
        required: true
        content:
          application/x-www-form-urlencoded:
            schema:
              type: object
              required: [username, password, grant_type]
              properties: {username: {type: string}, password: {type: string}, grant_type: {type: string, GRANT}}
      responses:
        "200":
          description: d
          content: {application/json: {schema: {type: object, properties: {access_token: {type: string}}}}}
        "401": {description: d}
"""


def init(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["init", *map(str, arguments)])
    assert "Traceback" not in result.output
    return result.exit_code, result.output


def test_overlay_and_profile_can_be_used_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = init("--from", DOCUMENTS / "nest_cookies.yaml", "--dir", tmp_path / "certify")
    assert code == 0
    monkeypatch.setenv("API_ORDINARY_PASSWORD", "a secret")
    profile = load_profile(tmp_path / "certify" / "authproof.toml")
    contract = load_contract(profile.contract, profile.overlays)
    profile.check_against(contract)
    assert profile.accounts[0].attributes.keys() == {"email", "password", "deviceName"}
    assert "POST /api/v1/auth/log-in" in output
    assert f"authproof certify --profile {tmp_path}/certify/authproof.toml" in output
    assert f"authproof mock --contract {DOCUMENTS}/nest_cookies.yaml --overlay {tmp_path}/certify/authproof-overlay.yaml" in output


def test_the_lines_to_fill_in_are_named(tmp_path: Path) -> None:
    code, output = init("--from", DOCUMENTS / "spring.yaml", "--dir", tmp_path)
    assert code == 0
    lines = (tmp_path / "authproof-overlay.yaml").read_text("utf-8").splitlines()
    expected = [number for number, line in enumerate(lines, 1) if "  # FILL IN: " in line]
    assert len(expected) >= 4
    assert all(f"authproof-overlay.yaml:{number}  " in output for number in expected)


def test_a_document_without_a_login_is_told_with_the_line(tmp_path: Path) -> None:
    code, output = init("--from", DOCUMENTS / "api_key_only.yaml", "--dir", tmp_path)
    assert code == 1
    assert "Found no login" in output
    lines = (tmp_path / "authproof-overlay.yaml").read_text("utf-8").splitlines()
    number = next(number for number, line in enumerate(lines, 1) if "operation: FILL-IN" in line)
    assert f"authproof-overlay.yaml:{number} at /x-authproof/applications/api/logins/0/operation" in output
    assert "[accounts.api.ordinary]" in (tmp_path / "authproof.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "url"), [(["--url", "https://staging.example.test/"], "https://staging.example.test"), ([], "http://localhost:8080/api")]
)
def test_the_url_is_the_given_one_else_the_document_s(tmp_path: Path, arguments: list[str], url: str) -> None:
    assert init("--from", DOCUMENTS / "spring.yaml", "--dir", tmp_path, *arguments)[0] == 0
    assert f'url = "{url}"' in (tmp_path / "authproof.toml").read_text("utf-8")


@pytest.mark.parametrize("name", ["authproof-overlay.yaml", "authproof.toml"])
def test_no_file_is_replaced_unasked(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine", "utf-8")
    code, output = init("--from", DOCUMENTS / "spring.yaml", "--dir", tmp_path)
    assert (code, [path.name for path in tmp_path.iterdir()]) == (2, [name])
    assert "--force" in output
    assert (tmp_path / name).read_text("utf-8") == "mine"
    assert init("--from", DOCUMENTS / "spring.yaml", "--dir", tmp_path, "--force")[0] == 0
    assert (tmp_path / name).read_text("utf-8") != "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--from", "absent.yaml"], "cannot be read"),
        (["--from", "broken.yaml"], "'#/components/schemas/Absent' leads nowhere"),
        (["--from", "done.yaml"], "has x-authproof already"),
        (["--from", "broken.yaml", "mine.toml"], "--from takes neither FILE"),
        (["--from", "broken.yaml", "--contract", "done.yaml"], "--from takes neither FILE"),
        (["--from", "broken.yaml", "--url", "example"], "is not the URL of an API"),
        (["--dir", "here"], "--dir goes with --from"),
    ],
)
def test_what_cannot_be_used_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str) -> None:
    monkeypatch.chdir(tmp_path)
    head = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\n"
    reference = "{'200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Absent'}}}}}"
    Path("broken.yaml").write_text(f"{head}paths: {{/a: {{get: {{responses: {reference}}}}}}}\n", "utf-8")
    Path("done.yaml").write_text(f"{head}paths: {{}}\nx-authproof: {{}}\n", "utf-8")
    code, output = init(*arguments)
    assert code == 2
    assert words in output
    assert output.count("Mend:") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.yaml", "done.yaml"]


@pytest.mark.parametrize("grant", ["const: password", "enum: [password]", "pattern: ^password$"])
def test_a_member_that_the_document_fixes_is_filled_in_and_logs_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grant: str) -> None:
    document = tmp_path / "shop.yaml"
    document.write_text(OAUTH.replace("GRANT", grant), "utf-8")
    assert init("--from", document, "--dir", tmp_path)[0] == 0
    monkeypatch.setenv("API_ORDINARY_PASSWORD", PASSWORD)
    profile = load_profile(tmp_path / "authproof.toml")
    (account,) = profile.accounts
    assert account.attributes == {"username": "username", "password": PASSWORD, "grant_type": "password"}
    with running_mock(load_contract(profile.contract, profile.overlays)) as (url, _):
        assert httpx.post(f"{url}/oauth/token", data={**account.attributes, "username": "user"}).status_code == 200
