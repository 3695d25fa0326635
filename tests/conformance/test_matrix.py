"""The matrix of operations and identities, from exchanges that were written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from authproof.evidence import Outcome, Role
from authproof.exchange import Exchange
from authproof.matrix import Cell, State, matrix_of, words
from authproof.verdict import Verdict
from tests.conformance.checks.building import answer, asked, evidence

USERS, CREATE, ME, HEALTH = "GET /api/admin/users", "POST /api/admin/users", "GET /api/admin/user", "GET /api/health"
ROLES = (Role("admin", "auditor", frozenset({"users:browse"})), Role("admin", "privileged"), Role("admin", "ordinary"), Role("survey", "ordinary"))
STRANGERS = ("nobody", "garbage", "tampered", "expired", "foreign audience", "revoked")
AS_EXPECTED, DEVIATES, UNDECIDED, NOT_ASKED = State.AS_EXPECTED, State.DEVIATES, State.UNDECIDED, State.NOT_ASKED


def cell(at: str, identity: str, *exchanges: Exchange, **further: Any) -> Cell:
    """How the operation called `at` answered `identity`."""
    matrix = matrix_of(evidence(*exchanges, **{"roles": ROLES, **further}))
    row = next(row for row in matrix.rows if row.operation == at)
    return row.cells[matrix.identities.index(identity)]


@pytest.mark.parametrize(
    ("identity", "probe", "status", "state"),
    [
        ("nobody", "bearer.none", 401, AS_EXPECTED),
        ("nobody", "bearer.none", 200, DEVIATES),
        ("nobody", "bearer.none", 403, DEVIATES),
        ("nobody", "bearer.none", 400, DEVIATES),
        ("nobody", "bearer.none", 404, UNDECIDED),
        ("nobody", "bearer.none", 429, UNDECIDED),
        ("nobody", "bearer.none", 500, UNDECIDED),
        ("garbage", "bearer.garbage", 401, AS_EXPECTED),
        ("garbage", "bearer.garbage", 400, AS_EXPECTED),
        ("garbage", "bearer.garbage", 200, DEVIATES),
        ("tampered", "jwt.signature_changed", 200, DEVIATES),
        ("tampered", "jwt.none", 200, DEVIATES),
        ("tampered", "opaque.altered", 401, AS_EXPECTED),
        ("expired", "minted.expired", 200, DEVIATES),
        ("expired", "expiry.after", 401, AS_EXPECTED),
        ("foreign audience", "minted.audience", 200, DEVIATES),
        ("foreign audience", "isolation.access", 401, AS_EXPECTED),
        ("revoked", "pat.revoked_use", 200, DEVIATES),
        ("revoked", "logout.access_after", 401, AS_EXPECTED),
        # A token that outlives its session is the contract's choice.
        ("revoked", "logout.access_after", 200, UNDECIDED),
    ],
)
def test_a_stranger_is_refused(identity: str, probe: str, status: int, state: State) -> None:
    found = cell(USERS, identity, asked(probe, USERS, answer(status)))
    assert (found.expected, found.state, found.seen, found.exchanges) == ("401", state, (status,), (1,))
    assert cell(CREATE, identity, asked(probe, USERS, answer(status))).state is NOT_ASKED


@pytest.mark.parametrize(
    ("identity", "at", "probe", "status", "expected", "state"),
    [
        ("privileged", USERS, "operation.served", 200, "2xx", AS_EXPECTED),
        ("auditor", USERS, "operation.served", 200, "2xx", NOT_ASKED),
        ("privileged", USERS, "operation.served", 403, "2xx", DEVIATES),
        ("privileged", USERS, "operation.served", 401, "2xx", DEVIATES),
        ("privileged", USERS, "operation.served", 405, "2xx", DEVIATES),
        ("privileged", USERS, "operation.served", 404, "2xx", UNDECIDED),
        ("privileged", USERS, "operation.guessed", 403, "2xx", UNDECIDED),
        ("privileged", CREATE, "operation.harmless", 422, "2xx", AS_EXPECTED),
        ("privileged", CREATE, "operation.served", 422, "2xx", UNDECIDED),
        ("auditor", USERS, "operation.served", 200, "2xx", AS_EXPECTED),
        ("auditor", CREATE, "permission.role", 403, "403", AS_EXPECTED),
        ("auditor", CREATE, "permission.role", 201, "403", DEVIATES),
        ("auditor", CREATE, "permission.role", 401, "403", DEVIATES),
        ("auditor", CREATE, "permission.role", 422, "403", UNDECIDED),
        ("auditor", CREATE, "permission.role", 429, "403", UNDECIDED),
        ("auditor", CREATE, "permission.role", 503, "403", UNDECIDED),
        ("ordinary", ME, "identity.control", 200, "2xx", AS_EXPECTED),
    ],
)
def test_a_role_is_served_or_forbidden(identity: str, at: str, probe: str, status: int, expected: str, state: State) -> None:
    # Another role's answer is none of this one's.
    variant = "ordinary" if state is NOT_ASKED else identity
    found = cell(at, identity, asked(probe, at, answer(status), variant=variant))
    assert (found.expected, found.state) == (expected, state)
    assert found.seen == (() if state is NOT_ASKED else (status,))


def test_the_ordinary_and_the_privileged_account_are_asked_by_name() -> None:
    lacking = cell(USERS, "ordinary", asked("permission.missing", USERS, answer(403)))
    assert (lacking.expected, lacking.state, lacking.requirements) == ("403", AS_EXPECTED, ("AUTHZ-02",))
    held = cell(USERS, "privileged", asked("permission.held", USERS, answer(200)))
    assert (held.expected, held.state, held.requirements) == ("2xx", AS_EXPECTED, ("DOC-10",))
    assert cell(
        "GET /api/admin/user/personal-access-tokens", "ordinary", asked("pat.list", "GET /api/admin/user/personal-access-tokens", answer(200))
    ).seen


def test_the_gravest_answer_decides_and_every_status_is_shown() -> None:
    exchanges = [asked("jwt.none", USERS, answer(401)), asked("jwt.signature_changed", USERS, answer(200)), asked("jwt.none", USERS, answer(500))]
    found = cell(USERS, "tampered", *exchanges)
    assert (found.state, found.seen, found.exchanges) == (DEVIATES, (200, 500, 401), (2, 3, 1))
    assert words(found) == "200/500/401"


def test_another_method_or_path_is_another_question() -> None:
    assert cell(USERS, "nobody", asked("bearer.none", USERS, answer(200), method="OPTIONS")).state is NOT_ASKED


def test_a_public_operation_serves_everybody() -> None:
    assert cell(HEALTH, "nobody", asked("public", HEALTH, answer(200))).state is AS_EXPECTED
    assert cell(HEALTH, "nobody", asked("public", HEALTH, answer(401))).state is DEVIATES
    assert cell(HEALTH, "nobody", asked("public", HEALTH, answer(404))).state is UNDECIDED
    assert cell(HEALTH, "garbage", asked("public", HEALTH, answer(200))).note == "The operation is public."
    assert HEALTH not in {row.operation for row in matrix_of(evidence(roles=ROLES)).rows}


def test_a_cell_without_an_answer_says_why() -> None:
    assert "no unsafe methods" in cell(CREATE, "nobody", unasked=frozenset({"createUser"})).note
    assert "no unsafe methods" in cell(CREATE, "privileged", unasked=frozenset({"createUser"})).note
    assert "would carry out" in cell(CREATE, "privileged").note
    assert "could not log in" in cell(USERS, "privileged").note
    assert "another account stands for this one" in cell(ME, "privileged").note
    assert "no such account" in cell("GET /api/user", "privileged").note
    reason = "The profile has no signing_key."
    assert cell(USERS, "expired", outcomes={("minted", "admin"): Outcome(Verdict.SKIP, reason)}).note == reason
    assert "outlive the logout" in cell(USERS, "revoked").note


def test_the_matrix_names_its_deviations() -> None:
    matrix = matrix_of(evidence(asked("bearer.none", USERS, answer(200)), asked("public", HEALTH, answer(200)), roles=ROLES))
    assert matrix.identities == (*STRANGERS, "ordinary", "privileged", "auditor")
    assert matrix.summary.startswith(f"1 of {len(matrix.rows)} answer")
    assert list(matrix.deviations()) == [f"{USERS}: nobody 200 where 401 is due"]
    quiet = matrix_of(evidence(asked("bearer.none", USERS, answer(401)), roles=ROLES))
    assert "as expected" in quiet.summary
    assert not list(quiet.deviations())
    open_ = matrix_of(evidence(asked("bearer.none", USERS, answer(500)), roles=ROLES))
    assert open_.summary == f"none of {len(open_.rows)} answers an identity otherwise than expected, and some answers do not decide"
