"""Explorations of mocks in this process: a clean one gives nothing, a faulty one its shortest counterexample."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from authproof.embedded import BackendHooks, accounts_of
from authproof.explore.explorer import Bounds, Explorer
from authproof.explore.record import RecordError, as_json, as_text, load_steps
from authproof.explore.steps import Rule, Step, step_of
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


def explored(contract: Contract, parts: Parts, *, seed: int = 1, runs: int = 20, replay: tuple[Step, ...] = (), requests: int = 20_000) -> Explorer:
    backend = Backend(contract, seed=seed_for(contract), parts=parts)
    profile = Profile("http://mock.invalid", accounts_of(contract, seed_for(contract)))
    target = Target(profile, InProcess(backend))
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
    assert explorer.walks >= 20
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
}


@pytest.mark.parametrize("name", FOUND_BY_SEQUENCES)
def test_a_fault_is_found_and_made_short(name: str) -> None:
    requirements, length = FOUND_BY_SEQUENCES[name]
    explorer = explored(BUNDLED, parts_with([name]), runs=400)
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


def test_the_requests_are_bounded_and_the_walk_at_work_is_undone() -> None:
    explorer = explored(BUNDLED, Parts(), runs=1000, requests=50)
    assert explorer.ended == "The 50 requests are used up."
    assert 50 <= explorer.requests <= 70
    assert not explorer.left_behind


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
