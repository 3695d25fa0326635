"""Header fields read as the standards say: challenges, cookies, cache directives."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import mktime_tz, parsedate_tz

from authproof.exchange import Response

_NAME = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_PARAMETER = re.compile(rf'({_NAME})\s*=\s*(?:({_NAME})|"((?:[^"\\]|\\.)*)")')
_SCHEME = re.compile(rf"({_NAME})(?:[ ]+|(?=\s*,|\s*$))")
_TOKEN68 = re.compile(r"[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge of WWW-Authenticate (RFC 9110 section 11.6.1). `scheme` and parameter names are in lower case."""

    scheme: str
    parameters: Mapping[str, str]


def challenges(response: Response) -> tuple[Challenge, ...]:
    """The challenges of every WWW-Authenticate line, as far as they can be read."""
    return tuple(challenge for line in response.all("www-authenticate") for challenge in _read(line)[0])


def challenge_problem(line: str) -> str | None:
    """What is wrong with the syntax of a WWW-Authenticate line (RFC 9110 section 11.6.1); None when nothing is."""
    return _read(line)[1]


# The answers of one server repeat each other: its challenges, and its dates within a second.
@functools.lru_cache(maxsize=256)
def _read(line: str) -> tuple[tuple[Challenge, ...], str | None]:
    """The challenges of `line`, and the first thing in it that the syntax does not allow."""
    found: list[Challenge] = []
    problem: str | None = None if line.strip(", \t") else "it is empty"
    place, separated = 0, True
    while place < len(line):
        if line[place] in ", \t":
            separated = separated or line[place] == ","
            place += 1
        elif (parameter := _PARAMETER.match(line, place)) and found:
            name, quoted = parameter.group(1).lower(), parameter.group(3)
            value = parameter.group(2) if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            if name in found[-1].parameters:
                problem = problem or f"the parameter {name} stands twice"
            elif not separated:
                problem = problem or f"there is no comma before {name}"
            found[-1] = Challenge(found[-1].scheme, {name: value, **found[-1].parameters})
            place, separated = parameter.end(), False
        elif scheme := _SCHEME.match(line, place):
            problem = problem or (None if separated else f"there is no comma before {scheme.group(1)}")
            found.append(Challenge(scheme.group(1).lower(), {}))
            place, separated = scheme.end(), True
            if not _PARAMETER.match(line, place) and (token := _TOKEN68.match(line, place)):
                place, separated = token.end(), False
        else:
            return tuple(found), problem or f"it cannot be read from its character {place + 1} on"
    return tuple(found), problem


def bearer_challenge(response: Response) -> Challenge | None:
    """The first Bearer challenge of `response`."""
    return next((challenge for challenge in challenges(response) if challenge.scheme == "bearer"), None)


# An answer without Date does not tell what is past; this surely is.
_LONG_AGO = 1_577_836_800.0


@dataclass(frozen=True, slots=True)
class SetCookie:
    """A Set-Cookie line (RFC 6265 section 5.2). Attribute names are in lower case; a later one of a name wins.

    sent: the Date of its answer, in seconds since the epoch; None when there is none.
    """

    name: str
    value: str
    attributes: Mapping[str, str]
    sent: float | None = None

    @property
    def max_age(self) -> int | None:
        """Max-Age in seconds; None when it is absent or no number, quoted ones included, which a browser ignores."""
        text = self.attributes.get("max-age", "")
        # Cut where it is longer than any time, since a server may write more digits than Python reads.
        return int(text[:18]) if re.fullmatch(r"-?[0-9]+", text, re.ASCII) else None

    @property
    def expires(self) -> float | None:
        """Expires in seconds since the epoch; None when it is absent or no date, which a browser ignores."""
        return _moment(self.attributes.get("expires"))

    @property
    def lifetime(self) -> float | None:
        """Seconds that a browser keeps the cookie: Max-Age wins over Expires (RFC 6265 section 5.3). None when that is not said, or by no Date."""
        if self.max_age is not None:
            return float(self.max_age)
        return None if self.expires is None or self.sent is None else self.expires - self.sent

    @property
    def is_deletion(self) -> bool:
        """True when a browser forgets the cookie at once."""
        if self.max_age is not None:
            return self.max_age <= 0
        return self.expires is not None and self.expires <= (_LONG_AGO if self.sent is None else self.sent)

    @property
    def domain(self) -> str:
        """The Domain without a leading dot, in lower case; empty for a host-only cookie."""
        return self.attributes.get("domain", "").removeprefix(".").lower()

    def path(self, target: str) -> str:
        """The path that the cookie is for, when it is set by an answer of the request target `target` (RFC 6265 section 5.1.4)."""
        if self.attributes.get("path", "").startswith("/"):
            return self.attributes["path"]
        return target.partition("?")[0].rpartition("/")[0] or "/"


def set_cookies(response: Response, name: str) -> tuple[SetCookie, ...]:
    """The Set-Cookie lines of `response` for the cookie `name`, in their order."""
    return tuple(cookie for cookie in all_cookies(response) if cookie.name == name)


def all_cookies(response: Response) -> tuple[SetCookie, ...]:
    """Every Set-Cookie line of `response`, in their order."""
    lines = response.all("set-cookie")
    sent = moment_of(response) if lines else None
    return tuple(_set_cookie(line, sent) for line in lines)


def _set_cookie(line: str, sent: float | None) -> SetCookie:
    pair, *rest = line.split(";")
    name, _, value = pair.partition("=")
    attributes = {}
    for attribute in rest:
        key, _, text = attribute.partition("=")
        attributes[key.strip().lower()] = text.strip()
    return SetCookie(name.strip(), value.strip(), attributes, sent)


def moment_of(response: Response) -> float | None:
    """When `response` was sent, by its Date, in seconds since the epoch; None when it has none."""
    return _moment(response.first("date"))


@functools.lru_cache(maxsize=256)
def _moment(date: str | None) -> float | None:
    """A date of HTTP, or of the older forms that browsers read in cookies, in seconds since the epoch."""
    try:
        parts = parsedate_tz(date) if date else None
        return float(mktime_tz(parts)) if parts else None
    except (ValueError, OverflowError):
        return None


def cache_directives(response: Response) -> Mapping[str, str]:
    """The Cache-Control directives: the value of each name, which is in lower case.

    Not among them are no-cache and private of some fields alone, which say nothing of the rest (RFC 9111 sections 5.2.2.4 and 5.2.2.7).
    """
    parts = (part.strip().partition("=") for part in ",".join(response.all("cache-control")).split(",") if part.strip())
    found = {name.strip().lower(): value.strip().strip('"') for name, _, value in parts}
    return {name: value for name, value in found.items() if not (value and name in {"no-cache", "private"})}
