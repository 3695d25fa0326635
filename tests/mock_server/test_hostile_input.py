"""Whatever comes, the mock answers as a server would: never with a 5xx, and never with a secret that was sent."""

from __future__ import annotations

import gc
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from authproof_mock.backend import Backend
from authproof_mock.http import Call
from authproof_mock.sessions import Family
from authproof_mock.tokens import Purpose
from authproof_spec import Contract, load_contract

CONTRACT: Contract = load_contract()
PATHS = sorted({operation.path for operation in CONTRACT.operations})
SECRET = "s3cr3t-that-nobody-repeats"
BODIES = [media.examples for operation in CONTRACT.operations if operation.request_body for media in operation.request_body.content]
EXAMPLES = [example for examples in BODIES for example in examples.values()]

latin = st.text(st.characters(max_codepoint=255), max_size=30)
segments = st.sampled_from([*PATHS, "/api/admin/users/1", "/api/surveys/breakfast/session"]) | latin.map(lambda text: "/" + text)
paths = st.builds(
    lambda path, change: path.replace("{userId}", change).replace("{tokenId}", change), segments, st.sampled_from(["1", "%2F", "%FF", "..", "", "é"])
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["email", "password", "name", "token", "expiresAt"]) | st.text(), inner, max_size=3)
    ),
    max_leaves=6,
)
fields = st.sampled_from(
    ["email", "password", "survey", "username", "token", "challengeId", "provider", "name", "expiresAt", "disabled", "permissions"]
)
bodies = (
    st.binary(max_size=40)
    | values.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(fields, values, max_size=4).map(lambda value: json.dumps(value).encode())
)
bodies |= st.tuples(st.sampled_from(EXAMPLES), fields, values).map(lambda given: json.dumps({**given[0], given[1]: given[2]}).encode())


def tokens_of(backend: Backend) -> list[str]:
    end = backend.clock.now() + 60
    return [backend.tokens.mint(kind, "1", "jti", end) for kind in backend.tokens.types]


@settings(max_examples=400)
@given(st.data())
def test_nothing_makes_the_mock_fail(data: st.DataObject) -> None:
    backend = Backend(CONTRACT)
    tokens = st.sampled_from([*tokens_of(backend), "x.y.z", "", SECRET])
    names = st.sampled_from(["authorization", "cookie", "content-type", "content-length", "host", "x-other"])
    credentials = tokens.map(lambda token: f"Bearer {token}") | tokens.map(lambda token: f"it24a_refresh_token={token}")
    headers = st.lists(st.tuples(names, credentials | st.sampled_from(["application/json", "text/plain"]) | latin), max_size=5)
    for _ in range(4):
        call = Call(
            method=data.draw(st.sampled_from(["GET", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "PUT"]) | latin),
            path=data.draw(paths),
            query=data.draw(latin),
            headers=[*data.draw(headers), ("content-type", "application/json")],
            body=data.draw(bodies),
        )
        answer = backend.handle(call)
        assert answer.status < 500
        assert json.loads(answer.body or b"null") is not answer
        assert all(name.isascii() and "\n" not in value and "\r" not in value for name, value in answer.headers)


def test_no_refusal_repeats_what_was_sent() -> None:
    backend = Backend(CONTRACT)
    access = backend.tokens.mint(backend.tokens.type_of("admin", Purpose.ACCESS), "1", "jti", backend.clock.now() + 60)
    asked = 0
    for operation in CONTRACT.operations:
        body: dict[str, Any] = dict.fromkeys(
            ["email", "password", "survey", "username", "token", "challengeId", "provider", "name", "expiresAt"], SECRET
        )
        for authorization in (f"Bearer {SECRET}", f"Basic {SECRET}", f"Bearer {access[:-4]}AAAA", f"Bearer {SECRET}.{SECRET}.{SECRET}"):
            for cookie in (f"it24a_refresh_token={SECRET}", f"it24s_refresh_token={access}"):
                headers = [("authorization", authorization), ("cookie", cookie), ("content-type", "application/json")]
                path = operation.path.replace("{userId}", SECRET).replace("{tokenId}", SECRET).replace("{slug}", SECRET)
                answer = backend.handle(Call(operation.method, path, f"token={SECRET}", headers, json.dumps(body).encode()))
                said = answer.body.decode() + repr(answer.headers)
                assert SECRET not in said
                assert access[-40:] not in said
                asked += 1
    assert asked == 8 * len(CONTRACT.operations)


def test_deep_and_long_input_is_refused_quickly() -> None:
    backend = Backend(CONTRACT)
    json_header = [("content-type", "application/json")]
    for token in ("a" * 60_000, "." * 10_000, f"{'a' * 30_000}.{'b' * 30_000}.{'c' * 30_000}"):
        assert backend.handle(Call("GET", "/api/admin/user", headers=[("authorization", f"Bearer {token}")])).status == 401
        assert backend.handle(Call("POST", "/api/admin/auth/refresh", headers=[("cookie", f"it24a_refresh_token={token}")])).status == 401
    for depth in (200, 300, 900, 5_000, 200_000):
        for body in (
            b"[" * depth,
            b'{"email":' * depth + b"1" + b"}" * depth,
            b'{"email":"a@example.com","password":"x","y":' + b"[" * depth + b"]" * depth + b"}",
        ):
            assert backend.handle(Call("POST", "/api/admin/auth/login", headers=json_header, body=body)).status in {400, 401, 413}
    assert backend.handle(Call("GET", "/" + "a/" * 20_000)).status == 404
    assert backend.handle(Call("GET", "/api/health", "a=b&" * 50_000)).status == 200


def test_memory_stays_flat() -> None:
    gc.collect()
    before = sum(isinstance(found, Family) for found in gc.get_objects())
    backend = Backend(CONTRACT)
    body = json.dumps({"email": "admin@example.com", "password": "correct horse battery staple"}).encode()
    login = Call("POST", "/api/admin/auth/login", headers=[("content-type", "application/json")], body=body)
    for _ in range(3_000):
        backend.handle(login)
        backend.clock.advance(300)
    # A day's logins are alive, and at most as many again wait to be dropped.
    assert len(backend.sessions.list()) == 287
    gc.collect()
    assert sum(isinstance(found, Family) for found in gc.get_objects()) - before <= 2 * 288
