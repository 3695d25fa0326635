"""The authentication contract as immutable values: what both the mock and the suite read."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote

from authproof_spec.document import Document


class SchemeKind(StrEnum):
    """Where a credential travels: as a bearer token, in a header field of its own, in a cookie, in a body, or otherwise."""

    BEARER = "bearer"
    HEADER = "header"
    COOKIE = "cookie"
    BODY = "body"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class SecurityScheme:
    """A security scheme of the document.

    parameter: the cookie's or header's name of an apiKey scheme.
    opens: an access token or a personal access token travels by it, so an operation that takes it is protected.
    """

    name: str
    kind: SchemeKind
    parameter: str | None = None
    opens: bool = False


FORM = "application/x-www-form-urlencoded"
"""The media type of a form's fields (WHATWG URL section 5)."""


@dataclass(frozen=True, slots=True)
class SecurityRequirement:
    """One scheme that a caller must satisfy, with the permissions (roles, scopes) that it must hold."""

    scheme: SecurityScheme
    permissions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A declared parameter. `schema` is the JSON pointer of its schema, `location` path, query, header or cookie.

    content: the media type of its text, when that is declared in place of a schema and a style.
    """

    name: str
    location: str
    required: bool
    schema: str | None
    types: frozenset[str] = frozenset()
    example: object = None
    style: str = "simple"
    explode: bool = False
    content: MediaType | None = None


@dataclass(frozen=True, slots=True)
class MediaType:
    """A declared media type. `schema` is the JSON pointer of its schema, `examples` are values by name."""

    name: str
    schema: str | None
    examples: Mapping[str, object] = field(default_factory=dict)

    @property
    def essence(self) -> str:
        """The type without its parameters, in lower case: types know no case (RFC 9110 section 8.3.1)."""
        return self.name.partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        """True for a type of JSON, and for a range that has one."""
        return self.essence.endswith(("/json", "+json")) or self.essence in {"*/*", "application/*"}


@dataclass(frozen=True, slots=True)
class RequestBody:
    """The declared request body."""

    required: bool
    content: tuple[MediaType, ...]

    @property
    def is_form(self) -> bool:
        """True when it is declared as the fields of a form, and not as JSON."""
        return any(media.essence == FORM for media in self.content) and not any(media.is_json for media in self.content)


@dataclass(frozen=True, slots=True)
class ResponseRule:
    """A declared response. `status` is as in the document: "200", "4XX" or "default"; the names of `headers` are in lower case."""

    status: str
    content: tuple[MediaType, ...]
    headers: Mapping[str, Parameter] = field(default_factory=dict)

    @property
    def media_type(self) -> MediaType | None:
        """The first JSON media type, else the first one at all."""
        json = (media for media in self.content if media.is_json)
        return next(json, self.content[0] if self.content else None)


@dataclass(frozen=True)
class Operation:
    """One operation of the document.

    id: its operationId, else METHOD /path.
    security: the alternatives of which a caller satisfies one; each is a conjunction, and an empty one means nobody is asked.
    """

    id: str
    method: str
    path: str
    security: tuple[tuple[SecurityRequirement, ...], ...]
    parameters: tuple[Parameter, ...]
    request_body: RequestBody | None
    responses: Mapping[str, ResponseRule]

    @property
    def takes_form(self) -> bool:
        """True when its body is the fields of a form."""
        return self.request_body is not None and self.request_body.is_form

    @property
    def name(self) -> str:
        """What reports call it, such as `GET /api/user`."""
        return f"{self.method} {self.path}"

    @functools.cached_property
    def is_public(self) -> bool:
        """True when a caller without credentials is served."""
        return not self.security or () in self.security

    @functools.cached_property
    def is_protected(self) -> bool:
        """True when every alternative asks for an access token or a personal access token."""
        return not self.is_public and all(any(part.scheme.opens for part in way) for way in self.security)

    @functools.cached_property
    def bearer_schemes(self) -> Mapping[str, frozenset[str]]:
        """Name of each scheme by which a token opens the operation, with the permissions it takes: the fewest, where alternatives differ in them."""
        found: dict[str, frozenset[str]] = {}
        for part in (part for way in self.security for part in way if part.scheme.opens):
            permissions = frozenset(part.permissions)
            found[part.scheme.name] = min(permissions, found.get(part.scheme.name, permissions), key=len)
        return found

    @functools.cached_property
    def path_parameters(self) -> tuple[Parameter, ...]:
        """The path parameters in the order of the path."""
        inside = [parameter for parameter in self.parameters if parameter.location == "path"]
        return tuple(sorted(inside, key=lambda parameter: self.path.find("{" + parameter.name + "}")))

    @functools.cached_property
    def encoded_path(self) -> str:
        """The path as requests have it, but for its parameters: what is no character of a URI is percent-encoded (RFC 3986 sections 2.1 and 3.3)."""
        parts = re.split(r"(\{[^{}]*\})", self.path)
        return "".join(part if part.startswith("{") else quote(part, safe="/%:@!$&'()*+,;=~") for part in parts)

    @property
    def success_status(self) -> int:
        """The first declared status of the 2xx class, else of the 3xx class; 200 where neither is declared by number."""
        classes = "2" if "2XX" in self.responses else "23"
        return min((int(status) for status in self.responses if status.isdecimal() and status[0] in classes), default=200)

    def response(self, status: int) -> ResponseRule | None:
        """The declared response for `status`: by number, by class, or the default one."""
        return self.responses.get(str(status)) or self.responses.get(f"{status // 100}XX") or self.responses.get("default")


class Meaning(StrEnum):
    """What a claim of a token holds."""

    ISSUER = "issuer"
    AUDIENCE = "audience"
    ACCOUNT = "account"
    ISSUED_AT = "issuedAt"
    EXPIRES_AT = "expiresAt"
    IDENTIFIER = "identifier"


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What all tokens of the API share. `claims`: name of each claim, and what it holds; `clock_skew` in seconds."""

    algorithm: str
    claims: Mapping[str, Meaning]
    issuer: str | None = None
    clock_skew: int = 0
    jwks_path: str | None = None

    def claims_meaning(self, meaning: Meaning) -> tuple[str, ...]:
        """The names of the claims that hold `meaning`."""
        return tuple(name for name, held in self.claims.items() if held is meaning)


@dataclass(frozen=True, slots=True)
class TokenKind:
    """One kind of token of one application: how it is told from the others, and where it travels.

    lifetime: seconds; the greatest allowed one for personal access tokens, None when unlimited.
    opaque: it is random text that means nothing to a client, and no JWT.
    prefix: the word before the token in a header field of its own, such as `Token`.
    """

    scheme: SecurityScheme
    audience: frozenset[str]
    fixed_claims: Mapping[str, object]
    lifetime: int | None
    opaque: bool = False
    prefix: str | None = None

    @property
    def field(self) -> str | None:
        """The header field that carries it; None where a cookie or a body does."""
        return "Authorization" if self.scheme.kind is SchemeKind.BEARER else self.scheme.parameter if self.scheme.kind is SchemeKind.HEADER else None

    @property
    def word(self) -> str | None:
        """The word before it in that field; None where it stands there alone."""
        return "Bearer" if self.scheme.kind is SchemeKind.BEARER else self.prefix

    @property
    def auth_scheme(self) -> str | None:
        """The authentication scheme of HTTP that it belongs to (RFC 9110 section 11.1); None where it does not travel in Authorization."""
        return self.word if (self.field or "").lower() == "authorization" else None

    @property
    def place(self) -> str:
        """Where it travels, in words."""
        if self.scheme.kind is SchemeKind.COOKIE:
            return f"in the cookie {self.scheme.parameter}"
        if self.field is None:
            return "in bodies"
        return f"in {self.field} after the word {self.word}" if self.word else f"in {self.field}"


@dataclass(frozen=True, slots=True)
class CookiePolicy:
    """A token cookie's name, scope and flags. `same_site` is Strict, Lax or None; `max_age` in seconds."""

    name: str
    path: str
    domain: str | None
    http_only: bool
    secure: bool
    same_site: str
    max_age: int


@dataclass(frozen=True, slots=True)
class BodyCarrier:
    """Where bodies have the refresh token of an API that uses no cookie: pointers into requests and answers."""

    request: str
    response: str


@dataclass(frozen=True, slots=True)
class CsrfToken:
    """The token that shows that a request with a token cookie comes from the API's own page: its cookie, and the header that repeats it."""

    cookie: str
    header: str


@dataclass(frozen=True, slots=True)
class RotationPolicy:
    """What becomes of a used refresh token (RFC 9700 section 4.14.2).

    revokes_account: reuse ends every session of the account, not the family alone.
    grace: seconds during which the token just replaced is still answered, with the same child or with a new one.
    """

    revokes_account: bool = False
    grace: int = 0
    same_child: bool = False


@dataclass(frozen=True, slots=True)
class Login:
    """A login. `credentials`: JSON pointer of each request field, and the account's attribute that it must equal.

    told: the attributes for which the document has a value, such as `password` for the `grant_type` of OAuth 2.0, and that value.
    """

    operation: Operation
    credentials: Mapping[str, str]
    refusal: int = 401
    told: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """A second factor: pointers of the challenge in the login's answer and in the answer to it. `lifetime` in seconds."""

    operation: Operation
    provider: str | None
    lifetime: int
    request_challenge: str
    request_provider: str | None
    request_code: str
    response_challenge: str
    response_provider: str | None
    response_devices: str | None


@dataclass(frozen=True, slots=True)
class Identity:
    """The operation that tells callers who they are; `fields`: attribute of the account -> pointer in the answer."""

    operation: Operation
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PersonalAccessTokens:
    """The operations on personal access tokens, and the pointers into their bodies. `record`: member -> pointer.

    request_expires_at: None where nobody chooses when a token ends: it does after the lifetime of its kind, or never.
    """

    kind: TokenKind
    list: Operation
    create: Operation
    revoke: Operation
    items: str
    total: str | None
    request_name: str
    request_expires_at: str | None
    response_token: str
    response_record: str
    record: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AccountAdministration:
    """The operations that administer accounts, those that there are. `fields`: attribute of the account -> pointer."""

    list: Operation | None
    create: Operation | None
    update: Operation | None
    delete: Operation | None
    items: str | None
    total: str | None
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Application:
    """An application that clients log in to.

    access_token_field: pointer of the access token in an answer; empty when `access_cookie` carries it.
    cookie, refresh_body: how the refresh token travels; one of them, when there is one.
    session_lifetime: seconds after its login at which a session ends, however often it is refreshed; None when it has no such end.
    """

    name: str
    access_token: TokenKind
    access_token_field: str
    logins: tuple[Login, ...]
    access_cookie: CookiePolicy | None = None
    csrf: CsrfToken | None = None
    refresh_token: TokenKind | None = None
    cookie: CookiePolicy | None = None
    refresh_body: BodyCarrier | None = None
    rotation: RotationPolicy = RotationPolicy()
    session_lifetime: int | None = None
    second_factor: SecondFactor | None = None
    refresh: Operation | None = None
    logout: Operation | None = None
    identity: Identity | None = None
    personal_access_tokens: PersonalAccessTokens | None = None
    accounts: AccountAdministration | None = None

    @functools.cached_property
    def token_kinds(self) -> tuple[TokenKind, ...]:
        """Every kind of token of the application."""
        personal = self.personal_access_tokens
        kinds = (self.access_token, self.refresh_token, personal.kind if personal else None)
        return tuple(kind for kind in kinds if kind is not None)

    @functools.cached_property
    def bearer_kinds(self) -> tuple[TokenKind, ...]:
        """The kinds that authenticate a protected operation."""
        return tuple(kind for kind in self.token_kinds if kind.scheme.opens)

    @property
    def token_cookies(self) -> tuple[CookiePolicy, ...]:
        """The cookies that carry its tokens: that of the refresh token, and that of the access token."""
        return tuple(cookie for cookie in (self.cookie, self.access_cookie) if cookie)


@dataclass(frozen=True, slots=True)
class ObjectRule:
    """The object of `operation` is the caller's own only when the path parameter equals the account's attribute."""

    operation: Operation
    parameter: str
    attribute: str
    otherwise: int


@dataclass(frozen=True)
class Contract:
    """The whole contract of one document.

    requires_error_codes: a refusal must name its error code, else it should (RFC 6750 section 3.1).
    error_message, error_fields: pointers into an error body.
    """

    document: Document
    title: str
    version: str
    operations: tuple[Operation, ...]
    tokens: TokenRules
    applications: Mapping[str, Application]
    object_rules: tuple[ObjectRule, ...] = ()
    realm: str | None = None
    requires_error_codes: bool = False
    error_message: str = "/message"
    error_fields: str | None = None
    cors_origins: tuple[str, ...] = ()

    def read_of(self, path: str) -> Operation:
        """The GET operation of `path`; where the document has none, one of which it says nothing."""
        declared = (operation for operation in self.operations if (operation.method, operation.path) == ("GET", path))
        return next(declared, Operation(f"GET {path}", "GET", path, (), (), None, {}))

    @functools.cached_property
    def by_id(self) -> Mapping[str, Operation]:
        """The operations by their ids."""
        return {operation.id: operation for operation in self.operations}

    @functools.cached_property
    def protected_operations(self) -> tuple[Operation, ...]:
        """The operations that read Authorization."""
        return tuple(operation for operation in self.operations if operation.is_protected)

    def application_of(self, operation: Operation) -> Application | None:
        """The application whose tokens open `operation`."""
        schemes = operation.bearer_schemes
        owners = (app for app in self.applications.values() if any(kind.scheme.name in schemes for kind in app.bearer_kinds))
        return next(owners, None)
