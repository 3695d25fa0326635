from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproof_spec.pointer import get, join, position, put, split

tokens = st.lists(st.text(max_size=8), min_size=1, max_size=5)
scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=10)

# RFC 6901 section 5, less the members that differ in no rule.
RFC_6901: dict[str, Any] = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "m~n": 8, " ": 7}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/c%d", 2), ("/m~0n", 8), ("/ ", 7), ("", RFC_6901)],
)
def test_get_follows_the_examples_of_the_standard(pointer: str, value: object) -> None:
    assert get(RFC_6901, pointer) == value


@pytest.mark.parametrize(
    "pointer", ["/foo/2", "/foo/-", "/foo/01", "/foo/-1", "/foo/\u0660", "/foo/" + "9" * 5000, "/foo/bar", "/none", "/foo/0/0", "/ /x"]
)
def test_get_is_none_where_there_is_nothing(pointer: str) -> None:
    assert get(RFC_6901, pointer) is None


@given(st.lists(st.text(max_size=8), max_size=5))
def test_join_and_split_are_inverse(path: list[str]) -> None:
    assert list(split(join(path))) == path


@given(st.text(max_size=12))
def test_a_tilde_before_a_digit_survives(token: str) -> None:
    assert split(join([f"~1{token}~0"])) == (f"~1{token}~0",)


@given(tokens, values)
def test_what_was_put_is_got(path: list[str], value: Any) -> None:
    document: dict[str, Any] = {}
    put(document, join(path), value)
    assert get(document, join(path)) == value


@given(st.dictionaries(st.text(max_size=3), values, max_size=3), tokens, values)
def test_put_leaves_the_other_members_alone(document: dict[str, Any], path: list[str], value: Any) -> None:
    others = {name: member for name, member in document.items() if name != path[0]}
    put(document, join(path), value)
    assert {name: member for name, member in document.items() if name != path[0]} == others


@given(values, st.text(max_size=20))
def test_get_takes_any_text_for_a_pointer(document: Any, pointer: str) -> None:
    found = get(document, pointer)
    assert found is None or pointer == "" or "/" in pointer or found == document


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_position_is_one_within_the_array(index: int, length: int) -> None:
    assert position(str(index), length) == (index if index < length else None)
