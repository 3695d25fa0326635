"""JSON as RFC 8259 has it: no NaN, no infinity, no number or depth that Python could not hold."""

from __future__ import annotations

import json
import math
from typing import NoReturn

from authproof_spec.pointer import Json


def parse(raw: bytes, *, unique_members: bool = False) -> Json:
    """The value of the JSON text `raw`. Raises ValueError, and nothing else, when it is none.

    unique_members: a member that stands twice in one object is refused, else the last one wins.
    """
    hook = _unique if unique_members else None
    try:
        value: Json = json.loads(raw.decode("utf-8"), parse_constant=_refuse, parse_float=_finite, object_pairs_hook=hook)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("the number is too large")
    return value


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members
