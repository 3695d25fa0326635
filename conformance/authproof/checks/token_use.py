"""PAT: where personal access tokens work, and where and when they do not."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from authproof.checks.answers import accepted, all_refused, came_from_elsewhere, refused, refused_as_declared, response_of
from authproof.checks.registry import check, identities_with_personal_tokens, refreshes_beside_personal_tokens, token_creations
from authproof.evidence import Evidence, NotObserved
from authproof.tokens import access_token_in, refresh_token_in
from authproof.verdict import Judgement, Verdict, broken, met, undecided, weak
from authproof_spec import Contract, Operation


@check("PAT-03", on=identities_with_personal_tokens, reads="personal_tokens")
def personal_token_is_accepted(seen: Evidence, operation: Operation) -> Judgement:
    """A personal access token is accepted as the same user (the declared schemes of the operation)."""
    return accepted(seen, seen.one("pat.use", operation), "A personal access token")


@check("PAT-06", on=identities_with_personal_tokens, reads="token_expiry")
def expired_token_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A token that was accepted before its end is refused after it (RFC 7519 section 4.1.4)."""
    before = accepted(seen, seen.one("expiry.token_before", operation), "A token before its end")
    if before.verdict is not Verdict.PASS:
        return undecided(f"The token was not accepted before its end either: {before.detail}", *before.exchanges)
    return refused(seen.one("expiry.token_after", operation), "An expired personal access token")


@check("PAT-14", on=refreshes_beside_personal_tokens, reads="personal_tokens")
def personal_token_is_no_refresh_token(seen: Evidence, operation: Operation) -> Judgement:
    """A personal access token in the place of the refresh token is refused (RFC 8725 section 3.12)."""
    return refused_as_declared(seen.one("pat.as_refresh", operation), operation, "A personal access token in the place of a refresh token")


@check("PAT-16", on=token_creations, reads="personal_tokens")
def personal_token_opens_no_session(seen: Evidence, operation: Operation) -> Judgement:
    """Neither refresh nor login gives tokens for a personal access token (CWE-288)."""
    application = seen.application_of(operation)
    exchanges = seen.all("pat.exchange")
    if application is None or not exchanges:
        raise NotObserved("No refresh or login was tried with a personal access token.")
    for exchange in exchanges:
        if access_token_in(application, exchange) or refresh_token_in(application, exchange):
            return broken(f"A personal access token alone is answered {exchange.status} with the tokens of a session.", exchange)
    for exchange in exchanges:
        if response_of(exchange).is_success or exchange.status == 429 or exchange.status >= 500:
            return undecided(f"A personal access token alone is answered {exchange.status}.", exchange)
    return met("Neither gives tokens for a personal access token.", *exchanges)


@check("PAT-17", on=identities_with_personal_tokens, reads="disabled_account")
def token_of_a_disabled_account_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """The token of an account that was disabled is refused at once (CWE-613)."""
    before = seen.one("disabled.token_before", operation)
    if not response_of(before).is_success:
        return undecided(f"The token was answered {before.status} before its account was disabled too.", before)
    after = seen.one("disabled.token_after", operation)
    if after.status == 403 and not came_from_elsewhere(response_of(after)):
        return weak("The token of a disabled account is answered 403, and 401 is due.", after)
    return refused(after, "The personal access token of a disabled account")


@check("PAT-18", on=identities_with_personal_tokens, reads="forged_personal_tokens")
def token_of_no_record_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A token is looked up on every use: an altered one is refused, and of JWTs one of an unknown id or another user's, however well signed (CWE-345)."""
    control = seen.one("pat.signed_control", operation)
    if not response_of(control).is_success:
        return undecided(f"The token without a change, which the profile's key signed anew if it is a JWT, is answered {control.status}.", control)
    return all_refused(seen.all("pat.forged", operation), "A token that is in no record of its user")


def _opened_by_a_permission(contract: Contract) -> Iterable[Operation]:
    """Of each application the first GET operation that a personal access token opens with a permission."""
    for application in contract.applications.values():
        name = application.personal_access_tokens.kind.scheme.name if application.personal_access_tokens else ""
        found = (operation for operation in contract.protected_operations if operation.method == "GET" and operation.bearer_schemes.get(name))
        yield from itertools.islice(found, 1)


@check("PAT-20", on=_opened_by_a_permission, reads="withdrawn_permission")
def token_loses_the_permission_of_its_user(seen: Evidence, operation: Operation) -> Judgement:
    """A token may do what its user may do now, not what the user could when it was made (OWASP API5)."""
    before = seen.one("withdrawal.token_before", operation)
    if not response_of(before).is_success:
        return undecided(f"The token was answered {before.status} while its user had the permission.", before)
    after = seen.one("withdrawal.token_after", operation)
    what = "The token of a user who has lost the permission"
    # Whether 403 is the right refusal AUTHZ-02 judges of every caller.
    if after.status == 404:
        return met(f"{what} opens nothing: it is answered 404.", after)
    if after.status == 401:
        return undecided(f"{what} is answered 401, which tells nothing of its permissions.", after)
    return refused(after, what, expected=403)


@check("PAT-21", on=identities_with_personal_tokens, reads=("creations", "logout"))
def token_outlives_the_browser_session(seen: Evidence, operation: Operation) -> Judgement:
    """A token works on after its user's session was refreshed and logged out."""
    used = seen.one("logout.personal_token_after", operation)
    before = seen.all("pat.extras_use", operation)
    if before and (early := accepted(seen, before[0], "The token before the logout")).verdict is not Verdict.PASS:
        return undecided(early.detail, before[0], used)
    return accepted(seen, used, "A personal access token after a logout of its user")
