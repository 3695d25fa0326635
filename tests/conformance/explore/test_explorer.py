"""Explorations of mocks in this process: a clean one gives nothing, a faulty one its shortest counterexample."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from authproof.embedded import BackendHooks, accounts_of
from authproof.explore.explorer import Bounds, Counterexample, Explorer
from authproof.explore.model import Finding
from authproof.explore.record import RecordError, as_json, as_text, load_steps
from authproof.explore.steps import Rule, Step, step_of
from authproof.explore.walk import Taken, Walk
from authproof.lab import Lab
from authproof.profile import Profile
from authproof.target import Target
from authproof_mock.backend import Backend
from authproof_mock.clock import Clock
from authproof_mock.faults import parts_with
from authproof_mock.faults.fault import fault
from authproof_mock.made_accounts import seed_for
from authproof_mock.parts import Parts
from authproof_mock.sessions import Family, Sessions
from authproof_spec import Contract, load_contract
from authproof_spec.catalogue import load_catalogue
from authproof_spec.contract import RotationPolicy
from tests.proof.detection import InProcess, certify, complaints

DESIGNS = sorted((Path(__file__).parents[3] / "examples" / "designs").glob("*.yaml"))
BUNDLED = load_contract()


def with_rotation(rotation: RotationPolicy) -> Contract:
    return replace(BUNDLED, applications={name: replace(app, rotation=rotation) for name, app in BUNDLED.applications.items()})


CONTRACTS = {
    "bundled": BUNDLED,
    "grace with new children": with_rotation(RotationPolicy(grace=30)),
    "grace with the same child": with_rotation(RotationPolicy(grace=30, same_child=True)),
    "reuse revokes the account": with_rotation(RotationPolicy(revokes_account=True)),
    **{path.stem: load_contract(str(path)) for path in DESIGNS},
}


class InFront(InProcess):
    """Answers some requests itself: `answer` gives the status for a path, with its earlier calls counted; None hands the request on."""

    def __init__(self, backend: Backend, answer: Callable[[str, int], int | None]) -> None:
        super().__init__(backend)
        self._answer = answer
        self._calls: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.extensions["target"].decode("latin-1")
        status = self._answer(path, self._calls[path])
        self._calls[path] += 1
        return httpx.Response(status, stream=httpx.ByteStream(b"")) if status else await super().handle_async_request(request)


def explored(
    contract: Contract,
    parts: Parts,
    *,
    seed: int = 1,
    runs: int = 20,
    replay: tuple[Step, ...] = (),
    requests: int = 20_000,
    in_front: Callable[[str, int], int | None] = lambda _path, _calls: None,
) -> Explorer:
    backend = Backend(contract, seed=seed_for(contract), parts=parts)
    profile = Profile("http://mock.invalid", accounts_of(contract, seed_for(contract)))
    target = Target(profile, InFront(backend, in_front))
    try:
        explorer = Explorer(contract, profile, target, BackendHooks(backend), Bounds(runs, 20, requests, 120.0, seed))
        if replay:
            explorer.replay(replay)
        else:
            explorer.run()
    finally:
        target.close()
    if explorer.found is None and all(application.refresh_token for application in contract.applications.values()):
        assert not backend.sessions.list(), "a logout ends every session that has a refresh token"
    return explorer


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", CONTRACTS)
def test_a_clean_mock_gives_nothing(name: str, seed: int) -> None:
    explorer = explored(CONTRACTS[name], Parts(), seed=seed)
    assert explorer.found is None
    assert explorer.walks == 20
    assert explorer.granted
    assert [what.partition(",")[0] for what in explorer.left_behind] == [
        f"the sessions of {application.name}" for application in CONTRACTS[name].applications.values() if application.logout is None
    ]


LOGIN = Step(Rule.LOG_IN, "admin", "ordinary")


def refresh(grant: int) -> Step:
    return Step(Rule.REFRESH, "admin", grant=grant)


FOUND_BY_SEQUENCES = {
    "forgives-the-last-used-token": ({"REFRESH-04"}, 4),
    "revives-the-earlier-token-at-logout": ({"LOGOUT-03", "REFRESH-03"}, 4),
    "ends-the-access-token-alone-at-logout": ({"REFRESH-16"}, 3),
    "takes-used-refresh-tokens-for-a-minute": ({"REFRESH-03"}, 3),
    "gives-an-expired-access-token": ({"REFRESH-01"}, 3),
    "ends-every-session-at-logout": ({"LOGOUT-07"}, 4),
    "ends-personal-tokens-at-a-refresh": ({"PAT-03"}, 4),
}


@pytest.mark.parametrize("name", FOUND_BY_SEQUENCES)
def test_a_fault_is_found_and_made_short(name: str) -> None:
    requirements, length = FOUND_BY_SEQUENCES[name]
    explorer = explored(BUNDLED, parts_with([name]), seed=2, runs=400)
    assert explorer.found
    assert explorer.found.finding.requirement in requirements
    assert length <= len(explorer.found.steps) <= length + 1
    again = explored(BUNDLED, parts_with([name]), replay=explorer.found.steps)
    assert again.found
    assert again.found.finding == explorer.found.finding
    assert explored(BUNDLED, Parts(), replay=explorer.found.steps).found is None


class _ForgetsAfterThreeRefreshes(Sessions):
    """Notices no reuse in a session that was refreshed three times or more."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._count: dict[str, int] = {}

    def advance(self, family: Family, identifier: str, expires_at: float) -> str:
        self._count[family.id] = self._count.get(family.id, 0) + 1
        return super().advance(family, identifier, expires_at)

    def is_reuse(self, family: Family, identifier: str, policy: RotationPolicy) -> bool:
        return self._count.get(family.id, 0) < 3 and super().is_reuse(family, identifier, policy)


def test_what_no_check_asks_is_found() -> None:
    forgetful = fault("forgets", breaks="REFRESH-03", reference="CWE-294", harm="An old session is not watched.")(_ForgetsAfterThreeRefreshes)
    assert not complaints(certify(forgetful.parts(Parts())))
    found = explored(BUNDLED, forgetful.parts(Parts()), runs=300).found
    assert found
    assert found.finding.requirement in {"REFRESH-03", "REFRESH-05"}
    assert len(found.steps) == 5


def test_the_same_seed_makes_the_same_walks() -> None:
    costs = {(explorer.walks, explorer.requests) for explorer in (explored(BUNDLED, Parts(), seed=7) for _ in range(2))}
    assert len(costs) == 1


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("requests", [10, 50, 110])
def test_the_requests_are_bounded_and_the_walk_at_work_is_undone(requests: int, seed: int) -> None:
    explorer = explored(BUNDLED, Parts(), seed=seed, runs=1000, requests=requests)
    assert explorer.ended == f"The {int(requests * 0.75)} requests of the search are used up."
    assert 0 < explorer.requests <= int(requests * 0.75)
    assert explorer.found is None
    assert not explorer.left_behind


@pytest.mark.parametrize("runs", [1, 10, 30])
def test_no_walk_is_one_too_many(runs: int) -> None:
    assert explored(BUNDLED, Parts(), runs=runs).walks == runs


def test_the_end_of_the_requests_leaves_a_counterexample_longer() -> None:
    fault = parts_with(["ends-the-access-token-alone-at-logout"])
    explorer = explored(BUNDLED, fault, requests=35)
    assert explorer.found
    assert len(explorer.found.steps) > 3
    assert explorer.ended == "It could not be shortened to the end. The 35 requests are used up."
    assert explorer.requests <= 35
    assert explored(BUNDLED, fault, replay=explorer.found.steps).found


def test_steps_that_are_not_needed_are_left_out() -> None:
    clock = Step(Rule.PASS_TIME, seconds=930)
    needed = (LOGIN, Step(Rule.CREATE_TOKEN, "admin", grant=1), refresh(1), Step(Rule.USE_TOKEN, "admin", personal=1))
    explorer = explored(BUNDLED, parts_with(["ends-personal-tokens-at-a-refresh"]), replay=(clock, clock, *needed))
    assert explorer.found
    assert explorer.found.without({0, 1}) == needed
    assert explorer.found.without({2}) == (), "the last step uses what only the first login gave"


def test_other_tokens_stand_for_those_that_are_left_out() -> None:
    steps = (LOGIN, refresh(1), LOGIN, refresh(3), refresh(2), refresh(1), refresh(1), refresh(4))
    taken = tuple(Taken(step, None, gave=number < 5) for number, step in enumerate(steps))
    found = Counterexample(Finding("REFRESH-04", "a refusal", "it is answered 200"), taken)
    assert found.without({1}) == (LOGIN, LOGIN, refresh(2), refresh(1), refresh(1), refresh(1), refresh(3)), "a refresh: the tokens before it"
    assert found.without({2}) == (LOGIN, refresh(1), refresh(1), refresh(2), refresh(1), refresh(1), refresh(3)), "a login: the one before it"


def test_a_target_that_decides_otherwise_each_time_is_explored_to_the_end() -> None:
    explorer = explored(BUNDLED, Parts(), runs=40, in_front=lambda path, calls: 503 if path.endswith("refresh") and calls % 3 == 2 else None)
    assert explorer.walks == 40
    assert explorer.found is None
    assert explorer.ended is None


def test_a_login_that_never_succeeded_decides_nothing() -> None:
    explorer = explored(BUNDLED, Parts(), in_front=lambda path, _calls: 501 if path.endswith("login") else None)
    assert explorer.found is None
    assert not explorer.granted
    assert explorer.requests == len(explorer.accounts)
    assert explorer.ended == "No account of the profile can log in."


def test_a_login_that_fails_after_it_succeeded_is_found() -> None:
    found = explored(BUNDLED, Parts(), in_front=lambda path, calls: 500 if path.endswith("login") and calls >= 12 else None).found
    assert found
    assert found.finding.requirement == "ERR-07"


def test_a_walk_takes_the_time_that_its_first_answer_tells() -> None:
    times = [1_700_000_000.0]
    profile = Profile("http://mock.invalid", accounts_of(BUNDLED, seed_for(BUNDLED)))
    target = Target(profile, InFront(Backend(BUNDLED, seed=seed_for(BUNDLED)), lambda _path, _calls: times.append(1_800_000_000.0)))
    try:
        walk = Walk(Lab(BUNDLED, profile, clock=lambda: times[-1]), target, {})
        assert walk.take(LOGIN) is None
    finally:
        target.close()
    assert (walk.model.grants[0].access_ends or 0) > 1_800_000_000.0


def test_a_counterexample_is_told_and_kept_without_a_secret(tmp_path: Path) -> None:
    steps = (LOGIN, refresh(1), refresh(1), refresh(2))
    explorer = explored(BUNDLED, parts_with(["forgives-the-last-used-token"]), replay=steps)
    assert explorer.found
    text = "\n".join(as_text(explorer.found, "http://mock.invalid", load_catalogue()))
    assert text.startswith("REFRESH-04: ")
    assert "${REFRESH_TOKEN_1}" in text
    assert "correct horse" not in text
    assert "eyJ" not in text
    path = tmp_path / "found.json"
    path.write_text(as_json(explorer.found, 1), "utf-8")
    assert load_steps(path) == steps
    assert json.loads(path.read_text("utf-8"))["requirement"] == "REFRESH-04"


def test_a_replay_says_which_step_cannot_be_made() -> None:
    explorer = explored(BUNDLED, Parts(), replay=(LOGIN, refresh(3)))
    assert explorer.found is None
    assert explorer.ended
    assert explorer.ended.startswith("Step 2 (refresh at admin with the refresh token of grant 3) cannot be made.")


@pytest.mark.parametrize(
    "content", ["", "[]", '{"version": 1, "steps": []}', '{"version": 1, "steps": [{"rule": "fly"}]}', '{"version": 2, "steps": [1]}']
)
def test_a_file_that_is_no_counterexample_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    path.write_text(content, "utf-8")
    with pytest.raises(RecordError, match="Mend: give a file that --keep wrote"):
        load_steps(path)


def test_a_step_comes_back_from_its_json() -> None:
    step = Step(Rule.REVOKE_TOKEN, "admin", grant=2, personal=1)
    assert step_of(step.as_json()) == step
