"""`authproof explore`, end to end over a socket."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from authproof.cli import main
from authproof_mock.backend import Backend
from authproof_mock.faults import parts_with
from authproof_mock.server import running_mock
from authproof_spec import load_contract

PROFILE = """
[target]
url = "{url}"

[accounts.admin.ordinary]
email = "user@example.com"
password = "{password}"
"""


def explore(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["explore", *arguments])


def profile_at(folder: Path, url: str, password: str = "correct horse battery staple") -> str:
    path = folder / "authproof.toml"
    path.write_text(PROFILE.format(url=url, password=password), "utf-8")
    return str(path)


def test_the_embedded_mock_gives_nothing() -> None:
    result = explore("--runs", "5", "--seed", "3")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("Nothing was found: ")
    assert "seed 3." in result.output


def test_a_counterexample_is_printed_kept_and_replayed(tmp_path: Path) -> None:
    kept = tmp_path / "found.json"
    kept.write_text(
        json.dumps(
            {
                "version": 1,
                "steps": [
                    {"rule": "log_in", "application": "admin", "part": "ordinary"},
                    *({"rule": "refresh", "application": "admin", "grant": 1},) * 2,
                ],
            }
        ),
        "utf-8",
    )
    again = tmp_path / "again.json"
    with running_mock(load_contract(), parts=parts_with(["takes-used-refresh-tokens-for-ever"])) as (url, _):
        result = explore("--profile", profile_at(tmp_path, url), "--replay", str(kept), "--keep", str(again))
    assert result.exit_code == 1, result.output
    assert "REFRESH-03: " in result.output
    assert "curl -i --path-as-is -X POST" in result.output
    assert "correct horse" not in result.output + again.read_text("utf-8")
    assert json.loads(again.read_text("utf-8"))["requirement"] == "REFRESH-03"


def test_a_replay_that_cannot_be_made_decides_nothing(tmp_path: Path) -> None:
    kept = tmp_path / "found.json"
    steps = [{"rule": "log_in", "application": "admin", "part": "ordinary"}, {"rule": "use_token", "application": "admin", "personal": 1}]
    kept.write_text(json.dumps({"version": 1, "steps": steps}), "utf-8")
    result = explore("--replay", str(kept))
    assert result.exit_code == 3, result.output
    assert result.output.startswith("The steps could not be replayed: 1 walk, ")
    assert "Step 2 (ask admin who I am with personal access token 1) cannot be made." in result.output


def test_the_end_of_the_budget_is_told_in_one_line(tmp_path: Path) -> None:
    with running_mock() as (url, _):
        profile = Path(profile_at(tmp_path, url))
        profile.write_text(profile.read_text("utf-8") + "\n[budget]\nrequests = 80\n", "utf-8")
        result = explore("--profile", str(profile), "--seed", "3")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[1:] == ["The 60 requests of the search are used up."]


def test_a_wrong_password_is_tried_once(tmp_path: Path) -> None:
    with running_mock() as (url, _):
        result = explore("--profile", profile_at(tmp_path, url, "another"), "--runs", "20")
    assert result.exit_code == 3, result.output
    assert "1 requests" in result.output
    assert "No account of the profile can log in." in result.output


def test_a_target_that_does_not_answer_is_unreachable(tmp_path: Path) -> None:
    result = explore("--profile", profile_at(tmp_path, "http://127.0.0.1:9"))
    assert result.exit_code == 3
    assert "does not answer" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["http://127.0.0.1:9"], "There is no account to explore with."),
        (["--replay", "missing.json"], "the file cannot be read"),
        (["--keep", "missing/found.json"], "The folder of 'missing/found.json' does not exist."),
    ],
)
def test_what_cannot_be_used_is_said_with_its_mend(arguments: list[str], message: str) -> None:
    result = explore(*arguments)
    assert result.exit_code == 2
    assert message in result.output
    assert "Mend: " in result.output


def test_an_interrupted_run_logs_out_first(tmp_path: Path) -> None:
    def sessions(backend: Backend) -> int:
        with backend.lock:
            return len(backend.sessions.list())

    calls: list[object] = []
    with running_mock() as (url, backend):
        backend.record = lambda *call: calls.append(call)
        command = [sys.executable, "-m", "authproof", "explore", "--profile", profile_at(tmp_path, url), "--runs", "100000"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            deadline = time.monotonic() + 60
            while len(calls) < 10 and process.poll() is None and time.monotonic() < deadline:
                threading.Event().wait(0.005)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        assert process.returncode == 130, errors
        assert "Interrupted, after cleaning up." in errors
        # The answer of a login that was under way never came, so nobody has the means to end it.
        assert sessions(backend) <= 1
