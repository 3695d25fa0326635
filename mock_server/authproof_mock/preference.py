"""Which of the declared answers a caller would like: `Prefer: code=404, example=empty` (RFC 7240)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from authproof_mock.http import Answer, Call
from authproof_mock.refusal import Refusal
from authproof_mock.samples import Samples
from authproof_spec.contract import Operation

_KNOWN = ("code", "example")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
# RFC 7240 section 2: preference = token [ BWS "=" BWS word ] *( OWS ";" [ OWS parameter ] ). A word is taken with any letters but separators.
# What is none is passed over up to the next comma, so that no letter is looked at often.
_PREFERENCE = re.compile(rf'\s*+({_TOKEN.pattern}+)\s*+(?:=\s*+({_QUOTED}|[^\s",;]*+))?\s*+(?:;(?:{_QUOTED}|[^",])*+)?(?:,|$)|[^,]++')


def preferred(samples: Samples, operation: Operation, call: Call) -> Answer:
    """The answer of `operation` that `call` prefers, its success when it says nothing. Raises Refusal for one that is not declared."""
    wanted = _preferences(call.header_values("prefer"))
    if not wanted:
        return samples.answer(operation)
    status = _status(operation, wanted["code"]) if "code" in wanted else operation.success_status
    example = wanted.get("example")
    known = [name for name in samples.examples(operation, status) if name]  # the one without a name cannot be asked for
    if example is not None and example not in known:
        raise Refusal(400, f"Prefer: there is no example of that name for {status}. {_there_is(known)}")
    answer = samples.answer(operation, status, example)
    return replace(answer, headers=[*answer.headers, ("preference-applied", ", ".join(f"{name}={_word(value)}" for name, value in wanted.items()))])


def _preferences(fields: Iterable[str]) -> Mapping[str, str]:
    """What is preferred by name. Of one that comes twice the first counts (RFC 7240 section 2), and others than ours mean nothing."""
    found: dict[str, str] = {}
    for name, value in (match.groups(default="") for field in fields for match in _PREFERENCE.finditer(field)):
        if name.lower() in _KNOWN:
            found.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value)
    return found


def _status(operation: Operation, code: str) -> int:
    status = int(code) if re.fullmatch("[2-5][0-9]{2}", code, re.ASCII) else 0
    if operation.response(status) is None or not status:
        raise Refusal(400, f"Prefer: no answer of that code is declared. {_there_is(operation.responses)}")
    return status


def _there_is(names: Iterable[str]) -> str:
    return f"There is: {', '.join(names) or 'none'}."


def _word(value: str) -> str:
    """`value` as a field has it: as it is where it is a token, else quoted."""
    return value if _TOKEN.fullmatch(value) else json.dumps(value)
