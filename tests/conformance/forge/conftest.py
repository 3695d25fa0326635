from __future__ import annotations

from functools import cache

from authproof.forge.compact import encode, signed
from authproof.keys import ALGORITHMS, Key, fresh_key
from authproof_spec.pointer import Json

CLAIMS: dict[str, Json] = {
    "iss": "https://api.example.test",
    "aud": ["admin", "access"],
    "sub": "1",
    "userId": 1,
    "iat": 1_700_000_000,
    "exp": 1_700_000_900,
    "jti": "a1",
}


@cache
def key_of(algorithm: str) -> Key:
    return fresh_key(algorithm)


@cache
def token_of(algorithm: str) -> str:
    return signed({"typ": "JWT", "kid": "k1"}, encode(CLAIMS), key_of(algorithm))


EVERY_ALGORITHM = sorted(ALGORITHMS)
