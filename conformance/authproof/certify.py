"""One certification: scripts are carried out, checks judge what was recorded, and the report has it all."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

import httpx

from authproof.checks import CHECKS, Check
from authproof.evidence import Evidence
from authproof.hooks import DeclaredHooks, Hooks
from authproof.lab import Lab
from authproof.profile import Profile
from authproof.report import Report
from authproof.result import Result
from authproof.runner import Runner
from authproof.scripts import SCRIPTS
from authproof.target import Target
from authproof.verdict import Judgement, Verdict
from authproof_spec import Contract, Operation
from authproof_spec.catalogue import Level, load_catalogue


@dataclass(frozen=True, slots=True)
class Item:
    """One check at one operation: what a plan consists of."""

    check: Check
    operation: Operation

    @property
    def name(self) -> str:
        """What reports call it, such as `JWT-09[GET /api/user]`."""
        return f"{self.check.requirement}[{self.operation.name}]"


def plan(contract: Contract, only: Iterable[str] = (), skip: Iterable[str] = ()) -> tuple[Item, ...]:
    """Every check at every operation that it is asked about, of the areas and ids in `only` (all when empty) but for those in `skip`.

    Raises UnknownTermError for a term that names nothing.
    """
    catalogue = load_catalogue()
    chosen = {requirement.id for requirement in catalogue.select(only)} if (only := tuple(only)) else set(catalogue)
    chosen -= {requirement.id for requirement in catalogue.select(skip)}
    return tuple(Item(check, operation) for check in CHECKS if check.requirement in chosen for operation in check.subjects(contract))


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
    ) -> None:
        """Prepare the run of `items`; nothing is sent yet. `transport` and `hooks` stand in for sockets and the profile's hooks. Raises ProfileError when `profile` does not fit `contract`."""
        profile.check_against(contract)
        self.contract = contract
        self.profile = profile
        self.items = tuple(items)
        self._target = Target(profile, transport)
        self._runner = Runner(Lab(contract, profile, hooks=hooks or DeclaredHooks(profile.hooks)), self._target)
        self._evidence: Evidence | None = None
        self._started = datetime.now(UTC)
        self._duration = 0.0
        self._interrupted = False

    def run(self, progress: Callable[[str, int], None] | None = None) -> None:
        """Send the probes and clean up, whatever happens. An interruption ends the run early and is told by the report.

        Raises Unreachable when the target does not answer at all.
        """
        if progress:
            self._runner.progress = progress
        began = time.monotonic()
        try:
            for name, script in SCRIPTS.items():
                if any(item.check.reads(name) for item in self.items):
                    for application in self.contract.applications.values():
                        self._runner.run(name, application, script(self._runner.lab, application))
        except KeyboardInterrupt:
            self._interrupted = True
        finally:
            self._runner.clean_up()
            self._target.close()
            self._duration = time.monotonic() - began
        self._evidence = self._runner.evidence()

    def run_once(self) -> None:
        """Run unless that was done; for callers that judge item by item. An interruption is raised, after the clean-up."""
        if self._evidence is None:
            self.run()
            if self._interrupted:
                raise KeyboardInterrupt

    def judge(self, item: Item) -> Result:
        """The result of one item. A check that raises becomes an error of its own."""
        if self._evidence is None:
            raise RuntimeError("run() comes before judge()")
        requirement = load_catalogue()[item.check.requirement]
        try:
            judgement = item.check(self._evidence, item.operation)
        except Exception as error:  # noqa: BLE001  # our own mistake must cost one result, not the run
            judgement = Judgement(Verdict.ERROR, f"authproof failed in its check: {type(error).__name__}: {error}")
        verdict = judgement.verdict
        if verdict is Verdict.FAIL and requirement.level is not Level.MUST:
            verdict = Verdict.WARN
        return Result(requirement, item.operation.name, verdict, judgement.detail, judgement.exchanges)

    def report(self) -> Report:
        """The results of all items."""
        return Report(
            version=version("authproof"),
            target=self.profile.url,
            contract=f"{self.contract.title} {self.contract.version}".strip(),
            started=self._started.isoformat(timespec="seconds"),
            duration=round(self._duration, 3),
            requests=len(self._runner.exchanges),
            failed_logins=self._runner.lab.failed_logins,
            results=tuple(self.judge(item) for item in self.items),
            facts=dict(self._runner.lab.vault.facts),
            left_behind=tuple(self._runner.left_behind),
            interrupted=self._interrupted,
        )
