"""The reference model, by table and by property: no target, no clock."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproof.explore.model import MARGIN, Answer, Model, Outcome
from authproof_spec import Contract, load_contract
from authproof_spec.contract import RotationPolicy

USER = ("admin", "ordinary")
OTHER = ("admin", "other")
GIVEN = Answer(Outcome.ACCEPTED, 200, gives_tokens=True, gives_refresh=True)
DONE = Answer(Outcome.ACCEPTED, 200)
REFUSED = Answer(Outcome.REFUSED, 401)
CONTRACT = load_contract()


def contract_with(rotation: RotationPolicy) -> Contract:
    applications = {name: replace(application, rotation=rotation) for name, application in CONTRACT.applications.items()}
    return replace(CONTRACT, applications=applications)


def walked(*steps: str, contract: Contract = CONTRACT) -> Model:
    """A model after right answers to `steps`: `in USER`, `refresh N`, `reuse N`, `out N`."""
    model = Model(contract)
    for step in steps:
        what, _, rest = step.partition(" ")
        match what:
            case "in":
                found = model.log_in(("admin", rest), GIVEN, 0)
            case "refresh":
                found = model.refresh(int(rest), "admin", GIVEN, 0)
            case "reuse":
                found = model.refresh(int(rest), "admin", REFUSED, 0)
            case _:
                found = model.log_out(int(rest), contract.applications["admin"], DONE, 0)
        assert found is None
    return model


@pytest.mark.parametrize(
    ("steps", "grant", "accept", "requirement"),
    [
        (["in ordinary"], 1, True, "REFRESH-01"),
        (["in ordinary", "refresh 1"], 2, True, "REFRESH-01"),
        (["in ordinary", "refresh 1"], 1, False, "REFRESH-03"),
        (["in ordinary", "refresh 1", "refresh 2"], 1, False, "REFRESH-05"),
        (["in ordinary", "refresh 1", "reuse 1"], 2, False, "REFRESH-04"),
        (["in ordinary", "refresh 1", "refresh 2", "reuse 1"], 3, False, "REFRESH-05"),
        (["in ordinary", "out 1"], 1, False, "REFRESH-16"),
        (["in ordinary", "refresh 1", "out 2"], 1, False, "LOGOUT-03"),
        (["in other", "in ordinary", "out 1"], 2, True, "LOGOUT-07"),
        (["in ordinary", "in other", "refresh 1", "reuse 1"], 2, True, "REFRESH-06"),
        (["in ordinary", "in ordinary"], 1, None, "ERR-07"),
        (["in ordinary", "refresh 1", "out 1"], 2, None, "ERR-07"),
    ],
)
def test_what_a_refresh_has_to_be_answered(steps: list[str], grant: int, *, accept: bool | None, requirement: str) -> None:
    due = walked(*steps).due_of_refresh(grant, "admin", 0)
    assert (due.accept, due.requirement) == (accept, requirement)


@pytest.mark.parametrize("answer", [GIVEN, REFUSED])
def test_within_a_grace_either_answer_is_right_until_a_successor_was_used(answer: Answer) -> None:
    contract = contract_with(RotationPolicy(grace=30))
    assert walked("in ordinary", "refresh 1", contract=contract).refresh(1, "admin", answer, 29) is None
    found = walked("in ordinary", "refresh 1", "refresh 2", contract=contract).refresh(1, "admin", GIVEN, 1)
    assert found
    assert found.requirement == "REFRESH-05"


def test_after_the_grace_a_used_token_is_refused() -> None:
    model = walked("in ordinary", "refresh 1", contract=contract_with(RotationPolicy(grace=30)))
    found = model.refresh(1, "admin", GIVEN, 31 + MARGIN)
    assert found
    assert found.requirement == "REFRESH-03"


def test_the_same_successor_may_come_again_within_a_grace_alone() -> None:
    again = replace(GIVEN, known_refresh=2)
    model = walked("in ordinary", "refresh 1", contract=contract_with(RotationPolicy(grace=30, same_child=True)))
    assert model.refresh(1, "admin", again, 1) is None
    found = walked("in ordinary", "refresh 1").refresh(2, "admin", again, 1)
    assert found
    assert found.requirement == "REFRESH-02"


def test_reuse_ends_every_session_of_the_account_where_the_contract_says_so() -> None:
    model = walked("in other", "in ordinary", "in ordinary", "refresh 3", "reuse 3", contract=contract_with(RotationPolicy(revokes_account=True)))
    assert model.due_of_refresh(2, "admin", 0).accept is False
    assert model.due_of_refresh(1, "admin", 0).accept is None


def test_a_foreign_application_takes_nothing() -> None:
    model = walked("in ordinary")
    assert model.due_of_refresh(1, "survey", 0).requirement == "REFRESH-13"
    assert model.due_of_access(1, "survey", 0, plain="LOGIN-01").requirement == "APP-01"


@pytest.mark.parametrize(("after", "accept"), [(900 - 2 * MARGIN, True), (900, None), (900 + 2 * MARGIN, False)])
def test_around_an_end_either_answer_is_right(after: float, *, accept: bool | None) -> None:
    assert walked("in ordinary").due_of_access(1, "admin", after, plain="LOGIN-01").accept is accept


def test_a_personal_token_lives_until_it_is_revoked_and_nobody_else_revokes_it() -> None:
    model = walked("in other", "in ordinary")
    assert model.create_token(2, GIVEN, 0, 10_000) is None
    assert model.revoke_token(1, 1, Answer(Outcome.REFUSED, 404), 0) is None
    assert model.due_of_use(1, "admin", 0).requirement == "AUTHZ-05"
    assert model.revoke_token(1, 2, Answer(Outcome.ACCEPTED, 204), 0) is None
    assert (model.due_of_use(1, "admin", 0).accept, model.due_of_use(1, "admin", 0).requirement) == (False, "PAT-07")


@given(st.lists(st.tuples(st.sampled_from(["in", "refresh", "out"]), st.integers(1, 6), st.sampled_from(list(Outcome))), max_size=12))
def test_a_used_token_or_an_ended_session_never_has_to_be_accepted(steps: list[tuple[str, int, Outcome]]) -> None:
    """Whatever was answered: what must be accepted is unused, of a live session, and one token of it at most."""
    model = Model(CONTRACT)
    for what, which, outcome in steps:
        answer = replace(GIVEN, outcome=outcome)
        number = 1 + which % len(model.grants) if model.grants else 0
        if what == "in" or not number:
            model.log_in(USER if which % 2 else OTHER, answer, 0)
        elif what == "refresh":
            model.refresh(number, "admin", answer, 0)
        else:
            model.log_out(number, CONTRACT.applications["admin"], answer, 0)
    for family in model.families:
        due = [number for number in model.numbers_of(family) if model.due_of_refresh(number, "admin", 0).accept]
        assert len(due) <= 1
        assert not (due and family.standing.is_over)
        assert all((token := model.grants[number - 1].refresh) and token.used_at is None for number in due)
