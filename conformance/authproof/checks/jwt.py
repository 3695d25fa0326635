"""JWT: the access token's form, and its validation."""

from __future__ import annotations

from authproof.checks.answers import all_refused, refused, response_of, with_control
from authproof.checks.registry import Check, check, first_logins, identities, protected, refreshes
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange, TokenFacts
from authproof.verdict import Judgement, broken, met, undecided, untestable
from authproof_spec import Application, Operation
from authproof_spec.contract import Meaning
from authproof_spec.pointer import Json

SKEW = 60
"""Seconds that the clocks of two machines may differ."""


def _issued(seen: Evidence, operation: Operation) -> tuple[Application, Exchange, TokenFacts]:
    """The first access token that a login of the application gave, with its exchange."""
    application = seen.application_of(operation)
    if application is None:
        raise NotObserved("The login belongs to no application.")
    exchange = seen.one("login.good", operation)
    text = response_of(exchange).at(application.access_token_field)
    names = seen.tokens_in(text) if isinstance(text, str) else ()
    if not names:
        raise NotObserved("The login gave no access token.")
    return application, exchange, seen.facts[names[0]]


@check("JWT-01", on=first_logins, reads=())
def access_token_is_a_signed_jwt(seen: Evidence, operation: Operation) -> Judgement:
    """The access token is a compact JWS of two JSON objects and a signature (RFC 7515 section 7.1, RFC 7519 section 7.2)."""
    _, exchange, token = _issued(seen, operation)
    if token.header is None or token.claims is None or not token.is_compact:
        return broken("The access token is not three non-empty base64url parts, unpadded, of which the first two are JSON objects.", exchange)
    return met("The access token is a signed JWT.", exchange)


@check("JWT-02", on=first_logins, reads=())
def declared_claims_are_there(seen: Evidence, operation: Operation) -> Judgement:
    """Every declared claim is there with the right JSON type (RFC 7519 section 4.1)."""
    _, exchange, token = _issued(seen, operation)
    if token.claims is None:
        return undecided("The access token has no readable claims.", exchange)
    for name, meaning in seen.contract.tokens.claims.items():
        if name not in token.claims:
            return broken(f"The claim {name} is missing.", exchange)
        if not _fits(name, token.claims[name], meaning):
            return broken(f"The claim {name} is a {type(token.claims[name]).__name__}, which is not the type that it has.", exchange)
    return met(f"The claims {', '.join(seen.contract.tokens.claims)} are there.", exchange)


def _fits(name: str, value: Json, meaning: Meaning) -> bool:
    if meaning in {Meaning.EXPIRES_AT, Meaning.ISSUED_AT}:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if meaning is Meaning.AUDIENCE:
        return isinstance(value, str) or (isinstance(value, list) and all(isinstance(entry, str) for entry in value))
    if name in {"iss", "sub", "jti"}:
        return isinstance(value, str)
    return isinstance(value, str | int) and not isinstance(value, bool)


@check("JWT-03", on=first_logins, reads=())
def access_token_is_short_lived(seen: Evidence, operation: Operation) -> Judgement:
    """The token lives no longer than the declared lifetime (RFC 7519 section 4.1.4)."""
    application, exchange, token = _issued(seen, operation)
    claims = token.claims or {}
    times = [
        next((claims.get(name) for name in seen.contract.tokens.claims_meaning(meaning)), None) for meaning in (Meaning.ISSUED_AT, Meaning.EXPIRES_AT)
    ]
    issued, expires = times
    if not isinstance(issued, int | float) or not isinstance(expires, int | float):
        return undecided("The token has no times to compare.", exchange)
    lifetime = application.access_token.lifetime or 0
    if expires - issued > lifetime + 5:
        return broken(f"The token lives {expires - issued:.0f} seconds, and {lifetime} are declared.", exchange)
    if expires <= issued:
        return broken("The token expires before it was issued.", exchange)
    return met(f"The token lives {expires - issued:.0f} of at most {lifetime} seconds.", exchange)


@check("JWT-04", on=first_logins, reads=())
def audience_is_the_declared_one(seen: Evidence, operation: Operation) -> Judgement:
    """The audience has what the application declares, and nothing of another application (RFC 8725 section 3.9)."""
    application, exchange, token = _issued(seen, operation)
    names = seen.contract.tokens.claims_meaning(Meaning.AUDIENCE)
    if not names:
        return untestable("The document declares no claim that holds an audience.")
    if token.claims is None:
        return undecided("The token has no audience to read.", exchange)
    value = token.claims.get(names[0])
    found = frozenset(entry for entry in (value if isinstance(value, list) else [value]) if isinstance(entry, str))
    declared = application.access_token.audience
    if missing := declared - found:
        return broken(f"The audience lacks {', '.join(sorted(missing))}.", exchange)
    foreign = {entry for other in seen.contract.applications.values() for entry in other.access_token.audience} - declared
    if both := foreign & found:
        return broken(f"The audience also names {', '.join(sorted(both))}, which belongs to another application.", exchange)
    return met(f"The audience is {', '.join(sorted(found))}.", exchange)


@check("JWT-05", on=first_logins, reads=())
def algorithm_is_the_declared_one(seen: Evidence, operation: Operation) -> Judgement:
    """The token is signed with the declared algorithm (RFC 8725 section 3.1)."""
    _, exchange, token = _issued(seen, operation)
    if token.header is None:
        return undecided("The access token has no readable header.", exchange)
    found = token.header.get("alg")
    declared = seen.contract.tokens.algorithm
    if found != declared:
        return broken(f"The token is signed with {found}, and {declared} is declared.", exchange)
    return met(f"The token is signed with {declared}.", exchange)


@check("JWT-06", on=first_logins, reads=("refresh",))
def token_identifiers_differ(seen: Evidence, operation: Operation) -> Judgement:
    """No two tokens have the same identifier (RFC 7519 section 4.1.7)."""
    _, exchange, _ = _issued(seen, operation)
    names = seen.contract.tokens.claims_meaning(Meaning.IDENTIFIER)
    identifiers = [
        str((facts.claims or {}).get(names[0])) for facts in seen.facts.values() if names and facts.kind == "access_token" and facts.claims
    ]
    if len(identifiers) < 2:
        return undecided("Fewer than two access tokens with an identifier were seen.", exchange)
    if len(set(identifiers)) < len(identifiers):
        return broken(f"Of {len(identifiers)} access tokens some have the same identifier.", exchange)
    return met(f"{len(identifiers)} access tokens have as many identifiers.", exchange)


def _refusal(requirement: str, probe: str, what: str, clause: str, *, everywhere: bool = False) -> Check:
    """The check that forgeries of one kind are refused with 401, while the token that they were made from is accepted."""

    def judge(seen: Evidence, operation: Operation) -> Judgement:
        judgement = all_refused(seen.all(probe, operation), what)
        return with_control(seen, "jwt.control", operation, judgement)

    judge.__name__ = probe.replace("jwt.", "forged_token_is_refused_").replace(".", "_")
    judge.__doc__ = f"{what} is refused ({clause})."
    return check(requirement, on=protected if everywhere else identities, reads="jwt")(judge)


unsigned_token_is_refused = _refusal("JWT-09", "jwt.none", "A token with alg none", "RFC 8725 section 3.2", everywhere=True)
unsigned_variants_are_refused = _refusal("JWT-10", "jwt.none_variant", "A token with a variant of alg none", "RFC 7515 section 4.1.1")
unsigned_with_signature_is_refused = _refusal("JWT-11", "jwt.none_with_signature", "A token with alg none and a signature", "RFC 8725 section 3.2")
removed_signature_is_refused = _refusal("JWT-12", "jwt.signature_removed", "A token without its signature", "RFC 8725 section 3.3")
changed_signature_is_refused = _refusal(
    "JWT-13", "jwt.signature_changed", "A token with a changed signature", "RFC 7515 section 5.2", everywhere=True
)
resized_signature_is_refused = _refusal("JWT-14", "jwt.signature_resized", "A token with a signature of another length", "RFC 7515 section 5.2")
changed_claims_are_refused = _refusal("JWT-15", "jwt.claims_changed", "A token with changed claims", "RFC 7515 section 5.2")
changed_header_is_refused = _refusal("JWT-16", "jwt.header_changed", "A token with a changed header", "RFC 7515 section 5.2")
other_key_is_refused = _refusal("JWT-17", "jwt.other_key", "A token signed with another key", "RFC 8725 section 3.3")
trivial_key_is_refused = _refusal("JWT-19", "jwt.trivial_key", "A token signed with a trivial key", "RFC 8725 section 3.5")


@check("JWT-41", on=identities, reads="isolation")
def refresh_token_is_no_access_token(seen: Evidence, operation: Operation) -> Judgement:
    """A refresh token does not open a protected operation (RFC 8725 section 3.12)."""
    return refused(seen.one("isolation.refresh_as_bearer", operation), "A refresh token as bearer token")


@check("JWT-42", on=refreshes, reads="isolation")
def access_token_is_no_refresh_token(seen: Evidence, operation: Operation) -> Judgement:
    """An access token in the refresh cookie is refused (RFC 8725 section 3.12)."""
    return refused(seen.one("isolation.access_as_refresh", operation), "An access token in the refresh cookie")
