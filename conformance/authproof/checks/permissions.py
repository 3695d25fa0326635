"""AUTHZ: permissions, and the objects that they do not open."""

from __future__ import annotations

from authproof.checks.answers import came_from_elsewhere, response_of
from authproof.checks.designs import bearer_tokens
from authproof.checks.refusals import absent
from authproof.checks.registry import (
    check,
    read_with_object_rule,
    reads_with_permission,
    with_permission,
    writes_with_permission,
)
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange
from authproof.profile import Part
from authproof.reading import bearer_challenge, set_cookies
from authproof.standing import is_entitled
from authproof.verdict import Judgement, Verdict, broken, met, undecided, untestable, weak, worst
from authproof_spec import Application, Operation
from authproof_spec.pointer import get

UNPROCESSED = frozenset({400, 413, 415, 422})
"""Refusals of what was sent, which say nothing of the caller."""


def _holds(seen: Evidence, application: Application | None, operation: Operation) -> bool:
    """True when who-am-I says that the ordinary account may call `operation` with its access token."""
    pointer = application.identity.fields.get("permissions") if application and application.identity else None
    if application is None or application.identity is None or pointer is None:
        return False
    wanted = operation.bearer_schemes.get(application.access_token.scheme.name, frozenset())
    for exchange in seen.all("identity.control", application.identity.operation):
        if exchange.probe.variant == "ordinary":
            held = get(response_of(exchange).json, pointer)
            return isinstance(held, list) and wanted <= {str(entry) for entry in held}
    return False


def _as_privileged(seen: Evidence, operation: Operation) -> Exchange:
    """The call of the privileged account. Raises NotObserved."""
    asked = (*seen.all("operation.served", operation), *seen.all("operation.guessed", operation))
    return next((exchange for exchange in asked if exchange.probe.variant == Part.PRIVILEGED), None) or seen.one("permission.held", operation)


def _lacking(seen: Evidence, operation: Operation) -> list[Judgement]:
    """What became of the calls by roles that lack the permission, by what they tell of themselves."""
    roles = {role.name: role for role in seen.roles}
    asked = [(exchange, roles.get(exchange.probe.variant)) for exchange in seen.all("permission.role", operation)]
    return [_forbidden(exchange) for exchange, role in asked if role is None or is_entitled(seen, role, operation) is False]


def _does_not_decide(exchange: Exchange) -> bool:
    """True when a limiter, a proxy, or an outage answered."""
    return exchange.status in {429, 502, 503, 504} or came_from_elsewhere(response_of(exchange))


def _forbidden(exchange: Exchange) -> Judgement:
    what = "A valid token without the permission"
    status = exchange.status
    if _does_not_decide(exchange):
        return undecided(f"{what} is answered {status}, which does not decide.", exchange)
    if status == 403:
        return met(f"{what} is answered 403.", exchange)
    if status == 404:
        why = "the server hides the object, looks it up before the permission, or does not ask for the permission at all"
        return weak(f"{what} is answered 404: {why}.", exchange)
    if status in UNPROCESSED and exchange.probe.request.body is not None:
        return undecided(f"{what} is answered {status} for what it sent, so that the permission was not asked for.", exchange)
    harm = ": it is served" if response_of(exchange).is_success else ": a client would log in again for ever" if status == 401 else ""
    return broken(f"{what} is answered {status} where 403 is due{harm}.", exchange)


@check("AUTHZ-01", on=reads_with_permission, reads=("permissions", "lists"))
def permission_opens_the_operation(seen: Evidence, operation: Operation) -> Judgement:
    """The permission makes the difference: 403 without it, a success with it (RFC 9110 section 15.5.4)."""
    if seen.lacks(operation):
        return absent(seen, operation)
    without, held = seen.one("permission.missing", operation), _as_privileged(seen, operation)
    if _holds(seen, seen.application_of(operation), operation):
        return undecided("The ordinary account holds the permission, by its own who-am-I.", without)
    judgement = _forbidden(without)
    if judgement.verdict is not Verdict.PASS:
        return judgement
    if not response_of(held).is_success:
        return undecided(f"The privileged account is answered {held.status}, so the 403 of the ordinary one proves little.", held, without)
    return met("The operation is answered 403 without the permission and served with it.", without, held)


@check("AUTHZ-02", on=with_permission, reads=("permissions", "operations", "withdrawn_permission"))
def missing_permission_is_forbidden(seen: Evidence, operation: Operation) -> Judgement:
    """A valid token without the permission is answered 403, on each operation that takes one (CWE-862)."""
    if seen.lacks(operation):
        return absent(seen, operation)
    of_roles = _lacking(seen, operation)
    if of_roles and not seen.all("permission.missing", operation):
        return worst(*of_roles)
    exchange = seen.one("permission.missing", operation)
    if _holds(seen, seen.application_of(operation), operation):
        return worst(*of_roles) if of_roles else undecided("The ordinary account holds the permission, by its own who-am-I.", exchange)
    asked = [*seen.all("permission.missing", operation), *seen.all("permission.existing", operation)]
    judgements = [_forbidden(each) for each in asked]
    failures = [judgement for judgement in (*judgements, *of_roles) if judgement.verdict is Verdict.FAIL]
    if failures:
        return worst(*failures)
    # Where a missing object is answered 404 or 400, an existing one may still show that the permission is asked for.
    of_ordinary = next((judgement for judgement in judgements if judgement.verdict is Verdict.PASS), judgements[0])
    others = seen.all("withdrawal.all_but_this", operation) if exchange.status == 403 else ()
    return worst(of_ordinary, *of_roles, *(_asks_for_its_own(seen, exchange, other) for other in others))


def _asks_for_its_own(seen: Evidence, without: Exchange, others: Exchange) -> Judgement:
    """`without`: of an account without any permission; `others`: of one that has them all but that of the operation."""
    if others.status == without.status:
        return met("Every other permission is answered 403 too.", others)
    early = [each for each in seen.all("permission.invalid_body", seen.operation_of(others)) if each.status in UNPROCESSED]
    if early and others.status in UNPROCESSED:
        return undecided(f"A body that is not valid is answered {others.status} to everybody, so the permission was not asked for.", others, *early)
    if _does_not_decide(others) or others.status == 401 or others.status >= 500:
        return undecided(f"An account with every permission but this one is answered {others.status}, which does not decide.", others)
    return broken(f"An account with every permission but this one is answered {others.status} where 403 is due.", others, without)


@check("AUTHZ-03", on=writes_with_permission, reads="permissions")
def permission_comes_before_body_and_object(seen: Evidence, operation: Operation) -> Judgement:
    """Whether a body is right, or an object there, is nothing for who lacks the permission (CWE-204)."""
    names = ("permission.missing", "permission.invalid_body", "permission.existing")
    exchanges = [exchange for name in names for exchange in seen.all(name, operation)]
    if not exchanges:
        raise NotObserved("The operation was not asked without the permission.")
    unclear = [exchange for exchange in exchanges if _does_not_decide(exchange) or exchange.status == 401 or response_of(exchange).is_success]
    if unclear or _holds(seen, seen.application_of(operation), operation):
        shown = (unclear or exchanges)[0]
        return undecided(f"The answer {shown.status} is no refusal for a missing permission.", shown)
    early = [exchange for exchange in exchanges if exchange.status in {*UNPROCESSED, 409} or exchange.status >= 500]
    if early and all(exchange.probe.name == "permission.existing" for exchange in early):
        what = "of the caller's own account a body is judged before the permission, or no permission is asked for"
        return broken(f"Where it is {what}: it is answered {early[0].status} where 403 is due.", *early)
    if early:
        return broken(f"A body is judged before the permission: it is answered {early[0].status} where 403 is due.", *early)
    missing = [exchange for exchange in exchanges if exchange.status in {404, 410}]
    if missing:
        # A server may hide all that the caller may not do, but then it answers 403 nowhere.
        candid = [exchange for exchange in (*exchanges, *seen.all("permission.missing")) if exchange.status == 403]
        say = broken if candid else weak
        return say("A missing object is answered 404 before the permission is asked for; 403 is due.", *missing, *candid[:1])
    if any(exchange.status != 403 for exchange in exchanges):
        return undecided(f"The answers are {', '.join(str(exchange.status) for exchange in exchanges)}, which does not decide.", *exchanges)
    return met(f"{len(exchanges)} requests that differ in body and object are all answered 403.", *exchanges)


@check("AUTHZ-04", on=with_permission, reads="permissions")
def forbidden_names_insufficient_scope(seen: Evidence, operation: Operation) -> Judgement:
    """A 403 names insufficient_scope, to a bearer token, and leaves token cookies alone (RFC 6750 section 3.1)."""
    exchanges = [exchange for name in ("permission.missing", "permission.existing") for exchange in seen.all(name, operation)]
    refusals = [exchange for exchange in exchanges if exchange.status == 403 and not came_from_elsewhere(response_of(exchange))]
    if not refusals:
        raise NotObserved("No answer was 403.")
    exchange = refusals[0]
    application = seen.application_of(operation)
    response = response_of(exchange)
    cookies = application.token_cookies if application else ()
    if any(given.is_deletion for policy in cookies for given in set_cookies(response, policy.name)):
        return broken("The 403 clears a token cookie, which logs the caller out.", exchange)
    if application and (obstacle := bearer_tokens(application)):
        return met("The 403 leaves the token cookies alone.", exchange) if cookies else untestable(obstacle)
    challenge = bearer_challenge(response)
    if challenge and challenge.parameters.get("error") == "insufficient_scope":
        return met("The 403 names insufficient_scope.", exchange)
    say = broken if seen.contract.requires_error_codes else weak
    return say("The 403 does not name insufficient_scope.", exchange)


@check("AUTHZ-08", on=reads_with_permission, reads="withdrawn_permission")
def withdrawn_permission_is_gone(seen: Evidence, operation: Operation) -> Judgement:
    """A permission that was taken away opens nothing, at the latest with the next access token (CWE-863)."""
    if not seen.all("withdrawal.before", operation) and seen.all("withdrawal.before"):
        return untestable("Another operation showed it.")
    before, old, new = (seen.one(f"withdrawal.{name}", operation) for name in ("before", "old_token", "new_token"))
    unclear = [exchange for exchange in (new, old) if _does_not_decide(exchange) or exchange.status >= 500]
    unclear += [] if response_of(before).is_success else [before]
    if unclear:
        return undecided(f"The operation is answered {unclear[0].status}, which does not decide.", unclear[0])
    if new.status == 401:
        return undecided("The next access token is answered 401, so nothing is said of its permissions.", new)
    if new.status not in {403, 404}:
        return broken(f"The permission is gone, and the next access token is answered {new.status} where 403 is due.", new)
    if response_of(old).is_success:
        return weak("The permission works until the access token ends; only the next one is without it.", old, new)
    return met(f"The permission is gone at once: answered {old.status}, and {new.status} after a refresh.", old, new)


@check("AUTHZ-10", on=read_with_object_rule, reads="objects")
def foreign_object_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """An object that is not the caller's is refused, with the declared status or its lawful twin (CWE-639)."""
    exchange, own = seen.one("object.foreign", operation), seen.one("object.own", operation)
    rule = next(rule for rule in seen.contract.object_rules if rule.operation is operation)
    status = exchange.status
    is_served = response_of(exchange).is_success
    if not is_served and not response_of(own).is_success:
        return undecided(f"The caller's own object is answered {own.status}, so a refusal proves nothing.", own, exchange)
    if _does_not_decide(exchange) or status >= 500:
        return undecided(f"An object of somebody else is answered {status}, which does not decide.", exchange)
    if status == rule.otherwise:
        return met(f"An object of somebody else is answered {status}, the caller's own is served.", exchange, own)
    if status == 404 and exchange.probe.variant == "invented":
        return undecided("An object that may not exist is answered 404. A second account with another value in the profile would decide.", exchange)
    if status in {403, 404}:
        return weak(f"An object of somebody else is answered {status}, and {rule.otherwise} is declared.", exchange)
    return broken(f"An object of somebody else is {'served: ' if is_served else ''}answered {status} where {rule.otherwise} is due.", exchange)
