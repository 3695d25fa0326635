"""What a call carries, judged by the document. No message repeats a value, which may be a password."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from urllib.parse import parse_qs

import jsonschema_rs

from authproof_mock import strict_json
from authproof_mock.http import Call
from authproof_mock.refusal import Refusal
from authproof_spec.contract import FORM, Contract, MediaType, Operation
from authproof_spec.pointer import Json

MAXIMUM_BODY = 1024 * 1024
"""Bytes of a body that are read at most."""

_MOST_FIELDS = 1000
_WORDS = {
    "required": "This field is required.",
    "type": "This is of a wrong type.",
    "format": "This has a wrong format.",
    "pattern": "This has a wrong format.",
    "enum": "This is none of the allowed values.",
    "const": "This is none of the allowed values.",
    "minLength": "This is too short.",
    "maxLength": "This is too long.",
    "minItems": "These are too few.",
    "maxItems": "These are too many.",
    "minProperties": "These are too few.",
    "maxProperties": "These are too many.",
    "minimum": "This is too small.",
    "exclusiveMinimum": "This is too small.",
    "maximum": "This is too large.",
    "exclusiveMaximum": "This is too large.",
    "uniqueItems": "These are not all different.",
    "additionalProperties": "There is a field that is not known.",
    "unevaluatedProperties": "There is a field that is not known.",
}


class Validation:
    """Judges bodies and parameters. Schemas are compiled when they are first needed."""

    def __init__(self, contract: Contract) -> None:
        self._document = contract.document
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}

    def check(self, call: Call, operation: Operation, path_parameters: Mapping[str, str]) -> Json:
        """The parsed body of a call that is as the document says; None when it has none. Raises Refusal: 413, 415 or 400."""
        body = self.body_of(call, operation)
        self.check_parameters(call, operation, path_parameters)
        return body

    def body_of(self, call: Call, operation: Operation) -> Json:
        """The body by its declared media type and schema. One that the operation does not declare is ignored."""
        declared = operation.request_body
        if declared is None:
            return None
        if len(call.body) > MAXIMUM_BODY:
            raise Refusal(413, "The body is too large.")
        types = call.header_values("content-type")
        if not call.body and (not types or not declared.required):
            if declared.required:
                raise Refusal(400, "A body is required.")
            return None
        media = self.media_type_of(types, declared.content)
        if media is None:
            raise Refusal(415, "The body is of a media type that is not supported.")
        kind = types[0].partition(";")[0].strip().lower() if "*" in media.essence else media.essence
        if kind == FORM:
            body = self.fields_of(call.body, media)
        elif kind.endswith(("/json", "+json")):
            body = _parsed(call.body)
        else:
            return None
        if media.schema is not None and (problems := self.problems(media.schema, body)):
            raise Refusal(400, "The body is not valid.", fields=problems)
        return body

    def fields_of(self, content: bytes, media: MediaType) -> Json:
        """The fields of a form, each of the type that its schema has; the values of one that comes twice are a list. Raises Refusal."""
        try:
            texts = parse_qs(content.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
        except ValueError:
            raise Refusal(400, "The body is no valid form.") from None
        declared = self._schema(self._schema(_reference(media.schema)).get("properties"))
        return {name: self._field(declared.get(name), values) for name, values in texts.items()}

    def _field(self, raw: Json, values: Sequence[str]) -> Json:
        is_one = len(values) == 1 or "array" in _types(self._schema(raw))
        return self.typed(raw, values) if is_one else values

    def media_type_of(self, types: Sequence[str], content: Sequence[MediaType]) -> MediaType | None:
        """The declared media type of a body; None for another one. Parameters such as charset do not matter."""
        given = {value.partition(";")[0].strip().lower() for value in types}
        fitting = (media for media in content if given and all(fnmatchcase(name, media.essence) for name in given))
        return next(fitting, None)

    def check_parameters(self, call: Call, operation: Operation, path_parameters: Mapping[str, str]) -> None:
        """Every parameter is there when it must be, and is as its schema says. Raises Refusal."""
        if not operation.parameters:
            return
        query = parse_qs(call.query, keep_blank_values=True)
        find: Mapping[str, Callable[[str], list[str]]] = {
            "path": lambda name: [path_parameters[name]],
            "query": lambda name: query.get(name, []),
            "header": lambda name: call.header_values(name.lower()),
        }
        problems: dict[str, list[str]] = {}
        for parameter in operation.parameters:
            if parameter.location not in find:
                continue
            values = find[parameter.location](parameter.name)
            if values and parameter.schema is not None and self.problems(parameter.schema, self.typed(_reference(parameter.schema), values)):
                problems[parameter.name] = ["This parameter is not valid."]
            elif parameter.required and not values:
                problems[parameter.name] = ["This parameter is required."]
        if problems:
            raise Refusal(400, "A parameter is not valid.", fields=problems)

    def typed(self, raw: Json, values: Sequence[str]) -> Json:
        """The value that the texts stand for, by the types of the schema `raw`."""
        schema = self._schema(raw)
        types = _types(schema)
        if "array" in types:
            items = _types(self._schema(schema.get("items")))
            return [_scalar(items, value) for value in values]
        return _scalar(types, values[0])

    def _schema(self, raw: Json) -> Mapping[str, Json]:
        found = self._document.resolve(raw)
        return found if isinstance(found, Mapping) else {}

    def problems(self, schema: str, value: Json) -> dict[str, list[str]]:
        """What the schema at the pointer `schema` finds wrong, by dotted field; the value itself goes by the name of `body`."""
        if schema not in self._validators:
            self._validators[schema] = self._document.validator(schema)
        found: dict[str, list[str]] = defaultdict(list)
        try:
            for error in self._validators[schema].iter_errors(value):
                path = [str(part) for part in error.instance_path]
                if error.kind.name == "required":
                    path.append(error.kind.as_dict()["property"])
                words = _WORDS.get(error.kind.name, "This is not valid.")
                if words not in found[".".join(path) or "body"]:
                    found[".".join(path) or "body"].append(words)
        except ValueError:
            # Text with a lone surrogate, or nesting beyond what the validator follows: nothing that a schema allows.
            return {"body": ["This is not valid."]}
        return dict(found)


def _parsed(content: bytes) -> Json:
    try:
        return strict_json.parse(content)
    except ValueError:
        raise Refusal(400, "The body is not valid JSON.") from None


def _reference(pointer: str | None) -> Json:
    return {"$ref": f"#{pointer}"} if pointer else None


def _types(schema: Mapping[str, Json]) -> frozenset[str]:
    named = schema.get("type")
    names = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    return frozenset(name for name in names if isinstance(name, str))


def _scalar(types: frozenset[str], text: str) -> Json:
    if "integer" in types and re.fullmatch(r"-?\d{1,4000}", text, re.ASCII):
        return int(text)
    if "number" in types and re.fullmatch(r"-?\d{1,300}(\.\d{1,300})?", text, re.ASCII):
        return float(text)
    if "boolean" in types and text in {"true", "false"}:
        return text == "true"
    return None if "null" in types and not text else text
