"""What is wrong with a document, said so that a person can mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where it stands, what it is, and how to mend it."""

    source: str
    line: int | None
    pointer: str
    message: str
    mend: str

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}:{self.line}"
        if self.pointer:
            place += f" at {self.pointer}"
        return f"{place}: {self.message} Mend: {self.mend}"


class ContractError(Exception):
    """A document that cannot be used; `problems` has everything that was found, in the document's order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
