"""Values that Schemathesis makes from a schema, the same ones in each run."""

from __future__ import annotations

import copy
import functools
from typing import Any, cast

from authproof_mock.http import NOTHING, Nothing
from authproof_mock.plain import is_write_only
from authproof_spec.document import Document, parts_of
from authproof_spec.one_case import one_case
from authproof_spec.pointer import Json

_PATH = "/authproof-value"


class Generator:
    """Makes values for the schemas of one document. Schemathesis is imported with the first of them, since that takes a while."""

    def __init__(self, document: Document) -> None:
        self._document = document

    @functools.cached_property
    def _root(self) -> dict[str, Any]:
        """The tree of the document with schemas that let no member be in an answer which is for requests alone."""
        root: dict[str, Any] = copy.deepcopy(dict(self._document.root))
        root.setdefault("paths", {})
        for _, part in parts_of(root):
            self._hide(cast("dict[str, Any]", part))
        return root

    def _hide(self, schema: dict[str, Any]) -> None:
        schema.pop("readOnly", None)  # a word that keeps a member out of requests
        properties, required = schema.get("properties"), schema.get("required")
        if isinstance(properties, dict) and (hidden := {name for name, member in properties.items() if is_write_only(self._document, member)}):
            properties.update(dict.fromkeys(hidden, False))
            schema["required"] = [name for name in required if name not in hidden] if isinstance(required, list) else []

    def value(self, reference: str) -> Json | Nothing:
        """A value for the schema that `reference` leads to, as an answer has it; NOTHING where none can be made."""
        case = one_case(lambda mode: self._operation(reference).as_strategy(generation_mode=mode))
        return NOTHING if case is None else cast("Json", case.body)

    def _operation(self, reference: str) -> Any:
        """Schemathesis makes requests, so the schema becomes that of a request's body."""
        import schemathesis.openapi
        from schemathesis.config import SchemathesisConfig

        body = {"required": True, "content": {"application/json": {"schema": {"$ref": reference}}}}
        operation = {"requestBody": body, "responses": {"200": {"description": "Nothing."}}}
        root = {**self._root, "paths": {**self._root["paths"], _PATH: {"post": operation}}}
        schema = schemathesis.openapi.from_dict(root, config=SchemathesisConfig())  # not that of the folder at work
        # The letters of a codec take hypothesis seconds to find; without one it has all of Unicode.
        schema.config.generation.codec = None
        return schema[_PATH]["POST"]
