"""Header fields as the standards read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproof.exchange import Response
from authproof.reading import bearer_challenge, cache_directives, challenge_problem, challenges, set_cookies


def response(name: str, *values: str) -> Response:
    return Response(401, tuple((name, value) for value in values))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["Bearer"], [("bearer", {})]),
        (["bEARER realm=api"], [("bearer", {"realm": "api"})]),
        (['Bearer realm="a, b", error="invalid_token"'], [("bearer", {"realm": "a, b", "error": "invalid_token"})]),
        (['Bearer realm="a \\"quoted\\" word"'], [("bearer", {"realm": 'a "quoted" word'})]),
        (['Basic realm="x", Bearer error="invalid_token"'], [("basic", {"realm": "x"}), ("bearer", {"error": "invalid_token"})]),
        (["Negotiate, Bearer"], [("negotiate", {}), ("bearer", {})]),
        (["Negotiate YIIC+/=, Bearer scope=a"], [("negotiate", {}), ("bearer", {"scope": "a"})]),
        (["Basic", "Bearer"], [("basic", {}), ("bearer", {})]),
        (['Bearer error = "invalid_token" , realm=x'], [("bearer", {"error": "invalid_token", "realm": "x"})]),
        ([", ,Bearer"], [("bearer", {})]),
        (["Bearer Realm=API"], [("bearer", {"realm": "API"})]),
        ([""], []),
        ([], []),
    ],
)
def test_challenges(lines: list[str], expected: list[tuple[str, dict[str, str]]]) -> None:
    assert [(challenge.scheme, dict(challenge.parameters)) for challenge in challenges(response("WWW-Authenticate", *lines))] == expected


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("Bearer", None),
        ("Negotiate YIIC+/=, Bearer scope=a", None),
        (", ,Bearer", None),
        ("", "it is empty"),
        (" ,\t, ", "it is empty"),
        ('Bearer realm="a" error="b"', "there is no comma before error"),
        ("Bearer realm=a, Realm=b", "the parameter realm stands twice"),
        ('Basic realm="a" Bearer error="b"', "there is no comma before Bearer"),
        # The first thing that is wrong is told.
        ('Basic realm="a" charset=b Bearer', "there is no comma before charset"),
        ('Bearer realm="a', "it cannot be read from its character 8 on"),
        ("Bearer realm=a, ;", "it cannot be read from its character 17 on"),
    ],
)
def test_what_is_wrong_with_a_challenge(line: str, problem: str | None) -> None:
    assert challenge_problem(line) == problem


@pytest.mark.parametrize(
    ("lines", "directives"),
    [
        (["no-store"], {"no-store": ""}),
        ([' No-Cache = "Set-Cookie" , max-age = 0,'], {"max-age": "0"}),
        (["private", 'max-age="5"'], {"private": "", "max-age": "5"}),
        (["community=XX"], {"community": "XX"}),
        ([" , "], {}),
        ([], {}),
    ],
)
def test_cache_directives(lines: list[str], directives: dict[str, str]) -> None:
    assert cache_directives(response("Cache-Control", *lines)) == directives


@pytest.mark.parametrize(
    ("kind", "json"),
    [
        ("application/json", True),
        ("Application/Problem+JSON ; charset=utf-8", True),
        ("application/json ; charset=utf-8", True),
        (" application/json", True),
        ("text/html; of=application/json", False),
        ("application/jsonp", False),
        ("", False),
    ],
)
def test_what_is_json(kind: str, *, json: bool) -> None:
    assert response("Content-Type", kind).is_json is json


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    answer = Response(401, (("www-authenticate", text), ("set-cookie", text), ("cache-control", text), ("content-type", text)))
    bearer_challenge(answer)
    set_cookies(answer, "a")
    assert isinstance(answer.is_json, bool)
    assert all(directive == directive.lower() for directive in cache_directives(answer))


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("a=b; Path=/x", "/x"),
        ("a=b; PATH=/x/; path=/y", "/y"),
        ("a=b", "/api/auth"),
        ("a=b; Path=", "/api/auth"),
        ("a=b; Path=x", "/api/auth"),
        ("a=b; Path = /x ", "/x"),
    ],
)
def test_the_path_of_a_cookie(line: str, path: str) -> None:
    (cookie,) = set_cookies(response("Set-Cookie", line), "a")
    assert cookie.path("/api/auth/login?next=/x/y") == path
    assert set_cookies(response("Set-Cookie", "a=b"), "a")[0].path("/login") == "/"


@pytest.mark.parametrize(
    ("line", "value", "max_age", "deletes"),
    [
        ("a=b; Max-Age=60; Path=/", "b", 60, False),
        ("a = b ;max-age=0", "b", 0, True),
        ("a=; expires=Thu, 01 Jan 1970 00:00:00 GMT", "", None, True),
        ("a=b=c; Max-Age=-1", "b=c", -1, True),
        ("a=b; Max-Age=1", "b", 1, False),
        ("a=b; Max-Age=soon", "b", None, False),
        (f"a=b; Max-Age={'9' * 5000}", "b", 10**18 - 1, False),
        ("a=; expires=Sat, 01 Jan 2000 00:00:00 GMT", "", None, True),
        ("a=b; expires=Wednesday, 31-Dec-98 23:00:00 GMT", "b", None, True),
        ("a=b; expires=soon", "b", None, False),
        # Without a Date an end is only past when it is long ago.
        ("a=b; expires=Wed, 01 Jan 2020 00:00:00 GMT", "b", None, True),
        ("a=b; expires=Wed, 01 Jan 2020 00:00:01 GMT", "b", None, False),
    ],
)
def test_cookies(line: str, value: str, max_age: int | None, deletes: bool) -> None:  # noqa: FBT001
    (cookie,) = set_cookies(response("Set-Cookie", "other=1", line), "a")
    assert (cookie.value, cookie.max_age, cookie.is_deletion) == (value, max_age, deletes)


@pytest.mark.parametrize(
    ("attributes", "lifetime"),
    [
        ("Expires=Wed, 25 Nov 2026 01:00:30 GMT", 30.0),
        ("Max-Age=60; Expires=Wed, 25 Nov 2026 01:00:30 GMT", 60),
        ("Expires=Wed, 25 Nov 2026 00:59:59 GMT", -1.0),
        ("Expires=Wed, 25 Nov 2026 01:00:00 GMT", 0.0),
        ("Path=/", None),
    ],
)
def test_a_cookie_lives_until_it_expires(attributes: str, lifetime: float | None) -> None:
    answer = Response(200, (("Date", "Wed, 25 Nov 2026 01:00:00 GMT"), ("Set-Cookie", f"a=b; {attributes}")))
    (cookie,) = set_cookies(answer, "a")
    assert cookie.lifetime == lifetime
    assert cookie.is_deletion == (lifetime is not None and lifetime <= 0)
