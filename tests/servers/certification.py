"""A server of this folder, certified over the command line as a user would."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from authproof.cli import main
from tests.servers.process import running


@dataclass(frozen=True, slots=True)
class Certificate:
    """The report of a run, as JSON has it, and the exit code."""

    exit_code: int
    report: dict[str, Any]

    def ids(self, verdict: str) -> set[str]:
        """The requirements with `verdict`, for one operation at least."""
        found: dict[str, set[str]] = defaultdict(set)
        for result in self.report["results"]:
            found[result["verdict"]].add(result["id"])
        return found[verdict]


def certify(command: Sequence[str], profile: Path, folder: Path) -> Certificate:
    """Start `command`, certify what it serves, and stop it. The report is written to `folder`."""
    path = folder / "report.json"
    with running(command) as url:
        result = CliRunner().invoke(main, ["certify", url, "--profile", str(profile), "--report", f"json={path}"])
    assert path.exists(), result.output
    return Certificate(result.exit_code, json.loads(path.read_text("utf-8")))
