"""JWT: what issued tokens are and say, and that one kind is not taken for another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, permutations

from authproof.checks.answers import refused, refused_as_declared, response_of
from authproof.checks.designs import jwt_access_tokens, refresh_tokens
from authproof.checks.registry import check, first_logins, identities, refreshes
from authproof.evidence import Evidence, NotObserved, flow_operations
from authproof.exchange import Exchange, TokenFacts
from authproof.keys import PRIVATE_MEMBERS, USUAL_PATH, members
from authproof.known_secrets import known_secrets
from authproof.reading import moment_of
from authproof.tokens import access_token_in
from authproof.verdict import Judgement, broken, met, undecided, untestable, weak, worst
from authproof_spec import Application, Contract, Operation
from authproof_spec.contract import Meaning
from authproof_spec.pointer import Json

_LONG = 3600
"""Seconds that an access token may live where nothing is declared."""
_VARYING = frozenset({"iss", "sub", "iat", "exp", "nbf", "jti"})
_HASHED = re.compile(
    r"\$(?:2[abxy]|argon2|pbkdf2|scrypt|[156y])[$-]?|\{(?:S?SHA|SSHA\d+|bcrypt)\}|(?:pbkdf2_sha\d+|bcrypt_sha\d+|scrypt)[$:]", re.IGNORECASE
)
_SECRETS = ("password", "link_token", "totp_secret", "refresh_token", "personal_access_token", "signing_key")
_SECRET_NAMES = frozenset(
    {"password", "passwd", "pwd", "passphrase", "passwordhash", "hashedpassword", "secret", "clientsecret", "userpassword"}
    | {"otpsecret", "totpsecret", "mfasecret", "refreshtoken", "privatekey", "recoverycode", "backupcode"}
)
_PUBLIC_HASHES = frozenset({"at_hash", "c_hash", "s_hash"})  # OpenID Connect Core section 3.3.2.11
_PERSONAL_NAMES = frozenset(
    {
        "email",
        "mail",
        "phone",
        "phonenumber",
        "address",
        "birthdate",
        "birthday",
        "name",
        "fullname",
        "firstname",
        "lastname",
        "givenname",
        "familyname",
    }
)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
# A key's file, or a place in a program: an address of a web page ends otherwise.
_FILE = re.compile(
    r"""(?<![\w.:/])(?:[A-Za-z]:)?(?:[\\/]+[\w.@ -]+){2,}\.(?:(?:pem|key|p12|jks|pfx)\b|(?:py|rb|[cm]?js|ts|go|rs|java|kt|php|cs|ex)(?::(?:line )?\d+|"?,? (?:on )?line \d+|\(\d+\)))"""
)


def _issued(seen: Evidence, operation: Operation) -> tuple[Application, Exchange, TokenFacts]:
    """The first access token that a login of the application gave, with its exchange."""
    application = seen.application_of(operation)
    if application is None:
        raise NotObserved("The login belongs to no application.")
    exchange = seen.one("login.good", operation)
    names = seen.tokens_in(access_token_in(application, exchange) or "")
    if not names:
        raise NotObserved("The login gave no access token.")
    return application, exchange, seen.facts[names[0]]


@check("JWT-01", on=first_logins, reads=(), where=jwt_access_tokens)
def access_token_is_a_signed_jwt(seen: Evidence, operation: Operation) -> Judgement:
    """The access token is a compact JWS of two JSON objects and a signature (RFC 7515 section 7.1, RFC 7519 section 7.2)."""
    _, exchange, token = _issued(seen, operation)
    if token.header is None or token.claims is None or not token.is_compact:
        return broken("The access token is not three non-empty base64url parts, unpadded, of which the first two are JSON objects.", exchange)
    return met("The access token is a signed JWT.", exchange)


@check("JWT-02", on=first_logins, reads=(), where=jwt_access_tokens)
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


@check("JWT-03", on=first_logins, reads="refresh", where=jwt_access_tokens)
def access_token_is_short_lived(seen: Evidence, operation: Operation) -> Judgement:
    """The token of a login, and of all that renews it, lives no longer than the declared lifetime (RFC 7519 section 4.1.4)."""
    application, exchange, token = _issued(seen, operation)
    return worst(
        _is_short_lived(seen, application, exchange, token),
        *(_is_short_lived(seen, application, *given) for given in _issued_elsewhere(seen, application, operation)),
    )


def _issued_elsewhere(seen: Evidence, application: Application, operation: Operation) -> Iterator[tuple[Exchange, TokenFacts]]:
    """The first access token that each other operation of the application's sessions gave."""
    for other in flow_operations(application):
        found = ((exchange, seen.tokens_in(access_token_in(application, exchange) or "")) for exchange in seen.on(other) if other is not operation)
        yield from islice(((exchange, seen.facts[names[0]]) for exchange, names in found if names), 1)


def _is_short_lived(seen: Evidence, application: Application, exchange: Exchange, token: TokenFacts) -> Judgement:
    claims = token.claims or {}
    times = [
        next((claims.get(name) for name in seen.contract.tokens.claims_meaning(meaning)), None) for meaning in (Meaning.ISSUED_AT, Meaning.EXPIRES_AT)
    ]
    issued, expires = times
    if issued is None:
        issued = moment_of(response_of(exchange))
    if not isinstance(issued, int | float) or not isinstance(expires, int | float):
        return undecided("The token has no times to compare.", exchange)
    where = seen.operation_of(exchange)
    what = f"The token of {where.name}" if where else "The token"
    lifetime = application.access_token.lifetime
    if expires <= issued:
        return broken(f"{what} expires before it was issued.", exchange)
    if lifetime is None:
        say = weak if expires - issued > _LONG else met
        return say(f"{what} lives {expires - issued:.0f} seconds, and no lifetime is declared.", exchange)
    if expires - issued > lifetime + 5:
        return broken(f"{what} lives {expires - issued:.0f} seconds, and {lifetime} are declared.", exchange)
    return met(f"{what} lives {expires - issued:.0f} of at most {lifetime} seconds.", exchange)


@check("JWT-04", on=first_logins, reads=(), where=jwt_access_tokens)
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


@check("JWT-05", on=first_logins, reads=(), where=jwt_access_tokens)
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


@check("JWT-06", on=first_logins, reads=("refresh",), where=jwt_access_tokens)
def token_identifiers_differ(seen: Evidence, operation: Operation) -> Judgement:
    """No two tokens have the same identifier (RFC 7519 section 4.1.7)."""
    _, exchange, _ = _issued(seen, operation)
    names = seen.contract.tokens.claims_meaning(Meaning.IDENTIFIER)
    identifiers = [
        str(facts.claims[names[0]])
        for facts in seen.facts.values()
        if names and facts.kind == "access_token" and facts.claims and facts.claims.get(names[0]) is not None
    ]
    if not names:
        return untestable("The document declares no claim that identifies a token.")
    if len(identifiers) < 2:
        return undecided("Fewer than two access tokens with an identifier were seen.", exchange)
    if len(set(identifiers)) < len(identifiers):
        return broken(f"Of {len(identifiers)} access tokens some have the same identifier.", exchange)
    return met(f"{len(identifiers)} access tokens have as many identifiers.", exchange)


@check("JWT-07", on=first_logins, reads=(), where=jwt_access_tokens)
def claims_hold_no_secret(seen: Evidence, operation: Operation) -> Judgement:
    """No claim is a secret, and none is personal data that is not declared (RFC 7519 section 12)."""
    _, exchange, token = _issued(seen, operation)
    if token.claims is None:
        return undecided("The access token has no readable claims.", exchange)
    members = list(_members(token.claims))
    for name, value in members:
        if isinstance(value, str) and (any(seen.tokens_in(value, kind) for kind in _SECRETS) or _HASHED.match(value)):
            return broken(f"The claim {name} holds a secret, or the hash of a password.", exchange)
        if _plain(name) in _SECRET_NAMES and isinstance(value, str | int) and not isinstance(value, bool) and value:
            return broken(f"The claim {name} is a secret by its name.", exchange)
    for name, value in members:
        if _plain(name).endswith("hash") and name not in _PUBLIC_HASHES and isinstance(value, str):
            return undecided(f"The claim {name} is a hash by its name; of what, only its maker knows.", exchange)
    personal = [name for name, value in members if name not in seen.contract.tokens.claims and _is_personal(name, value)]
    if personal:
        return weak(f"The claims {', '.join(personal)} are personal data, which everybody can read who sees the token.", exchange)
    return met("No claim looks like a secret or like personal data.", exchange)


def _members(part: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """The members of `part` and of the objects and lists in it."""
    for name, value in part.items():
        yield name, value
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, dict):
                yield from _members(entry)
            elif entry is not value:
                yield name, entry


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def _is_personal(name: str, value: Json) -> bool:
    return isinstance(value, str) and (_plain(name) in _PERSONAL_NAMES or _EMAIL.fullmatch(value) is not None)


@check("JWT-08", on=first_logins, reads=("refresh", "personal_tokens"), where=jwt_access_tokens)
def kinds_of_tokens_are_told_apart(seen: Evidence, operation: Operation) -> Judgement:
    """No token of one kind meets every fixed condition of another kind (RFC 8725 section 3.12)."""
    application, exchange, access = _issued(seen, operation)
    if access.claims is None:
        return undecided("The access token is no JWT whose claims could be compared.", exchange)
    offered = {"access_token": True, "refresh_token": application.refresh_token, "personal_access_token": application.personal_access_tokens}
    given = {name: _tokens_of(seen, application, name) for name, kind in offered.items() if kind}
    kinds = {name: said for name, facts in given.items() if (said := _said_by(seen, facts))}
    for one, other in permutations(kinds, 2):
        conditions = frozenset.intersection(*kinds[one])
        if any(conditions <= token for token in kinds[other]):
            return broken(f"A token of the kind {other} meets every fixed condition of the kind {one}, so it may be taken for one.", exchange)
    if unseen := [name.replace("_", " ") for name, facts in given.items() if not facts]:
        raise NotObserved(f"No {' and no '.join(unseen)} was seen to compare.")
    if len(kinds) < 2:
        return met("Access tokens are the only kind of JWT here, so they cannot be taken for another.", exchange)
    return met(f"Tokens of the kinds {', '.join(kinds)} differ in typ or in fixed claims.", exchange)


def _tokens_of(seen: Evidence, application: Application, kind: str) -> list[TokenFacts]:
    """Every token of `kind` that the application gave."""
    personal = application.personal_access_tokens
    givers = (*flow_operations(application), *((personal.create,) if personal else ()))
    names = {name for giver in givers for exchange in seen.on(giver) for name in seen.tokens_in(_text(exchange), kind)}
    return [seen.facts[name] for name in sorted(names)]


def _said_by(seen: Evidence, tokens: Iterable[TokenFacts]) -> list[frozenset[str]]:
    """What each JWT among `tokens` says and has, but for what differs from token to token."""
    varying = {*_VARYING, *(name for name, meaning in seen.contract.tokens.claims.items() if meaning is not Meaning.AUDIENCE)}
    found = []
    for facts in tokens:
        if facts.claims is not None and facts.header is not None:
            says = {f"{name}={json.dumps(_sorted(value))}" for name, value in facts.claims.items() if name not in varying}
            has = {f"{name} is there" for name in facts.claims}
            found.append(frozenset(says | has | {f"typ={facts.header.get('typ')}"}))
    return found


def _sorted(value: Json) -> Json:
    return sorted(value, key=str) if isinstance(value, list) else value


@check("JWT-20", on=first_logins, reads="jwt", where=jwt_access_tokens)
def secret_is_not_a_known_one(seen: Evidence, operation: Operation) -> Judgement:
    """The secret of an HMAC stands in no list of public defaults (RFC 8725 section 3.5)."""
    application, exchange, token = _issued(seen, operation)
    algorithm = str((token.header or {}).get("alg"))
    if not algorithm.startswith("HS"):
        return untestable(f"Tokens are signed with {algorithm}, which has no shared secret.")
    if application.identity is None:
        return untestable("The contract has no who-am-I operation for the application.")
    # The guess is made without a request; a token by the guessed secret is sent only where there is one.
    if guessed := [e for e in seen.exchanges if e.probe.name == "jwt.known_secret" and e.probe.operation == application.identity.operation.id]:
        return broken("The signing secret stands in a list of public defaults; a token made with it was sent.", *guessed)
    seen.one("jwt.control", application.identity.operation)
    return met(f"None of {len(known_secrets())} publicly known secrets signed the token, which proves no more than that.", exchange)


@check("JWT-41", on=identities, reads="isolation", where=refresh_tokens)
def refresh_token_is_no_access_token(seen: Evidence, operation: Operation) -> Judgement:
    """A refresh token does not open a protected operation (RFC 8725 section 3.12)."""
    return refused(seen.one("isolation.refresh_as_bearer", operation), "A refresh token in the place of an access token")


@check("JWT-42", on=refreshes, reads="isolation", where=refresh_tokens)
def access_token_is_no_refresh_token(seen: Evidence, operation: Operation) -> Judgement:
    """An access token in the place of the refresh token is refused (RFC 8725 section 3.12)."""
    return refused_as_declared(seen.one("isolation.access_as_refresh", operation), operation, "An access token in the place of a refresh token")


def key_sets(contract: Contract) -> Iterable[Operation]:
    """The operation that publishes the key set, at the declared or at the usual path."""
    yield contract.read_of(contract.tokens.jwks_path or USUAL_PATH)


@check("JWT-48", on=key_sets, reads="key_set")
def published_keys_are_public(seen: Evidence, operation: Operation) -> Judgement:
    """A published key set has no private and no symmetric key (RFC 7517 section 9.2)."""
    exchange = next((e for e in seen.answered if e.probe.name == "key_set"), None)
    if exchange is None:
        raise NotObserved("The key set was not answered.")
    keys = members(response_of(exchange).json)
    if not keys:
        return untestable(f"{operation.name} is answered {exchange.status}: there is no key set here.")
    if private := sorted({name for key in keys for name in PRIVATE_MEMBERS & key.keys()}):
        return broken(f"The key set has the private members {', '.join(private)}.", exchange)
    return met(f"The key set has {len(keys)} keys, and nothing private of them.", exchange)


@check("JWT-49", on=identities, reads=("jwt", "minted"), where=jwt_access_tokens)
def refusal_tells_nothing_of_the_verifier(seen: Evidence, operation: Operation) -> Judgement:
    """The refusal of a token shows no signature that would be right, no key and no file (CWE-209)."""
    refusals = [e for e in seen.on(operation) if e.probe.name.startswith(("jwt.", "minted.", "key_set.")) and not response_of(e).is_success]
    if not refusals:
        raise NotObserved("No refusal of a forged token was seen.")
    for exchange in refusals:
        text = _text(exchange)
        # Only these were sent without the signature that would have been right for them.
        unsent = exchange.probe.name in {"jwt.signature_changed", "jwt.signature_removed"}
        if unsent and (seen.tokens_in(text, "signature") or seen.tokens_in(text, "access_token")):
            return broken("The refusal tells the signature that would have been right.", exchange)
        if seen.tokens_in(text, "signing_key") or "PRIVATE KEY-----" in text:
            return broken("The refusal tells the key.", exchange)
        if path := _FILE.search(text):
            return broken(f"The refusal tells of a file on the server: {path.group()}.", exchange)
    return met(f"None of {len(refusals)} refusals tells of a right signature, a key or a file.", refusals[0])


def _text(exchange: Exchange) -> str:
    response = response_of(exchange)
    return "\n".join((response.body.decode("utf-8", "replace"), *(value for _, value in response.headers)))
