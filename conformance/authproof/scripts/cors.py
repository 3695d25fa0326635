"""Requests as a browser sends them for pages of other origins (WHATWG Fetch, "CORS protocol")."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from authproof.exchange import Probe, Request, header_value
from authproof.lab import MAIN, Blocked, Lab, Missing, Script, Session, without
from authproof.scripts.bearer import has_identity
from authproof.scripts.personal_tokens import token_body
from authproof.tokens import changed_by_cookie
from authproof_spec import Application, Operation

FOREIGN_DOMAIN = "evil.example"


def cors(lab: Lab, application: Application) -> Script:
    """Who-am-I for a foreign page, and for a declared one where there is one; the variants of them at one application alone."""
    if application.identity is None:
        raise Missing(f"The contract has no who-am-I operation for {application.name}.")
    me = application.identity.operation
    token = lab.session(application, *MAIN).access_token
    is_asked_all = application is lab.representative(has_identity)
    foreign, own = foreign_origin(lab), own_origin(lab)
    yield Probe("cors.foreign", lab.call(me, bearer=token, headers=(("Origin", foreign),)), me.id)
    if is_asked_all:
        yield Probe("cors.null", lab.call(me, bearer=token, headers=(("Origin", "null"),)), me.id)
        yield Probe("cors.foreign_preflight", _preflight(lab, me, foreign, _carrier(application)), me.id)
    if application.refresh and not _opened_by_cookie(application):
        refused = lab.refresh(application, None, "cors.foreign")
        yield replace(refused, request=_from(refused.request, foreign))
    if own is None:
        return
    yield Probe("cors.own", lab.call(me, bearer=token, headers=(("Origin", own),)), me.id)
    yield Probe("cors.preflight", _preflight(lab, me, own, _carrier(application)), me.id)
    login = application.logins[0].operation
    yield Probe("cors.preflight", _preflight(lab, login, own, "content-type"), login.id)
    yield Probe("cors.refused", lab.call(me, headers=(("Origin", own),)), me.id)
    if application.refresh:
        refused = lab.refresh(application, None, "cors.refused")
        yield replace(refused, request=_from(refused.request, own))
    if is_asked_all:
        for variant, origin in look_alikes(own, lab.contract.cors_origins):
            yield Probe("cors.look_alike", lab.call(me, bearer=token, headers=(("Origin", origin),)), me.id, variant)
        for operation in [operation for operation in lab.contract.operations if operation.is_public and operation.method == "GET"][:1]:
            yield Probe("cors.own", _from(lab.example_call(operation), own), operation.id)


def cross_site(lab: Lab, application: Application) -> Script:
    """What a foreign page causes without a preflight by the token cookies, in a session of its own; then what its own page could not leave out."""
    changed = changed_by_cookie(lab.contract, application)
    if changed is None and not _opened_by_cookie(application):
        raise Missing(f"{application.name} has no operation that a cookie alone opens.")
    lab.only_at_one(application, lambda one: changed_by_cookie(lab.contract, one) is not None or _opened_by_cookie(one))
    parts = MAIN[::-1] if changed and any(changed.bearer_schemes.values()) else MAIN  # the account that may do what is to be changed
    session = yield from lab.log_in(application, lab.session(application, *parts).account, "cross_site.login")
    if changed:
        yield from _change(lab, session, changed)
    if _opened_by_cookie(application):
        yield from _refresh_and_logout(lab, session)


def _opened_by_cookie(application: Application) -> bool:
    """True when the refresh cookie alone opens the refresh."""
    return application.cookie is not None and application.refresh is not None and not application.refresh.is_protected


def _change(lab: Lab, session: Session, operation: Operation) -> Script:
    """An operation that changes something by the access token's cookie: as a foreign page asks for it, as the own page does, and with its CSRF token wrong."""
    good = _changing(lab, session, operation)
    guard = session.application.csrf
    bare = without(good, guard.header if guard else "")
    yield Probe("cross_site", _simple(bare, operation, foreign_origin(lab)), operation.id)
    if guard is None:
        return
    yield Probe("csrf.control", good, operation.id)
    yield Probe("csrf.attempt", bare, operation.id, "without the CSRF token")
    made_up = lab.secret(f"authproof-{secrets.token_hex(8)}", "csrf_token")
    yield Probe("csrf.attempt", replace(bare, headers=(*bare.headers, (guard.header, made_up))), operation.id, "with a made-up CSRF token")
    kept = "; ".join(part for part in (header_value(good.headers, "cookie") or "").split("; ") if part.partition("=")[0] != guard.cookie)
    alone = replace(good, headers=(*without(good, "cookie").headers, ("Cookie", kept)))
    yield Probe("csrf.attempt", alone, operation.id, "without the cookie of the CSRF token")


def _changing(lab: Lab, session: Session, operation: Operation) -> Request:
    """A request of `operation` that would be carried out, where the run may make one."""
    personal = session.application.personal_access_tokens
    if personal and operation == personal.create:
        return lab.call(operation, bearer=session.access_token, body=token_body(lab, personal))
    return lab.example_call(operation, bearer=session.access_token)


def _refresh_and_logout(lab: Lab, session: Session) -> Script:
    """Refresh and logout as a foreign page causes them; then whether the session was logged out."""
    application = session.application
    if session.refresh_token is None or application.refresh is None:
        raise Blocked("The login set no refresh cookie.")
    foreign = foreign_origin(lab)
    guard = application.csrf.header if application.csrf else ""
    probe = lab.refresh(application, session.refresh_token, "cross_site")
    (answer,) = yield replace(probe, request=_simple(without(probe.request, guard), application.refresh, foreign))
    session.refresh_token = lab.refresh_token_of(application, answer) or session.refresh_token
    if application.logout and not application.logout.is_protected:
        probe = lab.logout(application, session.refresh_token, "cross_site")
        yield replace(probe, request=_simple(without(probe.request, guard), application.logout, foreign))
        (after,) = yield lab.refresh(application, session.refresh_token, "cross_site.after_logout")
        # A session that was logged out so is not there to be ended once more.
        session.refresh_token = lab.refresh_token_of(application, after) if after.response and after.response.is_success else None


def foreign_origin(lab: Lab) -> str:
    """An origin of nobody's, which begins like the target's own."""
    host = (urlsplit(lab.profile.url).hostname or "target").replace(":", "-")
    return f"https://{host}.{FOREIGN_DOMAIN}"


def own_origin(lab: Lab) -> str | None:
    """The first declared origin that stands for itself; None when there is none."""
    return next((origin for origin in lab.contract.cors_origins if "*" not in origin), None)


def look_alikes(own: str, declared: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Origins that a careless comparison takes for `own`, each with what it is."""
    parts = urlsplit(own)
    host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
    found = {
        "a foreign suffix": f"{parts.scheme}://{host}.{FOREIGN_DOMAIN}{port}",
        "a foreign prefix": f"{parts.scheme}://evil{host}{port}",
        "plain http": f"http://{host}{port}",
        "another port": f"{parts.scheme}://{host}:{8444 if parts.port == 8443 else 8443}",
        "a subdomain": f"{parts.scheme}://evil.{host}{port}",
        "a trailing dot": f"{parts.scheme}://{host}.{port}",
    }
    if any("*" in origin for origin in declared):
        del found["a subdomain"]
    return ((variant, origin) for variant, origin in found.items() if origin not in declared)


def _carrier(application: Application) -> str:
    """The header field that carries the access token, or that goes with its cookie, in lower case as browsers ask for it."""
    beside = application.csrf.header if application.csrf else "content-type"
    return (application.access_token.field or beside).lower()


def _preflight(lab: Lab, operation: Operation, origin: str, header: str) -> Request:
    fields = (("Origin", origin), ("Access-Control-Request-Method", operation.method), ("Access-Control-Request-Headers", header))
    return replace(lab.call(operation, headers=fields), method="OPTIONS")


def _from(request: Request, origin: str) -> Request:
    return replace(request, headers=(*request.headers, ("Origin", origin)))


def _simple(request: Request, operation: Operation, origin: str) -> Request:
    """`request` as a form of a page of `origin` sends it: with a body of a type that asks for no preflight, where the operation takes one."""
    kept = tuple((name, value) for name, value in request.headers if name.lower() != "content-type")
    fields = (*kept, ("Origin", origin), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors"))
    if operation.request_body is None:
        return replace(request, headers=fields, body=None)
    return replace(request, headers=(*fields, ("Content-Type", "text/plain")), body=request.body or b"{}")
