"""REFRESH: what becomes of used refresh tokens and of their families (RFC 9700 section 4.14.2)."""

from __future__ import annotations

from authproof.checks.answers import and_also, ended_by_a_login, lives, refused, refused_as_declared, response_of
from authproof.checks.refresh import application_of, tokens_sent
from authproof.checks.registry import check, refreshes
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange
from authproof.tokens import refresh_token_in
from authproof.verdict import Judgement, Verdict, broken, met, undecided, untestable, weak, worst
from authproof_spec import Application, Operation

_LONG, _TOO_LONG = 60, 300
"""Seconds of grace above which a declared one is a warning, and above which reuse is not detected in useful time."""


@check("REFRESH-03", on=refreshes, reads="reuse")
def used_token_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A refresh token that was used is refused, once the grace that the document declares is over."""
    application = application_of(seen, operation)
    exchange = seen.one("refresh.reuse", operation)
    grace = application.rotation.grace
    judgement = refused_as_declared(exchange, operation, f"A used refresh token{f' after the grace of {grace} seconds' if grace else ''}")
    if response_of(exchange).is_success:
        judgement = broken(f"{judgement.detail}{_hint(seen, operation)}", exchange)
    return and_also(judgement, lambda: worst(judgement, *_grace(seen, application, operation)))


def _hint(seen: Evidence, operation: Operation) -> str:
    """What a second try after a minute tells."""
    for late in seen.all("refresh.reuse_later", operation):
        if response_of(late).is_success:
            return " Another one is accepted a minute after its use too, so used tokens seem to live on."
        return " Another one is refused a minute after its use: a grace seems to be configured. Declare it in the document as rotation.grace."
    return ""


def _grace(seen: Evidence, application: Application, operation: Operation) -> list[Judgement]:
    """What is wrong with a declared grace, or with the answer within it."""
    grace, found = application.rotation.grace, []
    if not grace:
        return []
    if grace > _TOO_LONG or grace >= (application.access_token.lifetime or grace + 1):
        found.append(broken(f"The document declares a grace of {grace} seconds, in which no reuse is detected: that is not in useful time."))
    elif grace > _LONG:
        found.append(weak(f"The document declares a grace of {grace} seconds; some seconds are enough for a lost answer."))
    again = seen.one("reuse.in_grace", operation)
    if again.status == 429 or again.status >= 500:
        return [*found, undecided(f"Within the grace the used token is answered {again.status}.", again)]
    if not response_of(again).is_success:
        return [*found, weak(f"Within the declared grace of {grace} seconds the used token is answered {again.status}.", again)]
    given, child = (refresh_token_in(application, exchange) for exchange in (again, seen.one("reuse.rotate", operation)))
    if application.rotation.same_child and given not in {None, child}:
        found.append(broken("Within the grace the used token gives another successor, and the document declares the same one.", again))
    return [*found, met(f"Within the declared grace of {grace} seconds it is answered {again.status}.", again)]


@check("REFRESH-04", on=refreshes, reads="reuse")
def reuse_revokes_the_family(seen: Evidence, operation: Operation) -> Judgement:
    """After a used token came back, every newer one of its family is refused too."""
    application = application_of(seen, operation)
    reuse = seen.one("refresh.reuse", operation)
    if response_of(reuse).is_success:
        return broken("A used token was let in, so its reuse was not noticed at all.", reuse)
    newer = seen.all("refresh.after_reuse", operation)
    if not newer:
        raise NotObserved("No newer token of the family was tried.")
    return worst(*(_is_dead(seen, application, operation, exchange) for exchange in newer))


def _is_dead(seen: Evidence, application: Application, operation: Operation, exchange: Exchange) -> Judgement:
    what = "The newest token of a family whose used token came back"
    child = set(seen.tokens_in(refresh_token_in(application, exchange) or ""))
    late = [later for later in seen.all("refresh.after_reuse_later", operation) if child & set(tokens_sent(seen, later))]
    if late and refused_as_declared(late[0], operation, what).verdict is Verdict.PASS:
        return met("The family is revoked shortly after the reuse.", exchange, *late)
    return refused_as_declared(exchange, operation, what)


@check("REFRESH-05", on=refreshes, reads="ancestor")
def reuse_of_an_older_ancestor_revokes_the_family(seen: Evidence, operation: Operation) -> Judgement:
    """The reuse of an older ancestor has the same effect, and no grace covers it."""
    reuse = refused_as_declared(seen.one("ancestor.reuse", operation), operation, "A refresh token used two rotations ago")
    newer = seen.all("ancestor.after_reuse", operation)
    if not newer:
        raise NotObserved("No newer token of the family was tried.")
    what = "The newest token of a family whose older token came back"
    return worst(reuse, *(refused_as_declared(exchange, operation, what) for exchange in newer))


@check("REFRESH-06", on=refreshes, reads="reuse")
def reuse_leaves_other_families_alone(seen: Evidence, operation: Operation) -> Judgement:
    """Reuse in one family does not end another session; where the document says that it ends all of its account's, it ends no other account's."""
    if application_of(seen, operation).rotation.revokes_account:
        if not seen.all("refresh.bystander", operation) and seen.all("refresh.reuse", operation):
            return untestable("The document declares that reuse ends every session of the account, and the profile has no second account.")
        return _last_served(seen, operation, "A session of another account after the reuse")
    return _last_served(seen, operation, "Another session of the account after the reuse")


def _last_served(seen: Evidence, operation: Operation, what: str) -> Judgement:
    """Of several tries the last one counts: it was made with a session that was open just before."""
    seen.one("refresh.bystander", operation)
    if ended := ended_by_a_login(seen, "refresh.bystander_before", operation):
        return ended
    return lives(seen, seen.all("refresh.bystander", operation)[-1], what)


@check("REFRESH-07", on=refreshes, reads="reuse")
def access_token_of_a_revoked_family_stops(seen: Evidence, operation: Operation) -> Judgement:
    """An access token of a revoked family stops, or ends within its short lifetime."""
    application = application_of(seen, operation)
    if application.identity is None:
        return untestable("The contract has no who-am-I operation.")
    if response_of(seen.one("refresh.after_reuse", operation)).is_success:
        return untestable("The reuse revoked no family, so there is no access token of a revoked one.")
    exchange = seen.one("refresh.access_after_reuse", application.identity.operation)
    if response_of(exchange).is_success:
        return weak(f"The access token of the revoked family works on, for at most {application.access_token.lifetime} seconds.", exchange)
    return refused(exchange, "The access token of a revoked family")


@check("REFRESH-08", on=refreshes, reads="race")
def simultaneous_refreshes_succeed_once(seen: Evidence, operation: Operation) -> Judgement:
    """Of simultaneous refreshes with one token at most one succeeds; within a declared grace several may (CWE-362)."""
    grace = application_of(seen, operation).rotation.grace
    rivals = _rivals(seen, operation)
    winners = [exchange for exchange in rivals if response_of(exchange).is_success]
    if len(winners) > 1 and not grace:
        return broken(f"{len(winners)} of {len(rivals)} simultaneous refreshes with one token succeeded.", *winners)
    if any(exchange.status == 429 for exchange in rivals):
        return undecided("The target limits requests (429).", *rivals)
    sent = sum(exchange.probe.name == "race" and exchange.probe.operation == operation.id for exchange in seen.exchanges)
    if sent > len(rivals):
        return undecided(f"{sent - len(rivals)} of {sent} simultaneous refreshes had no answer, so nobody knows whether they succeeded.", *rivals)
    suffix = f", within the declared grace of {grace} seconds" if len(winners) > 1 else ""
    return met(f"{len(winners)} of {len(rivals)} simultaneous refreshes succeeded{suffix}.", *rivals)


def _rivals(seen: Evidence, operation: Operation) -> tuple[Exchange, ...]:
    rivals = seen.all("race", operation)
    if len(rivals) < 2:
        raise NotObserved("Fewer than two simultaneous refreshes were answered.")
    if not any(response_of(exchange).is_success or exchange.status in {400, 401, 403} for exchange in rivals):
        raise NotObserved(f"Of simultaneous refreshes none was let in, and none refused: the first is answered {rivals[0].status}.")
    return rivals


@check("REFRESH-09", on=refreshes, reads=("race", "fork"))
def race_leaves_one_successor(seen: Evidence, operation: Operation) -> Judgement:
    """After simultaneous refreshes, or two within a grace, there are no two successors that live on side by side."""
    _rivals(seen, operation)
    application = application_of(seen, operation)
    forked = application.rotation.grace and ("fork", application.name) not in seen.outcomes
    scripts = (("race.successor", "race.outlived"), *([("fork.leaf", "fork.outlived")] if forked else []))
    return worst(*(_one_lives(seen, application, operation, *names) for names in scripts))


def _one_lives(seen: Evidence, application: Application, operation: Operation, at_once: str, afterwards: str) -> Judgement:
    living = [exchange for exchange in seen.all(at_once, operation) if response_of(exchange).is_success]
    if application.rotation.grace and len(living) > 1:
        seen.one(afterwards, operation)
        living = [exchange for exchange in seen.all(afterwards, operation) if response_of(exchange).is_success]
    if len(living) > 1:
        return broken(f"{len(living)} successors of one refresh token live side by side.", *living)
    return met(f"{len(living)} successors of the refresh token live.", *seen.all(at_once, operation))


@check("REFRESH-14", on=refreshes, reads="refresh_expiry")
def refresh_token_expires(seen: Evidence, operation: Operation) -> Judgement:
    """A refresh token is refused after its lifetime, although it was never used."""
    return refused_as_declared(seen.one("expiry.refresh", operation), operation, "A refresh token past its lifetime")


@check("REFRESH-15", on=refreshes, reads="session_end")
def session_ends_however_often_it_is_refreshed(seen: Evidence, operation: Operation) -> Judgement:
    """A session has an end that no refresh moves (OWASP ASVS 7.3.2)."""
    end = application_of(seen, operation).session_lifetime
    exchange = seen.one("session.end", operation)
    if response_of(exchange).is_success and end is None:
        return weak("A session lives on past the end of its first refresh token, and the document declares no end (sessionLifetime).", exchange)
    what = f"A refresh after the session's end at {end} seconds" if end else "A refresh after the end of the session's first refresh token"
    return refused_as_declared(exchange, operation, what)


@check("REFRESH-17", on=refreshes, reads="disabled_account")
def disabled_account_gets_no_refresh(seen: Evidence, operation: Operation) -> Judgement:
    """A refresh token of an account that was disabled is refused; the change may take some seconds to spread (CWE-613)."""
    later = seen.all("disabled.refresh_later", operation)
    first = seen.one("disabled.refresh", operation)
    return refused_as_declared(later[0] if later else first, operation, "A refresh of a disabled account")
