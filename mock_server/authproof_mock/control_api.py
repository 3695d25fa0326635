"""The control over HTTP, as `control.yaml` describes it.

It has no credentials, so what protects it is where it listens and who it listens to: a web page, of whatever site, must not be able
to drive it. Browsers say for whom they call; another site's name that leads here (DNS rebinding) is no name of ours; and a body has
to be declared JSON, which no page may send to another origin without asking first, and the question is never answered.
"""

from __future__ import annotations

import functools
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from importlib.resources import files
from typing import Any, cast
from urllib.parse import urlsplit

import jsonschema_rs
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from authproof_mock import pats, strict_json
from authproof_mock.accounts import Account
from authproof_mock.backend import Backend
from authproof_mock.control import ConflictError, Control, UnknownError
from authproof_spec.document import Document
from authproof_spec.pointer import Json, get, join, split

PREFIX = "/_control"
_PREFIX = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
_MAXIMUM_BODY = 1024 * 1024
_Body = Mapping[str, Any]


class PrefixError(Exception):
    """A prefix that the control API cannot have; the text says why, and how to mend it."""


class _Refused(Exception):
    """A call that is not carried out, and the status that says so."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def control_document(prefix: str = PREFIX) -> dict[str, Json]:
    """The OpenAPI document of the control API under `prefix`."""
    return {**_read().root, "servers": [{"url": prefix}]}


def check_prefix(prefix: str, backend: Backend) -> None:
    """Raise PrefixError unless the control API of `backend` can have `prefix`."""
    if not _PREFIX.fullmatch(prefix):
        raise PrefixError(f"{prefix!r} is no prefix of paths. Mend: give one such as {PREFIX}.")
    taken = next((prefix + path for path in _paths(_read()) if backend.serves(prefix + path)), None)
    if taken:
        raise PrefixError(f"The control API's {taken} is a path of the contract too. Mend: give the control API another prefix, or switch it off.")


class ControlApi:
    """Serves `control` under `prefix`, and hands everything else on to `app`."""

    def __init__(self, app: ASGIApp, control: Control, prefix: str = PREFIX) -> None:
        self._app = app
        self._prefix = prefix
        self._document = _read()
        self._actions = _Actions(control, prefix)
        self._paths = _paths(self._document)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call of the control API."""
        path = scope["path"].removeprefix(self._prefix) if scope["type"] == "http" else ""
        if path not in self._paths or not scope["path"].startswith(self._prefix):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await self._answer(request, path)
        except _Refused as refusal:
            response = _problem(refusal.status, str(refusal))
        except UnknownError as error:
            response = _problem(404, str(error))
        except ConflictError as error:
            response = _problem(409, str(error))
        response.headers.update({"cache-control": "no-store", "x-content-type-options": "nosniff"})
        await response(scope, receive, send)

    async def _answer(self, request: Request, path: str) -> Response:
        _check_caller(request.headers)
        method = request.method.lower()
        operation = self._paths[path].get(method)
        if operation is None:
            allow = ", ".join(sorted(name.upper() for name in self._paths[path]))
            response = _problem(405, f"{path} answers to {allow}.")
            response.headers["allow"] = allow
            return response
        body = await self._body(request, join(("paths", path, method, "requestBody"))) if method == "post" else {}
        action: Callable[[_Body], Response] = getattr(self._actions, str(operation["operationId"]))
        return action(body)

    async def _body(self, request: Request, pointer: str) -> _Body:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise _Refused(415, "The body is not declared as JSON. Mend: send Content-Type: application/json.")
        raw = b""
        async for chunk in request.stream():
            raw += chunk
            if len(raw) > _MAXIMUM_BODY:
                raise _Refused(400, "The body is too large.")
        try:
            body = strict_json.parse(raw)
            error = next(self._validator(pointer).iter_errors(body), None)
        except ValueError:
            raise _Refused(400, "The body is no JSON that can be read. Mend: send a JSON object.") from None
        if error or not isinstance(body, Mapping):
            where = join(error.instance_path) if error else ""
            # The message would repeat the value, which may be a password.
            raise _Refused(400, f"The body is not valid at {where or '/'}. Mend: send what {self._prefix}/openapi.json describes.")
        return body

    def _validator(self, pointer: str) -> jsonschema_rs.Draft202012Validator:
        place, _ = self._document.follow(split(pointer), get(self._document.root, pointer))
        return self._document.validator(f"{join(place)}/content/application~1json/schema")


class _Actions:
    """What each operation of the document does, by its operationId, with a body that is as the document says."""

    def __init__(self, control: Control, prefix: str) -> None:
        self._control = control
        self._prefix = prefix

    def describe(self, _: _Body) -> Response:
        return _json(control_document(self._prefix))

    def reset(self, _: _Body) -> Response:
        self._control.reset()
        return Response(status_code=204)

    def read_clock(self, _: _Body) -> Response:
        now = self._control.now()
        return _json({"now": pats.text(now), "seconds": now})

    def advance_clock(self, body: _Body) -> Response:
        self._control.advance(body["seconds"])
        return self.read_clock(body)

    def list_accounts(self, _: _Body) -> Response:
        return _json({"accounts": [_shown(account) for account in self._control.accounts()]})

    def create_account(self, body: _Body) -> Response:
        return _json(_shown(self._control.create_account(body["applications"], _attributes(body))), 201)

    def change_account(self, body: _Body) -> Response:
        return _json(_shown(self._control.change_account(body["account"], _attributes(body["set"]))))

    def delete_account(self, body: _Body) -> Response:
        self._control.delete_account(body["account"])
        return Response(status_code=204)

    def list_sessions(self, _: _Body) -> Response:
        return _json(
            {
                "sessions": [
                    {"id": family.id, "application": family.application, "account": family.account, "expiresAt": pats.text(family.expires_at)}
                    for family in self._control.sessions()
                ]
            }
        )

    def revoke_sessions(self, body: _Body) -> Response:
        if "id" in body:
            self._control.revoke_session(body["id"])
        return _json({"revoked": 1 if "id" in body else self._control.revoke_sessions(body["account"])})

    def list_personal_access_tokens(self, _: _Body) -> Response:
        return _json(
            {
                "personalAccessTokens": [
                    {
                        "id": record.id,
                        "application": record.application,
                        "account": record.account,
                        "name": record.name,
                        "createdAt": pats.text(record.created_at),
                        "expiresAt": pats.text(record.expires_at),
                        "usedAt": pats.text(record.used_at),
                        "revoked": record.revoked,
                    }
                    for record in self._control.personal_access_tokens()
                ]
            }
        )

    def revoke_personal_access_tokens(self, body: _Body) -> Response:
        if "id" in body:
            self._control.revoke_personal_access_token(body["id"])
        return _json({"revoked": 1 if "id" in body else self._control.revoke_personal_access_tokens(body["account"])})

    def answer_next(self, body: _Body) -> Response:
        self._control.answer_next(
            body["operation"],
            status=body.get("status"),
            delay=body.get("delay", 0),
            retry_after=body.get("retryAfter"),
            times=body.get("times", 1),
        )
        return Response(status_code=204)

    def read_log(self, _: _Body) -> Response:
        return _json({"exchanges": [{**asdict(exchange), "at": pats.text(exchange.at)} for exchange in self._control.exchanges()]})


def _check_caller(headers: Headers) -> None:
    """No browser calls for a page. Raises _Refused."""
    if "origin" in headers or headers.get("sec-fetch-site", "none") != "none":
        raise _Refused(403, "A web page does not get at the control API. Mend: call it from a program, such as the test's own.")
    name = urlsplit(f"//{headers.get('host', '')}").hostname or ""
    if not _is_own_name(name):
        raise _Refused(403, "The control API is not called by this host name. Mend: call it by an IP address, or by a name without dots.")


def _is_own_name(name: str) -> bool:
    """True for an address, and for a name that nobody can have in the public DNS."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return "." not in name
    return True


def _paths(document: Document) -> Mapping[str, Mapping[str, Mapping[str, Json]]]:
    """The operations by path and method in lower case; the document is our own, so it is known to be of this form."""
    return cast("Mapping[str, Mapping[str, Mapping[str, Json]]]", document.root["paths"])


@functools.cache
def _read() -> Document:
    return Document((files("authproof_mock") / "control.yaml").read_text("utf-8"), "control.yaml")


def _attributes(body: _Body) -> dict[str, Json]:
    """The attributes of an account that `body` gives, the free ones among the others."""
    named = {name: value for name, value in body.items() if name not in {"applications", "attributes"}}
    return {**body.get("attributes", {}), **named}


def _shown(account: Account) -> dict[str, Json]:
    return {
        "id": account.id,
        "applications": sorted(account.applications),
        "email": account.email,
        "username": account.username,
        "name": account.name,
        "disabled": account.disabled,
        "permissions": account.permissions,
        "secondFactor": account.totp_secret is not None,
        "attributes": account.attributes,
    }


def _json(value: object, status: int = 200) -> Response:
    # In ASCII, since a text may hold what UTF-8 cannot say.
    return Response(json.dumps(value).encode("ascii"), status, media_type="application/json")


def _problem(status: int, message: str) -> Response:
    return _json({"message": message}, status)
