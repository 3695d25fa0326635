"""`authproof certify`, end to end over a socket, as a process of its own where signals and exit codes matter."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner, Result

from authproof.cli import main
from authproof.reports import FORMATS
from authproof_mock.backend import Backend
from authproof_mock.flows import Flows
from authproof_mock.parts import Parts
from authproof_mock.server import running_mock
from authproof_mock.tokens import Tokens

PASSWORD = "correct horse battery staple"
JWT = r"eyJ[\w-]+\.eyJ"
PROFILE = f"""
[target]
url = "http://127.0.0.1:9"

[accounts.admin.ordinary]
email = "user@example.com"
password = "{PASSWORD}"
"""


@pytest.fixture(scope="module")
def mock() -> Iterator[tuple[str, Backend]]:
    with running_mock() as (url, backend):
        yield url, backend


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "authproof.toml"
    path.write_text(PROFILE, "utf-8")
    return path


def certify(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["certify", *arguments])


def test_the_embedded_mock_conforms(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    result = certify("--report", f"json={path}")
    assert result.exit_code == 0, result.output
    assert "Conformant: " in result.output
    report = json.loads(path.read_text("utf-8"))
    assert report["verdict"] == "conformant"
    assert report["counts"]["pass"] > 250
    assert {name: report["counts"][name] for name in ("fail", "warn", "inconclusive", "error")} == dict.fromkeys(
        ("fail", "warn", "inconclusive", "error"), 0
    )
    assert report["failed_logins"] <= 5
    assert report["requests"] <= 500
    assert report["left_behind"] == []
    assert PASSWORD not in path.read_text("utf-8") + result.output
    assert not re.search(JWT, path.read_text("utf-8") + result.output)


def test_nothing_is_left_behind(mock: tuple[str, Backend], profile: Path) -> None:
    url, backend = mock
    assert certify(url, "--profile", str(profile)).exit_code == 0
    assert all(family.revoked for family in backend.sessions.list())
    assert all(record.revoked for record in backend.pats.list())


def test_a_failure_is_told_with_its_evidence_and_exit_code_1(profile: Path) -> None:
    class Unverified(Tokens):
        def signature_is_valid(self, *_: object) -> bool:
            return True

    with running_mock(parts=Parts(tokens=Unverified)) as (url, _):
        result = certify(url, "--profile", str(profile), "--only", "JWT-13")
    assert result.exit_code == 1
    assert "FAIL JWT-13[GET /api/admin/user]" in result.output
    assert "> GET /api/admin/user" in result.output
    assert "< 200 OK" in result.output
    assert "Nonconformant: " in result.output


def test_only_and_skip_choose(mock: tuple[str, Backend], profile: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    result = certify(mock[0], "--profile", str(profile), "--only", "cookie", "--skip", "COOKIE-01", "--report", f"json={path}")
    assert result.exit_code == 0
    report = json.loads(path.read_text("utf-8"))
    found = {entry["id"] for entry in report["results"]}
    assert "COOKIE-02" in found
    assert "COOKIE-01" not in found
    assert all(name.startswith("COOKIE-") for name in found)
    assert report["requests"] < 120, "scripts that no chosen check reads are not carried out"


def test_what_may_be_written_is_said_before(mock: tuple[str, Backend], profile: Path) -> None:
    named = "may write by POST /api/admin/users, PATCH /api/admin/users/{userId}, DELETE /api/admin/users/{userId}"
    only = ("--only", "BEARER-01", "--profile", str(profile))
    # A target on loopback is asked every operation anyway; elsewhere it takes the option, or the profile.
    assert named in certify(mock[0], *only).output
    assert named in certify("http://authproof.invalid", *only, "--unsafe-methods").output
    assert named not in certify("http://authproof.invalid", *only).output
    assert named not in certify(mock[0], *only, "--quiet").output


def test_without_accounts_no_class_is_claimed(mock: tuple[str, Backend]) -> None:
    result = certify(mock[0])
    assert result.exit_code == 3, result.output
    assert "Verdict: inconclusive. " in result.output
    assert "Not tested: core (the profile has no ordinary or privileged account of the application admin), spa (" in result.output


def test_every_format_is_written_and_none_has_a_secret(mock: tuple[str, Backend], profile: Path, tmp_path: Path) -> None:
    paths = {form: tmp_path / f"report.{form}" for form in FORMATS}
    result = certify(mock[0], "--profile", str(profile), *(f"--report={form}={path}" for form, path in paths.items()))
    assert result.exit_code == 0, result.output
    for text in (result.output, *(path.read_text("utf-8") for path in paths.values())):
        assert "Conformant" in text or '"conformant"' in text
        assert PASSWORD not in text
        assert not re.search(JWT, text)


def test_a_report_on_the_standard_output_is_alone_there(mock: tuple[str, Backend], profile: Path) -> None:
    result = certify(mock[0], "--profile", str(profile), "--only", "LOGIN-01", "--report", "json=-")
    assert json.loads(result.stdout)["verdict"] == "conformant"
    assert "Verdict: conformant. 1 pass" in result.stderr


def test_a_report_that_cannot_be_written_costs_no_verdict(mock: tuple[str, Backend], profile: Path) -> None:
    result = certify(mock[0], "--profile", str(profile), "--only", "LOGIN-01", "--report", "json=/dev/full")
    assert result.exit_code == 0
    assert "Error: the report cannot be written to /dev/full: No space left on device. Mend: " in result.stderr
    assert "Verdict: conformant" in result.stdout


def test_the_level_leaves_out_what_is_demanded_less(mock: tuple[str, Backend], profile: Path) -> None:
    for level, expected in {"must": {"MUST"}, "should": {"MUST", "SHOULD"}}.items():
        result = certify(mock[0], "--profile", str(profile), "--only", "bearer", "--level", level, "--report", "json=-")
        assert {entry["level"] for entry in json.loads(result.stdout)["results"]} == expected


@pytest.mark.parametrize(
    ("arguments", "environment", "coloured"),
    [
        ([], {}, False),
        (["--color", "always"], {}, True),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        ([], {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colours_are_for_those_who_ask(
    mock: tuple[str, Backend],
    profile: Path,
    arguments: list[str],
    environment: dict[str, str],
    coloured: bool,  # noqa: FBT001
) -> None:
    result = CliRunner(env=environment).invoke(main, ["certify", mock[0], "--profile", str(profile), "--only", "LOGIN-01", *arguments], color=True)
    assert ("\x1b[" in result.output) is coloured


@pytest.mark.parametrize(
    ("expires", "code", "words"),
    [
        ("2999-01-31", 0, "Verdict: conformant with waivers. "),
        ("2020-01-31", 1, "The waiver ended on 2020-01-31 and excuses nothing."),
    ],
)
def test_a_waiver_excuses_a_failure_until_it_ends(profile: Path, expires: str, code: int, words: str) -> None:
    class Unverified(Tokens):
        def signature_is_valid(self, *_: object) -> bool:
            return True

    waiver = f'[[waivers]]\nid = "JWT-13"\nreason = "Ticket 7"\nexpires = {expires}\n'
    profile.write_text(PROFILE + waiver, "utf-8")
    with running_mock(parts=Parts(tokens=Unverified)) as (url, _):
        result = certify(url, "--profile", str(profile), "--only", "JWT-13", "--only", "JWT-01")
    assert result.exit_code == code, result.output
    assert words in result.output
    assert ("WAIVED JWT-13[GET /api/admin/user]" in result.output) is (code == 0)


def test_in_a_terminal_a_line_says_what_is_being_done(mock: tuple[str, Backend], profile: Path) -> None:
    import pty

    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "authproof", "certify", mock[0], "--profile", str(profile), "--only", "LOGIN-01"]
    with subprocess.Popen(command, stdout=follower, stderr=follower) as process:
        os.close(follower)
        text = b""
        # At its end a terminal fails to be read.
        with contextlib.suppress(OSError):
            while chunk := os.read(leader, 65536):
                text += chunk
        os.close(leader)
    assert process.returncode == 0
    assert re.search(rb"Certifying: [a-z ]+, \d+ requests", text)
    assert b"\x1b[1;32mconformant\x1b[0m" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "JWT-999"], "There is no requirement or area 'JWT-999'"),
        (["ftp://example.com"], "is not the URL of an API"),
        (["https://user:secret@example.com"], "is not the URL of an API"),
        (["--profile", "absent.toml"], "absent.toml: the profile cannot be read"),
        (["--contract", "absent.yaml"], "absent.yaml: The document cannot be read"),
        (["--report", "pdf=x"], "is not of the form FORMAT=PATH"),
        (["--report", "json="], "is not of the form FORMAT=PATH"),
        (["--report", "json=/absent/folder/x"], "does not exist"),
        (["--report", "json=/"], "is a folder"),
        (["--report", "json=-", "--report", "html=-"], "is given twice"),
        (["--level", "most"], "--level"),
        (["--timeout", "0"], "--timeout"),
        (["--ca", __file__, "--insecure"], "exclude each other"),
        (["--ca", __file__, "https://127.0.0.1:9"], "cannot be used as a list of certificate authorities"),
        (["--nonsense"], "No such option"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(arguments: list[str], message: str) -> None:
    result = certify(*arguments)
    assert result.exit_code == 2, result.output
    assert message in result.output
    assert "Traceback" not in result.output
    assert "secret" not in result.output


def test_an_unreachable_target_is_exit_code_3() -> None:
    with closing(socket.socket()) as closed:
        closed.bind(("127.0.0.1", 0))
        result = certify(f"http://127.0.0.1:{closed.getsockname()[1]}")
    assert result.exit_code == 3
    assert "does not answer" in result.output
    assert "Traceback" not in result.output


class SlowRefusal(Flows):
    """Makes a run long enough to be interrupted: the refresh of the contract waits for the test."""

    reached = threading.Event()

    def refresh(self, *arguments: Any) -> Any:
        self.reached.set()
        time.sleep(0.3)
        return super().refresh(*arguments)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_cleans_up_and_is_exit_code_130(profile: Path, number: signal.Signals) -> None:
    SlowRefusal.reached.clear()
    with running_mock(parts=Parts(flows=SlowRefusal)) as (url, backend):
        command = [sys.executable, "-m", "authproof", "certify", url, "--profile", str(profile)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert SlowRefusal.reached.wait(30)
        process.send_signal(number)
        output, _ = process.communicate(timeout=30)
        assert process.returncode == 130, output
        assert all(family.revoked for family in backend.sessions.list())
    assert "The run was interrupted" in output
    assert "Traceback" not in output


def test_tls_is_verified_unless_told_otherwise(profile: Path, tmp_path: Path) -> None:
    import trustme

    from authproof_mock.certificate import Certificates

    tls = Certificates().tls("127.0.0.1")
    (tmp_path / "ca.pem").write_bytes(tls.authority)
    with running_mock(tls=tls) as (url, _):
        assert url.startswith("https://")
        arguments = [url, "--profile", str(profile), "--only", "LOGIN-01"]
        refused = certify(*arguments)
        assert refused.exit_code == 3
        assert "is not trusted: unable to get local issuer certificate. Mend: name who issued it, by `certify --ca FILE`" in refused.output
        assert certify(*arguments, "--ca", str(tmp_path / "ca.pem")).exit_code == 0
        assert certify(*arguments, "--insecure").exit_code == 0
        trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
        assert certify(*arguments, "--ca", str(tmp_path / "other.pem")).exit_code == 3


def test_the_wrong_scheme_of_a_url_is_told(mock: tuple[str, Backend], profile: Path) -> None:
    from authproof_mock.certificate import Certificates

    plain = certify(mock[0].replace("http:", "https:"), "--profile", str(profile))
    assert plain.exit_code == 3
    assert "does not answer: the port answers without TLS. Mend: give the URL with http://." in plain.output
    with running_mock(tls=Certificates().tls("127.0.0.1")) as (url, _):
        secure = certify(url.replace("https:", "http:"), "--profile", str(profile))
    assert secure.exit_code == 3
    assert "perhaps the port wants https://." in secure.output


def test_a_certificate_for_another_name_is_no_matter_of_trust(profile: Path, tmp_path: Path) -> None:
    import trustme

    from authproof_mock.certificate import Certificates

    class OfAnother(Certificates):
        def certificate(self, authority: trustme.CA, names: Sequence[str]) -> trustme.LeafCert:
            return super().certificate(authority, [name for name in names if name != "127.0.0.1"])

    tls = OfAnother().tls("localhost")
    (tmp_path / "ca.pem").write_bytes(tls.authority)
    with running_mock(tls=tls) as (url, _):
        result = certify(url, "--profile", str(profile), "--ca", str(tmp_path / "ca.pem"))
    assert "its certificate is not valid: IP address mismatch" in result.output
    assert "Mend: give the server a valid certificate for its name" in result.output
    assert result.exit_code == 3


def test_a_document_without_the_extension_is_told_how_to_get_one(tmp_path: Path) -> None:
    document = tmp_path / "plain.yaml"
    document.write_text("openapi: 3.1.0\ninfo: {title: a, version: '1'}\npaths: {}\n", "utf-8")
    result = certify("http://127.0.0.1:9", "--contract", str(document))
    assert result.exit_code == 2
    assert f"authproof init --from {document}" in result.output
    assert "--overlay" in result.output


def test_the_json_report_fits_its_schema(mock: tuple[str, Backend], profile: Path, tmp_path: Path) -> None:
    from importlib.resources import files

    path = tmp_path / "report.json"
    certify(mock[0], "--profile", str(profile), "--report", f"json={path}")
    schema = json.loads((files("authproof.reports") / "report.schema.json").read_text("utf-8"))
    jsonschema_rs.Draft202012Validator(schema).validate(json.loads(path.read_text("utf-8")))
