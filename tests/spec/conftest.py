from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest

from authproof_spec import ContractError, Problem, load_contract

BUNDLED = (files("authproof_spec") / "openapi.yaml").read_text("utf-8")
PAGE = (Path(__file__).parents[2] / "docs" / "extension.md").read_text("utf-8")
EXAMPLE = PAGE.partition("```yaml\n")[2].partition("```\n")[0]


def changed(text: str, *changes: tuple[str, str]) -> str:
    """`text` after the replacements, each of which changes exactly one place."""
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    return text


@dataclass(frozen=True)
class Refusal:
    text: str
    path: Path
    problems: tuple[Problem, ...]

    def line(self, problem: Problem) -> str:
        """The text of the line that `problem` names."""
        assert problem.line is not None
        return self.text.splitlines()[problem.line - 1].strip()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "api.yaml"
        path.write_text(text, "utf-8")
        return path

    return write


@pytest.fixture
def refuse(write: Callable[[str], Path]) -> Callable[[str], Refusal]:
    """Loads a document that must be refused."""

    def refuse(text: str) -> Refusal:
        path = write(text)
        with pytest.raises(ContractError) as caught:
            load_contract(path)
        assert caught.value.problems
        for problem in caught.value.problems:
            assert problem.source == str(path)
            assert problem.message.endswith(".")
            assert problem.mend.endswith(".")
            assert str(problem) in str(caught.value)
        return Refusal(text, path, caught.value.problems)

    return refuse
