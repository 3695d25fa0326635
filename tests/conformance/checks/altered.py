"""Contracts that differ in one thing from one of a document, for the branches that the document itself does not take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from authproof_spec import Contract
from authproof_spec.contract import FORM, MediaType, RequestBody, ResponseRule
from tests.conformance.checks.building import operation


def with_operation(of: Contract, name: str, **changes: Any) -> Contract:
    """`of`, in which the operation called `name` has these `changes` wherever it plays a part."""
    found = operation(name, of)
    contract: Contract = _exchanged(of, found, replace(found, **changes))
    return contract


def with_responses(of: Contract, name: str, *statuses: int, without: tuple[int, ...] = ()) -> Contract:
    """`of`, in which the operation called `name` may be answered `statuses` too, and not those of `without`."""
    declared = {status: rule for status, rule in operation(name, of).responses.items() if int(status) not in without}
    return with_operation(of, name, responses={**declared, **{str(status): ResponseRule(str(status), ()) for status in statuses}})


def with_form(of: Contract, name: str) -> Contract:
    """`of`, in which the operation called `name` takes a form."""
    return with_operation(of, name, request_body=RequestBody(True, (MediaType(FORM, None),)))  # noqa: FBT003


def with_application(of: Contract, name: str, **changes: Any) -> Contract:
    """`of`, whose application `name` has these `changes`."""
    return replace(of, applications={**of.applications, name: replace(of.applications[name], **changes)})


def _exchanged(value: Any, old: object, new: object) -> Any:
    """`value` with `new` in place of each `old` in it."""
    if value is old:
        return new
    if isinstance(value, tuple):
        return tuple(_exchanged(part, old, new) for part in value)
    if isinstance(value, Mapping):
        return {key: _exchanged(part, old, new) for key, part in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _exchanged(getattr(value, field.name), old, new) for field in fields(value)})
    return value
