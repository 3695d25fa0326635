"""Checks that are made of one sentence: tokens of one kind are refused, while a good one is accepted."""

from __future__ import annotations

import pytest

from authproof.checks import refusals, registry
from authproof.checks.registry import Check
from authproof.exchange import Exchange, Response
from authproof.verdict import Judgement, Verdict
from authproof_spec import Contract
from tests.conformance.checks.building import answer, asked, design, evidence, judge, operation
from tests.conformance.checks.recorded import PAGE

ME, USERS, SURVEY = "GET /api/admin/user", "GET /api/admin/users", "GET /api/user"
PERSON = b'{"profile": {"id": "2"}}'
CONTROLS = (asked("identity.control", ME, answer(200, PERSON)), asked("jwt.control", ME, answer(200, PERSON)))


def made(probes: str | tuple[str, ...] = "jwt.bent") -> Check:
    """A check that says nothing of where, of what is tolerated, and of the control."""
    return refusals.refusal("JWT-10", "bent_token_is_refused", probes, "A bent token", "RFC 7515")


def of_bent(*exchanges: Exchange, at: str = ME, probes: str | tuple[str, ...] = "jwt.bent", of: Contract | None = None) -> Judgement:
    return made(probes)(evidence(*exchanges, of=of), operation(at, of))


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer(401), "pass"),
        (answer(500), "pass"),
        (answer(501), "inconclusive"),
        (answer(400), "fail"),
        (answer(200), "fail"),
        (answer(429), "inconclusive"),
        (answer(403, b"<html>", PAGE), "inconclusive"),
    ],
)
def test_what_is_a_refusal_unless_a_check_says_otherwise(response: Response, verdict: str) -> None:
    assert of_bent(*CONTROLS, asked("jwt.bent", ME, response)).verdict == verdict
    assert (
        of_bent(*CONTROLS, asked("jwt.bent", ME, answer(401)), asked("jwt.twisted", ME, response), probes=("jwt.bent", "jwt.twisted")).verdict
        == verdict
    )


def test_what_it_is_made_of_unless_a_check_says_otherwise() -> None:
    check = made()
    assert (check.requirement, check.demand, check.scripts) == ("JWT-10", "bent_token_is_refused", ("baseline", "jwt"))
    assert check.subjects is registry.identities
    opaque = of_bent(at="whoAmI", of=design("api-keys"))
    assert (opaque.verdict, "opaque" in opaque.detail) == (Verdict.SKIP, True)


@pytest.mark.parametrize("name", ["jwt.control", "identity.control"])
def test_a_refusal_proves_nothing_where_the_good_token_is_refused(name: str) -> None:
    others = [exchange for exchange in CONTROLS if exchange.probe.name != name]
    judgement = of_bent(*others, asked(name, ME, answer(401)), asked("jwt.bent", ME, answer(401)))
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert of_bent(*others, asked("jwt.bent", ME, answer(401))).verdict is Verdict.INCONCLUSIVE
    assert of_bent(*others, asked("jwt.bent", ME, answer(200))).verdict is Verdict.FAIL


def test_who_am_i_answers_for_the_whole_application_and_says_where() -> None:
    here, there, lacking = asked("jwt.bent", ME, answer(401)), asked("jwt.bent", USERS, answer(200)), asked("jwt.bent", USERS, answer(404))
    assert of_bent(*CONTROLS, here).detail == "A bent token is answered 401."
    judgement = of_bent(*CONTROLS, here, there)
    assert (judgement.verdict, f"at {USERS}" in judgement.detail, [exchange.number for exchange in judgement.exchanges]) == ("fail", True, [4])
    assert of_bent(*CONTROLS, here, lacking).verdict is Verdict.PASS
    assert of_bent(*CONTROLS, here, asked("jwt.bent", SURVEY, answer(200))).verdict is Verdict.PASS


def test_what_is_asked_of_one_application_stands_for_all() -> None:
    survey = (asked("identity.control", SURVEY, answer(200, PERSON)), asked("jwt.control", SURVEY, answer(200, PERSON)))
    elsewhere = of_bent(*survey, asked("jwt.bent", ME, answer(401)), at=SURVEY)
    assert (elsewhere.verdict, "another application" in elsewhere.detail) == (Verdict.SKIP, True)
    one_of_two = of_bent(*survey, asked("jwt.bent", ME, answer(401)), at=SURVEY, probes=("jwt.bent", "jwt.twisted"))
    assert (one_of_two.verdict, one_of_two.detail) == (elsewhere.verdict, elsewhere.detail)
    nowhere = of_bent(*survey, at=SURVEY)
    assert (nowhere.verdict, nowhere.detail) == (Verdict.SKIP, "The contract's tokens leave nothing to try here: A bent token.")
    assert of_bent(*survey, asked("jwt.bent", SURVEY, None), at=SURVEY).verdict is Verdict.INCONCLUSIVE
    assert of_bent(asked("jwt.bent", ME, answer(401)), at=SURVEY).verdict is Verdict.INCONCLUSIVE


def test_an_operation_that_nobody_finds_refuses_nobody() -> None:
    judgement = judge("JWT-09", USERS, *CONTROLS, asked("jwt.none", USERS, answer(404)))
    assert (judgement.verdict, [exchange.number for exchange in judgement.exchanges]) == (Verdict.INCONCLUSIVE, [3])
    assert "404 to everybody" in judgement.detail


@pytest.mark.parametrize(("status", "verdict"), [(401, "pass"), (500, "pass"), (400, "fail"), (503, "inconclusive")])
def test_a_server_that_fails_has_not_let_the_token_in(status: int, verdict: str) -> None:
    controls = [asked(name, ME, answer(200, PERSON)) for name in ("identity.control", "minted.control")]
    assert judge("JWT-43", ME, *controls, asked("minted.account", ME, answer(status))).verdict == verdict
