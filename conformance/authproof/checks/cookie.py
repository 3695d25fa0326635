"""COOKIE: the cookies that carry tokens, that of the refresh token and that of the access token."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypeAlias

from authproof.checks.answers import all_refused_as_declared, came_from_elsewhere, does_not_decide, gives_no_cookie, response_of
from authproof.checks.designs import token_in_a_cookie
from authproof.checks.registry import Judge, check, first_logins, logouts, refreshes, second_factors, session_givers, token_creations
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange
from authproof.reading import SetCookie, all_cookies, cache_directives, set_cookies
from authproof.verdict import Judgement, Verdict, broken, met, undecided, untestable, weak, worst
from authproof_spec import Application, Contract, Operation
from authproof_spec.consistency import path_matches
from authproof_spec.contract import CookiePolicy

Given = tuple[Exchange, SetCookie]
FLOWS = ("refresh", "second_factor")
"""The scripts by which every way to get a token cookie is seen."""
_TOKENS = frozenset({"access_token", "refresh_token", "personal_access_token"})


def givers(contract: Contract) -> Iterable[Operation]:
    """The operations that give a session's tokens: each application's first login, which stands for all, its second factor and its refresh."""
    yield from session_givers(contract)
    yield from second_factors(contract)


def token_givers(contract: Contract) -> Iterable[Operation]:
    """The operations whose answers bring a token, in a cookie or in the body."""
    yield from first_logins(contract)
    yield from second_factors(contract)
    yield from refreshes(contract)
    yield from token_creations(contract)


def cookie_readers(contract: Contract) -> Iterable[Operation]:
    """The operations that show how a token cookie is read: the refresh, and who-am-I where a cookie carries the access token."""
    yield from refreshes(contract)
    yield from (operation for app in contract.applications.values() if app.access_cookie for operation in identities_of(app))


def identities_of(application: Application) -> Iterable[Operation]:
    """The application's who-am-I, where there is one."""
    return [application.identity.operation] if application.identity else []


def _at(seen: Evidence, operation: Operation) -> tuple[Exchange, ...]:
    """Every exchange with `operation`; for a login, with any login of its application."""
    application = seen.application_of(operation)
    logins = [login.operation for login in application.logins] if application else []
    return tuple(exchange for place in (logins if operation in logins else [operation]) for exchange in seen.on(place))


def _cookies(seen: Evidence, operation: Operation) -> tuple[Application, tuple[CookiePolicy, ...]]:
    application = seen.application_of(operation)
    if application is None or not application.token_cookies:
        raise NotObserved("The operation belongs to no application with a token in a cookie.")
    return application, application.token_cookies


@dataclass(frozen=True, slots=True)
class TokenCookie:
    """One token cookie of an application, and every time that `operation` set it."""

    seen: Evidence
    operation: Operation
    application: Application
    policy: CookiePolicy
    given: tuple[Given, ...]


JudgeOfCookie: TypeAlias = Callable[[TokenCookie], Judgement]


def of_each_cookie(judge: JudgeOfCookie) -> Judge:
    """The gravest of what `judge` says of each token cookie that an operation set. Raises NotObserved when it set none."""

    @functools.wraps(judge)
    def judged(seen: Evidence, operation: Operation) -> Judgement:
        application, policies = _cookies(seen, operation)
        judgements = []
        for policy in policies:
            given = tuple(
                (exchange, cookie)
                for exchange in _at(seen, operation)
                for cookie in set_cookies(response_of(exchange), policy.name)
                if response_of(exchange).is_success and not cookie.is_deletion
            )
            judgements += [judge(TokenCookie(seen, operation, application, policy, given))] if given else []
        if not judgements:
            raise NotObserved(f"No answer of {operation.name} set the cookie {' or '.join(policy.name for policy in policies)}.")
        return _at_its_place(seen, operation, worst(*judgements))

    return judged


def _at_its_place(seen: Evidence, operation: Operation, judgement: Judgement) -> Judgement:
    """`judgement`, whose detail names the login that it is of, where that is a further one, which is judged with the first."""
    place = seen.operation_of(judgement.exchanges[0]) if judgement.exchanges else None
    if judgement.verdict is Verdict.PASS or place is None or place == operation:
        return judgement
    return replace(judgement, detail=f"At {place.name}: {judgement.detail}")


def _prefix(name: str) -> str:
    """The prefix that asks browsers for more (RFC 6265bis section 4.1.3), in lower case; empty when the name has none."""
    return next((prefix for prefix in ("__secure-", "__host-") if name.lower().startswith(prefix)), "")


@check("COOKIE-01", on=givers, reads=FLOWS, where=token_in_a_cookie)
@of_each_cookie
def token_cookie_is_http_only(one: TokenCookie) -> Judgement:
    """Scripts cannot read the cookie (RFC 6265 section 4.1.2.6)."""
    policy, given = one.policy, one.given
    for exchange, cookie in given:
        if policy.http_only and "httponly" not in cookie.attributes:
            return broken(f"The cookie {policy.name} lacks HttpOnly.", exchange)
    return met(f"The cookie {policy.name} is HttpOnly." if policy.http_only else "The document does not ask for HttpOnly.", given[0][0])


@check("COOKIE-02", on=givers, reads=FLOWS, where=token_in_a_cookie)
@of_each_cookie
def token_cookie_is_secure(one: TokenCookie) -> Judgement:
    """The cookie travels over TLS alone (RFC 6265 section 4.1.2.5)."""
    policy, given = one.policy, one.given
    for exchange, cookie in given:
        if policy.secure and "secure" not in cookie.attributes:
            return broken(f"The cookie {policy.name} lacks Secure.", exchange)
    return met(f"The cookie {policy.name} is Secure." if policy.secure else "The document does not ask for Secure.", given[0][0])


@check("COOKIE-03", on=givers, reads=FLOWS, where=token_in_a_cookie)
@of_each_cookie
def token_cookie_has_the_declared_same_site(one: TokenCookie) -> Judgement:
    """SameSite is the declared one, or a stricter one."""
    policy, given = one.policy, one.given
    rank = {"none": 0, "lax": 1, "strict": 2}
    for exchange, cookie in given:
        found = cookie.attributes.get("samesite")
        if found is None or found.lower() not in rank:
            return broken(f"The cookie {policy.name}'s SameSite is {found or 'missing'}, and {policy.same_site} is declared.", exchange)
        if rank[found.lower()] < rank[policy.same_site.lower()]:
            return broken(f"The cookie {policy.name} has SameSite={found}, and {policy.same_site} is declared.", exchange)
        if found.lower() == "none" and "secure" not in cookie.attributes:
            return broken(f"The cookie {policy.name} has SameSite=None without Secure: browsers drop it.", exchange)
        if found.lower() != policy.same_site.lower():
            return weak(f"The cookie {policy.name} has SameSite={found}, which is stricter than the declared {policy.same_site}.", exchange)
    return met(f"The cookie {policy.name} has SameSite={policy.same_site}.", given[0][0])


@check("COOKIE-04", on=givers, reads=FLOWS, where=token_in_a_cookie)
@of_each_cookie
def token_cookie_has_the_declared_path(one: TokenCookie) -> Judgement:
    """The path is the declared one, and that of a refresh cookie covers refresh and logout (RFC 6265 section 5.1.4)."""
    policy, given = one.policy, one.given
    application = one.application
    needing = (application.refresh, application.logout) if policy is application.cookie else ()
    for exchange, cookie in given:
        path = cookie.path(exchange.probe.request.target)
        if path != policy.path:
            return broken(f"The cookie {policy.name}'s path is {path}, and {policy.path} is declared.", exchange)
        for needed in needing:
            if needed and not path_matches(needed.path, path):
                return broken(f"The cookie {policy.name}'s path {path} does not cover {needed.path}.", exchange)
    return met(f"The cookie {policy.name}'s path is {policy.path}.", given[0][0])


@check("COOKIE-05", on=givers, reads=FLOWS, where=token_in_a_cookie)
@of_each_cookie
def token_cookie_is_host_only(one: TokenCookie) -> Judgement:
    """The cookie has no Domain unless one is declared (RFC 6265 section 4.1.2.3)."""
    policy, given = one.policy, one.given
    declared = _domain(policy)
    for exchange, cookie in given:
        if cookie.domain == declared:
            continue
        if not cookie.domain:
            return broken(f"The cookie {policy.name} has no Domain, and {declared} is declared.", exchange)
        return broken(f"The cookie {policy.name} has Domain={cookie.domain}, so every host below it gets the cookie.", exchange)
    return met(f"The cookie {policy.name} has the declared domain." if declared else f"The cookie {policy.name} is host-only.", given[0][0])


def _domain(policy: CookiePolicy) -> str:
    return (policy.domain or "").removeprefix(".").lower()


@check("COOKIE-06", on=givers, reads=FLOWS, where=token_in_a_cookie)
@of_each_cookie
def token_cookie_obeys_its_prefix(one: TokenCookie) -> Judgement:
    """A cookie whose name has a prefix is as the prefix promises, else browsers drop it (RFC 6265bis section 5.7)."""
    policy, given = one.policy, one.given
    prefix = _prefix(policy.name)
    if not prefix:
        return untestable(f"The document gives the cookie the name {policy.name}, which has no prefix, and the server has no choice.")
    for exchange, cookie in given:
        if "secure" not in cookie.attributes:
            return broken(f"The cookie {policy.name} is not Secure: browsers drop it.", exchange)
        if prefix == "__host-" and (cookie.domain or cookie.attributes.get("path") != "/"):
            return broken(f"The cookie {policy.name} has a Domain, or another Path than /: browsers drop it.", exchange)
    return met(f"The cookie is as the prefix of its name {policy.name} promises.", given[0][0])


@check("COOKIE-07", on=givers, reads=FLOWS, where=token_in_a_cookie)
@of_each_cookie
def token_cookie_lives_as_long_as_its_token(one: TokenCookie) -> Judgement:
    """The cookie's lifetime is the declared one, and ends with the token in it (RFC 6265 sections 4.1.2.1 and 4.1.2.2)."""
    policy, given = one.policy, one.given
    return worst(*(_lifetime(one.seen, one.operation, exchange, cookie, policy) for exchange, cookie in given))


def _lifetime(seen: Evidence, operation: Operation, exchange: Exchange, cookie: SetCookie, policy: CookiePolicy) -> Judgement:
    told = cookie.lifetime
    if told is None and cookie.expires is None:
        return weak(f"The cookie {policy.name} has neither Max-Age nor Expires: it ends with the browser's session.", exchange)
    if told is None:
        return undecided(f"The cookie {policy.name} has Expires alone, and the answer has no Date to compare it with.", exchange)
    if cookie.max_age is None:
        # Date may be written by a server in front of the application, whose clock no hook moves.
        told = min(told, told - seen.moved, key=lambda seconds: abs(seconds - policy.max_age))
    if told > policy.max_age + _LEEWAY:
        return broken(f"The cookie {policy.name} lives {told:.0f} seconds, and {policy.max_age} are declared.", exchange)
    lifetime = _token_lifetime(seen, cookie)
    if lifetime is not None and told > lifetime + _LEEWAY:
        return broken(f"The cookie {policy.name} lives {told:.0f} seconds, and the token in it {lifetime:.0f}.", exchange)
    # After a refresh it may be what is left of a session whose end is fixed.
    if operation in first_logins(seen.contract) and told < policy.max_age - _LEEWAY:
        return broken(f"The cookie {policy.name} lives {told:.0f} seconds after a login, and {policy.max_age} are declared.", exchange)
    return met(f"The cookie {policy.name} lives {told:.0f} seconds, and no longer than the token in it.", exchange)


_LEEWAY = 60
"""Seconds that a cookie's lifetime may be off."""


def _token_lifetime(seen: Evidence, cookie: SetCookie) -> float | None:
    """Seconds between the issue and the end of the JWT in `cookie`; None when it is none, or does not tell."""
    for name in seen.tokens_in(cookie.value):
        claims = seen.facts[name].claims or {}
        issued, ends = claims.get("iat"), claims.get("exp")
        if isinstance(issued, int | float) and isinstance(ends, int | float):
            return ends - issued
    return None


@check("COOKIE-08", on=givers, reads=FLOWS, where=token_in_a_cookie)
@of_each_cookie
def token_travels_in_its_cookie_alone(one: TokenCookie) -> Judgement:
    """A token that a cookie carries is in no body, URL or other header field."""
    policy, given = one.policy, one.given
    for _, pairs in groupby(given, key=lambda pair: pair[0].number):
        (exchange, first), *further = pairs
        carried = {name for cookie in (first, *(other for _, other in further)) for name in one.seen.tokens_in(cookie.value)}
        response = response_of(exchange)
        fields = [value for name, value in response.headers if name.lower() != "set-cookie"]
        fields += [other.value for other in all_cookies(response) if other.name != policy.name]
        elsewhere = response.body.decode("utf-8", "replace") + " ".join(fields)
        if carried & set(one.seen.tokens_in(elsewhere)):
            return broken(f"The token in the cookie {policy.name} is also outside it.", exchange)
    return met(f"The token in the cookie {policy.name} is there alone.", given[0][0])


@check("COOKIE-09", on=givers, reads=("logins", "wrong_secret", "refused_logins", *FLOWS), where=token_in_a_cookie)
def refusal_sets_no_cookie(seen: Evidence, operation: Operation) -> Judgement:
    """A refused login, second factor or refresh sets no usable token cookie."""
    application, _ = _cookies(seen, operation)
    refusals = [exchange for exchange in _at(seen, operation) if 400 <= exchange.status < 500 and exchange.status != 429]
    if not refusals:
        raise NotObserved(f"{operation.name} refused nothing.")
    clean = met(f"None of {len(refusals)} refusals sets a usable token cookie.", refusals[0])
    return worst(*(gives_no_cookie(exchange, application, clean) for exchange in refusals))


@check("COOKIE-10", on=logouts, reads="logout", where=token_in_a_cookie)
def deletion_repeats_the_cookie(seen: Evidence, operation: Operation) -> Judgement:
    """A cookie is deleted under its own name, path and domain (RFC 6265 section 5.3)."""
    _, policies = _cookies(seen, operation)
    return worst(*(deletes(seen.one("logout", operation), policy) for policy in policies))


def deletes(exchange: Exchange, policy: CookiePolicy) -> Judgement:
    """Met when `exchange` makes a browser forget the cookie of `policy`. Deletions of other paths beside it do no harm."""
    cookies = set_cookies(response_of(exchange), policy.name)
    if not cookies:
        unclear = does_not_decide(exchange)
        return (undecided if unclear else broken)(f"The answer {exchange.status} does not clear the cookie {policy.name}.", exchange)
    paths = [cookie.path(exchange.probe.request.target) for cookie in cookies]
    same = [cookie for cookie, path in zip(cookies, paths, strict=True) if path == policy.path]
    if not same:
        return broken(f"The cookie is cleared for the path {paths[-1]}, and it was set for {policy.path}: browsers keep it.", exchange)
    # The last one of a name, path and domain is the one that a browser goes by.
    cookie = next((one for one in reversed(same) if one.domain == _domain(policy)), None)
    if cookie is None:
        return broken("The cookie is cleared for another domain than it was set for: browsers keep it.", exchange)
    if not cookie.is_deletion:
        return broken(f"The answer sets {policy.name} without Max-Age=0 or a past Expires, so browsers keep it.", exchange)
    if "secure" in cookie.attributes or not policy.secure:
        return met(f"The cookie {policy.name} is cleared.", exchange)
    told = broken if _prefix(policy.name) else weak
    return told(f"The cookie {policy.name} is cleared without Secure, although it was set with it.", exchange)


@check("COOKIE-11", on=lambda contract: (*givers(contract), *logouts(contract)), reads=("logout", *FLOWS), where=token_in_a_cookie)
def answer_sets_a_cookie_once(seen: Evidence, operation: Operation) -> Judgement:
    """No answer has two Set-Cookie lines for one name (RFC 6265 section 4.1.1)."""
    answers = [exchange for exchange in _at(seen, operation) if all_cookies(response_of(exchange))]
    if not answers:
        raise NotObserved(f"No answer of {operation.name} set a cookie.")
    for exchange in answers:
        names = Counter(cookie.name for cookie in all_cookies(response_of(exchange)))
        if twice := [name for name, count in names.items() if count > 1]:
            return broken(f"One answer has several Set-Cookie lines for {' and '.join(twice)}.", exchange)
    if not any(response_of(exchange).is_success for exchange in answers):
        raise NotObserved(f"No answer of {operation.name} but a refusal set a cookie.")
    return met(f"None of {len(answers)} answers sets a cookie more than once.", answers[0])


@check("COOKIE-12", on=givers, reads=FLOWS, where=token_in_a_cookie)
@of_each_cookie
def token_cookie_fits_browsers(one: TokenCookie) -> Judgement:
    """Name and value together are at most 4096 bytes (RFC 6265bis section 5.6)."""
    policy, given = one.policy, one.given
    for exchange, cookie in given:
        names = one.seen.tokens_in(cookie.value)
        if not names:
            continue
        token = one.seen.facts[names[0]]
        if len(policy.name) + token.length > 4096:
            return broken(f"Name and value are {len(policy.name) + token.length} bytes: browsers drop the cookie.", exchange)
        if not token.is_cookie_octets:
            return weak("The value has characters that RFC 6265 section 4.1.1 does not allow.", exchange)
    return met("The cookie is within the limits.", given[0][0])


@check("COOKIE-13", on=token_givers, reads=("personal_tokens", *FLOWS))
def answers_with_tokens_are_not_stored(seen: Evidence, operation: Operation) -> Judgement:
    """An answer that carries a token is no-store (RFC 6749 section 5.1, RFC 9111 section 5.2.2.5)."""
    bringing = [exchange for exchange in _at(seen, operation) if response_of(exchange).is_success and _brings_a_token(seen, exchange)]
    if not bringing:
        raise NotObserved(f"No answer of {operation.name} brought a token.")
    for exchange in bringing:
        if "no-store" not in cache_directives(response_of(exchange)):
            found = response_of(exchange).first("cache-control")
            judgement = broken(f"The answer carries tokens, and its Cache-Control is {found or 'missing'}; no-store is due.", exchange)
            return _at_its_place(seen, operation, judgement)
    return met(f"The {len(bringing)} answers with tokens are no-store.", bringing[0])


def _brings_a_token(seen: Evidence, exchange: Exchange) -> bool:
    response = response_of(exchange)
    cookies = " ".join(cookie.value for cookie in all_cookies(response))
    return any(seen.facts[name].kind in _TOKENS for name in seen.tokens_in(response.body.decode("utf-8", "replace") + " " + cookies))


@check("COOKIE-14", on=cookie_readers, reads="cookie_values", where=token_in_a_cookie)
def altered_cookie_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A value that is not exactly the token is refused; quotes around it may be taken for syntax (RFC 6265 section 4.1.1)."""
    if obstacle := _no_cookie_of(seen, operation):
        return untestable(obstacle)
    altered = seen.all("cookie.altered", operation)
    judgement = all_refused_as_declared(altered, operation, "A token cookie with an altered value")
    if judgement.verdict is Verdict.PASS and not response_of(seen.one("cookie.control", operation)).is_success:
        return undecided("The untouched cookie was refused too, so a refusal proves nothing.", *altered)
    quoted = [exchange for exchange in seen.all("cookie.quoted", operation) if response_of(exchange).is_success]
    if judgement.verdict is Verdict.PASS and quoted:
        return weak("The value is accepted in double quotes, which are a part of it (RFC 6265 section 5.4).", *quoted)
    return judgement


def _no_cookie_of(seen: Evidence, operation: Operation) -> str:
    """Why `operation` reads no token cookie; empty where it does."""
    application = seen.application_of(operation)
    is_refresh = application is not None and operation is application.refresh
    return f"The refresh token of {application.name} travels in no cookie." if application and is_refresh and application.cookie is None else ""


@check("COOKIE-15", on=cookie_readers, reads="cookie_values", where=token_in_a_cookie)
def order_of_two_cookies_does_not_matter(seen: Evidence, operation: Operation) -> Judgement:
    """Two cookies of the name are refused, or accepted in either order (RFC 6265 section 4.2.2)."""
    if obstacle := _no_cookie_of(seen, operation):
        return untestable(obstacle)
    both = seen.all("cookie.twice", operation)
    if len(both) < 2:
        raise NotObserved("A request with two cookies was not answered in both orders.")
    if any(exchange.status == 429 or came_from_elsewhere(response_of(exchange)) for exchange in both):
        return undecided("The target limits requests, or something in front of it answered.", *both)
    if any(exchange.status >= 500 for exchange in both):
        return broken("Two cookies of one name make the server fail.", *both)
    taken = [exchange for exchange in both if response_of(exchange).is_success]
    if len(taken) == 1:
        return broken(f"Of two cookies of one name the good one is taken when it is {taken[0].probe.variant}, and in the other order not.", *both)
    return met(f"Two cookies of one name are {'accepted' if taken else 'refused'} in either order.", *both)
