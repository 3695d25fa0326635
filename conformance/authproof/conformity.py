"""How an answer departs from what the document declares for it.

It is found while the answer is recorded, since the body that is kept has variables where its secrets were, which no pattern fits.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

import jsonschema_rs

from authproof.exchange import Departure, Misfit, Probe, Response
from authproof_spec import Contract
from authproof_spec.contract import MediaType, Operation
from authproof_spec.document import Document
from authproof_spec.pointer import join

_WITHOUT_CONTENT = frozenset({204, 205, 304})
_SHOWN = 5
"""Departures that are kept of one answer."""


def misfits_of(contract: Contract, probe: Probe, response: Response) -> tuple[Misfit, ...]:
    """The departures of `response`, which answered `probe`; none where the document says nothing of its body."""
    operation = contract.by_id.get(probe.operation or "")
    if operation is None or probe.request.method != operation.method or response.status in _WITHOUT_CONTENT:
        return ()
    return tuple(_misfits(contract.document, operation, response))[:_SHOWN]


def _misfits(document: Document, operation: Operation, response: Response) -> Iterable[Misfit]:
    rule = operation.response(response.status)
    if rule is None or not rule.content:
        return
    declared = " or ".join(media.name for media in rule.content)
    if not response.body:
        yield Misfit(Departure.BODY, f"There is no body where {declared} is declared.")
        return
    media = _declared_as(rule.content, response.media_type)
    if media is None:
        yield Misfit(Departure.MEDIA_TYPE, f"The media type is {response.media_type or 'not given'}, and {declared} is declared.")
    elif response.is_json:
        if not response.is_json_text:
            yield Misfit(Departure.BODY, "The body is not the JSON that its media type says.")
        elif media.schema:
            yield from _departures(document, media.schema, response)


def _declared_as(content: Iterable[MediaType], name: str) -> MediaType | None:
    """The declared media type that `name` is, the most specific one where there are ranges."""
    fitting = [media for media in content if name and fnmatchcase(name, media.essence)]
    return min(fitting, key=lambda media: media.name.count("*"), default=None)


def _departures(document: Document, schema: str, response: Response) -> Iterable[Misfit]:
    value = response.json
    try:
        strict = document.answer_validator(schema, formats=True)
        if strict.is_valid(value):
            return
        # A format that does not fit is less than a schema that does not, so the schema is asked without its formats.
        errors, kind = list(document.answer_validator(schema, formats=False).iter_errors(value)), Departure.SCHEMA
        if not errors:
            errors, kind = list(strict.iter_errors(value)), Departure.FORMAT
    except ValueError:
        # Text with a lone surrogate, or nesting beyond what the validator follows: nothing that a schema allows.
        yield Misfit(Departure.BODY, "The body is nested too deeply, or has text that is no Unicode.")
        return
    for error in errors:
        nearest = _nearest(error)
        yield Misfit(kind, nearest.message, join(nearest.instance_path), join(nearest.schema_path))


def _nearest(error: jsonschema_rs.ValidationError) -> jsonschema_rs.ValidationError:
    """The error itself, or that of the alternative of oneOf or anyOf which comes nearest to fitting."""
    branches = [branch for branch in error.kind.as_dict().get("context", []) if branch] if error.kind.name in {"oneOf", "anyOf"} else []
    return _nearest(min(branches, key=len)[0]) if branches else error
