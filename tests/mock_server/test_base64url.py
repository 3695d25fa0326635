from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproof_mock import base64url


@given(st.binary())
def test_one_text_for_one_value(raw: bytes) -> None:
    text = base64url.encode(raw)
    assert "=" not in text
    assert base64url.decode(text) == raw


@pytest.mark.parametrize("text", ["QQ==", "QR", "Q", "Q+", "Q/", "QQ\n", "Q Q", "QQ.Q"])
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="base64url"):
        base64url.decode(text)
