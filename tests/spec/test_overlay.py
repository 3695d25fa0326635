"""Overlays: what they change, and one message for what they cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from authproof_spec import ContractError, load_contract

HEAD = "overlay: 1.0.0\ninfo: {title: o, version: 1.0.0}\nactions:\n"


@pytest.fixture
def overlay(tmp_path: Path) -> Callable[[str], Path]:
    def written(text: str) -> Path:
        path = tmp_path / "overlay.yaml"
        path.write_text(text, "utf-8")
        return path

    return written


def test_the_extension_may_come_by_an_overlay(write: Callable[..., Path], overlay: Callable[[str], Path], example: str) -> None:
    document, _, extension = example.partition("x-authproof:\n")
    indented = "".join(f"      {line}\n" for line in extension.splitlines())
    path = overlay(f"{HEAD}  - target: $\n    update:\n      x-authproof:\n{indented}")
    assert load_contract(write(document), [path]).applications["notes"].access_token.lifetime == 600


def test_updates_merge_and_append_and_removals_remove(write: Callable[..., Path], overlay: Callable[[str], Path], example: str) -> None:
    actions = """\
  - {target: "$.paths['/me'].get.security[0].accessToken", update: "notes:me"}
  - {target: "$['x-authproof'].applications.notes.accessToken", update: {lifetime: 60}}
  - {target: "$.paths['/users/{userId}/notes']", remove: true}
  - {target: "$['x-authproof'].objectRules", remove: true}
"""
    contract = load_contract(write(example), [overlay(HEAD + actions)])
    operations = {operation.id: operation for operation in contract.operations}
    assert operations["whoAmI"].bearer_schemes == {"accessToken": frozenset({"notes:me"})}
    assert contract.applications["notes"].access_token.lifetime == 60
    assert contract.applications["notes"].access_token_field == "/token"
    assert "listNotes" not in operations


def test_all_of_several_matches_are_removed(write: Callable[..., Path], overlay: Callable[[str], Path], example: str) -> None:
    path = overlay(HEAD + '  - {target: "$.components.schemas.Error.required[*]", remove: true}\n')
    assert load_contract(write(example), [path]).document.root["components"]["schemas"]["Error"]["required"] == []  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    ("text", "pointer", "words"),
    [
        (HEAD + "  - {target: \"$.paths['/nowhere']\", update: {}}\n", "/actions/0/target", "matches nothing"),
        (HEAD + '  - {target: "$.paths[", update: {}}\n', "/actions/0/target", "is no JSONPath"),
        (HEAD + '  - {target: "$.info.title", update: {}}\n', "/actions/0/target", "not an object"),
        (HEAD + '  - {target: "$.info"}\n', "/actions/0", "neither update nor remove"),
        (HEAD + "  - {update: {}}\n", "/actions/0", "no target"),
        (HEAD + "  - {target: $, remove: true}\n", "/actions/0/target", "is the whole document"),
        ("overlay: 2.0.0\nactions: []\n", "/overlay", "says `overlay: 2.0.0`"),
        ("openapi: 3.1.0\n", "/overlay", "no `overlay` member"),
        ("overlay: 1.0.0\n", "/actions", "no list of actions"),
    ],
)
def test_a_broken_overlay_names_its_place(
    write: Callable[..., Path], overlay: Callable[[str], Path], example: str, text: str, pointer: str, words: str
) -> None:
    path = overlay(text)
    with pytest.raises(ContractError) as caught:
        load_contract(write(example), [path])
    (problem,) = caught.value.problems
    assert (problem.source, problem.pointer) == (str(path), pointer)
    assert words in problem.message
    assert problem.mend


def test_what_an_overlay_breaks_is_told_like_any_other_mistake(write: Callable[..., Path], overlay: Callable[[str], Path], example: str) -> None:
    path = overlay(HEAD + "  - {target: \"$['x-authproof'].applications.notes.refreshToken.cookie\", update: {path: /login}}\n")
    with pytest.raises(ContractError, match="does not cover refresh"):
        load_contract(write(example), [path])


@pytest.mark.parametrize(
    ("actions", "line"),
    [
        ("  - {target: $.openapi, remove: true}\n", 4),
        ("  - {target: $, update: {openapi: 2.0.0}}\n  - {target: $.openapi, remove: true}\n", 5),
        ("  - {target: $.openapi, remove: true}\n  - {target: $, update: {openapi: 2.0.0}}\n", 5),
    ],
)
def test_what_an_overlay_takes_away_names_the_overlay(
    write: Callable[..., Path], overlay: Callable[[str], Path], example: str, actions: str, line: int
) -> None:
    path = overlay(HEAD + actions)
    with pytest.raises(ContractError) as caught:
        load_contract(write(example), [path])
    (problem,) = caught.value.problems
    assert (problem.source, problem.line, problem.pointer) == (str(path), line, "/openapi")
