"""LOGOUT."""

from __future__ import annotations

from authproof.checks.answers import refused, response_of
from authproof.checks.cookie import deletes
from authproof.checks.registry import check, logouts
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange
from authproof.verdict import Judgement, Verdict, broken, met, untestable, weak, worst
from authproof_spec import Application, Operation


def _application(seen: Evidence, operation: Operation) -> Application:
    application = seen.application_of(operation)
    if application is None or application.refresh is None:
        raise NotObserved("The operation belongs to no application with a refresh.")
    return application


def _succeeds(exchange: Exchange, operation: Operation, what: str) -> Judgement:
    status = response_of(exchange).status
    if status == 200 or (response_of(exchange).is_success and operation.response(status) is not None):
        return met(f"{what} is answered {status}.", exchange)
    return broken(f"{what} is answered {status} where {operation.success_status} is due.", exchange)


@check("LOGOUT-01", on=logouts, reads="logout")
def logout_revokes_the_refresh_token(seen: Evidence, operation: Operation) -> Judgement:
    """Logout succeeds, and the refresh token is dead on the server (RFC 7009 section 2.1)."""
    application = _application(seen, operation)
    answered = _succeeds(seen.one("logout", operation), operation, "Logout")
    return worst(answered, refused(seen.one("logout.refresh_after", application.refresh), "The refresh token after logout"))


@check("LOGOUT-02", on=logouts, reads="logout")
def logout_clears_the_cookie(seen: Evidence, operation: Operation) -> Judgement:
    """Every logout clears the cookie, also one without a cookie or with a bad one."""
    application = _application(seen, operation)
    if application.cookie is None:
        return untestable("The application has no refresh cookie.")
    exchanges = [seen.one("logout", operation), *seen.all("logout.again", operation), *seen.all("logout.garbage", operation)]
    return worst(*(deletes(exchange, application.cookie) for exchange in exchanges))


@check("LOGOUT-03", on=logouts, reads="logout")
def logout_revokes_the_family(seen: Evidence, operation: Operation) -> Judgement:
    """An earlier token of the family is dead after logout too."""
    application = _application(seen, operation)
    return refused(seen.one("logout.ancestor_after", application.refresh), "An earlier refresh token after logout")


@check("LOGOUT-04", on=logouts, reads="logout")
def second_logout_succeeds(seen: Evidence, operation: Operation) -> Judgement:
    """A second logout with the same cookie is answered like the first (RFC 7009 section 2.2)."""
    return _succeeds(seen.one("logout.again", operation), operation, "A second logout")


@check("LOGOUT-05", on=logouts, reads="logout")
def logout_without_a_good_cookie_succeeds(seen: Evidence, operation: Operation) -> Judgement:
    """Logout without a cookie or with a bad one succeeds (RFC 7009 section 2.2)."""
    return worst(
        _succeeds(seen.one("logout.without_cookie", operation), operation, "Logout without a cookie"),
        _succeeds(seen.one("logout.garbage", operation), operation, "Logout with a cookie that is no token"),
    )


@check("LOGOUT-07", on=logouts, reads="logout")
def logout_leaves_other_sessions_alone(seen: Evidence, operation: Operation) -> Judgement:
    """Logout of one session does not end another."""
    application = _application(seen, operation)
    exchange = seen.one("logout.other_session", application.refresh)
    if not response_of(exchange).is_success:
        return broken(f"Another session is answered {exchange.status} after the logout.", exchange)
    return met("Another session lives on.", exchange)


@check("LOGOUT-08", on=logouts, reads="logout")
def access_token_stops_at_logout(seen: Evidence, operation: Operation) -> Judgement:
    """The access token stops at logout, or ends within its lifetime."""
    application = _application(seen, operation)
    if application.identity is None:
        return untestable("The contract has no who-am-I operation.")
    exchange = seen.one("logout.access_after", application.identity.operation)
    if response_of(exchange).is_success:
        return weak(f"The access token works on after logout, for at most {application.access_token.lifetime} seconds.", exchange)
    judgement = refused(exchange, "The access token after logout")
    return judgement if judgement.verdict is not Verdict.FAIL else weak(judgement.detail, exchange)
