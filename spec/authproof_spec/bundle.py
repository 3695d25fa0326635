"""Several files as one document: what references lead to elsewhere is taken in, and the references with it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, MutableMapping
from pathlib import Path, PurePosixPath
from typing import cast
from urllib.parse import unquote, urljoin

from authproof_spec.document import BUNDLED, Document, parts_of
from authproof_spec.errors import ContractError, Problem
from authproof_spec.pointer import Json, get, join

_MOST_FILES = 1000
EXTERNAL = "externalValue"
"""The member of an example that says where its value is; it is taken in where it can be read as the document itself was."""

Read = Callable[[str], Document]


def bundled(document: Document, read: Read) -> Document:
    """`document` with every file that it refers to under components/x-bundled; the same one when it refers to none.

    `read` gives the document at a path or URL. Raises ContractError with every reference that leads nowhere.
    """
    if not any(_leads_out(part.get("$ref")) or EXTERNAL in part for _, part in parts_of(document.root)):
        return document
    return _Bundler(document, read).document()


def _leads_out(reference: Json) -> bool:
    return isinstance(reference, str) and not reference.startswith("#")


class _Bundler:
    def __init__(self, document: Document, read: Read) -> None:
        self._main = document
        self._read = read
        self._files: dict[str, Document] = {}
        self._roots: dict[str, Json] = {}
        self._problems: list[Problem] = []

    def document(self) -> Document:
        root = cast("MutableMapping[str, Json]", self._rewritten(self._main, ""))
        if self._problems:
            raise ContractError(self._problems)
        if self._files:
            components = cast("MutableMapping[str, Json]", root.setdefault("components", {}))
            components[BUNDLED] = {str(number): self._roots[source] for number, source in enumerate(self._files)}
        return self._main.changed(root)

    def _rewritten(self, document: Document, prefix: str) -> Json:
        """A copy of the document in which each reference leads to its place in the whole. `prefix` is where this file stands."""
        root = copy.deepcopy(document.root)
        for path, part in parts_of(root):
            reference, external = part.get("$ref"), part.get(EXTERNAL)
            if isinstance(external, str) and "examples" in path and (value := _example(_beside(document.source, unquote(external)))) is not None:
                cast("MutableMapping[str, Json]", part)["value"] = value
                cast("MutableMapping[str, Json]", part).pop(EXTERNAL)
            if isinstance(reference, str):
                cast("MutableMapping[str, Json]", part)["$ref"] = self._place(document, prefix, join((*path, "$ref")), reference)
        return cast("Json", root)

    def _place(self, document: Document, prefix: str, where: str, reference: str) -> str:
        name, _, fragment = reference.partition("#")
        if not name and document is self._main:
            return reference
        if not name:
            self._check(document, document, where, reference, fragment)
            return f"#{prefix}{fragment}"
        source = _beside(document.source, unquote(name))
        if source == _beside(self._main.source, PurePosixPath(self._main.source).name):
            return f"#{fragment}"
        other = self._take_in(document, where, reference, source)
        if other is None:
            return reference
        self._check(document, other, where, reference, fragment)
        return f"#/components/{BUNDLED}/{list(self._files).index(source)}{fragment}"

    def _check(self, document: Document, other: Document, where: str, reference: str, fragment: str) -> None:
        if get(other.root, unquote(fragment)) is None:
            mend = "Correct the part after #; it is a JSON pointer into that file."
            self._problems.append(document.problem(where, f"The reference {reference!r} leads nowhere in {other.source}.", mend))

    def _take_in(self, document: Document, where: str, reference: str, source: str) -> Document | None:
        """The file at `source`, read the first time that something refers to it."""
        if source in self._files:
            return self._files[source]
        if len(self._files) >= _MOST_FILES:
            self._problems.append(document.problem(where, f"There are more than {_MOST_FILES} files.", "Bundle them beforehand."))
            return None
        try:
            other = self._read(source)
        except ContractError as error:
            what = " ".join(problem.message for problem in error.problems)
            mend = "Correct the reference, or the file."
            self._problems.append(document.problem(where, f"The reference {reference!r} leads to {source}: {what}", mend))
            return None
        self._files[source] = other
        self._roots[source] = None
        self._roots[source] = self._rewritten(other, f"/components/{BUNDLED}/{list(self._files).index(source)}")
        return other


def _example(source: str) -> Json:
    """The value at `source`: what its JSON says, else its text; None where it cannot be read. Nothing is fetched from afar for an example."""
    try:
        text = Path(source).read_text("utf-8")
    except (OSError, ValueError):
        return None
    try:
        return cast("Json", json.loads(text))
    except ValueError:
        return text


def _beside(base: str, name: str) -> str:
    """The path or URL that `name` means in the file at `base`."""
    if base.startswith(("http://", "https://")) or name.startswith(("http://", "https://")):
        return urljoin(base, name)
    folder = PurePosixPath(base.replace("\\", "/")).parent
    return _normal(folder / name)


def _normal(path: PurePosixPath) -> str:
    """The path without `..` where it can be said without, so that one file has one name."""
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts and parts[-1] not in {"..", "/"}:
            parts.pop()
        else:
            parts.append(part)
    return str(PurePosixPath(*parts))
