"""Valid values that no example gives: made by Schemathesis from the schemas of one operation, the same ones in each run."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from authproof_spec import Operation
from authproof_spec.document import Document
from authproof_spec.one_case import one_case
from authproof_spec.pointer import Json


@dataclass(frozen=True, slots=True)
class Generated:
    """What Schemathesis made for an operation: values by location and name, and the body with its media type."""

    parameters: Mapping[tuple[str, str], Json] = field(default_factory=dict)
    body: Json = None
    media_type: str | None = None


class Generator:
    """Makes valid values for the operations of one document. Schemathesis is imported with the first of them, since that takes a while."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def of(self, operation: Operation) -> Generated:
        """Values for every parameter of `operation` and for its body; none where its schemas cannot be satisfied, which DOC-01 tells."""
        case = one_case(lambda mode: self._operations[operation.path][operation.method].as_strategy(generation_mode=mode))
        if case is None:
            return Generated()
        from schemathesis.core import NotSet

        places = {"path": case.path_parameters, "query": case.query, "header": case.headers, "cookie": case.cookies}
        parameters = {(place, name): value for place, values in places.items() for name, value in dict(values or {}).items()}
        has_body = case.media_type is not None and not isinstance(case.body, NotSet)
        return Generated(parameters, cast("Json", case.body) if has_body else None, case.media_type if has_body else None)

    @functools.cached_property
    def _operations(self) -> Any:
        """The document as Schemathesis reads it."""
        import schemathesis.openapi

        return schemathesis.openapi.from_dict(cast("dict[str, Any]", dict(self._document.root)))
