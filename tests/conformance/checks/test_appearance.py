"""By what a client tells two refusals apart, as the login shows it."""

from __future__ import annotations

import json

import pytest

from authproof.checks.appearance import alike
from authproof.exchange import Response
from authproof.verdict import Judgement, Verdict
from tests.conformance.checks.building import JSON, MESSAGE, answer, asked, judge

LOGIN = "POST /api/admin/auth/login"
TEXT = ("Content-Type", "text/plain")
PASS, FAIL, UNCLEAR = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


def compared(one: Response, other: Response, names: tuple[str, str] = ("", "")) -> Judgement:
    """What is said of two refusals, by what names the logins gave."""
    pairs = zip(("login.wrong_secret", "login.unknown"), names, (one, other), strict=True)
    sent = [asked(probe, LOGIN, response, body=json.dumps({"email": name}, ensure_ascii=False).encode()) for probe, name, response in pairs]
    return judge("LOGIN-04", LOGIN, *sent)


def told(text: str) -> Response:
    return answer(401, json.dumps({"message": text}, ensure_ascii=False).encode())


@pytest.mark.parametrize(
    ("one", "other", "parts"),
    [
        (answer(401), answer(404), "status"),
        (told("Wrong."), told("Unknown."), "body"),
        (answer(401, b"No.", TEXT, ("Server", "a")), answer(401, b"No.", TEXT, ("Server", "b")), "headers"),
        (answer(401, b"No.", TEXT), answer(403, b"No!", TEXT), "status and body"),
        (answer(401, b"No.", TEXT), answer(403, b"No!", JSON), "status and body and headers"),
    ],
)
def test_in_what_refusals_differ(one: Response, other: Response, parts: str) -> None:
    judgement = compared(one, other)
    assert (judgement.verdict, judgement.detail) == (FAIL, f"The refusals of a wrong password and of an unknown account differ in {parts}.")
    assert [exchange.number for exchange in judgement.exchanges] == [1, 2]


@pytest.mark.parametrize(("status", "verdict"), [(302, UNCLEAR), (399, UNCLEAR), (400, PASS), (499, PASS), (429, UNCLEAR), (500, UNCLEAR)])
def test_what_is_a_refusal(status: int, verdict: Verdict) -> None:
    assert compared(answer(status), answer(status)).verdict is verdict


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (answer(401, b'{"a": 1, "b": {"c": 2, "d": 3}}'), answer(401, b'{"b": {"d": 3, "c": 2}, "a": 1}'), PASS),
        (answer(401, b'[{"traceId": "abc"}]'), answer(401, b'[{"traceId": "xyz"}]'), PASS),
        (answer(401, b'[{"code": "abc"}]'), answer(401, b'[{"code": "xyz"}]'), FAIL),
        (answer(401, b"No\xff", TEXT), answer(401, b"No\xff", TEXT), PASS),
        (answer(401, b"No\xff", TEXT), answer(401, b"Not", TEXT), FAIL),
        (answer(401, b"4 tries", TEXT), answer(401, b"3 tries", TEXT), UNCLEAR),
        (answer(401, b"No.", TEXT, ("Tries", "4")), answer(401, b"No.", TEXT, ("Tries", "3")), UNCLEAR),
        (answer(401, b"No.", TEXT, ("Tries", "4")), answer(403, b"No.", TEXT, ("Tries", "3")), FAIL),
    ],
)
def test_what_tells_refusals_apart(one: Response, other: Response, verdict: Verdict) -> None:
    assert compared(one, other).verdict is verdict


@pytest.mark.parametrize(
    ("names", "verdict"),
    [
        (("annabel", "ottokar"), PASS),
        (("Zoë Ålund", "Jürg Øre"), PASS),
        (("anna", "otto"), PASS),
        # A name so short may be a part of any word.
        (("bob", "eva"), FAIL),
    ],
)
def test_an_answer_may_repeat_the_name_that_it_was_given(names: tuple[str, str], verdict: Verdict) -> None:
    one, other = (told(f"There is no {name} here.") for name in names)
    assert compared(one, other, names).verdict is verdict
    assert compared(one, told("There is none here."), names).verdict is FAIL


def test_a_name_that_is_repeated_in_other_letters_is_an_address_like_any() -> None:
    one, other = told("There is no anna@example.com here."), told("There is no Ottokar here.")
    assert compared(one, other, ("Anna@Example.com", "Ottokar")).verdict is PASS
    assert compared(one, told("There is no Annabel here."), ("Anna@Example.com", "Ottokar")).verdict is FAIL


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [("a=1; Path=/", "a=2; Path=/", Verdict.PASS), (" a =1", "a=2", Verdict.PASS), ("a=1", "b=1", Verdict.FAIL), ("a=1", None, Verdict.FAIL)],
)
def test_which_cookies_come_is_seen_and_not_their_values(one: str, other: str | None, verdict: Verdict) -> None:
    answers = [answer(401, MESSAGE, JSON, *([("Set-Cookie", cookie)] if cookie else [])) for cookie in (one, other)]
    first, second = (asked("login.unknown", "adminLogin", found) for found in answers)
    assert alike([], first, second, "They").verdict is verdict
