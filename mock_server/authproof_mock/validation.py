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
from authproof_spec.contract import Contract, MediaType, Operation, Parameter
from authproof_spec.pointer import Json

MAXIMUM_BODY = 1024 * 1024
"""Bytes of a body that are read at most."""

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
        if not media.name.endswith(("/json", "+json", "/*")):
            return None
        try:
            body = strict_json.parse(call.body)
        except ValueError:
            raise Refusal(400, "The body is not valid JSON.") from None
        if media.schema is not None and (problems := self.problems(media.schema, body)):
            raise Refusal(400, "The body is not valid.", fields=problems)
        return body

    def media_type_of(self, types: Sequence[str], content: Sequence[MediaType]) -> MediaType | None:
        """The declared media type of a body; None for another one. Parameters such as charset do not matter."""
        given = {value.partition(";")[0].strip().lower() for value in types}
        fitting = (media for media in content if given and all(fnmatchcase(name, media.name.partition(";")[0].strip()) for name in given))
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
            if values and parameter.schema is not None and self.problems(parameter.schema, self.coerced(parameter, values)):
                problems[parameter.name] = ["This parameter is not valid."]
            elif parameter.required and not values:
                problems[parameter.name] = ["This parameter is required."]
        if problems:
            raise Refusal(400, "A parameter is not valid.", fields=problems)

    def coerced(self, parameter: Parameter, values: Sequence[str]) -> Json:
        """The value that the texts stand for, by the parameter's declared types."""
        if "array" in parameter.types:
            schema = self._document.resolve({"$ref": f"#{parameter.schema}"})
            items = self._document.resolve(schema.get("items")) if isinstance(schema, Mapping) else None
            declared = items.get("type") if isinstance(items, Mapping) else None
            types = frozenset([declared] if isinstance(declared, str) else ())
            return [_scalar(types, value) for value in values]
        return _scalar(parameter.types, values[0])

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


def _scalar(types: frozenset[str], text: str) -> Json:
    if "integer" in types and re.fullmatch(r"-?\d{1,4000}", text, re.ASCII):
        return int(text)
    if "number" in types and re.fullmatch(r"-?\d{1,300}(\.\d{1,300})?", text, re.ASCII):
        return float(text)
    if "boolean" in types and text in {"true", "false"}:
        return text == "true"
    return None if "null" in types and not text else text
