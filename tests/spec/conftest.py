from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import settings

from authproof_spec import ContractError, Problem, load_contract

# The same examples on every run: a test fails for a change of the code, never by luck.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")

PAGE = Path(__file__).parents[2] / "docs" / "extension.md"


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
def bundled() -> str:
    """The text of the bundled document."""
    return (files("authproof_spec") / "openapi.yaml").read_text("utf-8")


@pytest.fixture
def example() -> str:
    """The text of the worked example of the documentation."""
    return PAGE.read_text("utf-8").partition("```yaml\n")[2].partition("```\n")[0]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a document after replacements, each of which changes exactly one place."""

    def write(text: str, *changes: tuple[str, str]) -> Path:
        for old, new in changes:
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
            text = text.replace(old, new)
        path = tmp_path / "api.yaml"
        path.write_text(text, "utf-8")
        return path

    return write


@pytest.fixture
def refuse(write: Callable[..., Path]) -> Callable[..., Refusal]:
    """Loads a document, after replacements, that must be refused."""

    def refuse(text: str, *changes: tuple[str, str]) -> Refusal:
        path = write(text, *changes)
        with pytest.raises(ContractError) as caught:
            load_contract(path)
        assert caught.value.problems
        for problem in caught.value.problems:
            assert problem.source == str(path)
            assert problem.message.endswith(".")
            assert problem.mend.endswith(".")
            assert str(problem) in str(caught.value)
        return Refusal(path.read_text("utf-8"), path, caught.value.problems)

    return refuse
