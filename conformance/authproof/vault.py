"""The secrets of a run, and their removal from everything that is kept.

A secret is replaced by a shell variable such as `${ACCESS_TOKEN_1}`, the same one each time, so that a reader can
still see which value went where, compare two of them, and run a request again.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import cast
from urllib.parse import quote, quote_plus

from authproof.exchange import Exchange, Headers, Probe, Request, Response, TokenFacts
from authproof_spec.pointer import Json

_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*")
_VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*_[0-9]+)(\.signature)?\}")
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_COOKIE_OCTETS = re.compile(r"^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$")
# A shorter secret may be part of an innocent word or number, so it is only replaced where it is a whole value.
_SAFE_LENGTH = 8
_SHORT, _REMEMBERED = 1000, 10_000
# What is sent in a longer body than this is no reading for anybody.
_LONGEST_REQUEST, _SHOWN = 20_000, 1000


class Vault:
    """Knows every secret of the run by value, and gives each a name."""

    def __init__(self) -> None:
        self.facts: dict[str, TokenFacts] = {}
        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._replacements: list[tuple[str, str]] = []
        # The same short texts come again and again: names of media types, paths, dates of one second. A new secret makes all of it stale.
        self._redacted: dict[str, str] = {}
        self._pairs: dict[tuple[str, str], tuple[str, str]] = {}
        self._short: list[tuple[str, str]] = []
        self._opaque: dict[str, list[str]] = {}

    def add(self, value: str, kind: str) -> str:
        """Keep `value` as a secret of `kind` (snake_case), and give the variable that stands for it."""
        if not value:
            return value
        if known := self._names.get(value):
            return known
        self._counts[kind] = self._counts.get(kind, 0) + 1
        name = f"{kind.upper()}_{self._counts[kind]}"
        variable = "${" + name + "}"
        header, claims = (self._without_secrets(part) for part in decode(value))
        self.facts[name] = TokenFacts(
            kind=kind,
            sha256=hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest(),
            length=len(value),
            header=header,
            claims=claims,
            is_compact=_COMPACT.fullmatch(value) is not None,
            is_cookie_octets=_COOKIE_OCTETS.match(value) is not None,
            unlike=self._unlike(value, kind) if header is None else None,
        )
        self._names[value] = variable
        if len(value) >= _SAFE_LENGTH:
            self._replacements += [(spelling, variable) for spelling in _spellings(value)]
        else:
            self._short += _as_whole_value(value, variable)
        signature = value.rpartition(".")[2]
        if header is not None and len(signature) >= _SAFE_LENGTH:
            self._replacements.append((signature, "${" + name + ".signature}"))
        self._redacted.clear()
        self._pairs.clear()
        self._replacements.sort(key=_by_length)
        return variable

    def _without_secrets(self, part: dict[str, Json] | None) -> dict[str, Json] | None:
        """What a token says, without the secrets in it. A claim that is like a short one, such as a role, is most likely none."""
        return None if part is None else cast("dict[str, Json]", json.loads(self._without(self._replacements, json.dumps(part))))

    def _unlike(self, value: str, kind: str) -> int | None:
        earlier = self._opaque.setdefault(kind, [])
        counts = [sum(one != other for one, other in zip_longest(value, known)) for known in earlier]
        earlier.append(value)
        return min(counts, default=None)

    def redact(self, text: str) -> str:
        """`text` with every secret replaced by its variable, and with every JWT so replaced, known or not."""
        known = self._redacted.get(text)
        if known is None:
            # The longest secrets come first, and what is longer than the text is not in it.
            fitting = self._replacements[bisect_left(self._replacements, -len(text), key=_by_length) :]
            known = self._without([*fitting, *self._short], text)
            if len(text) <= _SHORT and len(self._redacted) < _REMEMBERED:
                self._redacted[text] = known
        return known

    def _without(self, replacements: Sequence[tuple[str, str]], text: str) -> str:
        for secret, variable in replacements:
            text = text.replace(secret, variable)
        return _JWT.sub(lambda match: self.add(match.group(), "jwt"), text)

    def redact_exchange(self, exchange: Exchange) -> Exchange:
        """The same exchange without a secret in it."""
        probe = exchange.probe
        response = exchange.response
        return replace(
            exchange,
            probe=Probe(probe.name, self._request(probe.request), probe.operation, probe.variant),
            response=None if response is None else Response(response.status, self._headers(response.headers), self._bytes(response.body)),
            failure=None if exchange.failure is None else self.redact(exchange.failure),
            misfits=tuple(replace(misfit, words=self.redact(misfit.words), place=self.redact(misfit.place)) for misfit in exchange.misfits),
        )

    def _request(self, request: Request) -> Request:
        body = None if request.body is None else self._request_body(request.body)
        return replace(request, target=self.redact(request.target), headers=self._headers(request.headers), body=body)

    def _request_body(self, body: bytes) -> bytes:
        """`body` redacted, and only its beginning when it is very long."""
        if len(body) <= _LONGEST_REQUEST:
            return self._bytes(body)
        # What is left of a secret that the cut goes through stands in as many characters at the end as the longest one has.
        longest = max((len(secret) for secret, _ in self._replacements), default=0) + 1
        return self._bytes(body[: _SHOWN + longest])[:-longest] + f"... ({len(body)} bytes)".encode()

    def _headers(self, headers: Headers) -> Headers:
        return tuple([self._pairs[field] if field in self._pairs else self._header(field) for field in headers])

    def _header(self, field: tuple[str, str]) -> tuple[str, str]:
        """The field without a secret; most come again in the next exchange, and are kept once."""
        name, value = field
        pair = (name, self.redact(value))
        if len(value) <= _SHORT and len(self._pairs) < _REMEMBERED:
            self._pairs[field] = pair
        return pair

    def _bytes(self, body: bytes) -> bytes:
        return self.redact(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _by_length(replacement: tuple[str, str]) -> int:
    return -len(replacement[0])


def _spellings(value: str) -> set[str]:
    return {value, _escaped(value), quote(value, safe=""), quote_plus(value)}


def _as_whole_value(value: str, variable: str) -> list[tuple[str, str]]:
    found = [(f'"{_escaped(value)}"', f'"{variable}"'), *((f"={spelling}", f"={variable}") for spelling in _spellings(value))]
    if value.isdecimal():
        # As a member of an object that is a number.
        found += [(f":{gap}{value}{end}", f":{gap}{variable}{end}") for gap in ("", " ") for end in (",", "}")]
    return found


def _escaped(value: str) -> str:
    return json.dumps(value)[1:-1]


def variables(text: str) -> tuple[str, ...]:
    """The names of the secrets that redacted `text` holds, whole or by their signature, in order."""
    return tuple(match.group(1) for match in _VARIABLE.finditer(text))


def decode(token: str) -> tuple[dict[str, Json] | None, dict[str, Json] | None]:
    """The JOSE header and the claims of a compact JWS, unverified; None for a part that is no JSON object."""
    parts = token.split(".")
    if len(parts) != 3:
        return None, None
    return _part(parts[0]), _part(parts[1])


def _part(text: str) -> dict[str, Json] | None:
    try:
        # What JSON has no number for stays text, so that it can be written down again.
        value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), parse_constant=str, parse_float=_number)
        # Half a character, which JSON can escape, is no text, and no report could be written with it.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _number(text: str) -> float | str:
    return value if math.isfinite(value := float(text)) else text
