"""The target's public key, and what can be forged with it."""

from __future__ import annotations

from collections.abc import Iterator

from authproof.exchange import Exchange, Probe
from authproof.forge import form, signature
from authproof.keys import USUAL_PATH, PublicKey, public_key_of, public_keys_in, signing_key
from authproof.lab import Lab, Missing, Script
from authproof.scripts.forgeries import Issued, issued, offered
from authproof_spec import Application


def key_set(lab: Lab, application: Application) -> Script:
    """The key set; then tokens that are signed or encrypted with the public key."""
    published: Exchange | None = None
    if lab.contract.tokens.jwks_path or application is next(iter(lab.contract.applications.values())):
        operation = lab.contract.read_of(lab.contract.tokens.jwks_path or USUAL_PATH)
        (published,) = yield Probe("key_set", lab.call(operation), operation.id)
    good = issued(lab, application)
    if good.algorithm.startswith("HS"):
        raise Missing(f"The target signs with {good.algorithm}, which has no public key.")
    key = next((key for key in _candidates(lab, good, published) if key.verifies(good.algorithm, good.token)), None)
    if key is None:
        raise Missing("The target's public key is not known: the contract names no JWK set that has it, and the profile has no fitting public_key.")
    yield from offered(
        lab, good, [("key_set.signed", signature.by_public_key(good.token, key)), ("key_set.encrypted", form.encrypted_to(good.token, key))]
    )
    yield Probe("key_set.control", lab.call(good.operation, bearer=good.token), good.operation.id)


def _candidates(lab: Lab, good: Issued, published: Exchange | None) -> Iterator[PublicKey]:
    profile = lab.profile
    if profile.public_key and (given := public_key_of(profile.public_key)):
        yield given
    if published and published.response:
        yield from public_keys_in(published.response.json)
    own = signing_key(profile.signing_key, good.algorithm, good.token) if profile.signing_key else None
    if own and own.public:
        yield own.public
