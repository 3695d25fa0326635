"""What a call carries, judged by the document. No message repeats a value, which may be a password."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from urllib.parse import parse_qs

from authproof_mock import multipart, strict_json
from authproof_mock.http import Call
from authproof_mock.parameters import Parameters, Readings
from authproof_mock.reading import Reading
from authproof_mock.refusal import Refusal
from authproof_spec.contract import FORM, Contract, MediaType, Operation, Parameter
from authproof_spec.document import fragment
from authproof_spec.pointer import Json

MAXIMUM_BODY = 1024 * 1024
"""Bytes of a body that are read at most."""

MULTIPART = "multipart/form-data"
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
        self._reading = Reading(contract.document)

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
        elif kind == MULTIPART:
            body = self.parts_of(call.body, types[0], media)
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
        return self._reading.members(_reference(media.schema), texts)

    def parts_of(self, content: bytes, content_type: str, media: MediaType) -> Json:
        """The parts of a body as the members of an object, each of the type that its schema has. Raises Refusal."""
        try:
            texts = multipart.texts_of(content, content_type)
        except ValueError:
            raise Refusal(400, "The body does not have the parts that its media type says.") from None
        return self._reading.members(_reference(media.schema), texts)

    def media_type_of(self, types: Sequence[str], content: Sequence[MediaType]) -> MediaType | None:
        """The declared media type of a body; None for another one. Parameters such as charset do not matter."""
        given = {value.partition(";")[0].strip().lower() for value in types}
        fitting = (media for media in content if given and all(fnmatchcase(name, media.essence) for name in given))
        return next(fitting, None)

    def check_parameters(self, call: Call, operation: Operation, path_parameters: Mapping[str, str]) -> None:
        """Every parameter is there when it must be, and is as its schema says. Raises Refusal."""
        if not operation.parameters:
            return
        sent = Parameters(self._reading, call, path_parameters)
        problems: dict[str, list[str]] = {}
        for parameter in operation.parameters:
            values = sent.of(parameter)
            if not all(self._is_valid(parameter, readings) for readings in values):
                problems[parameter.name] = ["This parameter is not valid."]
            elif parameter.required and not values:
                problems[parameter.name] = ["This parameter is required."]
        if problems:
            raise Refusal(400, "A parameter is not valid.", fields=problems)

    def _is_valid(self, parameter: Parameter, readings: Readings) -> bool:
        """True when one of `readings` is what the schema of `parameter` allows. Paths of styles that are not read are not judged."""
        schema = parameter.content.schema if parameter.content else parameter.schema
        if parameter.style in {"label", "matrix"}:
            return True
        return any(schema is None or not self.problems(schema, value) for value in readings)

    def problems(self, schema: str, value: Json) -> dict[str, list[str]]:
        """What the schema at the pointer `schema` finds wrong, by dotted field; the value itself goes by the name of `body`."""
        found: dict[str, list[str]] = defaultdict(list)
        try:
            for error in self._document.request_validator(schema).iter_errors(value):
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
    return {"$ref": fragment(pointer)} if pointer else None
