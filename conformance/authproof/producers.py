"""Which operations tell the values of other operations' path parameters: the list of a collection, and what a link leads from. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from authproof.methods import SAFE
from authproof_spec import Contract, Operation
from authproof_spec.pointer import Json, get, join

_DEEPEST = 2
"""Members within members among which a list is looked for."""


@dataclass(frozen=True, slots=True)
class Producer:
    """`source` tells the path parameter `parameter` of `operation`: at `pointer` of its answer, or, where that is None, in the first entry of a list."""

    source: Operation
    operation: Operation
    parameter: str
    pointer: str | None = None

    def value(self, answer: Json) -> str | None:
        """The value that `answer` tells; None when it tells none."""
        found = _first_named(answer, self.parameter) if self.pointer is None else get(answer, self.pointer)
        return str(found) if isinstance(found, str | int) and not isinstance(found, bool) and str(found) else None


def producers(contract: Contract) -> tuple[Producer, ...]:
    """Every producer for an operation that only reads: links, lists, then who-am-I; those that need the fewest parameters themselves first."""
    found = [*_by_links(contract), *_by_lists(contract), *_by_identities(contract)]
    return tuple(sorted(found, key=lambda producer: len(producer.source.path_parameters)))


def _by_links(contract: Contract) -> Iterator[Producer]:
    document = contract.document
    by_name = {operation.id: operation for operation in contract.operations}
    by_reference = {f"#{join(('paths', operation.path, operation.method.lower()))}": operation for operation in contract.operations}
    for source in contract.operations:
        item = document.resolve(get(document.root, join(("paths", source.path))))
        responses = get(item, f"/{source.method.lower()}/responses")
        for response in responses.values() if isinstance(responses, Mapping) and source.method == "GET" else ():
            links = get(document.resolve(response), "/links")
            for link in map(document.resolve, links.values()) if isinstance(links, Mapping) else ():
                operation = by_name.get(str(get(link, "/operationId"))) or by_reference.get(str(get(link, "/operationRef")))
                told = get(link, "/parameters")
                if operation and operation.method in SAFE and isinstance(told, Mapping):
                    yield from _by_link(source, operation, told)


def _by_link(source: Operation, operation: Operation, told: Mapping[str, Json]) -> Iterator[Producer]:
    """What the runtime expressions of a link tell (OpenAPI, Link Object)."""
    names = {parameter.name for parameter in operation.path_parameters}
    for name, expression in told.items():
        _, mark, pointer = str(expression).partition("$response.body#")
        if name.removeprefix("path.") in names and mark:
            yield Producer(source, operation, name.removeprefix("path."), pointer)


def _by_lists(contract: Contract) -> Iterator[Producer]:
    reads = {operation.path.rstrip("/"): operation for operation in contract.operations if operation.method == "GET"}
    for operation in contract.operations:
        if operation.method in SAFE:
            for parameter in operation.path_parameters:
                collection = operation.path.partition("{" + parameter.name + "}")[0]
                if collection.endswith("/") and (source := reads.get(collection.rstrip("/"))):
                    yield Producer(source, operation, parameter.name)


def _by_identities(contract: Contract) -> Iterator[Producer]:
    """The caller's own id, for the operation that tells of one account beside the one that tells who the caller is: `/users/{id}` beside `/users/me`."""
    for identity in (application.identity for application in contract.applications.values() if application.identity):
        place = identity.operation.path.rpartition("/")[0]
        for operation in contract.operations:
            above, _, name = operation.path.rpartition("/")
            if operation.method in SAFE and above == place and name.startswith("{") and "id" in identity.fields:
                yield Producer(identity.operation, operation, name.strip("{}"), identity.fields["id"])


def _first_named(answer: Json, parameter: str) -> Json:
    """The member of the first entry of the list in `answer` that is called like `parameter`, else its id; the entry itself where that is text."""
    entry = next(iter(_list_in(answer) or ()), None)
    return named(entry, parameter) if isinstance(entry, Mapping) else entry


def named(entry: Mapping[str, Json], parameter: str) -> Json:
    """The member of `entry` that is called like `parameter`, else its id; None when it has neither."""
    members = {_plain(name): value for name, value in entry.items()}
    wanted = _plain(parameter)
    # {bookId} and {book} are the id of a book, {bookSlug} is its slug.
    endings = (name for name in ("id", "uuid", "slug", "name", "key", "code") if wanted.endswith(name) and name in members)
    return members.get(wanted, members.get(next(endings, "id")))


def _list_in(answer: Json, depth: int = 0) -> list[Json] | None:
    if isinstance(answer, list):
        return answer
    if not isinstance(answer, Mapping) or depth >= _DEEPEST:
        return None
    found = (_list_in(member, depth + 1) for member in answer.values())
    return next((entries for entries in found if entries), None)


def _plain(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())
