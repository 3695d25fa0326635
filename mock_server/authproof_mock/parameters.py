"""The parameters of a call, each as its style and its place have it (OpenAPI, Parameter Object)."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

from authproof_mock import strict_json
from authproof_mock.carriers import cookie_values
from authproof_mock.http import Call
from authproof_mock.reading import Reading
from authproof_spec.contract import Parameter
from authproof_spec.document import fragment
from authproof_spec.pointer import Json

_SEPARATORS = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}

Readings = Sequence[Json]
"""What one value that was sent may mean, of which one has to be valid; none where it means nothing."""


class Parameters:
    """Reads the parameters of one call. `path`: its path parameters, decoded."""

    def __init__(self, reading: Reading, call: Call, path: Mapping[str, str]) -> None:
        self._reading = reading
        self._call = call
        self._path = path

    def of(self, parameter: Parameter) -> Sequence[Readings]:
        """The values that were sent for `parameter`; none when it is not there."""
        texts = self._texts(parameter)
        if parameter.content:
            return [_parsed(text) if parameter.content.is_json else [text] for text in texts]
        schema: Json = {"$ref": fragment(parameter.schema)} if parameter.schema else None
        types = self._reading.types(schema)
        if "object" in types and (members := self._members(parameter, schema, texts)):
            return [[self._reading.members(schema, members), {name: values[0] for name, values in members.items()}]]
        if "array" in types and texts:
            items = _items(parameter, texts)
            return [[self._reading.value(schema, items), items]]
        return [[] if types == {"object"} else [self._reading.value(schema, [text]), text] for text in texts]

    @functools.cached_property
    def _query(self) -> Mapping[str, list[str]]:
        return parse_qs(self._call.query, keep_blank_values=True)

    def _texts(self, parameter: Parameter) -> Sequence[str]:
        name = parameter.name
        match parameter.location:
            case "path":
                return [self._path[name]]
            case "query":
                return self._query.get(name, [])
            case "header":
                # Lines of one name are one list (RFC 9110 section 5.3).
                values = self._call.header_values(name.lower())
                return [", ".join(values)] if values else []
            case _:
                return cookie_values(self._call, name)

    def _members(self, parameter: Parameter, schema: Json, texts: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The members of an object; none where it is not there, or is not written as one."""
        if parameter.style == "deepObject":
            start = f"{parameter.name}["
            return {name[len(start) : -1]: values for name, values in self._query.items() if name.startswith(start) and name.endswith("]")}
        if parameter.explode and parameter.style == "form":
            return {name: self._query[name] for name in self._reading.properties(schema) if name in self._query}
        items = _items(parameter, texts)
        if parameter.explode:
            return {name: [value] for name, _, value in (item.partition("=") for item in items)}
        return {name: [value] for name, value in zip(items[::2], items[1::2], strict=False)}


def _items(parameter: Parameter, texts: Sequence[str]) -> Sequence[str]:
    """The members of a list: each a text of its own where the style repeats the name, else divided by the style's sign."""
    if parameter.explode and parameter.style != "simple":
        return texts
    sign = _SEPARATORS.get(parameter.style, ",")
    return [item.strip() for text in texts if text for item in text.split(sign)]


def _parsed(text: str) -> Readings:
    try:
        return [strict_json.parse(text.encode())]
    except ValueError:
        return []
