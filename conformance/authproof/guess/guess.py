"""A guess: a value, what it was taken from, and how far to trust it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from authproof_spec.pointer import Json


class Confidence(StrEnum):
    """How far to trust a guess. OPEN: the document says nothing of it, so a person has to."""

    SURE = "sure"
    LIKELY = "likely"
    WEAK = "weak"
    OPEN = "fill in"


@dataclass(frozen=True, slots=True)
class Guess:
    """A value of the extension. `label`: what the table on the terminal calls it; empty for what is a detail."""

    value: Json
    source: str
    confidence: Confidence
    label: str = ""


Tree: TypeAlias = "Mapping[str, Guess | Tree | list[Tree]]"


@dataclass(frozen=True, slots=True)
class Action:
    """An action of the overlay beside the extension. `update`: None removes the target."""

    target: str
    update: Json
    why: str


@dataclass(frozen=True, slots=True)
class Guessed:
    """Everything that was guessed.

    extension: the tree of the extension. actions: what else the document needs. remarks: what could not be said, in sentences.
    url: where the document says that the API is.
    """

    extension: Tree
    actions: tuple[Action, ...]
    remarks: tuple[str, ...]
    has_login: bool
    url: str | None = None
    hints: tuple[str, ...] = field(default=())

    def labelled(self) -> list[Guess]:
        """The guesses that the table shows, the open ones last."""
        found = [guess for guess in guesses_of(self.extension) if guess.label]
        return sorted(found, key=lambda guess: guess.confidence is Confidence.OPEN)


def guesses_of(tree: Tree) -> Iterator[Guess]:
    """Every guess in `tree`, in its order."""
    for value in tree.values():
        if isinstance(value, Guess):
            yield value
        elif isinstance(value, list):
            for entry in value:
                yield from guesses_of(entry)
        else:
            yield from guesses_of(value)
