"""JWT: tokens that were forged without the key."""

from __future__ import annotations

from authproof.checks.answers import accepted, all_refused, and_also, came_from_elsewhere, gives_no_cookie, with_control
from authproof.checks.designs import jwt_access_tokens
from authproof.checks.refusals import BAD_REQUEST, NOT_ACCEPTED, never_fails, refusal
from authproof.checks.registry import check, identities, protected
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange
from authproof.verdict import Judgement, broken, met, undecided, untestable, worst
from authproof_spec import Operation

_SECONDS = 5
"""How long the refusal of an oversized token may take."""

unsigned_token_is_refused = refusal("JWT-09", "unsigned_token_is_refused", "jwt.none", "A token with alg none", "RFC 8725 section 3.2", on=protected)
unsigned_variants_are_refused = refusal(
    "JWT-10", "unsigned_variants_are_refused", "jwt.none_variant", "A token with a variant of alg none", "RFC 7515 section 4.1.1"
)
unsigned_token_with_signature_is_refused = refusal(
    "JWT-11", "unsigned_token_with_signature_is_refused", "jwt.none_with_signature", "A token with alg none and a signature", "RFC 8725 section 3.2"
)
removed_signature_is_refused = refusal(
    "JWT-12", "removed_signature_is_refused", "jwt.signature_removed", "A token without its signature", "RFC 8725 section 3.3"
)
changed_signature_is_refused = refusal(
    "JWT-13", "changed_signature_is_refused", "jwt.signature_changed", "A token with a changed signature", "RFC 7515 section 5.2", on=protected
)
resized_signature_is_refused = refusal(
    "JWT-14", "resized_signature_is_refused", "jwt.signature_resized", "A token with a signature of another length", "RFC 7515 section 5.2"
)
changed_claims_are_refused = refusal(
    "JWT-15", "changed_claims_are_refused", "jwt.claims_changed", "A token with changed claims", "RFC 7515 section 5.2"
)
changed_header_is_refused = refusal(
    "JWT-16", "changed_header_is_refused", "jwt.header_changed", "A token with a changed header", "RFC 7515 section 5.2"
)
other_key_is_refused = refusal("JWT-17", "other_key_is_refused", "jwt.other_key", "A token signed with another key", "RFC 8725 section 3.3")
public_key_is_no_secret = refusal(
    "JWT-18",
    "public_key_is_no_secret",
    "key_set.signed",
    "A token whose secret is the public key",
    "RFC 8725 section 2.1",
    reads="key_set",
    control="key_set.control",
)
trivial_key_is_refused = refusal("JWT-19", "trivial_key_is_refused", "jwt.trivial_key", "A token signed with a trivial key", "RFC 8725 section 3.5")
key_identifier_leads_nowhere = refusal(
    "JWT-22", "key_identifier_leads_nowhere", "jwt.kid", "A token whose kid leads to a key that everybody knows", "RFC 8725 section 3.10"
)
key_of_the_token_is_not_trusted = refusal(
    "JWT-23", "key_of_the_token_is_not_trusted", "jwt.jwk", "A token that brings its own key along", "RFC 7515 section 4.1.3"
)
key_url_of_the_token_is_not_trusted = refusal(
    "JWT-24", "key_url_of_the_token_is_not_trusted", "jwt.key_url", "A token that says where its own key is", "RFC 8725 section 3.10"
)
certificate_of_the_token_is_not_trusted = refusal(
    "JWT-25", "certificate_of_the_token_is_not_trusted", "jwt.x5c", "A token that brings its own certificate along", "RFC 7515 section 4.1.6"
)
degenerate_signature_is_refused = refusal(
    "JWT-28", "degenerate_signature_is_refused", "jwt.degenerate", "A token with an ECDSA signature of zeros or the like", "RFC 8725 section 3.4"
)
respelled_signature_is_refused = refusal(
    "JWT-29",
    "respelled_signature_is_refused",
    "jwt.respelled",
    "A token whose signature is spelled in another way",
    "RFC 7515 section 2",
    tolerated=NOT_ACCEPTED | BAD_REQUEST,
)
extended_token_is_refused = refusal(
    "JWT-30",
    "extended_token_is_refused",
    "jwt.extended",
    "A token with something behind it",
    "RFC 7515 section 7.1",
    tolerated=NOT_ACCEPTED | BAD_REQUEST,
)
other_serialisation_is_refused = refusal(
    "JWT-31",
    "other_serialisation_is_refused",
    "jwt.serialised",
    "A token in a JSON serialisation",
    "RFC 7519 section 1",
    tolerated=NOT_ACCEPTED | BAD_REQUEST,
)
encrypted_token_is_refused = refusal(
    "JWT-32",
    "encrypted_token_is_refused",
    ("jwt.encrypted", "key_set.encrypted"),
    "An encrypted token",
    "RFC 8725 section 3.1",
    reads=("jwt", "key_set"),
)


@check("JWT-45", on=identities, reads="jwt", where=jwt_access_tokens)
def oversized_token_does_no_harm(seen: Evidence, operation: Operation) -> Judgement:
    """An oversized token, or one of very many parts, is refused within 5 seconds, and the server stays up (CWE-770)."""
    control = seen.one("jwt.control", operation)
    # No operation of the document was asked, so the place tells whose they are.
    sent = [e for e in seen.exchanges if e.probe.name == "jwt.oversized" and e.probe.request.target == control.probe.request.target]
    if not sent:
        raise NotObserved("No oversized token was sent.")
    after = accepted(seen, control, "The good token after it")
    judgement = worst(*(_taken_well(exchange) for exchange in sent))
    return judgement if judgement.verdict != "pass" else worst(judgement, after) if after.verdict == "pass" else undecided(after.detail, control)


def _taken_well(exchange: Exchange) -> Judgement:
    what = f"An oversized token ({exchange.probe.variant})"
    if exchange.elapsed > _SECONDS:
        return broken(f"{what} keeps the server busy for {exchange.elapsed:.1f} seconds.", exchange)
    if exchange.response is None:
        return met(f"{what} is not answered: {exchange.failure}.", exchange)
    if exchange.status == 429 or came_from_elsewhere(exchange.response):
        return undecided(f"{what} is answered {exchange.status}, which does not decide.", exchange)
    if 400 <= exchange.status < 500:
        return met(f"{what} is answered {exchange.status}.", exchange)
    return broken(f"{what} is answered {exchange.status} where a refusal is due.", exchange)


@check("JWT-46", on=identities, reads="jwt", where=jwt_access_tokens)
def malformed_token_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A header or payload that is no JSON object gives 401, and never a 5xx (RFC 7519 section 7.2)."""
    sent = seen.all("jwt.malformed", operation)
    if not sent:
        raise NotObserved("No malformed token was answered.")
    judgement = worst(*(never_fails(exchange, "A malformed token") for exchange in sent))
    return with_control(seen, "jwt.control", operation, judgement)


@check("JWT-50", on=identities, reads=("jwt", "forged_refresh"), where=jwt_access_tokens)
def expired_and_forged_token_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A token that is expired and wrongly signed is refused as bearer and at refresh (RFC 7515 section 5.2)."""
    application = seen.application_of(operation)
    what = "A token that is expired and wrongly signed"
    at_refresh = []
    if application and application.refresh:
        for exchange in seen.all("expiry.forged_refresh", application.refresh):
            refused_there = all_refused([exchange], f"{what}, at refresh,", tolerated=NOT_ACCEPTED)
            at_refresh.append(gives_no_cookie(exchange, application, refused_there))
    as_bearer = seen.all("jwt.expired_and_forged", operation)
    known = worst(*at_refresh) if at_refresh else untestable("No refresh was tried with one.")
    judgement = and_also(known, lambda: all_refused(as_bearer, what, tolerated=NOT_ACCEPTED))
    return with_control(seen, "jwt.control", operation, judgement)
