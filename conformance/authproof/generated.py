"""Valid values that no example gives: made by Schemathesis from the schemas of one operation, the same ones in each run."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from authproof_spec import Operation
from authproof_spec.document import Document
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
        self._schema: Any = None

    def of(self, operation: Operation) -> Generated:
        """Values for every parameter of `operation` and for its body; none where its schemas cannot be satisfied."""
        from hypothesis.errors import HypothesisException
        from schemathesis.core import NotSet
        from schemathesis.core.errors import SchemathesisError

        try:
            case = self._case(operation)
        except (HypothesisException, SchemathesisError, ValueError, TypeError, LookupError, RecursionError):
            # A schema that allows nothing, or that Schemathesis does not understand: the document's own matter, which DOC-01 tells.
            return Generated()
        places = {"path": case.path_parameters, "query": case.query, "header": case.headers, "cookie": case.cookies}
        parameters = {(place, name): value for place, values in places.items() for name, value in dict(values or {}).items()}
        has_body = case.media_type is not None and not isinstance(case.body, NotSet)
        return Generated(parameters, cast("Json", case.body) if has_body else None, case.media_type if has_body else None)

    def _case(self, operation: Operation) -> Any:
        import schemathesis.openapi
        from hypothesis import HealthCheck, Phase, given, settings
        from hypothesis.configuration import set_hypothesis_home_dir
        from schemathesis import GenerationMode

        if self._schema is None:
            self._schema = schemathesis.openapi.from_dict(cast("dict[str, Any]", dict(self._document.root)))
        strategy = self._schema[operation.path][operation.method].as_strategy(generation_mode=GenerationMode.POSITIVE)
        cases: list[Any] = []

        @settings(max_examples=1, database=None, derandomize=True, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck))
        @given(strategy)
        def keep(case: Any) -> None:
            cases.append(case)

        with tempfile.TemporaryDirectory() as folder:
            # hypothesis keeps what it computes in the folder at work, which is not ours to write to.
            set_hypothesis_home_dir(folder)
            try:
                keep()
            finally:
                set_hypothesis_home_dir(None)
        return cases[0]
