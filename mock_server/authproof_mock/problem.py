"""Error bodies as problem details (RFC 9457), and other errors that have members of those names."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from authproof_spec.contract import MediaType
from authproof_spec.pointer import Json


def is_problem(media: MediaType | None) -> bool:
    """True for the media type of problem details."""
    return media is not None and media.essence == "application/problem+json"


def details(status: int, detail: str) -> dict[str, Json]:
    """The members of RFC 9457 section 3.1."""
    return {"type": "about:blank", **_members(status), "detail": detail}


def told(sample: Json, status: int, media: MediaType) -> Json:
    """`sample` of an error with its `status` and `title`, where it has such members; and the `type` of a problem that says no more."""
    if status < 400 or not isinstance(sample, Mapping):
        return sample
    members = _members(status) | ({"type": "about:blank"} if is_problem(media) else {})
    return {name: members.get(name, value) for name, value in sample.items()}


def _members(status: int) -> dict[str, Json]:
    known = {one.value: one.phrase for one in HTTPStatus}
    return {"title": known.get(status, "Error"), "status": status}
