from __future__ import annotations

import threading
from collections.abc import Callable

import httpx
import pyotp
import pytest

from authproof_mock.backend import Backend
from authproof_mock.clock import Clock
from authproof_mock.control import KEPT_EXCHANGES, ConflictError, Control, UnknownError
from authproof_mock.http import Call

Bearer = Callable[..., dict[str, str]]
LogIn = Callable[..., httpx.Response]
USER = {"email": "user@example.com"}
PERSONAL = "/api/admin/user/personal-access-tokens"


@pytest.fixture
def control(backend: Backend) -> Control:
    return Control(backend)


def refresh(client: httpx.Client, login: httpx.Response) -> int:
    cookie = login.headers["set-cookie"].split(";")[0]
    return client.post("/api/admin/auth/refresh", headers={"cookie": cookie}).status_code


def test_time_ends_tokens_and_cookies(control: Control, client: httpx.Client, log_in: LogIn) -> None:
    login = log_in()
    header = {"authorization": f"Bearer {login.json()['accessToken']}"}
    before = control.now()
    control.advance(899)
    assert client.get("/api/admin/user", headers=header).status_code == 200
    control.advance(1)
    assert client.get("/api/admin/user", headers=header).status_code == 401
    assert control.now() == before + 900
    control.advance(86_400)
    assert refresh(client, login) == 401


@pytest.mark.parametrize("seconds", [3e12, -3e12])
def test_time_stays_where_dates_can_be_told(control: Control, seconds: float) -> None:
    before = control.now()
    with pytest.raises(ConflictError, match=r"between the years .* Mend: "):
        control.advance(seconds)
    assert control.now() == before


def test_a_disabled_account_is_out_at_once_and_may_come_back(control: Control, client: httpx.Client, bearer: Bearer, log_in: LogIn) -> None:
    header = bearer(USER["email"])
    assert control.change_account(USER, {"disabled": True}).disabled
    assert client.get("/api/admin/user", headers=header).status_code == 401
    assert log_in(USER["email"]).status_code == 401
    control.change_account(USER, {"disabled": False})
    assert log_in(USER["email"]).status_code == 200
    assert client.get("/api/admin/user", headers=header).status_code == 401, "its sessions do not come back"


def test_permissions_password_and_second_factor_change(control: Control, client: httpx.Client, bearer: Bearer, log_in: LogIn) -> None:
    header = bearer(USER["email"])
    control.change_account(USER, {"permissions": ["users:browse"]})
    assert client.get("/api/admin/users", headers=header).status_code == 200
    control.change_account(USER, {"password": "another"})
    assert log_in(USER["email"]).status_code == 401
    assert log_in(USER["email"], "another").status_code == 200
    control.change_account(USER, {"totpSecret": pyotp.random_base32()})
    assert "challenge" in log_in(USER["email"], "another").json()
    control.change_account(USER, {"totpSecret": None})
    assert "accessToken" in log_in(USER["email"], "another").json()


def test_accounts_are_created_found_and_deleted(control: Control, client: httpx.Client, log_in: LogIn) -> None:
    created = control.create_account(["admin", "survey"], {"email": "new@example.com", "password": "secret", "survey": "breakfast"})
    assert created in control.accounts()
    assert control.account({"email": "NEW@example.com", "survey": "breakfast"}) == created
    assert control.account({"id": created.id}) == created
    login = log_in("new@example.com", "secret")
    control.delete_account({"id": created.key})
    assert client.get("/api/admin/user", headers={"authorization": f"Bearer {login.json()['accessToken']}"}).status_code == 401
    assert created not in control.accounts()


def test_an_account_that_is_not_one_is_told(control: Control) -> None:
    with pytest.raises(UnknownError, match=r"No account has this email\. Mend: "):
        control.account({"email": "nobody@example.com"})
    with pytest.raises(ConflictError, match="2 accounts have this survey"):
        control.account({"survey": "breakfast"})
    with pytest.raises(UnknownError, match="no application 'nowhere'"):
        control.create_account(["nowhere"], {})
    with pytest.raises(ConflictError, match="Another account has this email"):
        control.create_account(["admin"], USER)
    with pytest.raises(ConflictError, match="Another account has this email"):
        control.change_account(USER, {"email": "admin@example.com"})
    assert control.change_account(USER, {"email": "USER@example.com"}).email == "USER@example.com"


def test_sessions_are_listed_and_revoked(control: Control, client: httpx.Client, log_in: LogIn) -> None:
    first, second, other = log_in(), log_in(), log_in(USER["email"])
    listed = control.sessions()
    assert [family.account for family in listed] == ["1", "1", "2"]
    control.revoke_session(listed[0].id)
    assert [refresh(client, login) for login in (first, second)] == [401, 200]
    assert control.revoke_sessions({"email": "admin@example.com"}) == 1
    assert [family.account for family in control.sessions()] == ["2"]
    assert refresh(client, other) == 200
    with pytest.raises(UnknownError, match="No session has this id"):
        control.revoke_session("nothing")


def test_personal_access_tokens_are_listed_and_revoked(control: Control, client: httpx.Client, bearer: Bearer) -> None:
    def create() -> dict[str, str]:
        answer = client.post(PERSONAL, json={"name": "one", "expiresAt": "2027-06-01T00:00:00Z"}, headers=bearer())
        return {"authorization": f"Bearer {answer.json()['jwt']}"}

    first, second = create(), create()
    assert [client.get("/api/admin/user", headers=header).status_code for header in (first, second)] == [200, 200]
    control.revoke_personal_access_token(control.personal_access_tokens()[0].id)
    assert [client.get("/api/admin/user", headers=header).status_code for header in (first, second)] == [401, 200]
    assert control.revoke_personal_access_tokens({"email": "admin@example.com"}) == 1
    assert client.get("/api/admin/user", headers=second).status_code == 401
    assert all(record.revoked for record in control.personal_access_tokens())
    with pytest.raises(UnknownError, match="No personal access token has this id"):
        control.revoke_personal_access_token("nothing")


def test_the_next_calls_answer_what_was_asked_for(control: Control, client: httpx.Client) -> None:
    control.answer_next("GET /api/health", status=503, retry_after=7, times=2)
    control.answer_next("GET /api/health", status=401)
    control.answer_next("GET /api/health", status=204)
    answers = [client.get("/api/health") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [503, 503, 401, 204, 200]
    assert answers[0].headers["retry-after"] == "7"
    assert answers[2].headers["www-authenticate"].startswith("Bearer")
    assert answers[3].content == b""
    with pytest.raises(UnknownError, match=r"no operation 'GET /nowhere'.* Mend: "):
        control.answer_next("GET /nowhere", status=500)


def test_a_refusal_may_be_late_too(control: Control) -> None:
    control.answer_next("GET /api/admin/user", delay=2, times=2)
    answers = [control.backend.handle(Call("GET", "/api/admin/user")) for _ in range(3)]
    assert [(answer.status, answer.delay) for answer in answers] == [(401, 2), (401, 2), (401, 0)]


def test_an_operation_is_known_by_its_id_too(control: Control, client: httpx.Client) -> None:
    identifier = next(one.id for one in control.backend.contract.operations if one.name == "GET /api/health")
    control.answer_next(identifier, status=418)
    assert client.get("/api/health").status_code == 418


def test_an_operation_that_is_answered_instead_does_nothing(control: Control, client: httpx.Client, log_in: LogIn) -> None:
    login = log_in()
    control.answer_next("POST /api/admin/auth/refresh", status=500)
    assert [refresh(client, login), refresh(client, login)] == [500, 200]


def test_reset_is_back_to_the_start(control: Control, client: httpx.Client, log_in: LogIn, clock: Clock) -> None:
    start, seeded = clock.now(), control.accounts()
    log_in()
    control.advance(60)
    control.create_account(["admin"], {"email": "new@example.com"})
    control.answer_next("GET /api/health", status=500)
    control.reset()
    assert (control.now(), control.sessions(), control.exchanges()) == (start, (), ())
    assert [account.email for account in control.accounts()] == [account.email for account in seeded]
    assert client.get("/api/health").status_code == 200


def test_the_log_keeps_the_latest_exchanges(control: Control, client: httpx.Client) -> None:
    client.get("/api/health", headers={"accept": "text/plain"})
    client.get("/nowhere")
    first, second = control.exchanges()
    assert (first.at, first.operation, first.request.method, first.request.path) == (control.now(), "getHealth", "GET", "/api/health")
    assert ("accept", "text/plain") in first.request.headers
    assert (first.request.body, first.response.status, first.response.body) == (None, 200, {"status": "up"})
    assert (second.operation, second.response.status) == (None, 404)
    for _ in range(KEPT_EXCHANGES):
        client.get("/api/health")
    assert len(control.exchanges()) == KEPT_EXCHANGES
    client.post("/api/admin/auth/login", content=b" " * 100_000)
    assert control.exchanges()[-1].request.body == "[more than 16384 bytes]"


def test_many_threads_may_control_while_calls_come_in(control: Control, client: httpx.Client, log_in: LogIn) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(50):
                control.change_account(USER, {"permissions": ["users:browse"]})
                control.revoke_sessions({"email": "admin@example.com"})
                control.exchanges()
        except BaseException as error:  # noqa: BLE001  # whatever a thread dies of is a failure
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    statuses = {log_in().status_code for _ in range(100)}
    for thread in threads:
        thread.join()
    assert not failures
    assert statuses == {200}
    assert client.get("/api/health").status_code == 200
