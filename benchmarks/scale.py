"""How a certification grows with the document, and what it costs beside a bare client that sends the same requests.

Run it as `python benchmarks/scale.py`. The mock is a process of its own on loopback. The bare client is http.client of the standard library on one
connection that is kept, which sends every request of the certification again, in the same order, and reads the answers.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import http.client
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch
from urllib.parse import quote, urlsplit

import yaml

import authproof.certify
from authproof.certify import Certification, plan
from authproof.embedded import accounts_of
from authproof.exchange import Request, Response
from authproof.profile import Part, Profile
from authproof.target import Target
from authproof_mock.made_accounts import seed_for
from authproof_spec import Contract, load_contract

SIZES = (10, 100, 1000)
ROUNDS = 5
ROUTED = 2000
"""Requests by which the routing of the mock is measured."""


def document(operations: int) -> dict[str, Any]:
    """The bundled document with so many protected operations more."""
    root: dict[str, Any] = yaml.safe_load((files("authproof_spec") / "openapi.yaml").read_text("utf-8"))
    operation = copy.deepcopy(root["paths"]["/api/admin/users"]["get"])
    operation.pop("parameters", None)
    for number in range(operations):
        parameter = {"name": "thingId", "in": "path", "required": True, "schema": {"type": "string"}, "example": "1"}
        root["paths"][f"/api/admin/things{number}/{{thingId}}"] = {
            "get": {**copy.deepcopy(operation), "operationId": f"thing{number}", "parameters": [parameter]}
        }
    return root


@contextlib.contextmanager
def mock(path: Path) -> Iterator[tuple[str, float]]:
    """A mock of the document in a process of its own: its URL, and the seconds until it listened."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "authproof", "mock", "--contract", str(path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        found = None
        while not found:
            found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        started = time.perf_counter() - began
        try:
            yield found.group(), started
        finally:
            process.terminate()


class Recorder(Target):
    """The target of a certification, which keeps each request."""

    sent: ClassVar[list[Request]] = []

    def send(self, request: Request, meanwhile: Callable[[], None] = lambda: None) -> Response:
        """Send `request`."""
        self.sent.append(request)
        return super().send(request, meanwhile)


def certified(contract: Contract, url: str) -> tuple[float, list[Request]]:
    """Seconds of one certification, judging included, and its requests."""
    # Without a second factor, whose code works once in 30 seconds: its wait would be all that a further round measures.
    accounts = tuple(account for account in accounts_of(contract, seed_for(contract)) if account.part is not Part.SECOND_FACTOR)
    Recorder.sent.clear()
    began = time.perf_counter()
    with patch.object(authproof.certify, "Target", Recorder):
        run = Certification(contract, Profile(url, accounts), plan(contract))
    run.run()
    run.report()
    return time.perf_counter() - began, [request for request in Recorder.sent if not request.verbatim]


def bare(url: str, requests: list[Request]) -> float:
    """Seconds in which the bare client sends `requests` and reads the answers."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    calls = [(request.method, quote(request.target, safe="/?=&%:;,.~_-"), request.body, dict(request.headers)) for request in requests]
    began = time.perf_counter()
    for method, target, body, headers in calls:
        connection.request(method, target, body, headers)
        connection.getresponse().read()
    return time.perf_counter() - began


def routed(url: str, size: int) -> float:
    """Requests a second to the last path of the document, which the mock refuses for want of a credential."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    began = time.perf_counter()
    for _ in range(ROUTED):
        connection.request("GET", f"/api/admin/things{size - 1}/1")
        response = connection.getresponse()
        response.read()
        assert response.status == 401
    return ROUTED / (time.perf_counter() - began)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    with tempfile.TemporaryDirectory() as folder:
        for size in parser.parse_args().sizes:
            path = Path(folder) / f"{size}.yaml"
            path.write_text(yaml.safe_dump(document(size)), "utf-8")
            figures = []
            with mock(path) as (url, started):
                for _ in range(ROUNDS):
                    # Read anew, since what is made of a document once would stay made.
                    seconds, sent = certified(load_contract(path), url)
                    figures.append((len(sent), seconds, bare(url, sent), routed(url, size)))
            count, ours, theirs, last = (statistics.median(column) for column in zip(*figures, strict=True))
            ratio = statistics.median(bare_one / own for _, own, bare_one, _ in figures)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{size:5d} operations: {count:.0f} requests in {ours:.2f} s ({count / ours:.0f}/s), "
                f"bare {theirs:.2f} s ({count / theirs:.0f}/s), ratio {ratio:.2f}; "
                f"mock started in {started:.2f} s, last path {last:.0f}/s; peak memory {peak:.0f} MB"
            )


if __name__ == "__main__":
    main()
