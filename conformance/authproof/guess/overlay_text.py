"""What was guessed as an OpenAPI Overlay, with a comment beside each guess: what it was taken from, and how far to trust it."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator

from authproof.guess.guess import Confidence, Guess, Guessed, Tree
from authproof_spec.pointer import Json

_WIDTH = 110
MARK = "  # FILL IN: "
"""What stands beside a value that the document does not tell."""
_PLAIN = re.compile(r"[A-Za-z/$][\w./{}$ @-]*(?<! )")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off"})
_HEAD = """\
# How callers log in to this API, which its document has no words for, guessed from the document by `authproof init`.
# Beside each guess stands how far to trust it, and what it was taken from:
#   sure     the document says so
#   likely   its words or its shape say so
#   weak     a usual choice, taken for want of a better one
#   FILL IN  the document does not say: look, and correct it
# docs/extension.md tells what every member means.
"""


def overlay_text(guessed: Guessed, document: str) -> str:
    """The overlay as YAML. `document`: what the comments call the document."""
    lines = [_HEAD.rstrip(), f"# The document: {one_line(document)}"]
    lines += [line for remark in guessed.remarks for line in _comment(f"* {remark}", 0)]
    lines += ["overlay: 1.0.0", "info: {title: What the document does not say of its authentication, version: 1.0.0}", "actions:"]
    lines += ["  - target: $", "    update:", "      x-authproof:", *_tree(guessed.extension, 8)]
    if guessed.hints:
        # Without its "# " a line is the member of x-authproof that it seems to be.
        lines += ["        # Not said above, for it could be wrong:"]
        lines += [f"        # {one_line(hint)}" for hint in guessed.hints]
    for action in guessed.actions:
        lines += _comment(action.why, 2)
        lines.append(f"  - target: {scalar(action.target)}")
        lines.append("    remove: true" if action.update is None else f"    update: {_flow(action.update)}")
    return "\n".join(lines) + "\n"


def _tree(tree: Tree, indent: int) -> Iterator[str]:
    space = " " * indent
    for key, value in tree.items():
        if isinstance(value, Guess):
            yield f"{space}{scalar(key)}: {_flow(value.value)}{_beside(value)}"
        elif isinstance(value, list):
            yield f"{space}{scalar(key)}:"
            for entry in value:
                first, *rest = _tree(entry, indent + 4)
                yield f"{space}  - {first.lstrip()}"
                yield from rest
        elif value:
            yield f"{space}{scalar(key)}:"
            yield from _tree(value, indent + 2)
        else:
            yield f"{space}{scalar(key)}: {{}}"


def _beside(guess: Guess) -> str:
    if not guess.source:
        return ""
    mark = MARK if guess.confidence is Confidence.OPEN else f"  # {guess.confidence.value}: "
    return mark + one_line(guess.source)


def _comment(text: str, indent: int) -> Iterable[str]:
    return textwrap.wrap(one_line(text), _WIDTH, initial_indent=" " * indent + "# ", subsequent_indent=" " * indent + "#   ", break_long_words=False)


def one_line(text: str) -> str:
    """`text` without what a comment or a terminal cannot hold."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def scalar(text: str) -> str:
    """`text` as a scalar of YAML."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS and text.isascii():
        return text
    return _quoted(text)


def _flow(value: Json) -> str:
    """`value` in one line, without quotes where YAML needs none."""
    if isinstance(value, str):
        return scalar(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_inner(key)}: {_flow_inside(child)}" for key, child in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow_inside(child) for child in value) + "]"
    return json.dumps(value)


def _flow_inside(value: Json) -> str:
    return _inner(value) if isinstance(value, str) else _flow(value)


def _inner(text: str) -> str:
    """A scalar within braces, where those and commas have a meaning."""
    return text if re.fullmatch(r"[A-Za-z/][\w./ -]*(?<! )", text) and text.lower() not in _WORDS and text.isascii() else _quoted(text)


def _quoted(text: str) -> str:
    """`text` in double quotes. What no YAML reader takes as it is, is escaped; a character beyond the first plane is taken."""
    shown = json.dumps(text, ensure_ascii=False)
    return "".join(
        character if character.isprintable() else f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"
        for character in shown
    )
