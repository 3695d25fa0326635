"""Bodies of requests: the fields of a form where the document declares one, else JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from authproof_spec.contract import FORM, Operation
from authproof_spec.pointer import Json

JSON = "application/json"


def encode(operation: Operation, body: Json) -> tuple[bytes, str]:
    """`body` as `operation` takes it, and its media type. What is no object cannot be a form, and is JSON."""
    if operation.takes_form and isinstance(body, Mapping):
        return urlencode({name: _text(value) for name, value in body.items()}).encode(), FORM
    return json.dumps(body).encode(), JSON


def decode(content: bytes, media_type: str) -> Json:
    """What a body says; None when it is neither JSON nor a form of that `media_type`."""
    if media_type.partition(";")[0].strip().lower() == FORM:
        return dict(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        value: Json = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)
