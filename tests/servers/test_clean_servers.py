"""Servers that are right, each in its own lawful way and without a line of the mock: no false alarm may come.

What a server does not do is pinned with its reason; everything else must pass, be skipped, or not apply.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.servers.certification import Certificate, certify

HERE = Path(__file__).parent
COMMON = {
    "BEARER-01",
    "BEARER-02",
    "BEARER-06",
    "BEARER-09",
    "BEARER-11",
    "COOKIE-01",
    "COOKIE-02",
    "COOKIE-03",
    "COOKIE-04",
    "COOKIE-13",
    "JWT-01",
    "JWT-03",
    "JWT-09",
    "JWT-13",
    "JWT-15",
    "LOGIN-01",
    "LOGIN-04",
    "LOGIN-06",
    "LOGIN-07",
    "LOGOUT-01",
    "LOGOUT-02",
    "LOGOUT-05",
    "REFRESH-02",
    "REFRESH-03",
    "REFRESH-04",
    "REFRESH-05",
    "REFRESH-08",
    "REFRESH-09",
    "REFRESH-21",
    "AUTHZ-01",
    "DOC-02",
    "ERR-01",
}

QUOTED = "the framework's reader of cookies takes a value out of its double quotes"
LAST = "the framework's reader of cookies keeps the last of two of one name"
TWICE = "the JSON reader keeps the last of two members, as RFC 7515 section 4 allows"


@dataclass(frozen=True, slots=True)
class Server:
    """A folder with a server.

    observed: the requirements that must pass beside the common ones.
    warned, failed: why a SHOULD or a MUST is not met, by requirement; one that a run does not test counts for nothing.
    """

    folder: str
    program: str
    needs: str
    observed: frozenset[str] = frozenset()
    warned: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_available(self) -> bool:
        """True when this machine can run it."""
        return shutil.which(self.needs) is not None if self.needs == "node" else find_spec(self.needs) is not None

    @property
    def command(self) -> list[str]:
        """What starts it on a free port."""
        return [self.needs if self.needs == "node" else sys.executable, str(HERE / self.folder / self.program), "0"]


SERVERS = [
    # Opaque refresh tokens, a __Host- cookie, problem details, 204 for a logout by DELETE, 404 for what belongs to others.
    Server(
        "flask_library", "server.py", "flask", frozenset({"BEARER-05", "REFRESH-07", "LOGOUT-08", "AUTHZ-04"}), {"COOKIE-14": QUOTED, "JWT-33": TWICE}
    ),
    # TLS, a JWK set, a grace with the same successor, opaque keys, 422 for what is not valid.
    Server(
        "fastapi_clinic",
        "server.py",
        "fastapi",
        frozenset({"PAT-01", "PAT-02", "PAT-03", "PAT-07", "PAT-09"}),
        {
            "REFRESH-07": "access tokens are stateless and live on for five minutes",
            "LOGOUT-08": "access tokens are stateless and live on for five minutes",
            "COOKIE-14": QUOTED,
            "COOKIE-15": LAST,
            "JWT-29": "PyJWT reads base64url with padding",
            "JWT-33": TWICE,
        },
    ),
    # A second factor, refresh tokens that are JWTs, Expires without Max-Age, 400 for a malformed header, 404 for a method that is not offered.
    Server(
        "aiohttp_bank",
        "server.py",
        "aiohttp",
        frozenset({"MFA-01", "MFA-04", "MFA-05", "MFA-06", "REFRESH-07", "LOGOUT-08"}),
        {
            "BEARER-03": "RFC 9110 allows a challenge that is the bare word Bearer, RFC 6750 asks for a parameter",
            "BEARER-05": "the document asks for no error codes, and the challenge is the bare word Bearer",
            "AUTHZ-04": "a 403 needs no challenge (RFC 9110 section 15.5.4)",
            "ERR-04": "the framework's own page for a header that is no HTTP names its version",
            "ERR-05": "the framework shows a line of the header that is no HTTP to whoever sent it",
            "COOKIE-14": QUOTED,
            "COOKIE-15": LAST,
        },
    ),
    # Two applications, no audience, a grace with new successors in one of them, reuse that ends every session in the other.
    Server("node_shop", "server.mjs", "node", frozenset({"APP-01", "REFRESH-13", "BEARER-05", "AUTHZ-04"}), {"JWT-33": TWICE}),
]


@pytest.fixture(scope="module", params=SERVERS, ids=lambda server: server.folder)
def server(request: pytest.FixtureRequest) -> Server:
    server: Server = request.param
    if not server.is_available:
        pytest.skip(f"needs {server.needs}")
    return server


@pytest.fixture(scope="module")
def certificate(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certify(server.command, HERE / server.folder / "profile.toml", tmp_path_factory.mktemp(server.folder))


def test_no_alarm_is_raised(server: Server, certificate: Certificate) -> None:
    tested = {result["id"] for result in certificate.report["results"]}
    assert certificate.ids("fail") == server.failed.keys() & tested
    assert not certificate.ids("error")
    assert not certificate.ids("inconclusive")
    assert certificate.ids("warn") == server.warned.keys() & tested
    assert (certificate.exit_code, certificate.report["verdict"]) == ((1, "nonconformant") if certificate.ids("fail") else (0, "conformant"))


def test_what_matters_was_observed(server: Server, certificate: Certificate) -> None:
    assert COMMON | server.observed <= certificate.ids("pass")


def test_the_run_was_polite_and_left_nothing_behind(certificate: Certificate) -> None:
    assert certificate.report["requests"] <= 500
    assert certificate.report["failed_logins"] <= 5
    assert certificate.report["left_behind"] == []


def test_no_secret_is_in_the_report(server: Server, certificate: Certificate) -> None:
    text = json.dumps(certificate.report)
    # A JWT, that is; the random certificates of forged headers may hold the same three letters.
    assert not re.search(r"eyJ[\w-]{8,}\.", text)
    for line in (HERE / server.folder / "profile.toml").read_text("utf-8").splitlines():
        if line.startswith(("password", "totp_secret")):
            assert line.partition('"')[2].rstrip('"') not in text
