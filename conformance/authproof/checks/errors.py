"""ERR: error answers. All of these judge whatever was seen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias
from urllib.parse import urlsplit

from authproof.checks.answers import came_from_elsewhere, response_of
from authproof.checks.registry import EVERYTHING, check, everything, first_logins, the_first_login
from authproof.evidence import Evidence, NotObserved, flow_operations, is_call_of
from authproof.exchange import Exchange, Response
from authproof.verdict import Judgement, broken, met, undecided, untestable, weak
from authproof_spec import Contract, Operation
from authproof_spec.pointer import Json, get, split

GIVES_TOKENS = frozenset({"access_token", "refresh_token", "personal_access_token", "challenge"})
NOT_ASKED = untestable("The run had no reason to ask this operation.")
NO_ERROR = untestable("No error was observed here.")
_KINDS = frozenset({400, 401, 403, 404})
"""The errors that an API itself gives everywhere, and that should therefore look alike."""
_NOT_UNDERSTOOD = frozenset({501, 505})
"""The right answers to a method or version that the server does not know (RFC 9110 sections 15.6.2 and 15.6.6)."""


@check("ERR-01", on=everything, reads=EVERYTHING)
def client_errors_are_json_with_a_message(seen: Evidence, operation: Operation) -> Judgement:
    """Every 4xx that the document does not declare otherwise has a JSON object with a message (RFC 9457 section 3)."""
    errors = [exchange for exchange in _errors(seen, operation) if exchange.status < 500 and _should_be_json(operation, exchange.status)]
    if not errors:
        return NO_ERROR
    for exchange in errors:
        response = response_of(exchange)
        if not response.is_json or not isinstance(response.json, dict):
            found = response.media_type or "has no media type"
            if exchange.status == 404 and operation.path_parameters:
                return weak(f"An error 404 is no JSON object ({found}); it may be the router's, which knows no such path.", exchange)
            return broken(f"An error {response.status} is no JSON object ({found}).", exchange)
        if not _says_something(seen, exchange):
            return broken(f"An error {response.status} has no message.", exchange)
    return met(f"Each of {len(errors)} errors is a JSON object with a message.", errors[0])


def _errors(seen: Evidence, operation: Operation) -> list[Exchange]:
    """The errors that the application gave to calls of `operation`."""
    return [exchange for exchange in seen.calls(operation) if exchange.status >= 400 and not came_from_elsewhere(response_of(exchange))]


def _should_be_json(operation: Operation, status: int) -> bool:
    """False where the document declares the status without content, or with content that is no JSON."""
    rule = operation.response(status)
    return rule is None or any(media.is_json or media.essence.endswith("/*") for media in rule.content)


def _says_something(seen: Evidence, exchange: Exchange) -> bool:
    body = response_of(exchange).json
    fields = seen.contract.error_fields
    names_fields = exchange.status in {400, 422} and fields is not None and isinstance(get(body, fields), dict | list)
    texts = (get(body, pointer) for pointer in (seen.contract.error_message, "/title", "/detail"))
    return names_fields or any(isinstance(text, str) and text.strip() for text in texts)


@check("ERR-02", on=everything, reads=EVERYTHING)
def problem_details_are_as_their_standard_says(seen: Evidence, operation: Operation) -> Judgement:
    """The members of a problem+json body have their types, and its status is that of the answer (RFC 9457 section 3.1)."""
    problems = [exchange for exchange in seen.calls(operation) if response_of(exchange).media_type == "application/problem+json"]
    if not problems:
        return untestable("No answer of the type application/problem+json was observed here.")
    for exchange in problems:
        body = response_of(exchange).json
        if not isinstance(body, dict):
            return broken("A problem+json body is no JSON object.", exchange)
        status = body.get("status", exchange.status)
        if isinstance(status, bool) or status != exchange.status:
            return broken(f"The member status is not {exchange.status}, the status of the answer, as a number.", exchange)
        for name in ("title", "detail", "type", "instance"):
            value = body.get(name, "")
            if not isinstance(value, str):
                return broken(f"The member {name} is no text.", exchange)
            if name in {"type", "instance"} and not _is_reference(value):
                return broken(f"The member {name} is no URI reference.", exchange)
    return met(f"Each of {len(problems)} problem+json bodies is as its standard says.", problems[0])


def _is_reference(value: str) -> bool:
    try:
        urlsplit(value)
    except ValueError:
        return False
    return re.search(r'[\s<>"{}|^`\\]', value) is None


@check("ERR-03", on=first_logins, reads="logins")
def refusal_names_the_fields_at_fault(seen: Evidence, operation: Operation) -> Judgement:
    """A 400 to missing fields names them in the declared shape (contract)."""
    if seen.contract.error_fields is None:
        return untestable("The contract does not say where errors name fields (errors.fields).")
    exchange = seen.one("login.empty", operation)
    if exchange.status not in {400, 422}:
        return undecided(f"A login without its fields is answered {exchange.status}, not 400.", exchange)
    missing = _credentials(seen.contract, operation)
    said = _names_in(get(response_of(exchange).json, seen.contract.error_fields))
    # Who stops at the first field at fault names that one; paths to a field come in several spellings.
    named = missing & {part for name in said for part in (name, *re.split(r"[./\[\]]", name))}
    if not named:
        return broken(f"A login without its fields is answered {exchange.status}, which names none of {', '.join(sorted(missing))}.", exchange)
    return met(f"The answer {exchange.status} names {', '.join(sorted(named))}.", exchange)


def _credentials(contract: Contract, operation: Operation) -> set[str]:
    """The names of the fields that the document demands of a login."""
    logins = (login for application in contract.applications.values() for login in application.logins if login.operation == operation)
    return {split(pointer)[-1] for login in logins for pointer in login.credentials}


def _names_in(value: Json) -> set[str]:
    """Every name of a member, and every text, anywhere in `value`: errors are told by field, or in a list whose entries name theirs."""
    found: set[str] = set()
    parts = [value]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            found.update(part)
            parts += part.values()
        elif isinstance(part, list):
            parts += part
        elif isinstance(part, str):
            found.add(part)
    return found


# What only the inside of a program has. Each is narrow: a message may well speak of a file, a line or a selection.
_LEAKS: Mapping[str, re.Pattern[str]] = {
    "a stack trace": re.compile(
        r"Traceback \(most recent call last\)"
        r'|File "[^"\n]+", line \d+, in '
        r"|\bat [\w$.<>]+\([\w$]+\.(?:java|kt|scala):\d+\)"
        r"|\bat (?:async )?[^\n(]{0,200}\(?(?:file://|node:|[A-Za-z]:\\|/)[^\s()]+:\d+:\d+\)?"
        r"|\bat [\w.`<>\[\]]+\([^)\n]*\) in [^\n]+:line \d+"
        r"|goroutine \d+ \[|\.go:\d+ \+0x[0-9a-f]+"
        r"|\.rb:\d+:in ['`]|#\d+ /[^\s(]+\.php\(\d+\)|thread '[^']+' panicked at"
    ),
    "a database query or its error": re.compile(
        r"SQLSTATE\[|\bORA-\d{5}\b|error in your SQL syntax|syntax error at or near \""
        r"|\b(?:UNIQUE|NOT NULL|FOREIGN KEY) constraint failed|duplicate key value violates unique constraint"
        r"|\bE11000 duplicate key|\b(?:psycopg2?|sqlite3|pymysql|sqlalchemy\.exc|java\.sql|ActiveRecord::)\b"
        r"|\bSELECT\s[^\n]{1,300}?\sFROM\s[\w\"`.\[\]]+\s+(?:WHERE|LIMIT|ORDER|JOIN|INNER|LEFT)\b"
        r"|\bINSERT INTO [\w\"`.]+ ?\(|\bUPDATE [\w\"`.]+ SET [\w\"`.]+ ?="
    ),
    "a path of its file system": re.compile(
        r"(?<![\w/.])/(?:home|Users|usr|var|srv|opt|root|etc|app|tmp|workspace|mnt)/[\w./@+-]*\.(?:py|pyc|js|mjs|cjs|ts|rb|php|java|jar|go|cs|rs|ex|pl|conf|ya?ml|env|db|sqlite3?|log)\b"
        r"|\b[A-Za-z]:\\(?:[\w .-]+\\)+[\w.-]+"
    ),
}
_VERSION = re.compile(r"[A-Za-z][\w.-]*/v?\d+(?:\.\d+)+|^\d+(?:\.\d+)+$")
_READ = 20_000
"""Characters of a body that are searched: what programs show of themselves stands at the beginning, and a hostile body has no end."""
_NAMES_SOFTWARE = ("server", "x-powered-by", "x-aspnet-version", "x-aspnetmvc-version", "x-generator", "x-runtime-version")


@check("ERR-04", on=everything, reads=EVERYTHING)
def errors_show_nothing_of_the_inside(seen: Evidence, operation: Operation) -> Judgement:
    """No error shows a stack trace, a query, a file path or a version (CWE-209)."""
    errors = [exchange for exchange in seen.on(operation) if exchange.status >= 400]
    if not errors:
        return NO_ERROR
    for exchange in errors:
        text = _text(response_of(exchange))
        for what, pattern in _LEAKS.items():
            if found := pattern.search(text):
                return broken(f"An error {exchange.status} shows {what}: {found.group()[:80]!r}.", exchange)
    for exchange in errors:
        for name in _NAMES_SOFTWARE:
            for value in response_of(exchange).all(name):
                if _VERSION.search(value):
                    return weak(f"The field {name} tells the version of a component: {value}.", exchange)
    return met(f"None of {len(errors)} errors shows anything of the inside.", errors[0])


def _text(response: Response) -> str:
    """What a reader sees of the beginning of the body: of JSON its names and texts, of a page all but the addresses of its parts, which are no files of the server."""
    if response.json is not None:
        return "\n".join(sorted(_names_in(response.json)))[:_READ]
    text = response.body[:_READ].decode("utf-8", "replace")
    return re.sub(r"""(?:src|href)\s*=\s*["'][^"']*""", "", text) if response.media_type == "text/html" else text


@check("ERR-05", on=everything, reads=EVERYTHING)
def no_answer_repeats_a_secret(seen: Evidence, operation: Operation) -> Judgement:
    """No answer repeats a token, password or code that was sent (CWE-209)."""
    exchanges = seen.on(operation)
    if not exchanges:
        return NOT_ASKED
    gives_tokens = any(operation in flow_operations(application) for application in seen.contract.applications.values())
    for exchange in sorted(exchanges, key=lambda exchange: exchange.probe.request.verbatim):
        request, response = exchange.probe.request, response_of(exchange)
        told = set(seen.tokens_in(response.body.decode("utf-8", "replace") + " ".join(value for _, value in response.headers)))
        if not told:
            continue
        sent_text = request.target + " ".join(value for _, value in request.headers) + (request.body or b"").decode("utf-8", "replace")
        repeated = told & set(seen.tokens_in(sent_text))
        if response.is_success and gives_tokens:
            # Within a declared grace the same successor may come again: such an answer gives a token, it does not echo one.
            repeated = {name for name in repeated if seen.facts[name].kind not in GIVES_TOKENS}
        if repeated:
            # What is no HTTP is refused by the reader of requests, before any application sees it, and no client of the API sends it.
            say = weak if request.verbatim else broken
            return say(f"The answer repeats a secret of the request ({seen.facts[min(repeated)].kind}).", exchange)
    return met(f"None of {len(exchanges)} answers repeats a secret of its request.", exchanges[0])


@check("ERR-06", on=everything, reads=EVERYTHING)
def errors_of_one_kind_look_alike(seen: Evidence, operation: Operation) -> Judgement:
    """Errors of one status have one media type, and members in common, on all operations (contract)."""
    own = [exchange for exchange in _errors(seen, operation) if exchange.status in _KINDS and _should_be_json(operation, exchange.status)]
    if not own:
        return NO_ERROR
    for exchange in own:
        other, first = _first_error(seen, exchange.status)
        look, usual = _look(seen, exchange), _look(seen, first)
        # A client that reads the members in common is served; details that come and go are no other form.
        if look[0] == usual[0] and (look[1] == usual[1] or look[1] & usual[1]):
            continue
        found = f"An error {exchange.status} is {_described(look)} here, and {_described(usual)} at {other.name}"
        if exchange.status == 404 and (operation.path_parameters or other.path_parameters):
            return weak(f"{found}; one of them may be the router's, which knows no such path.", exchange, first)
        if _schema(seen.contract, operation, exchange.status) != _schema(seen.contract, other, exchange.status):
            return weak(f"{found}, as the document itself declares it.", exchange, first)
        return broken(f"{found}.", exchange, first)
    return met(f"Each of {len(own)} errors looks like those of its status elsewhere.", own[0])


def _first_error(seen: Evidence, status: int) -> tuple[Operation, Exchange]:
    """The first operation of the document at which the application gave an error `status` that should be JSON, and that error. There is one."""
    errors = ((seen.operation_of(exchange), exchange) for exchange in seen.with_status(status) if not came_from_elsewhere(response_of(exchange)))
    return next((other, e) for other, e in errors if other and is_call_of(other, e.probe.request) and _should_be_json(other, status))


_Look: TypeAlias = tuple[str, frozenset[str]]
"""The media type of an error, and the names of its members."""


def _look(seen: Evidence, exchange: Exchange) -> _Look:
    """How an error looks; members that are named after the fields at fault say nothing of its form."""
    body = response_of(exchange).json
    by_field = seen.contract.error_fields == "" and exchange.status == 400
    return response_of(exchange).media_type, frozenset(body if isinstance(body, dict) and not by_field else ())


def _described(look: _Look) -> str:
    return f"{look[0] or 'of no media type'} with the members {', '.join(sorted(look[1])) or 'of none'}"


def _schema(contract: Contract, operation: Operation, status: int) -> Json:
    """The schema of the errors `status` of `operation`, wherever it is written."""
    rule = operation.response(status)
    media = rule.media_type if rule else None
    return contract.document.resolve(get(contract.document.root, media.schema)) if media and media.schema else None


@check("ERR-07", on=everything, reads=EVERYTHING)
def nothing_makes_the_server_fail(seen: Evidence, operation: Operation) -> Judgement:
    """No request makes the server answer 5xx (CWE-755)."""
    exchanges = seen.on(operation)
    if not exchanges:
        return NOT_ASKED
    failures = [e for e in exchanges if e.status >= 500 and not (e.status in _NOT_UNDERSTOOD and e.probe.request.method != operation.method)]
    if not failures:
        return met(f"None of {len(exchanges)} answers is a server error.", exchanges[0])
    own = [exchange for exchange in failures if not came_from_elsewhere(response_of(exchange))]
    if not own:
        return undecided("A proxy in front of the application answered with an error.", *failures)
    return broken(f"{len(own)} of {len(exchanges)} requests make the server fail with {own[0].status}.", *own[:3])


@check("ERR-09", on=the_first_login, reads="log")
def log_has_no_secret(seen: Evidence, operation: Operation) -> Judgement:  # noqa: ARG001  # the log is of the whole run
    """No line of the log has a token or a password of the run (CWE-532)."""
    logs = [record for record in seen.hooks if record.name == "read_log"]
    if not logs:
        raise NotObserved("The log was not read.")
    # What the run itself put into a URL stands in the log of any server: that was our doing.
    ours = {name for exchange in seen.exchanges for name in seen.tokens_in(exchange.probe.request.target)}
    kinds = {seen.facts[name].kind for record in logs for name in seen.tokens_in(record.output) if name not in ours}
    found = sorted(kinds - {"challenge"})
    if found:
        return broken(f"The log has secrets of the run: {', '.join(found)}.")
    if not any(record.output.strip() for record in logs):
        return undecided("The log of the run is empty.")
    return met("The log has no secret of the run.")
