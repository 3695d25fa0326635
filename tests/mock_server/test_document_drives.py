"""The document drives the mock: nothing of the contract is in the code."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

import jwt
import pytest
import yaml

from authproof_mock.backend import Backend
from authproof_mock.clock import Clock
from authproof_mock.http import Answer, Call
from authproof_mock.seed import SeedAccount, load_seed
from authproof_spec import Contract
from tests.small_document import small_document

Edited = Callable[[Callable[[Any], None]], Contract]
LOGIN = {"email": "admin@example.com", "password": "correct horse battery staple"}


def send(backend: Backend, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    pairs = list(headers.items())
    if body is None:
        return backend.handle(Call(method, path, headers=pairs))
    return backend.handle(Call(method, path, headers=[*pairs, ("content-type", "application/json")], body=json.dumps(body).encode()))


def member(answer: Answer, *path: str) -> Any:
    value: Any = answer.payload
    for name in path:
        value = value[name]
    return value


def admin(tree: Any) -> Any:
    return tree["x-authproof"]["applications"]["admin"]


def test_names_paths_and_fields(edited: Edited) -> None:
    def change(tree: Any) -> None:
        paths = tree["paths"]
        paths["/v2/session"] = paths.pop("/api/admin/auth/login")
        paths["/v2/session/next"] = paths.pop("/api/admin/auth/refresh")
        paths["/v2/session/end"] = paths.pop("/api/admin/auth/logout")
        paths["/v2/me"] = paths.pop("/api/admin/user")
        tree["components"]["securitySchemes"]["adminRefreshToken"]["name"] = "__Secure-next"
        tree["components"]["schemas"]["AccessTokenAnswer"] = {"type": "object", "properties": {"tokens": {"type": "object"}}}
        tree["components"]["schemas"]["EmailCredentials"] = {"type": "object", "required": ["who"], "properties": {"who": {"type": "object"}}}
        application = admin(tree)
        application["accessToken"]["response"] = "/tokens/access"
        application["logins"][0]["credentials"] = {"/who/mail": "email", "/who/secret": "password"}
        application["refreshToken"]["cookie"] = {
            "path": "/v2/session",
            "domain": "example.test",
            "httpOnly": True,
            "secure": True,
            "sameSite": "Strict",
        }
        application["refreshToken"]["lifetime"] = 60
        application["accessToken"]["lifetime"] = 30
        application["identity"]["fields"] = {"email": "/you/mail"}

    clock = Clock(lambda: 1_800_000_000.0)
    backend = Backend(edited(change), clock=clock)
    login = send(backend, "POST", "/v2/session", {"who": {"mail": LOGIN["email"], "secret": LOGIN["password"]}})
    token = member(login, "tokens", "access")
    (raw,) = login.header_values("set-cookie")
    cookie = SimpleCookie(raw)["__Secure-next"]
    flags = ("path", "domain", "max-age", "samesite", "secure", "httponly", "expires")
    assert [cookie[name] for name in flags] == ["/v2/session", "example.test", "60", "Strict", True, True, "Fri, 15 Jan 2027 08:01:00 GMT"]
    assert send(backend, "GET", "/v2/me", authorization=f"Bearer {token}").payload == {"you": {"mail": "admin@example.com"}}
    assert send(backend, "GET", "/api/admin/user", authorization=f"Bearer {token}").status == 404
    clock.advance(30)
    assert send(backend, "GET", "/v2/me", authorization=f"Bearer {token}").status == 401
    assert send(backend, "POST", "/v2/session/next", cookie=f"it24a_refresh_token={cookie.value}").status == 401
    assert send(backend, "POST", "/v2/session/next", cookie=f"__Secure-next={cookie.value}").status == 200
    (cleared,) = send(backend, "POST", "/v2/session/end").header_values("set-cookie")
    assert cleared.startswith("__Secure-next=; Path=/v2/session; Domain=example.test; Max-Age=0; ")


def test_cookie_flags_may_be_off(edited: Edited) -> None:
    def change(tree: Any) -> None:
        admin(tree)["refreshToken"]["cookie"].update({"httpOnly": False, "secure": False})

    (cookie,) = send(Backend(edited(change)), "POST", "/api/admin/auth/login", LOGIN).header_values("set-cookie")
    assert "HttpOnly" not in cookie
    assert "Secure" not in cookie


@pytest.mark.parametrize("algorithm", ["HS256", "HS512", "RS256", "PS256", "ES256", "ES512", "EdDSA"])
def test_algorithm_and_published_keys(edited: Edited, algorithm: str) -> None:
    def change(tree: Any) -> None:
        tree["x-authproof"]["tokens"]["algorithm"] = algorithm
        if not algorithm.startswith("HS"):
            tree["x-authproof"]["tokens"]["jwks"] = "/.well-known/keys.json"

    backend = Backend(edited(change))
    token = member(send(backend, "POST", "/api/admin/auth/login", LOGIN), "accessToken")
    header = jwt.get_unverified_header(token)
    assert header["alg"] == algorithm
    assert send(backend, "GET", "/api/admin/user", authorization=f"Bearer {token}").status == 200
    published = send(backend, "GET", "/.well-known/keys.json")
    if algorithm.startswith("HS"):
        assert published.status == 404
        return
    (key,) = member(published, "keys")
    assert (key["kid"], key["alg"], key["use"]) == (header["kid"], algorithm, "sig")
    claims = jwt.decode(token, jwt.PyJWK(key), algorithms=[algorithm], issuer="https://api.example.test", options={"verify_aud": False})
    assert claims["sub"] == "1"


def test_claims_audience_and_fixed_claims(edited: Edited) -> None:
    def change(tree: Any) -> None:
        tree["x-authproof"]["tokens"].update({"claims": {"iss": "issuer", "uid": "account", "exp": "expiresAt"}, "issuer": "me"})
        for application in tree["x-authproof"]["applications"].values():
            for part in ("accessToken", "refreshToken", "personalAccessTokens"):
                if part in application:
                    del application[part]["audience"]
                    application[part]["fixedClaims"] = {"kind": f"{application['accessToken']['scheme']}.{part}", "level": 1}

    backend = Backend(edited(change))
    login = send(backend, "POST", "/api/admin/auth/login", LOGIN)
    token = member(login, "accessToken")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims.keys() == {"iss", "uid", "exp", "kind", "level", "jti"}
    assert (claims["iss"], claims["uid"], claims["kind"]) == ("me", "1", "adminAccessToken.accessToken")
    assert send(backend, "GET", "/api/admin/user", authorization=f"Bearer {token}").status == 200
    assert send(backend, "GET", "/api/user", authorization=f"Bearer {token}").status == 401
    cookie = login.header_values("set-cookie")[0].split(";")[0]
    assert send(backend, "GET", "/api/admin/user", authorization=f"Bearer {cookie.partition('=')[2]}").status == 401
    assert send(backend, "POST", "/api/admin/auth/refresh", cookie=cookie).status == 200
    assert send(backend, "POST", "/api/admin/auth/refresh", cookie=cookie).status == 401


def test_a_single_audience_is_text(edited: Edited) -> None:
    def change(tree: Any) -> None:
        admin(tree)["accessToken"]["audience"] = ["back-office"]

    token = member(send(Backend(edited(change)), "POST", "/api/admin/auth/login", LOGIN), "accessToken")
    assert jwt.decode(token, options={"verify_signature": False, "verify_aud": False})["aud"] == "back-office"


def test_skew_realm_and_refusal(edited: Edited) -> None:
    def change(tree: Any) -> None:
        tree["x-authproof"]["tokens"]["clockSkew"] = 5
        tree["x-authproof"]["challenge"]["realm"] = "back office"
        admin(tree)["logins"][0]["refusal"] = 400

    clock = Clock(lambda: 1_800_000_000.0)
    backend = Backend(edited(change), clock=clock)
    token = member(send(backend, "POST", "/api/admin/auth/login", LOGIN), "accessToken")
    for seconds, status in ((904, 200), (1, 401)):
        clock.advance(seconds)
        assert send(backend, "GET", "/api/admin/user", authorization=f"Bearer {token}").status == status
    assert send(backend, "GET", "/api/admin/user").header_values("www-authenticate") == ['Bearer realm="back office"']
    refused = send(backend, "POST", "/api/admin/auth/login", {**LOGIN, "password": "wrong"})
    assert (refused.status, refused.header_values("www-authenticate")) == (400, [])


def test_permissions_and_personal_tokens(edited: Edited) -> None:
    def change(tree: Any) -> None:
        tree["paths"]["/api/admin/users"]["get"]["security"] = [{"adminAccessToken": ["users:edit", "audit"]}]
        admin(tree)["personalAccessTokens"].update({"items": "/tokens", "maximumLifetime": 3600, "record": {"id": "/key"}})
        admin(tree)["personalAccessTokens"].pop("total")
        operations = tree["paths"]["/api/admin/user/personal-access-tokens"]
        operations["get"]["responses"]["200"]["content"]["application/json"] = {"schema": {"type": "object"}}

    clock = Clock(lambda: 1_800_000_000.0)
    backend = Backend(edited(change), seed=load_seed(), clock=clock)
    header = f"Bearer {member(send(backend, 'POST', '/api/admin/auth/login', LOGIN), 'accessToken')}"
    refused = send(backend, "GET", "/api/admin/users", authorization=header)
    assert refused.status == 403
    assert refused.header_values("www-authenticate")[0].endswith('scope="audit users:edit"')
    backend.accounts.change("1", {"permissions": ["users:edit", "audit"]})
    assert send(backend, "GET", "/api/admin/users", authorization=header).status == 200
    personal = "/api/admin/user/personal-access-tokens"
    statuses = [
        send(backend, "POST", personal, {"name": "one", "expiresAt": end}, authorization=header).status
        for end in ("2027-01-15T09:00:00Z", "2027-01-15T09:00:01Z")
    ]
    assert statuses == [201, 400]
    assert send(backend, "GET", personal, authorization=header).payload == {"tokens": [{"key": backend.pats.list()[0].id}]}


FURTHER = """
/logout:
  post:
    security: [{bearer: []}]
    responses: {"204": {description: Out.}, "401": {description: No.}}
/me:
  get:
    security: [{bearer: []}]
    responses: {"200": {description: Me.}, "401": {description: No.}}
/machine:
  get:
    security: [{key: []}]
    responses: {"200": {description: Yes.}, "401": {description: No.}}
"""


def test_a_small_document_of_another_kind(edited: Edited) -> None:
    def change(tree: Any) -> None:
        tree.clear()
        tree.update(small_document())
        tree["paths"] |= yaml.safe_load(FURTHER)
        tree["components"]["securitySchemes"]["key"] = {"type": "apiKey", "in": "header", "name": "X-Key"}
        tree["x-authproof"]["applications"]["app"] |= {"logout": "POST /logout", "identity": {"operation": "GET /me", "fields": {"id": "/id"}}}

    backend = Backend(edited(change), seed=[SeedAccount(7, frozenset({"app"}), username="seven", password="word")])
    assert send(backend, "POST", "/login", {"name": "seven", "word": "wrong"}).status == 401
    assert send(backend, "POST", "/login").status == 401
    login = send(backend, "POST", "/login", {"name": "seven", "word": "word"})
    assert (login.status, login.header_values("set-cookie")) == (201, [])
    header = f"Bearer {member(login, 'token')}"
    assert jwt.decode(member(login, "token"), options={"verify_signature": False})["user"] == 7
    assert send(backend, "GET", "/me", authorization=header).payload == {"id": 7}
    # Nobody can hold a credential that the extension does not describe.
    assert send(backend, "GET", "/machine", **{"x-key": "x", "authorization": header}).status == 401
    assert send(backend, "POST", "/logout").status == 401
    assert send(backend, "POST", "/logout", authorization=header).status == 204
    assert send(backend, "GET", "/me", authorization=header).status == 401
