"""One certification: scripts are carried out, checks judge what was recorded, and the report has it all."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

import httpx

from authproof.checks import CHECKS, Check
from authproof.classes import judge_classes
from authproof.evidence import Evidence, HookRecord, Outcome, Role
from authproof.exchange import Exchange, Handshake, TokenFacts
from authproof.extensions import NO_EXTENSIONS, Extensions
from authproof.hooks import DeclaredHooks, Hooks
from authproof.lab import Lab
from authproof.matrix import matrix_of
from authproof.methods import writing_operations
from authproof.profile import Profile
from authproof.report import Report
from authproof.result import Result
from authproof.runner import LIMITED, Runner
from authproof.scripts import SCRIPTS
from authproof.target import Target
from authproof.verdict import Judgement, Verdict
from authproof.waivers import excused, uses
from authproof_spec import Contract, Operation
from authproof_spec.catalogue import Level, Requirement


@dataclass(frozen=True, slots=True)
class Item:
    """One check of a requirement at one operation: what a plan consists of."""

    check: Check
    requirement: Requirement
    operation: Operation

    @property
    def name(self) -> str:
        """What reports call it, such as `JWT-09[GET /api/user]`."""
        return f"{self.requirement.id}[{self.operation.name}]"


@dataclass(frozen=True, slots=True)
class Recording:
    """A run as it was recorded: plain values without a secret, which another process may judge.

    exchanges, facts, outcomes, hook_records, moved, handshakes: see Evidence.
    """

    exchanges: tuple[Exchange, ...]
    facts: Mapping[str, TokenFacts]
    outcomes: Mapping[tuple[str, str], Outcome]
    hook_records: tuple[HookRecord, ...]
    moved: float
    handshakes: tuple[Handshake, ...]
    duration: float
    failed_logins: int
    left_behind: tuple[str, ...]
    interrupted: bool


def plan(
    contract: Contract, only: Iterable[str] = (), skip: Iterable[str] = (), extensions: Extensions = NO_EXTENSIONS, level: Level = Level.MAY
) -> tuple[Item, ...]:
    """Every check at every operation that it is asked about, of the areas and ids in `only` (all when empty) but for those in `skip`.

    Requirements below `level` are left out.

    Raises UnknownTermError for a term that names nothing.
    """
    catalogue = extensions.catalogue
    chosen = {requirement.id for requirement in catalogue.select(only)} if (only := tuple(only)) else set(catalogue)
    chosen -= {requirement.id for requirement in catalogue.select(skip)}
    demanded = list(Level)[: list(Level).index(level) + 1]
    chosen = {identifier for identifier in chosen if catalogue[identifier].level in demanded}
    return tuple(
        Item(check, catalogue[check.requirement], operation)
        for check in (*CHECKS, *extensions.checks)
        if check.requirement in chosen
        for operation in check.subjects(contract)
    )


def evidence_of(contract: Contract, profile: Profile, recording: Recording) -> Evidence:
    """What the checks read of a run with `profile`."""
    return Evidence(
        contract,
        recording.exchanges,
        recording.facts,
        recording.outcomes,
        recording.hook_records,
        recording.moved,
        profile.url,
        recording.handshakes,
        roles=tuple(Role(name, account.part, account.permissions) for name in contract.applications for account in profile.roles(name)),
        unasked=frozenset() if profile.allows_unsafe_methods else frozenset(operation.id for operation in writing_operations(contract)),
    )


class Certification:
    """A run of the scripts that a plan needs, made once; its items are judged one by one or together."""

    def __init__(
        self,
        contract: Contract,
        profile: Profile,
        items: Collection[Item],
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        hooks: Hooks | None = None,
        extensions: Extensions = NO_EXTENSIONS,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Prepare the run of `items`; nothing is sent yet. `transport` and `hooks` stand in for sockets and the profile's hooks.

        clock, sleep: seconds since the epoch, and what lets some of them pass.

        Raises ProfileError when `profile` does not fit `contract`.
        """
        self._extensions = extensions
        profile.check_against(contract)
        profile.check_waivers(extensions.catalogue)
        self.contract = contract
        self.profile = profile
        self.items = tuple(items)
        self._target = Target(profile, transport)
        self._runner = Runner(Lab(contract, profile, hooks=hooks or DeclaredHooks(profile.hooks), clock=clock), self._target, sleep=sleep)
        self._scripts = {**SCRIPTS, **extensions.scripts}
        self._started = datetime.now(UTC)
        self._recording: Recording | None = None
        self._evidence: Evidence | None = None

    def run(self, progress: Callable[[str, int], None] | None = None) -> None:
        """Send the probes and clean up, whatever happens. An interruption ends the run early and is told by the report.

        Raises Unreachable when the target does not answer at all.
        """
        if progress:
            self._runner.progress = progress
        began, interrupted = time.monotonic(), False
        try:
            checks = {item.check for item in self.items}
            for name, script in self._scripts.items():
                if any(check.reads(name) for check in checks):
                    for application in self.contract.applications.values():
                        self._runner.run(name, application, script(self._runner.lab, application))
        except KeyboardInterrupt:
            interrupted = True
        finally:
            self._runner.clean_up()
            self._target.close()
        lab, seen = self._runner.lab, self._runner.evidence()
        duration = time.monotonic() - began
        left_behind = tuple(self._runner.left_behind)
        self.recording = Recording(
            seen.exchanges, seen.facts, seen.outcomes, seen.hooks, seen.moved, seen.handshakes, duration, lab.failed_logins, left_behind, interrupted
        )

    @property
    def is_recorded(self) -> bool:
        """True once there is something to judge."""
        return self._recording is not None

    @property
    def recording(self) -> Recording:
        """What the run recorded. Setting it takes the place of a run. Raises RuntimeError before either."""
        if self._recording is None:
            raise RuntimeError("run() comes first")
        return self._recording

    @recording.setter
    def recording(self, recording: Recording) -> None:
        self._recording = recording
        self._evidence = evidence_of(self.contract, self.profile, recording)

    def judge(self, item: Item) -> Result:
        """The result of one item, as waived where the profile excuses it. A check that raises becomes an error of its own."""
        return excused(self._judged(item), self.profile.waivers, self._started.date())

    @property
    def _seen(self) -> Evidence:
        if self._evidence is None:
            raise RuntimeError("run() comes before judge()")
        return self._evidence

    def _judged(self, item: Item) -> Result:
        seen = self._seen
        try:
            judgement = item.check(seen, item.operation)
        except Exception as error:  # noqa: BLE001  # our own mistake must cost one result, not the run
            judgement = Judgement(Verdict.ERROR, f"authproof failed in its check: {type(error).__name__}: {error}")
        verdict = judgement.verdict
        if verdict is Verdict.FAIL and item.requirement.level is not Level.MUST:
            verdict = Verdict.WARN
        return Result(item.requirement, item.operation.name, verdict, judgement.detail, judgement.exchanges)

    def _others(self) -> Iterable[Item]:
        """What the requirements of the plan ask beside its items."""
        planned = {item.name for item in self.items}
        requirements = {item.requirement.id for item in self.items}
        return (item for item in plan(self.contract, extensions=self._extensions) if item.requirement.id in requirements and item.name not in planned)

    def report(self) -> Report:
        """The results of all items."""
        judged = [self._judged(item) for item in self.items]
        today = self._started.date()
        results = tuple(excused(result, self.profile.waivers, today) for result in judged)
        asked = {check.requirement for check in CHECKS if any(not check.obstacle(self._seen, one) for one in check.subjects(self.contract))}
        # Where some operations of a requirement were left out, a waiver of it may be needed after all.
        others = self._others() if self.profile.waivers else ()
        left_out = [Result(item.requirement, item.operation.name, Verdict.INCONCLUSIVE, "It was left out.") for item in others]
        return Report(
            version=version("authproof"),
            target=self.profile.url,
            contract=f"{self.contract.title} {self.contract.version}".strip(),
            started=self._started.isoformat(timespec="seconds"),
            duration=round(self.recording.duration, 3),
            requests=len(self.recording.exchanges),
            failed_logins=self.recording.failed_logins,
            results=results,
            areas=self._extensions.catalogue.areas,
            classes=judge_classes(results, asked, interrupted=self.recording.interrupted),
            waivers=uses([*judged, *left_out], self.profile.waivers, today),
            facts=self.recording.facts,
            left_behind=self.recording.left_behind,
            limited=sum(exchange.status == 429 and not exchange.probe.name.endswith(LIMITED) for exchange in self.recording.exchanges),
            interrupted=self.recording.interrupted,
            matrix=matrix_of(self._seen),
        )
