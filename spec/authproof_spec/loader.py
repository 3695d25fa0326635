"""From an OpenAPI document to a Contract. Every rejection names the file, the line, the pointer and the mend."""

from __future__ import annotations

import functools
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import cast

import jsonschema_rs

from authproof_spec.consistency import contradictions
from authproof_spec.contract import (
    AccountAdministration,
    Application,
    BodyCarrier,
    Contract,
    CookiePolicy,
    CsrfToken,
    Identity,
    Login,
    Meaning,
    MediaType,
    ObjectRule,
    Operation,
    Parameter,
    PersonalAccessTokens,
    RequestBody,
    ResponseRule,
    RotationPolicy,
    SchemeKind,
    SecondFactor,
    SecurityRequirement,
    SecurityScheme,
    TokenKind,
    TokenRules,
)
from authproof_spec.defaults import completed, csrf_fields
from authproof_spec.document import Document, read_document
from authproof_spec.errors import ContractError, Problem
from authproof_spec.openapi import METHODS, problems_of_openapi, short
from authproof_spec.pointer import Json, get, join
from authproof_spec.told import told_text

EXTENSION = "x-authproof"
_BUNDLED = files("authproof_spec") / "openapi.yaml"


def load_contract(source: str | Path | None = None, overlays: Sequence[str | Path] = (), *, complete: bool = False) -> Contract:
    """The contract of the OpenAPI 3.0 or 3.1 document at `source`, a path or URL; the bundled document's when None.

    overlays: paths or URLs of OpenAPI Overlays, which are carried out in their order.
    complete: add the bundled contract's login, refresh, logout and personal access tokens where the document does not describe its own.
    Raises ContractError with everything that is wrong with the document.
    """
    if source is None and not overlays:
        # Valid by this project's own tests, so a start of the mock need not prove it again.
        return _build(Document(_BUNDLED.read_text("utf-8"), str(_BUNDLED)))
    document = load_document(_BUNDLED if source is None else source, overlays)
    if complete:
        document = completed(document, load_contract())
    return _build(document)


def load_document(source: str | Path | Traversable, overlays: Sequence[str | Path] = ()) -> Document:
    """The document at `source` as a valid one of OpenAPI 3.1, whether it has the extension or not; see `load_contract`. Raises ContractError."""
    document = read_whole_document(source, overlays)
    _raise_if(problems_of_openapi(document))
    return document


def read_whole_document(source: str | Path | Traversable, overlays: Sequence[str | Path] = ()) -> Document:
    """The document at `source` as one of OpenAPI 3.1: with its other files, its overlays, and brought up from 3.0. Raises ContractError."""
    from authproof_spec.bundle import bundled
    from authproof_spec.overlay import overlaid
    from authproof_spec.upgrade import upgraded

    document = read_document(str(source))
    return overlaid(upgraded(bundled(document, read_document)), [read_document(overlay) for overlay in overlays])


def extension_schema() -> dict[str, Json]:
    """The JSON Schema of the extension."""
    schema: dict[str, Json] = json.loads((files("authproof_spec") / "extension.schema.json").read_text("utf-8"))
    return schema


def _raise_if(problems: Sequence[Problem]) -> None:
    if problems:
        raise ContractError(sorted(problems, key=lambda problem: (problem.line or 0, problem.pointer)))


@functools.cache
def _extension_validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(extension_schema(), validate_formats=True)


def _build(document: Document) -> Contract:
    extension = document.root.get(EXTENSION)
    if extension is None:
        mend = (
            f"Have it guessed by `authproof init --from {shlex.quote(document.source)}`, which writes it as an overlay, and name that in the profile or by "
            f"--overlay; or add `{EXTENSION}` at the root, as docs/extension.md describes it."
        )
        raise ContractError([document.problem("", f"The document has no `{EXTENSION}`, so it does not say which operation is a login.", mend)])
    problems = []
    for error in _extension_validator().iter_errors(extension):
        where = join((EXTENSION, *error.instance_path))
        problems.append(document.problem(where, f"{short(error.message)}.", "See docs/extension.md, or its JSON Schema, for what may stand here."))
    _raise_if(problems)
    builder = _Builder(document)
    contract = builder.contract()
    _raise_if(builder.problems)
    _raise_if([document.problem(f"/{EXTENSION}{pointer}", message, mend) for pointer, message, mend in contradictions(contract)])
    return contract


class _Builder:
    """Turns the tree of one valid document into values, and collects what refers to nothing."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []
        extension = _object(document.root.get(EXTENSION))
        carriers, self._guards = _carriers(extension), csrf_fields(_object(extension.get("applications")).values())
        self.schemes = {name: _scheme(name, _object(document.resolve(raw)), carriers) for name, raw in self._components("securitySchemes").items()}
        self.operations = tuple(self._operations())
        self._by_name = {operation.name: operation for operation in self.operations} | {operation.id: operation for operation in self.operations}

    def contract(self) -> Contract:
        info = _object(self.document.root.get("info"))
        extension = _object(self.document.root.get(EXTENSION))
        tokens = _object(extension.get("tokens"))
        challenge, errors = _object(extension.get("challenge")), _object(extension.get("errors"))
        applications = {name: self._application(name, _object(raw)) for name, raw in _object(extension["applications"]).items()}
        return Contract(
            document=self.document,
            title=str(info.get("title", "")),
            version=str(info.get("version", "")),
            operations=self.operations,
            tokens=TokenRules(
                algorithm=_text(tokens.get("algorithm")) or "",
                claims={name: Meaning(str(meaning)) for name, meaning in _object(tokens.get("claims")).items()},
                issuer=_text(tokens.get("issuer")),
                clock_skew=_number(tokens.get("clockSkew")) or 0,
                jwks_path=_text(tokens.get("jwks")),
            ),
            applications={name: application for name, application in applications.items() if application},
            object_rules=tuple(self._object_rules(_array(extension.get("objectRules")))),
            realm=_text(challenge.get("realm")),
            requires_error_codes=challenge.get("errorCodes") is True,
            error_message=_text(errors.get("message")) or "/message",
            error_fields=_text(errors.get("fields")),
            cors_origins=tuple(str(origin) for origin in _array(_object(extension.get("cors")).get("origins"))),
        )

    def _components(self, name: str) -> Mapping[str, Json]:
        return _object(_object(self.document.root.get("components")).get(name))

    def _operations(self) -> Iterator[Operation]:
        for path, raw_item in _object(self.document.root.get("paths")).items():
            place, item = self._follow(("paths", path), raw_item)
            for method, raw in item.items():
                if method in METHODS and isinstance(raw, Mapping):
                    yield self._operation(path, method, item, raw, place)

    def _operation(self, path: str, method: str, item: Mapping[str, Json], raw: Mapping[str, Json], place: Sequence[object]) -> Operation:
        where = (*place, method)
        # An operation's parameter replaces the path's one of the same name and place.
        parameters = {(p.name, p.location): p for p in (*self._parameters(place, item), *self._parameters(where, raw))}
        body = None
        if raw_body := raw.get("requestBody"):
            place, content = self._follow((*where, "requestBody"), raw_body)
            body = RequestBody(content.get("required") is True, self._content(place, content))
        responses = {}
        for status, raw_response in _object(raw.get("responses")).items():
            place, content = self._follow((*where, "responses", status), raw_response)
            responses[status] = ResponseRule(status, self._content(place, content), dict(self._headers(place, content)))
        name = f"{method.upper()} {path}"
        return Operation(
            id=_text(raw.get("operationId")) or name,
            method=method.upper(),
            path=path,
            security=self._security(raw.get("security", self.document.root.get("security")), where),
            parameters=tuple(parameters.values()),
            request_body=body,
            responses=responses,
        )

    def _follow(self, place: Sequence[object], raw: Json) -> tuple[tuple[object, ...], Mapping[str, Json]]:
        """The object at `place`, and the place where it truly stands when that is a reference."""
        here, value = self.document.follow(place, raw)
        return here, _object(value)

    def _parameters(self, where: Sequence[object], holder: Mapping[str, Json]) -> Iterator[Parameter]:
        for index, raw in enumerate(_array(holder.get("parameters"))):
            place, content = self._follow((*where, "parameters", index), raw)
            yield self._parameter(str(content.get("name")), str(content.get("in")), place, content)

    def _headers(self, where: Sequence[object], holder: Mapping[str, Json]) -> Iterator[tuple[str, Parameter]]:
        for name, raw in _object(holder.get("headers")).items():
            place, content = self._follow((*where, "headers", name), raw)
            yield name.lower(), self._parameter(name, "header", place, content)

    def _parameter(self, name: str, location: str, place: Sequence[object], content: Mapping[str, Json]) -> Parameter:
        schema = _object(self.document.resolve(content.get("schema")))
        types = schema.get("type")
        style = _text(content.get("style")) or ("form" if location in {"query", "cookie"} else "simple")
        return Parameter(
            name=name,
            location=location,
            required=content.get("required") is True,
            schema=self._schema(place, content),
            types=frozenset([types] if isinstance(types, str) else [str(kind) for kind in _array(types)]),
            example=self._example(content, schema),
            style=style,
            explode=content.get("explode", style == "form") is True,
            content=next(iter(self._content(place, content)), None),
        )

    def _schema(self, place: Sequence[object], holder: Mapping[str, Json]) -> str | None:
        """The pointer of the schema of `holder`, where it is written: many operations refer to a few."""
        return join(self.document.follow((*place, "schema"), holder["schema"], alone=True)[0]) if "schema" in holder else None

    def _example(self, parameter: Mapping[str, Json], schema: Mapping[str, Json]) -> Json:
        """The first example of a parameter: its own, one of its own named ones, else its schema's."""
        named = (_object(self.document.resolve(example)) for example in _object(parameter.get("examples")).values())
        first = next((example["value"] for example in named if "value" in example), None)
        return parameter.get("example", schema.get("example") if first is None else first)

    def _content(self, place: Sequence[object], holder: Mapping[str, Json]) -> tuple[MediaType, ...]:
        media = []
        for name, raw in _object(holder.get("content")).items():
            content = _object(raw)
            named = ((key, _object(self.document.resolve(example))) for key, example in _object(content.get("examples")).items())
            examples = {key: example["value"] for key, example in named if "value" in example}
            if "example" in content:
                examples[""] = content["example"]
            media.append(MediaType(name.lower(), self._schema((*place, "content", name), content), examples))
        return tuple(media)

    def _security(self, raw: Json, where: Sequence[object]) -> tuple[tuple[SecurityRequirement, ...], ...]:
        alternatives = []
        for index, alternative in enumerate(_array(raw)):
            parts = []
            for name, permissions in _object(alternative).items():
                scheme = self.schemes.get(name)
                if scheme and scheme.kind is SchemeKind.HEADER and (scheme.parameter or "").lower() in self._guards and len(_object(alternative)) > 1:
                    continue  # the CSRF token is no credential of its own: it goes with the cookie beside it
                if scheme:
                    parts.append(SecurityRequirement(scheme, tuple(str(permission) for permission in _array(permissions))))
                else:
                    self._unknown((*where, "security", index, name), "security scheme", name, self.schemes)
            alternatives.append(tuple(parts))
        return tuple(alternatives)

    def _unknown(self, where: Sequence[object], what: str, name: str, known: Mapping[str, object]) -> None:
        names = ", ".join(sorted(known)) or "none"
        self.problems.append(self.document.problem(join(where), f"There is no {what} {name!r} in this document.", f"Name one of: {short(names)}."))

    def _operation_named(self, where: Sequence[object], name: Json) -> Operation | None:
        if not isinstance(name, str):
            return None
        operation = self._by_name.get(name)
        if operation is None:
            self._unknown((EXTENSION, *where), "operation", name, {o.id: o for o in self.operations})
        return operation

    def _scheme_named(self, where: Sequence[object], name: Json) -> SecurityScheme:
        if name is None:
            return SecurityScheme("", SchemeKind.BODY)
        scheme = self.schemes.get(str(name))
        if scheme is None:
            self._unknown((EXTENSION, *where, "scheme"), "security scheme", str(name), self.schemes)
        return scheme or SecurityScheme(str(name), SchemeKind.OTHER)

    def _kind(self, where: Sequence[object], raw: Mapping[str, Json], lifetime: str = "lifetime") -> TokenKind:
        return TokenKind(
            scheme=self._scheme_named(where, raw.get("scheme")),
            audience=frozenset(str(entry) for entry in _array(raw.get("audience"))),
            fixed_claims=_object(raw.get("fixedClaims")),
            lifetime=_number(raw.get(lifetime)),
            opaque=raw.get("format") == "opaque",
            prefix=_text(raw.get("prefix")),
        )

    def _application(self, name: str, raw: Mapping[str, Json]) -> Application | None:
        here = ("applications", name)
        access = _object(raw["accessToken"])
        refresh = _object(raw.get("refreshToken"))
        refresh_kind = self._kind((*here, "refreshToken"), refresh) if refresh else None
        access_kind = self._kind((*here, "accessToken"), access)
        body, csrf = _object(refresh.get("body")), _object(access.get("csrf"))
        rotation = _object(refresh.get("rotation"))
        logins = []
        for index, entry in enumerate(_array(raw["logins"])):
            login = _object(entry)
            if operation := self._operation_named((*here, "logins", index, "operation"), login["operation"]):
                credentials = {pointer: str(attribute) for pointer, attribute in _object(login["credentials"]).items()}
                logins.append(Login(operation, credentials, _number(login.get("refusal")) or 401, self._told(operation, credentials)))
        return Application(
            name=name,
            access_token=access_kind,
            access_token_field=_text(access.get("response")) or "",
            logins=tuple(logins),
            access_cookie=_cookie(_object(access.get("cookie")), access_kind),
            csrf=CsrfToken(str(csrf["cookie"]), str(csrf["header"])) if csrf else None,
            refresh_token=refresh_kind,
            refresh_body=BodyCarrier(str(body["request"]), str(body["response"])) if body else None,
            cookie=_cookie(_object(refresh.get("cookie")), refresh_kind),
            session_lifetime=_number(refresh.get("sessionLifetime")),
            rotation=RotationPolicy(
                revokes_account=rotation.get("reuse") == "revoke-account",
                grace=_number(rotation.get("grace")) or 0,
                same_child=rotation.get("graceAnswer") == "same-child",
            ),
            second_factor=self._second_factor(here, _object(raw.get("secondFactor"))),
            refresh=self._operation_named((*here, "refresh"), raw.get("refresh")),
            logout=self._operation_named((*here, "logout"), raw.get("logout")),
            identity=self._identity(here, _object(raw.get("identity"))),
            personal_access_tokens=self._personal(here, _object(raw.get("personalAccessTokens"))),
            accounts=self._accounts(here, _object(raw.get("accounts"))),
        )

    def _told(self, operation: Operation, credentials: Mapping[str, str]) -> dict[str, str]:
        """The values that the document has for attributes: of each, the first that a media type of the body tells."""
        schemas = [media.schema for media in operation.request_body.content if media.schema] if operation.request_body else []
        texts = (
            (attribute, told_text(self.document, get(self.document.root, schema), pointer))
            for pointer, attribute in credentials.items()
            for schema in reversed(schemas)
        )
        return {attribute: text for attribute, text in texts if text is not None}

    def _second_factor(self, here: Sequence[object], raw: Mapping[str, Json]) -> SecondFactor | None:
        operation = self._operation_named((*here, "secondFactor", "operation"), raw.get("operation"))
        if operation is None:
            return None
        request, response = _object(raw["request"]), _object(raw["response"])
        return SecondFactor(
            operation=operation,
            provider=_text(raw.get("provider")),
            lifetime=_number(raw["lifetime"]) or 0,
            request_challenge=str(request["challenge"]),
            request_provider=_text(request.get("provider")),
            request_code=str(request["code"]),
            response_challenge=str(response["challenge"]),
            response_provider=_text(response.get("provider")),
            response_devices=_text(response.get("devices")),
        )

    def _identity(self, here: Sequence[object], raw: Mapping[str, Json]) -> Identity | None:
        operation = self._operation_named((*here, "identity", "operation"), raw.get("operation"))
        return Identity(operation, _pointers(raw.get("fields"))) if operation else None

    def _personal(self, here: Sequence[object], raw: Mapping[str, Json]) -> PersonalAccessTokens | None:
        if not raw:
            return None
        place = (*here, "personalAccessTokens")
        names = {role: self._operation_named((*place, role), raw[role]) for role in ("list", "create", "revoke")}
        if not (names["list"] and names["create"] and names["revoke"]):
            return None
        request, response = _object(raw["request"]), _object(raw["response"])
        return PersonalAccessTokens(
            kind=self._kind(place, raw, "maximumLifetime"),
            list=names["list"],
            create=names["create"],
            revoke=names["revoke"],
            items=str(raw["items"]),
            total=_text(raw.get("total")),
            request_name=str(request["name"]),
            request_expires_at=_text(request.get("expiresAt")),
            response_token=str(response["token"]),
            response_record=str(response["record"]),
            record=_pointers(raw["record"]),
        )

    def _accounts(self, here: Sequence[object], raw: Mapping[str, Json]) -> AccountAdministration | None:
        if not raw:
            return None
        return AccountAdministration(
            list=self._operation_named((*here, "accounts", "list"), raw.get("list")),
            create=self._operation_named((*here, "accounts", "create"), raw.get("create")),
            update=self._operation_named((*here, "accounts", "update"), raw.get("update")),
            delete=self._operation_named((*here, "accounts", "delete"), raw.get("delete")),
            items=_text(raw.get("items")),
            total=_text(raw.get("total")),
            fields=_pointers(raw["fields"]),
        )

    def _object_rules(self, raw: Sequence[Json]) -> Iterator[ObjectRule]:
        for index, entry in enumerate(raw):
            rule = _object(entry)
            if operation := self._operation_named(("objectRules", index, "operation"), rule["operation"]):
                yield ObjectRule(operation, str(rule["parameter"]), str(rule["attribute"]), _number(rule["otherwise"]) or 403)


def _carriers(extension: Mapping[str, Json]) -> frozenset[str]:
    """The names of the schemes by which the extension lets access tokens and personal access tokens travel."""
    tokens = (
        _object(_object(raw).get(part)) for raw in _object(extension.get("applications")).values() for part in ("accessToken", "personalAccessTokens")
    )
    return frozenset(str(token.get("scheme")) for token in tokens)


def _scheme(name: str, raw: Mapping[str, Json], carriers: frozenset[str]) -> SecurityScheme:
    # RFC 6750 is how a token of OAuth 2.0 and of OpenID Connect is used.
    if raw.get("type") in {"oauth2", "openIdConnect"} or (raw.get("type") == "http" and str(raw.get("scheme")).lower() == "bearer"):
        return SecurityScheme(name, SchemeKind.BEARER, opens=True)
    places = {"cookie": SchemeKind.COOKIE, "header": SchemeKind.HEADER}
    kind = places.get(str(raw.get("in")), SchemeKind.OTHER) if raw.get("type") == "apiKey" else SchemeKind.OTHER
    return SecurityScheme(name, kind, _text(raw.get("name")), opens=name in carriers and kind is not SchemeKind.OTHER)


def _cookie(raw: Mapping[str, Json], kind: TokenKind | None) -> CookiePolicy | None:
    if not raw or kind is None:
        return None
    return CookiePolicy(
        name=kind.scheme.parameter or "",
        path=str(raw["path"]),
        domain=_text(raw.get("domain")),
        http_only=raw["httpOnly"] is True,
        secure=raw["secure"] is True,
        same_site=str(raw["sameSite"]),
        max_age=kind.lifetime or 0,
    )


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _array(value: Json) -> Sequence[Json]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Json) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _pointers(value: Json) -> Mapping[str, str]:
    return cast("Mapping[str, str]", _object(value))
