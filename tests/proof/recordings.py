"""Runs that were recorded once, each with what tests pin of their verdicts, so that judging alone can be tried again and again.

The runs are those of `detection.py`: every fault of the mock, and the mock without a fault under every contract that the faults have.
"""

from __future__ import annotations

import functools
import hashlib
import pickle
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from authproof.certify import Item, Recording, evidence_of, plan
from authproof.evidence import Evidence
from authproof.profile import Profile
from authproof.verdict import Verdict
from authproof_mock.faults import all_faults
from authproof_mock.parts import Parts
from authproof_spec import Contract
from authproof_spec.catalogue import Level
from tests.proof.detection import IN_TLS_ALONE, contract, contract_of, run, run_fault, run_over_tls

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".mutation"
"""Where recordings wait for the next time; they are made again when the code that made them is another."""
_COMPLAINTS = (Verdict.ERROR, Verdict.FAIL, Verdict.WARN)
_CLEAN = "clean"


_OVER_TLS = f"{_CLEAN} over TLS"


def _kind(name: str) -> str:
    """The run without a fault under the contract of the run `name`."""
    fault = all_faults().get(name)
    if fault is None:
        return name
    return _OVER_TLS if fault.breaks in IN_TLS_ALONE else f"{_CLEAN} {fault.design or fault.algorithm or ''}".strip()


@functools.cache
def _contracts() -> Mapping[str, Contract]:
    """The contracts under which faults show, each by its run without a fault."""
    return {_OVER_TLS: contract()} | {_kind(fault.name): contract_of(fault) for fault in all_faults().values() if fault.breaks not in IN_TLS_ALONE}


def names() -> Sequence[str]:
    """Every run: those without a fault, and those of the faults."""
    return [*_contracts(), *all_faults()]


@functools.cache
def _items(kind: str) -> Mapping[str, Sequence[Item]]:
    """What is judged under a contract, by requirement."""
    found: defaultdict[str, list[Item]] = defaultdict(list)
    for item in plan(_contracts()[kind]):
        found[item.requirement.id].append(item)
    return found


def verdict_of(item: Item, seen: Evidence) -> tuple[Verdict, str]:
    """The verdict of an item, as a report has it, and its detail."""
    try:
        judgement = item.check(seen, item.operation)
    except Exception as error:  # noqa: BLE001  # a check that raises is an error of ours, as in a report
        return Verdict.ERROR, repr(error)
    lesser = judgement.verdict is Verdict.FAIL and item.requirement.level is not Level.MUST
    return Verdict.WARN if lesser else judgement.verdict, judgement.detail


@dataclass(frozen=True, slots=True)
class Run:
    """A recorded run, and the verdicts and details that it had, by requirement and in the order of its items."""

    name: str
    recording: Recording
    profile: Profile
    judged: Mapping[str, Sequence[tuple[Verdict, str]]] = field(default_factory=dict)

    @property
    def contract(self) -> Contract:
        """The contract that was served."""
        return _contracts()[_kind(self.name)]

    @property
    def is_clean(self) -> bool:
        """True when the mock had no fault."""
        return self.name not in all_faults()

    def evidence(self) -> Evidence:
        """What the checks read, with nothing looked up yet."""
        return evidence_of(self.contract, self.profile, self.recording)

    def judge(self, requirement: str, seen: Evidence) -> list[tuple[Verdict, str]]:
        """The verdict and the detail of each item of `requirement`."""
        return [verdict_of(item, seen) for item in _items(_kind(self.name)).get(requirement, ())]

    def pinned(self, requirement: str, verdicts: Iterable[Verdict]) -> object:
        """What tests pin of the `verdicts` of `requirement` in this run.

        Without a fault everything passes, or is skipped. With one, its own requirement has its verdict at as many operations as docs/detection.md says,
        and each other one the gravest complaint that the fault declares, or none.
        """
        found = list(verdicts)
        if self.is_clean:
            return sorted(set(found) - {Verdict.PASS, Verdict.SKIP, *([Verdict.INCONCLUSIVE] if self.name == _OVER_TLS else [])})
        gravest = next((verdict for verdict in _COMPLAINTS if verdict in found), None)
        if requirement == all_faults()[self.name].breaks:
            return gravest, sum(verdict in {Verdict.FAIL, Verdict.WARN} for verdict in found), len(found)
        return gravest


def _digest(paths: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.read_bytes())
    return total.hexdigest()


@functools.cache
def _sources() -> tuple[str, str]:
    """What a recording depends on, and what its verdicts depend on."""
    files = {path for folder in ("spec", "mock_server", "conformance") for path in (ROOT / folder).rglob("*.*") if path.suffix in {".py", ".yaml"}}
    files |= set((ROOT / "examples" / "designs").rglob("*.yaml")) | {ROOT / "tests" / "proof" / "detection.py"}
    checks = {path for path in files if path.parent.name == "checks"}
    return _digest(files - checks), _digest(files)


def recorded(name: str) -> Run:
    """The run `name`: the kept one where it is still the same, else a new one."""
    made_by, judged_by = _sources()
    path = KEPT / "runs" / f"{name.replace(' ', '-')}.pickle"
    kept: dict[str, object] = {}
    if path.exists():
        kept = pickle.loads(path.read_bytes())  # of our own making
    if kept.get("made_by") != made_by:
        if name == _OVER_TLS:
            made = run_over_tls(Parts())
        elif name in all_faults():
            made = run_fault(all_faults()[name])
        else:
            made = run(Parts(), _contracts()[name])
        kept = {"made_by": made_by, "run": Run(name, made.recording, made.profile)}
    if kept.get("judged_by") != judged_by:
        found: Run = kept["run"]  # type: ignore[assignment]
        seen = found.evidence()
        kept |= {"judged_by": judged_by, "run": replace(found, judged={each: found.judge(each, seen) for each in _items(_kind(name))})}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps(kept))
    return kept["run"]  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Question:
    """What one requirement is judged to be in a run, or in all runs without a fault; `seen` has the evidence of each."""

    runs: Sequence[Run]
    requirement: str
    seen: Sequence[Evidence]

    @property
    def name(self) -> str:
        """What it is called."""
        return f"{self.requirement} in {self.runs[0].name if len(self.runs) == 1 else 'the runs without a fault'}"

    def is_answered_otherwise(self, *, afresh: bool) -> bool:
        """True when what tests pin is no longer so. `afresh`: nothing that was looked up in the evidence before is used."""
        seen = [run.evidence() for run in self.runs] if afresh else self.seen
        return self._pinned([run.judge(self.requirement, of) for run, of in zip(self.runs, seen, strict=True)]) != self._pinned(
            [run.judged[self.requirement] for run in self.runs]
        )

    def _pinned(self, judged: Sequence[Sequence[tuple[Verdict, str]]]) -> object:
        verdicts = [[verdict for verdict, _ in each] for each in judged]
        pinned = [run.pinned(self.requirement, found) for run, found in zip(self.runs, verdicts, strict=True)]
        # What is skipped in every run without a fault proves nothing.
        return pinned, self.runs[0].is_clean and any(Verdict.PASS in found for found in verdicts)


def questions(runs: Iterable[Run]) -> Iterator[Question]:
    """What is worth asking again: everything without a fault; with one, what it breaks, and whatever no other run said in these words."""
    clean: defaultdict[str, list[tuple[Run, Evidence]]] = defaultdict(list)
    known: set[object] = set()
    for each in sorted(runs, key=lambda run: not run.is_clean):
        fault, seen = all_faults().get(each.name), each.evidence()
        for requirement, judged in each.judged.items():
            said = (requirement, tuple((verdict, _without_counts(detail)) for verdict, detail in judged))
            if fault is None:
                clean[requirement].append((each, seen))
            elif requirement in {fault.breaks, *fault.also} or said not in known:
                yield Question((each,), requirement, (seen,))
            known.add(said)
    for requirement, found in clean.items():
        yield Question([run for run, _ in found], requirement, [seen for _, seen in found])


def _without_counts(detail: str) -> str:
    """`detail` without its numbers, but for what may be a status."""
    return re.sub(r"\b(\d{1,2}|\d{4,})\b", "#", detail)
