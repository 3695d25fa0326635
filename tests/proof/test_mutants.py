"""What is changed of the judging code, and that what is written of the survivors is about the code of today."""

from __future__ import annotations

import ast

import pytest

from tests.proof.mutants import mutants_of
from tests.proof.mutation import PAGE, groups
from tests.proof.planting import JUDGES, tree_of

SOURCE = '''
LIMIT = 3

def judge(answer, other):
    """Text."""
    if answer.status == 401 and other:
        return met(f"It is answered {answer.status}.", answer)
    return broken("No.", answer)
'''


def changes(source: str) -> set[tuple[str, str]]:
    return {(mutant.old, mutant.new) for mutant in mutants_of("authproof.example", ast.parse(source))}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("answer.status == 401", "answer.status != 401"),
        ("answer.status == 401 and other", "answer.status == 401 or other"),
        ("met", "broken"),
        ("401", "402"),
    ],
)
def test_verdicts_conditions_and_numbers_are_changed(old: str, new: str) -> None:
    assert any(old in before and new in after for before, after in changes(SOURCE)), sorted(changes(SOURCE))


def test_wording_is_left_alone() -> None:
    assert not [before for before, _ in changes(SOURCE) if before.startswith(('"No', "'No", 'f"', '"""'))]


def test_a_mutant_is_planted_in_the_tree_and_nowhere_else() -> None:
    original = ast.unparse(ast.parse(SOURCE))
    tree = ast.parse(SOURCE)
    count = len(list(mutants_of("authproof.example", tree)))
    planted = []
    for number in range(count):
        tree = ast.parse(SOURCE)
        list(mutants_of("authproof.example", tree))[number].plant()
        planted.append(ast.unparse(tree))
    assert original not in planted
    assert len(set(planted)) == count


def test_the_survivors_that_are_named_are_mutants_of_today() -> None:
    known = {mutant.name for module in JUDGES for mutant in mutants_of(module, tree_of(module))}
    named = [name for group in groups() for name in group.mutants]
    assert len(named) == len(set(named))
    assert sorted(set(named) - known) == []


def test_the_page_has_every_survivor_with_its_reason() -> None:
    page = PAGE.read_text("utf-8")
    for group in groups():
        assert f"### {group.reason}\n" in page
        assert all(f"- {name}\n" in page for name in group.mutants)
    assert page.count("\n- ") == sum(len(group.mutants) for group in groups())
