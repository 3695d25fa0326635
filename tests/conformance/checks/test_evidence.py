"""What the evidence of a run says by itself: what was a call, whose operation it was, what a role may do, and the gravest of judgements."""

from __future__ import annotations

from dataclasses import replace

import pytest

from authproof.evidence import AskedElsewhere, NotObserved, Role, is_call_of
from authproof.exchange import Exchange, Request
from authproof.standing import held, is_entitled
from authproof.verdict import Verdict, broken, met, undecided, untestable, weak, worst
from tests.conformance.checks.building import answer, asked, evidence, operation

SESSION = "GET /api/surveys/{slug}/session"
ME, SURVEY = "GET /api/admin/user", "GET /api/user"


@pytest.mark.parametrize(
    ("request_", "is_call"),
    [
        (Request("GET", "/api/surveys/a/session"), True),
        (Request("GET", "/api/surveys/a/session?access_token=x"), True),
        (Request("GET", "/api/surveys/a/session?next=/b"), True),
        (Request("GET", "/api/surveys//session"), False),
        (Request("GET", "/api/surveys/a/session/"), False),
        (Request("GET", "/api/surveys/a"), False),
        (Request("GET", "/api/surveys/a/b"), False),
        (Request("POST", "/api/surveys/a/session"), False),
        (Request("GET", "/api/surveys/a/session", verbatim=True), False),
    ],
)
def test_a_call_has_the_method_and_the_path_of_the_document(request_: Request, *, is_call: bool) -> None:
    assert is_call_of(operation(SESSION), request_) is is_call


def test_what_nobody_asked_belongs_to_no_application() -> None:
    seen = evidence()
    assert seen.application_of(None) is None
    assert seen.application_of(operation("GET /api/health")) is None
    apps = seen.contract.applications
    assert [seen.application_of(operation(name)) for name in (ME, SURVEY, "surveyLogout", "adminSecondFactor")] == [
        apps["admin"],
        apps["survey"],
        apps["survey"],
        apps["admin"],
    ]


SENT = asked("jwt.none", SURVEY, answer(401))


@pytest.mark.parametrize(
    ("exchanges", "elsewhere"),
    [
        ([SENT], True),
        # A question of another kind in vain leaves it so.
        ([SENT, asked("jwt.other", ME, None)], True),
        ([SENT, asked("jwt.none", ME, answer(401))], False),
        # It was asked in vain, so that no other application stands for all.
        ([SENT, asked("jwt.none", ME, None)], False),
        ([asked("jwt.none", ME, None)], False),
        ([], False),
    ],
)
def test_what_is_asked_elsewhere(exchanges: list[Exchange], *, elsewhere: bool) -> None:
    assert evidence(*exchanges).is_asked_elsewhere("jwt.none", operation(ME)) is elsewhere
    assert not evidence(*exchanges).is_asked_elsewhere("jwt.none", operation("GET /api/health"))


def test_a_probe_without_an_answer_is_not_observed() -> None:
    with pytest.raises(NotObserved, match=r"The probe jwt\.none was not answered"):
        evidence(asked("jwt.none", ME, None)).one("jwt.none", operation(ME))
    with pytest.raises(NotObserved, match=r"The probe jwt\.none was not answered"):
        evidence().one("jwt.none")
    with pytest.raises(AskedElsewhere, match="which stands for all"):
        evidence(SENT).one("jwt.none", operation(ME))


@pytest.mark.parametrize("status", [404, 405, 501])
def test_where_everybody_is_answered_as_where_there_is_none(status: int) -> None:
    absent, other = asked("any", ME, answer(status)), asked("any", ME, answer(401))
    assert evidence(absent, absent).lacks(operation(ME))
    assert not evidence(absent, other).lacks(operation(ME))
    assert not evidence().lacks(operation(ME))


def test_what_a_role_holds() -> None:
    told = asked("identity.control", ME, answer(200, b'{"id": 1, "permissions": ["users:browse"]}'), variant="auditor")
    auditor, other = Role("admin", "auditor"), Role("admin", "other")
    assert held(evidence(told), auditor) == frozenset({"users:browse"})
    assert held(evidence(told), other) is None
    assert held(evidence(told), replace(auditor, permissions=frozenset())) == frozenset()


@pytest.mark.parametrize(
    ("role", "at", "entitled"),
    [
        (Role("admin", "ordinary"), ME, True),
        (Role("admin", "ordinary"), "listUsers", False),
        (Role("admin", "privileged"), "listUsers", True),
        (Role("admin", "privileged", frozenset()), "listUsers", False),
        (Role("admin", "auditor", frozenset({"users:browse", "more"})), "listUsers", True),
        (Role("admin", "auditor", frozenset({"users:browse"})), "createUser", False),
        # Its tokens open nothing of another application, whatever it holds.
        (Role("admin", "privileged"), SURVEY, None),
        (Role("survey", "ordinary", frozenset({"users:browse"})), "listUsers", None),
        (Role("survey", "ordinary"), "GET /api/health", None),
    ],
)
def test_whom_the_document_lets_in(role: Role, at: str, *, entitled: bool | None) -> None:
    assert is_entitled(evidence(), role, operation(at)) is entitled


ONE, OTHER = (replace(SENT, number=number) for number in (1, 2))


def test_the_gravest_judgement_counts() -> None:
    judgements = [untestable("Skipped."), met("Met.", ONE), weak("Weak.", ONE), undecided("Open.", ONE), broken("Broken.", ONE)]
    order = [Verdict.SKIP, Verdict.PASS, Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.FAIL]
    assert [worst(*judgements[: count + 1]).verdict for count in range(5)] == order
    assert [worst(*reversed(judgements[: count + 1])).verdict for count in range(5)] == order


def test_judgements_of_one_verdict_are_told_together() -> None:
    found = worst(broken("A.", ONE), met("Met."), broken("B.", ONE, OTHER), broken("A.", OTHER))
    assert (found.detail, found.exchanges) == ("A. B.", (ONE, OTHER))


def test_nothing_observed_is_no_pass() -> None:
    assert (worst().verdict, worst().exchanges) == (Verdict.INCONCLUSIVE, ())
