"""The proof that judging is pinned down: the judging code is changed a little, thousands of times, and tests must notice each time.

`python -m tests.proof.mutation`, from the root of the repository, writes docs/mutation.md. With names of modules, such as `checks.jwt`, it tries their
mutants alone and writes no page; with `--again`, those that survived the last time, by the tests of the checks alone, for who writes such tests. It is a plugin of pytest's, which collects the tests once; each mutant is then planted in a process of its own.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import signal
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import pytest

from authproof.checks import Check
from tests.proof.mutants import Mutant, mutants_of
from tests.proof.planting import JUDGES, living, path_of, plant, tree_of
from tests.proof.processes import Died, spread
from tests.proof.recordings import KEPT, ROOT, Question, names, questions, recorded

PAGE = ROOT / "docs" / "mutation.md"
REASONS = Path(__file__).with_name("survivors.toml")
TESTS = ("checks", "test_classes.py", "test_conformity.py", "test_reading.py", "test_waivers.py")
"""In tests/conformance: what says of judging code alone what it must answer."""
AFRESH = {"authproof.evidence"}
_KILLERS = KEPT / "killers.json"
_IMPORT, _TIME = "import", "time"
_TABLES, _RUNS = "tables", "runs"
_PATIENCE = 10.0
"""Seconds after which a mutant does not come to an end; more where what it is tried with takes long by itself."""
Place = tuple[str, int] | tuple[str, str]
"""A line of a file, or a requirement whose check was asked."""


class Examiner(Protocol):
    """Something that may notice a mutant."""

    name: str

    def objects(self, mutant: Mutant | None) -> bool:
        """True when it is not content with the code as it is now; `mutant` is what was planted."""


@dataclass
class AskedAgain:
    """A question to a recorded run."""

    question: Question

    def __post_init__(self) -> None:
        self.name = f"{_RUNS}: {self.question.name}"

    def objects(self, mutant: Mutant | None) -> bool:
        """True when tests pin another answer."""
        return self.question.is_answered_otherwise(afresh=mutant is None or mutant.module in AFRESH)


@dataclass
class Tested:
    """A test, carried out as pytest does."""

    item: pytest.Item
    plugin: Trial

    def __post_init__(self) -> None:
        self.name = f"{_TABLES}: {self.item.nodeid}"

    def objects(self, mutant: Mutant | None) -> bool:  # noqa: ARG002  # a test builds what it needs
        """True when it fails."""
        self.plugin.failed = False
        self.item.config.hook.pytest_runtest_protocol(item=self.item, nextitem=None)
        return self.plugin.failed


@dataclass
class Trial:
    """The plugin: once the tests are collected, mutants are tried instead of running them. `outcomes` has who noticed each, None where nobody did."""

    modules: Sequence[str]
    jobs: int
    again: bool = False
    failed: bool = False

    def __post_init__(self) -> None:
        self.outcomes: list[tuple[Mutant, str | None]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember that a test failed."""
        self.failed = self.failed or report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try every mutant."""
        runs = () if self.again else names()
        kept = [name for name, _ in _told("run", runs, lambda name: recorded(name) and None, self.jobs)]
        asked = [AskedAgain(question) for question in questions(recorded(name) for name in kept)]
        self.examiners: list[Examiner] = [*(Tested(item, self) for item in session.items), *asked]
        self.took: dict[int, float] = {}
        self.reached: defaultdict[Place, set[int]] = defaultdict(set)
        parts = [range(start, len(self.examiners), 64) for start in range(64)]
        for _, found in _told("examiners", parts, self._measured, self.jobs):
            if isinstance(found, Died):
                raise pytest.UsageError("An examiner ended the process, or objects to the code as it is.")
            for number, (seconds, places) in found.items():
                self.took[number] = seconds
                for place in places:
                    self.reached[place].add(number)
        self._try_all()
        return True

    def _measured(self, part: Sequence[int]) -> Mapping[int, tuple[float, set[Place]]]:
        """How long some examiners take, in seconds, and what they reach of the judging code."""
        found = {}
        for number in part:
            began = time.perf_counter()
            with _Traced() as places:
                if self.examiners[number].objects(None):
                    print(f"objects to the code as it is: {self.examiners[number].name}")  # noqa: T201  # its reader sits at a terminal
                    raise SystemExit
            found[number] = time.perf_counter() - began, places
        return found

    def _try_all(self) -> None:
        trees = {module: tree_of(module) for module in self.modules}
        mutants = [mutant for module, tree in trees.items() for mutant in mutants_of(module, tree)]
        before: dict[str, str] = json.loads(_KILLERS.read_text("utf-8")) if _KILLERS.exists() else {}
        if self.again:
            mutants = [mutant for mutant in mutants if mutant.name not in before]
        by_name = {examiner.name: number for number, examiner in enumerate(self.examiners)}
        self._users = _users()
        living()

        def tried(number: int) -> str | None:
            mutant = mutants[number]
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
            sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123  # until the process ends
            order = self._order(mutant)  # by the code as it is
            try:
                plant(mutant, trees[mutant.module])
            except Exception:  # noqa: BLE001  # whatever it is, it would be noticed
                return _IMPORT
            first = by_name.get(before.get(mutant.name, ""))
            for examiner in [*([] if first is None else [first]), *order]:
                signal.setitimer(signal.ITIMER_REAL, max(_PATIENCE, 20 * self.took[examiner]))
                if self.examiners[examiner].objects(mutant):
                    return self.examiners[examiner].name
            return None

        found: dict[int, str | None] = {}
        for number, result in _told("mutants", range(len(mutants)), tried, self.jobs):
            found[number] = _TIME if isinstance(result, Died) else result
        self.outcomes = [(mutant, found[number]) for number, mutant in enumerate(mutants)]
        KEPT.mkdir(exist_ok=True)
        _KILLERS.write_text(json.dumps(before | {mutant.name: killer for mutant, killer in self.outcomes if killer}), "utf-8")

    def _order(self, mutant: Mutant) -> list[int]:
        """Who may notice `mutant`, the quickest first."""
        file = str(path_of(mutant.module))
        lines: Iterable[tuple[str, int]] = ((file, line) for line in range(mutant.lines[0], mutant.lines[1] + 1))
        if mutant.at_import:
            lines = [*lines, *self._users[mutant.module, mutant.place.rpartition(".")[2]]]
        reached: set[int] = set().union(*(self.reached.get(line, set()) for line in lines))
        for requirement in _requirements(mutant) if mutant.at_import else ():
            reached |= self.reached.get(("check", requirement), set())
        return sorted(reached, key=lambda number: self.took[number])


class _Traced:
    """Notes the lines of the judging code that are carried out."""

    def __init__(self) -> None:
        self._files = {str(path_of(module)) for module in JUDGES}
        self.places: set[Place] = set()

    def __enter__(self) -> set[Place]:
        self._before = sys.gettrace()
        sys.settrace(self._called)
        return self.places

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _called(self, frame: FrameType, event: str, argument: Any) -> Any:  # noqa: ARG002  # as settrace has it
        file = frame.f_code.co_filename
        if file not in self._files:
            return None
        if frame.f_code is Check.__call__.__code__:
            self.places.add(("check", frame.f_locals["self"].requirement))
        self.places.add((file, frame.f_lineno))
        return self._went_on

    def _went_on(self, frame: FrameType, event: str, argument: Any) -> Any:  # noqa: ARG002  # as settrace has it
        self.places.add((frame.f_code.co_filename, frame.f_lineno))
        return self._went_on


def _requirements(mutant: Mutant) -> Iterable[str]:
    """The requirements whose check is made in the place of `mutant`."""
    found = getattr(sys.modules[mutant.module], mutant.place.partition(".")[0], None)
    return [found.requirement] if isinstance(found, Check) else []


def _users() -> Mapping[tuple[str, str], list[tuple[str, int]]]:
    """Where each name of a judging module is used: by the module and the name."""
    found: defaultdict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    for module in JUDGES:
        tree, file = tree_of(module), str(path_of(module))
        own = dict.fromkeys(vars(sys.modules[module]), module)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                own |= {alias.asname or alias.name: node.module for alias in node.names}
        for node in ast.walk(tree):
            name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
            if name and isinstance(node, ast.expr):
                found[own.get(name, module), name].append((file, node.lineno))
    return found


def _told(what: str, tasks: Sequence[Any], work: Any, jobs: int) -> Iterator[tuple[Any, Any]]:
    """`spread`, with a line that tells how far it has come."""
    began = time.monotonic()
    for count, found in enumerate(spread(tasks, work, jobs), 1):
        print(f"\r{what}: {count} of {len(tasks)}, {time.monotonic() - began:.0f} s", end="", flush=True)  # noqa: T201  # its reader sits at a terminal
        yield found
    print()  # noqa: T201  # as above


_INTRODUCTION = """\
# Mutation of the judges

A check is only as good as the tests that pin its answers down. So the code that judges ({modules} modules: the checks, and what they judge by) is
changed a little, one place at a time: a comparison turned round, a condition negated, a verdict taken for another, a statement or an argument left
out. Each such *mutant* is then judged by the tests of the checks and by the recorded runs of every [fault](detection.md), of which tests pin
what fails and what does not. A mutant that none of them notices *survives*.

Not changed is what judges nothing: the wording of details, names, and documentation.

Of {all} mutants {killed} died ({share}). This page is written by `python -m tests.proof.mutation`, which fails when fewer than {least} % die in
all, or {least_each} % of one module, and when a survivor is not named in `tests/proof/survivors.toml`.

| module | mutants | survived | died |
|---|---:|---:|---:|
"""
_SURVIVORS = """
## Survivors

Each was looked at. `→` stands between the code and what became of it.
"""
_LEAST, _LEAST_EACH = 90, 80


@dataclass(frozen=True, slots=True)
class Group:
    """Survivors of one kind."""

    reason: str
    mutants: Sequence[str]


def groups() -> Sequence[Group]:
    """What is known of survivors: why each may survive."""
    return [Group(entry["reason"], entry["mutants"]) for entry in tomllib.loads(REASONS.read_text("utf-8"))["group"]]


def page(outcomes: Sequence[tuple[Mutant, str | None]]) -> str:
    """The page on `outcomes`."""
    counts = Counter((mutant.module, bool(killer)) for mutant, killer in outcomes)
    modules = list(dict.fromkeys(mutant.module for mutant, _ in outcomes))
    killed = sum(bool(killer) for _, killer in outcomes)
    share = f"{100 * killed / len(outcomes):.1f} %"
    text = _INTRODUCTION.format(modules=len(modules), all=len(outcomes), killed=killed, share=share, least=_LEAST, least_each=_LEAST_EACH)
    for module in modules:
        died, lives = counts[module, True], counts[module, False]
        text += f"| {module.removeprefix('authproof.')} | {died + lives} | {lives} | {100 * died / (died + lives):.1f} % |\n"
    text += _SURVIVORS
    for group in groups():
        text += f"\n### {group.reason}\n\n" + "".join(f"- {name}\n" for name in group.mutants)
    return text


def shortcomings(outcomes: Sequence[tuple[Mutant, str | None]]) -> Iterator[str]:
    """What is wrong with `outcomes`: survivors that nobody looked at, names of mutants that died or are no more, too many survivors."""
    alive = {mutant.name: mutant for mutant, killer in outcomes if not killer}
    named = {name for group in groups() for name in group.mutants}
    tried = {mutant.module.removeprefix("authproof.") for mutant, _ in outcomes}
    for name in alive.keys() - named:
        yield f"survives, and is not named: {name} (line {alive[name].lines[0]})"
    for name in sorted(named - alive.keys()):
        if name.partition(" ")[0] in tried:
            yield f"is named, and does not survive: {name}"
    for module, least in [("", _LEAST), *((module, _LEAST_EACH) for module in sorted(tried))]:
        own = [bool(killer) for mutant, killer in outcomes if not module or mutant.module == f"authproof.{module}"]
        if (share := 100 * sum(own) / len(own)) < least:
            yield f"{module or 'all modules'}: {share:.1f} % died, and {least} % are due"


def main() -> int:
    """Try the mutants, tell what is wrong with the outcome, and write the page when all were tried; 1 when something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.mutation", description="Mutants of the judging code, and who notices them.")
    parser.add_argument("modules", nargs="*", help="such as checks.jwt; all when none is named")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at once")
    parser.add_argument("--again", action="store_true", help="only what survived the last time, and only the tests of the checks")
    given = parser.parse_args()
    trial = Trial([f"authproof.{name}" for name in given.modules] or JUDGES, given.jobs, given.again)
    folder = ROOT / "tests" / "conformance"
    options = ["-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:xdist", "-s", "--assert=plain", "-W", "ignore"]
    code = pytest.main([*options, *(str(folder / name) for name in TESTS)], plugins=[trial])
    if code or not trial.outcomes:
        return int(code) or 1
    if given.again:
        print("\n".join(sorted(f"{mutant.name} (line {mutant.lines[0]})" for mutant, killer in trial.outcomes if not killer)))  # noqa: T201  # as above
        return 0
    wrong = sorted(shortcomings(trial.outcomes))
    for line in wrong:
        print(line)  # noqa: T201  # its reader sits at a terminal
    if not given.modules:
        PAGE.write_text(page(trial.outcomes), "utf-8")
    return min(len(wrong), 1)


if __name__ == "__main__":
    sys.exit(main())
