"""LOGOUT."""

from __future__ import annotations

from authproof.checks.answers import accepted, and_also, ended_by_a_login, lives, refused, refused_as_declared, response_of, served
from authproof.checks.cookie import deletes
from authproof.checks.designs import refresh_tokens, token_in_a_cookie
from authproof.checks.refresh import application_of
from authproof.checks.refusals import sent_to_application, what_at
from authproof.checks.registry import check, logouts, of_several_applications
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange
from authproof.reading import set_cookies
from authproof.verdict import Judgement, Verdict, broken, met, undecided, untestable, weak, worst
from authproof_spec import Application, Operation


def _application(seen: Evidence, operation: Operation) -> Application:
    """The application whose logout `operation` is. Raises NotObserved when there is none."""
    application = seen.application_of(operation)
    if application is None:
        raise NotObserved("The operation belongs to no application.")
    return application


def _shows_life(application: Application) -> Operation:
    """The operation that shows whether a session lives: the refresh, or who-am-I where sessions have no refresh token. Raises NotObserved."""
    identity = application.identity.operation if application.identity else None
    found = application.refresh if application.refresh_token else identity
    if found is None:
        raise NotObserved("The document has no operation that shows whether a session lives.")
    return found


def _lives(seen: Evidence, operation: Operation, exchange: Exchange, what: str) -> Judgement:
    """Met when a session lives, by a refresh of it or by who-am-I."""
    return lives(seen, exchange, what) if _application(seen, operation).refresh_token else accepted(seen, exchange, what)


def _succeeds(exchange: Exchange, operation: Operation, what: str) -> Judgement:
    response = response_of(exchange)
    if response.status in {200, 204} or (response.is_success and operation.response(response.status) is not None):
        return met(f"{what} is answered {response.status}.", exchange)
    if response.is_success:
        return broken(f"{what} is answered {response.status} where {operation.success_status} is due.", exchange)
    return served(exchange, what)


def _succeeds_or_is_protected(exchange: Exchange, operation: Operation, what: str) -> Judgement:
    """Like `_succeeds`; where the document asks for an access token at the logout, nobody without a good one gets that far. It may declare 401 too."""
    if exchange.status == 401 and operation.is_protected:
        return met(f"{what} is answered 401, since the document protects it.", exchange)
    if exchange.status == 401 and "401" in operation.responses:
        return weak(
            f"{what} is answered 401, as the document declares it; a success would serve a client better, which has nothing to mend.", exchange
        )
    return _succeeds(exchange, operation, what)


def _refused_refresh(seen: Evidence, operation: Operation, probe: str, what: str) -> Judgement:
    refresh = application_of(seen, operation).refresh
    if refresh is None:
        raise NotObserved("The application has no refresh.")
    return refused_as_declared(seen.one(probe, refresh), refresh, what)


@check("LOGOUT-01", on=logouts, reads="logout")
def logout_ends_the_session(seen: Evidence, operation: Operation) -> Judgement:
    """Logout succeeds, and the refresh token is dead on the server; where there is none, the access token is (RFC 7009 section 2.1)."""
    application = _application(seen, operation)
    answered = _succeeds(seen.one("logout", operation), operation, "Logout")
    if application.refresh_token:
        return and_also(answered, lambda: _refused_refresh(seen, operation, "logout.refresh_after", "The refresh token after logout"))
    after = seen.one("logout.access_after", _shows_life(application))
    if response_of(after).is_success and not application.access_token.opaque:
        return worst(
            answered, weak(f"The access token, a JWT, works on after logout, for at most {application.access_token.lifetime} seconds.", after)
        )
    return worst(answered, refused(after, "The access token after logout, by which alone the session is known,"))


@check("LOGOUT-02", on=logouts, reads="logout", where=token_in_a_cookie)
def logout_clears_the_cookie(seen: Evidence, operation: Operation) -> Judgement:
    """Every logout clears the token cookies, also one without a cookie or with a bad one."""
    application = _application(seen, operation)
    further = (*seen.all("logout.again", operation), *seen.all("logout.garbage", operation))
    # Where a logout is protected, what it refuses is none.
    exchanges = [seen.one("logout", operation), *(exchange for exchange in further if not (operation.is_protected and exchange.status == 401))]
    return worst(*(deletes(exchange, cookie) for exchange in exchanges for cookie in application.token_cookies))


@check("LOGOUT-03", on=logouts, reads="logout", where=refresh_tokens)
def logout_revokes_the_family(seen: Evidence, operation: Operation) -> Judgement:
    """An earlier token of the family is dead after logout too."""
    return _refused_refresh(seen, operation, "logout.ancestor_after", "An earlier refresh token after logout")


@check("LOGOUT-06", on=logouts, reads="logout")
def forged_token_ends_no_session(seen: Evidence, operation: Operation) -> Judgement:
    """Logout with a forged token ends nobody's session (CWE-347)."""
    life = _shows_life(_application(seen, operation))
    forged = seen.all("logout.forged", operation)
    if not forged:
        raise NotObserved("No logout with a forged token was answered.")
    proofs = (*seen.all("logout.unharmed_by_forgery", life), seen.one("logout.unharmed", life))
    judgement = _lives(seen, operation, proofs[0], "The session whose token was forged for a logout")
    return judgement if judgement.verdict is Verdict.PASS else Judgement(judgement.verdict, judgement.detail, (*forged, proofs[0]))


@check("LOGOUT-09", on=logouts, reads="logout")
def logout_is_by_post_alone(seen: Evidence, operation: Operation) -> Judgement:
    """GET ends no session and deletes no cookie: any link or image can send it (RFC 9110 section 9.2.1)."""
    if operation.method == "GET":
        return weak("The document declares GET for the logout, which any link or image can send.")
    if any(other.path == operation.path and other.method == "GET" for other in seen.contract.operations):
        return untestable("The document declares another operation with GET at this path.")
    application = _application(seen, operation)
    by_get = seen.one("logout.get", operation)
    if any(given.is_deletion for cookie in application.token_cookies for given in set_cookies(response_of(by_get), cookie.name)):
        return broken(f"GET is answered {by_get.status} and deletes a token cookie.", by_get)
    after = seen.one("logout.unharmed", _shows_life(application))
    if response_of(after).is_success:
        living = _lives(seen, operation, after, "The session after it")
        return Judgement(living.verdict, f"GET is answered {by_get.status}. {living.detail}", (by_get, after))
    again = seen.all("logout.unharmed_by_forgery", _shows_life(application))
    if again and response_of(again[0]).is_success:
        return broken(f"GET is answered {by_get.status}, and the session is over.", by_get, after)
    return undecided("The session was over afterwards, but not for the GET alone.", by_get, after)


@check("LOGOUT-10", on=of_several_applications(logouts), reads="logout")
def logout_leaves_other_applications_alone(seen: Evidence, operation: Operation) -> Judgement:
    """Logout of one application neither ends the session of another nor deletes its cookie."""
    own = _application(seen, operation)
    others = [application for application in seen.contract.applications.values() if application is not own]
    for exchange in seen.on(operation):
        for other in others:
            foreign = {cookie.name for cookie in other.token_cookies} - {cookie.name for cookie in own.token_cookies}
            if found := sorted(name for name in foreign if set_cookies(response_of(exchange), name)):
                return broken(f"The logout sets {found[0]}, the cookie of {other.name}.", exchange)
    if not any(_places(own, other) for other in others):
        return untestable("No other application has anything that would show whether its session lives.")
    number = seen.one("logout", operation).number
    nearest = []
    for other in others:
        # Each application's logout is followed by a look at the others, until the next logout; of several tries the last one counts.
        probes = [exchange for place in _places(own, other) for exchange in seen.all("logout.other_application", place) if exchange.number > number]
        nearest += [exchange for exchange in probes if not _logouts_between(seen, number, exchange.number)][-1:]
    if not nearest:
        raise NotObserved("No session of another application was used after the logout.")
    what = "A session of another application after the logout"
    refreshes = {other.refresh.id for other in others if other.refresh}
    return worst(*(lives(seen, each, what) if each.probe.operation in refreshes else accepted(seen, each, what) for each in nearest))


def _places(own: Application, other: Application) -> list[Operation]:
    """Where the script of `own` asks whether the session of `other` lives."""
    shows = other.refresh if own.refresh_token and other.refresh else other.identity.operation if other.identity else None
    return [shows] if shows else []


def _logouts_between(seen: Evidence, first: int, last: int) -> bool:
    return any(first < exchange.number < last and exchange.probe.name == "logout" for exchange in seen.exchanges)


@check("LOGOUT-04", on=logouts, reads="logout")
def second_logout_succeeds(seen: Evidence, operation: Operation) -> Judgement:
    """A second logout with the same cookie is answered like the first (RFC 7009 section 2.2)."""
    return _succeeds_or_is_protected(seen.one("logout.again", operation), operation, "A second logout")


@check("LOGOUT-05", on=logouts, reads="logout")
def logout_without_a_good_cookie_succeeds(seen: Evidence, operation: Operation) -> Judgement:
    """Logout without a cookie or with a bad one succeeds (RFC 7009 section 2.2)."""
    without = _succeeds_or_is_protected(seen.one("logout.without_cookie", operation), operation, "Logout without a token")
    what = "Logout with a value that is no token"
    return and_also(without, lambda: _succeeds_or_is_protected(seen.one("logout.garbage", operation), operation, what))


@check("LOGOUT-07", on=logouts, reads=("logout", "creations"))
def logout_leaves_the_rest_alone(seen: Evidence, operation: Operation) -> Judgement:
    """Logout of one session ends neither another one nor a personal access token."""
    application = _application(seen, operation)
    other = seen.one("logout.other_session", _shows_life(application))
    # Of several tries the last one counts: it was made with a session that was open just before.
    other = seen.all("logout.other_session", _shows_life(application))[-1]
    is_one_session = not application.refresh_token and _tokens_sent(seen, other) == _tokens_sent(seen, seen.one("logout", operation))
    found = [
        untestable("Each login gives the same token, so there is but one session.")
        if is_one_session
        else ended_by_a_login(seen, "logout.other_session_before", _shows_life(application))
        or _lives(seen, operation, other, "Another session after the logout")
    ]
    if application.identity:
        before = seen.all("pat.extras_use", application.identity.operation)
        if before and accepted(seen, before[0], "A personal access token").verdict is Verdict.PASS:
            tokens = seen.all("logout.personal_token_after", application.identity.operation)
            found += [accepted(seen, token, "A personal access token after the logout") for token in tokens]
    return worst(*found)


def _tokens_sent(seen: Evidence, exchange: Exchange) -> frozenset[str]:
    return frozenset(name for _, value in exchange.probe.request.headers for name in seen.tokens_in(value, "access_token"))


@check("LOGOUT-08", on=logouts, reads="logout")
def access_token_stops_at_logout(seen: Evidence, operation: Operation) -> Judgement:
    """The access token stops at logout, or ends within its lifetime."""
    application = _application(seen, operation)
    if application.identity is None:
        return untestable("The contract has no who-am-I operation.")
    exchange = seen.one("logout.access_after", application.identity.operation)
    if response_of(exchange).is_success:
        return weak(f"The access token works on after logout, for at most {application.access_token.lifetime} seconds.", exchange)
    others = [each for each in sent_to_application(seen, ["logout.access_after"], operation) if each is not exchange]
    at_others = (refused(each, what_at(seen, each, operation, "The access token after logout")) for each in others)
    judgement = worst(refused(exchange, "The access token after logout"), *at_others)
    return judgement if judgement.verdict is not Verdict.FAIL else weak(judgement.detail, *judgement.exchanges)
