"""Alternatives of `security`, and several schemes in one of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from authproof_mock import pats
from authproof_mock.backend import Backend
from authproof_mock.http import Call, Headers
from authproof_spec import load_contract

SECURITY = {
    "/either": [{"token": ["a"]}, {"token": ["b"]}, {"key": []}],
    "/both": [{"token": [], "key": []}],
    "/both-with-permission": [{"token": ["a"], "key": []}],
    "/either-or-both": [{"session": []}, {"token": [], "session": []}],
    "/optional": [{"token": []}, {}],
}
SCHEMES = {
    "token": {"type": "http", "scheme": "bearer"},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "session": {"type": "apiKey", "in": "cookie", "name": "session"},
}


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    paths = {path: {"get": {"security": security, "responses": {"200": {"description": "Fine."}}}} for path, security in SECURITY.items()}
    tree = {"openapi": "3.1.0", "info": {"title": "Own", "version": "1"}, "components": {"securitySchemes": SCHEMES}, "paths": paths}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(tree), "utf-8")
    return Backend(load_contract(tmp_path / "own.yaml", complete=True))


class Client:
    """What `word`@example.com has to show."""

    def __init__(self, backend: Backend, word: str) -> None:
        self._backend = backend
        self._login = {"email": f"{word}@example.com", "password": "correct horse battery staple"}
        answer = self.post("/api/admin/auth/login", self._login)
        self.token = ("authorization", f"Bearer {answer['accessToken']}")
        self.key = ("x-api-key", self.post("/api/admin/user/personal-access-tokens", {"name": "key", "expiresAt": self.soon()}, self.token)["jwt"])
        path = "/_auth/api/admin/auth/login"
        cookies = backend.handle(self.call("POST", path, self._login)).header_values("set-cookie")
        self.session = ("cookie", next(cookie for cookie in cookies if cookie.startswith("session=")).partition(";")[0])

    def soon(self) -> str:
        return pats.text(self._backend.clock.now() + 3600) or ""

    def call(self, method: str, path: str, body: object, *headers: tuple[str, str]) -> Call:
        return Call(method, path, headers=[("content-type", "application/json"), *headers], body=json.dumps(body).encode())

    def post(self, path: str, body: dict[str, object] | dict[str, str], *headers: tuple[str, str]) -> dict[str, str]:
        answer = self._backend.handle(self.call("POST", path, body, *headers))
        assert isinstance(answer.payload, dict)
        return answer.payload


def status(backend: Backend, path: str, *headers: tuple[str, str]) -> int:
    sent: Headers = headers
    return backend.handle(Call("GET", path, headers=sent)).status


def test_each_alternative_suffices_with_its_own_permissions(backend: Backend) -> None:
    admin, user = Client(backend, "admin"), Client(backend, "user")
    assert status(backend, "/either", admin.token) == 200
    assert status(backend, "/either", user.token) == 403
    assert status(backend, "/either", user.key) == 200
    backend.accounts.change("2", {"permissions": ["b"]})
    assert status(backend, "/either", user.token) == 200


def test_schemes_in_one_alternative_are_asked_for_together_and_of_one_caller(backend: Backend) -> None:
    admin, user = Client(backend, "admin"), Client(backend, "user")
    for one in (
        (),
        (admin.token,),
        (admin.key,),
        (admin.token, user.key),
        (admin.token, ("x-api-key", "garbage")),
        (("authorization", "Bearer x"), admin.key),
    ):
        assert status(backend, "/both", *one) == 401, one
    assert status(backend, "/both", admin.token, admin.key) == 200
    assert status(backend, "/both-with-permission", admin.token, admin.key) == 200
    assert status(backend, "/both-with-permission", user.token, user.key) == 403


def test_tokens_of_the_kinds_of_two_applications_may_be_asked_for(backend: Backend) -> None:
    user = Client(backend, "user")
    assert status(backend, "/either-or-both", user.session) == 200
    assert status(backend, "/either-or-both", user.token) == 401
    assert status(backend, "/either-or-both", user.token, user.session) == 200


def test_an_empty_alternative_asks_for_nothing(backend: Backend) -> None:
    assert status(backend, "/optional") == 200
    assert status(backend, "/optional", Client(backend, "user").token) == 200
