"""JWT: tokens that were signed with the target's own key, and are wrong in what they say."""

from __future__ import annotations

from functools import partial

from authproof.checks.answers import accepted, came_from_elsewhere, refused, response_of, with_control
from authproof.checks.designs import jwt_access_tokens
from authproof.checks.refusals import NOT_ACCEPTED, never_fails, nothing_sent, refusal, sent_to_application, what_at
from authproof.checks.registry import check, identities
from authproof.evidence import Evidence
from authproof.exchange import Exchange
from authproof.verdict import Judgement, broken, met, undecided, untestable, weak, worst
from authproof_spec import Operation

_CONTROL = "minted.control"
_minted = partial(refusal, reads="minted", control=_CONTROL)
_RANK = frozenset({"permission", "permissions", "role", "roles", "scope", "scp", "groups", "authorities", "isadmin", "is_admin", "admin"})
"""Names of claims that tell what an account may do, in lower case."""

other_algorithm_is_refused = _minted(
    "JWT-21", "other_algorithm_is_refused", "minted.other_algorithm", "A rightly signed token of another algorithm", "RFC 8725 section 3.1"
)
unknown_critical_extension_is_refused = _minted(
    "JWT-26", "unknown_critical_extension_is_refused", "minted.critical", "A token with an unknown critical extension", "RFC 7515 section 4.1.11"
)
unencoded_payload_is_refused = _minted(
    "JWT-27", "unencoded_payload_is_refused", "minted.unencoded", "A token whose payload is declared unencoded", "RFC 7797 section 7"
)
member_that_stands_twice_is_refused = _minted(
    "JWT-33", "member_that_stands_twice_is_refused", "minted.duplicate", "A token in which a member stands twice", "RFC 7519 section 4"
)
token_without_expiry_is_refused = _minted(
    "JWT-35", "token_without_expiry_is_refused", "minted.without_expiry", "A token that never expires", "RFC 9068 section 4"
)
token_is_refused_before_its_time = _minted(
    "JWT-37",
    "token_is_refused_before_its_time",
    "minted.not_yet",
    "A token that is not valid yet, or whose nbf is no time,",
    "RFC 7519 section 4.1.5",
)
token_of_the_future_is_refused = _minted(
    "JWT-38", "token_of_the_future_is_refused", "minted.issued_later", "A token that was issued in the future", "RFC 7519 section 4.1.6"
)
other_issuer_is_refused = _minted("JWT-39", "other_issuer_is_refused", "minted.issuer", "A token without the right issuer", "RFC 8725 section 3.8")
other_audience_is_refused = _minted(
    "JWT-40", "other_audience_is_refused", "minted.audience", "A token without the right audience", "RFC 7519 section 4.1.3"
)
nested_token_is_refused = _minted("JWT-47", "nested_token_is_refused", "minted.nested", "A token within a token", "RFC 7519 section 8")


@check("JWT-34", on=identities, reads=("minted", "expiry"))
def expired_token_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A token is refused after its time (RFC 7519 section 4.1.4)."""
    if minted := sent_to_application(seen, ["minted.expired"], operation):
        judgements = [refused(exchange, what_at(seen, exchange, operation, "An expired token"), tolerated=NOT_ACCEPTED) for exchange in minted]
        remembered = [_end_of_its_time(seen, operation)] if seen.all("expiry.after", operation) else []
        return worst(with_control(seen, _CONTROL, operation, worst(*judgements)), *remembered)
    if seen.all(_CONTROL, operation) and not seen.all("expiry.after", operation):
        return nothing_sent(seen, ["minted.expired"], _CONTROL, operation, "an expired token")
    return _end_of_its_time(seen, operation)


def _end_of_its_time(seen: Evidence, operation: Operation) -> Judgement:
    """Of a token that the target issued itself, and has accepted."""
    seen.one("expiry.after", operation)
    before = accepted(seen, seen.one("expiry.before", operation), "The token before its expiry")
    if before.verdict != "pass":
        return undecided(f"The control failed, so a refusal proves nothing: {before.detail}", *before.exchanges)
    # Each operation may have a guard of its own.
    return worst(*(_after_its_time(seen, operation, exchange) for exchange in sent_to_application(seen, ["expiry.after"], operation)))


def _after_its_time(seen: Evidence, operation: Operation, exchange: Exchange) -> Judgement:
    if response_of(exchange).is_success and exchange.probe.variant.startswith("just after") and not seen.contract.tokens.clock_skew:
        return undecided("The token is accepted just after its expiry, which may be a tolerance for clocks that differ.", exchange)
    return refused(exchange, what_at(seen, exchange, operation, "An expired token"), tolerated=NOT_ACCEPTED)


@check("JWT-36", on=identities, reads="minted", where=jwt_access_tokens)
def odd_expiry_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """An expiry that is no number, or no time, is refused without a failure (RFC 7519 section 2)."""
    sent = sent_to_application(seen, ["minted.odd_expiry"], operation)
    if not sent:
        return nothing_sent(seen, ["minted.odd_expiry"], _CONTROL, operation, "a token with an odd expiry")
    judgement = worst(*(never_fails(exchange, "A token whose expiry is no time") for exchange in sent))
    return with_control(seen, _CONTROL, operation, judgement)


@check("JWT-43", on=identities, reads="minted", where=jwt_access_tokens)
def unknown_account_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A token that names nobody, or two accounts, is refused (RFC 8725 section 3.8)."""
    sent = sent_to_application(seen, ["minted.account"], operation)
    if not sent:
        return nothing_sent(seen, ["minted.account"], _CONTROL, operation, "a token of an unknown account")
    judgements = [refused(exchange, "A token that names no account", tolerated=NOT_ACCEPTED) for exchange in sent]
    judgements += [_of_two_accounts(exchange) for exchange in sent_to_application(seen, ["minted.mismatch"], operation)]
    return with_control(seen, _CONTROL, operation, worst(*judgements))


def _of_two_accounts(exchange: Exchange) -> Judgement:
    if response_of(exchange).is_success:
        return weak(f"A token whose claims name two accounts is accepted, and one of them is ignored ({exchange.probe.variant}).", exchange)
    return refused(exchange, "A token whose claims name two accounts", tolerated=NOT_ACCEPTED)


@check("JWT-44", on=identities, reads=("minted", "permissions"), where=jwt_access_tokens)
def rank_is_not_taken_from_the_token(seen: Evidence, operation: Operation) -> Judgement:
    """Roles and permissions that a token adds do not count (RFC 7519 section 4)."""
    sent = sent_to_application(seen, ["minted.privileges"], operation)
    if not sent:
        return nothing_sent(seen, ["minted.privileges"], _CONTROL, operation, "an operation that takes a permission")
    claims = {name for variable in _sent_tokens(seen, seen.one(_CONTROL, operation)) for name in seen.facts[variable].claims or {}}
    if own := sorted(name for name in claims if name.lower() in _RANK):
        return untestable(f"The target's own tokens carry {', '.join(own)}, so it is meant to read them.")
    plain = [exchange for asked in sent for exchange in seen.all("permission.missing", seen.operation_of(asked))]
    if not plain or any(response_of(exchange).is_success for exchange in plain):
        return untestable("There is no account that was refused the operation before, so nothing can be gained by a claim.")
    return with_control(seen, _CONTROL, operation, worst(*(_without_effect(exchange) for exchange in sent)))


def _sent_tokens(seen: Evidence, exchange: Exchange) -> tuple[str, ...]:
    return seen.tokens_in(" ".join(value for _, value in exchange.probe.request.headers), "forged_token")


def _without_effect(exchange: Exchange) -> Judgement:
    status = exchange.status
    if response_of(exchange).is_success:
        return broken("A token that claims the permission for itself is served by an operation that takes it.", exchange)
    if status in {401, 403, 404} and not came_from_elsewhere(response_of(exchange)):
        return met(f"A token that claims the permission for itself is answered {status}.", exchange)
    return undecided(f"A token that claims the permission for itself is answered {status}, which does not decide.", exchange)
