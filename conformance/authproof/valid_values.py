"""Values that make a request valid: the profile's, those of objects that are there, the document's examples, and else generated ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from authproof.exchange import Response
from authproof_spec import Contract, Operation
from authproof_spec.contract import Parameter
from authproof_spec.pointer import Json, get, join

if TYPE_CHECKING:
    from authproof.generated import Case, Generator

_RECORDS_DEEP = 2


@dataclass(slots=True)
class ValidValues:
    """declared: the profile's, by the name of an operation (the empty one for all of them) and of a parameter.

    found: those of objects that an answer has shown, by the id of an operation and the name of a parameter.
    """

    contract: Contract
    declared: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    found: dict[tuple[str, str], str] = field(default_factory=dict)
    _generator: Generator | None = None
    _of_lists: dict[str, list[tuple[str, str]]] | None = None

    def given(self, operation: Operation, name: str) -> str | None:
        """The profile's value of the parameter `name`; None when it has none."""
        return self.declared.get(operation.name, {}).get(name) or self.declared.get("", {}).get(name)

    def of(self, operation: Operation, parameter: Parameter) -> str:
        """The best value of `parameter` that is known."""
        known = self.given(operation, parameter.name) or self.found.get((operation.id, parameter.name))
        if known is not None:
            return known
        if parameter.example is not None:
            return _text(parameter.example)
        plain = "1" if parameter.types & {"integer", "number"} else "example"
        if parameter.schema is None or self._allows(parameter.schema, int(plain) if plain == "1" else plain):
            return plain
        return _text(self._case(operation).parameters.get(parameter.location, {}).get(parameter.name, plain))

    def body(self, operation: Operation) -> Json:
        """A body that the document allows: its first example, else a generated one; an empty object where neither can be had."""
        for media in operation.request_body.content if operation.request_body else ():
            for example in media.examples.values():
                return cast("Json", example)
        if not operation.request_body or all(media.schema is None for media in operation.request_body.content):
            return {}
        body = self._case(operation).body
        return {} if body is None else body

    def note(self, operation: Operation, response: Response | None) -> None:
        """Remember the objects that a successful answer of `operation` shows: by the document's links, and the first one of a list."""
        if response is None or not response.is_success:
            return
        for target, name, value in (*self._linked(operation, response), *self._listed(operation, response)):
            self.found.setdefault((target, name), value)

    def _linked(self, operation: Operation, response: Response) -> Iterator[tuple[str, str, str]]:
        """What the links of the answer say (OpenAPI, Link Object): the id of an operation, a parameter's name and its value."""
        document = self.contract.document
        item = document.resolve(get(document.root, join(("paths", operation.path))))
        answers = get(item, f"/{operation.method.lower()}/responses")
        rule = document.resolve(get(answers, f"/{response.status}") or get(answers, "/default"))
        links = document.resolve(get(rule, "/links"))
        for raw in links.values() if isinstance(links, Mapping) else ():
            link = document.resolve(raw)
            parameters = get(link, "/parameters")
            for name, expression in parameters.items() if isinstance(parameters, Mapping) else ():
                _, mark, pointer = str(expression).partition("$response.body#")
                value = response.at(pointer) if mark else None
                if isinstance(value, str | int) and not isinstance(value, bool):
                    yield str(get(link, "/operationId")), name.rpartition(".")[2], str(value)

    def _listed(self, operation: Operation, response: Response) -> Iterator[tuple[str, str, str]]:
        """The first record of a list, for the operations whose path goes on from the list's by a parameter."""
        record = _first_record(response.json)
        for target, name in self._members().get(operation.path.rstrip("/"), ()) if record else ():
            value = _identifier(record or {}, name)
            if value is not None:
                yield target, name, value

    def members_beside(self, identity: Operation) -> list[tuple[str, str]]:
        """The operations on accounts where who-am-I is one of them, such as /users/{id} beside /users/me, and the parameter that says which."""
        return self._members().get(identity.path.rpartition("/")[0], [])

    def identifier_of(self, operation: Operation, response: Response) -> Mapping[str, str] | None:
        """By the ids of the operations on it, what names the object that an answer of `operation` shows; None when nothing does."""
        body = response.json
        record = (
            next((one for one in (body, *body.values()) if isinstance(one, Mapping) and _identifier(one, "id")), None)
            if isinstance(body, Mapping)
            else None
        )
        found = {target: _identifier(record, name) for target, name in self._members().get(operation.path.rstrip("/"), ())} if record else {}
        return {target: value for target, value in found.items() if value is not None} or None

    def _members(self) -> Mapping[str, list[tuple[str, str]]]:
        """By the path of a list, the operations on one of its records: their ids, and the parameter that says which."""
        if self._of_lists is None:
            self._of_lists = {}
            for operation in self.contract.operations:
                head, brace, tail = operation.path.partition("/{")
                name, _, rest = tail.partition("}")
                if brace and "{" not in rest:
                    self._of_lists.setdefault(head, []).append((operation.id, name))
        return self._of_lists

    def _allows(self, schema: str, value: Json) -> bool:
        return self.contract.document.validator(schema).is_valid(value)

    def _case(self, operation: Operation) -> Case:
        if self._generator is None:
            from authproof.generated import Generator

            self._generator = Generator(self.contract)
        return self._generator.case(operation)


def _first_record(body: Json) -> Mapping[str, Json] | None:
    """The first object of the list that `body` is, or has in a member."""
    level: list[Json] = [body]
    for _ in range(_RECORDS_DEEP):
        for value in level:
            if isinstance(value, list) and value:
                return value[0] if isinstance(value[0], Mapping) else None
        level = [member for value in level if isinstance(value, Mapping) for member in value.values()]
    return next((value[0] for value in level if isinstance(value, list) and value and isinstance(value[0], Mapping)), None)


def _identifier(record: Mapping[str, Json], parameter: str) -> str | None:
    """The member that a path parameter such as `noteId` or `id` names."""
    plain = {name.lower().replace("_", ""): value for name, value in record.items()}
    wanted = parameter.lower().replace("_", "")
    value = next((plain[name] for name in (wanted, "id", "uuid", "key", "slug") if name in plain), None)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
