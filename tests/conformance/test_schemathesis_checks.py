"""Our checks in Schemathesis's own run, by the command of the documentation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from authproof_mock.faults import parts_with
from authproof_mock.server import running_mock

DOCUMENT = Path(__file__).parents[2] / "spec" / "authproof_spec" / "openapi.yaml"
ONLY = ("--include-path-regex", "^/api/(admin/user|auth/login|health)$", "--phases", "examples,fuzzing", "--max-examples", "3", "--seed", "1")


def run(url: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", str(DOCUMENT), "--url", url, "--checks", "authproof", "--no-color", *ONLY],
        env={**os.environ, "SCHEMATHESIS_HOOKS": "authproof.schemathesis_checks", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (None, " passed"),
        ("sends-no-challenge-without-credentials", "BEARER-02: A 401 carries no Bearer challenge"),
        ("drops-http-only-at-login", "COOKIE-01"),
    ],
)
def test_schemathesis_loads_and_runs_our_checks(fault: str | None, words: str) -> None:
    with running_mock(parts=parts_with([fault] if fault else [])) as (url, _):
        result = run(url)
    assert words in result.stdout, result.stdout + result.stderr
    assert result.returncode == (1 if fault else 0)


@pytest.mark.parametrize(
    ("variable", "name", "words"),
    [
        ("AUTHPROOF_CONTRACT", "plain.yaml", "authproof init --from plain.yaml"),
        ("AUTHPROOF_CONTRACT", "absent.yaml", "absent.yaml: The document cannot be read: No such file"),
        ("AUTHPROOF_OVERLAYS", "absent.yaml", "absent.yaml: The document cannot be read: No such file"),
    ],
)
def test_without_a_contract_the_run_ends_with_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, name: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plain.yaml").write_text("openapi: 3.1.0\ninfo: {title: a, version: '1'}\npaths: {}\n", "utf-8")
    result = run("http://127.0.0.1:1", **{variable: name})
    assert words in result.stderr
    assert result.stderr.count("Mend:") == 1
    assert "Traceback" not in result.stdout + result.stderr
    assert result.returncode == 2


def test_a_path_with_a_space_is_found(tmp_path: Path) -> None:
    path = tmp_path / "my document.yaml"
    path.write_bytes(DOCUMENT.read_bytes())
    # In a process of its own: the import adds the check to every run of Schemathesis.
    look = "import sys; from authproof.schemathesis_checks import _judge; print(*(len(_judge(place).operations) for place in sys.argv[1:]))"
    result = subprocess.run([sys.executable, "-c", look, path.as_uri(), str(path)], capture_output=True, text=True, check=True)
    assert len(set(result.stdout.split())) == 1
