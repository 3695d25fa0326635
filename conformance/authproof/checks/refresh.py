"""REFRESH: what a refresh gives, and what is no refresh token."""

from __future__ import annotations

from collections.abc import Mapping

from authproof.checks.answers import accepted, all_refused_as_declared, refused_as_declared, response_of, same_person, served
from authproof.checks.cookie import deletes
from authproof.checks.designs import refresh_token_in_a_cookie
from authproof.checks.registry import check, of_several_applications, refreshes
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange
from authproof.tokens import access_token_in, given_cookies, refresh_token_in, where_access_tokens_are
from authproof.verdict import Judgement, Verdict, broken, met, undecided, untestable, weak, worst
from authproof_spec import Application, Operation
from authproof_spec.contract import Meaning
from authproof_spec.pointer import Json, get

_RIGHTS = ("scope", "scp", "permissions", "roles")


def application_of(seen: Evidence, operation: Operation) -> Application:
    """The application whose refresh or logout `operation` is. Raises NotObserved when there is none."""
    application = seen.application_of(operation)
    if application is None or application.refresh is None:
        raise NotObserved("The operation belongs to no application with a refresh.")
    return application


def _true_token_works(seen: Evidence, operation: Operation) -> Judgement:
    """Whether the untouched refresh token was accepted after the attempts to use it otherwise."""
    controls = (*seen.all("refresh.cross_site", operation), *seen.all("refresh.control", operation))
    return worst(*(met("The true token works on.", control) for control in controls if response_of(control).is_success))


@check("REFRESH-01", on=refreshes, reads="refresh")
def good_cookie_gives_a_new_access_token(seen: Evidence, operation: Operation) -> Judgement:
    """A refresh with a good refresh token gives an access token that works and is a new one."""
    application = application_of(seen, operation)
    exchange = seen.one("refresh.first", operation)
    answered = served(exchange, "A refresh with a good refresh token")
    if answered.verdict is not Verdict.PASS:
        return answered
    if exchange.status != 200 and operation.response(exchange.status) is None:
        return broken(f"A refresh is answered {exchange.status} where {operation.success_status} is due.", exchange)
    token = access_token_in(application, exchange)
    if token is None:
        return broken(f"The answer has no access token {where_access_tokens_are(application)}.", exchange)
    earlier = [e for e in seen.answered if e.number < exchange.number and access_token_in(application, e) == token]
    if earlier:
        return broken("The access token is one that was given before.", exchange, earlier[0])
    if application.identity:
        used = seen.one("refresh.new_access", application.identity.operation)
        return accepted(seen, used, "The new access token")
    return met("The refresh gives a new access token.", exchange)


@check("REFRESH-02", on=refreshes, reads="refresh")
def every_refresh_rotates(seen: Evidence, operation: Operation) -> Judgement:
    """A refresh gives a new refresh token (RFC 9700 section 4.14.2)."""
    application = application_of(seen, operation)
    exchange = seen.one("refresh.first", operation)
    if not response_of(exchange).is_success:
        return undecided(f"The refresh was answered {exchange.status}.", exchange)
    given = refresh_token_in(application, exchange)
    if given is None:
        return broken("The refresh gives no next refresh token.", exchange)
    if set(seen.tokens_in(given)) & set(tokens_sent(seen, exchange)):
        return broken("The refresh gives the very token that it was sent.", exchange)
    return met("The refresh gives a new refresh token.", exchange)


def tokens_sent(seen: Evidence, exchange: Exchange) -> tuple[str, ...]:
    """The variables of the secrets that `exchange` was sent with."""
    request = exchange.probe.request
    text = " ".join(value for _, value in request.headers) + (request.body or b"").decode("utf-8", "replace")
    return seen.tokens_in(text)


@check("REFRESH-10", on=refreshes, reads="race")
def missing_cookie_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A refresh without a refresh token is answered 401 (RFC 9110 section 15.5.2)."""
    return all_refused_as_declared(seen.all("refresh.missing", operation), operation, "A refresh without a refresh token")


@check("REFRESH-11", on=refreshes, reads="refresh")
def garbage_cookie_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A refresh with a value that is no token is answered 401, and never with a server error."""
    exchanges = seen.all("refresh.garbage", operation)
    if not exchanges:
        raise NotObserved("No refresh with a value that is no token was answered.")
    return worst(*(_of_garbage(exchange, operation) for exchange in exchanges))


def _of_garbage(exchange: Exchange, operation: Operation) -> Judgement:
    if exchange.status in {500, 501}:
        return broken(f"A refresh token that is none makes the server fail with {exchange.status}.", exchange)
    if exchange.status in {400, 413, 431} and response_of(exchange).media_type == "text/html":
        return undecided(f"The answer {exchange.status} is a web page, so a server in front of the application may have made it.", exchange)
    return refused_as_declared(exchange, operation, "A refresh with a value that is no token")


@check("REFRESH-12", on=refreshes, reads="refresh")
def forged_token_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A refresh token that was forged or altered is refused, while a true one is accepted (RFC 8725 section 3.1)."""
    judgement = all_refused_as_declared(seen.all("refresh.forged", operation), operation, "A forged refresh token")
    if judgement.verdict is Verdict.PASS and _true_token_works(seen, operation).verdict is not Verdict.PASS:
        return met(f"{judgement.detail} Since then the true one is refused too.", *judgement.exchanges)
    return judgement


@check("REFRESH-13", on=of_several_applications(refreshes), reads="isolation")
def cookie_of_another_application_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """The refresh token of another application is refused (RFC 8725 section 3.9)."""
    others = (application for application in seen.contract.applications.values() if operation != application.refresh)
    if not any(other.refresh_token for other in others):
        return untestable("No other application has a refresh token.")
    return all_refused_as_declared(seen.all("isolation.refresh", operation), operation, "The refresh token of another application")


@check("REFRESH-16", on=refreshes, reads="logout")
def refresh_after_logout_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A refresh token is refused after logout (CWE-613)."""
    return refused_as_declared(seen.one("logout.refresh_after", operation), operation, "A refresh after logout")


@check("REFRESH-18", on=refreshes, reads="refresh")
def token_is_taken_from_its_place_alone(seen: Evidence, operation: Operation) -> Judgement:
    """The refresh token is read where the document has it, and nowhere else."""
    return _gives_nothing(seen, operation, seen.all("refresh.elsewhere", operation), "A refresh token")


@check("REFRESH-19", on=refreshes, reads="refresh")
def refresh_is_by_post_alone(seen: Evidence, operation: Operation) -> Judgement:
    """GET does not refresh: what a link or an image of another site sends changes nothing (RFC 9110 section 9.2.1)."""
    if operation.method == "GET":
        return weak("The document declares GET for the refresh, which any link or image can send.")
    if any(other.path == operation.path and other.method == "GET" for other in seen.contract.operations):
        return untestable("The document declares another operation with GET at this path.")
    return _gives_nothing(seen, operation, (seen.one("refresh.get", operation),), "GET")


def _gives_nothing(seen: Evidence, operation: Operation, exchanges: tuple[Exchange, ...], what: str) -> Judgement:
    """Met when none of `exchanges` gave a token, and the refresh token that they carried was still unused afterwards."""
    application = application_of(seen, operation)
    if not exchanges:
        raise NotObserved(f"No probe of {what} was answered.")
    for exchange in exchanges:
        where = f" {exchange.probe.variant}" if exchange.probe.variant else " with the refresh token"
        if access_token_in(application, exchange) or refresh_token_in(application, exchange):
            return broken(f"{what}{where} refreshes: it is answered {exchange.status} with tokens.", exchange)
    if limited := [exchange for exchange in exchanges if exchange.status == 429]:
        return undecided("The target limits requests (429).", *limited)
    control = _true_token_works(seen, operation)
    if control.verdict is not Verdict.PASS:
        return undecided("Nothing was given, but the refresh token did not work afterwards either.", *exchanges)
    shown = ", ".join(dict.fromkeys(str(exchange.status) for exchange in exchanges))
    return met(f"{what} where none is due is answered {shown}, and changes nothing.", *exchanges, *control.exchanges)


@check("REFRESH-20", on=refreshes, reads="refresh", where=refresh_token_in_a_cookie)
def refresh_from_another_site_is_useless(seen: Evidence, operation: Operation) -> Judgement:
    """Another site gets no refresh done in a user's browser: it is refused, or the browser keeps the cookie back (OWASP ASVS 3.5.1)."""
    application = application_of(seen, operation)
    if application.cookie is None:
        raise NotObserved("The refresh token travels in no cookie.")
    exchange = seen.one("refresh.cross_site", operation)
    response = response_of(exchange)
    if response.status == 429 or response.status >= 500:
        return undecided(f"The refresh from another site is answered {response.status}.", exchange)
    origin = dict(exchange.probe.request.headers).get("Origin")
    if response.first("access-control-allow-origin") == origin and (response.first("access-control-allow-credentials") or "").lower() == "true":
        return broken("The answer lets another site read it, with credentials.", exchange)
    if not response.is_success:
        return met(f"A refresh from another site is answered {response.status}.", exchange)
    given = [cookie for each in seen.answered for cookie in given_cookies(response_of(each), application.cookie.name)]
    if given and all((cookie.attributes.get("samesite") or "").lower() in {"lax", "strict"} for cookie in given):
        return met("The server answers a refresh from another site, but browsers send it no cookie, for its SameSite.", exchange)
    return broken("A refresh from another site succeeds, and no SameSite keeps the cookie back.", exchange)


@check("REFRESH-21", on=refreshes, reads=("refresh", "reuse", "refresh_expiry"), where=refresh_token_in_a_cookie)
def refused_refresh_clears_the_cookie(seen: Evidence, operation: Operation) -> Judgement:
    """A refresh refused for its cookie clears that cookie."""
    policy = application_of(seen, operation).cookie
    if policy is None:
        raise NotObserved("The refresh token travels in no cookie.")
    names = ("refresh.reuse", "refresh.garbage", "expiry.refresh")
    exchanges = [exchange for name in names for exchange in seen.all(name, operation)]
    refusals = [exchange for exchange in exchanges if exchange.status in {400, 401, 403}]
    if not refusals:
        raise NotObserved("No refresh with a cookie was refused.")
    return worst(*(deletes(exchange, policy) for exchange in refusals))


@check("REFRESH-22", on=refreshes, reads="refresh")
def new_access_token_is_for_the_same_user_and_rights(seen: Evidence, operation: Operation) -> Judgement:
    """The new access token has the account, the audience and no more than the rights of the first one (RFC 6749 section 6)."""
    application = application_of(seen, operation)
    exchange = seen.one("refresh.first", operation)
    login = _giver_of_the_token_in(seen, application, exchange)
    old, new = (_claims(seen, application, each) for each in (login, exchange))
    if old and new and (changed := _changed(seen, old, new)):
        return broken(changed, exchange, login)
    if application.identity is None:
        return met("The claims are those of the first one.", exchange) if old and new else untestable("Nothing tells whose an access token is.")
    used = seen.one("refresh.new_access", application.identity.operation)
    control = seen.one("identity.control", application.identity.operation)
    judgement = same_person(seen, application, used, control, "The new access token")
    if judgement.verdict is not Verdict.PASS:
        return judgement
    place = application.identity.fields.get("permissions")
    if place and (more := _entries(get(response_of(used).json, place)) - _entries(get(response_of(control).json, place))):
        return broken(f"The new access token has more permissions than the login's: {', '.join(sorted(more))}.", used, control)
    return met("The new access token is for the same user and application, with no more rights.", exchange, used)


def _changed(seen: Evidence, old: Mapping[str, Json], new: Mapping[str, Json]) -> str | None:
    """What the claims `new` say that the earlier ones, `old`, did not; None when there is nothing."""
    for meaning in (Meaning.ACCOUNT, Meaning.AUDIENCE):
        for name in seen.contract.tokens.claims_meaning(meaning):
            if _entries(old.get(name)) != _entries(new.get(name)):
                return f"The claim {name} is {new.get(name)} after the refresh, and was {old.get(name)} before."
    for name in _RIGHTS:
        if more := _entries(new.get(name)) - _entries(old.get(name)):
            return f"After the refresh the claim {name} has more than before: {', '.join(sorted(more))}."
    return None


def _giver_of_the_token_in(seen: Evidence, application: Application, exchange: Exchange) -> Exchange:
    """The exchange that gave the refresh token which `exchange` was sent with."""
    sent = set(tokens_sent(seen, exchange))
    for earlier in seen.answered:
        if earlier.number < exchange.number and sent & set(seen.tokens_in(refresh_token_in(application, earlier) or "")):
            return earlier
    raise NotObserved("The login of the refreshed session was not answered.")


def _claims(seen: Evidence, application: Application, exchange: Exchange) -> Mapping[str, Json] | None:
    names = seen.tokens_in(access_token_in(application, exchange) or "")
    return seen.facts[names[0]].claims if names else None


def _entries(value: Json) -> frozenset[str]:
    """A claim or member that is a text of words, a list, or one value, as a set of texts."""
    if isinstance(value, list):
        return frozenset(str(entry) for entry in value)
    return frozenset(str(value).split()) if value is not None else frozenset()
