"""Which designs of an API a requirement applies to. Each condition gives the reason why it cannot apply, and nothing where it can."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from authproof_spec import Application

Condition: TypeAlias = Callable[[Application], str]


def any_design(application: Application) -> str:  # noqa: ARG001  # of the form of its siblings
    """No condition."""
    return ""


def jwt_access_tokens(application: Application) -> str:
    """Access tokens are JWTs, so that there is something to read in them and to forge."""
    return (
        f"The access tokens of {application.name} are opaque, so there is nothing to read or to forge in them."
        if application.access_token.opaque
        else ""
    )


def opaque_access_tokens(application: Application) -> str:
    """Access tokens are random text; of JWTs the area JWT asks the same in more ways."""
    return (
        ""
        if application.access_token.opaque
        else f"The access tokens of {application.name} are JWTs, whose changes JWT-13 and its neighbours ask about."
    )


def bearer_tokens(application: Application) -> str:
    """Access tokens travel as RFC 6750 has it, which alone names error codes."""
    kind = application.access_token
    known = kind.auth_scheme == "Bearer"
    return "" if known else f"The access tokens of {application.name} travel {kind.place}, and RFC 6750 has its error codes for bearer tokens alone."


def word_before_the_token(application: Application) -> str:
    """A word stands before the access token."""
    kind = application.access_token
    return "" if kind.word else f"The access tokens of {application.name} travel {kind.place}, and no word stands before them."


def authentication_scheme(application: Application) -> str:
    """The word before the access token is an authentication scheme of HTTP."""
    kind = application.access_token
    return "" if kind.auth_scheme else f"The access tokens of {application.name} travel {kind.place}, where no authentication scheme of HTTP stands."


def token_in_a_header(application: Application) -> str:
    """Access tokens travel in a header field of their own or in Authorization."""
    kind = application.access_token
    return "" if kind.field else f"The access tokens of {application.name} travel {kind.place}; COOKIE-15 asks about two cookies of one name."


def token_in_a_cookie(application: Application) -> str:
    """A cookie carries the refresh token or the access token, which browsers then send by themselves."""
    return "" if application.token_cookies else f"No token of {application.name} travels in a cookie."


def access_token_in_a_cookie(application: Application) -> str:
    """A cookie carries the access token, so that browsers send it with whatever any page asks for."""
    kind = application.access_token
    return "" if application.access_cookie else f"The access tokens of {application.name} travel {kind.place}, which no browser sends by itself."


def csrf_token(application: Application) -> str:
    """The document declares a CSRF token."""
    return access_token_in_a_cookie(application) or ("" if application.csrf else f"The document declares no CSRF token for {application.name}.")


def field_that_pages_set(application: Application) -> str:
    """Pages set a header field to call: that of the access token, or of the CSRF token."""
    known = application.access_token.field or application.csrf
    return "" if known else f"The access tokens of {application.name} travel {application.access_token.place}, and no field goes with it."


def refresh_token_in_a_cookie(application: Application) -> str:
    """A cookie carries the refresh token."""
    travels = f"The refresh token of {application.name} travels in no cookie."
    return "" if application.cookie else travels if application.refresh_token else refresh_tokens(application)


def refresh_tokens(application: Application) -> str:
    """There are refresh tokens."""
    return "" if application.refresh_token else f"The document declares no refresh token for {application.name}."


def chosen_expiry(application: Application) -> str:
    """Who creates a personal access token chooses when it ends."""
    personal = application.personal_access_tokens
    return (
        ""
        if personal and personal.request_expires_at
        else f"Nobody chooses when a personal access token of {application.name} ends, by the document."
    )
