"""Where tokens are, as the contract says. Pure: scripts and checks alike read by these."""

from __future__ import annotations

from authproof.exchange import Exchange, Response
from authproof.reading import SetCookie, set_cookies
from authproof_spec import Application, Contract, Operation

_READING = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def given_cookies(response: Response, name: str) -> tuple[SetCookie, ...]:
    """The Set-Cookie lines that give the cookie `name` a value, and do not delete it."""
    return tuple(cookie for cookie in set_cookies(response, name) if cookie.value and not cookie.is_deletion)


def access_token_in(application: Application, exchange: Exchange) -> str | None:
    """The access token, or its variable, that the answer gives; None when it gives none."""
    if exchange.response is None:
        return None
    if application.access_cookie:
        cookies = given_cookies(exchange.response, application.access_cookie.name)
        return cookies[-1].value if cookies else None
    found = exchange.response.at(application.access_token_field) if application.access_token_field else None
    return found if isinstance(found, str) and found else None


def refresh_token_in(application: Application, exchange: Exchange) -> str | None:
    """The refresh token, or its variable, that the answer gives in the cookie or in the body; None when it gives none."""
    if exchange.response is None:
        return None
    if application.refresh_body:
        found = exchange.response.at(application.refresh_body.response)
        return found if isinstance(found, str) and found else None
    cookies = given_cookies(exchange.response, application.cookie.name) if application.cookie else ()
    return cookies[-1].value if cookies else None


def where_access_tokens_are(application: Application) -> str:
    """Where the contract has the access token in an answer, in words."""
    return f"in the cookie {application.access_cookie.name}" if application.access_cookie else f"at {application.access_token_field}"


def changed_by_cookie(contract: Contract, application: Application) -> Operation | None:
    """An operation that changes something for whoever has the access token's cookie: the creation of personal access tokens, else the first one."""
    if application.access_cookie is None:
        return None
    scheme, personal = application.access_token.scheme.name, application.personal_access_tokens
    candidates = [personal.create] if personal else []
    candidates += [operation for operation in contract.protected_operations if operation.method not in _READING and operation.request_body]
    return next((operation for operation in candidates if scheme in operation.bearer_schemes), None)
