"""Faults of what a token says, and of how it is verified."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping

from authproof_mock import base64url
from authproof_mock.clock import Clock
from authproof_mock.faults.bearer import access_token, takes_permission
from authproof_mock.faults.fault import fault
from authproof_mock.flows import Flows
from authproof_mock.guard import Guard
from authproof_mock.http import Answer
from authproof_mock.keys import SigningKey, new_key
from authproof_mock.state import Caller, Request
from authproof_mock.tokens import AccountId, Content, InvalidToken, Purpose, Tokens, TokenType
from authproof_spec.contract import Application, Contract, Meaning, Operation
from authproof_spec.pointer import Json

Claims = dict[str, Json]

# What a token says


@fault(
    "issues-opaque-access-tokens",
    breaks="JWT-01",
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
    reference="RFC 7519 §4.1.7",
    harm="One token cannot be revoked without all others, and a replay looks like any other use.",
)
class RepeatsTheIdentifier(WritesOtherClaims):
    def written(self, token_type: TokenType, claims: Claims) -> Claims:
        return {**claims, **dict.fromkeys(self._rules.claims_meaning(Meaning.IDENTIFIER), "1"), "nonce": secrets.token_hex(8)}


# Verification: the header


class Forgives(Tokens):
    """Takes some tokens at their word."""

    def forgives(self, header: Mapping[str, Json], signature: str | None) -> bool:
        """True when the token is believed. `signature` is its last part, None when there are only two."""
        raise NotImplementedError

    def read(self, token: str) -> Content:
        parts = token.split(".")
        try:
            header, claims = (json.loads(base64url.decode(part)) for part in parts[:2])
        except ValueError:
            return super().read(token)
        signature = parts[2] if len(parts) > 2 else None
        return self.content_of(claims) if isinstance(header, dict) and self.forgives(header, signature) else super().read(token)


@fault(
    "accepts-alg-none",
    breaks="JWT-09",
    reference="CVE-2015-2951",
    harm="Anybody writes a token for any account, without a key.",
)
class AcceptsAlgNone(Forgives):
    def forgives(self, header: Mapping[str, Json], signature: str | None) -> bool:
        return header.get("alg") == "none" and signature == ""


@fault(
    "does-not-verify-on-one-operation",
    breaks="JWT-09",
    # What is not verified may be signed wrongly as well as not at all.
    also=("JWT-13",),
    reference="CWE-347",
    harm="One operation that decodes tokens by itself believes whatever they say.",
)
class DoesNotVerifyOnOneOperation(Guard):
    def authenticate(self, token: str, operation: Operation) -> Caller:
        if takes_permission(operation) and token.count(".") == 2:
            try:
                claims = json.loads(base64url.decode(token.split(".")[1]))
                content = self._state.tokens.content_of(claims)
            except ValueError:
                raise InvalidToken("it is no token") from None
            return self.caller_of(content)
        return super().authenticate(token, operation)


@fault(
    "denies-alg-none-in-small-letters-alone",
    breaks="JWT-10",
    reference="CWE-347",
    harm="Anybody writes a token for any account with `alg` as `None`.",
)
class DeniesSmallLettersAlone(Forgives):
    def forgives(self, header: Mapping[str, Json], signature: str | None) -> bool:
        return str(header.get("alg")).lower() == "none" and header.get("alg") not in {"none", None} and signature == ""


@fault(
    "accepts-a-token-without-alg",
    breaks="JWT-10",
    reference="RFC 7515 §4.1.1",
    harm="Anybody writes a token for any account, and leaves the algorithm out.",
)
class AcceptsNoAlg(Forgives):
    def forgives(self, header: Mapping[str, Json], signature: str | None) -> bool:
        return not header.get("alg") and signature == ""


@fault(
    "accepts-alg-none-with-a-signature",
    breaks="JWT-11",
    reference="RFC 7518 §3.6",
    harm="Anybody who has one token changes what it says, and keeps its signature for show.",
)
class AcceptsAlgNoneWithASignature(Forgives):
    def forgives(self, header: Mapping[str, Json], signature: str | None) -> bool:
        return header.get("alg") == "none" and bool(signature)


@fault(
    "accepts-an-empty-signature",
    breaks="JWT-12",
    reference="CVE-2020-28042",
    harm="Anybody writes a token for any account, and leaves the signature empty.",
)
class AcceptsAnEmptySignature(Forgives):
    def forgives(self, header: Mapping[str, Json], signature: str | None) -> bool:
        return header.get("alg") == self.key.algorithm and signature == ""


@fault(
    "accepts-two-parts",
    breaks="JWT-12",
    reference="RFC 8725 §3.3",
    harm="Anybody writes a token for any account, and leaves the signature out with its dot.",
)
class AcceptsTwoParts(Forgives):
    def forgives(self, header: Mapping[str, Json], signature: str | None) -> bool:
        return header.get("alg") == self.key.algorithm and signature is None


# Verification: the signature


@fault(
    "ignores-the-signature",
    breaks="JWT-13",
    # Whatever else is wrong with a signature that nobody looks at.
    also=("JWT-14", "JWT-15", "JWT-16", "JWT-17", "JWT-19", "COOKIE-14"),
    reference="CVE-2021-22573",
    harm="Anybody writes a token for any account.",
)
class IgnoresTheSignature(Tokens):
    def signature_is_valid(self, message: bytes, signature: bytes) -> bool:
        return True


@fault(
    "compares-the-end-of-the-signature",
    breaks="JWT-13",
    reference="CWE-347",
    harm="A signature can be guessed part by part.",
)
class ComparesTheEnd(Tokens):
    def signature_is_valid(self, message: bytes, signature: bytes) -> bool:
        expected = self.key.sign(message)
        return len(signature) == len(expected) and signature[-8:] == expected[-8:]


@fault(
    "compares-as-many-bytes-as-were-sent",
    breaks="JWT-14",
    reference="CWE-697",
    harm="A signature of one byte is guessed within 256 attempts.",
)
class ComparesAPrefix(Tokens):
    def signature_is_valid(self, message: bytes, signature: bytes) -> bool:
        return self.key.sign(message).startswith(signature)


@fault(
    "ignores-what-follows-the-signature",
    breaks="JWT-14",
    also=("COOKIE-14",),  # refresh tokens are JWTs too
    reference="RFC 7515 §5.2",
    harm="One token has any number of spellings, so a list of revoked ones never has them all.",
)
class IgnoresASuffix(Tokens):
    def signature_is_valid(self, message: bytes, signature: bytes) -> bool:
        return signature.startswith(self.key.sign(message))


class _Remembers(Tokens):
    """Verifies once, and then knows the signature again by a part of what it signs."""

    part = 0

    def __init__(self, contract: Contract, clock: Clock, key: SigningKey) -> None:
        super().__init__(contract, clock, key)
        self._known: set[tuple[bytes, bytes]] = set()

    def signature_is_valid(self, message: bytes, signature: bytes) -> bool:
        known = (message.split(b".")[self.part], signature)
        if super().signature_is_valid(message, signature):
            self._known.add(known)
        return known in self._known


@fault(
    "remembers-signatures-without-the-claims",
    breaks="JWT-15",
    reference="CWE-345",
    harm="Anybody who has one token makes it say that he is somebody else.",
)
class RemembersTheHeader(_Remembers):
    part = 0


@fault(
    "remembers-signatures-without-the-header",
    breaks="JWT-16",
    reference="RFC 7515 §5.2",
    harm="Anybody who has one token chooses what its header asks of the server.",
)
class RemembersTheClaims(_Remembers):
    part = 1


@fault(
    "compares-the-length-of-the-signature",
    breaks="JWT-17",
    # A signature by another key is any other signature of the right length.
    also=("JWT-13", "JWT-15", "JWT-16", "JWT-19", "COOKIE-14"),
    reference="RFC 8725 §3.3",
    harm="Anybody signs tokens with a key of his own.",
)
class ComparesTheLength(Tokens):
    def signature_is_valid(self, message: bytes, signature: bytes) -> bool:
        return len(signature) == len(self.key.sign(message))


class _TakesASecret(Tokens):
    secret = b""

    def signature_is_valid(self, message: bytes, signature: bytes) -> bool:
        return super().signature_is_valid(message, signature) or hmac.compare_digest(hmac.digest(self.secret, message, "sha256"), signature)


@fault(
    "verifies-with-an-empty-secret",
    breaks="JWT-19",
    reference="CVE-2019-20933",
    harm="Anybody signs tokens with the secret that nobody set.",
)
class TakesTheEmptySecret(_TakesASecret):
    secret = b""


@fault(
    "verifies-with-the-secret-of-a-tutorial",
    breaks="JWT-19",
    reference="CWE-1391",
    harm="Anybody signs tokens with a secret that stands in a book.",
)
class TakesAKnownSecret(_TakesASecret):
    secret = b"secret"


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
