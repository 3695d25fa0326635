from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproof_spec.syntax import UnreadableError, parse


def bomb(levels: int) -> str:
    """Lists of ten aliases each of the list before: ten times as much at each level."""
    lines = ["a0: &a0 [" + "x," * 10 + "]"]
    lines += [f"a{level}: &a{level} [" + f"*a{level - 1}," * 10 + "]" for level in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("200: a", {"200": "a"}),
        ("on: yes", {"on": "yes"}),
        ("a: 2026-01-01", {"a": "2026-01-01"}),
        ("a: 12:30:00", {"a": "12:30:00"}),
        ("a: 0x10", {"a": "0x10"}),
        ("a: 1_000", {"a": "1_000"}),
        ("a: .inf", {"a": ".inf"}),
        ("a: -12", {"a": -12}),
        ("a: 1.5e3", {"a": 1500.0}),
        ("a: True", {"a": True}),
        ("a:", {"a": None}),
        ("a: ~", {"a": None}),
        ('a: "true"', {"a": "true"}),
        ("<<: {a: 1}", {"<<": {"a": 1}}),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("a: &x [1]\nb: &x [2]\nc: *x", {"a": [1], "b": [2], "c": [2]}),
        ("a: &x [&x 1, *x]", {"a": [1, 1]}),
        ("&x a: *x", {"a": "a"}),
        ('{"a": [1, 2.5, null, "\\u00e9"]}', {"a": [1, 2.5, None, "é"]}),
        ('{"a": "\\ud83d\\ude00 \\\\ud83d\\\\ude00"}', {"a": "\U0001f600 \\ud83d\\ude00"}),
        ('{\n\t"a":1,\n\t"b":"\\/"\n}', {"a": 1, "b": "/"}),
        ("", None),
    ],
)
def test_values_have_the_types_of_json_alone(text: str, expected: object) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3", 3, "the key 'a' stands twice"),
        ("a: 1\n? [x]\n: 2", 2, "a key that is not text"),
        ("a: 1\nb: [}", 2, "did not find expected node content"),
        ("a: 1\nb: *none", 2, "undefined alias"),
        ("a: 1\nb: !!binary aGk=", 2, "no counterpart in JSON as binary"),
        ("a: 1\nb: !!set {x}", 2, "no counterpart in JSON"),
        ("a: 1\nb: !!timestamp 2026-01-01", 2, "no counterpart in JSON"),
        ("a: 1\nb: !!python/object:os.system x", 2, "no counterpart in JSON"),
        ("a: 1\nb: !own x", 2, "no counterpart in JSON"),
        ("a: 1\nb: !!int x", 2, "no counterpart in JSON as int"),
        ('a: 1\nb: !!int ""', 2, "no counterpart in JSON as int"),
        ("a: 1\nb: !!bool maybe", 2, "no counterpart in JSON as bool"),
        ("a: 1\nb: !!float nan", 2, "no counterpart in JSON as float"),
        ("a: 1\nb: 1e999", 2, "no counterpart in JSON as float"),
        ("a: 1\nb: " + "9" * 6000, 2, "no counterpart in JSON as int"),
        ("a: 1\nb: !!map x", 2, "no counterpart in JSON as map"),
        ("a: 1\nb: !!str [x]", 2, "no counterpart in JSON"),
        ("a: 1\nb: &b {c: *b}", 2, "an alias stands inside of what it repeats"),
        ("a: 1\nb: &b [*b]", 2, "an alias stands inside of what it repeats"),
        ("a: 1\nb: " + "[" * 300 + "]" * 300, 2, "nested more than 200 levels deep"),
        ("a: 1\nb: " + "[" * 100_000, 2, "nesting"),
        ("a: 1\n---\nb: 2", 2, "another document"),
        ('a: 1\nb: "\\ud800"', 2, "invalid Unicode"),
        ("a: \0", None, "control characters"),
        ("a: \ud800", None, "surrogates"),
    ],
)
def test_what_json_has_no_word_for_is_refused_with_its_line(text: str, line: int | None, words: str) -> None:
    with pytest.raises(UnreadableError, match=words) as caught:
        parse(text)
    assert caught.value.line == line


def test_aliases_that_unfold_without_end_are_refused_at_once() -> None:
    begin = time.monotonic()
    with pytest.raises(UnreadableError, match="each alias counted as what it repeats"):
        parse(bomb(20))
    assert time.monotonic() - begin < 2


def test_aliases_that_unfold_within_bounds_are_read() -> None:
    read: Any = parse(bomb(4))
    assert read["a3"][9][9][9][9] == "x"


def test_depth_counts_through_aliases() -> None:
    with pytest.raises(UnreadableError, match="nested more than 200 levels deep") as caught:
        parse("a0: &a0 [x]\n" + "\n".join(f"a{level}: &a{level} [*a{level - 1}]" for level in range(1, 300)))
    assert caught.value.line == 200


def test_a_large_document_is_read_in_time() -> None:
    begin = time.monotonic()
    read: Any = parse("a:\n" + "  - {b: 1, c: [x, y]}\n" * 20_000)
    assert len(read["a"]) == 20_000
    assert time.monotonic() - begin < 10


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs", "Cc"])), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_json_is_read_as_what_it_is(document: object) -> None:
    assert parse(json.dumps({"root": document})) == {"root": document}


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        outcome: object = str(parse(text))
    except UnreadableError as error:
        outcome = str(error)
    assert outcome
