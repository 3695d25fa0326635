"""MFA: the second factor."""

from __future__ import annotations

from authproof.checks.answers import came_from_elsewhere, does_not_decide, gives_no_cookie, refused, response_of
from authproof.checks.appearance import alike
from authproof.checks.login import guessing, login_of, refusals_of
from authproof.checks.registry import check, second_factors
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange
from authproof.tokens import access_token_in, refresh_token_in, where_access_tokens_are
from authproof.verdict import Judgement, Verdict, broken, met, undecided, untestable, worst
from authproof_spec import Application, Operation
from authproof_spec.contract import SecondFactor

LATER_CHALLENGES = ("mfa.challenge_again", "mfa.second_challenge", "mfa.challenge_to_expire", "mfa.challenge_of_now")
_SHORTEST_CHALLENGE = 16
"""Characters that a challenge's id has at least."""


def _factor(seen: Evidence, operation: Operation) -> tuple[Application, SecondFactor]:
    application = seen.application_of(operation)
    if application is None or application.second_factor is None:
        raise NotObserved("The operation belongs to no application with a second factor.")
    return application, application.second_factor


def _at_logins(seen: Evidence, application: Application, *names: str) -> list[Exchange]:
    """The exchanges of the probes `names` at the logins of `application`."""
    return [exchange for name in names for login in application.logins for exchange in seen.all(name, login.operation)]


def _challenge(seen: Evidence, application: Application) -> Exchange:
    """The login that was answered with a challenge."""
    for exchange in _at_logins(seen, application, "mfa.challenge"):
        return exchange
    raise NotObserved("No login with a second factor was answered.")


def _refused(seen: Evidence, exchange: Exchange, operation: Operation, what: str, *tolerated: int) -> Judgement:
    """Met when `what` was refused as the document says: with 401, or with 400 or 403 where it has no 401; and without a cookie."""
    application, _ = _factor(seen, operation)
    if access_token_in(application, exchange) is not None:
        return broken(f"{what} is given an access token.", exchange)
    others = () if "401" in operation.responses else (400, 403, 422)
    lawful = {status for status in (*others, *tolerated) if str(status) in operation.responses}
    return gives_no_cookie(exchange, application, refused(exchange, what, tolerated=frozenset(lawful)))


def _not_let_in(exchange: Exchange, what: str) -> Judgement:
    """Met when `what` opened nothing; how a wrong code is refused is a matter of MFA-05."""
    if response_of(exchange).is_success:
        return broken(f"{what} is accepted.", exchange)
    if does_not_decide(exchange):
        return undecided(f"{what} is answered {exchange.status}, which does not decide.", exchange)
    return met(f"{what} is refused with {exchange.status}.", exchange)


@check("MFA-01", on=second_factors, reads="second_factor")
def first_factor_alone_opens_nothing(seen: Evidence, operation: Operation) -> Judgement:
    """After the first factor there is a challenge, and neither access token nor refresh token (CWE-308)."""
    application, factor = _factor(seen, operation)
    exchange = _challenge(seen, application)
    response = response_of(exchange)
    if access_token_in(application, exchange) or seen.tokens_in(response.body.decode("utf-8", "replace"), "access_token"):
        return broken("The first factor alone is given an access token.", exchange)
    if response.status == 429:
        return undecided("The target limits requests (429).", exchange)
    if not response.is_success or not isinstance(response.at(factor.response_challenge), str):
        return broken(f"The first factor is answered {response.status} without a challenge at {factor.response_challenge}.", exchange)
    if refresh_token_in(application, exchange):
        return broken("The first factor alone is given a refresh token.", exchange)
    later = [login for login in _at_logins(seen, application, *LATER_CHALLENGES) if access_token_in(application, login)]
    if later:
        return broken(
            "The first factor alone is given an access token at a later login, of which nothing says that it is from a known device.", later[0]
        )
    return met("The first factor is answered with a challenge alone.", exchange)


@check("MFA-02", on=second_factors, reads="second_factor")
def challenge_cannot_be_guessed(seen: Evidence, operation: Operation) -> Judgement:
    """Each login has a challenge of its own, nothing like the one before (CWE-330)."""
    application, factor = _factor(seen, operation)
    exchanges = _at_logins(seen, application, "mfa.challenge", "mfa.challenge_again", "mfa.second_challenge")
    names = [name for exchange in exchanges for name in seen.tokens_in(str(response_of(exchange).at(factor.response_challenge)), "challenge")]
    if len(names) < 2:
        raise NotObserved("Fewer than two challenges were seen.")
    if len(set(names)) < len(names):
        return broken("Two logins gave the same challenge.", *exchanges)
    return guessing(seen, names, "challenge", *exchanges, shortest=_SHORTEST_CHALLENGE)


@check("MFA-03", on=second_factors, reads="second_factor")
def challenge_is_no_token(seen: Evidence, operation: Operation) -> Judgement:
    """The challenge's id opens nothing as bearer token or refresh token (RFC 8725 section 3.12)."""
    application, _ = _factor(seen, operation)
    judgements = []
    if application.identity:
        judgements.append(refused(seen.one("mfa.challenge_as_bearer", application.identity.operation), "A challenge as bearer token"))
    if application.refresh:
        judgements.append(refused(seen.one("mfa.challenge_as_refresh", application.refresh), "A challenge as refresh token"))
    return worst(*judgements) if judgements else untestable(f"The contract has neither a who-am-I operation nor a refresh for {application.name}.")


def _rivals(seen: Evidence, operation: Operation) -> tuple[Exchange, ...]:
    """The two simultaneous answers with the right code: those of a fresh time step, where the first one's code had been used by somebody."""
    rivals = seen.all("mfa.right_code_next_step", operation) or seen.all("mfa.right_code", operation)
    if not rivals:
        raise NotObserved("The right code was not sent, or not answered.")
    return rivals


def _winners(seen: Evidence, operation: Operation) -> list[Exchange]:
    return [exchange for exchange in _rivals(seen, operation) if response_of(exchange).is_success]


@check("MFA-04", on=second_factors, reads="second_factor")
def right_code_opens_a_session(seen: Evidence, operation: Operation) -> Judgement:
    """The right code turns the challenge into an access token and a refresh token (RFC 6238 section 4.2)."""
    application, _ = _factor(seen, operation)
    rivals, winners = _rivals(seen, operation), _winners(seen, operation)
    if not winners:
        limited = any(exchange.status == 429 or came_from_elsewhere(response_of(exchange)) for exchange in rivals)
        return (undecided if limited else broken)(f"The right code is answered {rivals[0].status}.", *rivals)
    exchange = winners[0]
    if access_token_in(application, exchange) is None:
        return broken(f"The answer has no access token {where_access_tokens_are(application)}.", exchange)
    if application.refresh_token and refresh_token_in(application, exchange) is None:
        return broken("The answer gives no refresh token.", exchange)
    return met("The right code opens a session.", exchange)


@check("MFA-05", on=second_factors, reads="second_factor")
def wrong_code_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A wrong code is answered 401, without token or cookie. One of two minutes ago is as wrong as any, unless the window is too wide."""
    random = seen.all("mfa.wrong_code", operation)
    return _refused(seen, random[0] if random else seen.one("mfa.old_code", operation), operation, "A wrong code")


def _used(seen: Evidence, operation: Operation) -> Exchange:
    """The answer that used the challenge and its code up. Raises NotObserved when none did."""
    for winner in _winners(seen, operation):
        return winner
    raise NotObserved("The right code was not accepted, so neither challenge nor code was ever used.")


@check("MFA-06", on=second_factors, reads="second_factor")
def challenge_works_once(seen: Evidence, operation: Operation) -> Judgement:
    """A challenge that was answered is refused the next time, with a fresh code (CWE-837)."""
    _used(seen, operation)
    return _refused(seen, seen.one("mfa.used_challenge", operation), operation, "A used challenge with the next code", 404, 409, 410)


@check("MFA-07", on=second_factors, reads="second_factor")
def code_works_once(seen: Evidence, operation: Operation) -> Judgement:
    """A code that was accepted is refused under a new challenge, within its own time step (RFC 6238 section 5.2)."""
    _used(seen, operation)
    return _not_let_in(seen.one("mfa.replayed_code", operation), "A used code under a new challenge")


@check("MFA-08", on=second_factors, reads="second_factor")
def code_is_of_the_user_who_logged_in(seen: Evidence, operation: Operation) -> Judgement:
    """The right code of another user does not answer the challenge (CWE-639)."""
    exchanges = seen.all("mfa.foreign_code", operation)
    if not exchanges and seen.all("mfa.second_challenge"):
        return untestable("The profile has no other_second_factor account, or other wrong codes went first.")
    return _not_let_in(exchanges[0] if exchanges else seen.one("mfa.foreign_code", operation), "A right code of another user")


@check("MFA-10", on=second_factors, reads="second_factor")
def unknown_challenge_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A challenge that was never given is refused, whatever its form, and never makes the server fail (CWE-755)."""
    _, factor = _factor(seen, operation)
    exchanges = seen.all("mfa.unknown_challenge", operation)
    if not exchanges:
        raise NotObserved("No unknown challenge was tried.")
    judgements = [_unknown(seen, exchange, operation) for exchange in exchanges]
    texts = [exchange for exchange in exchanges if isinstance(_sent_challenge(exchange, factor), str) and exchange.status == exchanges[0].status]
    if len(texts) > 1:
        judgements.append(alike([factor.request_challenge], texts[0], texts[1], "The refusals of two unknown challenges"))
    return worst(*judgements)


def _sent_challenge(exchange: Exchange, factor: SecondFactor) -> object:
    return exchange.probe.body_at(factor.request_challenge)


def _unknown(seen: Evidence, exchange: Exchange, operation: Operation) -> Judgement:
    if exchange.status >= 500 and not came_from_elsewhere(response_of(exchange)):
        return broken(f"A challenge that is {exchange.probe.variant} makes the server fail with {exchange.status}.", exchange)
    tolerated = (404, 410) if exchange.probe.variant == "one that was never given" else (400, 404, 410, 422)
    return _refused(seen, exchange, operation, f"A challenge that is {exchange.probe.variant}", *tolerated)


@check("MFA-11", on=second_factors, reads="expired_challenge")
def challenge_expires(seen: Evidence, operation: Operation) -> Judgement:
    """After its lifetime a challenge is refused, with a code that a new challenge is answered with (CWE-613)."""
    _, factor = _factor(seen, operation)
    exchange = seen.one("mfa.expired_challenge", operation)
    judgement = _refused(seen, exchange, operation, f"A challenge of {factor.lifetime + 1} seconds ago", 404, 410)
    if judgement.verdict is Verdict.PASS and not response_of(seen.one("mfa.code_of_now", operation)).is_success:
        return undecided("The code was refused with a new challenge too, so a refusal proves nothing.", exchange)
    return judgement


@check("MFA-13", on=second_factors, reads="second_factor")
def malformed_code_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """The right code is refused when it is no text of the declared form (CWE-1287)."""
    return worst(*(_malformed(exchange) for exchange in _all(seen.all("mfa.malformed_code", operation))))


def _all(exchanges: tuple[Exchange, ...]) -> tuple[Exchange, ...]:
    if not exchanges:
        raise NotObserved("No malformed code was tried.")
    return exchanges


def _malformed(exchange: Exchange) -> Judgement:
    what = f"A code sent as {exchange.probe.variant}"
    if response_of(exchange).is_success:
        return broken(f"{what} is accepted.", exchange)
    if exchange.status in {400, 401, 403, 422} and not came_from_elsewhere(response_of(exchange)):
        return met(f"{what} is refused with {exchange.status}.", exchange)
    return undecided(f"{what} is answered {exchange.status}, which is no refusal of the code.", exchange)


@check("MFA-14", on=second_factors, reads="second_factor")
def code_from_outside_the_window_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A code of four time steps ago is refused, and one from as far ahead where it was sent (RFC 6238 section 5.2)."""
    exchanges = [seen.one("mfa.old_code", operation), *seen.all("mfa.future_code", operation)]
    return worst(*(_not_let_in(exchange, _AGE[exchange.probe.name]) for exchange in exchanges))


_AGE = {"mfa.old_code": "A code of four time steps ago", "mfa.future_code": "A code from four time steps ahead"}


@check("MFA-15", on=second_factors, reads=("other_ways_in", "second_factor_elsewhere"))
def no_other_way_leads_past_the_second_factor(seen: Evidence, operation: Operation) -> Judgement:
    """Whoever has a second factor gets no token for the application by the first one alone, wherever it is given (CWE-288)."""
    application, _ = _factor(seen, operation)
    judgements = [_no_token(application, exchange) for exchange in _at_logins(seen, application, "mfa.other_login")]
    if application.identity:
        elsewhere = seen.all("elsewhere.access", application.identity.operation)
        judgements += [refused(exchange, "A token that another application gave", tolerated=frozenset({403})) for exchange in elsewhere]
    if not judgements:
        raise NotObserved("No other way to log in was tried.")
    return worst(*judgements)


def _no_token(application: Application, exchange: Exchange) -> Judgement:
    if access_token_in(application, exchange) is not None or refresh_token_in(application, exchange) is not None:
        return broken("Another login gives tokens for the first factor alone.", exchange)
    if exchange.status == 429 or exchange.status >= 500:
        return undecided(f"Another login is answered {exchange.status}.", exchange)
    return met(f"Another login gives no token for the first factor alone: answered {exchange.status}.", exchange)


# Which account has a second factor the script `second_factor` knows.
@check("MFA-16", on=second_factors, reads=("wrong_secret", "refused_logins", "second_factor"))
def wrong_password_does_not_tell_of_the_second_factor(seen: Evidence, operation: Operation) -> Judgement:
    """A wrong password looks the same whether or not the account has a second factor (CWE-204)."""
    application, _ = _factor(seen, operation)
    guarded = _at_logins(seen, application, "mfa.wrong_secret", "mfa.near_miss")
    if not guarded:
        raise NotObserved("No wrong password of an account with a second factor was tried.")
    own = next((exchange for exchange in guarded if not response_of(exchange).is_success), None)
    if own is None:
        return undecided("A wrong password of an account with a second factor is not refused, so there is no refusal to compare.", *guarded)
    place = next(login.operation for login in application.logins if login.operation.id == own.probe.operation)
    _, login = login_of(seen, place)
    # Where the budget allows no wrong password of an ordinary account, another refusal stands for it, as LOGIN-04 asks that all be alike.
    others = {who: exchange for who, exchange in refusals_of(seen, place).items() if exchange is not own}
    if not others:
        raise NotObserved("No other refused login was observed.")
    who, other = next(iter(others.items()))
    return alike(login.credentials, own, other, f"The refusals of an account with a second factor and of {who}")


@check("MFA-17", on=second_factors, reads="second_factor")
def simultaneous_answers_succeed_once(seen: Evidence, operation: Operation) -> Judgement:
    """Of two simultaneous answers with the right code at most one succeeds (CWE-362)."""
    rivals, winners = _rivals(seen, operation), _winners(seen, operation)
    if len(winners) > 1:
        return broken(f"{len(winners)} simultaneous answers with one code succeeded.", *winners)
    if not winners:
        return undecided("The right code was accepted from nobody.", *rivals)
    if len(rivals) < 2 or max(exchange.at for exchange in rivals) >= min(exchange.at + exchange.elapsed for exchange in rivals):
        return undecided("The answers did not meet in time.", *rivals)
    return met("One of two simultaneous answers with one code succeeded.", *rivals)
