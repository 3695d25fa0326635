"""BEARER, and a part of DOC and ERR: what answers beside the declared operations, and what is judged before the caller is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from authproof.checks.answers import all_refused, came_from_elsewhere, refused, response_of, stranger_is_shown_nothing, with_control
from authproof.checks.refusals import sent_to_application, what_at
from authproof.checks.registry import EVERYTHING, check, everything, identities, read_with_object_rule
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange, Response, header_value
from authproof.verdict import Judgement, Verdict, broken, met, undecided, untestable, weak, worst
from authproof_spec import Contract, Operation
from authproof_spec.pointer import Json

NOT_OFFERED = frozenset({404, 405, 501})
REJECTED = frozenset({400, 413, 415, 422})


def takers_of_bodies(contract: Contract) -> Iterable[Operation]:
    """Each application's operation that is asked about bodies: the creation of personal access tokens, else the first with a body."""
    for application in contract.applications.values():
        own = (o for o in contract.protected_operations if o.request_body and contract.application_of(o) is application)
        personal = application.personal_access_tokens
        found = personal.create if personal else next(own, None)
        if found:
            yield found


def objects(contract: Contract) -> Iterable[Operation]:
    """Every revocation of personal access tokens, and every operation that reads an object which must be the caller's own."""
    revocations = (app.personal_access_tokens.revoke for app in contract.applications.values() if app.personal_access_tokens)
    return (*revocations, *(operation for operation in read_with_object_rule(contract) if operation.method == "GET"))


@check("BEARER-13", on=takers_of_bodies, reads=("bearer_in_body", "bearer"))
def token_in_the_body_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A token in the body does not authenticate (RFC 6750 section 2.2)."""
    exchanges = seen.all("bearer.body", operation)
    judgement = all_refused(exchanges, "A token in the body", tolerated=REJECTED)
    if judgement.verdict is Verdict.PASS and all(exchange.status in REJECTED for exchange in exchanges):
        return weak("The body is judged before the caller, so nothing shows whether a token in it would be taken.", *exchanges)
    return with_control(seen, "bearer.control", operation, judgement)


@check("BEARER-18", on=identities, reads=("methods", "bearer"))
def head_is_protected(seen: Evidence, operation: Operation) -> Judgement:
    """HEAD is protected like GET (RFC 9110 section 9.3.2)."""
    heads = sent_to_application(seen, ["bearer.head"], operation)
    if not heads:
        raise NotObserved("The probe bearer.head was not answered.")
    stranger = worst(*(refused(head, what_at(seen, head, operation, "HEAD without credentials"), tolerated=NOT_OFFERED) for head in heads))
    of_callers = seen.all("bearer.head_of_caller", operation)
    shut_out = [exchange for exchange in of_callers if exchange.status in {401, 403} and not came_from_elsewhere(response_of(exchange))]
    judgement = with_control(seen, "bearer.control", operation, stranger)
    if judgement.verdict is Verdict.PASS and shut_out:
        return broken(f"HEAD with a good token is answered {shut_out[0].status}, and GET is not.", *shut_out)
    return judgement


@check("BEARER-19", on=identities, reads="methods")
def options_shows_nothing(seen: Evidence, operation: Operation) -> Judgement:
    """OPTIONS without credentials shows nothing that is protected (RFC 9110 section 9.3.7)."""
    return stranger_is_shown_nothing(seen, operation, seen.one("method.options", operation), "OPTIONS without credentials")


@check("BEARER-20", on=identities, reads="methods")
def other_methods_reach_nothing(seen: Evidence, operation: Operation) -> Judgement:
    """A method that is not declared reaches no data, and TRACE does not send the credential back (RFC 9110 section 9.3.8)."""
    exchanges = [*seen.all("method.undeclared", operation), *seen.all("method.trace", operation)]
    if not exchanges:
        raise NotObserved("No undeclared method was answered.")
    return worst(*(_of_other_method(seen, operation, exchange) for exchange in exchanges))


def _of_other_method(seen: Evidence, operation: Operation, exchange: Exchange) -> Judgement:
    response = response_of(exchange)
    method = exchange.probe.request.method
    application = seen.application_of(operation)
    field = (application.access_token.field if application else None) or "Cookie"
    sent = header_value(exchange.probe.request.headers, field.lower())
    if method == "TRACE" and sent and sent.encode() in response.body:
        return broken(f"TRACE sends the {field} field back.", exchange)
    judgement = stranger_is_shown_nothing(seen, operation, exchange, f"{method} without credentials")
    if judgement.verdict is Verdict.PASS and response.is_success and response.media_type != "text/html":
        return weak(f"{method} is not declared here, and is answered {response.status} without credentials.", exchange)
    return judgement


@check("BEARER-21", on=identities, reads=("methods", "existing_objects"))
def overridden_methods_are_judged_as_such(seen: Evidence, operation: Operation) -> Judgement:
    """A field that overrides the method does not get around authentication (CWE-863)."""
    shown = stranger_is_shown_nothing(seen, operation, seen.one("method.override", operation), "POST as an overridden GET without credentials")
    application = seen.application_of(operation)
    personal = application.personal_access_tokens if application else None
    exchanges = seen.all("object.override", personal.revoke) if personal else ()
    return worst(shown, *(_of_override(seen, personal.revoke, exchange) for exchange in exchanges if personal))


def _of_override(seen: Evidence, revoke: Operation, exchange: Exchange) -> Judgement:
    effect = seen.one("object.revoke", revoke)
    if response_of(exchange).is_success or effect.status in {404, 410}:
        return broken("POST as an overridden DELETE without credentials deletes the object.", exchange, effect)
    if not response_of(effect).is_success:
        return undecided(f"Whether the object was still there is not known: its owner's deletion was answered {effect.status}.", exchange, effect)
    return met(f"POST as an overridden DELETE without credentials is answered {exchange.status}, and deletes nothing.", exchange)


@check("BEARER-23", on=takers_of_bodies, reads="bearer_in_body")
def caller_is_judged_before_the_content(seen: Evidence, operation: Operation) -> Judgement:
    """Whether the body is valid is told to authenticated callers alone (contract)."""
    exchanges = sent_to_application(seen, ["bearer.invalid_body"], operation)
    if not exchanges:
        raise NotObserved("The probe bearer.invalid_body was not answered.")
    what = "An invalid body without credentials"
    return worst(*(refused(exchange, what_at(seen, exchange, operation, what)) for exchange in exchanges))


@check("BEARER-24", on=objects, reads="existing_objects")
def strangers_cannot_tell_what_exists(seen: Evidence, operation: Operation) -> Judgement:
    """Without credentials an object that exists and one that does not are answered alike (CWE-204)."""
    exchanges = seen.all("object.stranger", operation)
    if len(exchanges) < 3:
        raise NotObserved("The probe object.stranger was not answered each time.")
    known, unknown, malformed = exchanges
    judgement = refused(known, "A request without credentials for an object that exists")
    if judgement.verdict is not Verdict.PASS:
        return judgement
    if difference := _difference(seen, known, unknown):
        return broken(f"An object that exists and one that does not differ without credentials: {difference}.", known, unknown)
    if difference := _difference(seen, known, malformed):
        return weak(f"A malformed id is answered otherwise, without credentials: {difference}.", known, malformed)
    return met("Objects that exist and objects that do not are answered alike.", known, unknown, malformed)


def _difference(seen: Evidence, one: Exchange, other: Exchange) -> str | None:
    """In what two answers differ that should not tell anything; numbers, such as those of requests and times, do not count."""
    for what, value in _visible(seen, one).items():
        if value != (found := _visible(seen, other)[what]):
            return f"{what} is {value} and {found}"
    return None


def _visible(seen: Evidence, exchange: Exchange) -> Mapping[str, object]:
    response = response_of(exchange)
    message = response.at(seen.contract.error_message)
    return {
        "the status": response.status,
        "the media type": response.media_type,
        "the challenge": response.all("www-authenticate"),
        "the form of the body": _members(response.json),
        "the message": re.sub(r"[0-9]+", "0", message) if isinstance(message, str) else None,
    }


def _members(value: Json) -> object:
    return {name: type(child).__name__ for name, child in sorted(value.items())} if isinstance(value, dict) else type(value).__name__


@check("BEARER-25", on=identities, reads="paths")
def other_spellings_of_the_path_are_no_way_in(seen: Evidence, operation: Operation) -> Judgement:
    """Another spelling of the path shows nothing without credentials (CWE-647)."""
    exchanges = sent_to_application(seen, ["path.spelled"], operation)
    if not exchanges:
        raise NotObserved("No other spelling of the path was answered.")
    return worst(*(_of_spelling(seen, operation, exchange) for exchange in exchanges))


def _of_spelling(seen: Evidence, operation: Operation, exchange: Exchange) -> Judgement:
    place = seen.operation_of(exchange) or operation
    judgement = stranger_is_shown_nothing(seen, place, exchange, what_at(seen, exchange, operation, "Another spelling of the path"))
    # Nobody may have had a token that shows what is there; who-am-I tells enough.
    return judgement if place == operation or judgement.verdict is Verdict.FAIL else met(judgement.detail, exchange)


@check("BEARER-26", on=identities, reads=("bearer", "bearer_in_full"))
def claims_in_headers_are_not_believed(seen: Evidence, operation: Operation) -> Judgement:
    """Fields that name a user, an address or another path do not authenticate (CWE-290)."""
    rerouted = seen.all("bearer.rerouted", operation)
    at_its_path = [exchange for exchange in rerouted if exchange in seen.calls(operation)]
    believed = all_refused([seen.one("bearer.claimed_identity", operation), *at_its_path], "A request that only claims who calls, or at which path,")
    others = [exchange for exchange in rerouted if exchange not in at_its_path]
    return worst(believed, *(stranger_is_shown_nothing(seen, operation, exchange, "A public path that claims to be this one") for exchange in others))


@check("ERR-08", on=everything, reads=EVERYTHING)
def refused_methods_are_told_what_is_allowed(seen: Evidence, operation: Operation) -> Judgement:
    """A method that is not allowed is answered 405, with what is allowed instead (RFC 9110 section 15.5.6)."""
    others = [exchange for exchange in seen.on(operation) if exchange.probe.request.method not in {operation.method, "TRACE", "OPTIONS", "HEAD"}]
    refusals = [exchange for exchange in seen.on(operation) if exchange.status == 405]
    for exchange in refusals:
        if response_of(exchange).first("allow") is None:
            return broken(f"{exchange.probe.request.method} is answered 405 without Allow, which RFC 9110 demands.", exchange)
    if refusals:
        return met("Each 405 tells what is allowed.", refusals[0])
    if not others:
        return untestable("No other method was tried here.")
    return met(f"No 405 was seen: other methods are answered {others[0].status}.", others[0])


# What each place shows to strangers where it should not be open: of the text alone, whatever its media type says.
_SIGNS: Mapping[str, re.Pattern[str]] = {
    "a Git repository": re.compile(r"\Aref: refs/|\A[0-9a-f]{40}\s*\Z"),
    "settings of the environment": re.compile(r"(?m)\A(?:[^\S\n]*#.*\n|[^\S\n]*\n)*(?:export\s+)?[A-Z][A-Z0-9_]*\s*=\s*\S"),
    "properties of the application": re.compile(r'"propertySources"\s*:'),
    "variables of the process": re.compile(r'"memstats"\s*:|"cmdline"\s*:'),
}


@check("DOC-09", on=identities, reads="neighbours")
def neighbours_are_not_open(seen: Evidence, operation: Operation) -> Judgement:
    """Nothing that nobody declared shows its data to strangers (OWASP API9)."""
    exchanges = seen.all("neighbour", operation)
    if not exchanges:
        raise NotObserved("No neighbour of the API was asked.")
    for exchange in exchanges:
        response = response_of(exchange)
        for what, sign in _SIGNS.items():
            if response.is_success and sign.search(_text(response)):
                return broken(f"{exchange.probe.variant} shows {what} to everybody.", exchange)
    return met(f"None of {len(exchanges)} well-known paths shows anything.", exchanges[0])


def _text(response: Response) -> str:
    return response.body.decode("utf-8", "replace")
