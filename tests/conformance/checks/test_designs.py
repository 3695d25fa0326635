"""Which requirements concern an API of each design, and why the others do not."""

from __future__ import annotations

import pytest

from authproof.checks import designs
from tests.conformance.checks.building import design
from tests.conformance.checks.designed import IN_BODY, IN_COOKIE, KEYS, LOGINS, first

BUNDLED = ""


@pytest.mark.parametrize(
    ("condition", "name", "reason"),
    [
        (designs.any_design, KEYS, ""),
        (designs.jwt_access_tokens, BUNDLED, ""),
        (designs.jwt_access_tokens, KEYS, "are opaque"),
        (designs.opaque_access_tokens, KEYS, ""),
        (designs.opaque_access_tokens, BUNDLED, "are JWTs"),
        (designs.bearer_tokens, BUNDLED, ""),
        (designs.bearer_tokens, IN_COOKIE, "travel in the cookie __Host-access"),
        (designs.authentication_scheme, IN_COOKIE, "no authentication scheme"),
        (designs.token_in_a_header, IN_COOKIE, "COOKIE-15"),
        (designs.token_in_a_cookie, BUNDLED, ""),
        (designs.token_in_a_cookie, IN_BODY, "No token of admin travels in a cookie."),
        (designs.access_token_in_a_cookie, IN_COOKIE, ""),
        (designs.access_token_in_a_cookie, BUNDLED, "which no browser sends by itself"),
        (designs.csrf_token, IN_COOKIE, ""),
        (designs.csrf_token, BUNDLED, "which no browser sends by itself"),
        (designs.field_that_pages_set, BUNDLED, ""),
        (designs.field_that_pages_set, IN_COOKIE, ""),
        (designs.refresh_token_in_a_cookie, BUNDLED, ""),
        (designs.refresh_token_in_a_cookie, IN_BODY, "The refresh token of admin travels in no cookie."),
        (designs.refresh_token_in_a_cookie, KEYS, "The document declares no refresh token for admin."),
        (designs.refresh_tokens, IN_BODY, ""),
        (designs.refresh_tokens, KEYS, "The document declares no refresh token for admin."),
        (designs.chosen_expiry, BUNDLED, ""),
        (designs.chosen_expiry, KEYS, ""),
        (designs.chosen_expiry, LOGINS, "Nobody chooses when a personal access token of reports ends"),
        (designs.chosen_expiry, IN_BODY, "Nobody chooses when a personal access token of admin ends"),
    ],
)
def test_a_condition(condition: designs.Condition, name: str, reason: str) -> None:
    found = condition(first(design(name)))
    assert (found == "") == (reason == "")
    assert reason in found
