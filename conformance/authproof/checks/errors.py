"""ERR and DOC: error answers, and agreement with the document. All of them judge whatever was seen."""

from __future__ import annotations

from authproof.checks.answers import came_from_elsewhere, response_of
from authproof.checks.registry import EVERYTHING, check, everything, readable
from authproof.evidence import Evidence, flow_operations
from authproof.exchange import Exchange
from authproof.reading import is_json, media_type
from authproof.verdict import Judgement, broken, met, undecided, untestable
from authproof_spec import Operation
from authproof_spec.pointer import get

GIVES_TOKENS = frozenset({"access_token", "refresh_token", "personal_access_token", "challenge"})


NOT_ASKED = untestable("The run had no reason to ask this operation.")


@check("ERR-01", on=everything, reads=EVERYTHING)
def client_errors_are_json_with_a_message(seen: Evidence, operation: Operation) -> Judgement:
    """Every 4xx has a JSON object with a message (RFC 9457 section 3)."""
    errors = [e for e in seen.on(operation) if 400 <= e.status < 500 and e.probe.request.method != "HEAD" and not came_from_elsewhere(response_of(e))]
    if not errors:
        return untestable("No error was observed here.")
    for exchange in errors:
        response = response_of(exchange)
        body = response.json
        if not is_json(response) or not isinstance(body, dict):
            return broken(f"An error {response.status} is no JSON object but {media_type(response) or 'without a media type'}.", exchange)
        if not _says_something(seen, exchange):
            return broken(f"An error {response.status} has no message.", exchange)
    return met(f"Each of {len(errors)} errors is a JSON object with a message.", errors[0])


def _says_something(seen: Evidence, exchange: Exchange) -> bool:
    body = response_of(exchange).json
    fields = seen.contract.error_fields
    names_fields = exchange.status in {400, 422} and fields is not None and isinstance(get(body, fields), dict)
    return names_fields or any(isinstance(get(body, pointer), str) for pointer in (seen.contract.error_message, "/title", "/detail"))


@check("ERR-05", on=everything, reads=EVERYTHING)
def no_answer_repeats_a_secret(seen: Evidence, operation: Operation) -> Judgement:
    """No answer repeats a token, password or code that was sent (CWE-209)."""
    exchanges = seen.on(operation)
    if not exchanges:
        return NOT_ASKED
    gives_tokens = any(operation in flow_operations(application) for application in seen.contract.applications.values())
    for exchange in exchanges:
        request, response = exchange.probe.request, response_of(exchange)
        sent_text = request.target + " ".join(value for _, value in request.headers) + (request.body or b"").decode("utf-8", "replace")
        answer = response.body.decode("utf-8", "replace") + " ".join(value for _, value in response.headers)
        repeated = set(seen.tokens_in(sent_text)) & set(seen.tokens_in(answer))
        if response.is_success and gives_tokens:
            # Within a declared grace the same successor may come again: such an answer gives a token, it does not echo one.
            repeated = {name for name in repeated if seen.facts[name].kind not in GIVES_TOKENS}
        if repeated:
            return broken(f"The answer repeats a secret of the request ({seen.facts[min(repeated)].kind}).", exchange)
    return met(f"None of {len(exchanges)} answers repeats a secret of its request.", exchanges[0])


@check("ERR-07", on=everything, reads=EVERYTHING)
def nothing_makes_the_server_fail(seen: Evidence, operation: Operation) -> Judgement:
    """No request makes the server answer 5xx (CWE-755)."""
    exchanges = seen.on(operation)
    if not exchanges:
        return NOT_ASKED
    failures = [exchange for exchange in exchanges if exchange.status >= 500]
    if not failures:
        return met(f"None of {len(exchanges)} answers is a server error.", exchanges[0])
    own = [exchange for exchange in failures if not came_from_elsewhere(response_of(exchange))]
    if not own:
        return undecided("A proxy in front of the application answered with an error.", *failures)
    return broken(f"{len(own)} of {len(exchanges)} requests make the server fail with {own[0].status}.", *own[:3])


@check("DOC-02", on=everything, reads=EVERYTHING)
def every_status_is_declared(seen: Evidence, operation: Operation) -> Judgement:
    """Every status met is declared for its operation (OpenAPI, Responses Object)."""
    exchanges = [exchange for exchange in seen.on(operation) if exchange.probe.request.method == operation.method]
    if not exchanges:
        return NOT_ASKED
    for exchange in exchanges:
        if operation.response(exchange.status) is None and not came_from_elsewhere(response_of(exchange)):
            return broken(f"The status {exchange.status} is not declared for this operation.", exchange)
    statuses = ", ".join(str(status) for status in sorted({exchange.status for exchange in exchanges}))
    return met(f"Every status met is declared: {statuses}.", exchanges[0])


@check("DOC-06", on=readable, reads=("public", "bearer"))
def only_public_operations_are_public(seen: Evidence, operation: Operation) -> Judgement:
    """Without credentials a public operation is served, and no protected one is (CWE-306)."""
    exchange = seen.one("public" if operation.is_public else "bearer.none", operation)
    served = response_of(exchange).is_success
    if exchange.status == 429 or came_from_elsewhere(response_of(exchange)):
        return undecided(f"The answer {exchange.status} does not decide.", exchange)
    if exchange.status >= 500 and not operation.is_public:
        return undecided(f"The server fails with {exchange.status}, so it is not seen whether it would ask for credentials.", exchange)
    if operation.is_public and not served:
        return broken(f"The operation is declared public, and is answered {exchange.status} without credentials.", exchange)
    if served and not operation.is_public:
        return broken(f"The operation is declared protected, and is answered {exchange.status} without credentials.", exchange)
    return met(
        "The operation is served without credentials, as declared." if served else "The operation is not served without credentials.", exchange
    )
