"""What a client can tell one refusal from another by, without what differs from answer to answer anyway (CWE-204)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from authproof.checks.answers import came_from_elsewhere, response_of
from authproof.exchange import Exchange
from authproof.verdict import Judgement, broken, met, undecided
from authproof_spec.pointer import Json

_VARYING_FIELDS = re.compile(
    r"date|age|etag|expires|last-modified|.*ratelimit.*|.*request-?id|.*correlation.*|.*trace.*|retry-after|content-length"
    r"|server-timing|keep-alive|connection|via|cf-.*|nel|report-to|reporting-endpoints|content-security-policy.*"
)
_VARYING_MEMBERS = re.compile(r".*(trace|request|correlation|incident|error)[_-]?id|timestamp|time|date|instance", re.IGNORECASE)
_VARYING_TEXTS = re.compile(
    r"\$\{[A-Z0-9_.]+\}|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}|\d{4}-\d\d-\d\d[T ][0-9:.]+(Z|[+-]\d\d:?\d\d)?|\d{9,}|[\w.+-]{1,64}@[\w-]{1,63}\.[\w.]{1,255}"
)
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Appearance:
    """An answer as a client sees it. `headers` are name and value in one text each, sorted."""

    status: int
    body: str
    headers: tuple[str, ...]

    @property
    def without_numbers(self) -> Appearance:
        """The same with every number alike."""
        return Appearance(self.status, _DIGITS.sub("0", self.body), tuple(_DIGITS.sub("0", header) for header in self.headers))


def alike(pointers: Iterable[str], one: Exchange, other: Exchange, what: str) -> Judgement:
    """Met when two refusals cannot be told apart; `what` names the two, `pointers` tell where their requests name somebody."""
    for exchange in (one, other):
        if exchange.status == 429 or not 400 <= exchange.status < 500 or came_from_elsewhere(response_of(exchange)):
            return undecided(f"The answer {exchange.status} is no refusal by the application.", exchange)
    left, right = appearance(pointers, one), appearance(pointers, other)
    if left == right:
        return met(f"{what} look alike.", one, other)
    if left.without_numbers == right.without_numbers:
        return undecided(f"{what} differ in numbers alone, which may count requests.", one, other)
    parts = [part for part in ("status", "body", "headers") if getattr(left, part) != getattr(right, part)]
    return broken(f"{what} differ in {' and '.join(parts)}.", one, other)


def appearance(pointers: Iterable[str], exchange: Exchange) -> Appearance:
    """The answer of `exchange`, in which the names that the request has at `pointers`, and whatever varies, are masked."""
    response = response_of(exchange)
    text = response.body.decode("utf-8", "replace")
    if response.json is not None:
        with suppress(RecursionError):  # what is nested deeper than a walk goes is compared as text
            text = json.dumps(_masked(response.json), sort_keys=True, ensure_ascii=False)
    for pointer in pointers:
        name = exchange.probe.body_at(pointer)
        # What an answer may repeat is long enough to be no other word by chance.
        text = text.replace(name, "*") if isinstance(name, str) and len(name) > 3 else text
    fields = [(name.lower(), value) for name, value in response.headers]
    # A field of the server's own may hold what it likes, but whether it is there tells something.
    headers = sorted(f"{name}: {_shown(name, value)}" for name, value in fields if not _VARYING_FIELDS.fullmatch(name))
    return Appearance(response.status, _VARYING_TEXTS.sub("*", text), tuple(headers))


def _shown(name: str, value: str) -> str:
    """What a field tells: of a cookie its name, since a value is new each time."""
    return value.partition("=")[0].strip() if name == "set-cookie" else "*" if name.startswith("x-") else value


def _masked(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: "*" if _VARYING_MEMBERS.fullmatch(name) else _masked(part) for name, part in value.items()}
    return [_masked(part) for part in value] if isinstance(value, list) else value
