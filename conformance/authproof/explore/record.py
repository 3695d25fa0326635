"""A counterexample for people and for a replay: text with curl lines, and a JSON file. Neither holds a secret."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from authproof.explore.explorer import Counterexample
from authproof.explore.steps import Step, step_of
from authproof.reports.curl import curl
from authproof.vault import variables
from authproof_spec.catalogue import Catalogue
from authproof_spec.pointer import Json

_VERSION = 1


class RecordError(Exception):
    """A file that cannot be replayed. The message says what, where and how to mend it."""


def as_text(found: Counterexample, url: str, catalogue: Catalogue) -> Iterator[str]:
    """The lines that tell the counterexample: each step with its curl line, and what was expected and seen of the last."""
    requirement = catalogue[found.finding.requirement]
    yield f"{requirement.id}: {requirement.statement}"
    yield ""
    for number, taken in enumerate(found.taken, 1):
        if taken.exchange is None:
            yield f"{number}. {taken.step}"
            continue
        response = taken.exchange.response
        texts = [*(value for _, value in response.headers), response.body.decode("utf-8", "replace")] if response else []
        names = dict.fromkeys(name for text in texts for name in variables(text))
        gives = f", which gives {', '.join(names)}" if names else ""
        yield f"{number}. {taken.step}: {taken.exchange.describe()}{gives}"
        yield f"   {curl(taken.exchange.probe.request, url)}"
    yield ""
    yield f"Expected: {found.finding.expected}."
    yield f"Seen: {found.finding.seen}."


def as_json(found: Counterexample, seed: int | None) -> str:
    """The counterexample as `load_steps` reads it."""
    record: dict[str, Json] = {
        "version": _VERSION,
        "requirement": found.finding.requirement,
        "expected": found.finding.expected,
        "seen": found.finding.seen,
        "seed": seed,
        "steps": [step.as_json() for step in found.steps],
    }
    return json.dumps(record, indent=2) + "\n"


def load_steps(path: Path) -> Sequence[Step]:
    """The steps of the file at `path`. Raises RecordError."""
    try:
        record = json.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        what = getattr(error, "strerror", None) or "it is not UTF-8"
        raise RecordError(f"{path}: the file cannot be read: {what}. Mend: give a file that --keep wrote.") from error
    except ValueError as error:
        raise RecordError(f"{path}: this is not JSON: {error}. Mend: give a file that --keep wrote.") from error
    if not isinstance(record, dict) or record.get("version") != _VERSION or not isinstance(record.get("steps"), list) or not record["steps"]:
        raise RecordError(f"{path}: this is no counterexample of version {_VERSION}. Mend: give a file that --keep wrote.")
    steps = []
    for number, raw in enumerate(record["steps"]):
        try:
            steps.append(step_of(raw))
        except ValueError as error:
            raise RecordError(f"{path} at /steps/{number}: {error}. Mend: give a file that --keep wrote.") from error
    return tuple(steps)
