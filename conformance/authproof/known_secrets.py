"""Secrets for HMAC that stand in public documentation, samples and word lists: who signs with one of them signs for everybody."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from authproof.keys import Key, signing_key


@cache
def known_secrets() -> tuple[str, ...]:
    """The list, in its order."""
    lines = (files("authproof") / "known_secrets.txt").read_text("utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("# "))


def key_that_signed(token: str, algorithm: str) -> Key | None:
    """The known secret that signed `token` by an HMAC `algorithm`, in any reading of its text; None when none did."""
    return next((key for text in known_secrets() if (key := signing_key(text, algorithm, token))), None)
