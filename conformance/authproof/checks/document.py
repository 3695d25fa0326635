"""DOC: the document itself, and the agreement of what was seen with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from authproof.checks.answers import came_from_elsewhere, does_not_decide, response_of
from authproof.checks.errors import NOT_ASKED
from authproof.checks.registry import EVERYTHING, check, everything, protected, readable, secured
from authproof.evidence import Evidence, flow_operations
from authproof.exchange import Departure, Exchange
from authproof.reading import set_cookies
from authproof.verdict import Judgement, broken, met, undecided, untestable, weak
from authproof_spec import Contract, Operation
from authproof_spec.contract import MediaType, ResponseRule
from authproof_spec.pointer import get, join

# Statuses that a server or a proxy gives to any request, whatever it is for.
_OF_ANY_REQUEST = frozenset({408, 413, 414, 421, 429, 431, 494, 502, 503, 504, 511})
_GUESSED = "The run had no means to call this operation with a token that opens it."


@check("DOC-01", on=everything, reads=())
def operation_is_described_validly(seen: Evidence, operation: Operation) -> Judgement:
    """The schemas of the operation are JSON Schemas, and its examples fit them (OpenAPI, Schema Object)."""
    document = seen.contract.document
    for pointer, examples in _schemas(operation):
        try:
            validator = document.validator(pointer)
        except ValueError as error:
            return broken(f"The schema at {pointer} is none: {getattr(error, 'message', error)}.")
        if (schema := document.resolve(get(document.root, pointer))) and isinstance(schema, Mapping) and "nullable" in schema:
            return weak(f"The schema at {pointer} says nullable, which OpenAPI 3.1 has not: a type that may be null is a list with null in it.")
        for name, example in examples.items():
            if misfit := next(iter(validator.iter_errors(example)), None):
                return weak(f"The example {name or 'there'} does not fit the schema at {pointer}: {misfit.message[:200]}.")
    return met("The schemas of this operation are valid, and its examples fit them.")


def _schemas(operation: Operation) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The pointer of each schema of `operation`, and the examples that it must allow."""
    for parameter in operation.parameters:
        if parameter.schema:
            yield parameter.schema, {}
    bodies: list[MediaType] = [*operation.request_body.content] if operation.request_body else []
    for media in [*bodies, *(media for rule in operation.responses.values() for media in rule.content)]:
        if media.schema:
            yield media.schema, {name: example for name, example in media.examples.items() if media.is_json}


@check("DOC-02", on=everything, reads=EVERYTHING)
def every_status_is_declared(seen: Evidence, operation: Operation) -> Judgement:
    """Every status met is declared for its operation (OpenAPI, Responses Object)."""
    exchanges = seen.calls(operation)
    if not exchanges:
        return NOT_ASKED
    undeclared = [e for e in exchanges if operation.response(e.status) is None and not came_from_elsewhere(response_of(e))]
    for exchange in sorted(undeclared, key=lambda exchange: exchange.status in _OF_ANY_REQUEST):
        what = f"The status {exchange.status} is not declared for this operation"
        if exchange.status in _OF_ANY_REQUEST:
            return weak(f"{what}; it may come from a server in front of the application.", exchange)
        return broken(f"{what}.", exchange)
    statuses = ", ".join(str(status) for status in sorted({exchange.status for exchange in exchanges}))
    return met(f"Every status met is declared: {statuses}.", exchanges[0])


@check("DOC-03", on=everything, reads=EVERYTHING)
def every_body_is_as_declared(seen: Evidence, operation: Operation) -> Judgement:
    """Every body met has a declared media type and fits its schema (OpenAPI, Media Type Object)."""
    exchanges = [exchange for exchange in seen.calls(operation) if not came_from_elsewhere(response_of(exchange))]
    if not exchanges:
        return NOT_ASKED
    misfits = [(misfit, exchange) for exchange in exchanges for misfit in exchange.misfits]
    grave = [pair for pair in misfits if pair[0].kind is not Departure.FORMAT]
    for misfit, exchange in grave or misfits:
        where = f" at {misfit.place}" if misfit.place else ""
        rule = f" (declared at {misfit.rule})" if misfit.rule else ""
        say = broken if grave else weak
        return say(f"An answer {exchange.status} is not as declared{where}: {misfit.words.rstrip('.')}{rule}.", exchange)
    return met(f"Each of {len(exchanges)} answers is as declared.", exchanges[0])


@check("DOC-04", on=secured, reads=())
def refusals_are_declared(seen: Evidence, operation: Operation) -> Judgement:  # noqa: ARG001  # of the document alone
    """A secured operation declares 401, and 403 where it takes a permission (contract)."""
    takes_permission = any(part.permissions for way in operation.security for part in way)
    missing = [status for status in (401, 403) if operation.response(status) is None and (status == 401 or takes_permission)]
    if missing:
        return broken(f"The operation asks for {'a permission' if missing == [403] else 'a credential'}, and does not declare {missing[0]}.")
    return met("The refusals of this operation are declared.")


@check("DOC-05", on=everything, reads="public")
def security_is_written_down(seen: Evidence, operation: Operation) -> Judgement:
    """The security of the operation is stated, there or at the root, be it none (OpenAPI, Security Requirement Object)."""
    document = seen.contract.document
    item = document.resolve(get(document.root, join(("paths", operation.path))))
    own = get(item, f"/{operation.method.lower()}") if isinstance(item, Mapping) else None
    if "security" in document.root or (isinstance(own, Mapping) and "security" in own):
        return met("The document states what opens this operation." if operation.security else "The document states that nothing is asked for here.")
    guarded = [exchange for exchange in seen.all("public", operation) if exchange.status == 401]
    if guarded:
        return broken("The document does not state what opens this operation, and it is answered 401 without credentials.", *guarded)
    return weak("The document does not state whether this operation asks for a credential. Write `security: []` where it asks for none.")


@check("DOC-06", on=readable, reads=("public", "bearer"))
def only_public_operations_are_public(seen: Evidence, operation: Operation) -> Judgement:
    """Without credentials a public operation is served, and no protected one is (CWE-306)."""
    exchange = seen.one("public" if operation.is_public else "bearer.none", operation)
    response = response_of(exchange)
    if does_not_decide(exchange):
        return undecided(f"The answer {exchange.status} does not decide.", exchange)
    if operation.is_public and exchange.status in {401, 403}:
        return broken(f"The operation is declared public, and is answered {exchange.status} without credentials.", exchange)
    if operation.is_public:
        return met(f"The operation asks for no credentials, as declared: {exchange.status}.", exchange)
    if response.is_success:
        return broken(f"The operation is open: it is declared protected, and is answered {exchange.status} without credentials.", exchange)
    return met("The operation is not served without credentials.", exchange)


@check("DOC-07", on=protected, reads=EVERYTHING)
def declared_scheme_is_read(seen: Evidence, operation: Operation) -> Judgement:
    """A token sent as the document says authenticates, and no key is declared to stand in the query (OpenAPI, Security Scheme Object)."""
    schemes = seen.contract.document.resolve(get(seen.contract.document.root, "/components/securitySchemes"))
    names = [part.scheme.name for way in operation.security for part in way]
    in_query = [name for name in names if get(seen.contract.document.resolve(get(schemes, join((name,)))), "/in") == "query"]
    if in_query:
        return broken(f"The scheme {in_query[0]} puts a key into the query, where logs and histories keep it.")
    called = [exchange for exchange in seen.calls(operation) if _has_good_token(seen, exchange)]
    if not called:
        return untestable(_GUESSED)
    authenticated = [exchange for exchange in called if exchange.status != 401]
    if not authenticated:
        return broken("A good token where the document has it is answered 401.", *called[:2])
    return met(f"A token where the document has it is read: {authenticated[0].status}.", authenticated[0])


def _has_good_token(seen: Evidence, exchange: Exchange) -> bool:
    """True for the probes whose token the target itself gave out and nobody has touched since."""
    good = {"identity.control", "bearer.control", "permission.held", "pat.create", "pat.list", "object.create", "object.own"}
    return exchange.probe.name in good and any(seen.tokens_in(value) for _, value in exchange.probe.request.headers)


@check("DOC-08", on=everything, reads=EVERYTHING)
def headers_of_authentication_are_documented(seen: Evidence, operation: Operation) -> Judgement:
    """The header fields by which an answer authenticates are declared for it (OpenAPI, Header Object)."""
    exchanges = seen.calls(operation)
    if not exchanges:
        return NOT_ASKED
    for exchange in exchanges:
        rule = operation.response(exchange.status)
        for name in _headers_that_matter(seen, exchange) if rule else ():
            if rule and name.lower() not in rule.headers:
                return broken(f"An answer {exchange.status} carries {name}, which the document does not declare for it.", exchange)
        if rule and not came_from_elsewhere(response_of(exchange)) and (absent := _lacking(exchange, rule)):
            return broken(f"An answer {exchange.status} lacks {absent}, which the document requires of it.", exchange)
    return met("The header fields that matter for authentication are declared where they were seen.", exchanges[0])


_OF_AUTHENTICATION = frozenset({"www-authenticate", "set-cookie", "retry-after", "cache-control"})


def _lacking(exchange: Exchange, rule: ResponseRule) -> str | None:
    """The header field that the document requires of such an answer, and that it lacks; of those that matter for authentication."""
    required = (name for name, header in rule.headers.items() if header.required and name in _OF_AUTHENTICATION)
    return next((name.title().replace("Www", "WWW") for name in required if response_of(exchange).first(name) is None), None)


def _headers_that_matter(seen: Evidence, exchange: Exchange) -> Iterator[str]:
    """Challenges, token cookies, the time to wait, and the ban to store tokens; any server sends the rest of its own accord."""
    response = response_of(exchange)
    if response.first("www-authenticate") is not None:
        yield "WWW-Authenticate"
    if response.all("set-cookie") and any(set_cookies(response, name) for name in _token_cookies(seen.contract)):
        yield "Set-Cookie"
    if exchange.status in {429, 503} and response.first("retry-after") is not None:
        yield "Retry-After"
    if response.is_success and response.first("cache-control") is not None and exchange.probe.operation in _giving_tokens(seen.contract):
        yield "Cache-Control"


def _giving_tokens(contract: Contract) -> Iterator[str | None]:
    for application in contract.applications.values():
        yield from (operation.id for operation in flow_operations(application) if operation != application.logout)
        if application.personal_access_tokens:
            yield application.personal_access_tokens.create.id


def _token_cookies(contract: Contract) -> Iterator[str]:
    for application in contract.applications.values():
        yield from (cookie.name for cookie in (application.cookie, application.access_cookie) if cookie)
