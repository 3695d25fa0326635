from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproof_mock import pats
from authproof_mock.accounts import Accounts
from authproof_mock.clock import Clock

Bearer = Callable[..., dict[str, str]]
Create = Callable[..., httpx.Response]
PATHS = "/api/admin/user/personal-access-tokens"
NOW = datetime.fromtimestamp(1_800_000_000, UTC)
LONGEST = timedelta(seconds=63158400)


@pytest.fixture
def create(client: httpx.Client, bearer: Bearer) -> Create:
    def send(name: Any = "nightly export", expires_at: Any = "2027-06-01", email: str = "admin@example.com") -> httpx.Response:
        return client.post(PATHS, json={"name": name, "expiresAt": expires_at}, headers=bearer(email))

    return send


def header(created: httpx.Response) -> dict[str, str]:
    return {"authorization": f"Bearer {created.json()['jwt']}"}


def status(client: httpx.Client, headers: dict[str, str], path: str = "/api/admin/user") -> int:
    return client.get(path, headers=headers).status_code


def test_a_new_token_is_shown_once(client: httpx.Client, create: Create, bearer: Bearer) -> None:
    created = create()
    assert created.status_code == 201
    assert created.headers["cache-control"] == "no-store"
    token, record = created.json()["jwt"], created.json()["token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["aud"], claims["sub"], claims["jti"]) == (["access", "admin", "personal"], "1", record["id"])
    assert record == {
        "id": record["id"],
        "userId": "1",
        "name": "nightly export",
        "createdAt": "2027-01-15T08:00:00Z",
        "usedAt": None,
        "expiresAt": "2027-06-01T23:59:59Z",
        "revoked": False,
    }
    listed = client.get(PATHS, headers=bearer())
    assert listed.json() == {"data": [record], "meta": {"total": 1}}
    assert token not in listed.text


def test_it_opens_what_an_access_token_opens_but_no_creation(client: httpx.Client, create: Create) -> None:
    headers = header(create())
    assert status(client, headers) == 200
    assert status(client, headers, "/api/admin/users") == 200
    refused = client.post(PATHS, json={}, headers=headers)
    assert refused.status_code == 403
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
    assert status(client, headers, "/api/user") == 401
    assert status(client, header(create(email="user@example.com")), "/api/admin/users") == 403


def test_it_is_no_refresh_token(client: httpx.Client, create: Create) -> None:
    token = create().json()["jwt"]
    assert client.post("/api/admin/auth/refresh", headers={"cookie": f"it24a_refresh_token={token}"}).status_code == 401


def test_accepted_use_is_noted_and_refused_use_is_not(client: httpx.Client, create: Create, bearer: Bearer, clock: Clock) -> None:
    headers = header(create(email="user@example.com"))

    def used_at() -> Any:
        return client.get(PATHS, headers=bearer("user@example.com")).json()["data"][0]["usedAt"]

    assert status(client, headers, "/api/admin/users") == 403
    assert used_at() is None
    clock.advance(60)
    assert status(client, headers) == 200
    assert used_at() == "2027-01-15T08:01:00Z"


def test_a_revoked_token_is_dead_and_stays_listed(client: httpx.Client, create: Create, bearer: Bearer) -> None:
    created, other = create(), create()
    identifier = created.json()["token"]["id"]
    answer = client.delete(f"{PATHS}/{identifier}", headers=bearer())
    assert (answer.status_code, answer.content) == (204, b"")
    assert status(client, header(created)) == 401
    assert status(client, header(other)) == 200
    assert [record["revoked"] for record in client.get(PATHS, headers=bearer()).json()["data"]] == [True, False]
    assert client.delete(f"{PATHS}/{identifier}", headers=bearer()).status_code == 204


def test_a_token_can_revoke_itself(client: httpx.Client, create: Create) -> None:
    created = create()
    assert client.delete(f"{PATHS}/{created.json()['token']['id']}", headers=header(created)).status_code == 204
    assert client.delete(f"{PATHS}/{created.json()['token']['id']}", headers=header(created)).status_code == 401


def test_another_users_token_is_as_unknown_as_none(client: httpx.Client, create: Create, bearer: Bearer) -> None:
    created = create(email="user@example.com")
    foreign = client.delete(f"{PATHS}/{created.json()['token']['id']}", headers=bearer())
    unknown = client.delete(f"{PATHS}/6f9619ff-8b86-4d01-b42d-00cf4fc964ff", headers=bearer())
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.content == unknown.content
    assert status(client, header(created)) == 200
    assert client.get(PATHS, headers=bearer()).json() == {"data": [], "meta": {"total": 0}}


def test_an_owner_that_the_request_names_is_ignored(client: httpx.Client, bearer: Bearer) -> None:
    body = {"name": "mine", "expiresAt": "2027-06-01", "userId": "2", "id": "chosen"}
    created = client.post(f"{PATHS}?userId=2", json=body, headers={**bearer(), "x-user-id": "2"})
    assert created.json()["token"]["userId"] == "1"
    assert created.json()["token"]["id"] != "chosen"


def test_it_expires(client: httpx.Client, create: Create, clock: Clock) -> None:
    headers = header(create(expires_at="2027-01-15T08:01:00Z"))
    clock.advance(59)
    assert status(client, headers) == 200
    clock.advance(1)
    assert status(client, headers) == 401


def test_it_dies_with_its_account(client: httpx.Client, create: Create, accounts: Accounts) -> None:
    headers = header(create(email="user@example.com"))
    accounts.disable("2")
    assert status(client, headers) == 401
    accounts.change("2", {"disabled": False})
    assert status(client, headers) == 200
    accounts.delete("2")
    assert status(client, headers) == 401


@pytest.mark.parametrize(
    "value",
    [
        "2027-01-15",
        "2029-01-14",
        "2027-01-15T08:00:01Z",
        "2027-01-15t08:00:01z",
        "2027-01-15T10:00:00.5+02:00",
        "2027-01-15T00:00:00-08:30",
        "2027-01-15T08:00:01.123456789Z",
        (NOW + LONGEST).isoformat(),
    ],
)
def test_expiries_that_are_taken(create: Create, value: str) -> None:
    assert create(expires_at=value).status_code == 201


@pytest.mark.parametrize(
    "value",
    [
        "2027-01-14",
        "2027-01-15T08:00:00Z",
        "2027-01-15T10:00:00+02:00",
        "2029-01-15",
        (NOW + LONGEST + timedelta(seconds=1)).isoformat(),
        "9999-12-31",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "2027-02-30",
        "2027-06-01T00:00:00",
        "2027-06-01 00:00",
        "20270601",
        "2027-W20-1",
        "+2027-06-01",
        "tomorrow",
        "",
        "1830000000",
        1830000000,
        None,
        ["2027-06-01"],
    ],
)
def test_expiries_that_are_refused_by_name(create: Create, value: Any) -> None:
    refused = create(expires_at=value)
    assert refused.status_code == 400
    assert refused.json()["errors"].keys() == {"expiresAt"}


@pytest.mark.parametrize("name", ["ab", "x" * 129, None, 7, [], {}])
def test_names_that_are_refused(create: Create, name: Any) -> None:
    refused = create(name=name)
    assert refused.status_code == 400
    assert refused.json()["errors"].keys() == {"name"}


@given(st.integers(0, 250_000_000_000))
def test_times_are_written_as_they_are_read(moment: int) -> None:
    seconds = pats.moment(datetime.fromtimestamp(moment, UTC).isoformat())
    written = pats.text(seconds)
    assert written is not None
    assert pats.moment(written) == seconds == moment


@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d))?", fullmatch=True))
def test_no_text_gives_another_error(value: str) -> None:
    try:
        seconds = pats.moment(value)
    except ValueError:
        return
    assert isinstance(seconds, float)
