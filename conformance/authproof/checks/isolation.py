"""APP: applications beside each other."""

from __future__ import annotations

from collections.abc import Iterator

from authproof.checks.answers import came_from_elsewhere, person, refused, response_of
from authproof.checks.designs import refresh_token_in_a_cookie
from authproof.checks.refusals import sent_to_application, what_at
from authproof.checks.registry import (
    check,
    first_logins,
    identities,
    identities_beside_personal_tokens,
    identities_named_by_application,
    of_several_applications,
    second_factors,
)
from authproof.evidence import Evidence, NotObserved, flow_operations
from authproof.exchange import Exchange
from authproof.reading import set_cookies
from authproof.tokens import access_token_in
from authproof.verdict import Judgement, broken, met, undecided, weak, worst
from authproof_spec import Application, Operation
from authproof_spec.consistency import path_matches


def _application(seen: Evidence, operation: Operation) -> Application:
    application = seen.application_of(operation)
    if application is None:
        raise NotObserved("The operation belongs to no application.")
    return application


@check("APP-01", on=of_several_applications(identities), reads="isolation")
def access_token_of_another_application_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """The access token of another application is refused with 401 (RFC 8725 section 3.9)."""
    exchanges = sent_to_application(seen, ["isolation.access"], operation)
    what = "The access token of another application"
    if not exchanges:
        raise NotObserved(f"No probe of this was answered: {what}.")
    return worst(*(_of_a_foreign_token(exchange, what_at(seen, exchange, operation, what)) for exchange in exchanges))


def _of_a_foreign_token(exchange: Exchange, what: str) -> Judgement:
    if exchange.status == 403 and not came_from_elsewhere(response_of(exchange)):
        return weak(f"{what} is answered 403; it is not meant for this one, so 401 is due.", exchange)
    return refused(exchange, what)


@check("APP-02", on=of_several_applications(first_logins), reads="baseline", where=refresh_token_in_a_cookie)
def cookie_stays_with_its_application(seen: Evidence, operation: Operation) -> Judgement:
    """A browser sends the cookie of one application to no operation of another (RFC 6265 section 5.1.4)."""
    application = _application(seen, operation)
    policy = application.cookie
    if policy is None:
        raise NotObserved("The application has no refresh cookie.")
    logins = [exchange for exchange in seen.on(operation) if response_of(exchange).is_success]
    given = [(exchange, cookie) for exchange in logins for cookie in set_cookies(response_of(exchange), policy.name) if cookie.value]
    if not given:
        raise NotObserved(f"No login set the cookie {policy.name}.")
    for exchange, cookie in given:
        path = cookie.attributes.get("path", "")
        # RFC 6265 section 5.2.4: without one that begins with a slash, the path is that of the request, up to its last slash.
        effective = path if path.startswith("/") else exchange.probe.request.target.rpartition("/")[0] or "/"
        for other in seen.contract.applications.values():
            reached = next((found for found in _operations_of(seen, other) if path_matches(found.path, effective)), None)
            if other is application or reached is None:
                continue
            same_name = other.cookie is not None and other.cookie.name == policy.name
            if same_name or effective != policy.path:
                return broken(f"A browser sends the cookie {policy.name} to {reached.name} of {other.name}, too.", exchange)
            if not policy.name.startswith("__Host-"):
                return weak(f"By its declared path, the cookie {policy.name} goes to {reached.name} of {other.name}, too.", exchange)
    return met(f"The cookie {policy.name} is read by no other application.", given[0][0])


def _operations_of(seen: Evidence, application: Application) -> Iterator[Operation]:
    yield from flow_operations(application)
    yield from (operation for operation in seen.contract.protected_operations if seen.contract.application_of(operation) is application)


@check("APP-03", on=of_several_applications(first_logins), reads="foreign_credentials")
def credentials_of_another_application_are_refused(seen: Evidence, operation: Operation) -> Judgement:
    """An account of another application alone is unknown here."""
    application = _application(seen, operation)
    exchange = seen.one("isolation.credentials", operation)
    login = next(login for login in application.logins if login.operation is operation)
    judgement = refused(exchange, "An account of another application", expected=login.refusal, tolerated=frozenset({400, 422}))
    if response_of(exchange).is_success and access_token_in(application, exchange) is None:
        return undecided(f"An account of another application is answered {exchange.status}, without a token.", exchange)
    return judgement


@check("APP-04", on=identities_named_by_application, reads="undeclared")
def undeclared_application_is_unknown(seen: Evidence, operation: Operation) -> Judgement:
    """A path of an application that does not exist gives no data (OWASP API9)."""
    application = _application(seen, operation)
    exchange = next((exchange for exchange in seen.all("undeclared") if exchange.probe.variant == application.name), None)
    if exchange is None:
        raise NotObserved("The path of an undeclared application was not asked for.")
    response, control = response_of(exchange), seen.one("identity.control", operation)
    if not response_of(control).is_success:
        return undecided(f"Who-am-I of {application.name} itself is answered {control.status}, so no refusal proves anything.", exchange, control)
    if not response.is_success:
        say = undecided if response.status in {429, *range(500, 600)} else met
        return say(f"An application that is not declared is answered {response.status}.", exchange)
    if not response.is_json:
        return met("An application that is not declared is answered with a page, and with no data.", exchange)
    if person(application, response) == person(application, response_of(control)):
        return broken(f"An application that is not declared serves who-am-I of {application.name}.", exchange)
    return undecided("An application that is not declared is answered with JSON that is no identity.", exchange)


@check("APP-05", on=of_several_applications(second_factors), reads="second_factor_elsewhere")
def second_factor_has_no_way_around(seen: Evidence, operation: Operation) -> Judgement:
    """A session of another application, opened without the second factor, opens nothing here (CWE-308)."""
    application = _application(seen, operation)
    what = "A session that was opened elsewhere, without the second factor,"
    accesses = seen.all("elsewhere.access")
    reached = [refused(exchange, what, tolerated=frozenset({403})) for exchange in accesses]
    if not reached:
        raise NotObserved("No operation was asked with a session of another application.")
    reached += [refused(exchange, what) for exchange in seen.all("elsewhere.refresh", application.refresh)]
    return worst(*reached)


@check("PAT-22", on=identities_beside_personal_tokens, reads="personal_tokens")
def personal_token_of_another_application_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A personal access token is refused by another application (RFC 8725 section 3.9)."""
    return refused(seen.one("pat.elsewhere", operation), "A personal access token of another application")
