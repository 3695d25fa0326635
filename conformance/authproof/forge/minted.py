"""Tokens that are rightly signed, with one thing wrong in what they say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from authproof.forge.compact import Variants, as_pairs, encode, encode_pairs, signed
from authproof.keys import Key, packed, unpacked
from authproof_spec.contract import Meaning, TokenRules
from authproof_spec.pointer import Json

LEEWAY = 120
"""Seconds of tolerance that a server may have without declaring it."""


@dataclass(frozen=True, slots=True)
class Mint:
    """Signs variations of a good token. `header` and `claims` are those of the good one, `now` is the target's time in seconds since the epoch."""

    rules: TokenRules
    key: Key = field(repr=False)
    header: Mapping[str, Json]
    claims: Mapping[str, Json]
    now: float

    def token(self, changes: Mapping[str, Json] | None = None, *, without: Collection[str] = (), header: Mapping[str, Json] | None = None) -> str:
        """A token with `changes` of the claims, `without` some of them, and with further members of the `header`."""
        claims = {name: value for name, value in {**self.claims, **(changes or {})}.items() if name not in without}
        return signed({**self.header, **(header or {})}, encode(claims), self.key)

    def names(self, meaning: Meaning) -> tuple[str, ...]:
        """The claims of the good token that hold `meaning`."""
        return tuple(name for name in self.rules.claims_meaning(meaning) if name in self.claims)

    def each(self, meaning: Meaning, values: Mapping[str, Json]) -> Variants:
        """A token with each of `values` in the claims that hold `meaning`; none where there is no such claim."""
        names = self.names(meaning)
        return {name: self.token(dict.fromkeys(names, value)) for name, value in values.items()} if names else {}

    def lacking(self, meaning: Meaning) -> Variants:
        """A token without the claims that hold `meaning`; none where there is no such claim."""
        names = self.names(meaning)
        return {"absent": self.token(without=names)} if names else {}

    @property
    def tolerance(self) -> int:
        """Seconds beyond which no clock is an excuse."""
        return 180 + max(self.rules.clock_skew, LEEWAY)


def correct(mint: Mint) -> Variants:
    """A token that is right in everything. It expires a second earlier than the good one, so that its signature is a new one."""
    return {"": mint.token({name: value - 1 for name in mint.names(Meaning.EXPIRES_AT) if isinstance(value := mint.claims[name], int | float)})}


def other_algorithms(mint: Mint) -> Variants:
    """The good claims by the right key under each other algorithm that fits it."""
    return {name: signed(mint.header, encode(mint.claims), mint.key, name) for name in mint.key.other_algorithms}


def critical(mint: Mint) -> Variants:
    """An extension that nobody knows, marked as one that has to be understood (RFC 7515 section 4.1.11)."""
    return {
        "an unknown member": mint.token(header={"crit": ["x-authproof"], "x-authproof": True}),
        "an absent member": mint.token(header={"crit": ["x-authproof"]}),
    }


def unencoded(mint: Mint) -> Variants:
    """`b64` false (RFC 7797): over the text as it stands, and over the claims that it encodes."""
    header: dict[str, Json] = {**mint.header, "alg": mint.key.algorithm, "b64": False, "crit": ["b64"]}
    head, claims = encode(header), encode(mint.claims)
    plain = unpacked(claims).decode()
    return {
        "over the encoded claims": f"{head}.{claims}.{packed(mint.key.sign(f'{head}.{claims}'))}",
        "over the plain claims": f"{head}.{claims}.{packed(mint.key.sign(f'{head}.{plain}'))}",
    }


def duplicates(mint: Mint, foreign_audience: Json) -> Variants:
    """A member that stands twice, once right and once wrong."""
    variants = {}
    claims = as_pairs(mint.claims)
    for name in mint.names(Meaning.EXPIRES_AT)[:1]:
        past = as_pairs({name: int(mint.now) - 2 * mint.tolerance})
        variants["an expiry in the past, then the right one"] = _signed_pairs(mint, past + claims)
        variants["the right expiry, then one in the past"] = _signed_pairs(mint, claims + past)
    for name in mint.names(Meaning.AUDIENCE)[:1]:
        variants["a foreign audience, then the right one"] = _signed_pairs(mint, as_pairs({name: foreign_audience}) + claims)
    head = encode_pairs([("alg", '"none"'), *as_pairs({**mint.header, "alg": mint.key.algorithm})])
    message = f"{head}.{encode(mint.claims)}"
    return {**variants, "alg none, then the right one": f"{message}.{packed(mint.key.sign(message))}"}


def _signed_pairs(mint: Mint, claims: list[tuple[str, str]]) -> str:
    return signed(mint.header, encode_pairs(claims), mint.key)


def expired(mint: Mint) -> Variants:
    """A token that was good until a while ago, longer than any clock may differ."""
    names = mint.names(Meaning.EXPIRES_AT)
    times = {*names, *mint.names(Meaning.ISSUED_AT), "nbf"} & mint.claims.keys()
    moments = {name: value for name in times if isinstance(value := mint.claims[name], int | float)}
    back = max((moments[name] for name in names if name in moments), default=mint.now) - mint.now + mint.tolerance
    return {"": mint.token({name: int(value - back) for name, value in moments.items()})} if names else {}


def odd_expiries(mint: Mint) -> Variants:
    """An expiry that is no number, or none that is a time."""
    later = int(mint.now) + 86400
    values: dict[str, Json] = {"text": str(later), "null": None, "a list": [later], "an object": {}, "before the epoch": -1}
    names = mint.names(Meaning.EXPIRES_AT)
    variants = mint.each(Meaning.EXPIRES_AT, values)
    if names:
        variants["1e400"] = _signed_pairs(mint, [(claim, "1e400" if claim in names else value) for claim, value in as_pairs(mint.claims)])
    return variants


def not_yet(mint: Mint) -> Variants:
    """An `nbf` in the future, and one that is no number (RFC 7519 section 4.1.5)."""
    return {"later": mint.token({"nbf": int(mint.now) + 2 * mint.tolerance}), "text": mint.token({"nbf": "x"})}


def issued_later(mint: Mint) -> Variants:
    """A time of issue a day ahead, with an expiry that fits it."""
    names = (*mint.names(Meaning.ISSUED_AT), *mint.names(Meaning.EXPIRES_AT))
    ahead = {name: int(value + 86400) for name in names if isinstance(value := mint.claims[name], int | float)}
    return {"": mint.token(ahead)} if mint.names(Meaning.ISSUED_AT) else {}


def issuers(mint: Mint) -> Variants:
    """Every issuer but the right one, those that look like it above all."""
    right = mint.rules.issuer
    if right is None:
        return {}
    values: dict[str, Json] = {
        "the right one and more": f"{right}.authproof.invalid",
        "a part of the right one": right[:-1],
        "a list that has the right one": [right, "https://authproof.invalid"],
        "other case": right.swapcase(),
        "empty": "",
    }
    wrong = mint.each(Meaning.ISSUER, {name: value for name, value in values.items() if value != right})
    return mint.each(Meaning.ISSUER, {"another": "https://authproof.invalid"}) | mint.lacking(Meaning.ISSUER) | wrong


def audiences(mint: Mint, right: frozenset[str], foreign: Json) -> Variants:
    """Every audience that lacks something of the `right` one; `foreign` is that of another application."""
    ordered = sorted(right)
    values: dict[str, Json] = {"foreign": foreign}
    if len(ordered) > 1:
        values |= {f"{entry} alone": [entry] for entry in ordered}
    values |= {"empty": "", "an empty list": [], "other case": [entry.swapcase() for entry in ordered], "a list in a list": [[*ordered]]}
    wrong = {
        name: value
        for name, value in values.items()
        if not (isinstance(value, list) and right <= {entry for entry in value if isinstance(entry, str)})
    }
    return mint.lacking(Meaning.AUDIENCE) | mint.each(Meaning.AUDIENCE, wrong)


def audience_texts(mint: Mint, right: frozenset[str]) -> Variants:
    """Texts in which the names of the `right` audience stand, as parts of another name and of a list that is none."""
    ordered = sorted(right)
    values: dict[str, Json] = {"in a longer name": f"not-{'-'.join(ordered)}-authproof"}
    if len(ordered) > 1:
        values["joined in one text"] = ",".join(ordered)
    return mint.each(Meaning.AUDIENCE, values)


def accounts(mint: Mint, stranger: Mapping[str, Json]) -> Variants:
    """Accounts that there are not: one that nobody has, of which `stranger` gives the claims, and values that are no account's."""
    names = mint.names(Meaning.ACCOUNT)
    values: dict[str, Json] = {
        "null": None,
        "empty": "",
        "a list": [mint.claims[name] for name in names[:1]],
        "an object": {"$ne": None},
        "a negative number": -1,
    }
    return {"unknown": mint.token(stranger)} | mint.each(Meaning.ACCOUNT, values) if names else {}


def mismatches(mint: Mint, stranger: Mapping[str, Json]) -> Variants:
    """Claims that name two accounts; none where one claim alone names it."""
    names = mint.names(Meaning.ACCOUNT)
    return {f"another {name}": mint.token({name: stranger[name]}) for name in names if name in stranger} if len(names) > 1 else {}


def privileges(mint: Mint, permissions: Collection[str]) -> Variants:
    """Claims by which the account would have `permissions` and every rank."""
    held: list[Json] = [*sorted(permissions)]
    claims: dict[str, Json] = {"permissions": held, "scope": " ".join(sorted(permissions)), "roles": ["admin"], "role": "admin", "isAdmin": True}
    return {"": mint.token(claims)}


def nested(mint: Mint) -> Variants:
    """The good token as the payload of another one (RFC 7519 section 8)."""
    return {"": signed({**mint.header, "cty": "JWT"}, packed(mint.token().encode()), mint.key)}
