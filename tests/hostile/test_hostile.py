"""Servers that misbehave: a run ends in time and in bounded memory, tells the truth, and gives nothing away."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.hostile import behaviours as does
from tests.hostile.listener import Behaviour, Connection, listening

PROFILE = Path(__file__).parent / "profile.toml"
SECRETS = ("hostile-password-of-", "JBSWY3DPEHPK3PXP", "access-token-of-everybody", "refresh-token-of-everybody")
SECONDS = 30
"""How long a run may take before it is given up: ten times its budget, since the machine may be busy."""
MEGABYTES = 500

# What may be seen of each server, by area or requirement. Of the others nothing was observed that could pass.
SILENT: set[str] = set()
ANSWERS = {"DOC", "ERR", "TRANSPORT", "CORS"}
REFUSES = ANSWERS | {"BEARER", "COOKIE-09"}
# The cookies of such a login may be right.
LOGS_IN = ANSWERS | {"APP-02", "COOKIE"}
# Such a server answers every logout with success, and marks what it answers as not to be cached. What it is asked to prove by its answers, it does not.
LETS_IN = LOGS_IN | {"BEARER-27", "LOGOUT-04", "LOGOUT-05", "REFRESH-09", "REFRESH-20"}
VISIBLE: Mapping[Behaviour, set[str]] = {
    does.closes_after_accept: SILENT,
    does.resets_in_mid_header: SILENT,
    does.resets_in_mid_body: SILENT,
    does.never_answers: SILENT,
    does.sends_its_header_byte_by_byte: SILENT,
    does.sends_its_body_byte_by_byte: SILENT,
    does.never_ends_its_header: SILENT,
    does.never_ends_its_body: SILENT,
    does.never_ends_its_chunks: SILENT,
    does.floods_with_1xx: SILENT,
    does.switches_protocols: SILENT,
    does.sends_a_megabyte_of_header: SILENT,
    does.promises_more_than_it_sends: SILENT,
    does.contradicts_its_length: SILENT,
    does.counts_below_zero: SILENT,
    does.sends_garbage_for_chunks: SILENT,
    does.sends_garbage: SILENT,
    does.has_no_status: SILENT,
    does.packs_a_bomb: ANSWERS,
    does.nests_100_000_deep: ANSWERS,
    does.writes_endless_numbers: ANSWERS,
    does.answers_with_a_page: ANSWERS,
    does.agrees_to_everything: ANSWERS,
    does.answers_in_other_types: ANSWERS,
    does.gives_half_a_token: ANSWERS,
    does.has_a_status_of_its_own: ANSWERS,
    does.is_out_of_order: ANSWERS,
    does.limits_for_ever: ANSWERS,
    does.limits_and_asks_back_at_once: ANSWERS,
    does.limits_for_a_day: ANSWERS,
    does.limits_for_nonsense: ANSWERS,
    does.redirects_for_ever: ANSWERS,
    does.redirects_elsewhere: ANSWERS,
    does.nests_objects_100_000_deep: REFUSES,
    does.sends_more_than_it_promises: REFUSES,
    does.speaks_http_1_0: REFUSES,
    does.closes_each_connection: REFUSES,
    does.closes_without_a_word: REFUSES,
    does.writes_no_utf8: REFUSES,
    does.repeats_what_it_is_sent: REFUSES,
    does.sets_a_thousand_cookies: LETS_IN,
    does.gives_tokens_for_everything: LETS_IN,
    does.gives_a_token_of_a_megabyte: LETS_IN,
    does.gives_an_absurd_token: LETS_IN,
    does.gives_half_characters: LETS_IN,
    does.logs_in_and_redirects_elsewhere: LOGS_IN,
    does.logs_in_and_hangs: LOGS_IN,
}
# The rate limit of a server is no fault of it, however long it lasts.
LIMITS = {does.limits_for_ever, does.limits_and_asks_back_at_once, does.limits_for_a_day, does.limits_for_nonsense}


@dataclass(frozen=True, slots=True)
class Run:
    """What a run left: its exit code and output, its greatest memory, its report, and the requests that came to the other origin."""

    exit_code: int
    output: str
    megabytes: float
    report: dict[str, Any] | None
    elsewhere: list[bytes]

    def ids(self, verdict: str) -> dict[str, list[str]]:
        """The requirements with `verdict`, and the details of each."""
        found: dict[str, list[str]] = defaultdict(list)
        for result in self.report["results"] if self.report else ():
            if result["verdict"] == verdict:
                found[result["id"]].append(result["detail"])
        return found


def run_against(behave: Behaviour, folder: Path) -> Run:
    async def take(connection: Connection) -> None:
        await connection.answer("200 OK", b"{}")

    path, log = folder / "report.json", folder / "output.txt"
    with listening(take) as elsewhere, listening(behave, elsewhere.url) as target, log.open("wb") as output:
        command = [sys.executable, "-m", "authproof", "certify", target.url, "--profile", str(PROFILE), "--report", f"json={path}"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        megabytes = _greatest_memory(process)
    report = json.loads(path.read_text("utf-8")) if path.exists() else None
    return Run(process.returncode, log.read_text("utf-8", "replace"), megabytes, report, elsewhere.received)


def _greatest_memory(process: subprocess.Popen[bytes]) -> float:
    """Wait for the end of `process`; its peak in megabytes. What the system counts afterwards would be the peak of this process too."""
    peak, deadline = 0.0, time.monotonic() + SECONDS
    while process.poll() is None:
        with suppress(OSError, StopIteration):
            lines = Path(f"/proc/{process.pid}/status").read_text("ascii").splitlines()
            peak = next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
        if time.monotonic() > deadline:
            process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    return peak


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the memory of a process from /proc")
@pytest.mark.parametrize("behave", VISIBLE, ids=lambda behave: behave.__name__)
def test_a_run_against_a_hostile_server_is_short_small_and_true(behave: Behaviour, tmp_path: Path) -> None:
    run = run_against(behave, tmp_path)
    text = run.output + json.dumps(run.report)
    visible = VISIBLE[behave]
    assert run.exit_code in {1, 3}, run.output
    assert "Traceback" not in text
    assert 0 < run.megabytes < MEGABYTES
    assert run.elsewhere == []
    assert not [secret for secret in SECRETS if secret in text]
    assert not run.ids("error")
    assert not {found: why for found, why in run.ids("pass").items() if not {found, found.partition("-")[0]} & visible}
    if visible is SILENT:
        assert (run.exit_code, run.report) == (3, None) or not run.ids("pass")
    else:
        assert run.report
    if behave in LIMITS:
        assert not run.ids("fail")


def test_every_behaviour_is_tried() -> None:
    written = {found for found in vars(does).values() if callable(found) and found.__module__ == does.__name__}
    assert written == set(VISIBLE)
