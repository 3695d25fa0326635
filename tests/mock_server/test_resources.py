from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from authproof_mock.accounts import Accounts

Bearer = Callable[..., dict[str, str]]
USERS = "/api/admin/users"


def test_identity_is_the_callers(client: httpx.Client, bearer: Bearer) -> None:
    assert client.get("/api/admin/user", headers=bearer("user@example.com")).json() == {
        "profile": {"id": "2", "email": "user@example.com", "name": "Uma User"},
        "permissions": [],
    }


def test_the_list_shows_accounts_and_no_secret(client: httpx.Client, bearer: Bearer) -> None:
    answer = client.get(USERS, headers=bearer())
    assert answer.json()["meta"] == {"total": 7}
    assert answer.json()["data"][2] == {"id": "3", "email": "disabled@example.com", "name": "Dan Disabled", "disabled": True, "permissions": []}
    for secret in ("correct horse", "JBSWY3DP", "personal-link", "password"):
        assert secret not in answer.text


def test_an_account_is_created_changed_and_deleted(client: httpx.Client, bearer: Bearer, log_in: Callable[..., httpx.Response]) -> None:
    body = {"email": "new@example.com", "name": "New", "password": "long enough", "permissions": ["users:browse"], "id": "1", "disabled": False}
    created = client.post(USERS, json=body, headers=bearer())
    assert created.status_code == 201
    assert created.json() == {"id": "8", "email": "new@example.com", "name": "New", "disabled": False, "permissions": ["users:browse"]}
    session = log_in("new@example.com", "long enough")
    headers = {"authorization": f"Bearer {session.json()['accessToken']}"}
    assert client.get(USERS, headers=headers).status_code == 200

    changed = client.patch(f"{USERS}/8", json={"permissions": [], "name": "Newer"}, headers=bearer())
    assert changed.json() == {"id": "8", "email": "new@example.com", "name": "Newer", "disabled": False, "permissions": []}
    assert client.get(USERS, headers=headers).status_code == 403

    assert client.patch(f"{USERS}/8", json={"disabled": True}, headers=bearer()).json()["disabled"] is True
    assert client.get("/api/admin/user", headers=headers).status_code == 401
    assert client.patch(f"{USERS}/8", json={"disabled": False}, headers=bearer()).status_code == 200
    # Its sessions ended when it was disabled.
    assert client.get("/api/admin/user", headers=headers).status_code == 401

    deleted = client.delete(f"{USERS}/8", headers=bearer())
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert client.delete(f"{USERS}/8", headers=bearer()).status_code == 404
    assert log_in("new@example.com", "long enough").status_code == 401


def test_a_taken_address_is_refused_by_name(client: httpx.Client, bearer: Bearer) -> None:
    refused = client.post(USERS, json={"email": "USER@example.com", "password": "long enough"}, headers=bearer())
    assert refused.status_code == 400
    assert refused.json()["errors"].keys() == {"email"}


def test_a_change_changes_nothing_else(client: httpx.Client, bearer: Bearer, accounts: Accounts, log_in: Callable[..., httpx.Response]) -> None:
    before = accounts.find("2")
    body = {"name": "Other", "email": "stolen@example.com", "password": "stolen password", "id": "1", "applications": ["survey"]}
    assert client.patch(f"{USERS}/2", json=body, headers=bearer()).status_code == 200
    after = accounts.find("2")
    assert before is not None
    assert after is not None
    assert (after.name, after.email, after.id, after.applications) == ("Other", before.email, before.id, before.applications)
    assert log_in("user@example.com").status_code == 200


@pytest.mark.parametrize("body", [{}, {"disabled": "yes"}, {"permissions": "all"}, {"permissions": [7]}, {"name": ["x"]}, []])
def test_bad_changes_are_refused(client: httpx.Client, bearer: Bearer, body: Any) -> None:
    assert client.patch(f"{USERS}/2", json=body, headers=bearer()).status_code == 400


@pytest.mark.parametrize("identifier", ["99", "2 ", "02", "2%2F", "%00", "%FF", "a" * 5000])
def test_unknown_accounts_are_not_found(client: httpx.Client, bearer: Bearer, identifier: str) -> None:
    assert client.patch(f"{USERS}/{identifier}", json={"disabled": True}, headers=bearer()).status_code == 404
    assert client.delete(f"{USERS}/{identifier}", headers=bearer()).status_code == 404


def test_who_deletes_oneself_is_gone(client: httpx.Client, bearer: Bearer) -> None:
    headers = bearer()
    assert client.delete(f"{USERS}/1", headers=headers).status_code == 204
    assert client.get(USERS, headers=headers).status_code == 401
