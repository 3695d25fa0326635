"""Answers of operations that the mock knows nothing of, from the document's examples and schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from authproof_mock.contents import content
from authproof_mock.generated import Generator
from authproof_mock.http import NOTHING, WITHOUT_BODY, Answer, Content, Nothing
from authproof_mock.plain import Place, Plain
from authproof_mock.problem import told
from authproof_spec.contract import MediaType, Operation, Parameter, ResponseRule
from authproof_spec.document import Document, fragment
from authproof_spec.pointer import Json, join


class Samples:
    """Makes what the document declares: an example that fits its schema, else the plainest value that does, else a generated one.

    The plainest value is made twice: at first from the words of the schema alone, which is fast and nearly always right. Where it does not
    fit, every part of it that its own schema refuses is replaced. Where nothing fits, the first of the two stays.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._plain = Plain(document, lambda _, proposed: next(proposed))
        self._mended = Plain(document, self._fitting)
        self._generator = Generator(document)
        self._generated: dict[Place, Json | Nothing] = {}
        self._answers: dict[tuple[str, int, str | None], Answer] = {}
        self._as_declared: set[tuple[str, int]] = set()

    def answer(self, operation: Operation, status: int | None = None, example: str | None = None) -> Answer:
        """What `operation` declares for `status`, its success when None: `example` as it stands, else a value that fits. Raises KeyError."""
        status = operation.success_status if status is None else status
        key = operation.id, status, example
        if key not in self._answers:
            rule = operation.response(status)
            media = rule.media_type if rule and status not in WITHOUT_BODY else None
            payload = NOTHING if media is None else self._payload(media, status, example)
            self._answers[key] = Answer(status, payload, list(self._headers(rule)) if rule else [])
        return self._answers[key]

    def examples(self, operation: Operation, status: int | None = None) -> Mapping[str, Json]:
        """The examples of what is declared for `status`, the success when None, by name; the name of the only one is empty."""
        rule = operation.response(operation.success_status if status is None else status)
        media = rule.media_type if rule else None
        return _examples(media) if media else {}

    def completed(self, operation: Operation, status: int, payload: Mapping[str, Json]) -> Mapping[str, Json]:
        """`payload` with the members that the document demands beside what we know of; for an error that is shaped otherwise, its sample.

        Payloads of one place are made alike, so once one is as declared, no later one is looked at.
        """
        rule = operation.response(status)
        media = rule.media_type if rule else None
        place = operation.id, status
        if place in self._as_declared or media is None or media.schema is None:
            return payload
        if self._fits(media.schema, payload):
            self._as_declared.add(place)
            return payload
        sample = self.answer(operation, status).payload
        if not isinstance(sample, Mapping):
            return payload
        known = {name: payload.get(name, value) for name, value in sample.items()}
        candidates = [{**sample, **payload}, *([known, sample] if status >= 400 else [])]
        return next((candidate for candidate in candidates if self._fits(media.schema, candidate)), payload)

    def _payload(self, media: MediaType, status: int, example: str | None) -> Json | Content | Nothing:
        value = self._value(media, status) if example is None else _examples(media)[example]
        return value if media.is_json else content(media, value)

    def _value(self, media: MediaType, status: int) -> Json:
        if media.schema is None:
            return next(iter(_examples(media).values()), None)
        schema = media.schema
        fitting = (candidate for candidate in self._candidates(media, schema, status) if self._fits(schema, candidate))
        return next(fitting, self._plain.of(schema))

    def _candidates(self, media: MediaType, schema: str, status: int) -> Iterator[Json]:
        yield from _examples(media).values()
        for maker in (self._plain, self._mended):
            sample = maker.of(schema)
            yield told(sample, status, media)
            yield sample

    def _fitting(self, place: Place, proposed: Iterator[Json]) -> Json:
        """The first proposed value that the schema at `place` allows, else a generated one; the first of all where nothing fits."""
        pointer = join(place)
        refused = []
        for value in proposed:
            if self._fits(pointer, value):
                return value
            refused.append(value)
        if place not in self._generated:
            self._generated[place] = self._generator.value(fragment(pointer))
        made = self._generated[place]
        return refused[0] if isinstance(made, Nothing) or not self._fits(pointer, made) else made

    def _fits(self, schema: str, value: Json) -> bool:
        try:
            return self._document.answer_validator(schema, formats=True).is_valid(value)
        except (ValueError, TypeError):  # text that no schema follows, or nothing that JSON can say
            return False

    def _headers(self, rule: ResponseRule) -> Iterator[tuple[str, str]]:
        """The header fields that an answer must have."""
        for name, header in rule.headers.items():
            # The media type is what the body has, whatever is written here (OpenAPI, Response Object).
            if header.required and name != "content-type":
                yield name, _field(self._of_header(header))

    def _of_header(self, header: Parameter) -> Json:
        examples = {} if header.example is None else {"": header.example}
        return self._value(MediaType("text/plain", header.schema, examples), 200)


def _examples(media: MediaType) -> Mapping[str, Json]:
    # They stand in the document, so they are JSON.
    return cast("Mapping[str, Json]", media.examples)


def _field(value: Json) -> str:
    """`value` as a header field has it (OpenAPI, style simple)."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(map(_field, value))
    text = value if isinstance(value, str) else json.dumps(value)
    return text if value is not None and text.isascii() and text.isprintable() else "text"
