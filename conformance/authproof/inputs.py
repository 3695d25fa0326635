"""What a request of an operation carries beside its credential, so that it is valid in all else: the one place that makes it. No I/O."""

from __future__ import annotations

import json
import re
import secrets
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from authproof.bodies import JSON, encode
from authproof.generated import Generated, Generator
from authproof.methods import SAFE
from authproof_spec import Contract, Operation
from authproof_spec.contract import FORM, MediaType, Parameter
from authproof_spec.pointer import Json, get

_RANDOM_ENOUGH = 16
_BOUNDARY = "authproof-8f14e45fceea167a"


@dataclass(frozen=True, slots=True)
class Inputs:
    """Values as they travel, but for percent-encoding.

    content: the body and its media type; None where the operation takes none.
    """

    path: Mapping[str, str] = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    cookies: Mapping[str, str] = field(default_factory=dict)
    content: tuple[bytes, str] | None = None


class InputSource:
    """Where the values come from: the profile, what a run has learned, the document's examples, else its schemas.

    given: of the profile, see Profile.parameters. known: value of the path parameter of an operation, by the operation's id and the
    parameter's name, as far as it is known to name something: a link or a list told it, or it is the caller's own.
    """

    def __init__(self, contract: Contract, given: Mapping[str | None, Mapping[str, str]], known: Mapping[tuple[str, str], str] | None = None) -> None:
        self._contract = contract
        self._given = given
        self._known = dict(known or {})
        self._credentials = frozenset(_credentials(contract))
        self._generator = Generator(contract.document)
        self._generated: dict[str, Generated] = {}
        self._places: dict[str, Json] = {}
        self._made_inputs: dict[str, Inputs] = {}

    def learn(self, operation: Operation, parameter: str, value: str) -> None:
        """From now on the path parameter `parameter` of `operation` has `value`, which names something."""
        self._known[operation.id, parameter] = value
        self._made_inputs.pop(operation.id, None)

    def allows(self, operation: Operation, parameter: str, value: str) -> bool:
        """True when `value` is what the schema of the path parameter of `operation` allows."""
        schemas = [one for one in operation.path_parameters if one.name == parameter]
        return all(self._fits(one.schema, value) or self._fits(one.schema, _read(one, value)) for one in schemas)

    def of(self, operation: Operation) -> Inputs:
        """The values for `operation`: what is required, and what the profile names for it."""
        if operation.id not in self._made_inputs:
            self._made_inputs[operation.id] = self._inputs(operation)
        return self._made_inputs[operation.id]

    def _inputs(self, operation: Operation) -> Inputs:
        found: dict[str, list[tuple[str, str]]] = {"path": [], "query": [], "header": [], "cookie": []}
        own = self._given.get(operation.name, {})
        for parameter in operation.parameters:
            if parameter.name.lower() in self._credentials:
                continue
            if parameter.location in found and (parameter.required or parameter.location == "path" or parameter.name in own):
                found[parameter.location] += self._travelling(operation, parameter)
        return Inputs(dict(found["path"]), tuple(found["query"]), tuple(found["header"]), dict(found["cookie"]), self._content(operation))

    def given(self, operation: Operation, name: str) -> str | None:
        """The profile's value of the parameter `name` of `operation`."""
        return self._given.get(operation.name, {}).get(name) or self._given.get(None, {}).get(name)

    def names_something(self, operation: Operation) -> bool:
        """True when each path parameter of `operation` is known to name something; also where there is none."""
        return all(self.is_known(operation, parameter.name) for parameter in operation.path_parameters)

    def is_known(self, operation: Operation, parameter: str) -> bool:
        """True when that path parameter of `operation` is known to name something."""
        return (operation.id, parameter) in self._known or self.given(operation, parameter) is not None

    def aims_at_nothing(self, operation: Operation) -> bool:
        """True when a path parameter of `operation`, which writes, names something that does not exist."""
        return any(self.given(operation, p.name) is None and not self._is_closed(p) for p in operation.path_parameters)

    def example(self, operation: Operation, parameter: Parameter) -> Json:
        """A value of `parameter` by the document: an example, else the plainest one that its schema allows."""
        for candidate in self._candidates(parameter):
            if self._fits(parameter.schema, candidate):
                return candidate
        return self._made(operation, parameter)

    def _travelling(self, operation: Operation, parameter: Parameter) -> list[tuple[str, str]]:
        told = self.given(operation, parameter.name)
        if told is None and operation.method not in SAFE and parameter.location == "path":
            # A broken server would carry out what it is asked for, so it is aimed at nothing, unless the profile says at what.
            told = self._nothing(operation, parameter)
        told = self._known.get((operation.id, parameter.name)) if told is None else told
        return serialised(parameter, self.example(operation, parameter) if told is None else told)

    def _nothing(self, operation: Operation, parameter: Parameter) -> str:
        """A value that `parameter` allows and that names nothing; one of its values, where the schema names them all."""
        example = serialised(parameter, self.example(operation, parameter))[0][1]
        if self._is_closed(parameter):
            return example
        for candidate in (nothing_like_text(example), re.sub("[0-9]", "9", example)):
            if candidate != example and self._fits(parameter.schema, _read(parameter, candidate)):
                return candidate
        return serialised(parameter, self._made(operation, parameter))[0][1]

    def _schema(self, pointer: str | None) -> Json:
        return self._contract.document.resolve(get(self._contract.document.root, pointer)) if pointer else None

    def _is_closed(self, parameter: Parameter) -> bool:
        """True when the schema of `parameter` names all its values, so that it tells no object."""
        schema = self._schema(parameter.schema)
        return "boolean" in parameter.types or (isinstance(schema, Mapping) and bool(schema.keys() & {"enum", "const"}))

    def _candidates(self, parameter: Parameter) -> Iterator[Json]:
        if parameter.example is not None:
            # An identifier that looks like a number is often written as one, whatever its schema says.
            yield from (cast("Json", parameter.example), str(parameter.example))
        yield from examples_in(self._schema(parameter.schema))
        if parameter.types & {"integer", "number"}:
            yield 1
        if "boolean" in parameter.types:
            yield True
        yield "example"

    def _fits(self, schema: str | None, value: Json) -> bool:
        try:
            return schema is None or self._contract.document.request_validator(schema).is_valid(value)
        except ValueError:
            return False  # text with half a character, or a schema that is none

    def _made(self, operation: Operation, parameter: Parameter) -> Json:
        place = parameter.schema or ""
        if place not in self._places:
            self._places[place] = self._of_schemathesis(operation).parameters.get((parameter.location, parameter.name), "example")
        return self._places[place]

    def _of_schemathesis(self, operation: Operation) -> Generated:
        if operation.id not in self._generated:
            self._generated[operation.id] = self._generator.of(operation)
        return self._generated[operation.id]

    def _content(self, operation: Operation) -> tuple[bytes, str] | None:
        media = preferred(operation.request_body.content) if operation.request_body else None
        return None if media is None else written(operation, media.name, self.body(operation, media))

    def body(self, operation: Operation, media: MediaType) -> Json:
        """A valid body of `operation` as `media` has it: an example that fits its schema, else one of Schemathesis."""
        examples = cast("Iterable[Json]", media.examples.values())
        for candidate in (*examples, *examples_in(self._schema(media.schema))):
            if self._fits(media.schema, candidate):
                return candidate
        place = media.schema or ""
        if place not in self._places:
            made = self._of_schemathesis(operation)
            self._places[place] = made.body if made.media_type == media.name and self._fits(media.schema, made.body) else {}
        return self._places[place]


def nothing_like_text(example: str) -> str:
    """A text in the form of `example`, an identifier, that names nothing."""
    if example.isdecimal():
        return "2147483000"
    swap = {**dict.fromkeys(string.digits, string.digits), **dict.fromkeys("abcdef", "abcdef")}
    # A short one could come out as it was.
    if set(example.lower()) <= set(swap) | {"-"} and len(example) >= _RANDOM_ENOUGH:
        return "".join(secrets.choice(swap[letter]) if letter in swap else letter for letter in example.lower())
    return "authproof-" + secrets.token_hex(6)


def example_body(operation: Operation) -> Json:
    """The first example of the operation's request body; an empty object when the document has none."""
    for media in operation.request_body.content if operation.request_body else ():
        for example in media.examples.values():
            return cast("Json", example)
    return {}


def _read(parameter: Parameter, text: str) -> Json:
    """What `text` says where `parameter` is a number."""
    return int(text) if parameter.types & {"integer", "number"} and text.isdecimal() else text


def _credentials(contract: Contract) -> Iterator[str]:
    """The names, in lower case, by which a credential travels, which are no input even where the document has them among the parameters."""
    # OpenAPI, Parameter Object: a header parameter of these names is ignored.
    yield from ("accept", "content-type", "authorization")
    schemes = {part.scheme for operation in contract.operations for way in operation.security for part in way}
    yield from (scheme.parameter.lower() for scheme in schemes if scheme.parameter)
    for guard in (application.csrf for application in contract.applications.values()):
        yield from (guard.cookie.lower(), guard.header.lower()) if guard else ()


def examples_in(schema: Json) -> Iterator[Json]:
    """The values that `schema` itself names: const, example, examples, default, enum."""
    if isinstance(schema, Mapping):
        yield from (schema[word] for word in ("const", "example") if word in schema)
        for word in ("examples", "enum"):
            if isinstance(several := schema.get(word), list):
                yield from several
        if "default" in schema:
            yield schema["default"]


def preferred(content: Iterable[MediaType]) -> MediaType | None:
    """The media type in which a body is sent: JSON before a form before anything else."""
    return min(content, key=lambda media: 0 if _is_json(media.name) else 1 if media.name == FORM else 2, default=None)


def _is_json(name: str) -> bool:
    return name.partition(";")[0].strip().endswith(("/json", "+json", "*/*"))


def serialised(parameter: Parameter, value: Json) -> list[tuple[str, str]]:
    """Names and values of `parameter` as its location has them by default (OpenAPI, Style Values: form in query and cookie, else simple)."""
    if isinstance(value, Mapping):
        if parameter.location == "query":
            return [(name, _scalar(member)) for name, member in value.items()]
        return [(parameter.name, ",".join(f"{name},{_scalar(member)}" for name, member in value.items()))]
    if isinstance(value, list):
        if parameter.location == "query":
            return [(parameter.name, _scalar(item)) for item in value]
        return [(parameter.name, ",".join(_scalar(item) for item in value))]
    return [(parameter.name, _scalar(value))]


def _scalar(value: Json) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def written(operation: Operation, name: str, value: Json) -> tuple[bytes, str]:
    """A body of `operation` as the media type `name` writes it, and the media type to send it by."""
    if _is_json(name):
        return json.dumps(value).encode(), JSON if "*" in name else name
    if name == FORM and isinstance(value, Mapping):
        return encode(operation, value)
    if name == "multipart/form-data" and isinstance(value, Mapping):
        parts = [f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{_scalar(member)}\r\n' for key, member in value.items()]
        return f"{''.join(parts)}--{_BOUNDARY}--\r\n".encode(), f"{name}; boundary={_BOUNDARY}"
    return _scalar(value).encode("utf-8", "replace"), "text/plain" if "*" in name else name
