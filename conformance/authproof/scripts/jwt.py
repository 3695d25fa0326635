"""Access tokens that are forged without a key, each with one thing wrong."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import urlsplit

from authproof.exchange import Probe
from authproof.forge import form, header, minted, signature
from authproof.keys import unpacked
from authproof.known_secrets import key_that_signed
from authproof.lab import Lab, Script
from authproof.scripts.forgeries import Issued, Kind, asked_elsewhere, elsewhere, forged, issued, offered, stranger
from authproof_spec import Application
from authproof_spec.contract import Meaning
from authproof_spec.pointer import Json


def jwt(lab: Lab, application: Application) -> Script:
    """Every such token at who-am-I; the two plainest of them at every other protected operation."""
    good = issued(lab, application)
    right = unpacked(good.token.rpartition(".")[2])
    # A refusal that tells the signature it wanted may write it in another way than a token does.
    for spelling in (base64.b64encode(right).decode(), right.hex()):
        lab.secret(spelling, "signature")
    yield from offered(lab, good, _wrong_signatures(lab, good))
    yield from offered(lab, good, _wrong_headers(lab, good))
    # What is refused here is often refused by the server below the application, in its own way, so it is asked of no operation.
    sizes = sorted(form.oversized(good.token).items(), key=lambda size: -len(size[1]))
    for probe in offered(lab, good, [("jwt.oversized", dict(sizes[: None if lab.profile.exhaustive else 2]))]):
        yield Probe(probe.name, probe.request, None, probe.variant)
    yield Probe("jwt.control", lab.call(good.operation, bearer=good.token), good.operation.id)
    for operation in elsewhere(lab, application):
        for name, tokens in (("jwt.none", signature.unsigned(good.token)), ("jwt.signature_changed", signature.changed(good.token))):
            call = lab.example_call(operation, bearer=forged(lab, good, tokens[""]))
            yield from asked_elsewhere(lab, good.session, Probe(name, call, operation.id))


def _wrong_signatures(lab: Lab, good: Issued) -> Iterator[Kind]:
    token, algorithm = good.token, good.algorithm
    yield "jwt.none", signature.unsigned(token)
    yield "jwt.none_variant", signature.unsigned_variants(token)
    yield "jwt.none_with_signature", signature.unsigned_with_signature(token)
    yield "jwt.signature_removed", signature.removed(token)
    yield "jwt.signature_changed", signature.changed(token)
    yield "jwt.signature_resized", signature.resized(token)
    yield "jwt.claims_changed", signature.claims_changed(token, _changes(lab, good))
    yield "jwt.header_changed", signature.header_changed(token)
    yield "jwt.other_key", signature.by_other_key(token, algorithm)
    yield "jwt.trivial_key", signature.by_trivial_key(token, algorithm)
    yield "jwt.degenerate", signature.degenerate(token, algorithm)
    yield "jwt.respelled", signature.respelled(token)
    yield "jwt.expired_and_forged", signature.expired_and_forged(token, lab.contract.tokens.claims_meaning(Meaning.EXPIRES_AT), lab.now())
    if key := key_that_signed(token, algorithm):
        mint = minted.Mint(lab.contract.tokens, key, good.header, good.claims, lab.now())
        yield "jwt.known_secret", minted.correct(mint)


def _changes(lab: Lab, good: Issued) -> dict[str, dict[str, Json]]:
    rules = lab.contract.tokens
    changes: dict[str, dict[str, Json]] = {}
    if other := stranger(lab, good):
        changes["another account"] = other
    for name in rules.claims_meaning(Meaning.EXPIRES_AT):
        expiry = good.claims.get(name)
        if isinstance(expiry, int):
            changes["a later expiry"] = {name: expiry + 365 * 86400}
    return {**changes, "more roles": {"roles": ["admin"]}}


def _wrong_headers(lab: Lab, good: Issued) -> Iterator[Kind]:
    token, algorithm = good.token, good.algorithm
    own = header.own_key(algorithm)
    yield "jwt.kid", header.key_identifiers(token, algorithm)
    yield "jwt.jwk", header.embedded_keys(token, algorithm, own)
    yield "jwt.key_url", header.key_urls(token, own, urlsplit(lab.profile.url).hostname or "")
    yield "jwt.x5c", header.certificate_chains(token, own)
    yield "jwt.extended", form.extended(token)
    expiries = {
        name: value + 86400 for name in lab.contract.tokens.claims_meaning(Meaning.EXPIRES_AT) if isinstance(value := good.claims.get(name), int)
    }
    yield "jwt.serialised", form.serialised(token, expiries or {"x-authproof": 1})
    yield "jwt.encrypted", form.encrypted(token)
    yield "jwt.malformed", form.malformed(token)
