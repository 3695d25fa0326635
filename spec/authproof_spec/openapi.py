"""Whether a document is valid OpenAPI 3.1: by its JSON Schema, and by what the specification says beyond it."""

from __future__ import annotations

import functools
import graphlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import distribution
from pathlib import Path
from typing import NamedTuple

import jsonschema_rs

from authproof_spec.document import Document, parts_of
from authproof_spec.errors import Problem
from authproof_spec.pointer import Json, get, join

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
_IN_PLACE = frozenset({"$ref", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"})
_PARAMETER = re.compile(r"\{([^{}]*)\}")
_MEND = "Correct it as the OpenAPI specification says."


def problems_of_openapi(document: Document) -> list[Problem]:
    """What the first stage that finds anything finds: a later stage trips over what an earlier one refuses."""
    return (
        _problems_of_version(document)
        or document.problems_of_references()
        or _problems_of_structure(document)
        or _problems_of_circles(document)
        or document.problems_of_schemas()
        or [*_problems_of_tags(document), *_problems_of_operations(document), *_problems_of_defaults(document)]
    )


def short(message: str) -> str:
    """`message` without its full stop, and cut where it repeats half of the document."""
    message = message.rstrip(".")
    return message if len(message) <= 200 else message[:200] + "…"


def _problem(document: Document, place: Iterable[object], message: str) -> Problem:
    return document.problem(join(place), f"This is not valid OpenAPI 3.1: {short(message)}.", _MEND)


def _problems_of_version(document: Document) -> list[Problem]:
    version = document.root.get("openapi")
    if isinstance(version, str) and version.startswith("3.1."):
        return []
    found = "has no `openapi` member" if version is None else f"says `openapi: {version}`"
    return [document.problem("/openapi", f"The document {found}.", "Give an OpenAPI 3.0 or 3.1 document, with `openapi: 3.1.0` at its root.")]


def _problems_of_structure(document: Document) -> list[Problem]:
    return [_problem(document, error.instance_path, error.message) for error in _structure().iter_errors(document.root)]


@functools.cache
def _structure() -> jsonschema_rs.Draft202012Validator:
    """The JSON Schema of OpenAPI 3.1, as openapi-spec-validator has it; to import that package would take longer than all that is done here."""
    path = distribution("openapi-spec-validator").locate_file("openapi_spec_validator/resources/schemas/v3.1/schema.json")
    return jsonschema_rs.Draft202012Validator(json.loads(Path(str(path)).read_text("utf-8")))


def _problems_of_circles(document: Document) -> list[Problem]:
    """A schema that applies itself to the value that it is applied to, for whose validation there is no end."""
    places: dict[int, tuple[object, ...]] = {}
    applied: dict[int, list[int]] = {}
    for place, schema in parts_of(document.root):
        if schema.keys().isdisjoint(_IN_PLACE):
            continue
        if found := [id(part) for part in _applied_in_place(document, schema) if isinstance(part, Mapping)]:
            places[id(schema)] = place
            applied[id(schema)] = found
    try:
        graphlib.TopologicalSorter(applied).prepare()
    except graphlib.CycleError as error:
        place = min((places[one] for one in error.args[1]), key=len)
        return [document.problem(join(place), "This schema contains itself, so no value ends its validation.", "Let it contain itself in a member.")]
    return []


def _applied_in_place(document: Document, schema: Mapping[str, Json]) -> Iterator[Json]:
    """The schemas that `schema` applies to the same value as it is applied to itself (JSON Schema Core section 10.2)."""
    if isinstance(reference := schema.get("$ref"), str):
        yield document.resolve({"$ref": reference})
    for word in _IN_PLACE & schema.keys():
        parts = schema[word]
        if isinstance(parts, list):
            yield from parts
        else:
            yield from parts.values() if word == "dependentSchemas" and isinstance(parts, Mapping) else (parts,)


def _problems_of_tags(document: Document) -> Iterator[Problem]:
    tags = document.root.get("tags")
    names = [get(tag, "/name") for tag in tags] if isinstance(tags, list) else []
    for index, name in enumerate(names):
        if name in names[:index]:
            yield _problem(document, ("tags", index, "name"), f"the tag {name!r} stands twice")


class _Declared(NamedTuple):
    """A parameter as it is declared: where, and what tells it from the others."""

    place: tuple[object, ...]
    name: str
    location: str


def _problems_of_operations(document: Document) -> Iterator[Problem]:
    owners: dict[Json, str] = {}
    for path, raw_item in _members(document.root.get("paths")):
        place, item = document.follow(("paths", path), raw_item)
        shared = _declared(document, place, item)
        yield from _problems_of_parameters(document, path, shared)
        for method, operation in _members(item):
            if method not in METHODS:
                continue
            here, name = (*place, method), f"{method.upper()} {path}"
            own = _declared(document, here, operation)
            yield from _problems_of_parameters(document, path, own)
            known = {parameter.name for parameter in (*shared, *own) if parameter.location == "path"}
            for missing in sorted(set(_PARAMETER.findall(path)) - known):
                yield _problem(document, here, f"no parameter declares {missing!r} of the path {path}")
            identifier = get(operation, "/operationId")
            if identifier is not None and owners.setdefault(identifier, name) != name:
                yield _problem(document, (*here, "operationId"), f"the operationId {identifier!r} is that of {owners[identifier]} too")


def _declared(document: Document, place: Sequence[object], holder: Json) -> list[_Declared]:
    parameters = get(holder, "/parameters")
    found = []
    for index, raw in enumerate(parameters if isinstance(parameters, list) else []):
        parameter = document.resolve(raw)
        found.append(_Declared((*place, "parameters", index), str(get(parameter, "/name")), str(get(parameter, "/in"))))
    return found


def _problems_of_parameters(document: Document, path: str, declared: Sequence[_Declared]) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for place, name, location in declared:
        if (name, location) in seen:
            yield _problem(document, place, f"the {location} parameter {name!r} stands twice")
        seen.add((name, location))
        if location == "path" and name not in _PARAMETER.findall(path):
            yield _problem(document, place, f"the path {path} has no parameter {name!r}")


def _problems_of_defaults(document: Document) -> Iterator[Problem]:
    for place, schema in parts_of(document.root):
        if "default" not in schema or not {"schema", "schemas"} & set(place):
            continue
        if schema["default"] is None and schema.get("nullable") is True:
            continue  # a word of OpenAPI 3.0 that many documents still have
        for error in document.validator(join(place)).iter_errors(schema["default"]):
            yield _problem(document, (*place, "default"), f"the default is refused by its own schema: {error.message}")


def _members(value: Json) -> Iterable[tuple[str, Json]]:
    return value.items() if isinstance(value, Mapping) else ()
