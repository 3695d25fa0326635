"""Faults of what tokens are and say, and of taking one kind for another."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping

from jwt.algorithms import RSAAlgorithm

from authproof_mock import base64url
from authproof_mock.clock import Clock
from authproof_mock.faults.bearer import access_token
from authproof_mock.faults.fault import fault
from authproof_mock.flows import Flows
from authproof_mock.guard import Guard
from authproof_mock.http import Answer
from authproof_mock.keys import SigningKey, new_key, read_key
from authproof_mock.state import Caller, Request
from authproof_mock.tokens import AccountId, Content, InvalidToken, Purpose, Tokens, TokenType
from authproof_spec.contract import Application, Contract, Meaning, Operation
from authproof_spec.pointer import Json

Claims = dict[str, Json]

# What a token says


@fault(
    "issues-opaque-access-tokens",
    breaks="JWT-01",
    also=("DOC-03",),  # the document declares the form of a token
    reference="RFC 7519 §7.2",
    harm="A service that reads the token's claims by itself gets nothing to read.",
)
class IssuesOpaqueTokens(Tokens):
    def __init__(self, contract: Contract, clock: Clock, key: SigningKey) -> None:
        super().__init__(contract, clock, key)
        self._opaque: dict[str, str] = {}

    def mint(self, token_type: TokenType, account: AccountId, identifier: str, expires_at: float) -> str:
        token = super().mint(token_type, account, identifier, expires_at)
        if token_type.purpose is not Purpose.ACCESS:
            return token
        opaque = secrets.token_hex(32)
        self._opaque[opaque] = token
        return opaque

    def verify(self, token: str) -> Content:
        return super().verify(self._opaque.get(token, token))


@fault(
    "pads-its-tokens",
    breaks="JWT-01",
    also=("DOC-03", "JWT-29"),  # the document declares the form of a token, and the mock reads what it writes
    reference="RFC 7515 §7.1",
    harm="Strict libraries refuse the token, and lenient ones know two spellings of one token.",
)
class PadsItsTokens(Tokens):
    def mint(self, token_type: TokenType, account: AccountId, identifier: str, expires_at: float) -> str:
        token = super().mint(token_type, account, identifier, expires_at)
        return token if token_type.purpose is not Purpose.ACCESS else token + "=" * (-len(token.rpartition(".")[2]) % 4)

    def verify(self, token: str) -> Content:
        return super().verify(token.rstrip("="))


class WritesOtherClaims(Tokens):
    """Writes other claims than it means, and reads what it meant: only who looks into the token sees the difference."""

    def __init__(self, contract: Contract, clock: Clock, key: SigningKey) -> None:
        super().__init__(contract, clock, key)
        self._contract = contract
        self._meant: dict[str, Claims] = {}

    def claims(self, token_type: TokenType, account: AccountId, identifier: str, expires_at: float) -> Claims:
        meant = super().claims(token_type, account, identifier, expires_at)
        written = self.written(token_type, dict(meant))
        self._meant[json.dumps(written, sort_keys=True)] = meant
        return written

    def written(self, token_type: TokenType, claims: Claims) -> Claims:
        """What is written in place of `claims`."""
        return claims

    def content_of(self, claims: Mapping[str, Json]) -> Content:
        return super().content_of(self._meant.get(json.dumps(claims, sort_keys=True), claims))


@fault(
    "leaves-out-the-time-of-issue",
    breaks="JWT-02",
    reference="RFC 7519 §4.1.6",
    harm="Nobody can tell how old a token is, so none can be refused for its age.",
)
class LeavesOutTheTimeOfIssue(WritesOtherClaims):
    def written(self, token_type: TokenType, claims: Claims) -> Claims:
        return {name: value for name, value in claims.items() if name not in self._rules.claims_meaning(Meaning.ISSUED_AT)}


@fault(
    "writes-the-subject-as-a-number",
    breaks="JWT-02",
    reference="RFC 7519 §4.1.2",
    harm="Strict libraries refuse the token, and 1 and 1.0 become the same user in lenient ones.",
)
class WritesTheSubjectAsANumber(WritesOtherClaims):
    def written(self, token_type: TokenType, claims: Claims) -> Claims:
        return {**claims, "sub": int(str(claims["sub"]))} if str(claims.get("sub")).isdecimal() else claims


@fault(
    "writes-the-expiry-as-text",
    breaks="JWT-02",
    also=("PAT-04",),  # whose expiry is to be that of the record
    reference="RFC 7519 §4.1.4",
    harm="A library that compares text with a number lets the token live for ever, or never.",
)
class WritesTheExpiryAsText(WritesOtherClaims):
    def written(self, token_type: TokenType, claims: Claims) -> Claims:
        return {**claims, **{name: str(claims[name]) for name in self._rules.claims_meaning(Meaning.EXPIRES_AT)}}


@fault(
    "lets-access-tokens-live-for-a-day",
    breaks="JWT-03",
    reference="RFC 6750 §5.3",
    harm="A stolen access token works for a day.",
)
class LetsAccessTokensLive(Tokens):
    def mint(self, token_type: TokenType, account: AccountId, identifier: str, expires_at: float) -> str:
        return super().mint(token_type, account, identifier, expires_at + (86400 if token_type.purpose is Purpose.ACCESS else 0))


class _OtherAudience(WritesOtherClaims):
    def written(self, token_type: TokenType, claims: Claims) -> Claims:
        if token_type.purpose is not Purpose.ACCESS:
            return claims
        audience: list[Json] = [*sorted(self.audience(token_type))]
        return {**claims, **dict.fromkeys(self._rules.claims_meaning(Meaning.AUDIENCE), audience)}

    def audience(self, token_type: TokenType) -> frozenset[str]:
        """The audience that is written."""
        return token_type.kind.audience


@fault(
    "names-every-application-in-the-audience",
    breaks="JWT-04",
    reference="RFC 8725 §3.9",
    harm="The token of one application opens every other one that trusts the audience.",
)
class NamesEveryApplication(_OtherAudience):
    def audience(self, token_type: TokenType) -> frozenset[str]:
        return super().audience(token_type).union(*(application.access_token.audience for application in self._contract.applications.values()))


@fault(
    "leaves-the-application-out-of-the-audience",
    breaks="JWT-04",
    also=("JWT-40",),  # it reads what it writes
    reference="RFC 8725 §3.9",
    harm="Nobody can tell by the token which application it is for.",
)
class LeavesTheApplicationOut(_OtherAudience):
    def audience(self, token_type: TokenType) -> frozenset[str]:
        own = super().audience(token_type)
        return own.intersection(*(application.access_token.audience for application in self._contract.applications.values()))


@fault(
    "signs-with-another-algorithm",
    breaks="JWT-05",
    reference="RFC 8725 §3.1",
    harm="Tokens are weaker than the document promises, and clients that trust it refuse them.",
)
class SignsWithAnotherAlgorithm(Tokens):
    def __init__(self, contract: Contract, clock: Clock, key: SigningKey) -> None:
        super().__init__(contract, clock, new_key("HS384" if key.algorithm != "HS384" else "HS256"))


@fault(
    "gives-every-token-the-same-identifier",
    breaks="JWT-06",
    also=("PAT-18",),
    reference="RFC 7519 §4.1.7",
    harm="One token cannot be revoked without all others, and a replay looks like any other use.",
)
class RepeatsTheIdentifier(WritesOtherClaims):
    def written(self, token_type: TokenType, claims: Claims) -> Claims:
        return {**claims, **dict.fromkeys(self._rules.claims_meaning(Meaning.IDENTIFIER), "1"), "nonce": secrets.token_hex(8)}


@fault(
    "writes-the-hash-of-the-password-into-the-token",
    breaks="JWT-07",
    reference="CWE-200",
    harm="Whoever sees a token guesses the password at home, as often as he likes.",
)
class WritesTheHash(WritesOtherClaims):
    def written(self, token_type: TokenType, claims: Claims) -> Claims:
        return {**claims, "user": {"login": "u", "pw": "$2b$12$KIXQ4Rk8cPp3cC1lqf0r5eVnJx5Qy0bqv8Hh3a0J7cJp8m1l0x6yW"}}


@fault(
    "writes-the-secret-of-the-second-factor-into-the-token",
    breaks="JWT-07",
    reference="OWASP ASVS 5.0 14.2.6",
    harm="Whoever sees a token makes one-time passwords for ever.",
)
class WritesTheSecret(WritesOtherClaims):
    def written(self, token_type: TokenType, claims: Claims) -> Claims:
        return {**claims, "otp_secret": "JBSWY3DPEHPK3PXP"}


@fault(
    "writes-refresh-tokens-like-access-tokens",
    breaks="JWT-08",
    reference="RFC 8725 §3.12",
    harm="A service that reads tokens by itself lets a stolen refresh token in, for a day.",
)
class WritesRefreshTokensAlike(WritesOtherClaims):
    def written(self, token_type: TokenType, claims: Claims) -> Claims:
        if token_type.purpose is not Purpose.REFRESH:
            return claims
        audience: list[Json] = [*sorted(self.type_of(token_type.application, Purpose.ACCESS).kind.audience)]
        return {**claims, **dict.fromkeys(self._rules.claims_meaning(Meaning.AUDIENCE), audience)}


class _SignsWithAKnownSecret(Tokens):
    secret = ""

    def __init__(self, contract: Contract, clock: Clock, key: SigningKey) -> None:
        super().__init__(contract, clock, read_key("HS256", self.secret))


@fault(
    "signs-with-the-secret-of-the-documentation",
    breaks="JWT-20",
    algorithm="HS256",
    reference="CWE-1391",
    harm="Anybody tries the secrets that stand in documentation, finds this one, and signs for everybody.",
)
class SignsWithADocumentedSecret(_SignsWithAKnownSecret):
    secret = "your-256-bit-secret"  # noqa: S105  # this is the fault


@fault(
    "signs-with-the-name-of-the-setting",
    breaks="JWT-20",
    algorithm="HS256",
    reference="RFC 7518 §3.2",
    harm="The variable was never filled in, and its name is a secret that everybody guesses.",
)
class SignsWithAName(_SignsWithAKnownSecret):
    secret = "JWT_SECRET"  # noqa: S105  # as above


@fault(
    "publishes-its-private-key",
    breaks="JWT-48",
    algorithm="RS256",
    reference="CWE-522",
    harm="Anybody reads the key set, and signs for everybody.",
)
class PublishesThePrivateKey(Tokens):
    def published_keys(self) -> list[Json]:
        private: dict[str, Json] = json.loads(RSAAlgorithm.to_jwk(self.key.signing))
        return [{**private, "kid": self.key.identifier}]


@fault(
    "publishes-a-secret-beside-its-public-key",
    breaks="JWT-48",
    algorithm="ES256",
    reference="RFC 7518 §6.4",
    harm="Whatever that secret signs or encrypts is anybody's.",
)
class PublishesASecret(Tokens):
    def published_keys(self) -> list[Json]:
        secret: dict[str, Json] = {"kty": "oct", "k": base64url.encode(secrets.token_bytes(32))}
        return [*super().published_keys(), secret]


# Tokens of the wrong kind


class TakesForAnAccessToken(Guard):
    """Takes some tokens for an access token of their account."""

    purpose = Purpose.REFRESH

    def authenticate(self, token: str, operation: Operation) -> Caller:
        content = self._state.tokens.verify(token)
        if content.type.purpose is self.purpose:
            token = access_token(self._state, operation, content.account_key)
        return super().authenticate(token, operation)


@fault(
    "takes-a-refresh-token-for-an-access-token",
    breaks="JWT-41",
    reference="RFC 8725 §3.12",
    harm="A token that lives for a day works where one that lives for minutes is due.",
)
class TakesARefreshToken(TakesForAnAccessToken):
    purpose = Purpose.REFRESH


class TakesForARefreshToken(Flows):
    """Opens a new session for some tokens in the refresh cookie."""

    def takes(self, application: Application, content: Content) -> bool:
        """True for such a token."""
        raise NotImplementedError

    def refresh(self, application: Application, request: Request) -> Answer:
        token = self.refresh_token_of(application, request)
        try:
            content = self._state.tokens.verify(token) if token else None
        except InvalidToken:
            content = None
        account = self._state.accounts.find(content.account_key) if content and self.takes(application, content) else None
        return self.start_session(application, account, request) if account else super().refresh(application, request)


@fault(
    "takes-an-access-token-for-a-refresh-token",
    breaks="JWT-42",
    reference="RFC 8725 §2.8",
    harm="Whoever catches one access token keeps the session for ever.",
)
class TakesAnAccessToken(TakesForARefreshToken):
    def takes(self, application: Application, content: Content) -> bool:
        return (content.type.application, content.type.purpose) == (application.name, Purpose.ACCESS)
