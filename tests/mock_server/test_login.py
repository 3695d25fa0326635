from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pyotp
import pytest

from authproof_mock.accounts import Accounts
from authproof_mock.clock import Clock

PASSWORD = "correct horse battery staple"
LOGIN = "/api/admin/auth/login"
LogIn = Callable[..., httpx.Response]


def test_a_login_answers_an_access_token_and_sets_the_declared_cookie(log_in: LogIn) -> None:
    answer = log_in()
    assert answer.status_code == 200
    assert list(answer.json()) == ["accessToken"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    (cookie,) = answer.headers.get_list("set-cookie")
    name_value, *attributes = cookie.split("; ")
    assert name_value.startswith("it24a_refresh_token=e")
    assert attributes == ["Path=/api/admin/auth", "Max-Age=86400", "Expires=Sat, 16 Jan 2027 08:00:00 GMT", "HttpOnly", "Secure", "SameSite=Lax"]
    assert name_value.partition("=")[2] not in answer.text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/auth/login", {"email": "respondent@example.com", "password": PASSWORD, "survey": "breakfast"}),
        ("/api/auth/login/alias", {"username": "respondent1", "password": PASSWORD, "survey": "breakfast"}),
        ("/api/auth/login/token", {"token": "the-token-of-a-personal-link"}),
    ],
)
def test_each_login_of_the_survey_starts_a_session(client: httpx.Client, path: str, body: dict[str, str]) -> None:
    answer = client.post(path, json=body)
    assert answer.headers["set-cookie"].startswith("it24s_refresh_token=")
    me = client.get("/api/user", headers={"authorization": f"Bearer {answer.json()['accessToken']}"})
    assert me.json() == {"profile": {"id": "5", "name": "Rosa Respondent"}, "survey": "breakfast"}


def test_all_refusals_are_the_same_to_the_byte(log_in: LogIn) -> None:
    refusals = [
        log_in(password="wrong"),
        log_in("nobody@example.com"),
        log_in("disabled@example.com"),
        log_in("disabled@example.com", "wrong"),
        log_in("mfa@example.com", "wrong"),
        log_in("respondent@example.com"),
    ]
    assert {refusal.status_code for refusal in refusals} == {401}
    assert len({refusal.content for refusal in refusals}) == 1
    assert len({tuple(refusal.headers.multi_items()) for refusal in refusals}) == 1
    assert refusals[0].headers["www-authenticate"] == 'Bearer realm="api"'
    assert "set-cookie" not in refusals[0].headers


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["email", "password"]),
        ({"email": "admin@example.com"}, ["password"]),
        ({"email": "admin@example.com", "password": 7}, ["password"]),
        ({"email": "admin@example.com", "password": ""}, ["password"]),
        ({"email": "no address", "password": "x"}, ["email"]),
        ({"email": None, "password": "x"}, ["email"]),
        ([], ["body"]),
        (None, ["body"]),
        ("text", ["body"]),
    ],
    ids=str,
)
def test_a_malformed_login_names_its_fields(client: httpx.Client, body: Any, fields: list[str]) -> None:
    answer = client.post(LOGIN, content=json.dumps(body), headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json"
    assert isinstance(answer.json()["message"], str)
    assert sorted(answer.json()["errors"]) == fields


# Second factor


def challenged(log_in: LogIn) -> str:
    return str(log_in("mfa@example.com").json()["challenge"]["challengeId"])


@pytest.fixture
def answer_with(client: httpx.Client) -> LogIn:
    def send(challenge: Any, code: Any, provider: str = "otp") -> httpx.Response:
        return client.post("/api/admin/auth/otp", json={"challengeId": challenge, "provider": provider, "token": code})

    return send


@pytest.fixture
def code(accounts: Accounts, clock: Clock) -> Callable[[int], str]:
    """The account's code, some time steps from now."""
    account = accounts.find("4")
    assert account is not None
    assert account.totp_secret is not None
    generator = pyotp.TOTP(account.totp_secret)
    return lambda steps: generator.at(int(clock.now()) + 30 * steps)


def wrong(code: Callable[[int], str]) -> str:
    right = {code(steps) for steps in range(-3, 4)}
    return next(text for text in (f"{number:06}" for number in range(10)) if text not in right)


def test_a_second_factor_gives_a_challenge_and_nothing_else(log_in: LogIn) -> None:
    answer = log_in("mfa@example.com")
    assert answer.status_code == 200
    assert answer.json().keys() == {"challenge", "devices"}
    assert answer.json()["challenge"]["provider"] == "otp"
    assert len(answer.json()["challenge"]["challengeId"]) == 32
    assert answer.json()["devices"] == [{"id": "1", "provider": "otp", "name": "Authenticator"}]
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert challenged(log_in) != challenged(log_in)


def test_the_right_code_gives_tokens_once(log_in: LogIn, answer_with: LogIn, code: Callable[[int], str]) -> None:
    challenge = challenged(log_in)
    answer = answer_with(challenge, code(0))
    assert answer.status_code == 200
    assert answer.headers["set-cookie"].startswith("it24a_refresh_token=e")
    assert answer_with(challenge, code(1)).status_code == 401


def test_a_code_is_taken_once_under_any_challenge(log_in: LogIn, answer_with: LogIn, code: Callable[[int], str]) -> None:
    assert answer_with(challenged(log_in), code(0)).status_code == 200
    assert answer_with(challenged(log_in), code(0)).status_code == 401
    assert answer_with(challenged(log_in), code(1)).status_code == 200
    assert answer_with(challenged(log_in), code(-1)).status_code == 200


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)])
def test_the_window_is_one_step_to_each_side(log_in: LogIn, answer_with: LogIn, code: Callable[[int], str], steps: int, status: int) -> None:
    assert answer_with(challenged(log_in), code(steps)).status_code == status


def test_a_challenge_dies_of_five_wrong_codes(log_in: LogIn, answer_with: LogIn, code: Callable[[int], str]) -> None:
    four, five = challenged(log_in), challenged(log_in)
    for challenge, attempts in ((four, 4), (five, 5)):
        for _ in range(attempts):
            assert answer_with(challenge, wrong(code)).status_code == 401
    assert answer_with(five, code(0)).status_code == 401
    assert answer_with(four, code(0)).status_code == 200


def test_a_challenge_expires(log_in: LogIn, answer_with: LogIn, code: Callable[[int], str], clock: Clock) -> None:
    challenge = challenged(log_in)
    clock.advance(299)
    late = challenged(log_in)
    clock.advance(1)
    assert answer_with(challenge, code(0)).status_code == 401
    assert answer_with(late, code(0)).status_code == 200


def test_every_refusal_of_the_second_factor_is_the_same(log_in: LogIn, answer_with: LogIn, code: Callable[[int], str], accounts: Accounts) -> None:
    locked = challenged(log_in)
    refusals = [answer_with(challenged(log_in), wrong(code)), answer_with("unknown", code(0))]
    accounts.disable("4")
    refusals.append(answer_with(locked, code(0)))
    assert {refusal.status_code for refusal in refusals} == {401}
    assert len({(refusal.content, tuple(refusal.headers.multi_items())) for refusal in refusals}) == 1
    assert refusals[0].headers["www-authenticate"] == 'Bearer realm="api"'
    assert "set-cookie" not in refusals[0].headers


@pytest.mark.parametrize("code", ["", "12345", "1234567", "١٢٣٤٥٦", 123456, None, ["123456"], "123456\n"])
def test_malformed_codes_are_bad_requests(log_in: LogIn, answer_with: LogIn, code: Any) -> None:
    assert answer_with(challenged(log_in), code).status_code == 400


def test_a_challenge_is_no_token(log_in: LogIn, client: httpx.Client) -> None:
    challenge = challenged(log_in)
    assert client.get("/api/admin/user", headers={"authorization": f"Bearer {challenge}"}).status_code == 401
    assert client.post("/api/admin/auth/refresh", headers={"cookie": f"it24a_refresh_token={challenge}"}).status_code == 401


def test_an_application_without_second_factor_lets_nobody_into_the_other(client: httpx.Client) -> None:
    answer = client.post("/api/auth/login", json={"email": "mfa@example.com", "password": PASSWORD, "survey": "breakfast"})
    token, cookie = answer.json()["accessToken"], answer.headers["set-cookie"].split(";")[0].partition("=")[2]
    assert client.get("/api/user", headers={"authorization": f"Bearer {token}"}).status_code == 200
    assert client.get("/api/admin/user", headers={"authorization": f"Bearer {token}"}).status_code == 401
    assert client.post("/api/admin/auth/refresh", headers={"cookie": f"it24a_refresh_token={cookie}"}).status_code == 401
