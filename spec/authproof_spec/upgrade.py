"""OpenAPI 3.0 as OpenAPI 3.1: the few words that changed their meaning between the two."""

from __future__ import annotations

import copy
from collections.abc import MutableMapping
from typing import cast

from authproof_spec.document import Document, parts_of
from authproof_spec.pointer import Json

VERSION = "3.1.0"


def upgraded(document: Document) -> Document:
    """`document` as OpenAPI 3.1; the same one when it is none of 3.0."""
    version = document.root.get("openapi")
    if not (isinstance(version, str) and version.startswith("3.0.")):
        return document
    root = copy.deepcopy(dict(document.root))
    root["openapi"] = VERSION
    for _, part in parts_of(root):
        _upgrade(cast("MutableMapping[str, Json]", part))
    return document.changed(root)


def _upgrade(schema: MutableMapping[str, Json]) -> None:
    """Schemas became JSON Schema 2020-12; other objects have none of these members."""
    if "$ref" in schema:
        # In 3.0 whatever stands beside a reference is ignored.
        for name in [name for name in schema if name not in {"$ref", "summary", "description"}]:
            del schema[name]
        return
    nullable = schema.get("nullable")
    if isinstance(nullable, bool):
        del schema["nullable"]
        if nullable:
            _allow_null(schema)
    for limit, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        exclusive = schema.get(limit)
        if isinstance(exclusive, bool):
            del schema[limit]
            if exclusive and bound in schema:
                schema[limit] = schema.pop(bound)


def _allow_null(schema: MutableMapping[str, Json]) -> None:
    kind = schema.get("type")
    if isinstance(kind, str):
        schema["type"] = [kind, "null"]
    values = schema.get("enum")
    if isinstance(values, list) and None not in values:
        schema["enum"] = [*values, None]
