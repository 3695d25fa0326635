"""`authproof mock`: as a process of its own where it serves, and in this one where it refuses to."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
import yaml
from click.testing import CliRunner

from authproof.cli import main
from authproof_spec import load_contract


@contextmanager
def mock(*arguments: str, cwd: Path | None = None) -> Iterator[str]:
    """What a mock says at its start, up to its last line."""
    command = [sys.executable, "-m", "authproof", "mock", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd) as process:
        try:
            assert process.stdout
            said = ""
            while "stops it" not in said:
                line = process.stdout.readline()
                assert line, process.communicate()[1]
                said += line
            yield said
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=10)
            assert (process.returncode, errors) == (0, "")
        finally:
            process.kill()


def url_in(said: str) -> str:
    return said.splitlines()[2].strip()


@pytest.fixture(autouse=True)
def _serving_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def serve(*_: object, **__: object) -> None:
        pytest.fail("it serves")

    monkeypatch.setattr(uvicorn.Server, "run", serve)


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["mock", *arguments])
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert result.output.count("Error: ") == 1
    return result.output


def test_the_control_api_is_where_the_start_says() -> None:
    with mock() as said:
        control = re.search(r"^Control API: (\S+), described by (\S+)$", said, re.MULTILINE)
        assert control
        assert httpx.get(control[2]).json()["openapi"] == "3.1.0"
        before = httpx.get(f"{control[1]}/clock").json()["seconds"]
        httpx.post(f"{control[1]}/clock/advance", json={"seconds": 86_400}).raise_for_status()
        date = parsedate_to_datetime(httpx.get(f"{url_in(said)}/api/health").headers["date"])
        assert 0 <= date.timestamp() - int(before) - 86_400 < 60, "the header Date tells the mock's time"


def test_the_login_that_is_printed_works() -> None:
    with mock() as said:
        line = next(line.strip() for line in said.splitlines() if line.strip().startswith("curl"))
        done = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
    assert '"accessToken":' in done.stdout, done.stderr


def test_the_control_api_may_be_elsewhere_or_off() -> None:
    with mock("--control-prefix", "/test/control") as said:
        assert httpx.get(f"{url_in(said)}/test/control/clock").status_code == 200
    with mock("--no-control") as said:
        assert "Control API: off" in said
        assert httpx.get(f"{url_in(said)}/_control/clock").status_code == 404


def test_beyond_loopback_the_control_api_waits_to_be_asked_for() -> None:
    # Nobody else can call: the port is open for the time of this test, and the machine's own address is what it tells.
    with mock("--host", "0.0.0.0") as said:
        assert "Control API: off" in said
        assert httpx.get(f"{url_in(said)}/_control/clock").status_code == 404


def test_tls_writes_the_certificate_that_is_to_be_trusted(tmp_path: Path) -> None:
    with mock("--tls", cwd=tmp_path) as said:
        url = url_in(said)
        assert url.startswith("https://")
        done = subprocess.run(
            ["curl", "-sS", "--cacert", "authproof-ca.pem", f"{url}/api/health"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.stdout == '{"status":"up"}', done.stderr
        assert subprocess.run(["curl", "-sS", f"{url}/api/health"], capture_output=True, check=False).returncode == 60


def test_a_page_of_the_given_origin_may_call_with_credentials() -> None:
    origin = "http://localhost:5173"
    with mock("--cors-origin", origin) as said:
        answer = httpx.post(f"{url_in(said)}/api/admin/auth/refresh", headers={"origin": origin})
        assert answer.status_code == 401
        assert answer.headers["access-control-allow-origin"] == origin
        assert answer.headers["access-control-allow-credentials"] == "true"
        other = httpx.post(f"{url_in(said)}/api/admin/auth/refresh", headers={"origin": "http://localhost:1"})
        assert "access-control-allow-origin" not in other.headers


def test_a_port_in_use_is_one_message() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "is in use. Mend: " in refused("--port", str(taken.getsockname()[1]))


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--bogus", "x", "No such option"),
        ("--port", "70000", "70000 is not in the range"),
        ("--seed", "absent.yaml", "absent.yaml: The seed cannot be read: No such file or directory. Mend: "),
        ("--seed", ".", ".: The seed cannot be read: Is a directory. Mend: "),
        ("--contract", "absent.yaml", "absent.yaml: The document cannot be read"),
        ("--control-prefix", "control", "'control' is no prefix of paths. Mend: "),
        ("--control-prefix", "", "'' is no prefix of paths. Mend: "),
        ("--cors-origin", "http://a.example/path", "is no origin. Mend: "),
        ("--fault", "none-such", "none-such"),
        ("--host", "192.0.2.1", "no address of this machine"),
    ],
)
def test_an_option_that_cannot_be_used_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, value: str, message: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in refused(option, value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("accounts: [", "This is not readable as YAML"),
        ("accounts: [{id: 1}]", "at /accounts/0"),
        ("accounts: [{id: 1, applications: [admin], password: [hunter2]}]", "at /accounts/0/password"),
        ("accounts: [{id: 1, applications: [a], totpSecret: '!'}]", "base32"),
        (
            "accounts: [{id: 1, applications: [admin, shop]}]",
            "at /accounts/0/applications: The document has no application 'shop'. Mend: name one of: admin, survey.",
        ),
        (
            "accounts: [{id: 1, applications: [admin], permissions: ['users:browse', 'users:peruse']}]",
            "at /accounts/0/permissions: No operation takes the permission 'users:peruse'. Mend: name one of: users:browse, users:create, ",
        ),
    ],
)
def test_a_broken_seed_is_one_message(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "seed.yaml"
    path.write_text(content, "utf-8")
    said = refused("--seed", str(path))
    assert message in said
    assert "Mend: " in said
    assert "hunter2" not in said


@pytest.mark.parametrize("content", ["hello", "- a\n", "swagger: '2.0'\n", "openapi: 3.1.0\n", "{"])
def test_a_document_that_is_no_openapi_is_one_message(tmp_path: Path, content: str) -> None:
    path = tmp_path / "openapi.yaml"
    path.write_text(content, "utf-8")
    said = refused("--contract", str(path))
    assert f"{path}:" in said
    assert "Mend: " in said


def test_an_extension_that_contradicts_itself_is_one_message(tmp_path: Path) -> None:
    tree: Any = yaml.safe_load(yaml.safe_dump(load_contract().document.root))
    del tree["x-authproof"]["applications"]["admin"]["refreshToken"]
    path = tmp_path / "openapi.yaml"
    path.write_text(yaml.safe_dump(tree), "utf-8")
    said = refused("--contract", str(path))
    assert f"{path}:" in said
    assert "/x-authproof/applications/admin" in said
    assert "Mend: " in said


PLAIN = """
openapi: 3.0.3
info: {title: Plain, version: "1"}
paths:
  /pets:
    get:
      security: [{token: ["pets:read"]}]
      responses: {"200": {description: Pets., content: {application/json: {schema: {type: array, items: {type: string}}, example: [Rex]}}}}
  /reports:
    get: {security: [{password: []}], responses: {"200": {description: Reports.}}}
components:
  securitySchemes:
    token: {type: http, scheme: bearer}
    password: {type: http, scheme: basic}
"""


def test_a_document_that_knows_no_login_gets_one(tmp_path: Path) -> None:
    document = tmp_path / "plain.yaml"
    document.write_text(PLAIN, "utf-8")
    with mock("--contract", str(document)) as said:
        line = next(line.strip() for line in said.splitlines() if line.strip().startswith("curl"))
        done = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
        token = json.loads(done.stdout.splitlines()[-1])["accessToken"]
        answer = httpx.get(f"{url_in(said)}/pets", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()) == (200, ["Rex"])
        assert httpx.get(f"{url_in(said)}/pets").status_code == 401
        assert httpx.get(f"{url_in(said)}/reports", auth=("admin@example.com", "correct horse battery staple")).status_code == 401
    assert "  POST /api/admin/auth/refresh " in said
    assert "Tokens of admin: the access token in Authorization: Bearer, a personal access token in Authorization: Bearer." in said
    assert "Nobody can call GET /reports: no token travels by the security scheme password." in said


def test_an_overlay_adds_to_the_document(tmp_path: Path) -> None:
    document, overlay = tmp_path / "plain.yaml", tmp_path / "overlay.yaml"
    document.write_text(PLAIN, "utf-8")
    update = "{get: {security: [{token: []}]}}"
    overlay.write_text(f"overlay: 1.0.0\ninfo: {{title: Mend, version: '1'}}\nactions: [{{target: \"$.paths['/cats']\", update: {update}}}]", "utf-8")
    said = refused("--contract", str(document), "--overlay", str(overlay))
    assert f"{overlay}:3 at /actions/0/target: The target \"$.paths['/cats']\" matches nothing in the document. Mend: " in said
    overlay.write_text(overlay.read_text("utf-8").replace("/cats", "/reports"), "utf-8")
    with mock("--contract", str(document), "--overlay", str(overlay)) as said:
        assert "Nobody can call" not in said
