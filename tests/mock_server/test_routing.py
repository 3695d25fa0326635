from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproof_mock.routing import Router, parameters_of
from authproof_spec import Contract, Operation


def operation(path: str, method: str = "GET") -> Operation:
    return Operation(f"{method} {path}", method, path, (), (), None, {})


def found(paths: Iterable[str], path: str) -> tuple[str, dict[str, str]] | None:
    place = Router(operation(declared) for declared in paths).find(path)
    if place is None:
        return None
    hit = place.operations["GET"]
    return hit.path, parameters_of(hit, place.values)


def test_every_declared_path_leads_to_its_operation(contract: Contract) -> None:
    router = Router(contract.operations)
    for declared in contract.operations:
        place = router.find(declared.path)
        assert place is not None
        assert place.operations[declared.method] is declared


def test_literal_segments_win_over_parameters() -> None:
    paths = ["/users/{id}", "/users/me", "/users/{id}.json"]
    assert found(paths, "/users/me") == ("/users/me", {})
    assert found(paths, "/users/you") == ("/users/{id}", {"id": "you"})
    assert found(paths, "/users/7.json") == ("/users/{id}.json", {"id": "7"})


def test_a_literal_segment_that_leads_nowhere_leaves_the_parameter_a_chance() -> None:
    assert found(["/users/me/name", "/users/{id}/mail"], "/users/me/mail") == ("/users/{id}/mail", {"id": "me"})


def test_templates_of_one_shape_keep_their_own_names() -> None:
    paths = ["/a/{first}", "/a/{second}/b"]
    assert found(paths, "/a/1") == ("/a/{first}", {"first": "1"})
    assert found(paths, "/a/1/b") == ("/a/{second}/b", {"second": "1"})


def test_an_encoded_slash_stays_within_its_parameter() -> None:
    assert found(["/users/{id}"], "/users/a%2Fb%20c") == ("/users/{id}", {"id": "a/b c"})


@pytest.mark.parametrize(
    "path",
    [
        "/users/7/",
        "/users//7",
        "//users/7",
        "/Users/7",
        "/users/./7",
        "/users/x/../7",
        "/users/..",
        "/users/%2e%2e",
        "/users/",
        "/users",
        "",
        "*",
        "users/7",
    ],
)
def test_another_spelling_is_another_path(path: str) -> None:
    assert found(["/users/{id}"], path) is None


@given(st.text())
def test_no_path_breaks_the_router(contract: Contract, path: str) -> None:
    place = Router(contract.operations).find(path)
    assert place is None or place.operations


def test_allowed_methods_name_head_and_options() -> None:
    place = Router([operation("/a"), operation("/a", "POST")]).find("/a")
    assert place is not None
    assert place.allowed_methods == ("GET", "HEAD", "OPTIONS", "POST")
