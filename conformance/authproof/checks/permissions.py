"""AUTHZ and APP: permissions, objects, and the isolation of applications."""

from __future__ import annotations

from authproof.checks.answers import all_refused, came_from_elsewhere, refused, response_of
from authproof.checks.registry import (
    check,
    identities,
    identities_beside_personal_tokens,
    of_several_applications,
    reads_with_permission,
    token_revocations,
    with_object_rule,
    with_permission,
)
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange
from authproof.reading import bearer_challenge, set_cookies
from authproof.verdict import Judgement, broken, met, undecided, untestable, weak
from authproof_spec import Application, Operation
from authproof_spec.pointer import get


def _holds(seen: Evidence, application: Application | None, operation: Operation) -> bool:
    """True when who-am-I says that the ordinary account has a permission of `operation`."""
    pointer = application.identity.fields.get("permissions") if application and application.identity else None
    if application is None or application.identity is None or pointer is None:
        return False
    wanted = {permission for permissions in operation.bearer_schemes.values() for permission in permissions}
    for exchange in seen.all("identity.control", application.identity.operation):
        if exchange.probe.variant == "ordinary":
            held = get(response_of(exchange).json, pointer)
            return isinstance(held, list) and bool(wanted & {str(entry) for entry in held})
    return False


def _forbidden(exchange: Exchange, what: str) -> Judgement:
    response = response_of(exchange)
    status = response.status
    if status == 403 and not came_from_elsewhere(response):
        return met(f"{what} is answered 403.", exchange)
    if status == 404:
        return weak(f"{what} is answered 404: the server hides the object, or looks it up before the permission.", exchange)
    if status == 429 or came_from_elsewhere(response):
        return undecided(f"{what} is answered {status}, which does not decide.", exchange)
    if response.is_success:
        return broken(f"{what} is served: answered {status} where 403 is due.", exchange)
    if status == 401:
        return broken(f"{what} is answered 401 where 403 is due: a client would log in again for ever.", exchange)
    return broken(f"{what} is answered {status} where 403 is due.", exchange)


@check("AUTHZ-02", on=with_permission, reads="permissions")
def missing_permission_is_forbidden(seen: Evidence, operation: Operation) -> Judgement:
    """A valid token without the permission is answered 403, on each operation that takes one (CWE-862)."""
    exchange = seen.one("permission.missing", operation)
    if _holds(seen, seen.application_of(operation), operation):
        return undecided("The ordinary account holds the permission, by its own who-am-I.", exchange)
    return _forbidden(exchange, "A valid token without the permission")


@check("AUTHZ-01", on=reads_with_permission, reads="permissions")
def permission_opens_the_operation(seen: Evidence, operation: Operation) -> Judgement:
    """The permission makes the difference: 403 without it, a success with it (RFC 9110 section 15.5.4)."""
    without, held = seen.one("permission.missing", operation), seen.one("permission.held", operation)
    if not response_of(held).is_success:
        return undecided(f"The privileged account is answered {held.status}, so the 403 of the ordinary one proves little.", held, without)
    judgement = _forbidden(without, "A valid token without the permission")
    return (
        met("The operation is answered 403 without the permission and served with it.", without, held) if judgement.verdict == "pass" else judgement
    )


@check("AUTHZ-04", on=with_permission, reads="permissions")
def forbidden_names_insufficient_scope(seen: Evidence, operation: Operation) -> Judgement:
    """A 403 names insufficient_scope and leaves the refresh cookie alone (RFC 6750 section 3.1)."""
    exchange = seen.one("permission.missing", operation)
    if exchange.status != 403:
        return undecided(f"The answer is {exchange.status}, not 403.", exchange)
    application = seen.application_of(operation)
    response = response_of(exchange)
    if application and application.cookie and any(cookie.is_deletion for cookie in set_cookies(response, application.cookie.name)):
        return broken("The 403 clears the refresh cookie, which logs the caller out.", exchange)
    challenge = bearer_challenge(response)
    if challenge and challenge.parameters.get("error") == "insufficient_scope":
        return met("The 403 names insufficient_scope.", exchange)
    say = broken if seen.contract.requires_error_codes else weak
    return say("The 403 does not name insufficient_scope.", exchange)


@check("AUTHZ-05", on=token_revocations, reads="personal_tokens")
def personal_tokens_of_others_are_out_of_reach(seen: Evidence, operation: Operation) -> Judgement:
    """Another user's token is neither listed nor revocable, and lives on (CWE-639)."""
    application = seen.application_of(operation)
    personal = application.personal_access_tokens if application else None
    if application is None or personal is None or application.identity is None:
        raise NotObserved("The operation belongs to no application with personal access tokens.")
    attempts = seen.all("pat.foreign_revoke", operation)
    if not attempts and ("personal_tokens", application.name) not in seen.outcomes:
        return untestable("The profile has no second account of the application.")
    attempt = seen.one("pat.foreign_revoke", operation)
    created = seen.one("pat.create", personal.create)
    identifier = get(response_of(created).at(personal.response_record), personal.record["id"])
    listed = response_of(seen.one("pat.foreign_list", personal.list)).at(personal.items)
    if isinstance(listed, list) and any(get(record, personal.record["id"]) == identifier for record in listed):
        return broken("Another user's list shows the token.", seen.one("pat.foreign_list", personal.list))
    before = seen.one("pat.use", application.identity.operation)
    if not response_of(before).is_success:
        return undecided(f"The token was answered {before.status} before that too.", before)
    after = seen.one("pat.after_foreign_revoke", application.identity.operation)
    if response_of(attempt).is_success or not response_of(after).is_success:
        return broken(f"Another user's revocation is answered {attempt.status}, and the token is then answered {after.status}.", attempt, after)
    return met(f"Another user does not see the token, and their revocation of it is answered {attempt.status}.", attempt, after)


@check("AUTHZ-10", on=with_object_rule, reads="permissions")
def foreign_object_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """An object that is not the caller's is refused, with the declared status or its lawful twin (CWE-639)."""
    exchange, own = seen.one("object.foreign", operation), seen.one("object.own", operation)
    rule = next(rule for rule in seen.contract.object_rules if rule.operation is operation)
    status = exchange.status
    if response_of(exchange).is_success:
        return broken(f"An object of somebody else is served: answered {status} where {rule.otherwise} is due.", exchange)
    if not response_of(own).is_success:
        return undecided(f"The caller's own object is answered {own.status}, so a refusal proves nothing.", own, exchange)
    if status == rule.otherwise:
        return met(f"An object of somebody else is answered {status}, the caller's own is served.", exchange, own)
    if status in {403, 404}:
        return weak(f"An object of somebody else is answered {status}, and {rule.otherwise} is declared.", exchange)
    return broken(f"An object of somebody else is answered {status} where {rule.otherwise} is due.", exchange)


@check("APP-01", on=of_several_applications(identities), reads="isolation")
def access_token_of_another_application_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """The access token of another application is refused with 401 (RFC 8725 section 3.9)."""
    exchanges = seen.all("isolation.access", operation)
    for exchange in exchanges:
        if exchange.status == 403 and not came_from_elsewhere(response_of(exchange)):
            return weak("The access token of another application is answered 403; it is not meant for this one, so 401 is due.", exchange)
    return all_refused(exchanges, "The access token of another application")


@check("PAT-22", on=identities_beside_personal_tokens, reads="personal_tokens")
def personal_token_of_another_application_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A personal access token is refused by another application (RFC 8725 section 3.9)."""
    return refused(seen.one("pat.elsewhere", operation), "A personal access token of another application")
