"""What was sent and what came back, as immutable values."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from authproof.bodies import decode
from authproof_spec.pointer import Json, get

Headers = tuple[tuple[str, str], ...]
_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Request:
    """A request to the target. `target` is the path with its query, as sent; only what HTTP asks for is added to `headers`.

    verbatim: it is written byte for byte to a connection of its own, also where it is not HTTP as a client would write it;
    `target` may then be the whole URL (RFC 9112 section 3.2.2).
    plain: it is sent to the target's host without TLS, where everybody on the way reads it: never with a credential.
    """

    method: str
    target: str
    headers: Headers = ()
    body: bytes | None = None
    verbatim: bool = False
    plain: bool = False

    @property
    def content(self) -> Json:
        """What the body says, as JSON or as a form; None when it says nothing."""
        return decode(self.body or b"", header_value(self.headers, "content-type") or "")


@dataclass(frozen=True)
class Response:
    """An answer of the target. `headers` are in the order received, each line for itself."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def all(self, name: str) -> tuple[str, ...]:
        """The values of every line of the header field `name`."""
        return tuple(self._fields.get(name.lower(), ()))

    @functools.cached_property
    def _fields(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in self.headers:
            found.setdefault(name.lower(), []).append(value)
        return found

    def first(self, name: str) -> str | None:
        """The value of the first line of the header field `name`."""
        return next(iter(self.all(name)), None)

    # Many checks read the same answer.
    @functools.cached_property
    def json(self) -> Json:
        """The body as JSON; None when it is none."""
        try:
            value: Json = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return value

    @functools.cached_property
    def media_type(self) -> str:
        """The media type without its parameters, in lower case; empty when there is none."""
        return (self.first("content-type") or "").partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        """True when the media type is JSON or a type built on it."""
        return self.media_type == "application/json" or self.media_type.endswith("+json")

    @property
    def is_json_text(self) -> bool:
        """True when the body is JSON; the value null is."""
        return self.json is not None or self.body.strip() == b"null"

    def at(self, pointer: str) -> Json:
        """The part of the JSON body at `pointer`; None when there is none, and for half a character, which JSON can escape but nobody can send on."""
        found = get(self.json, pointer)
        return None if isinstance(found, str) and _HALF_A_CHARACTER.search(found) else found

    @property
    def is_success(self) -> bool:
        """True for a status of the 2xx class."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Probe:
    """A request with the question that it asks: `name` says which, `operation` is the id of the operation asked."""

    name: str
    request: Request
    operation: str | None = None
    variant: str = ""

    def body_at(self, pointer: str) -> Json:
        """The part of the request's body, JSON or a form, at `pointer`; None when there is none."""
        return get(self.request.content, pointer)


class Departure(StrEnum):
    """In what respect an answer is not as the document says."""

    MEDIA_TYPE = "media type"
    BODY = "body"
    SCHEMA = "schema"
    FORMAT = "format"


@dataclass(frozen=True, slots=True)
class Misfit:
    """One departure of an answer from what the document declares for its status, found before secrets were removed; it has no value of the answer.

    place: JSON pointer into the body. rule: JSON pointer into the document.
    """

    kind: Departure
    words: str
    place: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A probe and its outcome: a response, or the words for why there was none.

    number: position in the run, from 1.
    at, elapsed: seconds since the run began, and seconds until the answer was complete.
    together: the group of probes that were in flight at the same time; 0 when alone.
    misfits: how the answer departs from the document.
    """

    number: int
    probe: Probe
    response: Response | None
    failure: str | None = None
    at: float = 0.0
    elapsed: float = 0.0
    together: int = 0
    misfits: tuple[Misfit, ...] = ()

    @property
    def status(self) -> int:
        """The answer's status; 0 when there was no answer."""
        return self.response.status if self.response else 0

    def describe(self) -> str:
        """A short account of the outcome, such as `200` or `no answer (connection reset)`."""
        return str(self.response.status) if self.response else f"no answer ({self.failure})"


@dataclass(frozen=True, slots=True)
class Handshake:
    """A TLS handshake that was tried with the target.

    offered: the only version that was offered, such as TLSv1.1; None: what this machine offers by itself, and the certificate was verified.
    agreed: the version that both sides agreed on; None when the handshake failed, for the reason `failure`.
    is_answer: the target itself ended it; False when nothing came, or when this machine cannot offer the version.
    """

    offered: str | None
    agreed: str | None = None
    failure: str = ""
    is_answer: bool = True


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What may be known of a secret value without having it.

    kind: what it is (access_token, refresh_token, …); alike for every value of that kind.
    sha256, length: of the value, in hexadecimal and in characters.
    header, claims: the decoded JOSE header and claims when the value is a JWT, else None.
    is_compact: it is three non-empty parts of base64url without padding (RFC 7515 section 7.1).
    is_cookie_octets: every character may stand in a cookie's value (RFC 6265 section 4.1.1).
    unlike: in how many characters it differs from the earlier secret of its kind that is most like it; None for the first, and for a JWT.
    """

    kind: str
    sha256: str
    length: int
    header: Mapping[str, Json] | None = None
    claims: Mapping[str, Json] | None = None
    is_compact: bool = False
    is_cookie_octets: bool = True
    unlike: int | None = None


def plain_url(url: str) -> str:
    """`url` without TLS, on the same host: on port 80 where it names none, else on the port that it names."""
    parts = urlsplit(url)
    netloc = parts.netloc.removesuffix(":443") if parts.scheme == "https" else parts.netloc
    return parts._replace(scheme="http", netloc=netloc).geturl()


def header_value(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """The first value of the header field `name`."""
    return next((value for key, value in headers if key.lower() == name.lower()), None)
