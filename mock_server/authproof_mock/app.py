"""The backend as an ASGI application."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import anyio
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from authproof_mock.backend import Backend
from authproof_mock.clock import Clock
from authproof_mock.control import Control
from authproof_mock.control_api import ControlApi, check_prefix
from authproof_mock.http import Call, Headers
from authproof_mock.parts import Parts
from authproof_mock.seed import SeedAccount
from authproof_mock.validation import MAXIMUM_BODY
from authproof_spec.contract import Contract

# RFC 9112 section 6: in HTTP/1 the presence of a body is told by one of these.
_ANNOUNCE_A_BODY = frozenset({"content-length", "transfer-encoding"})


def create_app(
    contract: Contract,
    *,
    seed: Iterable[SeedAccount] | None = None,
    clock: Clock | None = None,
    signing_key: str | None = None,
    cors_origins: Sequence[str] = (),
    control_prefix: str | None = None,
    parts: Parts = Parts(),  # noqa: B008  # frozen
) -> Starlette:
    """A new mock of `contract` as an ASGI application; its backend is `app.state.backend`, which a `Control` controls.

    control_prefix: where the control API is served too, such as `/_control`; its Control is `app.state.control`. It asks for no credentials.
    Other arguments and errors as those of Backend, and PrefixError.
    """
    backend = Backend(contract, seed=seed, clock=clock, signing_key=signing_key, cors_origins=cors_origins, parts=parts)
    return app_of(backend, control_prefix=control_prefix)


def app_of(backend: Backend, *, control_prefix: str | None = None) -> Starlette:
    """An ASGI application for `backend`, as create_app gives one."""
    app = Starlette()
    if control_prefix is not None:
        check_prefix(control_prefix, backend)
        app.state.control = Control(backend)
        app.add_middleware(ControlApi, app.state.control, control_prefix)
    # The backend has a router of its own, so it is where Starlette's ends.
    app.router.redirect_slashes = False
    app.router.default = _Endpoint(backend)
    app.state.backend = backend
    return app


class _Endpoint:
    """Reads the request, asks the backend, sends the answer."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await WebSocketClose()(scope, receive, send)
            return
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        call = Call(
            method=scope["method"],
            path=(scope.get("raw_path") or scope["path"].encode()).decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            # Waiting for a body that was not announced costs as much as the rest of the answer.
            body=await _body(receive) if _has_body(scope, headers) else b"",
            secure=scope.get("scheme") == "https",
        )
        answer = self._backend.handle(call)
        if answer.delay:
            await anyio.sleep(answer.delay)
        body = answer.body
        fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
        if answer.status not in {204, 304} and call.method != "HEAD":
            fields.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": answer.status, "headers": fields})
        await send({"type": "http.response.body", "body": body})


def _has_body(scope: Scope, headers: Headers) -> bool:
    """False when the request surely has no body; HTTP/2 and later need not announce theirs."""
    return not scope.get("http_version", "").startswith("1") or any(name in _ANNOUNCE_A_BODY for name, _ in headers)


async def _body(receive: Receive) -> bytes:
    """The request's body, but no more of it than shows that it is too large."""
    body = b""
    while len(body) <= MAXIMUM_BODY:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return body
