"""Control hooks: what the profile offers to change about the target behind the API's back."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import httpx

from authproof_spec.pointer import Json

HOOKS: Mapping[str, str] = {
    "advance_clock": "Moves the target's clock ahead by {seconds}.",
    "disable_account": "Disables the account that {email}, {username} or another attribute names.",
    "enable_account": "Enables it again.",
    "set_permissions": "Gives the account the {permissions}, and no other.",
    "read_log": "Answers or prints the target's log of the run.",
}
"""Name of each hook, and what it does. In braces: the values that may stand in it."""
_PLACE = re.compile(r"\{([A-Za-z][A-Za-z0-9_]*)\}")
_MAXIMUM_OUTPUT = 10_000_000


class HookFailed(Exception):
    """A hook did not do its work; the message says why, without a value that it was given."""


class Hooks(Protocol):
    """The hooks of a run."""

    def offers(self, name: str) -> bool:
        """True when there is a hook `name`."""
        ...

    def call(self, name: str, values: Mapping[str, Json]) -> str:
        """Carry out the hook `name` with `values`, and give what it printed or answered. Raises HookFailed."""
        ...


@dataclass(frozen=True, slots=True)
class HookRule:
    """How a hook is carried out: by a call of `url` with `method`, `headers` and a JSON `body`, or else by a `command`.

    `{name}` in a text is replaced by that value; a text that is nothing but `{name}` becomes the value itself, also where it is a list or number.
    """

    url: str | None = None
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Json = None
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeclaredHooks:
    """The hooks that a profile declares. `timeout`: seconds that each may take."""

    rules: Mapping[str, HookRule]
    timeout: float = 30.0

    def offers(self, name: str) -> bool:
        """True when the profile declares the hook `name`."""
        return name in self.rules

    def call(self, name: str, values: Mapping[str, Json]) -> str:
        """Carry out the hook `name`. Raises HookFailed."""
        rule = self.rules[name]
        return self._request(rule, values) if rule.url else self._command(rule, values)

    def _request(self, rule: HookRule, values: Mapping[str, Json]) -> str:
        try:
            content = None if rule.body is None else json.dumps(filled(rule.body, values))
            headers = {"Content-Type": "application/json", **rule.headers} if content else dict(rule.headers)
            url = str(filled(rule.url, values))
            answer = httpx.request(rule.method, url, content=content, headers=headers, timeout=self.timeout, trust_env=False)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise HookFailed(f"{type(error).__name__}") from error
        if not answer.is_success:
            raise HookFailed(f"it was answered {answer.status_code}")
        return answer.text[:_MAXIMUM_OUTPUT]

    def _command(self, rule: HookRule, values: Mapping[str, Json]) -> str:
        words = [str(filled(word, values)) for word in rule.command]
        try:
            # The words go to the program as they are; no shell reads them.
            done = subprocess.run(words, capture_output=True, check=False, timeout=self.timeout, stdin=subprocess.DEVNULL)  # noqa: S603
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            raise HookFailed(f"its command cannot be run ({type(error).__name__})") from error
        if done.returncode:
            raise HookFailed(f"its command ended with exit code {done.returncode}")
        return done.stdout.decode("utf-8", "replace")[:_MAXIMUM_OUTPUT]


def filled(template: Json, values: Mapping[str, Json]) -> Json:
    """`template` with each `{name}` in its texts replaced. Raises HookFailed for a name that has no value."""
    if isinstance(template, str):
        if whole := _PLACE.fullmatch(template):
            return _value(whole.group(1), values)
        return _PLACE.sub(lambda place: _as_text(_value(place.group(1), values)), template)
    if isinstance(template, Mapping):
        return {name: filled(part, values) for name, part in template.items()}
    if isinstance(template, list):
        return [filled(part, values) for part in template]
    return template


def _value(name: str, values: Mapping[str, Json]) -> Json:
    if name not in values:
        known = ", ".join(values) or "none"
        raise HookFailed(f"it asks for {{{name}}}, and the values here are: {known}")
    return values[name]


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)
