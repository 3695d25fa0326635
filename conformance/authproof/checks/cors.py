"""CORS: which pages of other origins may call, and read the answers (WHATWG Fetch)."""

from __future__ import annotations

from authproof.checks.answers import does_not_decide, response_of
from authproof.checks.designs import csrf_token, field_that_pages_set, token_in_a_cookie
from authproof.checks.registry import (
    check,
    cookie_changes,
    cookie_flows,
    first_identity,
    identities,
    identities_and_first_logins,
    identities_and_refreshes,
    shared_reads,
)
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange, Response, header_value
from authproof.reading import cache_directives
from authproof.tokens import given_cookies
from authproof.verdict import Judgement, broken, met, undecided, untestable, weak, worst
from authproof_spec import Application, Operation

UNDECLARED = "The document declares no origin of a front end."


def _origin(exchange: Exchange) -> str:
    return header_value(exchange.probe.request.headers, "origin") or ""


def _allows(exchange: Exchange) -> bool:
    """True when the answer allows the very origin that asked, or would if a browser were lenient."""
    return _origin(exchange) in response_of(exchange).all("access-control-allow-origin")


def _with_credentials(response: Response) -> bool:
    return "true" in response.all("access-control-allow-credentials")


def _listed(response: Response, name: str) -> frozenset[str]:
    return frozenset(part.strip().lower() for line in response.all(name) for part in line.split(",") if part.strip())


def _asked(seen: Evidence, operation: Operation, *names: str) -> list[Exchange]:
    """The exchanges of the probes `names`. Raises NotObserved when there are none."""
    found = [exchange for name in names for exchange in seen.all(name, operation)]
    if not found:
        raise NotObserved("The operation was not asked for by another origin.")
    return found


@check("CORS-01", on=identities_and_refreshes, reads=("cors", "cross_site"))
def wildcard_is_without_credentials(seen: Evidence, operation: Operation) -> Judgement:
    """No answer allows every origin together with credentials (CWE-942)."""
    asked = [exchange for exchange in seen.on(operation) if _origin(exchange)]
    if not asked:
        raise NotObserved("The operation was not asked for by another origin.")
    for exchange in asked:
        response = response_of(exchange)
        if "*" in response.all("access-control-allow-origin") and _with_credentials(response):
            return broken("The answer allows every origin (*) together with credentials.", exchange)
    return met(f"None of {len(asked)} answers allows every origin together with credentials.", asked[0])


@check("CORS-02", on=identities_and_refreshes, reads=("cors", "cross_site"))
def foreign_origin_is_not_allowed(seen: Evidence, operation: Operation) -> Judgement:
    """An origin that nobody declared is not told that it may read the answer (CWE-346)."""
    asked = _asked(seen, operation, "cors.foreign", "cors.foreign_preflight", "cross_site")
    return worst(*(_not_reflected(exchange, f"The foreign origin {_origin(exchange)}") for exchange in asked))


def _not_reflected(exchange: Exchange, what: str) -> Judgement:
    response = response_of(exchange)
    if _allows(exchange):
        say = broken if _with_credentials(response) else weak
        return say(f"{what} is allowed{' with credentials' if _with_credentials(response) else ''}.", exchange)
    if does_not_decide(exchange):
        return undecided(f"The answer is {exchange.status}, which does not decide.", exchange)
    return met(f"{what} is not allowed.", exchange)


@check("CORS-03", on=first_identity, reads="cors")
def look_alike_origin_is_not_allowed(seen: Evidence, operation: Operation) -> Judgement:
    """An origin that only resembles the declared one is not allowed (CWE-346)."""
    if not seen.contract.cors_origins:
        return untestable(UNDECLARED)
    asked = _asked(seen, operation, "cors.look_alike")
    return worst(*(_look_alike(exchange) for exchange in asked))


def _look_alike(exchange: Exchange) -> Judgement:
    what = f"{_origin(exchange)} ({exchange.probe.variant} of the declared origin)"
    if _allows(exchange):
        return broken(f"{what} is allowed.", exchange)
    return _not_reflected(exchange, what)


@check("CORS-04", on=first_identity, reads="cors")
def null_origin_is_not_allowed(seen: Evidence, operation: Operation) -> Judgement:
    """The origin null, which a page in a sandbox has, is not allowed with credentials (CWE-346)."""
    return _not_reflected(seen.one("cors.null", operation), "The origin null")


@check("CORS-05", on=identities_and_first_logins, reads="cors")
def preflight_needs_no_authentication(seen: Evidence, operation: Operation) -> Judgement:
    """A preflight from a declared origin, which brings no credentials, is answered with permission."""
    exchange = _preflight(seen, operation)
    if isinstance(exchange, Judgement):
        return exchange
    response = response_of(exchange)
    if not response.is_success:
        return broken(f"The preflight is answered {exchange.status}; browsers then send nothing else.", exchange)
    if missing := _missing_permission(seen, operation, response, _origin(exchange)):
        return broken(f"The preflight is answered {exchange.status}, but {missing}.", exchange)
    methods = _listed(response, "access-control-allow-methods")
    # Fetch: a method of the safelist needs no permission; "*" counts where no credentials are sent.
    wildcard = "*" in methods and not _takes_cookies(seen, operation)
    if operation.method not in {"GET", "HEAD", "POST"} and operation.method.lower() not in methods and not wildcard:
        return broken(f"The preflight does not allow the method {operation.method}.", exchange)
    header = header_value(exchange.probe.request.headers, "access-control-request-headers") or ""
    headers = _listed(response, "access-control-allow-headers")
    if header == "content-type" and header not in headers and ("*" not in headers or _takes_cookies(seen, operation)):
        return broken("The preflight does not allow Content-Type, without which no JSON can be sent.", exchange)
    return met("The preflight of the declared origin is answered with permission.", exchange)


def _preflight(seen: Evidence, operation: Operation) -> Exchange | Judgement:
    """The preflight of the declared origin at `operation`, or why nothing can be said of it."""
    if not seen.contract.cors_origins:
        return untestable(UNDECLARED)
    exchange = seen.one("cors.preflight", operation)
    if does_not_decide(exchange):
        return undecided(f"The preflight is answered {exchange.status}, which does not decide.", exchange)
    return exchange


def _takes_cookies(seen: Evidence, operation: Operation) -> bool:
    """True when the operation gives or takes a cookie, so that browsers send the request with credentials."""
    application = seen.application_of(operation)
    if application is None:
        return False
    is_identity = application.identity is not None and operation is application.identity.operation
    return application.access_cookie is not None or (application.cookie is not None and not is_identity)


def _missing_permission(seen: Evidence, operation: Operation, response: Response, origin: str) -> str:
    """What keeps a page of `origin` from reading the answer, in words; empty when nothing does (Fetch, "CORS check")."""
    allowed = response.all("access-control-allow-origin")
    if len(allowed) != 1 or allowed[0] not in {origin, "*"}:
        return f"Access-Control-Allow-Origin is {', '.join(allowed) or 'missing'}"
    if not _takes_cookies(seen, operation):
        return ""
    if allowed[0] == "*":
        return "a wildcard origin allows no cookies"
    return "" if _with_credentials(response) else "Access-Control-Allow-Credentials is not true, so cookies stay behind"


@check("CORS-06", on=identities, reads="cors", where=field_that_pages_set)
def field_of_the_token_is_allowed_by_name(seen: Evidence, operation: Operation) -> Judgement:
    """The field that carries the token, or the CSRF token, is listed; a wildcard does not cover Authorization (Fetch)."""
    exchange = _preflight(seen, operation)
    if isinstance(exchange, Judgement):
        return exchange
    response = response_of(exchange)
    header = header_value(exchange.probe.request.headers, "access-control-request-headers") or ""
    headers = _listed(response, "access-control-allow-headers")
    if header in headers or (header != "authorization" and "*" in headers and not _takes_cookies(seen, operation)):
        return met(f"Access-Control-Allow-Headers has {header}.", exchange)
    return broken(f"Access-Control-Allow-Headers is {', '.join(sorted(headers)) or 'missing'}; pages cannot send {header}.", exchange)


@check("CORS-07", on=identities_and_refreshes, reads="cors")
def errors_can_be_read(seen: Evidence, operation: Operation) -> Judgement:
    """A page of a declared origin reads a refusal, too; else it only learns that something failed."""
    if not seen.contract.cors_origins:
        return untestable(UNDECLARED)
    exchange = seen.one("cors.refused", operation)
    if does_not_decide(exchange) or response_of(exchange).is_success:
        return undecided(f"The answer is {exchange.status}, and no refusal of the application.", exchange)
    if missing := _missing_permission(seen, operation, response_of(exchange), _origin(exchange)):
        return broken(f"A page of the declared origin cannot read the {exchange.status}: {missing}.", exchange)
    return met(f"A page of the declared origin can read the {exchange.status}.", exchange)


@check("CORS-08", on=shared_reads, reads="cors")
def answer_to_one_origin_varies(seen: Evidence, operation: Operation) -> Judgement:
    """What depends on Origin says so, or is stored by nobody (RFC 9110 section 12.5.5)."""
    asked = [exchange for exchange in seen.on(operation) if _origin(exchange) and exchange.probe.request.method == "GET"]
    if not asked and not seen.contract.cors_origins:
        return untestable(UNDECLARED)
    if not asked:
        raise NotObserved("The operation was not asked for by another origin.")
    of_one = [exchange for exchange in asked if _allows(exchange)]
    of_others = [exchange for exchange in seen.on(operation) if exchange not in of_one and exchange.probe.request.method == "GET"]
    told = {response_of(exchange).all("access-control-allow-origin") for exchange in of_others}
    # A server that tells everybody of its one origin depends on nothing.
    dependent = [exchange for exchange in of_one if not of_others or response_of(exchange).all("access-control-allow-origin") not in told]
    for exchange in dependent:
        response = response_of(exchange)
        if not _listed(response, "vary") & {"origin", "*"} and "no-store" not in cache_directives(response):
            return broken("The answer allows the origin that asked, may be stored, and does not say Vary: Origin.", exchange)
    if not dependent:
        return met("No answer depends on the origin that asks.", *asked[:2])
    return met("What depends on the origin says so, or is not stored.", dependent[0])


@check("CORS-09", on=cookie_flows, reads=("cross_site",), where=token_in_a_cookie)
def foreign_page_changes_nothing(seen: Evidence, operation: Operation) -> Judgement:
    """Without a preflight, a page of another site does nothing with the cookie alone (CWE-352)."""
    application = seen.application_of(operation)
    if application is None or not application.token_cookies:
        raise NotObserved("The operation belongs to no application with a token in a cookie.")
    policy = application.cookie if operation in (application.refresh, application.logout) else application.access_cookie
    if policy is None:
        return untestable(f"No cookie opens {operation.name}.")
    exchange = seen.one("cross_site", operation)
    if does_not_decide(exchange):
        return undecided(f"The answer is {exchange.status}, which does not decide.", exchange)
    if not _was_carried_out(seen, application, exchange):
        return met(f"A request of a foreign page with the cookie is answered {exchange.status} and changes nothing.", exchange)
    logins = [found for login in application.logins for found in seen.all("cross_site.login", login.operation)]
    if not logins:
        raise NotObserved("The session was not opened.")
    login = logins[0]
    givers = [login, *seen.all("cross_site", application.refresh)]
    cookies = [cookie for giver in givers for cookie in given_cookies(response_of(giver), policy.name)]
    known = {"strict", "lax", "none"}
    policies = {value if (value := cookie.attributes.get("samesite", "").lower()) in known else "" for cookie in cookies}
    if policies <= {"strict", "lax"} and policies and (policies == {"strict"} or operation.method not in {"GET", "HEAD"}):
        return met(f"The cookie is SameSite={', '.join(policies).title()}, so that browsers send no foreign page's request with it.", exchange, login)
    if "none" not in policies and "" in policies:
        return weak("A foreign page's request is carried out, and the cookie has no SameSite: it depends on the browser.", exchange, login)
    return broken("A foreign page's request is carried out with the cookie alone.", exchange, login)


def _was_carried_out(seen: Evidence, application: Application, exchange: Exchange) -> bool:
    """True when a request succeeded, or for a logout when the session was over after it."""
    if application.logout is None or seen.operation_of(exchange) != application.logout:
        return response_of(exchange).is_success
    return not response_of(seen.one("cross_site.after_logout", application.refresh)).is_success


@check("CORS-10", on=cookie_changes, reads="cross_site", where=csrf_token)
def csrf_token_is_asked_for(seen: Evidence, operation: Operation) -> Judgement:
    """What changes something by a cookie is refused without the declared CSRF token, with a wrong one, and without its cookie (CWE-352)."""
    control = seen.one("csrf.control", operation)
    attempts = seen.all("csrf.attempt", operation)
    if not attempts:
        raise NotObserved("No request without the CSRF token was answered.")
    return worst(*(_without_csrf_token(attempt, control) for attempt in attempts))


def _without_csrf_token(attempt: Exchange, control: Exchange) -> Judgement:
    what = f"A request {attempt.probe.variant}"
    if does_not_decide(attempt):
        return undecided(f"{what} is answered {attempt.status}, which does not decide.", attempt)
    if response_of(attempt).is_success:
        return broken(f"{what} is carried out: answered {attempt.status}.", attempt, control)
    if does_not_decide(control) or control.status in {401, 403}:
        return undecided(f"The page's own request is answered {control.status}, so a refusal proves nothing.", control, attempt)
    if attempt.status == control.status:
        return untestable(
            f"The page's own request is answered {control.status} too: the profile lets the run write nothing that would be carried out."
        )
    return met(f"{what} is answered {attempt.status}.", attempt)
