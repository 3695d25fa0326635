"""How answers look: the declared media type, the shape of errors, and who may keep them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from authproof_mock.http import NO_STORE, NOTHING, Answer
from authproof_mock.refusal import Refusal
from authproof_mock.samples import Samples
from authproof_spec.contract import Contract, Operation
from authproof_spec.pointer import Json, put


class Answers:
    """Gives every answer its last form."""

    def __init__(self, contract: Contract, samples: Samples) -> None:
        self._contract = contract
        self._samples = samples
        self._media_types: dict[tuple[str, int], str] = {}
        self._private = frozenset(operation.id for operation in contract.operations if operation.security) | frozenset(_issuing(contract))

    def refused(self, refusal: Refusal, operation: Operation | None = None) -> Answer:
        """The error answer of `refusal`, with its parts where the contract has them, and as `operation` declares it."""
        status = refusal.status
        # Content that is understood and not valid may be told from what is no request at all (RFC 9110 section 15.5.21).
        if status == 400 and operation and "422" in operation.responses and (refusal.fields or operation.response(400) is None):
            status = 422
        payload = self.error_payload(refusal)
        return Answer(status, self._samples.completed(operation, status, payload) if operation else payload, refusal.headers)

    def error_payload(self, refusal: Refusal) -> dict[str, Json]:
        """The error as JSON."""
        payload: dict[str, Json] = {}
        put(payload, self._contract.error_message, refusal.message)
        if refusal.fields and self._contract.error_fields is not None:
            put(payload, self._contract.error_fields, {name: list(messages) for name, messages in refusal.fields.items()})
        return payload

    def finished(self, answer: Answer, operation: Operation | None) -> Answer:
        """`answer` with the headers that do not depend on what it says."""
        headers = [*answer.headers]
        if answer.payload is not NOTHING:
            headers += [("content-type", self.media_type(answer, operation)), ("x-content-type-options", "nosniff")]
        headers += self.caching(operation)
        return Answer(answer.status, answer.payload, headers, answer.delay)

    def media_type(self, answer: Answer, operation: Operation | None) -> str:
        """The first JSON type that the document declares for this status, else application/json."""
        if operation is None:
            return "application/json"
        place = operation.id, answer.status
        if place not in self._media_types:
            rule = operation.response(answer.status)
            media = rule.media_type if rule else None
            self._media_types[place] = media.name if media and media.name.endswith(("/json", "+json")) else "application/json"
        return self._media_types[place]

    def caching(self, operation: Operation | None) -> Iterable[tuple[str, str]]:
        """Nobody keeps a token, a refusal of credentials, or what was meant for one caller (RFC 9111 section 5.2.2.5)."""
        return [NO_STORE] if operation and operation.id in self._private else []


def _issuing(contract: Contract) -> Iterator[str]:
    """The operations that issue tokens, which need no security of their own to be private."""
    for application in contract.applications.values():
        factor = application.second_factor
        operations = (*(login.operation for login in application.logins), factor.operation if factor else None, application.refresh)
        yield from (operation.id for operation in operations if operation)
