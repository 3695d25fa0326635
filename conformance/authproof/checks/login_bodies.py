"""LOGIN: logins that are no right request."""

from __future__ import annotations

from authproof.checks.answers import came_from_elsewhere, gives_no_cookie, response_of
from authproof.checks.appearance import appearance
from authproof.checks.login import NOT_USED, another_is_used, login_of
from authproof.checks.registry import check, first_logins
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange
from authproof.tokens import access_token_in
from authproof.verdict import Judgement, broken, met, undecided, untestable, weak, worst
from authproof_spec import Operation
from authproof_spec.pointer import get

_ALL_TEXT = "The document takes this login as a form, in which everything is text."
_QUICK = 5.0
"""Seconds within which absurd input is refused."""


def _answers(seen: Evidence, operation: Operation, name: str) -> tuple[Exchange, ...]:
    """The exchanges of the probe `name`. Raises NotObserved when there are none."""
    if exchanges := seen.all(name, operation):
        return exchanges
    raise NotObserved(f"The probe {name} was not answered.")


def _is_bad_request(operation: Operation, status: int) -> bool:
    return status == 400 or (status == 422 and operation.response(422) is not None)


def _in_doubt(exchange: Exchange) -> Judgement | None:
    """What is said of an answer that is not the application's word."""
    if exchange.status == 429:
        return undecided("The target limits requests (429).", exchange)
    if came_from_elsewhere(response_of(exchange)):
        return undecided(f"The answer {exchange.status} is a web page, so it may not come from the application.", exchange)
    return None


@check("LOGIN-07", on=first_logins, reads="login_bodies")
def missing_field_is_a_bad_request(seen: Evidence, operation: Operation) -> Judgement:
    """A missing field is answered 400 (or 422 where declared), not 401, and so is an empty one that the document forbids."""
    if another_is_used(seen, operation):
        return NOT_USED
    return worst(*(_missing(exchange, operation) for exchange in _answers(seen, operation, "login.empty")), *_emptied(seen, operation))


def _missing(exchange: Exchange, operation: Operation) -> Judgement:
    if _is_bad_request(operation, exchange.status):
        return met(f"An empty object is answered {exchange.status}.", exchange)
    if exchange.status == 415:
        return weak("An empty JSON object is answered 415.", exchange)
    return _in_doubt(exchange) or broken(f"An empty object is answered {exchange.status} where 400 is due.", exchange)


def _emptied(seen: Evidence, operation: Operation) -> list[Judgement]:
    return [_empty_secret(seen, operation, exchange) for exchange in seen.all("login.empty_secret", operation)]


def _empty_secret(seen: Evidence, operation: Operation, exchange: Exchange) -> Judgement:
    _, login = login_of(seen, operation)
    if _is_bad_request(operation, exchange.status):
        return met(f"An empty password is answered {exchange.status}.", exchange)
    if exchange.status == login.refusal and not _document_refuses(seen, operation, exchange):
        return met(f"An empty password, which the document allows, is answered {exchange.status}.", exchange)
    return _in_doubt(exchange) or broken(f"An empty password is answered {exchange.status} where 400 is due.", exchange)


def _document_refuses(seen: Evidence, operation: Operation, exchange: Exchange) -> bool:
    """True when the body that was sent does not fit the document's schema."""
    media = operation.request_body.content if operation.request_body else ()
    sent = exchange.probe.request.content
    return any(one.schema is not None and not seen.contract.document.request_validator(one.schema).is_valid(sent) for one in media)


@check("LOGIN-08", on=first_logins, reads="login_bodies")
def wrong_type_is_a_bad_request(seen: Evidence, operation: Operation) -> Judgement:
    """A password that is no text is answered 400 and never lets in (CWE-943, CWE-1287)."""
    _, login = login_of(seen, operation)
    if operation.takes_form:
        return untestable(_ALL_TEXT)
    return worst(*(_wrong_type(exchange, operation, login.refusal) for exchange in _answers(seen, operation, "login.wrong_type")))


def _wrong_type(exchange: Exchange, operation: Operation, refusal: int) -> Judgement:
    what = f"A password that is {exchange.probe.variant}"
    if _is_bad_request(operation, exchange.status):
        return met(f"{what} is answered {exchange.status}.", exchange)
    if response_of(exchange).is_success:
        return broken(f"{what} is accepted: answered {exchange.status}.", exchange)
    if exchange.status >= 500 and not came_from_elsewhere(response_of(exchange)):
        return broken(f"{what} makes the server fail with {exchange.status}.", exchange)
    if exchange.status in {401, refusal}:
        return weak(f"{what} is refused with {exchange.status}, as if it were text; 400 is due.", exchange)
    return _in_doubt(exchange) or weak(f"{what} is refused with {exchange.status}; 400 is due.", exchange)


@check("LOGIN-09", on=first_logins, reads="login_bodies")
def broken_json_is_a_bad_request(seen: Evidence, operation: Operation) -> Judgement:
    """A JSON text that breaks off is answered 400 with an error in JSON."""
    if operation.takes_form:
        return untestable("The document takes this login as a form, and no form breaks off.")
    (exchange, *_) = _answers(seen, operation, "login.broken_json")
    response = response_of(exchange)
    if not _is_bad_request(operation, exchange.status):
        return _in_doubt(exchange) or broken(f"A JSON text that breaks off is answered {exchange.status} where 400 is due.", exchange)
    pointers = (seen.contract.error_message, seen.contract.error_fields, "/title", "/detail")
    if not response.is_json or not any(get(response.json, pointer) for pointer in pointers if pointer is not None):
        return broken(f"The {exchange.status} for a JSON text that breaks off is not in the declared shape of errors.", exchange)
    return met(f"A JSON text that breaks off is answered {exchange.status} with an error in JSON.", exchange)


@check("LOGIN-10", on=first_logins, reads="login_bodies")
def foreign_form_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """The right credentials are refused in a format that another site's page can send (CWE-352)."""
    if operation.takes_form:
        return untestable("The document takes this login as a form, which every page can send.")
    exchanges = seen.all("login.other_format", operation)
    if not exchanges and seen.all("login.broken_json", operation):
        return untestable("The document declares forms and plain text for this login.")
    return worst(*(_format(seen, operation, exchange) for exchange in exchanges or _answers(seen, operation, "login.other_format")))


def _format(seen: Evidence, operation: Operation, exchange: Exchange) -> Judgement:
    application, _ = login_of(seen, operation)
    response = response_of(exchange)
    what = f"The right credentials as {exchange.probe.variant}"
    if response.is_success or access_token_in(application, exchange) is not None:
        return broken(f"{what} are accepted: answered {exchange.status}.", exchange)
    if doubt := _in_doubt(exchange):
        return doubt
    if not 400 <= exchange.status < 500:
        return undecided(f"{what} are answered {exchange.status}: not accepted, and not refused either.", exchange)
    return gives_no_cookie(exchange, application, met(f"{what} are refused with {exchange.status}.", exchange))


@check("LOGIN-11", on=first_logins, reads="login_bodies")
def credentials_in_the_query_are_not_read(seen: Evidence, operation: Operation) -> Judgement:
    """Credentials in the query are not looked at, neither by GET nor beside an empty body (CWE-598).

    They are made up, since a query ends in logs. A server that reads them answers otherwise with them than without.
    """
    (by_post, *_) = _answers(seen, operation, "login.post_query")
    (without, *_) = _answers(seen, operation, "login.empty")
    (by_get, *_) = _answers(seen, operation, "login.get_query")
    bare = next(iter(seen.all("login.get_bare", operation)), None)
    return worst(_unread(seen, operation, by_post, without), _unread(seen, operation, by_get, bare))


def _unread(seen: Evidence, operation: Operation, exchange: Exchange, without: Exchange | None) -> Judgement:
    """Whether `exchange` was answered as it would have been without its query, as `without` was where that had to be asked."""
    application, login = login_of(seen, operation)
    method = exchange.probe.request.method
    if access_token_in(application, exchange) is not None:
        return broken(f"Credentials in the query of {method} are given a token.", exchange)
    if doubt := _in_doubt(exchange):
        return doubt
    if without is not None and exchange.status != without.status:
        return broken(
            f"{method} is answered {exchange.status} with credentials in the query, and {without.status} without: they are read.", exchange, without
        )
    refused = next((one for name in ("login.unknown", "login.near_miss", "mfa.near_miss") for one in seen.all(name, operation)), None)
    if (
        method != operation.method
        and exchange.status == login.refusal
        and refused
        and appearance(login.credentials, exchange) == appearance(login.credentials, refused)
    ):
        return undecided(f"{method} is answered like a wrong password, with credentials in the query and without.", exchange, refused)
    return met(f"Credentials in the query of {method} are not read: answered {exchange.status}.", exchange)


@check("LOGIN-16", on=first_logins, reads=("login_bodies", "login_sessions"))
def absurd_length_does_no_harm(seen: Evidence, operation: Operation) -> Judgement:
    """A password of a megabyte is refused within five seconds, and a login after it works (CWE-770)."""
    sent = [exchange for exchange in seen.exchanges if exchange.probe.name == "login.long" and seen.operation_of(exchange) is operation]
    if not sent:
        raise NotObserved("No password of absurd length was sent.")
    exchange = sent[0]
    if exchange.elapsed > _QUICK:
        return broken(f"A password of a megabyte keeps the server busy for {exchange.elapsed:.0f} seconds.", exchange)
    if exchange.status == 429:
        return undecided("The target limits requests (429).", exchange)
    if exchange.response is not None and not 400 <= exchange.status < 500:
        return broken(f"A password of a megabyte is answered {exchange.status}.", exchange)
    later = [one for one in seen.on(operation) if one.number > exchange.number and response_of(one).is_success]
    if not later:
        return undecided("No login was successful after a password of a megabyte.", exchange)
    return met(f"A password of a megabyte is refused at once: {exchange.describe()}. The next login works.", exchange, later[0])
