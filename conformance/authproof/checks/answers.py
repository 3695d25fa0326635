"""What one answer says: refused, accepted, or neither for sure. Shared by the checks of all areas."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange, Response
from authproof.tokens import given_cookies
from authproof.verdict import Judgement, Verdict, broken, met, undecided, untestable, worst
from authproof_spec import Application, Operation
from authproof_spec.pointer import Json, get


def response_of(exchange: Exchange) -> Response:
    """The response of `exchange`. Raises NotObserved when there is none."""
    if exchange.response is None:
        raise NotObserved(f"The probe {exchange.probe.name} was not answered: {exchange.failure}.")
    return exchange.response


def label(exchange: Exchange) -> str:
    """How a detail speaks of the probe: its variant when it has one."""
    return f" ({exchange.probe.variant})" if exchange.probe.variant else ""


def came_from_elsewhere(response: Response) -> bool:
    """True when a proxy or a firewall seems to have answered in place of the application."""
    return response.status in {403, 406, 502, 503, 504} and response.media_type == "text/html"


def does_not_decide(exchange: Exchange) -> bool:
    """True when a rate limit, a failing server or a proxy has answered, which says nothing of the question. Raises NotObserved without an answer."""
    response = response_of(exchange)
    return response.status == 429 or response.status >= 500 or came_from_elsewhere(response)


def refused(exchange: Exchange, what: str, *, tolerated: frozenset[int] = frozenset(), expected: int = 401) -> Judgement:
    """Met when `what` was refused with `expected` (or a `tolerated` status); broken when it was let in or answered otherwise."""
    response = response_of(exchange)
    status = response.status
    if status == expected or status in tolerated:
        return met(f"{what} is answered {status}{label(exchange)}.", exchange)
    if status == 429:
        return undecided("The target limits requests (429).", exchange)
    if came_from_elsewhere(response):
        return undecided(f"The answer {status} is a web page, so it may not come from the application.", exchange)
    if response.is_success:
        return broken(f"{what} is accepted{label(exchange)}: answered {status} where {expected} is due.", exchange)
    if status >= 500:
        return undecided(f"{what} is answered {status}{label(exchange)}: it is not let in, and not refused either.", exchange)
    return broken(f"{what} is answered {status} where {expected} is due{label(exchange)}.", exchange)


def and_also(known: Judgement, judge: Callable[[], Judgement]) -> Judgement:
    """The graver of `known` and of what `judge` says. A failure that is known counts also where `judge` observes nothing; else its NotObserved is raised."""
    try:
        return worst(known, judge())
    except NotObserved:
        if known.verdict is Verdict.FAIL:
            return known
        raise


def all_refused(exchanges: Iterable[Exchange], what: str, *, tolerated: frozenset[int] = frozenset()) -> Judgement:
    """The gravest judgement of `refused` over `exchanges`. Raises NotObserved when there are none."""
    judgements = [refused(exchange, what, tolerated=tolerated) for exchange in exchanges]
    if not judgements:
        raise NotObserved(f"No probe of {what} was answered.")
    return worst(*judgements)


def refused_as_declared(exchange: Exchange, operation: Operation, what: str) -> Judgement:
    """Like `refused`, where a document may choose 400, 403 or 422 for `operation` (RFC 6749 section 5.2 has 400 for a refresh token)."""
    return refused(exchange, what, tolerated=frozenset(status for status in (400, 403, 422) if operation.responses.keys() & {str(status), "4XX"}))


def all_refused_as_declared(exchanges: tuple[Exchange, ...], operation: Operation, what: str) -> Judgement:
    """The gravest of `refused_as_declared` over `exchanges`. Raises NotObserved when there are none."""
    if not exchanges:
        raise NotObserved(f"No probe of {what[:1].lower()}{what[1:]} was answered.")
    return worst(*(refused_as_declared(exchange, operation, what) for exchange in exchanges))


def served(exchange: Exchange, what: str) -> Judgement:
    """Met when `what` was answered with a success, broken when it was refused."""
    response = response_of(exchange)
    if response.is_success:
        return met(f"{what} is answered {response.status}.", exchange)
    if does_not_decide(exchange):
        return undecided(f"{what} is answered {response.status}, which does not decide.", exchange)
    return broken(f"{what} is answered {response.status}.", exchange)


def lives(seen: Evidence, exchange: Exchange, what: str) -> Judgement:
    """Met when `what`, a session, could be refreshed. A refresh that never refuses anything shows nobody's session to be alive."""
    judgement = served(exchange, what)
    others = (other for other in seen.answered if other.probe.operation == exchange.probe.operation)
    if judgement.verdict is Verdict.PASS and not any(
        other.status in {400, 401, 403} and not came_from_elsewhere(response_of(other)) for other in others
    ):
        return undecided(f"{judgement.detail} The refresh refused nothing in this run, so that tells nothing.", exchange)
    return judgement


def ended_by_a_login(seen: Evidence, name: str, operation: Operation) -> Judgement | None:
    """Why nothing can be said of a further session: each login ends the others of its account, as the probes `name` show; None where it does not."""
    over = [
        exchange for exchange in seen.all(name, operation) if exchange.status in {400, 401, 403} and not came_from_elsewhere(response_of(exchange))
    ]
    return untestable("A login ends the earlier sessions of its account, so there is no other one to look at.") if over else None


def person(application: Application, response: Response) -> Json:
    """Who the who-am-I answer names: the account's id, or the whole body where the answer has no id in its place."""
    pointer = application.identity.fields.get("id") if application.identity else None
    named = get(response.json, pointer) if pointer else None
    return response.json if named is None else named


def accepted(seen: Evidence, exchange: Exchange, what: str) -> Judgement:
    """Met when the who-am-I answer is a success that names the same person as the control."""
    operation = seen.operation_of(exchange)
    application = seen.application_of(operation)
    response = response_of(exchange)
    if application is None or operation is None:
        raise NotObserved("The probe belongs to no application.")
    control = response_of(seen.one("identity.control", operation))
    if response.status == 429 or came_from_elsewhere(response):
        return undecided(f"{what} is answered {response.status}, which does not decide.", exchange)
    if not response.is_success:
        return broken(f"{what} is answered {response.status} where {operation.success_status} is due.", exchange)
    if person(application, response) != person(application, control):
        return broken(f"{what} is answered with another person's identity, or with none.", exchange)
    return who_am_i_tells(seen, application, met(f"{what} is accepted.", exchange))


def who_am_i_tells(seen: Evidence, application: Application, judgement: Judgement) -> Judgement:
    """`judgement`, unless who-am-I names the same person to a stranger: then it tells nothing of the token that it is asked with."""
    if judgement.verdict is not Verdict.PASS or application.identity is None:
        return judgement
    for stranger in seen.all("bearer.none", application.identity.operation):
        control = response_of(seen.one("identity.control", application.identity.operation))
        if response_of(stranger).is_success and person(application, response_of(stranger)) == person(application, control):
            return undecided(f"{judgement.detail} But who-am-I names the same person without any token, so that tells nothing.", stranger)
    return judgement


def same_person(seen: Evidence, application: Application, exchange: Exchange, control: Exchange, what: str) -> Judgement:
    """Met when the two who-am-I answers name the same person; without a success on both sides nothing is told."""
    for each in (control, exchange):
        if not response_of(each).is_success:
            return undecided(f"{what} is answered {exchange.status}, and what it is compared with {control.status}.", exchange, control)
    if person(application, response_of(exchange)) != person(application, response_of(control)):
        return broken(f"{what} is another user's.", exchange, control)
    return who_am_i_tells(seen, application, met(f"{what} is the same user's.", exchange, control))


def with_control(seen: Evidence, control: str, operation: Operation, judgement: Judgement) -> Judgement:
    """`judgement`, unless the untouched token itself was refused at the same place: then nothing was proved by a refusal."""
    if judgement.verdict is not Verdict.PASS:
        return judgement
    application = seen.application_of(operation)
    place = application.identity.operation if application and application.identity else operation
    untouched = accepted(seen, seen.one(control, place), "The untouched token")
    if untouched.verdict is not Verdict.PASS:
        return undecided(f"The control failed, so a refusal proves nothing: {untouched.detail}", *untouched.exchanges)
    return judgement


def gives_no_cookie(exchange: Exchange, application: Application, judgement: Judgement) -> Judgement:
    """`judgement`, or broken when the refusal carries a usable token cookie after all."""
    response = response_of(exchange)
    if name := next((cookie.name for cookie in application.token_cookies if given_cookies(response, cookie.name)), None):
        return broken(f"The answer {response.status} sets a usable cookie {name}.", exchange)
    return judgement


def stranger_is_shown_nothing(seen: Evidence, operation: Operation, exchange: Exchange, what: str) -> Judgement:
    """Broken when the answer to `what`, sent without credentials, has what `operation` shows to callers; any refusal is lawful, and so is a page."""
    response = response_of(exchange)
    if response.status == 429 or came_from_elsewhere(response):
        return undecided(f"{what} is answered {response.status}{label(exchange)}, which does not decide.", exchange)
    if _shows(seen, operation, response):
        return broken(f"{what} is answered {response.status}{label(exchange)} with what {operation.name} shows to its callers.", exchange)
    if response.status >= 500 and response.status not in {501, 505}:
        return undecided(f"{what} is answered {response.status}{label(exchange)}.", exchange)
    if not _answers_to_callers(seen, operation):
        return undecided("Callers with a token are shown nothing either, so that strangers are not proves nothing.", exchange)
    return met(f"{what} is shown nothing: {response.status}{label(exchange)}.", exchange)


def _answers_to_callers(seen: Evidence, operation: Operation) -> list[Response]:
    """What `operation` shows to callers; strangers call it by another method or path, or are refused."""
    return [response for response in map(response_of, seen.calls(operation)) if response.is_success]


def _shows(seen: Evidence, operation: Operation, response: Response) -> bool:
    """True for a success with the person that who-am-I names, or with JSON of the form that callers of `operation` are given."""
    body = response.json
    if not response.is_success or body is None:
        return False
    application = seen.application_of(operation)
    identity = application.identity if application else None
    pointer = identity.fields.get("id") if identity and identity.operation == operation else None
    if pointer and get(body, pointer) is not None:
        return True
    return any(_form(body) == _form(shown.json) for shown in _answers_to_callers(seen, operation))


def _form(body: Json) -> object:
    """What two answers of one operation have in common: the names of the members, or that there are entries."""
    if isinstance(body, dict):
        return frozenset(body)
    return bool(body) if isinstance(body, list) else body
