"""The proof that every check can fail: each fault of the mock is certified, and what the checks said of it is written down.

`python -m tests.proof.detection`, from the root of the repository, writes docs/detection.md. It is no command of `authproof`:
who has installed the suite has no use for it, and so the proof and its page are one piece of code.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable
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
from authproof_mock.faults import Fault, all_faults
from authproof_mock.http import Call
from authproof_mock.parts import Parts
from authproof_mock.seed import load_seed
from authproof_mock.server import running_mock
from authproof_spec import Contract, load_contract

PAGE = Path(__file__).parents[2] / "docs" / "detection.md"
IN_TLS_ALONE = frozenset({"TRANSPORT-01", "TRANSPORT-05"})
"""What a run without a socket cannot see."""
_INTRODUCTION = """\
# What the checks detect

Each fault of the mock ({count} of them, see [faults](faults.md)) was put into a mock of the bundled contract, to which the origin of one
front end was added, and that mock was certified.
*At* says at how many of the operations that the requirement is asked about the fault was seen. *Fails too* has the requirements that ask
for the same thing or for more. Nothing else failed or warned, and the mock without a fault passes everything; tests keep all of this true.

This page is written by `python -m tests.proof.detection`.

| fault | requirement | verdict | at | fails too |
|---|---|---|---|---|
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


# More than a run may spend by default, so that every question is asked.
ENOUGH = Budget(requests=2000, failed_logins=20)


def certify(parts: Parts, served: Contract | None = None, only: Iterable[str] = (), *, budget: Budget = ENOUGH, black_box: bool = False) -> Report:
    """The report on a mock of `served`, the bundled contract when None, that is made of `parts`; of all requirements, or of those in `only`.

    black_box: the profile has neither signing key nor hooks.
    """
    served = served or contract()
    seed = load_seed()
    key = new_key(served.tokens.algorithm)
    backend = Backend(served, seed=seed, parts=parts, signing_key=key)
    profile = Profile(
        "https://mock.invalid",
        accounts_of(served, seed),
        signing_key=None if black_box else key,
        unsafe_writes=True,
        guesses=True,
        exhaustive=True,
        budget=replace(budget, wait=0) if black_box else budget,
    )
    hooks = None if black_box else BackendHooks(backend)
    run = Certification(served, profile, plan(served, only), transport=InProcess(backend), hooks=hooks)
    run.run()
    return run.report()


def certify_over_tls(parts: Parts) -> Report:
    """The report on the same mock behind a socket with TLS. It verifies no certificate, so that a wrong one ends nothing."""
    key = new_key(contract().tokens.algorithm)
    tls = parts.certificates().tls("127.0.0.1")
    with (
        tempfile.NamedTemporaryFile(suffix=".pem") as authority,
        running_mock(contract(), parts=parts, signing_key=key, tls=tls) as (url, backend),
    ):
        authority.write(tls.authority)
        authority.flush()
        accounts = accounts_of(contract(), load_seed())
        profile = Profile(url, accounts, signing_key=key, ca=Path(authority.name), verify=False, timeout=30, unsafe_writes=True)
        run = Certification(contract(), profile, plan(contract()), hooks=BackendHooks(backend))
        run.run()
    return run.report()


def certify_fault(fault: Fault) -> Report:
    """The report on a mock with `fault`, where it shows: some are in TLS alone."""
    parts = fault.parts(Parts())
    return certify_over_tls(parts) if fault.breaks in IN_TLS_ALONE else certify(parts, contract_with(fault.algorithm))


def complaints(report: Report) -> dict[str, Verdict]:
    """The requirements that are not met, each with its gravest verdict."""
    order = (Verdict.WARN, Verdict.FAIL, Verdict.ERROR)
    found: dict[str, Verdict] = {}
    for result in sorted((result for result in report.results if result.verdict in order), key=lambda result: order.index(result.verdict)):
        found[result.requirement.id] = result.verdict
    return found


def row(fault: Fault, report: Report) -> str:
    """The fault's row of the page."""
    found = complaints(report)
    asked = [result.verdict for result in report.results if result.requirement.id == fault.breaks]
    seen = sum(verdict in {Verdict.FAIL, Verdict.WARN} for verdict in asked)
    others = ", ".join(f"{name} ({verdict})" for name, verdict in sorted(found.items()) if name != fault.breaks)
    return f"| {fault.name} | {fault.breaks} | {found.get(fault.breaks, 'missed')} | {seen} of {len(asked)} | {others or 'nothing'} |"


def page(rows: Iterable[str]) -> str:
    """The whole page."""
    lines = list(rows)
    return _INTRODUCTION.format(count=len(lines)) + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(row(fault, certify_fault(fault)) for fault in all_faults().values()), "utf-8")
