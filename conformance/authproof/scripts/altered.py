"""Texts that are almost a token, each under what was done to it."""

from __future__ import annotations

from collections.abc import Iterator

_HEXADECIMAL = frozenset("0123456789abcdef-")


def altered_values(token: str) -> Iterator[tuple[str, str]]:
    """What was done to `token`, and what became of it."""
    head, dot, tail = token.rpartition(".")
    # A signature in base64url is cut to whole bytes, which every reader of it can decode.
    yield "its end missing", token[: -(len(tail) % 4 or 4)] if dot else token[:-1]
    yield "one character more", f"{token}x"
    # Hexadecimal digits are the same number in either case.
    if not set(tail.lower()) <= _HEXADECIMAL:
        # The last character of a signature may have bits that stand for nothing.
        yield "its letters in the other case", f"{head}{dot}{tail[:-1].swapcase()}{tail[-1:]}"


def opaque_forgeries(token: str) -> Iterator[tuple[str, str]]:
    """Tokens that differ from `token` in one letter, each under where that is."""
    places = [place for place, letter in enumerate(token) if letter.isascii() and letter.isalnum()]
    for variant, share in (("a letter changed in its second half", 0.7), ("a letter changed in its first half", 0.2)):
        if places:
            place = places[int(len(places) * share)]
            yield variant, token[:place] + _another(token[place]) + token[place + 1 :]


def _another(letter: str) -> str:
    """Another character of the same kind: a digit for a digit, a hexadecimal letter for such a letter, in the same case."""
    if letter.isdigit():
        return "1" if letter == "0" else "0"
    low = "b" if letter.lower() == "a" else "a"
    return low.upper() if letter.isupper() else low
