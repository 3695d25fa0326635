"""The result of one check at one operation."""

from __future__ import annotations

from dataclasses import dataclass

from authproof.exchange import Exchange
from authproof.verdict import Verdict
from authproof_spec.catalogue import Requirement


@dataclass(frozen=True, slots=True)
class Result:
    """The verdict on one requirement at one operation, with its reason and the exchanges that it rests on."""

    requirement: Requirement
    operation: str
    verdict: Verdict
    detail: str
    exchanges: tuple[Exchange, ...] = ()

    @property
    def name(self) -> str:
        """What a test report calls it, such as `JWT-09[GET /api/user]`."""
        return f"{self.requirement.id}[{self.operation}]"
