"""OpenAPI Overlay 1.0: changes to a document that one does not own."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import TYPE_CHECKING, cast

from authproof_spec.document import Change, Document
from authproof_spec.errors import ContractError, Problem
from authproof_spec.pointer import Json, get, join

if TYPE_CHECKING:
    from jsonpath_rfc9535 import JSONPathNode

_MEND_TARGET = "Correct the JSONPath (RFC 9535), such as $.paths['/users'].get."


def overlaid(document: Document, overlays: Iterable[Document]) -> Document:
    """`document` with the actions of each of `overlays` carried out, in their order. Raises ContractError with everything that is wrong."""
    for overlay in overlays:
        _raise_if(_problems_of_form(overlay))
        root = copy.deepcopy(dict(document.root))
        problems = []
        changes: list[Change] = []
        for index, action in enumerate(cast("Sequence[Mapping[str, Json]]", overlay.root["actions"])):
            problems += _carry_out(overlay, root, ("actions", index), action, changes)
        _raise_if(problems)
        document = document.changed(root, changes)
    return document


def _raise_if(problems: Sequence[Problem]) -> None:
    if problems:
        raise ContractError(problems)


def _problems_of_form(overlay: Document) -> list[Problem]:
    version, actions = overlay.root.get("overlay"), overlay.root.get("actions")
    if not (isinstance(version, str) and version.startswith("1.")):
        found = "has no `overlay` member" if version is None else f"says `overlay: {version}`"
        return [overlay.problem("/overlay", f"The document {found}.", "Give an OpenAPI Overlay, with `overlay: 1.0.0` at its root.")]
    if not isinstance(actions, list) or not actions:
        return [overlay.problem("/actions", "The overlay has no list of actions.", "Add actions, each with a target and an update or remove: true.")]
    problems = []
    for index, action in enumerate(actions):
        where = f"/actions/{index}"
        if not isinstance(action, Mapping) or not isinstance(action.get("target"), str):
            problems.append(overlay.problem(where, "The action has no target.", _MEND_TARGET))
        elif "update" not in action and action.get("remove") is not True:
            problems.append(overlay.problem(where, "The action says neither update nor remove: true.", "Add one of them."))
    return problems


def _carry_out(overlay: Document, root: dict[str, Json], where: Sequence[object], action: Mapping[str, Json], changes: list[Change]) -> list[Problem]:
    """Carry `action` out on `root`, and note in `changes` what it adds and takes away."""
    import jsonpath_rfc9535

    place = join((*where, "target"))
    try:
        found = list(jsonpath_rfc9535.find(str(action["target"]), root))
    except jsonpath_rfc9535.JSONPathError as error:
        return [overlay.problem(place, f"The target is no JSONPath: {str(error).partition(', line')[0]}.", _MEND_TARGET)]
    if not found:
        return [overlay.problem(place, f"The target {action['target']!r} matches nothing in the document.", _MEND_TARGET)]
    if action.get("remove") is True:
        # The last ones of a list first, so that the others keep their places.
        for node in reversed(found):
            if not node.location:
                return [overlay.problem(place, "The target is the whole document, of which nothing would be left.", "Name a part of it.")]
            _remove(root, node)
            if isinstance(node.location[-1], str):  # in a list, the next one stands there now
                changes.append(_change(node, overlay, (*where, "remove"), removes=True))
        return []
    problems = []
    for node in found:
        if isinstance(node.value, MutableSequence):
            node.value.append(copy.deepcopy(action["update"]))
        elif isinstance(node.value, MutableMapping) and isinstance(action["update"], Mapping):
            _merge(cast("MutableMapping[str, Json]", node.value), action["update"])
            changes.append(_change(node, overlay, (*where, "update")))
        else:
            message = f"The target {node.path()} is not an object that the update could be merged into, nor a list."
            problems.append(overlay.problem(place, message, "Name the object around it, and give its new member in the update."))
    return problems


def _change(node: JSONPathNode, overlay: Document, place: Sequence[object], *, removes: bool = False) -> Change:
    return Change(tuple(str(token) for token in node.location), overlay, tuple(str(token) for token in place), removes)


def _remove(root: Json, node: JSONPathNode) -> None:
    *parents, last = node.location
    holder = get(root, join(parents))
    if isinstance(holder, MutableMapping):
        holder.pop(str(last), None)
    elif isinstance(holder, MutableSequence):
        del holder[int(last)]


def _merge(target: MutableMapping[str, Json], update: Mapping[str, Json]) -> None:
    """Objects are merged member by member, lists are continued, anything else is replaced (Overlay 1.0, Action Object)."""
    for name, value in update.items():
        there = target.get(name)
        if isinstance(there, MutableMapping) and isinstance(value, Mapping):
            _merge(cast("MutableMapping[str, Json]", there), value)
        elif isinstance(there, MutableSequence) and isinstance(value, list):
            there.extend(copy.deepcopy(value))
        else:
            target[name] = copy.deepcopy(value)
