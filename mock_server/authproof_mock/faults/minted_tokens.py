"""Faults of how the claims of a rightly signed token are read."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping

from authproof_mock import base64url, strict_json
from authproof_mock.faults.bearer import access_token, reads_with_permission
from authproof_mock.faults.fault import fault
from authproof_mock.faults.forged_tokens import TakesAnotherKey
from authproof_mock.guard import Guard
from authproof_mock.refusal import Refusal
from authproof_mock.state import Caller, State
from authproof_mock.tokens import Content, InvalidToken, Purpose, Tokens
from authproof_spec.contract import Meaning, Operation
from authproof_spec.pointer import Json

Claims = Mapping[str, Json]
_FOR_EVER = 4102444800

# Algorithm and header


class _TakesItsKeyByAnotherAlgorithm(TakesAnotherKey):
    hash = ""

    def believes(self, header: Claims, message: bytes, signature: bytes) -> bool:
        return header["alg"] == f"HS{self.hash[3:]}" and hmac.compare_digest(hmac.digest(self.key.signing, message, self.hash), signature)


@fault(
    "accepts-hs384-beside-its-own-algorithm",
    breaks="JWT-21",
    algorithm="HS256",
    reference="RFC 8725 §3.1",
    harm="Whoever breaks the weaker of two algorithms has broken both.",
)
class TakesHs384(_TakesItsKeyByAnotherAlgorithm):
    hash = "sha384"


@fault(
    "accepts-hs512-beside-its-own-algorithm",
    breaks="JWT-21",
    algorithm="HS256",
    reference="OWASP ASVS 5.0 9.1.2",
    harm="The token chooses the algorithm, which is what the server should do.",
)
class TakesHs512(_TakesItsKeyByAnotherAlgorithm):
    hash = "sha512"


class _ReadsCrit(Tokens):
    def understands(self, header: Claims) -> bool:
        """True when the token's critical extensions are let through."""
        raise NotImplementedError

    def check_header(self, header: Claims) -> None:
        through = "crit" in header and self.understands(header)
        super().check_header({name: value for name, value in header.items() if name != "crit"} if through else header)


@fault(
    "ignores-critical-extensions",
    breaks="JWT-26",
    also=("JWT-27",),  # b64 is such an extension
    reference="CVE-2025-59420",
    harm="What the issuer forbade to be overlooked is overlooked.",
)
class IgnoresCrit(_ReadsCrit):
    def understands(self, header: Claims) -> bool:
        return True


@fault(
    "takes-a-critical-extension-that-is-not-there-for-none",
    breaks="JWT-26",
    reference="RFC 7515 §4.1.11",
    harm="A token that names an extension and leaves it out is read by two servers in two ways.",
)
class IgnoresAbsentCrit(_ReadsCrit):
    def understands(self, header: Claims) -> bool:
        crit = header["crit"]
        return isinstance(crit, list) and not any(name in header for name in crit if isinstance(name, str))


@fault(
    "knows-b64-and-reads-the-payload-as-ever",
    breaks="JWT-27",
    reference="RFC 7797 §6",
    harm="One server reads the payload as it stands, and another one decodes it.",
)
class KnowsB64(_ReadsCrit):
    def understands(self, header: Claims) -> bool:
        return header["crit"] == ["b64"]


@fault(
    "verifies-an-unencoded-payload",
    breaks="JWT-27",
    reference="RFC 7797 §7",
    harm="What was signed and what is read are two texts, and nobody compares them.",
)
class VerifiesUnencoded(TakesAnotherKey):
    def believes(self, header: Claims, message: bytes, signature: bytes) -> bool:
        head, _, body = message.decode().partition(".")
        return header["b64"] is False and self.key.verifies(head.encode() + b"." + base64url.decode(body), signature)


class _ReadsMembersTwice(Tokens):
    def object_of(self, part: str) -> Claims:
        try:
            value = self.parsed(base64url.decode(part))
        except ValueError:
            return super().object_of(part)
        return value if isinstance(value, dict) else super().object_of(part)

    def parsed(self, raw: bytes) -> Json:
        """The value of the JSON text."""
        return strict_json.parse(raw)


@fault(
    "keeps-the-last-of-two-members",
    breaks="JWT-33",
    reference="RFC 7519 §4",
    harm="Two layers of the server read two tokens in one.",
)
class KeepsTheLast(_ReadsMembersTwice):
    pass


@fault(
    "keeps-the-first-of-two-members",
    breaks="JWT-33",
    reference="CWE-436",
    harm="Two layers of the server read two tokens in one, and the one that decides is not the usual one.",
)
class KeepsTheFirst(_ReadsMembersTwice):
    def parsed(self, raw: bytes) -> Json:
        strict_json.parse(raw)  # for what is no JSON at all
        value: Json = json.loads(raw, object_pairs_hook=lambda pairs: dict(reversed(pairs)))
        return value


@fault(
    "unwraps-a-token-in-a-token",
    breaks="JWT-47",
    reference="RFC 7519 §8",
    harm="Tokens that another service signed again are let in, by rules that nobody wrote.",
)
class Unwraps(Tokens):
    def signed_claims(self, token: str) -> Claims:
        parts = token.split(".")
        try:
            inner = base64url.decode(parts[1]).decode() if len(parts) == 3 else ""
        except ValueError:
            inner = ""
        if not inner.startswith("{") and inner.count(".") == 2 and self.key.verifies(".".join(parts[:2]).encode(), base64url.decode(parts[2])):
            return super().signed_claims(inner)
        return super().signed_claims(token)


# Times


@fault(
    "does-not-look-at-the-expiry",
    breaks="JWT-34",
    also=("JWT-36",),  # before the epoch is in the past too
    reference="CWE-613",
    harm="A stolen token works for ever.",
)
class IgnoresTheExpiry(Tokens):
    def check_expiry(self, content: Content) -> None:
        pass


@fault(
    "grants-an-hour-after-the-expiry",
    breaks="JWT-34",
    reference="RFC 7519 §4.1.4",
    harm="A stolen token works for an hour longer than anybody meant.",
)
class GrantsAnHour(Tokens):
    def check_expiry(self, content: Content) -> None:
        if content.expires_at <= self._clock.now() - 3600:
            super().check_expiry(content)


@fault(
    "remembers-for-ever-that-a-token-was-good",
    breaks="JWT-34",
    reference="CWE-613",
    harm="A token that was used once works until the server is started anew.",
)
class RemembersGoodTokens(Tokens):
    def verify(self, token: str) -> Content:
        content = self._verified.get(token)
        return content if content and content.type.purpose is Purpose.ACCESS else super().verify(token)


@fault(
    "does-not-look-at-the-expiry-on-one-operation",
    breaks="JWT-34",
    reference="OWASP ASVS 5.0 9.2.1",
    harm="One operation that decodes tokens by itself lets a stolen one in for ever.",
)
class IgnoresTheExpiryOnce(Guard):
    def authenticate(self, token: str, operation: Operation) -> Caller:
        if not reads_with_permission(operation):
            return super().authenticate(token, operation)
        content = self._state.tokens.read(token)
        self.check_purpose(content)
        self.check_application(content, operation)
        self.check_session(content)
        return self.caller_of(content)


class _ReadsExpiry(Tokens):
    """Reads the expiry in another way."""

    def expiry(self, claims: Claims, name: str) -> Json:
        """The expiry that is read in place of the claim `name`; None where it is read as ever."""
        raise NotImplementedError

    def content_of(self, claims: Claims) -> Content:
        read = {name: at for name in self._rules.claims_meaning(Meaning.EXPIRES_AT) if (at := self.expiry(claims, name)) is not None}
        return super().content_of({**claims, **read})


@fault(
    "takes-a-token-without-an-expiry",
    breaks="JWT-35",
    reference="RFC 9068 §4",
    harm="A token that was made without an expiry works for ever.",
)
class TakesNoExpiry(_ReadsExpiry):
    def expiry(self, claims: Claims, name: str) -> Json:
        return None if name in claims else _FOR_EVER


@fault(
    "reads-an-expiry-that-is-text",
    breaks="JWT-36",
    reference="RFC 7519 §4.1.4",
    harm="Two servers compare the same text in two ways, one of them by its letters.",
)
class ReadsText(_ReadsExpiry):
    def expiry(self, claims: Claims, name: str) -> Json:
        value = claims.get(name)
        return int(value) if isinstance(value, str) and value.isdecimal() else None


@fault(
    "takes-an-expiry-that-cannot-be-compared-for-none",
    breaks="JWT-36",
    reference="CWE-1287",
    harm="A token whose expiry is an object is never later than that, and works for ever.",
)
class TakesTheIncomparable(_ReadsExpiry):
    def expiry(self, claims: Claims, name: str) -> Json:
        return _FOR_EVER if name in claims and isinstance(claims[name], dict | list | None) else None


@fault(
    "fails-on-an-expiry-that-is-no-number",
    breaks="JWT-36",
    also=("DOC-02", "ERR-07"),  # no document has it, and nothing should make a server fail
    reference="RFC 7519 §7.2",
    harm="What a partner's server writes wrongly makes this one fail.",
)
class FailsOnAnExpiry(_ReadsExpiry):
    def expiry(self, claims: Claims, name: str) -> Json:
        if name in claims and not isinstance(claims[name], int | float):
            raise Refusal(500, "Something went wrong.")
        return None


@fault(
    "does-not-look-at-nbf",
    breaks="JWT-37",
    reference="RFC 7519 §4.1.5",
    harm="A token that was made for later works at once.",
)
class IgnoresNbf(Tokens):
    def check_not_before(self, content: Content) -> None:
        pass


@fault(
    "takes-an-nbf-that-is-no-number-for-none",
    breaks="JWT-37",
    reference="OWASP ASVS 5.0 9.2.1",
    harm="A token that was made for later works at once, for its date was not understood.",
)
class IgnoresAnOddNbf(Tokens):
    def content_of(self, claims: Claims) -> Content:
        return super().content_of({name: value for name, value in claims.items() if name != "nbf" or isinstance(value, int)})


@fault(
    "takes-tokens-of-the-future",
    breaks="JWT-38",
    reference="RFC 7519 §4.1.6",
    harm="Nobody notices that a token was made by a clock, or by a hand, that is wrong.",
)
class TakesTheFuture(Tokens):
    def check_issued_at(self, content: Content) -> None:
        pass


# Issuer and audience


class _ComparesIssuers(Tokens):
    """Compares the issuer in another way."""

    def is_ours(self, issuer: Json, ours: str) -> bool:
        """True when it takes `issuer` for `ours`."""
        raise NotImplementedError

    def content_of(self, claims: Claims) -> Content:
        ours = self._rules.issuer or ""
        names = [name for name in self._rules.claims_meaning(Meaning.ISSUER) if self.is_ours(claims.get(name), ours)]
        return super().content_of({**claims, **dict.fromkeys(names, ours)})


@fault(
    "does-not-look-at-the-issuer",
    breaks="JWT-39",
    reference="RFC 8725 §3.8",
    harm="Whoever shares the key, or the key set, with another issuer lets the users of that one in.",
)
class IgnoresTheIssuer(_ComparesIssuers):
    def is_ours(self, issuer: Json, ours: str) -> bool:
        return isinstance(issuer, str) and bool(issuer)


@fault(
    "compares-the-beginning-of-the-issuer",
    breaks="JWT-39",
    reference="CWE-345",
    harm="An issuer whose name begins like the right one is let in.",
)
class ComparesTheBeginning(_ComparesIssuers):
    def is_ours(self, issuer: Json, ours: str) -> bool:
        return isinstance(issuer, str) and issuer.startswith(ours)


@fault(
    "looks-for-the-issuer-in-what-is-sent",
    breaks="JWT-39",
    reference="CVE-2025-30144",
    harm="A list that has the right issuer beside a wrong one is let in.",
)
class LooksInside(_ComparesIssuers):
    def is_ours(self, issuer: Json, ours: str) -> bool:
        return isinstance(issuer, list) and ours in issuer


@fault(
    "looks-for-what-is-sent-in-the-issuer",
    breaks="JWT-39",
    reference="CVE-2024-53861",
    harm="Every part of the right issuer's name is let in for the whole.",
)
class LooksForAPart(_ComparesIssuers):
    def is_ours(self, issuer: Json, ours: str) -> bool:
        return isinstance(issuer, str) and issuer in ours


@fault(
    "does-not-look-at-the-issuer-on-one-operation",
    breaks="JWT-39",
    also=("JWT-34",),
    reference="RFC 9068 §4",
    harm="One operation with a guard of its own lets the users of another issuer in.",
)
class IgnoresTheIssuerOnce(Guard):
    def authenticate(self, token: str, operation: Operation) -> Caller:
        if operation.method != "PATCH":
            return super().authenticate(token, operation)
        claims = self._state.tokens.signed_claims(token)
        rules = self._state.contract.tokens
        content = self._state.tokens.content_of({**claims, **dict.fromkeys(rules.claims_meaning(Meaning.ISSUER), rules.issuer)})
        self.check_purpose(content)
        self.check_application(content, operation)
        return self.caller_of(content)


class _ReadsAudiences(Guard):
    """Takes other audiences for the right one as well."""

    def is_ours(self, audience: Json, ours: frozenset[str]) -> bool:
        """True when it takes `audience` for `ours`."""
        raise NotImplementedError

    def authenticate(self, token: str, operation: Operation) -> Caller:
        try:
            return super().authenticate(token, operation)
        except InvalidToken:
            tokens, application = self._state.tokens, self._state.contract.application_of(operation)
            claims = tokens.signed_claims(token)
            names = self._state.contract.tokens.claims_meaning(Meaning.AUDIENCE)
            if application is None or not all(self.is_ours(claims.get(name), application.access_token.audience) for name in names):
                raise
            audience: list[Json] = [*sorted(application.access_token.audience)]
            content = tokens.content_of({**claims, **dict.fromkeys(names, audience)})
            for check in (tokens.check_expiry, tokens.check_not_before, tokens.check_issued_at, self.check_session):
                check(content)
            return self.caller_of(content)


@fault(
    "takes-a-token-for-nobody",
    breaks="JWT-40",
    reference="CVE-2020-26160",
    harm="A token without an audience, or with an empty one, is let in everywhere.",
)
class TakesNoAudience(_ReadsAudiences):
    def is_ours(self, audience: Json, ours: frozenset[str]) -> bool:
        return not audience


@fault(
    "compares-the-audience-without-its-case",
    breaks="JWT-40",
    reference="RFC 7519 §4.1.3",
    harm="The token of an application whose name differs in its letters' case is let in.",
)
class IgnoresCase(_ReadsAudiences):
    def is_ours(self, audience: Json, ours: frozenset[str]) -> bool:
        return isinstance(audience, list) and {str(entry).lower() for entry in audience} == {entry.lower() for entry in ours}


@fault(
    "looks-for-the-audience-in-a-text",
    breaks="JWT-40",
    reference="RFC 8725 §3.9",
    harm="Any text in which the right names stand is let in.",
)
class LooksInAText(_ReadsAudiences):
    def is_ours(self, audience: Json, ours: frozenset[str]) -> bool:
        return isinstance(audience, str) and all(name in audience for name in ours)


@fault(
    "asks-for-the-kind-and-not-for-the-application",
    breaks="JWT-40",
    also=("APP-05", "MFA-15"),
    reference="CVE-2023-22482",
    harm="Every token of the right kind is let in, whichever application it is for.",
)
class AsksForTheKind(_ReadsAudiences):
    def is_ours(self, audience: Json, ours: frozenset[str]) -> bool:
        shared = frozenset.intersection(*(application.access_token.audience for application in self._state.contract.applications.values()))
        return isinstance(audience, list) and len(audience) <= len(ours) and shared <= {entry for entry in audience if isinstance(entry, str)}


# Account


@fault(
    "takes-the-first-of-several-accounts",
    breaks="JWT-43",
    reference="RFC 8725 §3.8",
    harm="A token that names a list of users is let in for one of them.",
)
class TakesTheFirst(Guard):
    def authenticate(self, token: str, operation: Operation) -> Caller:
        claims = self._state.tokens.signed_claims(token)
        names = self._state.contract.tokens.claims_meaning(Meaning.ACCOUNT)
        listed = [value for name in names if isinstance(value := claims.get(name), list) and value]
        if not listed:
            return super().authenticate(token, operation)
        return super().authenticate(access_token(self._state, operation, str(listed[0][0])), operation)


@fault(
    "lets-somebody-in-for-nobody",
    breaks="JWT-43",
    reference="CWE-287",
    harm="The token of a deleted user acts for the first one that there is.",
)
class TakesSomebody(Guard):
    def caller_of(self, content: Content) -> Caller:
        if self._state.accounts.find(content.account_key) is None:
            return Caller(self._state.accounts.list()[0], content)
        return super().caller_of(content)


@fault(
    "answers-404-to-an-account-that-it-does-not-know",
    breaks="JWT-43",
    also=("DOC-02",),  # the document has no 404 there
    reference="contract",
    harm="A client whose user was deleted never learns that it has to log in again.",
)
class AnswersNotFound(Guard):
    def caller_of(self, content: Content) -> Caller:
        if self._state.accounts.find(content.account_key) is None:
            raise Refusal(404, "There is no such user.")
        return super().caller_of(content)


class _BelievesClaims(Guard):
    """Gives the caller permissions by what the token says."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._claims: Claims = {}

    def authenticate(self, token: str, operation: Operation) -> Caller:
        caller = super().authenticate(token, operation)
        self._claims = self._state.tokens.signed_claims(token)
        return caller


@fault(
    "believes-the-permissions-that-a-token-claims",
    breaks="JWT-44",
    reference="contract",
    harm="Permissions that were taken away live on in every token that says otherwise.",
)
class BelievesPermissions(_BelievesClaims):
    def permissions_of(self, caller: Caller) -> frozenset[str]:
        claimed = self._claims.get("permissions")
        return super().permissions_of(caller) | {str(entry) for entry in (claimed if isinstance(claimed, list) else [])}


@fault(
    "believes-the-rank-that-a-token-claims",
    breaks="JWT-44",
    reference="RFC 7519 §4",
    harm="Who can have a token made with a claim of his choice is an administrator.",
)
class BelievesRank(_BelievesClaims):
    def check_permissions(self, caller: Caller, operation: Operation) -> None:
        if self._claims.get("isAdmin") is not True:
            super().check_permissions(caller, operation)
