"""One-time codes by secret and by URI."""

from __future__ import annotations

import pytest

from authproof.onetime import totp_of

# RFC 6238 appendix B, at 59 seconds: the secret is the ASCII text 12345678901234567890, or more of it for SHA-256.
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
LONGER = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA"


@pytest.mark.parametrize(
    ("secret", "code"),
    [
        (SECRET, "287082"),
        ("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ", "287082"),
        (f"otpauth://totp/Example:user?secret={SECRET}&digits=8", "94287082"),
        (f"otpauth://totp/user?secret={LONGER}&digits=8&algorithm=SHA256", "46119246"),
    ],
)
def test_codes_of_the_standard(secret: str, code: str) -> None:
    assert totp_of(secret).at(59) == code


def test_a_uri_may_tell_another_step() -> None:
    assert totp_of(f"otpauth://totp/user?secret={SECRET}&period=60").interval == 60


@pytest.mark.parametrize("secret", ["!", "otpauth://hotp/user?secret=AAAA&counter=1", "otpauth://totp/user"])
def test_what_is_no_secret(secret: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        totp_of(secret)
