from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from authproof_mock.accounts import Accounts
from authproof_mock.backend import Backend
from authproof_mock.clock import Clock
from authproof_mock.http import Call
from authproof_mock.tokens import Purpose
from authproof_spec import Contract, Operation

Bearer = Callable[..., dict[str, str]]
ME = "/api/admin/user"
BARE = 'Bearer realm="api"'
INVALID = 'Bearer error="invalid_token", error_description="The access token is not valid"'


def challenge_of(client: httpx.Client, headers: Any, path: str = ME) -> tuple[int, str]:
    answer = client.get(path, headers=headers)
    return answer.status_code, answer.headers.get("www-authenticate", "")


def protected_operations(contract: Contract) -> list[Operation]:
    return [operation for operation in contract.operations if operation.is_protected]


def test_every_protected_operation_asks_for_a_token_before_anything_else(contract: Contract, backend: Backend) -> None:
    for operation in protected_operations(contract):
        for headers, wanted in (((), BARE), ([("authorization", "Bearer x.y.z")], INVALID)):
            path = operation.path.replace("{", "").replace("}", "")
            answer = backend.handle(Call(operation.method, path, headers=headers, body=b"not json"))
            assert (answer.status, answer.header_values("www-authenticate")) == (401, [wanted])
            assert answer.header_values("cache-control") == ["no-store"]


def test_the_scheme_has_no_case_and_spaces_may_be_several(client: httpx.Client, bearer: Bearer) -> None:
    token = bearer()["authorization"].removeprefix("Bearer ")
    for spelling in (f"bearer {token}", f"BEARER {token}", f"Bearer   {token}"):
        assert challenge_of(client, {"authorization": spelling})[0] == 200


def test_a_request_without_bearer_token_gets_no_error_code(client: httpx.Client, bearer: Bearer) -> None:
    token = bearer()["authorization"].removeprefix("Bearer ")
    without: list[dict[str, str]] = [
        {},
        {"authorization": ""},
        {"authorization": token},
        {"authorization": "Basic YWRtaW46YWRtaW4="},
        {"authorization": f"Token {token}"},
        {"authorization": f"Bearer{token}"},
        {"x-authorization": f"Bearer {token}"},
        {"cookie": f"access_token={token}; it24a_refresh_token={token}"},
    ]
    for headers in without:
        assert challenge_of(client, headers) == (401, BARE)
    assert client.get(ME, params={"access_token": token}).status_code == 401
    assert client.request("GET", ME, data={"access_token": token}).status_code == 401


def test_malformed_and_several_credentials_are_invalid(client: httpx.Client, bearer: Bearer) -> None:
    good = bearer()["authorization"]
    for value in ("Bearer", "Bearer ", f"{good} x", f"{good},", f"{good}, {good}", f'Bearer "{good[7:]}"', f"Bearer\t{good[7:]}x y", "Bearer é"):
        status, challenge = challenge_of(client, [(b"authorization", value.encode("latin-1"))])
        assert status == 401
        assert challenge in {INVALID, BARE}
    assert challenge_of(client, [("authorization", good), ("authorization", good)]) == (401, INVALID)
    assert challenge_of(client, [("authorization", "Basic eA=="), ("authorization", good)]) == (401, INVALID)


def test_a_token_opens_its_own_application_alone(client: httpx.Client, bearer: Bearer, respondent: dict[str, str]) -> None:
    assert challenge_of(client, bearer())[0] == 200
    assert challenge_of(client, respondent, "/api/user")[0] == 200
    assert challenge_of(client, respondent) == (401, INVALID)
    assert challenge_of(client, bearer(), "/api/user") == (401, INVALID)
    # Neither does the missing permission of another application's token come first.
    assert challenge_of(client, respondent, "/api/admin/users") == (401, INVALID)


def test_a_refresh_token_is_no_access_token(client: httpx.Client, log_in: Callable[..., httpx.Response]) -> None:
    token = log_in().headers["set-cookie"].split(";")[0].partition("=")[2]
    assert challenge_of(client, {"authorization": f"Bearer {token}"}) == (401, INVALID)


def test_an_access_token_expires(client: httpx.Client, bearer: Bearer, clock: Clock) -> None:
    headers = bearer()
    clock.advance(899)
    assert challenge_of(client, headers)[0] == 200
    clock.advance(1)
    assert challenge_of(client, headers) == (401, INVALID)


def test_a_signed_token_of_no_known_session_stands_for_itself(client: httpx.Client, backend: Backend) -> None:
    access = backend.tokens.type_of("admin", Purpose.ACCESS)
    end = backend.clock.now() + 60

    def header(account: str | int) -> dict[str, str]:
        return {"authorization": f"Bearer {backend.tokens.mint(access, account, 'unknown', end)}"}

    assert challenge_of(client, header("1"))[0] == 200
    for nobody in ("99", "", "01", 1, 0, -1):
        assert challenge_of(client, header(nobody)) == (401, INVALID)
    # An account of the survey is not one of this application, whatever its token says.
    assert challenge_of(client, header("5")) == (401, INVALID)


@pytest.mark.parametrize("change", [{"disabled": True}, None])
def test_a_locked_out_account_is_dead_at_once(client: httpx.Client, bearer: Bearer, accounts: Accounts, change: dict[str, Any] | None) -> None:
    headers = bearer()
    if change is None:
        accounts.delete("1")
    else:
        accounts.change("1", change)
    assert challenge_of(client, headers) == (401, INVALID)
    assert challenge_of(client, headers, "/api/admin/users") == (401, INVALID)


# 403


def test_permissions_are_those_of_now(client: httpx.Client, bearer: Bearer, accounts: Accounts) -> None:
    headers = bearer("user@example.com")
    status, challenge = challenge_of(client, headers, "/api/admin/users")
    assert status == 403
    assert challenge == 'Bearer error="insufficient_scope", error_description="The caller lacks the permission", scope="users:browse"'
    accounts.change("2", {"permissions": ["users:browse"]})
    assert challenge_of(client, headers, "/api/admin/users")[0] == 200
    accounts.change("2", {"permissions": ["users:create", "users:browse:all"]})
    assert challenge_of(client, headers, "/api/admin/users")[0] == 403


def test_the_permission_comes_before_body_and_object(contract: Contract, client: httpx.Client, bearer: Bearer) -> None:
    headers = {**bearer("user@example.com"), "content-type": "text/plain"}
    administration = contract.applications["admin"].accounts
    assert administration is not None
    asked = 0
    for operation in (administration.list, administration.create, administration.update, administration.delete):
        assert operation is not None
        for identifier in ("1", "missing"):
            answer = client.request(operation.method, operation.path.replace("{userId}", identifier), headers=headers, content=b"{broken")
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers
            asked += 1
    assert asked == 8


def test_a_respondent_reaches_the_survey_of_the_login_alone(client: httpx.Client, respondent: dict[str, str]) -> None:
    assert client.get("/api/surveys/breakfast/session", headers=respondent).status_code == 200
    for slug in ("dinner", "missing", "Breakfast", "breakfast%20"):
        status, challenge = challenge_of(client, respondent, f"/api/surveys/{slug}/session")
        assert (status, challenge.split(",")[0]) == (403, 'Bearer error="insufficient_scope"')


def test_an_object_rule_may_hide_the_object(edited: Callable[[Callable[[Any], None]], Contract]) -> None:
    def change(tree: Any) -> None:
        tree["x-authproof"]["objectRules"][0]["otherwise"] = 404

    backend = Backend(edited(change))
    body = json.dumps({"token": "the-token-of-a-personal-link"}).encode()
    login = backend.handle(Call("POST", "/api/auth/login/token", headers=[("content-type", "application/json")], body=body))
    assert isinstance(login.payload, dict)
    headers = [("authorization", f"Bearer {login.payload['accessToken']}")]
    statuses = [backend.handle(Call("GET", f"/api/surveys/{slug}/session", headers=headers)).status for slug in ("breakfast", "dinner")]
    assert statuses == [200, 404]


def test_a_public_operation_does_not_look_at_tokens(client: httpx.Client) -> None:
    assert client.get("/api/health", headers={"authorization": "Bearer x"}).json() == {"status": "up"}
