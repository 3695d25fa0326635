"""What `authproof init --from` tells on the terminal: what it guessed, what is to be filled in, and what to do next."""

from __future__ import annotations

import json
import shlex
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from authproof.guess.guess import Confidence, Guess, Guessed
from authproof.guess.overlay_text import MARK, one_line

_WIDTH = 110


def telling(guessed: Guessed, source: str, overlay: Path, profile: Path, text: str, problems: Sequence[str]) -> str:
    """The whole text. `text`: the overlay's; `problems`: why it cannot be used as it is."""
    lines = [f"Guessed from {source}:" if guessed.has_login else f"Found no login in {source}."]
    lines += _table(guessed.labelled())
    lines += [line for remark in guessed.remarks for line in textwrap.wrap(f"* {remark}", _WIDTH, subsequent_indent="  ", break_on_hyphens=False)]
    if opened := list(_to_fill_in(text)):
        lines += ["", "To fill in, for the document does not say it:", *(f"  {overlay}:{number}  {line}" for number, line in opened)]
    lines += ["", f"Wrote {overlay} and {profile}."]
    if problems:
        lines += ["The overlay cannot be used before this is filled in:", *(f"  {problem}" for problem in problems)]
    lines += ["Next: correct the overlay, fill in the accounts of the profile, then run:"]
    lines += [
        f"  authproof mock --contract {shlex.quote(source)} --overlay {shlex.quote(str(overlay))}",
        f"  authproof certify --profile {shlex.quote(str(profile))}",
    ]
    return "\n".join(lines)


def _table(guesses: Sequence[Guess]) -> Iterator[str]:
    rows = [(guess.label, _shown(guess), guess.confidence.value, one_line(guess.source)) for guess in guesses]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for row in rows:
        yield "  " + "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]])


def _shown(guess: Guess) -> str:
    value = guess.value if isinstance(guess.value, str) else json.dumps(guess.value, ensure_ascii=False)
    if isinstance(guess.value, dict):
        value = ", ".join(f"{key}: {held}" for key, held in guess.value.items())
    if guess.confidence is Confidence.OPEN:
        value = f"{value} ?"
    return textwrap.shorten(one_line(value), 48, placeholder="…")


def _to_fill_in(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        setting, mark, why = line.partition(MARK)
        if mark and setting.strip():
            yield number, f"{setting.strip().removeprefix('- ')}  ({why.strip()})"
