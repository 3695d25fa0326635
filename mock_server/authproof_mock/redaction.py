"""Taking secrets out of what is kept or printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from authproof_mock import strict_json
from authproof_mock.accounts import SECRETS
from authproof_mock.http import Answer, Call, Content, Nothing
from authproof_spec.contract import Contract, Operation
from authproof_spec.pointer import Json, join

REDACTED = "[redacted]"

# A JWS in compact form begins with the base64url text of "{", which is "e" and one of w to z, 0 to 9, - and _.
_TOKEN = re.compile(r"e[w-z0-9_-][A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_SECRET_NAME = re.compile(r"pass|secret|token|otp|code|credential|challenge|jwt|cookie|api.?key", re.IGNORECASE)
_PLAIN_HEADERS = frozenset(
    {
        *("accept", "accept-encoding", "accept-language", "connection", "content-length", "content-type", "host", "origin", "user-agent"),
        *("access-control-request-headers", "access-control-request-method"),
    }
)
"""The request's header fields that are shown. Any other may be a proxy's or a client's own way to hand on a credential."""
_SHORTEST = 4
"""Characters from which on a secret is looked for elsewhere in its exchange; a shorter one would be found everywhere."""

LARGEST_BODY = 16 * 1024
"""Bytes of a request's body beyond which it is not shown."""


def without_tokens(text: str) -> str:
    """`text` without anything in it that looks like a JSON Web Token."""
    return _TOKEN.sub(REDACTED, text) if text.count(".") > 1 else text


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A request without its secrets. `body` is the JSON body, None when there is none, and a size in words when it is no JSON."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: Json


@dataclass(frozen=True, slots=True)
class LoggedResponse:
    """A response without its secrets. `body` is None when there is none."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: Json


class Redaction:
    """Takes the secrets out of exchanges: those that the contract names, and whatever looks like one."""

    def __init__(self, contract: Contract) -> None:
        self._shown = dict(_shown_fields(contract))
        self._answered = frozenset(_answered_secrets(contract))
        self._secret_fields = frozenset(
            pointer for app in contract.applications.values() if app.accounts for name, pointer in app.accounts.fields.items() if name in SECRETS
        )

    def exchange(self, call: Call, operation: Operation | None, answer: Answer) -> tuple[LoggedRequest, LoggedResponse]:
        """`call` and `answer` as they may be kept."""
        secrets = _Secrets()
        headers = [(name, secrets.request_header(name, value)) for name, value in call.headers]
        query = secrets.query(call.query)
        body = self._request_body(call, operation, secrets)
        # The answer comes last, so that a secret that was sent is found where it comes back.
        answered = [(name, secrets.response_header(name, value)) for name, value in answer.headers]
        payload = None if isinstance(answer.payload, Content | Nothing) else secrets.value(answer.payload, self._answered.__contains__)
        return (
            LoggedRequest(call.method, secrets.masked(call.path), query, tuple((name, secrets.masked(value)) for name, value in headers), body),
            LoggedResponse(answer.status, tuple((name, secrets.masked(value)) for name, value in answered), payload),
        )

    def _request_body(self, call: Call, operation: Operation | None, secrets: _Secrets) -> Json:
        if not call.body:
            return None
        if len(call.body) > LARGEST_BODY:
            return f"[more than {LARGEST_BODY} bytes]"
        try:
            return self._without_secrets(strict_json.parse(call.body), operation, secrets)
        except ValueError:
            return f"[{len(call.body)} bytes that are no JSON]"
        except RecursionError:
            return f"[{len(call.body)} bytes, nested too deeply]"

    def _without_secrets(self, value: Json, operation: Operation | None, secrets: _Secrets) -> Json:
        shown = self._shown.get(operation.id) if operation else None
        if shown is not None:
            # Whatever else is sent where one logs in may be a mistyped credential.
            return secrets.value(value, lambda pointer: pointer not in shown, leaves_only=True)
        return secrets.value(value, lambda pointer: pointer in self._secret_fields or bool(_SECRET_NAME.search(pointer.rpartition("/")[2])))


@dataclass(slots=True)
class _Secrets:
    """The secrets of one exchange, as they are found."""

    found: set[str] = field(default_factory=set)

    def add(self, secret: str) -> str:
        """Remember `secret`, and give what stands for it."""
        if len(secret) >= _SHORTEST:
            self.found.add(secret)
        return REDACTED

    def masked(self, text: str) -> str:
        """`text` without tokens and without what was found so far."""
        text = without_tokens(text)
        for secret in sorted(self.found, key=len, reverse=True):
            text = text.replace(secret, REDACTED)
        return text

    def request_header(self, name: str, value: str) -> str:
        """What is shown of a header of the request."""
        if name in _PLAIN_HEADERS:
            return value
        if name == "authorization":
            scheme, _, credential = value.partition(" ")
            return f"{scheme} {self.add(credential)}" if credential else self.add(value)
        if name == "cookie":
            pairs = (pair.strip().partition("=") for pair in value.split(";"))
            return "; ".join(f"{key}={self.add(content)}" if content else self.add(key) for key, _, content in pairs)
        return self.add(value)

    def response_header(self, name: str, value: str) -> str:
        """What is shown of a header of the response: a cookie without its value, which may be empty to clear it."""
        pair, separator, attributes = value.partition(";")
        key, _, content = pair.partition("=")
        return f"{key}={self.add(content)}{separator}{attributes}" if name == "set-cookie" and content else value

    def query(self, query: str) -> str:
        """The names of the query; a value may be whatever somebody put there."""
        parts = []
        for pair in query.split("&") if query else ():
            name, separator, value = pair.partition("=")
            if _SECRET_NAME.search(name):
                self.add(value)
                self.add(unquote_plus(value))
            parts.append(f"{without_tokens(name)}={REDACTED}" if separator else REDACTED)
        return "&".join(parts)

    def value(self, value: Json, is_secret: Callable[[str], bool], path: tuple[object, ...] = (), *, leaves_only: bool = False) -> Json:
        """`value` without what stands at a secret pointer, and below it unless `leaves_only`."""
        nested = isinstance(value, Mapping | list)
        if path and not (nested and leaves_only) and is_secret(join(path)):
            return self._withheld(value)
        if isinstance(value, Mapping):
            return {self.masked(name): self.value(part, is_secret, (*path, name), leaves_only=leaves_only) for name, part in value.items()}
        if isinstance(value, list):
            return [self.value(part, is_secret, (*path, index), leaves_only=leaves_only) for index, part in enumerate(value)]
        if leaves_only and not path:
            return self._withheld(value)
        return self.masked(value) if isinstance(value, str) else value

    def _withheld(self, value: Json) -> str:
        for part in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
            self._withheld(part)
        return self.add(value) if isinstance(value, str) else REDACTED


def _shown_fields(contract: Contract) -> Iterator[tuple[str, frozenset[str]]]:
    """Each operation that takes credentials, by id, with the request's fields that are none."""
    for application in contract.applications.values():
        for login in application.logins:
            yield login.operation.id, frozenset(pointer for pointer, name in login.credentials.items() if name not in SECRETS)
        if factor := application.second_factor:
            yield factor.operation.id, frozenset({factor.request_provider} if factor.request_provider else ())
        for operation in (application.refresh, application.logout):
            if operation:
                yield operation.id, frozenset()


def _answered_secrets(contract: Contract) -> Iterator[str]:
    """Where an answer has a token or a challenge."""
    for application in contract.applications.values():
        if application.access_token_field:
            yield application.access_token_field
        if application.refresh_body:
            yield application.refresh_body.response
        if application.second_factor:
            yield application.second_factor.response_challenge
        if application.personal_access_tokens:
            yield application.personal_access_tokens.response_token
