"""How answers look: the declared media type, the shape of errors, and who may keep them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from authproof_mock.http import NO_STORE, NOTHING, WITHOUT_BODY, Answer, Content, Headers
from authproof_mock.problem import details
from authproof_mock.refusal import Refusal
from authproof_mock.samples import Samples
from authproof_spec.contract import Application, Contract, Operation, TokenKind
from authproof_spec.error_form import PROBLEM, problem_content
from authproof_spec.pointer import Json, put


class Answers:
    """Gives every answer its last form."""

    def __init__(self, contract: Contract, samples: Samples) -> None:
        self._contract = contract
        self._samples = samples
        # What the document does not declare looks like what it does.
        self._error_type = PROBLEM if problem_content(contract.document) else "application/json"
        self._media_types: dict[tuple[str | None, int], str] = {}
        self._private = frozenset(operation.id for operation in contract.operations if operation.security) | frozenset(_issuing(contract))
        self._carriers = {operation.id: tuple(dict.fromkeys(_carriers(contract, operation))) for operation in contract.operations}

    def refused(self, refusal: Refusal, operation: Operation | None = None) -> Answer:
        """The error answer of `refusal`, with its parts where the contract has them, and as `operation` declares it."""
        status = _declared(refusal, operation) if operation else refusal.status
        return Answer(status, self.error_payload(refusal, status, operation), refusal.headers)

    def error_payload(self, refusal: Refusal, status: int, operation: Operation | None) -> Mapping[str, Json]:
        """The error as JSON, shaped as `operation` declares it."""
        payload = details(status, refusal.message) if self._json_type(status, operation) == PROBLEM else {}
        put(payload, self._contract.error_message, refusal.message)
        if refusal.fields and self._contract.error_fields is not None:
            put(payload, self._contract.error_fields, {name: list(messages) for name, messages in refusal.fields.items()})
        return self._samples.completed(operation, status, payload) if operation else payload

    def finished(self, answer: Answer, operation: Operation | None) -> Answer:
        """`answer` with the headers that do not depend on what it says."""
        headers = [*self.challenged(answer, operation)]
        payload = NOTHING if answer.status in WITHOUT_BODY else answer.payload
        if payload is not NOTHING:
            headers += [("content-type", self.media_type(answer, operation)), ("x-content-type-options", "nosniff")]
        if not answer.headers or not answer.header_values("cache-control"):
            headers += self.caching(operation)
        return Answer(answer.status, payload, headers, answer.delay)

    def challenged(self, answer: Answer, operation: Operation | None) -> Headers:
        """The fields of `answer`, whose challenge is for bearer tokens, with one for each way in which the operation takes tokens.

        What RFC 6750 has a Bearer challenge say of an error has no place in another one, nor has another one a place in a 403.
        """
        carriers = self._carriers.get(operation.id, ()) if operation else ()
        if not carriers or carriers == ("Bearer",) or not answer.header_values("www-authenticate"):
            return answer.headers
        kept = [field for field in answer.headers if field[0] != "www-authenticate" or "Bearer" in carriers]
        further = [("www-authenticate", f'{carrier} realm="{self._contract.realm or "api"}"') for carrier in carriers if carrier != "Bearer"]
        return [*kept, *(further if answer.status == 401 else ())]

    def media_type(self, answer: Answer, operation: Operation | None) -> str:
        """That of the body; for JSON the first such type that the document declares for this status, else that of its errors, or application/json."""
        if isinstance(answer.payload, Content):
            return answer.payload.media_type
        return self._json_type(answer.status, operation)

    def _json_type(self, status: int, operation: Operation | None) -> str:
        place = operation.id if operation else None, status
        if place not in self._media_types:
            self._media_types[place] = self._declared_json_type(status, operation)
        return self._media_types[place]

    def _declared_json_type(self, status: int, operation: Operation | None) -> str:
        rule = operation.response(status) if operation else None
        media = rule.media_type if rule else None
        if media is None:
            return self._error_type if status >= 400 else "application/json"
        return media.name if media.is_json and "*" not in media.name else "application/json"

    def caching(self, operation: Operation | None) -> Iterable[tuple[str, str]]:
        """Nobody keeps a token, a refusal of credentials, or what was meant for one caller (RFC 9111 section 5.2.2.5)."""
        return [NO_STORE] if operation and operation.id in self._private else []


def _declared(refusal: Refusal, operation: Operation) -> int:
    """The status of `refusal`, or the one by which `operation` says the same."""
    status, declared = refusal.status, operation.responses
    if status == 415 and operation.response(415) is None and declared.keys() & {"400", "422"}:
        status = 400
    # Content that is understood and not valid may be told from what is no request at all (RFC 9110 section 15.5.21).
    return 422 if status == 400 and "422" in declared and (refusal.fields or "400" not in declared) else status


def _issuing(contract: Contract) -> Iterator[str]:
    """The operations that issue tokens, which need no security of their own to be private."""
    return (operation.id for application in contract.applications.values() for operation in _givers(application))


def _givers(application: Application) -> Iterator[Operation]:
    """The operations that give the tokens of a session."""
    factor = application.second_factor
    operations = (*(login.operation for login in application.logins), factor.operation if factor else None, application.refresh)
    return (operation for operation in operations if operation)


def _carriers(contract: Contract, operation: Operation) -> Iterator[str]:
    """The scheme of a challenge for each kind of token that opens `operation`; for that of the session that it gives, or asks about."""
    for application in contract.applications.values():
        kinds = [kind for kind in application.bearer_kinds if kind.scheme.name in operation.bearer_schemes]
        if kinds or operation in _of_sessions(application):
            yield from (_scheme(kind) for kind in kinds or [application.access_token])


def _of_sessions(application: Application) -> tuple[Operation, ...]:
    """The operations by which a session begins, goes on, ends and tells whose it is."""
    others = (application.logout, application.identity.operation if application.identity else None)
    return (*_givers(application), *(operation for operation in others if operation))


def _scheme(kind: TokenKind) -> str:
    """How a challenge calls the way of `kind`. What travels outside Authorization has no registered name."""
    return kind.auth_scheme or ("Cookie" if kind.field is None else "ApiKey")
