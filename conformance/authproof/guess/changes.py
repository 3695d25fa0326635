"""What a document needs beside the extension, so that it says of each operation what is true: as actions of the overlay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from authproof.guess.guess import Action
from authproof.guess.jsonpath import path_of, quoted
from authproof.guess.survey import Seen
from authproof_spec.pointer import Json


def secure(operation: Seen, security: Json, why: str) -> Iterator[Action]:
    """Give `operation` this `security` in place of what it has."""
    place = path_of(operation.place)
    if operation.own_security:
        # An update would continue the list that is there.
        yield Action(f"{place}.security", None, why)
    yield Action(place, {"security": security}, why)


def open_logins(operations: Iterable[Seen]) -> Iterator[Action]:
    """Logins for which the document asks for a credential."""
    for operation in operations:
        if not operation.is_public:
            yield from secure(operation, [], "The document asks for a credential here, by the security at its root or its own: nobody could log in.")


def close(operations: Iterable[Seen], scheme: str) -> Iterator[Action]:
    """Operations that the document leaves open although they declare 401."""
    for operation in operations:
        yield from secure(operation, [{scheme: []}], "The document secures nothing, but this operation declares 401.")


def drop_other_ways(operations: Sequence[Seen], scheme: str, keys: set[str]) -> Iterator[Action]:
    """Other credentials that open the same operations: what is certified is the one that the login gives."""
    mine = {scheme, *keys}
    rest = " && ".join(["@.*", *(f"!@[{quoted(name)}]" for name in sorted(mine))])
    for holder, own in ((f"$.paths[*][?@.security[?@[{quoted(scheme)}]]].security", True), ("$.security", False)):
        both = [operation for operation in operations if operation.own_security is own and operation.place[0] == "paths"]
        both = [operation for operation in both if any(scheme in way for way in operation.security)]
        others = sorted({name for operation in both for way in operation.security if not mine & way.keys() for name in way})
        if others:
            why = f"{', '.join(others)}: other credentials for the same operations. What is certified is {scheme}, which the login gives."
            yield Action(f"{holder}[?{rest}]", None, why)


def declare_refusals(operations: Sequence[Seen], scheme: str) -> Iterator[Action]:
    """401 for the secured `operations` that do not declare it, and 403 for those that take a permission.

    DOC-04 would say so at each, and DOC-02 each time that it is answered.
    """
    named = f"?@[{quoted(scheme)}]"
    mine = [operation for operation in operations if not operation.own_security or any(scheme in way for way in operation.security)]
    yield from _declare("401", mine, named, "No valid authentication.", "these protected operations")
    permitted = [operation for operation in mine if any(way.get(scheme) for way in operation.security)]
    yield from _declare("403", permitted, f"{named}[0]", "A permission is missing.", "these operations, which take a permission")


def _declare(status: str, operations: Iterable[Seen], way: str, description: str, whose: str) -> Iterator[Action]:
    """`status` for those of `operations`, each secured in the `way`, that do not declare it."""
    silent = [operation for operation in operations if not {status, "4XX", "default"} & operation.statuses and operation.place[0] == "paths"]
    needed = {
        f"@.security[{way}]": any(operation.own_security for operation in silent),
        "!@.security": any(not operation.own_security for operation in silent),
    }
    for secured, is_needed in needed.items():
        if is_needed:
            target = f"$.paths[*][?{secured} && @.responses && !@.responses['{status}']].responses"
            why = f"The document declares no {status} for {whose}. Remove this where the document itself should say it."
            yield Action(target, {status: {"description": description}}, why)
