"""Requests that Schemathesis makes from the document's schemas, for what the document gives no example of. Importing it takes a while."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import openapi
from schemathesis.core import NotSet
from schemathesis.generation import GenerationMode

from authproof_spec import Contract, Operation
from authproof_spec.pointer import Json

_BEST = settings(
    max_examples=1,
    derandomize=True,  # the same request in every run, so that a report can be compared with the one before
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True, slots=True)
class Case:
    """Values of an operation's parameters by location and name, and its body; None where it has none."""

    parameters: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    body: Json = None


class Generator:
    """Makes one valid request of each operation that it is asked for."""

    def __init__(self, contract: Contract) -> None:
        """Nothing is read yet."""
        self._contract = contract
        self._schema: Any = None
        self._cases: dict[str, Case] = {}

    def case(self, operation: Operation) -> Case:
        """A request that the document allows; an empty one where nothing can be generated."""
        if operation.id not in self._cases:
            self._cases[operation.id] = self._made(operation)
        return self._cases[operation.id]

    def _made(self, operation: Operation) -> Case:
        found: list[Case] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are about how the document is written
            try:
                if self._schema is None:
                    self._schema = openapi.from_dict(_plain(self._contract.document.root))
                strategy = self._schema[operation.path][operation.method].as_strategy(generation_mode=GenerationMode.POSITIVE)

                @_BEST
                @given(strategy)
                def keep(case: Any) -> None:
                    parameters = {"path": case.path_parameters, "query": case.query, "header": case.headers, "cookie": case.cookies}
                    body = None if isinstance(case.body, NotSet) else case.body
                    found.append(Case({place: dict(values or {}) for place, values in parameters.items()}, body))

                keep()
            except Exception:  # noqa: BLE001  # a schema that cannot be generated from costs one good request, not the run
                return Case()
        return found[0] if found else Case()


def _plain(value: Any) -> Any:
    """`value` as Schemathesis takes it: of dictionaries and lists that may be changed."""
    if isinstance(value, Mapping):
        return {name: _plain(member) for name, member in value.items()}
    return [_plain(member) for member in value] if isinstance(value, list | tuple) else value
