"""MFA: what lawful and broken servers make of challenges and codes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from authproof.exchange import Exchange, Response, TokenFacts
from authproof.verdict import Judgement, Verdict
from authproof_spec.contract import Contract
from tests.conformance.checks.building import answer, asked
from tests.conformance.checks.recorded import Recorded, contract

LOGIN, OTP, ME = "POST /api/admin/auth/login", "POST /api/admin/auth/otp", "GET /api/admin/user"
TOKENS = b'{"accessToken": "${ACCESS_TOKEN_1}"}'
HEX = TokenFacts("challenge", "", 32, unlike=30)
FACTS = {"ACCESS_TOKEN_1": TokenFacts("access_token", "", 200), "CHALLENGE_1": HEX, "CHALLENGE_2": HEX, "REFRESH_TOKEN_1": HEX}


def judge(requirement: str, *exchanges: Exchange, facts: dict[str, TokenFacts] | None = None, of: Contract | None = None) -> Judgement:
    return Recorded(facts=facts or FACTS, of=of or contract()).judge(requirement, OTP, exchanges)


def otp(name: str, status: int, variant: str = "", challenge: object = "x") -> Exchange:
    response = answer(status, TOKENS) if status == 200 else answer(status)
    return asked(name, OTP, response, variant, body=json.dumps({"challengeId": challenge, "token": "1"}).encode())


def right(*statuses: int, name: str = "mfa.right_code") -> list[Exchange]:
    """Simultaneous answers with the right code."""
    line = ("set-cookie", "it24a_refresh_token=${REFRESH_TOKEN_1}; Path=/api/admin/auth")
    opened = Response(200, (("Content-Type", "application/json"), line), TOKENS)
    return [replace(asked(name, OTP, opened if status == 200 else answer(status)), at=1.0, elapsed=0.1, together=1) for status in statuses]


@pytest.mark.parametrize(
    ("statuses", "opens", "once"),
    [
        ((200, 401), "pass", "pass"),
        ((200, 409), "pass", "pass"),
        ((200, 200), "pass", "fail"),
        ((401, 401), "fail", "inconclusive"),
        ((429, 429), "inconclusive", "inconclusive"),
    ],
)
def test_the_right_code_twice(statuses: tuple[int, ...], opens: str, once: str) -> None:
    assert judge("MFA-04", *right(*statuses)).verdict == opens
    assert judge("MFA-17", *right(*statuses)).verdict == once


def test_the_next_time_step_counts_where_the_first_code_was_used() -> None:
    exchanges = [*right(401, 401), *right(200, 401, name="mfa.right_code_next_step")]
    assert judge("MFA-04", *exchanges).verdict is Verdict.PASS
    assert judge("MFA-17", *exchanges).verdict is Verdict.PASS


def test_answers_that_did_not_meet_decide_nothing() -> None:
    first, second = right(200, 401)
    assert judge("MFA-17", first, replace(second, at=2.0)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("status", "strict", "lenient"),
    [
        (401, "pass", "pass"),
        (200, "fail", "fail"),
        (400, "fail", "pass"),
        (403, "fail", "pass"),
        (429, "inconclusive", "inconclusive"),
        (500,) + 2 * ("inconclusive",),
    ],
)
def test_how_a_wrong_code_is_refused(status: int, strict: str, lenient: str) -> None:
    assert judge("MFA-05", otp("mfa.old_code", status)).verdict == strict
    assert judge("MFA-14", otp("mfa.old_code", status)).verdict == lenient
    assert judge("MFA-07", *right(200, 401), otp("mfa.replayed_code", status)).verdict == lenient
    assert judge("MFA-08", otp("mfa.foreign_code", status)).verdict == lenient


def test_an_old_code_that_is_accepted_is_no_wrong_one() -> None:
    exchanges = [otp("mfa.old_code", 200), otp("mfa.wrong_code", 401)]
    assert judge("MFA-05", *exchanges).verdict is Verdict.PASS
    assert judge("MFA-14", *exchanges).verdict is Verdict.FAIL


def test_a_document_without_401_decides() -> None:
    found = next(one for one in contract().operations if one.name == OTP)
    other = replace(found, responses={status: rule for status, rule in found.responses.items() if status != "401"})
    applications = dict(contract().applications)
    factor = applications["admin"].second_factor
    assert factor
    applications["admin"] = replace(applications["admin"], second_factor=replace(factor, operation=other))
    operations = tuple(other if one is found else one for one in contract().operations)
    changed = replace(contract(), operations=operations, applications=applications)
    recorded = Recorded(facts=FACTS, of=changed)
    assert recorded.judge("MFA-05", other, [otp("mfa.old_code", 400)]).verdict is Verdict.PASS
    assert recorded.judge("MFA-05", other, [otp("mfa.old_code", 404)]).verdict is Verdict.FAIL


def challenge(number: int, name: str = "mfa.challenge") -> Exchange:
    return asked(name, LOGIN, answer(200, json.dumps({"challenge": {"challengeId": f"${{CHALLENGE_{number}}}"}}).encode()))


@pytest.mark.parametrize(
    ("second", "verdict"),
    [(HEX, "pass"), (replace(HEX, unlike=1), "fail"), (replace(HEX, length=8), "fail"), (replace(HEX, header={"alg": "HS256"}, unlike=1), "pass")],
)
def test_challenges(second: TokenFacts, verdict: str) -> None:
    seen = [challenge(1), challenge(2, "mfa.second_challenge")]
    assert judge("MFA-02", *seen, facts={**FACTS, "CHALLENGE_2": second}).verdict == verdict
    assert judge("MFA-02", challenge(1), challenge(1, "mfa.second_challenge")).verdict is Verdict.FAIL
    assert judge("MFA-02", challenge(1)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("unknown", "quotes", "null", "verdict"),
    [
        (401, 401, 400, "pass"),
        (401, 400, 401, "pass"),
        (401, 401, 500, "fail"),
        (401, 500, 400, "fail"),
        (200, 401, 400, "fail"),
        (400, 400, 400, "fail"),
        (429, 401, 400, "inconclusive"),
    ],
)
def test_unknown_challenges(unknown: int, quotes: int, null: int, verdict: str) -> None:
    exchanges = [
        otp("mfa.unknown_challenge", unknown, "one that was never given", "0000"),
        otp("mfa.unknown_challenge", quotes, "text with quotes", "' OR '1'='1"),
        otp("mfa.unknown_challenge", null, "null", None),
    ]
    assert judge("MFA-10", *exchanges).verdict == verdict


@pytest.mark.parametrize(
    ("expired", "control", "verdict"), [(401, 200, "pass"), (200, 0, "fail"), (401, 401, "inconclusive"), (429, 200, "inconclusive")]
)
def test_an_expired_challenge(expired: int, control: int, verdict: str) -> None:
    exchanges = [otp("mfa.expired_challenge", expired), *([otp("mfa.code_of_now", control)] if control else [])]
    assert judge("MFA-11", *exchanges).verdict == verdict


@pytest.mark.parametrize(
    ("status", "verdict"), [(400, "pass"), (401, "pass"), (422, "pass"), (200, "fail"), (500, "inconclusive"), (429, "inconclusive")]
)
def test_malformed_codes(status: int, verdict: str) -> None:
    assert judge("MFA-13", otp("mfa.malformed_code", status, "a list that holds it")).verdict == verdict


def test_another_login_is_no_way_around() -> None:
    assert judge("MFA-15", asked("mfa.other_login", LOGIN, answer(200, TOKENS))).verdict is Verdict.FAIL
    assert judge("MFA-15", challenge(1, "mfa.other_login")).verdict is Verdict.PASS
    assert judge("MFA-15", asked("elsewhere.access", ME, answer(403))).verdict is Verdict.PASS
    assert judge("MFA-15", asked("elsewhere.access", ME, answer(200))).verdict is Verdict.FAIL


@pytest.mark.parametrize(("message", "status", "verdict"), [("No.", 401, "pass"), ("Enter your code.", 401, "fail"), ("No.", 429, "inconclusive")])
def test_a_wrong_password_does_not_tell(message: str, status: int, verdict: str) -> None:
    own = asked("mfa.near_miss", LOGIN, answer(status, json.dumps({"message": message}).encode()))
    assert judge("MFA-16", own, asked("login.disabled", LOGIN, answer(401))).verdict == verdict
    assert judge("MFA-16", own).verdict is Verdict.INCONCLUSIVE
    assert judge("MFA-16", asked("mfa.near_miss", LOGIN, answer(200))).verdict is Verdict.INCONCLUSIVE
