"""Where an answer has its tokens, and which operation a cookie changes something by, in each design."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from authproof.tokens import access_token_in, changed_by_cookie, refresh_token_in, where_access_tokens_are
from authproof_spec import Contract
from tests.conformance.checks.building import JSON, answer, asked, contract, design, operation
from tests.conformance.checks.designed import IN_BODY, IN_COOKIE, KEYS, first


@pytest.mark.parametrize(
    ("name", "body", "cookies", "access", "refresh"),
    [
        ("", {"accessToken": "A"}, ["it24a_refresh_token=R"], "A", "R"),
        ("", {"accessToken": ""}, ["it24a_refresh_token=; Max-Age=0"], None, None),
        ("", {"accessToken": 5}, ["it24a_refresh_token=R; Max-Age=0", "other=R"], None, None),
        # Of two cookies of one name a browser keeps the last.
        ("", {}, ["it24a_refresh_token=Q", "it24a_refresh_token=R"], None, "R"),
        (IN_BODY, {"accessToken": "A", "refreshToken": "R"}, [], "A", "R"),
        (IN_BODY, {"refreshToken": ""}, ["refreshToken=R"], None, None),
        (IN_BODY, {"refreshToken": 7}, [], None, None),
        (IN_COOKIE, {"accessToken": "B"}, ["__Host-access=Z", "__Host-access=A"], "A", None),
        (IN_COOKIE, {}, ["__Host-access=; Max-Age=0"], None, None),
        (KEYS, {"refreshToken": "R"}, ["refresh=R"], None, None),
    ],
)
def test_the_tokens_of_an_answer(name: str, body: object, cookies: list[str], access: str | None, refresh: str | None) -> None:
    of = design(name)
    login = first(of).logins[0].operation
    response = answer(200, json.dumps(body).encode(), JSON, *(("Set-Cookie", cookie) for cookie in cookies))
    exchange = asked("login.good", login.id, response, of=of)
    assert (access_token_in(first(of), exchange), refresh_token_in(first(of), exchange)) == (access, refresh)


@pytest.mark.parametrize("name", ["", IN_COOKIE, IN_BODY, KEYS])
def test_no_answer_gives_no_token(name: str) -> None:
    of = design(name)
    silent = asked("login.good", first(of).logins[0].operation.id, None, of=of)
    assert access_token_in(first(of), silent) is None
    assert refresh_token_in(first(of), silent) is None


def test_the_place_of_access_tokens_in_words() -> None:
    assert where_access_tokens_are(first(contract())) == "at /accessToken"
    assert where_access_tokens_are(first(design(IN_COOKIE))) == "in the cookie __Host-access"


def changed(of: Contract) -> str | None:
    found = changed_by_cookie(of, first(of))
    return found.id if found else None


def test_what_a_cookie_changes_something_by() -> None:
    assert changed(design(IN_COOKIE)) == "addNote"
    # A token in a header goes with nothing that another site asks for.
    assert changed(contract()) is None
    assert changed(design(KEYS)) is None


@pytest.mark.parametrize(
    ("method", "has_body", "expected"),
    [
        ("POST", True, "addNote"),
        ("PATCH", True, "addNote"),
        ("POST", False, None),
        ("GET", True, None),
        ("HEAD", True, None),
        ("OPTIONS", True, None),
        ("TRACE", True, None),
    ],
)
def test_what_reads_changes_nothing(method: str, *, has_body: bool, expected: str | None) -> None:
    of = design(IN_COOKIE)
    note = operation("addNote", of)
    assert changed(replace(of, operations=(replace(note, method=method, request_body=note.request_body if has_body else None),))) == expected


def test_the_creation_of_personal_tokens_comes_first() -> None:
    of, personal = design(IN_COOKIE), first(contract()).personal_access_tokens
    note = operation("addNote", of)
    assert personal
    create = replace(personal.create, security=note.security)
    app = replace(first(of), personal_access_tokens=replace(personal, create=create))
    assert changed_by_cookie(of, app) == create
    # But for one that the cookie does not open.
    app = replace(app, personal_access_tokens=personal)
    assert changed_by_cookie(of, app) == note
