"""What a document says of each of its operations, flat: words, fields of bodies, cookies, security. No guess is made here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from authproof_spec.document import Document
from authproof_spec.pointer import Json, join

_METHODS = ("get", "put", "post", "delete", "patch")
_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json\b", re.IGNORECASE)
_FORM = "application/x-www-form-urlencoded"
_DEPTH = 3
_MOST_FIELDS = 500


def words_of(name: str) -> tuple[str, ...]:
    """The words of an identifier, a path or a sentence, in lower case: `signIn`, `sign_in` and `/sign-in` are `sign`, `in`."""
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3 \2\4", name)
    return tuple(re.findall(r"[a-z]+|[0-9]+", spaced.lower()))


def plain(name: str) -> str:
    """An identifier without case and separators: `access_token`, `accessToken` and `access-token` are alike."""
    return "".join(words_of(name))


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a body: where it is, its own name, its JSON Schema, and whether every object around it and it are required."""

    pointer: str
    name: str
    schema: Mapping[str, Json]
    required: bool

    @property
    def plain(self) -> str:
        """Its name without case and separators."""
        return plain(self.name)

    @property
    def is_list(self) -> bool:
        """True for a list."""
        return self.schema.get("type") == "array"

    @property
    def is_text(self) -> bool:
        """True unless its schema says that it is something else than text."""
        kind = self.schema.get("type")
        return kind is None or kind == "string" or (isinstance(kind, list) and "string" in kind)


@dataclass(frozen=True, slots=True)
class Scheme:
    """A security scheme. `kind`: bearer, header, cookie or other; `parameter`: the name of an apiKey scheme's header or cookie."""

    name: str
    kind: str
    parameter: str
    is_jwt: bool
    description: str


@dataclass(frozen=True, slots=True)
class Seen:
    """An operation.

    place: where it truly stands in the document. words: of path, operationId, tags and summary; path_words: of the path alone.
    request, answer: the fields of the request body and of the first 2xx answer's; errors: those of its 4xx answers.
    form: its body is a form and no JSON. cookies: the examples of Set-Cookie of its answers; header_names: of its 2xx answer, in lower case.
    security: the alternatives, each the schemes of it with their permissions; own_security: the operation has some of its own.
    """

    method: str
    path: str
    place: tuple[object, ...]
    words: frozenset[str]
    path_words: tuple[str, ...]
    request: tuple[Field, ...]
    answer: tuple[Field, ...]
    answer_is_list: bool
    errors: tuple[Field, ...]
    form: bool
    has_body: bool
    cookies: tuple[str, ...]
    sets_cookie: bool
    header_names: frozenset[str]
    statuses: frozenset[str]
    texts: tuple[str, ...]
    security: tuple[Mapping[str, tuple[str, ...]], ...]
    own_security: bool

    @property
    def name(self) -> str:
        """`METHOD /path`."""
        return f"{self.method} {self.path}"

    @property
    def is_public(self) -> bool:
        """True when a caller without credentials is served."""
        return not self.security or any(not alternative for alternative in self.security)

    @property
    def last(self) -> str:
        """The last segment of the path that is no parameter, without case and separators."""
        fixed = [segment for segment in self.path.split("/") if segment and not segment.startswith("{")]
        return plain(fixed[-1]) if fixed else ""

    @property
    def has_path_parameter(self) -> bool:
        """True when the path ends in a parameter."""
        return self.path.rstrip("/").endswith("}")


@dataclass(frozen=True, slots=True)
class Survey:
    """The whole document."""

    title: str
    servers: tuple[str, ...]
    schemes: Mapping[str, Scheme]
    schema_names: frozenset[str]
    operations: tuple[Seen, ...]


def survey(document: Document) -> Survey:
    """The survey of a valid `document`."""
    root = document.root
    components = _object(root.get("components"))
    return Survey(
        title=str(_object(root.get("info")).get("title", "")),
        servers=tuple(str(_object(server).get("url", "")) for server in _array(root.get("servers"))),
        schemes={name: _scheme(name, _object(document.resolve(raw))) for name, raw in _object(components.get("securitySchemes")).items()},
        schema_names=frozenset(_object(components.get("schemas"))),
        operations=tuple(_operations(document)),
    )


def _scheme(name: str, raw: Mapping[str, Json]) -> Scheme:
    kind = {"oauth2": "bearer", "openIdConnect": "bearer"}.get(str(raw.get("type")), "other")
    if raw.get("type") == "http" and str(raw.get("scheme")).lower() == "bearer":
        kind = "bearer"
    if raw.get("type") == "apiKey" and raw.get("in") in {"header", "cookie"}:
        kind = str(raw["in"])
    description = str(raw.get("description", ""))
    is_jwt = "jwt" in (*words_of(str(raw.get("bearerFormat", ""))), *words_of(name), *words_of(description))
    return Scheme(name, kind, str(raw.get("name", "")), is_jwt, description)


def _operations(document: Document) -> Iterator[Seen]:
    for path, raw_item in _object(document.root.get("paths")).items():
        place, item = document.follow(("paths", path), raw_item)
        for method in _METHODS:
            raw = _object(item).get(method)
            if isinstance(raw, Mapping):
                yield _operation(document, path, method, raw, (*place, method))


def _operation(document: Document, path: str, method: str, raw: Mapping[str, Json], place: tuple[object, ...]) -> Seen:
    body = _object(document.resolve(raw.get("requestBody")))
    media, form = _media(body)
    answers = {status: _object(document.resolve(answer)) for status, answer in _object(raw.get("responses")).items()}
    good = next((answer for status, answer in sorted(answers.items()) if status.startswith("2")), {})
    answer_schema = _object(document.resolve(_object(_media(good)[0]).get("schema")))
    refused = [answer for status, answer in answers.items() if status.startswith("4") or status == "default"]
    headers = {name.lower(): _object(document.resolve(header)) for name, header in _object(good.get("headers")).items()}
    set_cookie = headers.get("set-cookie")
    labels = [path, str(raw.get("operationId", "")), str(raw.get("summary", "")), *(str(tag) for tag in _array(raw.get("tags")))]
    return Seen(
        method=method.upper(),
        path=path,
        place=place,
        words=frozenset(word for label in labels for word in words_of(label)),
        path_words=(*words_of(path), *(plain(segment) for segment in path.split("/") if segment and not segment.startswith("{"))),
        request=tuple(_fields(document, media.get("schema"), written=True)),
        answer=tuple(_fields(document, answer_schema)),
        answer_is_list=answer_schema.get("type") == "array",
        errors=tuple(field for answer in refused for field in _fields(document, _media(answer)[0].get("schema"))),
        form=form,
        has_body=bool(body),
        cookies=tuple(_cookie_examples(set_cookie)) if set_cookie else (),
        sets_cookie=set_cookie is not None,
        header_names=frozenset(headers),
        statuses=frozenset(answers),
        texts=tuple(_texts([raw.get("summary"), raw.get("description"), *(_media(answer)[0] for answer in answers.values())])),
        security=tuple(_alternatives(raw.get("security", document.root.get("security")))),
        own_security="security" in raw,
    )


def _media(holder: Mapping[str, Json]) -> tuple[Mapping[str, Json], bool]:
    """The JSON media type of a body, else its form or whatever there is; and whether that is a form."""
    content = _object(holder.get("content"))
    name = next((name for name in content if _JSON.match(name)), next((name for name in content if name.startswith(_FORM)), next(iter(content), "")))
    return _object(content.get(name)), name.startswith(_FORM)


def _fields(document: Document, raw: Json, *, written: bool = False) -> Iterator[Field]:
    """The members of an object's schema and of the objects in it, the outermost first. `written`: without those that are read only."""
    level: list[tuple[tuple[str, ...], Json, bool]] = [((), raw, True)]
    count = 0
    for _ in range(_DEPTH):
        deeper: list[tuple[tuple[str, ...], Json, bool]] = []
        for path, holder, required in level:
            for name, schema, here in _properties(document, holder):
                if written and schema.get("readOnly") is True:
                    continue
                count += 1
                if count > _MOST_FIELDS:
                    return
                yield Field(join((*path, name)), name, schema, required and here)
                deeper.append(((*path, name), schema, required and here))
        level = deeper


def _properties(document: Document, raw: Json, depth: int = 0) -> Iterator[tuple[str, Mapping[str, Json], bool]]:
    """Name, schema and necessity of each property, those of `allOf`, `oneOf` and `anyOf` included."""
    schema = _object(document.resolve(raw))
    required = _array(schema.get("required"))
    for name, value in _object(schema.get("properties")).items():
        yield name, _object(document.resolve(value)), name in required
    if depth < _DEPTH:
        for word in ("allOf", "oneOf", "anyOf"):
            for part in _array(schema.get(word)):
                for name, value, needed in _properties(document, part, depth + 1):
                    yield name, value, (needed and word == "allOf") or name in required


def _cookie_examples(header: Mapping[str, Json]) -> Iterator[str]:
    schema = _object(header.get("schema"))
    examples = [_object(example).get("value") for example in _object(header.get("examples")).values()]
    for text in (header.get("example"), schema.get("example"), *_array(schema.get("examples")), *examples, header.get("description")):
        if isinstance(text, str) and re.match(r"[!#-+\--:<-~]+=", text):
            yield text


def _texts(values: Sequence[Json], depth: int = 0) -> Iterator[str]:
    """Every text in `values`, however deep: descriptions, examples and their names."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping) and depth < 6:
            yield from _texts([*value, *value.values()], depth + 1)
        elif isinstance(value, list) and depth < 6:
            yield from _texts(value, depth + 1)


def _alternatives(raw: Json) -> Iterator[Mapping[str, tuple[str, ...]]]:
    for alternative in _array(raw):
        yield {name: tuple(str(permission) for permission in _array(permissions)) for name, permissions in _object(alternative).items()}


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _array(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else ()
