"""A document that does not say how a caller comes by a token, completed with the `admin` application of the bundled contract. Pure."""

from __future__ import annotations

import copy
from collections.abc import Container, Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any, cast

from authproof_spec.contract import Contract, Operation
from authproof_spec.document import Document, parts_of
from authproof_spec.error_form import problem_content, with_errors
from authproof_spec.pointer import Json, get, join

_EXTENSION = "x-authproof"
_COMPONENTS = "x-authproof-defaults"
"""The member of components that holds what the added operations refer to, by application."""
_ADDED = "x-authproof-default"
"""Marks an operation that was added."""
_PREFIX = "/_auth"
_SOURCE = "admin"
_COOKIE: Json = {"path": "/", "httpOnly": True, "secure": True, "sameSite": "Lax"}
_BEARER: Json = {"type": "http", "scheme": "bearer"}

Tree = dict[str, Any]
Carrier = tuple[str, str]
"""Where a token travels: bearer, header or cookie, and the name of the header field or cookie."""


def completed(document: Document, bundled: Contract) -> Document:
    """`document` with a login, refresh, logout and personal access tokens for each carrier of tokens for which it describes none.

    Their errors are problem details where those of `document` are.
    Security schemes of one carrier become one of them. The operations are those of the admin application of `bundled`, at the same paths,
    or under a prefix where the document has these itself. A document that describes an application for each of its carriers is returned as it is.
    """
    extension = document.root.get(_EXTENSION, {})
    if not isinstance(extension, Mapping):
        return document
    described = _object(extension.get("applications"))
    carriers = _carriers(document, _schemes_of(described.values()))
    for guard in csrf_fields(described.values()):
        carriers.pop(("header", guard), None)
    if described and not carriers:
        return document
    completion = _Completion(document, bundled, described)
    keys = next((carrier for carrier in carriers if carrier[0] == "header"), None) if ("bearer", "") in carriers else None
    api_keys = carriers.pop(keys) if keys else []
    for carrier, names in (carriers or {("bearer", ""): []}).items():
        completion.add(carrier, names, api_keys)
        api_keys = []
    return completion.document(extension)


def csrf_fields(applications: Iterable[Json]) -> frozenset[str]:
    """The names, in lower case, of the header fields that repeat the CSRF token of `applications`, as the extension has them."""
    guards = (_object(_object(_object(raw).get("accessToken")).get("csrf")) for raw in applications)
    return frozenset(str(guard["header"]).lower() for guard in guards if "header" in guard)


def added_operations(contract: Contract) -> tuple[Operation, ...]:
    """The operations of `contract` that its document did not have before it was completed."""
    paths = contract.document.root.get("paths")
    return tuple(operation for operation in contract.operations if get(paths, join((operation.path, operation.method.lower(), _ADDED))) is True)


def _schemes_of(applications: Iterable[Json]) -> frozenset[str]:
    """The names of the security schemes for which `applications` issue tokens already."""
    kinds = ("accessToken", "refreshToken", "personalAccessTokens")
    return frozenset(str(_object(_object(application).get(kind)).get("scheme")) for application in applications for kind in kinds)


def _carriers(document: Document, served: Container[str]) -> dict[Carrier, list[str]]:
    """The security schemes in use by their carrier: bearer tokens first, then header fields, then cookies."""
    used = {name for _, part in parts_of(document.root) for way in _array(part.get("security")) for name in _object(way)}
    found: dict[Carrier, list[str]] = {}
    for name, raw in _object(get(document.root, "/components/securitySchemes")).items():
        carrier = _carrier(_object(document.resolve(raw)))
        if carrier and name in used and name not in served:
            found.setdefault(carrier, []).append(name)
    return dict(sorted(found.items(), key=lambda item: ("bearer", "header", "cookie").index(item[0][0])))


def _carrier(scheme: Mapping[str, Json]) -> Carrier | None:
    """Where a token of `scheme` travels; None for what takes no token, such as a password, and for the query (RFC 9700 section 4.3.2)."""
    kind, place, name = scheme.get("type"), scheme.get("in"), str(scheme.get("name"))
    if kind in {"oauth2", "openIdConnect"} or (kind == "http" and str(scheme.get("scheme")).lower() == "bearer"):
        return "bearer", ""
    if kind != "apiKey" or place not in {"header", "cookie"}:
        return None
    if place == "cookie":
        return "cookie", name
    # OpenAPI 2 had no other words for a bearer token, and many documents still use these.
    is_bearer = name.lower() == "authorization" and "bearer" in str(scheme.get("description")).lower()
    return ("bearer", "") if is_bearer else ("header", name.lower())


class _Completion:
    """A copy of a document, to which applications are added one by one."""

    def __init__(self, document: Document, bundled: Contract, described: Mapping[str, Json]) -> None:
        self._document = document
        self._root: Tree = copy.deepcopy(dict(document.root))
        self._components: Tree = self._root.setdefault("components", {})
        self._schemes: Tree = self._components.setdefault("securitySchemes", {})
        self._paths: Tree = self._root.setdefault("paths", {})
        self._bundled = cast("Tree", bundled.document.root)
        self._operations = tuple(_operations_of(bundled))
        self._described = described
        self._errors = problem_content(document)
        self._added: Tree = {}

    def document(self, extension: Mapping[str, Json]) -> Document:
        """The document with what was added, and with `extension` where it says something itself."""
        rules = {name: value for name, value in self._bundled[_EXTENSION].items() if name in {"version", "tokens", "challenge", "errors"}}
        if self._errors:
            rules["errors"] = {**rules["errors"], "message": "/detail"}
        self._root[_EXTENSION] = {**rules, **extension, "applications": {**self._described, **self._added}}
        return self._document.changed(self._root)

    def add(self, carrier: Carrier, names: Sequence[str], api_keys: Sequence[str]) -> None:
        """Add an application whose access token travels by the schemes `names`, and its personal access tokens by `api_keys`, or else as well."""
        kind = carrier[0]
        first = not self._added
        application = _free(_SOURCE if first else names[0], self._described.keys() | self._added.keys())
        access = names[0] if names else _free("accessToken", self._schemes)
        if kind == "bearer":
            self._schemes[access] = _BEARER
        personal = api_keys[0] if api_keys else _free("personalAccessToken", self._schemes)
        if not api_keys:
            self._schemes[personal] = self._schemes[access] if kind == "header" else _BEARER
        refresh = _free("refreshToken", self._schemes)
        cookie = {**self._bundled["components"]["securitySchemes"]["adminRefreshToken"]}
        self._schemes[refresh] = cookie if first else {**cookie, "name": f"{application}_refresh_token"}
        self._unite(dict.fromkeys(names, access) | dict.fromkeys(api_keys, personal), {} if api_keys else {access: personal})
        schemes = {"adminAccessToken": access, "personalAccessToken": personal, "adminRefreshToken": refresh}
        self._added[application] = self._application(application, schemes, in_cookie=kind == "cookie")

    def _unite(self, names: Mapping[str, str], also: Mapping[str, str]) -> None:
        """Give each scheme of `names` its new name in every `security`, and each of `also` an alternative by the name there."""
        for _, part in parts_of(self._root):
            ways = part.get("security")
            if not isinstance(ways, list):
                continue
            united = [_united(way, names) for way in ways]
            united += [_united(way, also) for way in united if way.keys() & also.keys()]
            cast("MutableMapping[str, Json]", part)["security"] = [way for index, way in enumerate(united) if way not in united[:index]]

    def _application(self, application: str, schemes: Mapping[str, str], *, in_cookie: bool) -> Tree:
        """The bundled application in other words: its operations are added to the paths, and the rest is what the extension says of it."""
        prefix = self._free_prefix()
        operations = {operation.id: f"{operation.method} {prefix}{operation.path}" for operation in self._operations}
        raw = self._bundled[_EXTENSION]["applications"][_SOURCE]
        cookie_path = raw["refreshToken"]["cookie"]["path"]
        names = {
            **operations,
            **schemes,
            _SOURCE: application,
            cookie_path: prefix + cookie_path,
        }
        added: Tree = _renamed({name: value for name, value in raw.items() if name != "accounts"}, names)
        kinds = [added[kind] for kind in ("accessToken", "refreshToken", "personalAccessTokens")]
        if self._described:
            # The document's own tokens are told apart in some way of its own, and opaque ones need none.
            for kind in kinds:
                kind["format"] = "opaque"
        place = join(("components", _COMPONENTS, application))
        components = _renamed({name: value for name, value in self._bundled["components"].items() if name != "securitySchemes"}, {}, place)
        if self._errors:
            with_errors(components, self._errors)
        if in_cookie:
            del added["accessToken"]["response"]
            added["accessToken"]["cookie"] = _COOKIE
            components["schemas"]["AccessTokenAnswer"] = {"type": "object", "maxProperties": 0}
            components["responses"]["SessionStarted"]["content"]["application/json"].pop("examples")
        self._components.setdefault(_COMPONENTS, {})[application] = components
        self._add_paths(prefix, _renamed(self._bundled["paths"], schemes, place))
        return added

    def _add_paths(self, prefix: str, paths: Tree) -> None:
        for operation in self._operations:
            source = paths[operation.path]
            item = self._paths.setdefault(prefix + operation.path, {name: value for name, value in source.items() if name == "parameters"})
            raw = {name: value for name, value in source[operation.method.lower()].items() if name not in {"operationId", "tags"}}
            item[operation.method.lower()] = {**raw, _ADDED: True}

    def _free_prefix(self) -> str:
        """What has to stand before the added paths so that no request is for one of them and for one of the document."""
        prefix = ""
        while any(_overlap(prefix + operation.path, path) for operation in self._operations for path in self._paths):
            prefix += _PREFIX
        return prefix


def _operations_of(bundled: Contract) -> Iterator[Operation]:
    """The operations that are added: those with a part to play, but not the administration of accounts, which is no caller's way to a token."""
    application = bundled.applications[_SOURCE]
    factor, identity, personal = application.second_factor, application.identity, application.personal_access_tokens
    yield from (login.operation for login in application.logins)
    yield from (part.operation for part in (factor, identity) if part)
    yield from (operation for operation in (application.refresh, application.logout) if operation)
    yield from (personal.list, personal.create, personal.revoke) if personal else ()


def _overlap(one: str, other: str) -> bool:
    """True when some request is for both path templates."""
    pairs = (one.split("/"), other.split("/"))
    return len(pairs[0]) == len(pairs[1]) and all(first == second or "{" in first + second for first, second in zip(*pairs, strict=True))


def _united(way: Mapping[str, Json], names: Mapping[str, str]) -> dict[str, Json]:
    """An alternative of `security` with other names; what two schemes of one name ask for is asked together."""
    united: dict[str, list[Json]] = {}
    for name, permissions in way.items():
        there = united.setdefault(names.get(name, name), [])
        there += [permission for permission in _array(permissions) if permission not in there]
    return dict(united)


def _renamed(value: Any, names: Mapping[str, str], place: str = "") -> Any:
    """A copy of `value` in which each text, and each member's name, of `names` is another, and references to components lead to `place`."""
    if isinstance(value, Mapping):
        return {names.get(name, name): _renamed(member, names, place) for name, member in value.items()}
    if isinstance(value, list):
        return [_renamed(member, names, place) for member in value]
    if isinstance(value, str) and place and value.startswith("#/components/"):
        return f"#{place}{value.removeprefix('#/components')}"
    return names.get(value, value) if isinstance(value, str) else value


def _free(name: str, taken: Container[str]) -> str:
    """`name`, or the first of name2, name3 and so on that is not taken."""
    number = 1
    while (found := name if number == 1 else f"{name}{number}") in taken:
        number += 1
    return found


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _array(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else ()
