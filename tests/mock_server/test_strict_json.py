from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproof_mock import strict_json


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e400",
        b"1" * 5000,
        b'"\xff"',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\xef\xbb\xbf{}",
        b"{} {}",
        b'"\xed\xa0\x80"',
    ],
)
def test_what_is_not_json_is_a_value_error(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        strict_json.parse(raw)


def test_members_that_stand_twice() -> None:
    assert strict_json.parse(b'{"a": 1, "a": 2}') == {"a": 2}
    with pytest.raises(ValueError, match="twice"):
        strict_json.parse(b'{"b": [{"a": 1, "a": 2}]}', unique_members=True)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_is_read_as_it_was_written(value: object) -> None:
    assert strict_json.parse(json.dumps(value).encode(), unique_members=True) == value


@given(st.binary())
def test_no_bytes_give_another_error(raw: bytes) -> None:
    try:
        value = strict_json.parse(raw)
    except ValueError:
        return
    assert json.loads(json.dumps(value, allow_nan=False)) == value
