"""The catalogue of requirements: what an authentication can be asked to do, by whom that is demanded, and how it is tested."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import cast

from authproof_spec.pointer import Json
from authproof_spec.syntax import parse

AREAS = ("BEARER", "JWT", "COOKIE", "LOGIN", "MFA", "REFRESH", "LOGOUT", "AUTHZ", "PAT", "APP", "CORS", "TRANSPORT", "ERR", "DOC")
_CONTRACT = "contract"
# How a citation joins the standard and the section; the sign § elsewhere.
_JOINTS = {"CWE": "-", "OWASP ASVS 5.0": " ", "OWASP API Top 10 2023": " "}


class Level(StrEnum):
    """How strongly a requirement is demanded (RFC 2119)."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Need(StrEnum):
    """What a test of a requirement takes beyond the document."""

    ACCOUNT = "account"
    SECOND_USER = "second_user"
    DISABLED_ACCOUNT = "disabled_account"
    TOTP_ACCOUNT = "totp_account"
    SECOND_APPLICATION = "second_application"
    CLOCK = "clock"
    SIGNING_KEY = "signing_key"
    PUBLIC_KEY = "public_key"
    CONTROL_HOOK = "control_hook"
    LISTENER = "listener"
    TLS = "tls"
    OPT_IN = "opt_in"

    @property
    def words(self) -> str:
        """The name as a person writes it."""
        return self.replace("_", " ")

    @property
    def meaning(self) -> str:
        """What it is, in a sentence."""
        return _MEANINGS[self]


_MEANINGS = {
    Need.ACCOUNT: "An account that can log in.",
    Need.SECOND_USER: "Another user, with other permissions.",
    Need.DISABLED_ACCOUNT: "An account that is disabled, and its right password.",
    Need.TOTP_ACCOUNT: "An account with a second factor, and the secret of its one-time codes.",
    Need.SECOND_APPLICATION: "An account in another application of the same document.",
    Need.CLOCK: "A clock of the target that can be moved, or lifetimes short enough to wait for.",
    Need.SIGNING_KEY: "The key with which the target signs its tokens.",
    Need.PUBLIC_KEY: "The public key with which the target verifies its tokens.",
    Need.CONTROL_HOOK: "A way to change accounts and to read the log behind the API's back.",
    Need.LISTENER: "A server of the run's own that the target can reach.",
    Need.TLS: "A target that is reached by https.",
    Need.OPT_IN: "The tester's consent, since the test may lock an account or make noise.",
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a requirement comes from.

    citation: as the catalogue writes it, such as `RFC 6750 §3.1`; `contract` when the OpenAPI document itself decides.
    section, title: number or name of the section, and the title that the standard prints; None for the contract, and for a title not known.
    url: None where no stable address is known.
    """

    citation: str
    standard: str
    section: str | None
    title: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement.

    needs: all of these, each of them met by any of its alternatives; none when the document alone is judged.
    caution: what must not be reported wrongly.
    examples: published vulnerabilities of the class, as CVE numbers.
    """

    id: str
    area: str
    statement: str
    level: Level
    sources: tuple[Source, ...]
    needs: tuple[tuple[Need, ...], ...]
    test: str
    caution: str | None = None
    examples: tuple[str, ...] = ()


class UnknownTermError(LookupError):
    """A term that names no area and no requirement. `nearest` holds the names most like it; none when nothing is alike."""

    def __init__(self, term: str, nearest: Iterable[str]) -> None:
        self.term = term
        self.nearest = tuple(nearest)
        hint = f"Did you mean {' or '.join(self.nearest)}?" if self.nearest else f"The areas are {', '.join(AREAS)}."
        super().__init__(f"There is no requirement or area {term!r}. {hint}")


class Catalogue(Mapping[str, Requirement]):
    """The requirements by id, in the order of the areas and then of their numbers. `areas`: title of each area."""

    def __init__(self, areas: Mapping[str, str], requirements: Iterable[Requirement]) -> None:
        self.areas = areas
        self._requirements = {requirement.id: requirement for requirement in requirements}

    def __getitem__(self, identifier: str) -> Requirement:
        return self._requirements[identifier]

    def __iter__(self) -> Iterator[str]:
        return iter(self._requirements)

    def __len__(self) -> int:
        return len(self._requirements)

    def select(self, terms: Iterable[str]) -> tuple[Requirement, ...]:
        """The requirements that any of `terms` names, in the catalogue's order.

        A term is an area, an id, or the beginning of an id, in any case. Raises UnknownTermError for one that names nothing.
        """
        chosen: set[str] = set()
        for term in terms:
            wanted = term.upper()
            found = {wanted} & self.keys() or {name for name, requirement in self.items() if requirement.area == wanted}
            found = found or {name for name in self if wanted and name.startswith(wanted)}
            if not found:
                raise UnknownTermError(term, difflib.get_close_matches(wanted, [*self.areas, *self], n=3))
            chosen |= found
        return tuple(requirement for name, requirement in self.items() if name in chosen)


@functools.cache
def load_catalogue() -> Catalogue:
    """The catalogue of this release."""
    sources = _sources()
    areas, requirements = {}, []
    for area in AREAS:
        content = _read(f"requirements/{area.lower()}.yaml")
        areas[area] = str(content["title"])
        requirements += [_requirement(area, raw, sources) for raw in cast("list[Mapping[str, Json]]", content["requirements"])]
    return Catalogue(areas, requirements)


def _read(name: str) -> Mapping[str, Json]:
    return cast("Mapping[str, Json]", parse((files("authproof_spec") / name).read_text("utf-8")))


def _sources() -> Mapping[str, Source]:
    found = {_CONTRACT: Source(_CONTRACT, _CONTRACT, None, "The OpenAPI document decides", None)}
    for standard, raw in _read("sources.yaml").items():
        content = cast("Mapping[str, Mapping[str, str | None]]", raw)
        url = cast("str | None", content.get("url"))
        for section, title in content["sections"].items():
            citation = f"{standard}{_JOINTS.get(standard, ' §')}{section}"
            found[citation] = Source(citation, standard, section, title, url and url.replace("{section}", section))
    return found


def _requirement(area: str, raw: Mapping[str, Json], sources: Mapping[str, Source]) -> Requirement:
    needs, examples = cast("list[str]", raw["needs"]), cast("list[str]", raw.get("examples", []))
    return Requirement(
        id=str(raw["id"]),
        area=area,
        statement=str(raw["statement"]),
        level=Level(str(raw["level"])),
        sources=tuple(sources[citation] for citation in cast("list[str]", raw["sources"])),
        needs=tuple(tuple(Need(name) for name in need.split(" or ")) for need in needs),
        test=str(raw["test"]),
        caution=cast("str | None", raw.get("caution")),
        examples=tuple(examples),
    )
