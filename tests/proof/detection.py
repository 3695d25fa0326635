"""The proof that every check can fail: each fault of the mock is certified, and what the checks said of it is written down.

`python -m tests.proof.detection`, from the root of the repository, writes docs/detection.md. It is no command of `authproof`:
who has installed the suite has no use for it, and so the proof and its page are one piece of code.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path

import httpx

from authproof.certify import Certification, plan
from authproof.embedded import BackendHooks, accounts_of
from authproof.keys import new_key
from authproof.profile import Budget, Profile
from authproof.report import Report
from authproof.verdict import Verdict
from authproof_mock.backend import Backend
from authproof_mock.clock import Clock
from authproof_mock.faults import Fault, all_faults
from authproof_mock.http import Call
from authproof_mock.made_accounts import seed_for
from authproof_mock.parts import Parts
from authproof_mock.seed import load_seed
from authproof_mock.server import running_mock
from authproof_spec import Contract, load_contract

DESIGNS = Path(__file__).parents[2] / "examples" / "designs"
PAGE = Path(__file__).parents[2] / "docs" / "detection.md"
IN_TLS_ALONE = frozenset({"TRANSPORT-01", "TRANSPORT-05"})
"""What a run without a socket cannot see."""
_INTRODUCTION = """\
# What the checks detect

Each fault of the mock ({count} of them, see [faults](faults.md)) was put into a mock of the bundled contract, to which the origin of one
front end was added, or of the [design](../examples/designs) under which alone it shows, and that mock was certified with every variant
(`--exhaustive`). *At* says at how many of the operations that the
requirement is asked about the fault was seen. *Fails too* has the requirements that ask for the same thing or for more. Nothing else failed
or warned, and the mock without a fault passes everything; tests keep all of this true.

*Black box* says what a run sees that has neither the target's signing key nor a control hook: {seen} of the faults are caught by the same
requirement, {otherwise} by another one alone, and {unseen} are out of its reach. It waits up to 90 seconds, as a run does by default.

This page is written by `python -m tests.proof.detection`, which also says what is missed or undeclared.

| fault | requirement | verdict | at | fails too | black box |
|---|---|---|---|---|---|
"""


class InProcess(httpx.AsyncBaseTransport):
    """Hands requests to a backend. Its delays are slept by each request for itself, so that simultaneous ones stay simultaneous."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path, _, query = request.extensions["target"].decode("latin-1").partition("?")
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in request.headers.raw]
        answer = self._backend.handle(Call(request.method, path, query, headers, await request.aread(), request.url.scheme == "https"))
        await asyncio.sleep(answer.delay)
        return httpx.Response(answer.status, headers=list(answer.headers), stream=httpx.ByteStream(answer.body))


@cache
def contract() -> Contract:
    """The bundled contract, with a front end on an origin of its own: without one, nothing tells right CORS from none."""
    return replace(load_contract(), cors_origins=("https://app.example.test",))


@cache
def contract_with(algorithm: str | None) -> Contract:
    """The contract with tokens of another `algorithm`, which publishes its key set; unchanged for None."""
    tokens = contract().tokens
    if algorithm in {None, tokens.algorithm}:
        return contract()
    return replace(contract(), tokens=replace(tokens, algorithm=str(algorithm), jwks_path="/.well-known/jwks.json"))


def contract_of(fault: Fault) -> Contract:
    """The contract under which `fault` shows."""
    return load_contract(DESIGNS / f"{fault.design}.yaml") if fault.design else contract_with(fault.algorithm)


NOON = 1_790_000_010.0
"""When a run starts that has no hooks. Its time stands still but for what is waited, so that every run of a fault is the same."""
# More than a run may spend by default, so that every question is asked.
ENOUGH = Budget(requests=2000, failed_logins=20)


def certify(parts: Parts, served: Contract | None = None, only: Iterable[str] = (), *, budget: Budget = ENOUGH, black_box: bool = False) -> Report:
    """The report on a mock of `served`, the bundled contract when None, that is made of `parts`; of all requirements, or of those in `only`.

    black_box: the profile has neither signing key nor hooks.
    """
    return run(parts, served, only, budget=budget, black_box=black_box).report()


def run(parts: Parts, served: Contract | None = None, only: Iterable[str] = (), *, budget: Budget = ENOUGH, black_box: bool = False) -> Certification:
    """The same, when it has run and nothing is judged yet."""
    served = served or contract()
    seed = seed_for(served)
    key = new_key(served.tokens.algorithm or "HS256")
    clock = Clock(lambda: NOON) if black_box else Clock()
    backend = Backend(served, clock=clock, seed=seed, parts=parts, signing_key=key)
    profile = Profile(
        "https://mock.invalid",
        accounts_of(served, seed),
        signing_key=None if black_box else key,
        unsafe_methods=True,
        guesses=True,
        exhaustive=True,
        budget=budget,
    )
    if black_box:
        made = Certification(served, profile, plan(served, only), transport=InProcess(backend), clock=clock.now, sleep=clock.advance)
    else:
        made = Certification(served, profile, plan(served, only), transport=InProcess(backend), hooks=BackendHooks(backend))
    made.run()
    return made


def certify_over_tls(parts: Parts) -> Report:
    """The report on the same mock behind a socket with TLS."""
    return run_over_tls(parts).report()


def run_over_tls(parts: Parts) -> Certification:
    """The run of that. It verifies no certificate, so that a wrong one ends nothing."""
    key = new_key(contract().tokens.algorithm)
    tls = parts.certificates().tls("127.0.0.1")
    with (
        tempfile.NamedTemporaryFile(suffix=".pem") as authority,
        running_mock(contract(), parts=parts, signing_key=key, tls=tls) as (url, backend),
    ):
        authority.write(tls.authority)
        authority.flush()
        accounts = accounts_of(contract(), load_seed())
        profile = Profile(url, accounts, signing_key=key, ca=Path(authority.name), verify=False, timeout=30, unsafe_methods=True)
        made = Certification(contract(), profile, plan(contract()), hooks=BackendHooks(backend))
        made.run()
    return made


def certify_fault(fault: Fault, *, black_box: bool = False) -> Report:
    """The report on a mock with `fault`, where it shows: some are in TLS alone."""
    return run_fault(fault, black_box=black_box).report()


def run_fault(fault: Fault, *, black_box: bool = False) -> Certification:
    """The run of that."""
    parts = fault.parts(Parts())
    if fault.breaks in IN_TLS_ALONE:
        return run_over_tls(parts)
    return run(parts, contract_of(fault), black_box=black_box)


def complaints(report: Report) -> dict[str, Verdict]:
    """The requirements that are not met, each with its gravest verdict."""
    order = (Verdict.WARN, Verdict.FAIL, Verdict.ERROR)
    found: dict[str, Verdict] = {}
    for result in sorted((result for result in report.results if result.verdict in order), key=lambda result: order.index(result.verdict)):
        found[result.requirement.id] = result.verdict
    return found


def row(fault: Fault, report: Report, black_box: Report) -> str:
    """The fault's row of the page."""
    found = complaints(report)
    asked = [result.verdict for result in report.results if result.requirement.id == fault.breaks]
    seen = sum(verdict in {Verdict.FAIL, Verdict.WARN} for verdict in asked)
    others = ", ".join(f"{name} ({verdict})" for name, verdict in sorted(found.items()) if name != fault.breaks)
    blind = complaints(black_box)
    reach = SEEN if fault.breaks in blind else f"{OTHERWISE} {', '.join(sorted(blind))}" if blind else UNSEEN
    return f"| {fault.name} | {fault.breaks} | {found.get(fault.breaks, 'missed')} | {seen} of {len(asked)} | {others or 'nothing'} | {reach} |"


SEEN, OTHERWISE, UNSEEN = "seen", "by", "out of reach"


def page(rows: Iterable[str]) -> str:
    """The whole page."""
    lines = list(rows)
    reaches = [line.removesuffix(" |").rpartition(" | ")[2] for line in lines]
    counts = {"seen": reaches.count(SEEN), "unseen": reaches.count(UNSEEN)}
    return _INTRODUCTION.format(count=len(lines), otherwise=len(lines) - sum(counts.values()), **counts) + "\n".join(lines) + "\n"


def judged(name: str) -> tuple[str, list[str], list[str]]:
    """The row of the fault `name`, what of it was missed, and what failed undeclared."""
    fault = all_faults()[name]
    report = certify_fault(fault)
    found, declared = set(complaints(report)), {fault.breaks, *fault.also}
    return row(fault, report, certify_fault(fault, black_box=True)), sorted(declared - found), sorted(found - declared)


def main() -> int:
    """Certify every fault, write the page, and tell what is not as it is declared; how many faults that are."""
    wrong = 0
    names = list(all_faults())
    with ProcessPoolExecutor() as pool:
        outcomes = list(pool.map(judged, names))
    for name, (_, missed, undeclared) in zip(names, outcomes, strict=True):
        if missed or undeclared:
            wrong += 1
            print(f"{name}: missed {missed or 'nothing'}, undeclared {undeclared or 'nothing'}")  # noqa: T201  # its reader sits at a terminal
    PAGE.write_text(page(line for line, _, _ in outcomes), "utf-8")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
