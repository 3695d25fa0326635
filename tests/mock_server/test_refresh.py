from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, rule

from authproof_mock.accounts import Accounts
from authproof_mock.backend import Backend
from authproof_mock.clock import Clock
from authproof_mock.http import Call
from authproof_spec import Contract, load_contract

LogIn = Callable[..., httpx.Response]
Send = Callable[..., httpx.Response]
Edited = Callable[[Callable[[Any], None]], Contract]
NAME = "it24a_refresh_token"
CLEARED = f"{NAME}=; Path=/api/admin/auth; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax"


def cookie_of(answer: httpx.Response) -> str:
    """The refresh token that an answer sets."""
    return str(answer.headers["set-cookie"].split(";")[0].partition("=")[2])


@pytest.fixture
def refresh(client: httpx.Client) -> Send:
    return lambda token, name=NAME: client.post("/api/admin/auth/refresh", headers={"cookie": f"{name}={token}"})


@pytest.fixture
def log_out(client: httpx.Client) -> Send:
    return lambda token: client.post("/api/admin/auth/logout", headers={"cookie": f"{NAME}={token}"})


def assert_refused(answer: httpx.Response) -> None:
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="api"'
    assert answer.headers.get_list("set-cookie") == [CLEARED]


def test_a_refresh_gives_new_tokens(log_in: LogIn, refresh: Send, client: httpx.Client) -> None:
    first = log_in()
    second = refresh(cookie_of(first))
    assert second.status_code == 200
    assert second.headers["cache-control"] == "no-store"
    assert second.json()["accessToken"] != first.json()["accessToken"]
    assert cookie_of(second) != cookie_of(first)
    for answer in (first, second):
        assert client.get("/api/admin/user", headers={"authorization": f"Bearer {answer.json()['accessToken']}"}).status_code == 200


def test_reuse_revokes_the_family_and_no_other(log_in: LogIn, refresh: Send, client: httpx.Client) -> None:
    other, foreign, first = log_in(), log_in("user@example.com"), log_in()
    second = refresh(cookie_of(first))
    assert_refused(refresh(cookie_of(first)))
    assert_refused(refresh(cookie_of(second)))
    for answer in (first, second):
        assert client.get("/api/admin/user", headers={"authorization": f"Bearer {answer.json()['accessToken']}"}).status_code == 401
    assert refresh(cookie_of(other)).status_code == 200
    assert refresh(cookie_of(foreign)).status_code == 200


def test_reuse_of_an_old_ancestor_does_the_same(log_in: LogIn, refresh: Send) -> None:
    first = cookie_of(log_in())
    third = cookie_of(refresh(cookie_of(refresh(first))))
    assert_refused(refresh(first))
    assert_refused(refresh(third))


def test_a_session_ends_however_often_it_is_refreshed(log_in: LogIn, refresh: Send, clock: Clock) -> None:
    token = cookie_of(log_in())
    for _ in range(2):
        clock.advance(86340)
        token = cookie_of(refresh(token))
    clock.advance(119)
    token = cookie_of(refresh(token))
    clock.advance(1)
    assert_refused(refresh(token))


def test_of_simultaneous_refreshes_one_succeeds(log_in: LogIn, refresh: Send) -> None:
    token = cookie_of(log_in())
    barrier = threading.Barrier(8)

    def race(_: int) -> httpx.Response:
        barrier.wait()
        return refresh(token)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(race, range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7
    winner = next(answer for answer in answers if answer.status_code == 200)
    assert_refused(refresh(cookie_of(winner)))


def test_a_refresh_token_expires(log_in: LogIn, refresh: Send, clock: Clock) -> None:
    early, late = cookie_of(log_in()), cookie_of(log_in())
    clock.advance(86399)
    assert refresh(early).status_code == 200
    clock.advance(1)
    assert_refused(refresh(late))


def test_without_a_usable_cookie_a_refresh_is_refused(log_in: LogIn, client: httpx.Client) -> None:
    answer = log_in()
    token, access = cookie_of(answer), answer.json()["accessToken"]
    assert_refused(client.post("/api/admin/auth/refresh"))
    bad = [
        "",
        f"{NAME}=",
        NAME,
        f"{NAME}=x",
        f"{NAME}={token}x",
        f"{NAME}={token[:-1]}",
        f"{NAME}={token.swapcase()}",
        f'{NAME}="{token}"',
        f"{NAME.upper()}={token}",
        f"other={token}",
        f"{NAME}={token}; {NAME}={token}",
        f"{NAME}=x; {NAME}={token}",
        f"{NAME}={access}",
        f"{NAME}={token},",
        f"{NAME}={token.replace('.', '%2E')}",
        f"{NAME}={'a' * 5000}",
        f"{NAME}=\xff",
    ]
    for cookie in bad:
        assert_refused(client.post("/api/admin/auth/refresh", headers=[(b"cookie", cookie.encode("latin-1"))]))
    carriers: list[dict[str, Any]] = [
        {"json": {NAME: token, "refreshToken": token}},
        {"params": {NAME: token, "refresh_token": token}},
        {"headers": {"authorization": f"Bearer {token}"}},
        {"data": {NAME: token}},
    ]
    for carrier in carriers:
        assert_refused(client.post("/api/admin/auth/refresh", **carrier))
    answer = client.post("/api/admin/auth/refresh", headers=[("cookie", "a=b"), ("cookie", f"c=d;{NAME}={token} ; e")])
    assert answer.status_code == 200


def test_cookies_of_the_other_application_are_refused(log_in: LogIn, client: httpx.Client) -> None:
    admin = cookie_of(log_in())
    survey = cookie_of(client.post("/api/auth/login/token", json={"token": "the-token-of-a-personal-link"}))
    assert client.post("/api/auth/refresh", headers={"cookie": f"it24s_refresh_token={admin}"}).status_code == 401
    assert client.post("/api/admin/auth/refresh", headers={"cookie": f"{NAME}={survey}"}).status_code == 401
    assert client.post("/api/auth/refresh", headers={"cookie": f"it24s_refresh_token={survey}"}).status_code == 200
    assert client.post("/api/admin/auth/refresh", headers={"cookie": f"{NAME}={admin}"}).status_code == 200


def test_a_disabled_account_does_not_refresh_even_when_enabled_again(log_in: LogIn, refresh: Send, accounts: Accounts) -> None:
    token = cookie_of(log_in())
    accounts.disable("1")
    assert_refused(refresh(token))
    accounts.change("1", {"disabled": False})
    assert_refused(refresh(token))


# Logout


def assert_logged_out(answer: httpx.Response) -> None:
    assert answer.status_code == 200
    assert answer.headers.get_list("set-cookie") == [CLEARED]
    assert answer.content == b""


def test_logout_ends_the_family_and_no_other(log_in: LogIn, refresh: Send, log_out: Send, client: httpx.Client) -> None:
    other, first = log_in(), log_in()
    second = refresh(cookie_of(first))
    assert_logged_out(log_out(cookie_of(second)))
    assert_logged_out(log_out(cookie_of(second)))
    assert_refused(refresh(cookie_of(second)))
    assert client.get("/api/admin/user", headers={"authorization": f"Bearer {second.json()['accessToken']}"}).status_code == 401
    assert refresh(cookie_of(other)).status_code == 200


def test_a_used_token_logs_out_too(log_in: LogIn, refresh: Send, log_out: Send) -> None:
    first = cookie_of(log_in())
    second = cookie_of(refresh(first))
    assert_logged_out(log_out(first))
    assert_refused(refresh(second))


def test_nothing_else_logs_anybody_out(log_in: LogIn, refresh: Send, client: httpx.Client) -> None:
    answer = log_in()
    token = cookie_of(answer)
    survey = cookie_of(client.post("/api/auth/login/token", json={"token": "the-token-of-a-personal-link"}))
    for cookie in ("x", "a.b.c", token[:-4] + "AAAA", answer.json()["accessToken"], survey, "\xff", f"x; {NAME}={token}"):
        assert_logged_out(client.post("/api/admin/auth/logout", headers=[(b"cookie", f"{NAME}={cookie}".encode("latin-1"))]))
    assert_logged_out(client.post("/api/admin/auth/logout"))
    assert_logged_out(client.post("/api/admin/auth/logout", json={"refreshToken": token}, headers={"authorization": f"Bearer {token}"}))
    assert client.get("/api/admin/auth/logout", headers={"cookie": f"{NAME}={token}"}).status_code == 405
    assert refresh(token).status_code == 200
    assert client.post("/api/auth/refresh", headers={"cookie": f"it24s_refresh_token={survey}"}).status_code == 200


# Grace


def with_rotation(edited: Edited, clock: Clock, **rotation: Any) -> Send:
    def change(tree: Any) -> None:
        tree["x-authproof"]["applications"]["admin"]["refreshToken"]["rotation"] = rotation

    backend = Backend(edited(change), clock=clock)

    def send(token: str | None = None, path: str = "refresh") -> Any:
        body = b'{"email": "admin@example.com", "password": "correct horse battery staple"}'
        call = Call("POST", "/api/admin/auth/login", headers=[("content-type", "application/json")], body=body)
        if token is not None:
            call = Call("POST", f"/api/admin/auth/{path}", headers=[("cookie", f"{NAME}={token}")])
        answer = backend.handle(call)
        return httpx.Response(answer.status, headers=list(answer.headers), content=answer.body)

    return send


def test_a_grace_with_a_new_child_lets_the_newest_live(edited: Edited, clock: Clock) -> None:
    send = with_rotation(edited, clock, grace=10)
    parent = cookie_of(send())
    one, two = cookie_of(send(parent)), cookie_of(send(parent))
    assert one != two
    assert send(two).status_code == 200
    assert send(one).status_code == 401
    assert send(two).status_code == 401


def test_a_grace_with_the_same_child_answers_it_again(edited: Edited, clock: Clock) -> None:
    send = with_rotation(edited, clock, grace=10, graceAnswer="same-child")
    parent = cookie_of(send())
    child = cookie_of(send(parent))
    clock.advance(9)
    assert cookie_of(send(parent)) == child
    grandchild = send(child)
    assert grandchild.status_code == 200
    assert send(parent).status_code == 401
    assert send(cookie_of(grandchild)).status_code == 401


@pytest.mark.parametrize("answer", ["same-child", "new-child"])
def test_a_grace_ends(edited: Edited, clock: Clock, answer: str) -> None:
    send = with_rotation(edited, clock, grace=10, graceAnswer=answer)
    parent = cookie_of(send())
    child = cookie_of(send(parent))
    clock.advance(10)
    assert send(parent).status_code == 401
    assert send(child).status_code == 401


@pytest.mark.parametrize("answer", ["same-child", "new-child"])
def test_no_grace_outlives_a_logout(edited: Edited, clock: Clock, answer: str) -> None:
    send = with_rotation(edited, clock, grace=10, graceAnswer=answer)
    parent = cookie_of(send())
    child = cookie_of(send(parent))
    assert send(child, "logout").status_code == 200
    assert send(parent).status_code == 401


def test_reuse_may_end_every_session_of_the_account(edited: Edited, clock: Clock) -> None:
    send = with_rotation(edited, clock, reuse="revoke-account")
    other, parent = cookie_of(send()), cookie_of(send())
    send(parent)
    assert send(parent).status_code == 401
    assert send(other).status_code == 401


class Rotation(RuleBasedStateMachine):
    """Logins, refreshes and logouts in any order, against a model of which token is whose newest."""

    tokens: Bundle[tuple[int, str]] = Bundle("tokens")
    contract = load_contract()

    @initialize()
    def start(self) -> None:
        self.backend = Backend(self.contract)
        self.newest: dict[int, str] = {}
        self.dead: set[int] = set()

    def send(self, operation: str, token: str | None = None) -> tuple[int, str]:
        body = b'{"email": "admin@example.com", "password": "correct horse battery staple"}'
        headers = [("content-type", "application/json"), *([("cookie", f"{NAME}={token}")] if token else [])]
        answer = self.backend.handle(Call("POST", f"/api/admin/auth/{operation}", headers=headers, body=body))
        return answer.status, answer.header_values("set-cookie")[0].split(";")[0].partition("=")[2]

    @rule(target=tokens)
    def log_in(self) -> tuple[int, str]:
        status, token = self.send("login")
        assert status == 200
        family = len(self.newest)
        self.newest[family] = token
        return family, token

    @rule(target=tokens, held=tokens)
    def refresh(self, held: tuple[int, str]) -> tuple[int, str]:
        family, token = held
        status, successor = self.send("refresh", token)
        if family not in self.dead and self.newest[family] == token:
            assert status == 200
            assert successor not in self.newest.values()
            self.newest[family] = successor
            return family, successor
        assert (status, successor) == (401, "")
        self.dead.add(family)
        return held

    @rule(held=consumes(tokens))
    def log_out(self, held: tuple[int, str]) -> None:
        assert self.send("logout", held[1]) == (200, "")
        self.dead.add(held[0])

    @rule()
    def count(self) -> None:
        assert len(self.backend.sessions.list()) == len(self.newest) - len(self.dead)


Rotation.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
test_rotation_follows_the_model = Rotation.TestCase
