"""Tokens: minted and verified by the contract's rules, with no notion of sessions or permissions."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from authproof_mock import base64url, strict_json
from authproof_mock.clock import Clock
from authproof_mock.expiring import ExpiringStore
from authproof_mock.keys import SigningKey
from authproof_spec.contract import Contract, Meaning, TokenKind
from authproof_spec.pointer import Json

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_CACHED = 1024
AccountId = str | int


class InvalidToken(Exception):  # what the token is, as a server's own code would say it
    """A token that is refused; the text never repeats any of it."""


class Purpose(StrEnum):
    """What a kind of token is for."""

    ACCESS = "access"
    REFRESH = "refresh"
    PERSONAL = "personal"


@dataclass(frozen=True, slots=True)
class TokenType:
    """One kind of token of one application."""

    application: str
    purpose: Purpose
    kind: TokenKind


@dataclass(frozen=True, slots=True)
class Content:
    """What a verified token says. Times are in seconds since the epoch; `account` has the claims that name the account."""

    type: TokenType
    account: Mapping[str, AccountId]
    identifier: str
    expires_at: float
    issued_at: float | None
    not_before: float | None

    @property
    def account_key(self) -> str:
        """The account's id as text."""
        return str(next(iter(self.account.values())))


class Tokens:
    """Mints and verifies. What holds for ever of a token's bytes is decided once; its times are compared on every use."""

    def __init__(self, contract: Contract, clock: Clock, key: SigningKey) -> None:
        self.key = key
        self.types = tuple(_types(contract))
        self._rules = contract.tokens
        self._clock = clock
        self._account_claims = self._rules.claims_meaning(Meaning.ACCOUNT) or ("sub",)
        # Sessions and personal access tokens are found by it, so a token has one even where the contract names none.
        self._identifier_claims = self._rules.claims_meaning(Meaning.IDENTIFIER) or ("jti",)
        self._verified: dict[str, Content] = {}
        self._opaque_tokens: ExpiringStore[Content] = ExpiringStore(clock)
        self._has_opaque = any(found.kind.opaque for found in self.types)

    def published_keys(self) -> list[Json]:
        """What the key set holds: the public key, where there is one (RFC 7517 section 5)."""
        return [{**self.key.public_jwk}] if self.key.public_jwk else []

    def type_of(self, application: str, purpose: Purpose) -> TokenType:
        """The kind of token that `application` has for `purpose`. Raises StopIteration when it has none."""
        return next(found for found in self.types if found.application == application and found.purpose is purpose)

    def mint(self, token_type: TokenType, account: AccountId, identifier: str, expires_at: float) -> str:
        """A new token, valid from now until `expires_at` (seconds since the epoch)."""
        if token_type.kind.opaque:
            return self.mint_opaque(token_type, account, identifier, expires_at)
        header = {"alg": self.key.algorithm, "typ": "JWT"} | ({"kid": self.key.identifier} if self.key.identifier else {})
        claims = self.claims(token_type, account, identifier, expires_at)
        message = f"{_encoded(header)}.{_encoded(claims)}"
        return f"{message}.{base64url.encode(self.key.sign(message.encode()))}"

    def mint_opaque(self, token_type: TokenType, account: AccountId, identifier: str, expires_at: float) -> str:
        """Random text, of which only a hash is kept, with what it stands for."""
        token = secrets.token_urlsafe(32)
        content = Content(token_type, self.account_claims(account), identifier, expires_at, self._clock.now(), None)
        self._opaque_tokens.add(_digest(token), content)
        return token

    def claims(self, token_type: TokenType, account: AccountId, identifier: str, expires_at: float) -> dict[str, Json]:
        """The claims of a new token."""
        audience = sorted(token_type.kind.audience)
        values: dict[Meaning, Json] = {
            Meaning.ISSUER: self._rules.issuer,
            Meaning.AUDIENCE: audience[0] if len(audience) == 1 else audience,
            Meaning.ISSUED_AT: int(self._clock.now()),
            Meaning.EXPIRES_AT: int(expires_at),
        }
        claims = {name: values[meaning] for name, meaning in self._rules.claims.items() if meaning in values}
        return {**claims, **self.account_claims(account), **dict.fromkeys(self._identifier_claims, identifier), **_json(token_type.kind.fixed_claims)}

    def account_claims(self, account: AccountId) -> dict[str, AccountId]:
        """The claims that name the account. `sub` is always text (RFC 7519 section 4.1.2)."""
        return {name: str(account) if name == "sub" else account for name in self._account_claims}

    def verify(self, token: str) -> Content:
        """What `token` says. Raises InvalidToken, and nothing else, whatever text it is given."""
        content = self._verified.get(token) or (self._opaque_tokens.get(_digest(token)) if self._has_opaque else None)
        if content is None:
            content = self.read(token)
            if len(self._verified) >= _CACHED:
                del self._verified[next(iter(self._verified))]
            self._verified[token] = content
        self.check_expiry(content)
        self.check_not_before(content)
        self.check_issued_at(content)
        return content

    def read(self, token: str) -> Content:
        """What the JWT `token` says, its times not yet compared with the clock. Raises InvalidToken."""
        return self.content_of(self.signed_claims(token))

    def signed_claims(self, token: str) -> Mapping[str, Json]:
        """The claims of the JWT `token`, which our key signed. Raises InvalidToken."""
        if not _COMPACT.fullmatch(token):
            raise InvalidToken("it is not three parts of base64url")
        head, body, tail = token.split(".")
        self.check_header(self.object_of(head))
        if not self.signature_is_valid(f"{head}.{body}".encode(), _decoded(tail)):
            raise InvalidToken("its signature is wrong")
        return self.object_of(body)

    def object_of(self, part: str) -> Mapping[str, Json]:
        """The JSON object of a part, in which no member stands twice (RFC 7519 section 4). Raises InvalidToken."""
        try:
            value = strict_json.parse(_decoded(part), unique_members=True)
        except ValueError as error:
            raise InvalidToken("a part of it is not JSON") from error
        if not isinstance(value, Mapping):
            raise InvalidToken("a part of it is no JSON object")
        return value

    def check_header(self, header: Mapping[str, Json]) -> None:
        """Our own algorithm alone, and no extension that one would have to understand (RFC 7515 section 4.1.11)."""
        if header.get("alg") != self.key.algorithm:
            raise InvalidToken("it is signed by another algorithm")
        if "crit" in header:
            raise InvalidToken("it has critical extensions")
        if header.get("typ", "JWT") != "JWT":
            raise InvalidToken("it is of another type")

    def signature_is_valid(self, message: bytes, signature: bytes) -> bool:
        """True when our key made `signature`."""
        return self.key.verifies(message, signature)

    def content_of(self, claims: Mapping[str, Json]) -> Content:
        """The meaning of verified `claims`. Raises InvalidToken when one is missing, of a wrong type, or not ours."""
        for name in (*self._rules.claims, *self._identifier_claims):
            if name not in claims:
                raise InvalidToken(f"it has no {name}")
        self.check_issuer(claims)
        issued = [_moment(claims[name]) for name in self._rules.claims_meaning(Meaning.ISSUED_AT)]
        return Content(
            type=self.type_of_claims(claims),
            account=self.account_of_claims(claims),
            identifier=self.identifier_of_claims(claims),
            expires_at=min(_moment(claims[name]) for name in self._rules.claims_meaning(Meaning.EXPIRES_AT)),
            issued_at=max(issued, default=None),
            not_before=_moment(claims["nbf"]) if "nbf" in claims else None,
        )

    def check_issuer(self, claims: Mapping[str, Json]) -> None:
        """The issuer is ours (RFC 8725 section 3.8)."""
        if any(claims[name] != self._rules.issuer for name in self._rules.claims_meaning(Meaning.ISSUER)):
            raise InvalidToken("it has another issuer")

    def type_of_claims(self, claims: Mapping[str, Json]) -> TokenType:
        """The one kind of token that the audience, as a set, and the fixed claims say it is."""
        fitting = [
            found
            for found in self.types
            if not found.kind.opaque and self.audience_fits(claims, found.kind) and self.fixed_claims_fit(claims, found.kind)
        ]
        if len(fitting) != 1:
            raise InvalidToken("it is of no kind of this API")
        return fitting[0]

    def audience_fits(self, claims: Mapping[str, Json], kind: TokenKind) -> bool:
        """True when every audience claim is exactly the audience of `kind`, in any order."""
        return all(_audience(claims[name]) == kind.audience for name in self._rules.claims_meaning(Meaning.AUDIENCE))

    def fixed_claims_fit(self, claims: Mapping[str, Json], kind: TokenKind) -> bool:
        """True when every fixed claim of `kind` has its value. 1 and true are two values, although Python has them equal."""
        return all(
            name in claims and claims[name] == value and isinstance(claims[name], bool) is isinstance(value, bool)
            for name, value in kind.fixed_claims.items()
        )

    def account_of_claims(self, claims: Mapping[str, Json]) -> Mapping[str, AccountId]:
        """The claims that name the account, which all name the same."""
        account = {name: _identifier(claims[name]) for name in self._rules.claims_meaning(Meaning.ACCOUNT)}
        if len({str(value) for value in account.values()}) != 1 or not isinstance(account.get("sub", ""), str):
            raise InvalidToken("it does not name one account")
        return account

    def identifier_of_claims(self, claims: Mapping[str, Json]) -> str:
        """The token's own identifier."""
        identifiers = {_identifier(claims[name]) for name in self._identifier_claims}
        if len(identifiers) != 1:
            raise InvalidToken("it has two identifiers")
        return str(identifiers.pop())

    def check_expiry(self, content: Content) -> None:
        """Now is before the expiry (RFC 7519 section 4.1.4)."""
        if content.expires_at <= self._clock.now() - self._rules.clock_skew:
            raise InvalidToken("it has expired")

    def check_not_before(self, content: Content) -> None:
        """Now is not before nbf (RFC 7519 section 4.1.5)."""
        if content.not_before is not None and content.not_before > self._clock.now() + self._rules.clock_skew:
            raise InvalidToken("it is not valid yet")

    def check_issued_at(self, content: Content) -> None:
        """It was not issued in the future."""
        if content.issued_at is not None and content.issued_at > self._clock.now() + self._rules.clock_skew:
            raise InvalidToken("it was issued in the future")


def _types(contract: Contract) -> list[TokenType]:
    found = []
    for name, application in contract.applications.items():
        personal = application.personal_access_tokens
        kinds = (
            (Purpose.ACCESS, application.access_token),
            (Purpose.REFRESH, application.refresh_token),
            (Purpose.PERSONAL, personal.kind if personal else None),
        )
        found += [TokenType(name, purpose, kind) for purpose, kind in kinds if kind]
    return found


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _encoded(value: object) -> str:
    return base64url.encode(json.dumps(value, separators=(",", ":")).encode())


def _json(claims: Mapping[str, object]) -> dict[str, Json]:
    # The extension's schema lets fixed claims be texts, numbers and booleans only.
    return {name: value for name, value in claims.items() if isinstance(value, str | int | float)}


def _decoded(part: str) -> bytes:
    try:
        return base64url.decode(part)
    except ValueError as error:
        raise InvalidToken("a part of it is not base64url") from error


def _moment(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidToken("a time of it is no number")
    return value


def _identifier(value: Json) -> AccountId:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InvalidToken("an identifier of it is neither text nor a whole number")
    return value


def _audience(value: Json) -> frozenset[str]:
    """The audience as a set; the empty set, which no kind has, when it is malformed."""
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        return frozenset()
    return frozenset(entries)
