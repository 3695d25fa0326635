"""How a document shapes its errors, so that what is added to it shapes them alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from authproof_spec.document import Document, parts_of
from authproof_spec.pointer import Json

PROBLEM = "application/problem+json"


def problem_content(document: Document) -> Mapping[str, Json] | None:
    """The `content` of errors where the first error of `document` that has a body is a problem (RFC 9457); else None."""
    first = next(_error_contents(document), None)
    media = first.get(PROBLEM) if first and len(first) == 1 else None
    return {PROBLEM: {"schema": media["schema"]}} if isinstance(media, Mapping) and "schema" in media else None


def with_errors(tree: Any, content: Mapping[str, Json]) -> None:
    """Change `tree` so that every error which may be a problem has `content`."""
    for _, part in list(parts_of(tree)):
        there = part.get("content")
        if isinstance(there, Mapping) and PROBLEM in there:
            part["content"] = content  # type: ignore[index]  # the tree is the caller's own


def _error_contents(document: Document) -> Iterator[Mapping[str, Json]]:
    """What each error of an operation may have as a body."""
    for _, part in parts_of(document.root):
        responses = part.get("responses")
        for status, raw in responses.items() if isinstance(responses, Mapping) else ():
            response = document.resolve(raw)
            content = response.get("content") if isinstance(response, Mapping) else None
            if (status == "default" or status[0] in "45") and isinstance(content, Mapping) and content:
                yield content
