"""Nothing that a run made stays behind, wherever it stops."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from authproof.certify import Certification, plan
from authproof.embedded import BackendHooks, accounts_of
from authproof.exchange import Response
from authproof.lab import Lab, Script, Wait, Written
from authproof.profile import Part, Profile
from authproof.runner import Runner
from authproof.scripts import baseline, cleanup, expiry, personal_tokens, withdrawal
from authproof.target import Target
from authproof_mock.backend import Backend
from authproof_mock.faults import parts_with
from authproof_mock.seed import load_seed
from authproof_spec import Application
from authproof_spec.contract import Contract
from tests.proof.detection import InProcess, contract


@pytest.fixture
def backend() -> Backend:
    return Backend(contract(), seed=load_seed())


@pytest.fixture
def runner(backend: Backend) -> Iterator[Runner]:
    target = Target(Profile("http://mock.invalid"), InProcess(backend))
    profile = Profile("http://mock.invalid", accounts_of(contract(), load_seed()))
    yield Runner(Lab(contract(), profile, hooks=BackendHooks(backend)), target)
    target.close()


def admin(of: Contract) -> Application:
    return of.applications["admin"]


def carry_out(runner: Runner, *scripts: Script) -> None:
    application = admin(runner.lab.contract)
    runner.run("baseline", application, baseline.baseline(runner.lab, application))
    for script in scripts:
        runner.run("script", application, script)


def live_tokens(backend: Backend) -> int:
    return sum(not record.revoked for record in backend.pats.list())


def stopping_midway(lab: Lab, seconds: float = 0) -> Script:
    """A script that fails with a token in its hands, `seconds` after that."""
    yield from personal_tokens.create(lab, lab.session(admin(lab.contract), Part.ORDINARY), "pat.create")
    if seconds:
        yield Wait(seconds)
    raise RuntimeError("stopped")


@pytest.mark.parametrize("seconds", [0, 3600])
def test_a_token_of_a_script_that_stopped_is_revoked(runner: Runner, backend: Backend, seconds: float) -> None:
    carry_out(runner, stopping_midway(runner.lab, seconds))
    assert live_tokens(backend) == 1
    runner.clean_up()
    assert live_tokens(backend) == 0
    assert backend.sessions.list() == ()
    assert runner.left_behind == []


def test_a_token_that_its_owner_revoked_is_forgotten(runner: Runner) -> None:
    lab = runner.lab

    def script() -> Script:
        session, stranger = (lab.session(admin(lab.contract), part) for part in (Part.ORDINARY, Part.PRIVILEGED))
        token = yield from personal_tokens.create(lab, session, "pat.create")
        yield lab.revocation(token, stranger.access_token, "foreign")
        assert lab.personal_tokens == [token]
        yield lab.revocation(token, session.access_token, "own")
        assert lab.personal_tokens == []

    carry_out(runner, script())
    assert runner.outcomes == {}


def test_a_token_without_an_id_is_told(runner: Runner, backend: Backend) -> None:
    def script() -> Script:
        yield from personal_tokens.create(runner.lab, runner.lab.session(admin(contract()), Part.ORDINARY), "pat.create")

    whole = backend.handle

    def handle(call: object) -> object:
        answer = whole(call)  # type: ignore[arg-type]
        if answer.status == 201 and isinstance(answer.payload, dict):
            answer.payload.pop("token")
        return answer

    backend.handle = handle  # type: ignore[assignment, method-assign]
    carry_out(runner, script())
    assert "gave no token, or no id" in runner.outcomes["script", "admin"].reason
    runner.clean_up()
    assert runner.left_behind == ["the personal access token that a creation gave without an id (its creation told no id)"]


def test_an_account_that_was_enabled_for_the_run_ends_disabled(runner: Runner, backend: Backend) -> None:
    lab = runner.lab

    def script() -> Script:
        steps = withdrawal.disabled_account(lab, admin(lab.contract))
        answer = yield next(steps)
        for _ in range(2):
            answer = yield steps.send(answer)
        raise RuntimeError("stopped")

    carry_out(runner, script())
    account = next(account for account in backend.accounts.list() if account.email == "disabled@example.com")
    assert (live_tokens(backend), account.disabled) == (1, False)
    runner.clean_up()
    account = next(account for account in backend.accounts.list() if account.email == "disabled@example.com")
    assert (live_tokens(backend), account.disabled, runner.left_behind) == (0, True, [])


def test_sessions_end_before_the_clock_leaves_them_behind(runner: Runner, backend: Backend) -> None:
    carry_out(runner, stopping_midway(runner.lab), expiry.refresh_expiry(runner.lab, admin(runner.lab.contract)))
    assert live_tokens(backend) == 0
    assert backend.sessions.list() == ()
    runner.clean_up()
    assert runner.left_behind == []


def test_without_a_clock_no_session_is_opened_to_wait_for_its_end(runner: Runner) -> None:
    runner.lab.hooks = type("None", (), {"offers": lambda _, name: name != "advance_clock"})()
    carry_out(runner)
    sent = len(runner.exchanges)
    for script in (expiry.refresh_expiry, expiry.session_end, expiry.token_expiry):
        runner.run(script.__name__, admin(contract()), script(runner.lab, admin(contract())))
        assert "no hook advance_clock" in runner.outcomes[script.__name__, "admin"].reason
    assert len(runner.exchanges) == sent


CREATES_UNASKED = "checks-permissions-of-get-alone"


@pytest.mark.parametrize(
    ("parts", "left"),
    [(set(Part), []), ({Part.ORDINARY}, ["what POST /api/admin/users wrote (nobody of the profile may delete it)"])],
    ids=["deleted", "told"],
)
def test_what_a_wrong_server_created_is_deleted_or_told(parts: set[Part], left: list[str]) -> None:
    broken = Backend(contract(), seed=load_seed(), parts=parts_with([CREATES_UNASKED]))
    before = broken.accounts.list()
    accounts = tuple(account for account in accounts_of(contract(), load_seed()) if account.part in parts)
    run = Certification(contract(), Profile("http://127.0.0.1:1", accounts), plan(contract(), ["AUTHZ-02"]), transport=InProcess(broken))
    run.run()
    assert any(exchange.status == 201 and exchange.probe.operation == "createUser" for exchange in run.recording.exchanges)
    assert list(run.recording.left_behind) == left
    assert (broken.accounts.list() == before) is not bool(left)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Response(201, (), b'{"id": 7}'), "7"),
        (Response(201, (), b'{"userId": "x", "id": 7}'), "x"),
        (Response(201, (), b'{"data": {"id": 7}}'), "7"),
        (Response(201, (("Location", "https://a/api/users/9/?x=1"),), b"{}"), "9"),
        (Response(201, (), b'{"id": true}'), None),
        (Response(201, (), b"[7]"), None),
        (Response(204), None),
    ],
)
def test_only_what_the_answer_names_is_deleted(runner: Runner, answer: Response, told: str | None) -> None:
    carry_out(runner)
    lab, sent = runner.lab, len(runner.exchanges)
    create = next(operation for operation in lab.contract.operations if operation.id == "createUser")
    runner.run("remove", admin(lab.contract), cleanup.remove(lab, Written(create, answer)))
    asked = [exchange.probe.request.target for exchange in runner.exchanges[sent:]]
    assert asked == ([f"/api/admin/users/{told}"] if told else [])
    assert told or "tells no id" in runner.outcomes["remove", "admin"].reason


def test_what_cannot_be_deleted_is_told(runner: Runner) -> None:
    update = next(operation for operation in runner.lab.contract.operations if operation.id == "updateUser")
    runner.lab.written.append(Written(update, Response(200, (), b'{"id": 7}')))
    runner.clean_up()
    assert runner.left_behind == ["what PATCH /api/admin/users/{userId} wrote (the document has no operation that undoes it)"]
