"""MFA: what lawful and broken servers make of challenges and codes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from authproof.exchange import Exchange, Response, TokenFacts
from authproof.verdict import Judgement, Verdict
from authproof_spec.contract import Contract
from tests.conformance.checks.altered import with_application, with_responses
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


@pytest.mark.parametrize(
    ("status", "declared", "verdict"),
    [
        (400, True, "pass"),
        (403, True, "pass"),
        (422, True, "pass"),
        (404, True, "fail"),
        (401, True, "pass"),
        (403, False, "fail"),
        (422, False, "fail"),
    ],
)
def test_a_document_without_401_decides(status: int, declared: bool, verdict: str) -> None:  # noqa: FBT001
    of = with_responses(contract(), OTP, *([403, 404, 422] if declared else []), without=(401,))
    assert judge("MFA-05", otp("mfa.old_code", status), of=of).verdict == verdict


@pytest.mark.parametrize("status", [400, 403, 422])
def test_a_document_with_401_asks_for_it(status: int) -> None:
    assert judge("MFA-05", otp("mfa.old_code", status), of=with_responses(contract(), OTP, 403, 422)).verdict is Verdict.FAIL


def test_a_refusal_gives_no_token() -> None:
    assert judge("MFA-05", asked("mfa.wrong_code", OTP, answer(401, TOKENS))).verdict is Verdict.FAIL
    line = ("Set-Cookie", "it24a_refresh_token=${REFRESH_TOKEN_1}; Path=/api/admin/auth")
    assert judge("MFA-05", asked("mfa.wrong_code", OTP, answer(401, b"{}", line))).verdict is Verdict.FAIL


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


CHALLENGE = {"challengeId": "${CHALLENGE_1}"}


@pytest.mark.parametrize(
    ("response", "verdict", "words"),
    [
        (answer(200, json.dumps({"challenge": CHALLENGE}).encode()), "pass", "a challenge alone"),
        (answer(200, json.dumps({"challenge": CHALLENGE, "accessToken": "${ACCESS_TOKEN_1}"}).encode()), "fail", "given an access token"),
        (answer(200, json.dumps({"challenge": CHALLENGE, "accessToken": "unheard-of"}).encode()), "fail", "given an access token"),
        (answer(200, json.dumps({"challenge": CHALLENGE, "session": "${ACCESS_TOKEN_1}"}).encode()), "fail", "given an access token"),
        (answer(200, json.dumps({"challenge": CHALLENGE, "session": "${REFRESH_TOKEN_1}"}).encode()), "pass", "a challenge alone"),
        (
            answer(
                200, json.dumps({"challenge": CHALLENGE}).encode(), ("Set-Cookie", "it24a_refresh_token=${REFRESH_TOKEN_1}; Path=/api/admin/auth")
            ),
            "fail",
            "given a refresh token",
        ),
        (answer(401, json.dumps({"challenge": CHALLENGE}).encode()), "fail", "answered 401 without a challenge"),
        (answer(200, b'{"challenge": {"challengeId": 1}}'), "fail", "answered 200 without a challenge"),
        (answer(200, b"\xff"), "fail", "answered 200 without a challenge"),
        (answer(429), "inconclusive", "429"),
        (answer(429, TOKENS), "fail", "given an access token"),
    ],
)
def test_what_the_first_factor_alone_is_answered(response: Response, verdict: str, words: str) -> None:
    judgement = judge("MFA-01", asked("mfa.challenge", LOGIN, response))
    assert judgement.verdict == verdict
    assert words in judgement.detail


@pytest.mark.parametrize("name", ["mfa.challenge_again", "mfa.second_challenge", "mfa.challenge_to_expire", "mfa.challenge_of_now"])
def test_a_later_login_opens_nothing_either(name: str) -> None:
    judgement = judge("MFA-01", challenge(1), asked(name, LOGIN, answer(200, TOKENS)))
    assert (judgement.verdict, [exchange.number for exchange in judgement.exchanges]) == ("fail", [2])
    assert judge("MFA-01", challenge(1), challenge(2, name)).verdict is Verdict.PASS


@pytest.mark.parametrize("name", ["mfa.challenge_again", "mfa.second_challenge"])
@pytest.mark.parametrize(("length", "verdict"), [(16, "pass"), (15, "fail")])
def test_how_long_a_challenge_is(name: str, length: int, verdict: str) -> None:
    facts = {**FACTS, "CHALLENGE_2": TokenFacts("challenge", "", length, unlike=12)}
    judgement = judge("MFA-02", challenge(1), challenge(2, name), facts=facts)
    assert judgement.verdict == verdict
    assert judgement.detail.startswith("A challenge has 15 characters" if length == 15 else "Each challenge is a new one")


@pytest.mark.parametrize(
    ("bearer", "refresh", "verdict"),
    [(401, 401, "pass"), (200, 401, "fail"), (401, 200, "fail"), (401, 429, "inconclusive"), (401, None, "inconclusive")],
)
def test_a_challenge_is_no_token(bearer: int, refresh: int | None, verdict: str) -> None:
    exchanges = [asked("mfa.challenge_as_bearer", ME, answer(bearer))]
    exchanges += [] if refresh is None else [asked("mfa.challenge_as_refresh", "POST /api/admin/auth/refresh", answer(refresh))]
    assert judge("MFA-03", *exchanges).verdict == verdict
    alone = with_application(contract(), "admin", refresh=None)
    assert judge("MFA-03", *exchanges, of=alone).verdict == ("pass" if bearer == 401 else "fail")
    assert judge("MFA-03", *exchanges, of=with_application(alone, "admin", identity=None)).verdict is Verdict.SKIP


@pytest.mark.parametrize(
    ("statuses", "verdict"), [((429, 401), "inconclusive"), ((401, 429), "inconclusive"), ((401, 401), "fail"), ((401, 500), "fail")]
)
def test_a_limit_on_one_of_two_answers_decides_nothing(statuses: tuple[int, ...], verdict: str) -> None:
    assert judge("MFA-04", *right(*statuses)).verdict == verdict


@pytest.mark.parametrize(
    ("body", "cookie", "verdict"), [(TOKENS, True, "pass"), (b"{}", True, "fail"), (TOKENS, False, "fail"), (b'{"accessToken": ""}', True, "fail")]
)
def test_what_the_right_code_is_given(body: bytes, cookie: bool, verdict: str) -> None:  # noqa: FBT001
    lines = [("Set-Cookie", "it24a_refresh_token=${REFRESH_TOKEN_1}; Path=/api/admin/auth")] if cookie else []
    response = Response(200, (("Content-Type", "application/json"), *lines), body)
    assert judge("MFA-04", asked("mfa.right_code", OTP, response)).verdict == verdict


@pytest.mark.parametrize(
    ("requirement", "name", "statuses"),
    [
        ("MFA-06", "mfa.used_challenge", {404, 409, 410}),
        ("MFA-11", "mfa.expired_challenge", {404, 410}),
        ("MFA-10", "mfa.unknown_challenge", {404, 410}),
    ],
)
@pytest.mark.parametrize("status", [404, 405, 409, 410, 411])
def test_a_document_may_say_that_a_challenge_is_gone(requirement: str, name: str, statuses: set[int], status: int) -> None:
    declared = with_responses(contract(), OTP, 404, 405, 409, 410, 411)
    exchanges = [*right(200, 401), otp("mfa.code_of_now", 200), otp(name, status, "one that was never given")]
    assert judge(requirement, *exchanges, of=declared).verdict == ("pass" if status in statuses else "fail")
    assert judge(requirement, *exchanges).verdict is Verdict.FAIL


@pytest.mark.parametrize(("status", "verdict"), [(400, "pass"), (404, "pass"), (410, "pass"), (422, "pass"), (409, "fail"), (403, "fail")])
def test_a_malformed_challenge_is_a_bad_request_too(status: int, verdict: str) -> None:
    declared = with_responses(contract(), OTP, 403, 404, 409, 410, 422)
    assert judge("MFA-10", otp("mfa.unknown_challenge", status, "null", None), of=declared).verdict == verdict


@pytest.mark.parametrize(("requirement", "name"), [("MFA-06", "mfa.used_challenge"), ("MFA-07", "mfa.replayed_code")])
def test_what_was_never_used_cannot_be_used_again(requirement: str, name: str) -> None:
    assert judge(requirement, *right(200, 401), otp(name, 401)).verdict is Verdict.PASS
    assert judge(requirement, *right(401, 401), otp(name, 401)).verdict is Verdict.INCONCLUSIVE
    assert judge(requirement, otp(name, 401)).verdict is Verdict.INCONCLUSIVE


def test_a_foreign_code_that_could_not_be_sent() -> None:
    assert judge("MFA-08", challenge(1, "mfa.second_challenge")).verdict is Verdict.SKIP
    unasked = judge("MFA-08", challenge(1))
    assert (unasked.verdict, unasked.detail) == ("inconclusive", "The probe mfa.foreign_code was not answered.")
    assert judge("MFA-08", challenge(1, "mfa.second_challenge"), otp("mfa.foreign_code", 200)).verdict is Verdict.FAIL


def test_two_unknown_challenges_are_refused_alike() -> None:
    def refused(message: str, challenge: object, status: int = 401) -> Exchange:
        body = json.dumps({"challengeId": challenge, "token": "1"}).encode()
        variant = "one that was never given" if challenge == "0000" else "text with quotes"
        return asked("mfa.unknown_challenge", OTP, answer(status, json.dumps({"message": message}).encode()), variant, body=body)

    first = refused("No such challenge.", "0000")
    assert judge("MFA-10", first, refused("Bad syntax.", "' OR '1'='1")).verdict is Verdict.FAIL
    assert judge("MFA-10", first, refused("No such challenge.", "' OR '1'='1")).verdict is Verdict.PASS
    assert judge("MFA-10", first, refused("Bad syntax.", "' OR '1'='1", 400)).verdict is Verdict.PASS
    assert judge("MFA-10", first, refused("Bad syntax.", None)).verdict is Verdict.PASS


@pytest.mark.parametrize(("status", "verdict"), [(400, "pass"), (401, "pass"), (403, "pass"), (422, "pass"), (404, "inconclusive"), (200, "fail")])
def test_how_a_malformed_code_is_refused(status: int, verdict: str) -> None:
    assert judge("MFA-13", otp("mfa.malformed_code", 400, "null"), otp("mfa.malformed_code", status, "a number")).verdict == verdict


@pytest.mark.parametrize(
    ("old", "future", "verdict", "shown"),
    [(401, 401, "pass", [1, 2]), (401, 200, "fail", [2]), (200, 401, "fail", [1]), (401, 429, "inconclusive", [2])],
)
def test_codes_from_outside_the_window(old: int, future: int, verdict: str, shown: list[int]) -> None:
    judgement = judge("MFA-14", otp("mfa.old_code", old), otp("mfa.future_code", future))
    assert (judgement.verdict, [exchange.number for exchange in judgement.exchanges]) == (verdict, shown)
    assert ("four time steps ahead" in judgement.detail) is (2 in shown)


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer(401), "pass"),
        (answer(429), "inconclusive"),
        (answer(500), "inconclusive"),
        (answer(503), "inconclusive"),
        (answer(200, b"{}", ("Set-Cookie", "it24a_refresh_token=${REFRESH_TOKEN_1}")), "fail"),
    ],
)
def test_another_login(response: Response, verdict: str) -> None:
    assert judge("MFA-15", asked("mfa.other_login", LOGIN, response)).verdict == verdict
    assert judge("MFA-15", of=with_application(contract(), "admin", identity=None)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("name", ["mfa.wrong_secret", "mfa.near_miss"])
def test_each_wrong_password_of_an_account_with_a_second_factor_is_compared(name: str) -> None:
    own = asked(name, LOGIN, answer(401, b'{"message": "Enter your code."}'))
    judgement = judge("MFA-16", own, asked("login.unknown", LOGIN, answer(401)))
    assert (judgement.verdict, [exchange.number for exchange in judgement.exchanges]) == ("fail", [1, 2])


@pytest.mark.parametrize(("later", "verdict"), [(1.05, "pass"), (1.5, "inconclusive"), (2.0, "inconclusive")])
def test_answers_meet_when_the_second_sets_out_before_the_first_is_back(later: float, verdict: str) -> None:
    first, second = (replace(exchange, elapsed=0.5) for exchange in right(200, 401))
    assert judge("MFA-17", first, replace(second, at=later)).verdict == verdict
    assert judge("MFA-17", first).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("requirement", ["MFA-01", "MFA-02", "MFA-03", "MFA-05"])
@pytest.mark.parametrize("at", ["POST /api/auth/login", "GET /api/health"])
def test_where_there_is_no_second_factor_none_is_judged(requirement: str, at: str) -> None:
    judgement = Recorded(facts=FACTS).judge(requirement, at, [challenge(1), otp("mfa.wrong_code", 401), asked("mfa.wrong_code", at, answer(200))])
    assert (judgement.verdict, judgement.detail) == ("inconclusive", "The operation belongs to no application with a second factor.")
