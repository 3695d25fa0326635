"""A YAML or JSON document: its tree, its references, and the line of each of its parts."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import jsonschema_rs
import yaml

from authproof_spec.errors import ContractError, Problem
from authproof_spec.pointer import Json, get, join, split

_MAXIMUM_BYTES = 20_000_000
_URN = "urn:authproof:document"


class _Loader(yaml.CSafeLoader):
    """YAML with the types of JSON alone: a date stays text, and `on` or `yes` is no boolean."""


# PyYAML reads YAML 1.1; OpenAPI recommends the JSON schema of YAML 1.2, so its own guesses go.
_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][-+]?[0-9]+)?$"),
    list("-+0123456789."),
)


def _construct_mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Json]:
    """A mapping with text keys (a bare 200 means "200"), in which no key stands twice."""
    loader.flatten_mapping(node)
    mapping: dict[str, Json] = {}
    for key_node, value_node in node.value:
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
        if key is None or key in mapping:
            why = "a key that is not text" if key is None else f"the key {key!r} stands twice"
            raise yaml.constructor.ConstructorError(None, None, f"found {why}", key_node.start_mark)
        mapping[key] = loader.construct_object(value_node, deep=True)
    return mapping


_Loader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)


class Document:
    """A parsed document. Nothing changes it after it was read.

    source: the path or URL that it came from, for messages.
    """

    def __init__(self, text: str, source: str) -> None:
        """Parse `text`. Raises ContractError when it is neither YAML nor JSON, or not an object."""
        self.source = source
        self._text = text
        try:
            root = yaml.load(text, Loader=_Loader)  # noqa: S506  # a subclass of the safe loader
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            mark = getattr(error, "problem_mark", None)
            what = getattr(error, "problem", None) or str(error) or type(error).__name__
            line = None if mark is None else mark.line + 1
            problem = Problem(source, line, "", f"This is not readable as YAML or JSON: {what}.", "Correct the syntax there.")
            raise ContractError([problem]) from error
        if not isinstance(root, dict):
            problem = Problem(source, 1, "", "The document is not an object.", "Give an OpenAPI document, which starts with `openapi: 3.1.0`.")
            raise ContractError([problem])
        self.root: Mapping[str, Json] = root
        self._registry = jsonschema_rs.Registry([(_URN, root)])

    def problem(self, pointer: str, message: str, mend: str) -> Problem:
        """A problem at `pointer`, with the line on which that part stands."""
        return Problem(self.source, self.line_of(pointer), pointer, message, mend)

    def line_of(self, pointer: str) -> int | None:
        """The line (from 1) of the part at `pointer`, or of the nearest part around it that exists."""
        node = self._nodes
        line = None if node is None else node.start_mark.line + 1
        for token in split(pointer):
            found = None
            if isinstance(node, yaml.MappingNode):
                for key, value in node.value:
                    if isinstance(key, yaml.ScalarNode) and key.value == token:
                        found, line = value, key.start_mark.line + 1
            elif isinstance(node, yaml.SequenceNode) and token.isdecimal() and int(token) < len(node.value):
                found = node.value[int(token)]
                line = found.start_mark.line + 1
            if found is None:
                return line
            node = found
        return line

    @functools.cached_property
    def _nodes(self) -> yaml.Node | None:
        return yaml.compose(self._text, Loader=_Loader)

    def resolve(self, value: Json) -> Json:
        """`value`, or what it refers to when it is a reference within this document."""
        seen: set[str] = set()
        while isinstance(value, Mapping) and isinstance(reference := value.get("$ref"), str) and reference not in seen:
            seen.add(reference)
            value = get(self.root, reference.removeprefix("#")) if reference.startswith("#/") else None
        return value

    def problems_of_references(self) -> list[Problem]:
        """A problem for each `$ref` that leads nowhere, in a circle of references alone, or out of this document."""
        problems = []
        for pointer, reference in _references(self.root, ()):
            if not reference.startswith("#"):
                mend = "Bundle the documents into one; this release reads references within one document."
                problems.append(self.problem(pointer, f"The reference {reference!r} leads to another document.", mend))
            elif self.resolve({"$ref": reference}) is None:
                mend = "Correct the reference, or add what it names."
                problems.append(self.problem(pointer, f"The reference {reference!r} leads nowhere.", mend))
        return problems

    def validator(self, pointer: str) -> jsonschema_rs.Draft202012Validator:
        """A validator of the JSON Schema that stands at `pointer`, formats included."""
        return jsonschema_rs.Draft202012Validator({"$ref": f"{_URN}#{quote(pointer, safe='/~')}"}, validate_formats=True, registry=self._registry)


def _references(value: Json, path: tuple[object, ...]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if isinstance(value, Mapping):
        reference = value.get("$ref")
        if isinstance(reference, str) and (not path or path[-1] not in {"properties", "example", "value"}):
            found.append((join((*path, "$ref")), reference))
        for key, child in value.items():
            if key not in {"example", "examples", "default", "enum", "const"}:
                found += _references(child, (*path, key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, child in enumerate(value):
            found += _references(child, (*path, index))
    return found


def read_document(source: str | Path) -> Document:
    """Read a document from a path, or from an http or https URL. Raises ContractError when it cannot be read."""
    name = str(source)
    try:
        raw = _download(name) if name.startswith(("http://", "https://")) else Path(source).read_bytes()
        text = raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        what = getattr(error, "strerror", None) or str(error)
        raise ContractError(
            [Problem(name, None, "", f"The document cannot be read: {what}.", "Give the path or URL of an OpenAPI document in UTF-8.")]
        ) from error
    return Document(text, name)


def _download(url: str) -> bytes:
    import httpx

    try:
        with httpx.stream("GET", url, timeout=10, follow_redirects=True) as response:
            response.raise_for_status()
            content = b""
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > _MAXIMUM_BYTES:
                    raise ValueError(f"it is larger than {_MAXIMUM_BYTES} bytes")
            return content
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ValueError(str(error)) from error
