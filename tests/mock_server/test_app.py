from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import anyio
import httpx
import pytest
from starlette.types import ASGIApp, Message

from authproof_mock.app import app_of, create_app
from authproof_mock.backend import Backend, Intervention
from authproof_mock.validation import MAXIMUM_BODY
from authproof_spec import Contract

LOGIN = {"email": "admin@example.com", "password": "correct horse battery staple"}
ORIGIN = "https://admin.example.test"
Result = TypeVar("Result")


def using(app: ASGIApp, work: Callable[[httpx.AsyncClient], Awaitable[Result]]) -> Result:
    """What `work` gives with a client of `app`."""

    async def run() -> Result:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://api.example.test") as client:
            return await work(client)

    return asyncio.run(run())


def test_a_browser_goes_from_login_to_logout(contract: Contract) -> None:
    async def work(client: httpx.AsyncClient) -> list[int]:
        login = await client.post("/api/admin/auth/login", json=LOGIN)
        # The client's jar sends the cookie by its path and Secure flag, as a browser would.
        refresh = await client.post("/api/admin/auth/refresh")
        headers = {"authorization": f"Bearer {refresh.json()['accessToken']}"}
        me = await client.get("/api/admin/user?x=y", headers=headers)
        logout = await client.post("/api/admin/auth/logout")
        assert not client.cookies
        gone = await client.get("/api/admin/user", headers=headers)
        return [login.status_code, refresh.status_code, me.status_code, logout.status_code, gone.status_code]

    assert using(create_app(contract), work) == [200, 200, 200, 200, 401]


def test_simultaneous_refreshes_have_one_winner(contract: Contract) -> None:
    async def work(client: httpx.AsyncClient) -> list[int]:
        login = await client.post("/api/admin/auth/login", json=LOGIN)
        headers = {"cookie": login.headers["set-cookie"].split(";")[0]}
        client.cookies.clear()
        answers = await asyncio.gather(*(client.post("/api/admin/auth/refresh", headers=headers) for _ in range(5)))
        return sorted(answer.status_code for answer in answers)

    assert using(create_app(contract), work) == [200, 401, 401, 401, 401]


def test_a_body_is_read_up_to_its_limit(contract: Contract) -> None:
    async def endless(chunks: list[int]) -> AsyncIterator[bytes]:
        while True:
            chunks.append(1)
            yield b" " * 65536

    async def work(client: httpx.AsyncClient) -> tuple[int, str]:
        answer = await client.post("/api/admin/auth/login", content=b" " * (MAXIMUM_BODY + 1), headers={"content-type": "application/json"})
        return answer.status_code, answer.json()["message"]

    assert using(create_app(contract), work) == (413, "The body is too large.")

    async def call() -> tuple[int, int]:
        chunks: list[int] = []
        source = endless(chunks)
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": await anext(source), "more_body": True}

        async def send(message: Message) -> None:
            sent.append(message)

        headers = [(b"content-type", b"application/json"), (b"transfer-encoding", b"chunked")]
        scope = {"type": "http", "method": "POST", "path": "/api/admin/auth/login", "query_string": b"", "headers": headers}
        await create_app(contract)(scope, receive, send)
        return sent[0]["status"], len(chunks)

    assert asyncio.run(call()) == (413, MAXIMUM_BODY // 65536 + 1)


@pytest.mark.parametrize("version", ["1.1", "2"])
def test_a_body_is_read_where_there_may_be_one(contract: Contract, version: str) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b'{"email": "admin@example.com", "password": "wrong"}'}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "http_version": version, "method": "POST", "path": "/api/admin/auth/login", "query_string": b""}
    asyncio.run(create_app(contract)({**scope, "headers": [(b"content-type", b"application/json")]}, receive, send))
    # HTTP/1 has no body without a header that announces it; HTTP/2 may have one.
    assert sent[0]["status"] == (400 if version == "1.1" else 401)


def test_lengths_are_declared_where_there_is_a_body(contract: Contract) -> None:
    async def work(client: httpx.AsyncClient) -> list[str | None]:
        answers = [await client.get("/api/health"), await client.head("/api/health"), await client.options("/api/health")]
        return [answer.headers.get("content-length") for answer in answers]

    assert using(create_app(contract), work) == ["15", "15", None]


def test_a_late_answer_waits_without_holding_up_others(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(anyio, "sleep", sleep)
    backend = Backend(contract)
    backend.interventions = lambda _, operation: Intervention(delay=3) if operation.id == "getHealth" else None

    async def work(client: httpx.AsyncClient) -> list[int]:
        return [(await client.get(path)).status_code for path in ("/api/health", "/api/admin/user")]

    assert using(app_of(backend), work) == [200, 401]
    assert waited == [3]


# CORS


def preflight(app: ASGIApp, origin: str) -> httpx.Response:
    headers = {"origin": origin, "access-control-request-method": "GET", "access-control-request-headers": "authorization"}
    return using(app, lambda client: client.options("/api/admin/user", headers=headers))


def test_a_declared_origin_may_call_with_credentials(contract: Contract) -> None:
    app = create_app(contract, cors_origins=[ORIGIN])
    answer = preflight(app, ORIGIN)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert {"Authorization", "Content-Type", "Prefer"} <= set(answer.headers["access-control-allow-headers"].split(", "))
    refused = using(app, lambda client: client.get("/api/admin/user", headers={"origin": ORIGIN}))
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == ORIGIN
    assert "WWW-Authenticate" in refused.headers["access-control-expose-headers"]
    assert "Origin" in refused.headers["vary"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ORIGIN + ".evil.example", ORIGIN.replace("https", "http"), ORIGIN + ":8443"])
def test_another_origin_may_not(contract: Contract, origin: str) -> None:
    app = create_app(contract, cors_origins=[ORIGIN])
    assert "access-control-allow-origin" not in preflight(app, origin).headers
    answer = using(app, lambda client: client.get("/api/health", headers={"origin": origin}))
    assert "access-control-allow-origin" not in answer.headers


def test_without_origins_there_is_no_cors(contract: Contract) -> None:
    answer = preflight(create_app(contract), ORIGIN)
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_the_documents_origins_count_too(edited: Callable[[Callable[[Any], None]], Contract]) -> None:
    def change(tree: Any) -> None:
        tree["x-authproof"]["cors"] = {"origins": [ORIGIN]}

    assert preflight(create_app(edited(change)), ORIGIN).headers["access-control-allow-origin"] == ORIGIN


def test_a_websocket_is_closed(contract: Contract) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(create_app(contract)({"type": "websocket", "path": "/", "headers": []}, receive, send))
    assert [message["type"] for message in sent] == ["websocket.close"]
