"""MFA: the second factor."""

from __future__ import annotations

from authproof.checks.answers import gives_no_cookie, refused, response_of
from authproof.checks.registry import check, second_factors
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange
from authproof.reading import set_cookies
from authproof.verdict import Judgement, broken, met, undecided, worst
from authproof_spec import Application, Operation
from authproof_spec.contract import SecondFactor


def _factor(seen: Evidence, operation: Operation) -> tuple[Application, SecondFactor]:
    application = seen.application_of(operation)
    if application is None or application.second_factor is None:
        raise NotObserved("The operation belongs to no application with a second factor.")
    return application, application.second_factor


def _challenge(seen: Evidence, application: Application) -> Exchange:
    """The login that was answered with a challenge."""
    for login in application.logins:
        for exchange in seen.all("mfa.challenge", login.operation):
            return exchange
    raise NotObserved("No login with a second factor was answered.")


@check("MFA-01", on=second_factors, reads="second_factor")
def first_factor_alone_opens_nothing(seen: Evidence, operation: Operation) -> Judgement:
    """After the first factor there is a challenge, and neither access token nor refresh cookie (CWE-308)."""
    application, factor = _factor(seen, operation)
    exchange = _challenge(seen, application)
    response = response_of(exchange)
    if seen.tokens_in(response.body.decode("utf-8", "replace"), "access_token"):
        return broken("The first factor alone is given an access token.", exchange)
    if response.status == 429:
        return undecided("The target limits requests (429).", exchange)
    if not response.is_success or not isinstance(response.at(factor.response_challenge), str):
        return broken(f"The first factor is answered {response.status} without a challenge at {factor.response_challenge}.", exchange)
    return gives_no_cookie(exchange, application, met("The first factor is answered with a challenge alone.", exchange))


@check("MFA-03", on=second_factors, reads="second_factor")
def challenge_is_no_token(seen: Evidence, operation: Operation) -> Judgement:
    """The challenge's id opens nothing as bearer token or refresh cookie (RFC 8725 section 3.12)."""
    application, _ = _factor(seen, operation)
    judgements = []
    if application.identity:
        judgements.append(refused(seen.one("mfa.challenge_as_bearer", application.identity.operation), "A challenge as bearer token"))
    if application.refresh:
        judgements.append(refused(seen.one("mfa.challenge_as_refresh", application.refresh), "A challenge in the refresh cookie"))
    return worst(*judgements)


@check("MFA-04", on=second_factors, reads="second_factor")
def right_code_opens_a_session(seen: Evidence, operation: Operation) -> Judgement:
    """The right code turns the challenge into an access token and a refresh cookie (RFC 6238 section 4.2)."""
    application, _ = _factor(seen, operation)
    exchange = _right(seen, operation)
    response = response_of(exchange)
    if not response.is_success:
        return broken(f"The right code is answered {response.status}.", exchange)
    if not isinstance(response.at(application.access_token_field), str):
        return broken(f"The answer has no access token at {application.access_token_field}.", exchange)
    if application.cookie and not any(cookie.value and not cookie.is_deletion for cookie in set_cookies(response, application.cookie.name)):
        return broken("The answer sets no refresh cookie.", exchange)
    return met("The right code opens a session.", exchange)


def _right(seen: Evidence, operation: Operation) -> Exchange:
    later = seen.all("mfa.right_code_next_step", operation)
    return later[0] if later else seen.one("mfa.right_code", operation)


@check("MFA-05", on=second_factors, reads="second_factor")
def wrong_code_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A wrong code is answered 401, without token or cookie."""
    application, _ = _factor(seen, operation)
    exchange = seen.one("mfa.wrong_code", operation)
    return gives_no_cookie(exchange, application, refused(exchange, "A wrong code"))


@check("MFA-06", on=second_factors, reads="second_factor")
def challenge_works_once(seen: Evidence, operation: Operation) -> Judgement:
    """A challenge that was answered is refused the next time, with a fresh code (CWE-837)."""
    if not response_of(_right(seen, operation)).is_success:
        raise NotObserved("The right code was not accepted, so the challenge was never used.")
    return refused(seen.one("mfa.used_challenge", operation), "A used challenge with the next code")
