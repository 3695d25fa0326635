"""Access tokens that are signed with the target's own key, each with one thing wrong in what it says."""

from __future__ import annotations

from collections.abc import Iterator

from authproof.exchange import Probe
from authproof.forge import minted as forge
from authproof.forge.minted import Mint
from authproof.inputs import nothing_like_text
from authproof.keys import signing_key
from authproof.lab import Blocked, Lab, Missing, Script
from authproof.scripts.forgeries import Issued, Kind, asked_elsewhere, elsewhere, forged, issued, offered, stranger
from authproof_spec import Application
from authproof_spec.contract import Meaning
from authproof_spec.pointer import Json


def minted(lab: Lab, application: Application) -> Script:
    """Every such token at who-am-I; at every other protected operation an expired one and one of another audience, and one of another issuer if every variant is sent."""
    if lab.profile.signing_key is None:
        raise Missing("The profile has no signing_key, and without it no token can be rightly signed.")
    good = issued(lab, application)
    key = signing_key(lab.profile.signing_key, good.algorithm, good.token)
    if key is None:
        raise Blocked(f"The profile's signing_key did not sign the target's access token with {good.algorithm}.")
    mint = Mint(lab.contract.tokens, key, good.header, good.claims, lab.now())
    (exchange,) = yield next(offered(lab, good, [("minted.control", forge.correct(mint))]))
    mint = Mint(mint.rules, key, good.header, good.claims, lab.server_time(exchange))
    yield from offered(lab, good, _kinds(lab, good, mint))
    for operation in elsewhere(lab, application):
        if any(operation.bearer_schemes.values()) and operation.method == "GET":
            permissions = {permission for held in operation.bearer_schemes.values() for permission in held}
            token = forged(lab, good, forge.privileges(mint, permissions)[""])
            yield Probe("minted.privileges", lab.example_call(operation, bearer=token), operation.id)
            break
    yield from _everywhere(lab, application, good, mint)


def _kinds(lab: Lab, good: Issued, mint: Mint) -> Iterator[Kind]:
    foreign = _foreign_audience(lab, good)
    nobody = _nobody(good, mint)
    yield "minted.other_algorithm", forge.other_algorithms(mint)
    yield "minted.critical", forge.critical(mint)
    yield "minted.unencoded", forge.unencoded(mint)
    yield "minted.duplicate", forge.duplicates(mint, foreign)
    yield "minted.expired", forge.expired(mint)
    yield "minted.without_expiry", mint.lacking(Meaning.EXPIRES_AT)
    yield "minted.odd_expiry", forge.odd_expiries(mint)
    yield "minted.not_yet", forge.not_yet(mint)
    yield "minted.issued_later", forge.issued_later(mint)
    yield "minted.issuer", forge.issuers(mint)
    yield "minted.audience", forge.audiences(mint, good.session.application.access_token.audience, foreign)
    yield "minted.audience", forge.audience_texts(mint, good.session.application.access_token.audience)
    yield "minted.account", forge.accounts(mint, nobody)
    yield "minted.mismatch", forge.mismatches(mint, stranger(lab, good) or nobody)
    yield "minted.nested", forge.nested(mint)


def _everywhere(lab: Lab, application: Application, good: Issued, mint: Mint) -> Script:
    """What a guard of its own most often forgets."""
    kinds = {
        "minted.expired": forge.expired(mint),
        "minted.audience": mint.each(Meaning.AUDIENCE, {"foreign": _foreign_audience(lab, good)}),
    }
    if lab.profile.exhaustive:
        kinds["minted.issuer"] = dict(list(forge.issuers(mint).items())[:1])
    for operation in elsewhere(lab, application):
        for name, tokens in kinds.items():
            for variant, token in tokens.items():
                call = lab.example_call(operation, bearer=forged(lab, good, token))
                yield from asked_elsewhere(lab, good.session, Probe(name, call, operation.id, variant))


def _foreign_audience(lab: Lab, good: Issued) -> list[Json]:
    """The audience of another application whose tokens do not open the operation; an invented one when there is none."""
    own = good.session.application.access_token.audience
    for other in lab.contract.applications.values():
        kind = other.access_token
        if kind.scheme.name not in good.operation.bearer_schemes and not own <= kind.audience and kind.audience:
            return [*sorted(kind.audience)]
    return ["authproof.invalid"]


def _nobody(good: Issued, mint: Mint) -> dict[str, Json]:
    """The claims of an account that nobody has, each in the form of the good token's; those that agree there agree here."""
    stand_ins: dict[str, str] = {}
    nobody: dict[str, Json] = {}
    for name in mint.names(Meaning.ACCOUNT):
        value = good.claims[name]
        stand_in = stand_ins.setdefault(str(value), nothing_like_text(str(value)))
        nobody[name] = int(stand_in) if isinstance(value, int) else stand_in
    return nobody
