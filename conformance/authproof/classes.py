"""Conformance classes: what a report may claim, so that it claims what was observed and no more."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from authproof.result import Result
from authproof.verdict import Verdict
from authproof_spec.catalogue import Level, Requirement


@dataclass(frozen=True, slots=True)
class ConformanceClass:
    """A part of the catalogue that can be claimed for itself. Every requirement of the catalogue belongs to one class.

    areas: whose requirements belong to it. also: further requirements, that their area would give to another class.
    essential: requirements without whose observed success nothing is claimed.
    where_declared: the same, but only where the document asks for them.
    absent: why nothing of the class can be tested, where the document declares none of it.
    """

    name: str
    title: str
    areas: tuple[str, ...]
    essential: tuple[str, ...]
    absent: str
    also: tuple[str, ...] = ()
    where_declared: tuple[str, ...] = ()


CLASSES = (
    ConformanceClass(
        name="core",
        title="Access tokens: 401 and 403",
        areas=("BEARER", "JWT", "AUTHZ", "ERR", "DOC", "TRANSPORT", "APP"),
        essential=("BEARER-01",),
        where_declared=("BEARER-11", "BEARER-28", "JWT-13", "AUTHZ-01"),
        absent="the document protects no operation",
    ),
    ConformanceClass(
        name="spa",
        title="Browser sessions: login, refresh, cookie, logout",
        areas=("LOGIN", "COOKIE", "REFRESH", "LOGOUT", "CORS"),
        also=("APP-02", "APP-03", "JWT-42"),
        essential=("LOGIN-01", "LOGIN-02", "REFRESH-01", "REFRESH-03", "LOGOUT-01"),
        where_declared=("COOKIE-01",),
        absent="the document declares no login with refresh and logout",
    ),
    ConformanceClass(
        name="m2m",
        title="Personal access tokens",
        areas=("PAT",),
        also=("AUTHZ-05", "AUTHZ-06"),
        essential=("PAT-01", "PAT-03", "PAT-07"),
        absent="the document declares no personal access tokens",
    ),
    ConformanceClass(
        name="mfa",
        title="Second factor",
        areas=("MFA",),
        also=("APP-05",),
        essential=("MFA-01", "MFA-04", "MFA-05"),
        absent="the document declares no second factor",
    ),
)


class Claim(StrEnum):
    """What is claimed of a class."""

    CONFORMANT = "conformant"
    NONCONFORMANT = "nonconformant"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTED = "not_tested"

    @property
    def words(self) -> str:
        """As a person writes it, at the start of a sentence."""
        return self.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class ClassVerdict:
    """What a run claims of a class, and why it claims no more; empty where it claims all.

    left_out: the options of the run left out what a claim would take.
    """

    cls: ConformanceClass
    claim: Claim
    reason: str = ""
    left_out: bool = False


def class_of(requirement: Requirement) -> ConformanceClass | None:
    """The one class that `requirement` belongs to; None for a project's own."""
    named = (cls for cls in CLASSES if requirement.id in cls.also)
    return next(named, None) or next((cls for cls in CLASSES if requirement.area in cls.areas), None)


def judge_classes(results: Sequence[Result], asked: Collection[str], *, interrupted: bool = False) -> tuple[ClassVerdict, ...]:
    """What may be claimed of each class. `asked`: the ids that the document gives a subject to, whether or not the run was to judge them."""
    of_class: defaultdict[str, list[Result]] = defaultdict(list)
    for result in results:
        if cls := class_of(result.requirement):
            of_class[cls.name].append(result)
    return tuple(_judge(cls, of_class[cls.name], asked, interrupted=interrupted) for cls in CLASSES)


def _judge(cls: ConformanceClass, results: Sequence[Result], asked: Collection[str], *, interrupted: bool) -> ClassVerdict:
    if failed := _ids(result for result in results if result.verdict is Verdict.FAIL):
        return ClassVerdict(cls, Claim.NONCONFORMANT, f"failed: {failed}")
    if undecided := _ids(result for result in results if blocks(result)):
        return ClassVerdict(cls, Claim.INCONCLUSIVE, f"undecided: {undecided}")
    essential = (*cls.essential, *(identifier for identifier in cls.where_declared if identifier in asked))
    missing = [identifier for identifier in essential if not _observed(identifier, results)]
    if not missing:
        waived = _ids(result for result in results if result.verdict is Verdict.WAIVED)
        conformant = ClassVerdict(cls, Claim.CONFORMANT, f"waived: {waived}" if waived else "")
        return ClassVerdict(cls, Claim.INCONCLUSIVE, "the run was interrupted") if interrupted else conformant
    return _not_tested(cls, missing, results, asked)


def blocks(result: Result) -> bool:
    """True for what was not decided and is demanded."""
    return result.requirement.level is Level.MUST and result.verdict in {Verdict.INCONCLUSIVE, Verdict.ERROR}


def _observed(identifier: str, results: Sequence[Result]) -> bool:
    """A warning is a remark on what was met, and a waiver stands for its success."""
    met = {Verdict.PASS, Verdict.WARN, Verdict.WAIVED}
    return any(result.requirement.id == identifier and result.verdict in met for result in results)


def _not_tested(cls: ConformanceClass, missing: Sequence[str], results: Sequence[Result], asked: Collection[str]) -> ClassVerdict:
    if not set(missing) <= set(asked):
        return ClassVerdict(cls, Claim.NOT_TESTED, cls.absent)
    reasons = Counter(result.detail for result in results if result.requirement.id in missing)
    if not reasons:
        return ClassVerdict(cls, Claim.NOT_TESTED, f"the options left out {', '.join(missing)}", left_out=True)
    ((reason, _),) = reasons.most_common(1)
    return ClassVerdict(cls, Claim.NOT_TESTED, reason[:1].lower() + reason[1:].rstrip("."))


def _ids(results: Iterable[Result]) -> str:
    return ", ".join(sorted({result.requirement.id for result in results}))
