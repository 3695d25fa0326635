"""Any OpenAPI document gives an overlay that can be used at once, or one of which the line is told that has to be filled in."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from authproof.cli import main
from authproof_spec import ContractError, load_contract

WORDS = st.sampled_from(
    [
        "login",
        "log-in",
        "signin",
        "token",
        "tokens",
        "refresh",
        "logout",
        "me",
        "user",
        "users",
        "{userId}",
        "{id}",
        "mfa",
        "verify",
        "api-keys",
        "keys",
        "session",
        "auth",
        "v1",
        "whoami",
    ]
)
ODD = st.text(st.characters(codec="utf-8", exclude_characters="{}~%?#", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6).filter(str.strip)
NAMES = st.one_of(
    st.sampled_from(
        [
            "email",
            "username",
            "password",
            "user",
            "token",
            "access_token",
            "refreshToken",
            "code",
            "challenge",
            "id",
            "key",
            "name",
            "expiresAt",
            "items",
            "record",
            "message",
            "detail",
        ]
    ),
    ODD,
)
SCHEMAS = st.recursive(
    st.sampled_from([{}, {"type": "string"}, {"type": "integer"}, {"type": "string", "readOnly": True}, {"type": "string", "example": "eyJ.eyJ.x"}]),
    lambda inner: st.one_of(
        st.dictionaries(NAMES, inner, max_size=4).flatmap(
            lambda members: st.just({"type": "object", "properties": members, **({"required": sorted(members)[:1]} if members else {})})
        ),
        inner.map(lambda schema: {"type": "array", "items": schema}),
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: {"allOf": parts}),
    ),
    max_leaves=6,
)
COOKIES = st.sampled_from(
    [
        "refresh=x; Path=/auth; SameSite=None",
        "__Host-s=y; Path=/x; Secure",
        "sid=z",
        "a=b; Max-Age=99999999999; SameSite=odd; Path=/ b",
        "=;",
        "no cookie",
    ]
)
LOGIN = {"type": "object", "required": ["email"], "properties": {"email": {"type": "string"}, "password": {"type": "string"}}}
SCHEME_NAMES = ["bearer", "key", "cookie", "refresh", "basic", "true", "api.key-1"]
SCHEMES = st.sampled_from(
    [
        {"type": "http", "scheme": "bearer"},
        {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        {"type": "http", "scheme": "basic"},
        {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        {"type": "apiKey", "in": "header", "name": "Authorization", "description": 'prefix "Token"'},
        {"type": "apiKey", "in": "header", "name": "Authorization"},
        {"type": "apiKey", "in": "cookie", "name": "refresh_token"},
        {"type": "apiKey", "in": "cookie", "name": "__Host-session"},
        {"type": "apiKey", "in": "query", "name": "key"},
    ]
)


@st.composite
def operations(draw: st.DrawFn, schemes: list[str], path: str) -> dict[str, object]:
    media: str = draw(st.sampled_from(["application/json", "application/x-www-form-urlencoded", "*/*"]))
    answer: dict[str, object] = {"description": draw(ODD)}
    if draw(st.booleans()):
        answer["content"] = {"application/json": {"schema": draw(SCHEMAS)}}
    if draw(st.booleans()):
        answer["headers"] = {"Set-Cookie": {"schema": {"type": "string"}, "example": draw(COOKIES)}}
    operation: dict[str, object] = {"responses": {draw(st.sampled_from(["200", "201", "default", "2XX"])): answer}}
    if draw(st.booleans()):
        operation["responses"] = {"401": {"description": "no"}, **dict(operation["responses"])}  # type: ignore[call-overload]
    if draw(st.booleans()):
        operation["requestBody"] = {"content": {media: {"schema": draw(SCHEMAS)}}}
    secured = draw(st.booleans())
    if schemes and secured:
        alternative = st.dictionaries(st.sampled_from(schemes), st.sampled_from([[], ["admin"]]), max_size=2)
        operation["security"] = draw(st.lists(alternative, max_size=3))
    names = [segment[1:-1] for segment in path.split("/") if segment.startswith("{")]
    operation["parameters"] = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    return operation


@st.composite
def documents(draw: st.DrawFn) -> dict[str, object]:
    schemes = draw(st.dictionaries(st.sampled_from(SCHEME_NAMES), SCHEMES, max_size=4))
    paths: dict[str, dict[str, object]] = {}
    for _ in range(draw(st.integers(0, 6))):
        segments = draw(st.lists(st.one_of(WORDS, WORDS, ODD.filter(lambda text: "/" not in text)), min_size=1, max_size=3, unique=True))
        path = "/" + "/".join(segments)
        template = "/".join("{}" if segment.startswith("{") else segment for segment in segments)
        if any("/".join("{}" if part.startswith("{") else part for part in known[1:].split("/")) == template for known in paths):
            continue
        methods = draw(st.sets(st.sampled_from(["get", "post", "delete", "patch"]), min_size=1))
        paths[path] = {method: draw(operations(list(schemes), path)) for method in sorted(methods)}
    if draw(st.sampled_from([True, True, False])):
        paths["/account/sign-in"] = {
            "post": {**draw(operations(list(schemes), "")), "requestBody": {"content": {"application/json": {"schema": LOGIN}}}}
        }
    document: dict[str, object] = {"openapi": draw(st.sampled_from(["3.0.3", "3.1.0"])), "info": {"title": draw(ODD), "version": "1"}, "paths": paths}
    if schemes:
        document["components"] = {"securitySchemes": schemes}
    secured = draw(st.booleans())
    if schemes and secured:
        document["security"] = [{draw(st.sampled_from(sorted(schemes))): []}]
    return document


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(documents())
def test_the_overlay_loads_or_the_line_is_told(document: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, overlay = folder / "openapi.json", folder / "authproof-overlay.yaml"
        source.write_text(json.dumps(document), "utf-8")
        result = CliRunner().invoke(main, ["init", "--from", str(source), "--dir", str(folder)])
        event(f"exit code {result.exit_code}")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        if result.exit_code == 2:
            # The document itself is none, and is not guessed from.
            assert str(source) in result.output
            assert "Mend:" in result.output
            assert not overlay.exists()
        elif result.exit_code == 0:
            assert load_contract(source, [overlay]).applications["api"].logins
        else:
            assert "FILL-IN" in overlay.read_text("utf-8")
            with pytest.raises(ContractError) as caught:
                load_contract(source, [overlay])
            assert {problem.source for problem in caught.value.problems} == {str(overlay)}
            assert all(str(problem) in result.output for problem in caught.value.problems)
