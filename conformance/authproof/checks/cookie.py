"""COOKIE: the refresh token's cookie."""

from __future__ import annotations

from authproof.checks.answers import gives_no_cookie, response_of
from authproof.checks.registry import check, cookie_givers, first_logins, logouts
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange
from authproof.reading import SetCookie, cache_directives, set_cookies
from authproof.verdict import Judgement, broken, met, undecided, weak, worst
from authproof_spec import Operation
from authproof_spec.consistency import path_matches
from authproof_spec.contract import CookiePolicy

Given = tuple[Exchange, SetCookie]


def _given(seen: Evidence, operation: Operation) -> tuple[CookiePolicy, list[Given]]:
    """The cookie policy, and each refresh cookie that `operation` set. Raises NotObserved when there is none."""
    application = seen.application_of(operation)
    policy = application.cookie if application else None
    if policy is None:
        raise NotObserved("The operation belongs to no application with a refresh cookie.")
    given = [
        (exchange, cookie)
        for exchange in seen.on(operation)
        for cookie in set_cookies(response_of(exchange), policy.name)
        if response_of(exchange).is_success and not cookie.is_deletion
    ]
    if not given:
        raise NotObserved(f"No answer of {operation.name} set the cookie {policy.name}.")
    return policy, given


@check("COOKIE-01", on=cookie_givers, reads="refresh")
def refresh_cookie_is_http_only(seen: Evidence, operation: Operation) -> Judgement:
    """Scripts cannot read the cookie (RFC 6265 section 4.1.2.6)."""
    policy, given = _given(seen, operation)
    for exchange, cookie in given:
        if policy.http_only and "httponly" not in cookie.attributes:
            return broken("The refresh cookie lacks HttpOnly.", exchange)
    return met("The refresh cookie is HttpOnly." if policy.http_only else "The document does not ask for HttpOnly.", given[0][0])


@check("COOKIE-02", on=cookie_givers, reads="refresh")
def refresh_cookie_is_secure(seen: Evidence, operation: Operation) -> Judgement:
    """The cookie travels over TLS alone (RFC 6265 section 4.1.2.5)."""
    policy, given = _given(seen, operation)
    for exchange, cookie in given:
        if policy.secure and "secure" not in cookie.attributes:
            return broken("The refresh cookie lacks Secure.", exchange)
    return met("The refresh cookie is Secure." if policy.secure else "The document does not ask for Secure.", given[0][0])


@check("COOKIE-03", on=cookie_givers, reads="refresh")
def refresh_cookie_has_the_declared_same_site(seen: Evidence, operation: Operation) -> Judgement:
    """SameSite is the declared one, or a stricter one."""
    policy, given = _given(seen, operation)
    rank = {"none": 0, "lax": 1, "strict": 2}
    for exchange, cookie in given:
        found = cookie.attributes.get("samesite")
        if found is None or found.lower() not in rank:
            return broken(f"The refresh cookie's SameSite is {found or 'missing'}, and {policy.same_site} is declared.", exchange)
        if rank[found.lower()] < rank[policy.same_site.lower()]:
            return broken(f"The refresh cookie has SameSite={found}, and {policy.same_site} is declared.", exchange)
        if found.lower() != policy.same_site.lower():
            return weak(f"The refresh cookie has SameSite={found}, which is stricter than the declared {policy.same_site}.", exchange)
    return met(f"The refresh cookie has SameSite={policy.same_site}.", given[0][0])


@check("COOKIE-04", on=cookie_givers, reads="refresh")
def refresh_cookie_has_the_declared_path(seen: Evidence, operation: Operation) -> Judgement:
    """The path is the declared one, and covers refresh and logout (RFC 6265 section 5.1.4)."""
    policy, given = _given(seen, operation)
    application = seen.application_of(operation)
    for exchange, cookie in given:
        path = cookie.attributes.get("path") or ""
        if path != policy.path:
            return broken(f"The refresh cookie's path is {path or 'missing'}, and {policy.path} is declared.", exchange)
        for needed in (application.refresh, application.logout) if application else ():
            if needed and not path_matches(needed.path, path):
                return broken(f"The refresh cookie's path {path} does not cover {needed.path}.", exchange)
    return met(f"The refresh cookie's path is {policy.path}.", given[0][0])


@check("COOKIE-05", on=cookie_givers, reads="refresh")
def refresh_cookie_is_host_only(seen: Evidence, operation: Operation) -> Judgement:
    """The cookie has no Domain unless one is declared (RFC 6265 section 4.1.2.3)."""
    policy, given = _given(seen, operation)
    for exchange, cookie in given:
        found = cookie.attributes.get("domain", "").lstrip(".")
        if found and found != (policy.domain or "").lstrip("."):
            return broken(f"The refresh cookie has Domain={found}, so every host below it gets the cookie.", exchange)
    return met("The refresh cookie is host-only." if policy.domain is None else "The refresh cookie has the declared domain.", given[0][0])


@check("COOKIE-07", on=cookie_givers, reads="refresh")
def refresh_cookie_lives_as_long_as_its_token(seen: Evidence, operation: Operation) -> Judgement:
    """Max-Age, or else Expires, is the refresh token's lifetime (RFC 6265 section 5.3)."""
    policy, given = _given(seen, operation)
    for exchange, cookie in given:
        if cookie.max_age is None and "expires" not in cookie.attributes:
            return weak("The refresh cookie has neither Max-Age nor Expires: it ends with the browser's session.", exchange)
        if cookie.lifetime is None:
            return undecided("The answer has no Date, or Expires no date, so they cannot be compared.", exchange)
        if cookie.lifetime > policy.max_age + 60:
            return broken(f"The refresh cookie lives {cookie.lifetime:.0f} seconds, and its token {policy.max_age}.", exchange)
        if (
            operation in (login.operation for app in seen.contract.applications.values() for login in app.logins)
            and cookie.lifetime < policy.max_age - 60
        ):
            return broken(f"The refresh cookie lives {cookie.lifetime:.0f} seconds after a login, and {policy.max_age} are declared.", exchange)
    return met(f"The refresh cookie lives {given[0][1].lifetime or 0:.0f} seconds.", given[0][0])


@check("COOKIE-08", on=cookie_givers, reads="refresh")
def refresh_token_travels_in_the_cookie_alone(seen: Evidence, operation: Operation) -> Judgement:
    """The refresh token is in no body, URL or other header field."""
    _, given = _given(seen, operation)
    for exchange, cookie in given:
        response = response_of(exchange)
        elsewhere = response.body.decode("utf-8", "replace") + " ".join(value for name, value in response.headers if name.lower() != "set-cookie")
        if set(seen.tokens_in(cookie.value)) & set(seen.tokens_in(elsewhere)):
            return broken("The refresh token is also outside its cookie.", exchange)
    return met("The refresh token is in its cookie alone.", given[0][0])


@check("COOKIE-09", on=first_logins, reads="logins")
def failed_login_sets_no_cookie(seen: Evidence, operation: Operation) -> Judgement:
    """A refused login sets no usable refresh cookie."""
    application = seen.application_of(operation)
    if application is None or application.cookie is None:
        raise NotObserved("The login belongs to no application with a refresh cookie.")
    refusals = [exchange for exchange in seen.on(operation) if 400 <= exchange.status < 500 and exchange.status != 429]
    if not refusals:
        raise NotObserved("No login was refused.")
    clean = met(f"None of {len(refusals)} refused logins sets a usable refresh cookie.", refusals[0])
    return worst(*(gives_no_cookie(exchange, application, clean) for exchange in refusals))


@check("COOKIE-10", on=logouts, reads="logout")
def deletion_repeats_the_cookie(seen: Evidence, operation: Operation) -> Judgement:
    """A cookie is deleted under its own name, path and domain (RFC 6265 section 5.3)."""
    application = seen.application_of(operation)
    policy = application.cookie if application else None
    if policy is None:
        raise NotObserved("The operation belongs to no application with a refresh cookie.")
    exchange = seen.one("logout", operation)
    return deletes(exchange, policy)


def deletes(exchange: Exchange, policy: CookiePolicy) -> Judgement:
    """Met when `exchange` makes a browser forget the cookie of `policy`."""
    cookies = set_cookies(response_of(exchange), policy.name)
    if not cookies:
        return broken(f"The answer does not clear the cookie {policy.name}.", exchange)
    cookie = cookies[-1]
    if not cookie.is_deletion:
        return broken(f"The answer sets {policy.name} without Max-Age=0 or a past Expires, so browsers keep it.", exchange)
    if cookie.attributes.get("path") != policy.path:
        found = cookie.attributes.get("path") or "missing"
        return broken(f"The cookie is cleared for the path {found}, and it was set for {policy.path}: browsers keep it.", exchange)
    if (cookie.attributes.get("domain") or "").lstrip(".") != (policy.domain or "").lstrip("."):
        return broken("The cookie is cleared for another domain than it was set for: browsers keep it.", exchange)
    if policy.secure and "secure" not in cookie.attributes:
        return weak("The cookie is cleared without Secure, although it was set with it.", exchange)
    return met(f"The cookie {policy.name} is cleared.", exchange)


@check("COOKIE-12", on=cookie_givers, reads="refresh")
def refresh_cookie_fits_browsers(seen: Evidence, operation: Operation) -> Judgement:
    """Name and value together are at most 4096 bytes (RFC 6265bis section 5.6)."""
    policy, given = _given(seen, operation)
    for exchange, cookie in given:
        names = seen.tokens_in(cookie.value)
        if not names:
            continue
        token = seen.facts[names[0]]
        if len(policy.name) + token.length > 4096:
            return broken(f"Name and value are {len(policy.name) + token.length} bytes: browsers drop the cookie.", exchange)
        if not token.is_cookie_octets:
            return weak("The value has characters that RFC 6265 section 4.1.1 does not allow.", exchange)
    return met("The cookie is within the limits.", given[0][0])


@check("COOKIE-13", on=cookie_givers, reads="refresh")
def answers_with_tokens_are_not_stored(seen: Evidence, operation: Operation) -> Judgement:
    """An answer that carries a token is no-store (RFC 6749 section 5.1, RFC 9111 section 5.2.2.5)."""
    _, given = _given(seen, operation)
    for exchange, _cookie in given:
        if "no-store" not in cache_directives(response_of(exchange)):
            found = response_of(exchange).first("cache-control")
            return broken(f"The answer carries tokens, and its Cache-Control is {found or 'missing'}; no-store is due.", exchange)
    return met("The answers with tokens are no-store.", given[0][0])
