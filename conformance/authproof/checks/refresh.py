"""REFRESH: rotation and reuse of refresh tokens."""

from __future__ import annotations

from authproof.checks.answers import accepted, all_refused, refused, response_of
from authproof.checks.registry import check, of_several_applications, refreshes
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange
from authproof.reading import set_cookies
from authproof.verdict import Judgement, broken, met, undecided, untestable, weak, worst
from authproof_spec import Application, Operation


def _application(seen: Evidence, operation: Operation) -> Application:
    application = seen.application_of(operation)
    if application is None or application.cookie is None:
        raise NotObserved("The operation belongs to no application with a refresh cookie.")
    return application


def _cookie_variable(seen: Evidence, exchange: Exchange, application: Application) -> str | None:
    """The variable of the refresh token that `exchange` set."""
    name = application.cookie.name if application.cookie else ""
    for cookie in set_cookies(response_of(exchange), name):
        if not cookie.is_deletion and (found := seen.tokens_in(cookie.value)):
            return found[0]
    return None


def _sent_variable(seen: Evidence, exchange: Exchange) -> str | None:
    cookies = " ".join(value for name, value in exchange.probe.request.headers if name == "Cookie")
    found = seen.tokens_in(cookies)
    return found[0] if found else None


@check("REFRESH-01", on=refreshes, reads="refresh")
def good_cookie_gives_a_new_access_token(seen: Evidence, operation: Operation) -> Judgement:
    """A refresh with a good cookie gives an access token that works and is a new one."""
    application = _application(seen, operation)
    exchange = seen.one("refresh.first", operation)
    response = response_of(exchange)
    if not response.is_success:
        return broken(f"A refresh with a good cookie is answered {response.status}.", exchange)
    token = response.at(application.access_token_field)
    if not isinstance(token, str):
        return broken(f"The answer has no access token at {application.access_token_field}.", exchange)
    earlier = [e for e in seen.answered if e.number < exchange.number and token in response_of(e).body.decode("utf-8", "replace")]
    if earlier:
        return broken("The access token is one that was given before.", exchange, earlier[0])
    if application.identity:
        used = seen.one("refresh.new_access", application.identity.operation)
        return accepted(seen, used, "The new access token")
    return met("The refresh gives a new access token.", exchange)


@check("REFRESH-02", on=refreshes, reads="refresh")
def every_refresh_rotates(seen: Evidence, operation: Operation) -> Judgement:
    """A refresh sets a new refresh token (RFC 9700 section 4.14.2)."""
    application = _application(seen, operation)
    exchange = seen.one("refresh.first", operation)
    if not response_of(exchange).is_success:
        return undecided(f"The refresh was answered {exchange.status}.", exchange)
    given, sent = _cookie_variable(seen, exchange, application), _sent_variable(seen, exchange)
    if given is None:
        return broken("The refresh sets no next refresh token.", exchange)
    if given == sent:
        return broken("The refresh sets the very token that it was sent.", exchange)
    return met("The refresh sets a new refresh token.", exchange)


@check("REFRESH-03", on=refreshes, reads="refresh")
def used_token_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A refresh token that was used is refused (RFC 9700 section 4.14.2)."""
    return refused(seen.one("refresh.reuse", operation), "A used refresh token")


@check("REFRESH-04", on=refreshes, reads="refresh")
def reuse_revokes_the_family(seen: Evidence, operation: Operation) -> Judgement:
    """After a used token came back, the newest one of its family is refused too (RFC 9700 section 4.14.2)."""
    reuse = seen.one("refresh.reuse", operation)
    if response_of(reuse).is_success:
        return broken("A used token was let in, so its reuse was not noticed at all.", reuse)
    return refused(seen.one("refresh.after_reuse", operation), "The newest token of a family whose used token came back")


@check("REFRESH-05", on=refreshes, reads="ancestor")
def reuse_of_an_older_ancestor_revokes_the_family(seen: Evidence, operation: Operation) -> Judgement:
    """The reuse of an older ancestor has the same effect, and no grace covers it (RFC 9700 section 4.14.2)."""
    reuse = refused(seen.one("ancestor.reuse", operation), "A refresh token used two rotations ago")
    newest = refused(seen.one("ancestor.after_reuse", operation), "The newest token of a family whose older token came back")
    return worst(reuse, newest)


@check("REFRESH-06", on=refreshes, reads="refresh")
def reuse_leaves_other_families_alone(seen: Evidence, operation: Operation) -> Judgement:
    """Reuse in one family does not end another session, unless the document says so."""
    application = _application(seen, operation)
    exchange = seen.one("refresh.bystander", operation)
    if application.rotation.revokes_account:
        return untestable("The document declares that reuse ends every session of the account.")
    if not response_of(exchange).is_success:
        return broken(f"Another session of the account is answered {exchange.status} after the reuse.", exchange)
    return met("Another session of the account lives on.", exchange)


@check("REFRESH-07", on=refreshes, reads="refresh")
def access_token_of_a_revoked_family_stops(seen: Evidence, operation: Operation) -> Judgement:
    """An access token of a revoked family stops, or ends within its short lifetime."""
    application = _application(seen, operation)
    if application.identity is None:
        return untestable("The contract has no who-am-I operation.")
    newest = seen.one("refresh.after_reuse", operation)
    if response_of(newest).is_success:
        return untestable("The reuse revoked no family, so there is no access token of a revoked one.")
    exchange = seen.one("refresh.access_after_reuse", application.identity.operation)
    if response_of(exchange).is_success:
        return weak(f"The access token of the revoked family works on, for at most {application.access_token.lifetime} seconds.", exchange)
    return refused(exchange, "The access token of a revoked family")


@check("REFRESH-08", on=refreshes, reads="race")
def simultaneous_refreshes_succeed_once(seen: Evidence, operation: Operation) -> Judgement:
    """Of simultaneous refreshes with one token at most one succeeds (CWE-362)."""
    application = _application(seen, operation)
    rivals = _rivals(seen, operation)
    winners = [exchange for exchange in rivals if response_of(exchange).is_success]
    if len(winners) > 1 and not application.rotation.grace:
        return broken(f"{len(winners)} of {len(rivals)} simultaneous refreshes with one token succeeded.", *winners)
    if any(exchange.status == 429 for exchange in rivals):
        return undecided("The target limits requests (429).", *rivals)
    if not _overlap(rivals):
        return undecided("The refreshes did not meet in time.", *rivals)
    suffix = f", within the declared grace of {application.rotation.grace} seconds" if len(winners) > 1 else ""
    return met(f"{len(winners)} of {len(rivals)} simultaneous refreshes succeeded{suffix}.", *rivals)


def _rivals(seen: Evidence, operation: Operation) -> tuple[Exchange, ...]:
    rivals = seen.all("race", operation)
    if len(rivals) < 2:
        raise NotObserved("Fewer than two simultaneous refreshes were answered.")
    if not any(response_of(exchange).is_success or exchange.status == 401 for exchange in rivals):
        raise NotObserved(f"Of simultaneous refreshes none was let in, and none refused: the first is answered {rivals[0].status}.")
    return rivals


def _overlap(rivals: tuple[Exchange, ...]) -> bool:
    return max(exchange.at for exchange in rivals) < min(exchange.at + exchange.elapsed for exchange in rivals)


@check("REFRESH-09", on=refreshes, reads="race")
def race_leaves_one_successor(seen: Evidence, operation: Operation) -> Judgement:
    """After simultaneous refreshes there are no two live successors (RFC 9700 section 4.14.2)."""
    _rivals(seen, operation)
    living = [exchange for exchange in seen.all("race.successor", operation) if response_of(exchange).is_success]
    if len(living) > 1:
        return broken(f"{len(living)} successors of one token live side by side.", *living)
    return met(f"{len(living)} successors of the token live.", *seen.all("race", operation)[:1])


@check("REFRESH-10", on=refreshes, reads="refresh")
def missing_cookie_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A refresh without a cookie is answered 401 (RFC 9110 section 15.5.2)."""
    return refused(seen.one("refresh.missing", operation), "A refresh without a cookie")


@check("REFRESH-11", on=refreshes, reads="refresh")
def garbage_cookie_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A refresh with a cookie that is no token is answered 401."""
    exchanges = seen.all("refresh.garbage", operation)
    for exchange in exchanges:
        if exchange.status >= 500:
            return broken(f"A cookie that is no token makes the server fail with {exchange.status}.", exchange)
    return all_refused(exchanges, "A refresh with a cookie that is no token")


@check("REFRESH-13", on=of_several_applications(refreshes), reads="isolation")
def cookie_of_another_application_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """The refresh token of another application is refused (RFC 8725 section 3.9)."""
    return all_refused(seen.all("isolation.refresh", operation), "The refresh token of another application")


@check("REFRESH-16", on=refreshes, reads="logout")
def refresh_after_logout_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A refresh token is refused after logout (CWE-613)."""
    return refused(seen.one("logout.refresh_after", operation), "A refresh after logout")
