"""How a protected operation reads its credential."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import urlencode

from authproof.exchange import Headers, Probe, Request
from authproof.lab import MAIN, Lab, Missing, Script, Session
from authproof.profile import Part
from authproof.scripts.forgeries import dealt
from authproof.scripts.personal_tokens import token_body
from authproof_spec import Application, Contract, Operation
from authproof_spec.contract import SchemeKind, TokenKind
from authproof_spec.pointer import Json

GARBAGE = "authproof.garbage"
_LONG = 16_000
"""Characters of a credential that is longer than many servers read."""


def public(lab: Lab, application: Application) -> Script:
    """Each public operation that only reads, without credentials; once for all applications."""
    if application is next(iter(lab.contract.applications.values())):
        for operation in lab.contract.operations:
            if operation.is_public and operation.method == "GET":
                yield Probe("public", lab.example_call(operation), operation.id)


def bearer(lab: Lab, application: Application) -> Script:
    """Each protected operation without credentials and with a token that is none; then who-am-I with the token in wrong places and odd spellings."""
    asked = application.identity.operation.id if application.identity else None  # by the baseline
    for operation in lab.contract.protected_operations:
        if lab.contract.application_of(operation) is application and lab.may_ask(operation):
            if operation.id != asked:
                yield Probe("bearer.none", lab.example_call(operation), operation.id)
            yield Probe("bearer.garbage", lab.example_call(operation, bearer=GARBAGE), operation.id)
    operation, session = who_am_i(lab, application), lab.session(application, *MAIN)
    kind, token = application.access_token, session.access_token
    for name, value in (*_spellings(kind, token).items(), *dealt(lab, application, _other_cases(kind, token)).items()):
        yield Probe(name, lab.call_with(operation, kind, value), operation.id)
    if kind.field:
        yield _twice(lab, operation, kind, "a good token, then a bad one", token, GARBAGE)
    yield from _elsewhere(lab, session, operation)
    yield Probe("bearer.claimed_identity", lab.call(operation, headers=_claims_of(session)), operation.id)
    yield Probe("bearer.control", lab.call(operation, bearer=token), operation.id)


def _elsewhere(lab: Lab, session: Session, operation: Operation) -> Iterator[Probe]:
    """The token where the document does not have it: in other header fields, in the query, and in other cookies; there also beside a bad one."""
    application, token = session.application, session.access_token
    declared = _declared_carriers(operation)
    yield Probe("bearer.other_header", lab.call(operation, headers=_without(declared, _other_headers(token))), operation.id)
    if "authorization" not in declared:
        yield Probe("bearer.in_authorization", lab.call(operation, headers=(("Authorization", f"Bearer {token}"),)), operation.id)
    queries = {name: token for name in ("access_token", "token", "jwt", "auth", "auth_token", "api_key", "key") if name not in declared}
    yield Probe("bearer.query", lab.call(operation, query=urlencode(queries)), operation.id)
    cookies = dict.fromkeys(("access_token", "accessToken", "token", "jwt", "auth_token"), token)
    if application.cookie and session.refresh_token:
        cookies[application.cookie.name] = session.refresh_token
    cookies = {name: value for name, value in cookies.items() if name.lower() not in declared}
    yield Probe("bearer.cookie", lab.call(operation, cookies=cookies), operation.id)
    rescue = {name: token for name in ("access_token",) if name not in declared}
    bad = _written(application.access_token, GARBAGE)
    yield Probe("bearer.rescue", lab.call_with(operation, application.access_token, bad, cookies=rescue, query=urlencode(rescue)), operation.id)


def bearer_in_full(lab: Lab, application: Application) -> Script:
    """The rarer spellings, at one application that stands for all: the guard that reads them is seldom written twice."""
    operation, session = who_am_i(lab, application), lab.session(application, *MAIN)
    lab.only_at_one(application, has_identity)
    kind, token = application.access_token, session.access_token
    if kind.auth_scheme:
        yield Probe("bearer.two_blanks", lab.call_with(operation, kind, f"{kind.word}  {token}"), operation.id)
    if kind.word:
        another = "Bearer" if kind.word.lower() == "token" else "Token"
        for name, word in (("bearer.token", another), ("bearer.longer_scheme", f"{kind.word}x")):
            if word not in _declared_words(lab.contract, operation):
                yield Probe(name, lab.call_with(operation, kind, f"{word} {token}"), operation.id)
    odd = {"bearer.no_value": "", "bearer.control_byte": f"{_written(kind, token)}\x00x", "bearer.long": _written(kind, "a" * _LONG)}
    if kind.field:  # in a cookie quotes are syntax, which COOKIE-14 asks about
        odd["bearer.quoted"] = _written(kind, f'"{token}"')
    for name, value in odd.items():
        yield Probe(name, verbatim(lab.call_with(operation, kind, value)), operation.id)
    if kind.field:
        yield _twice(lab, operation, kind, "a bad token, then a good one", GARBAGE, token)
    other = next((lab.sessions.get((application.name, part)) for part in (Part.OTHER, Part.PRIVILEGED)), None)
    if kind.field and other and other.access_token != token:
        yield _twice(lab, operation, kind, "the tokens of two accounts", token, other.access_token)
    yield from _rerouted(lab, operation)


def bearer_in_body(lab: Lab, application: Application) -> Script:
    """Operations with a body, without credentials: each with a body that is not valid, one with the token in the body."""
    operation = takes_body(lab, application)
    session = lab.session(application, *MAIN)
    for other in lab.contract.protected_operations:
        own = lab.contract.application_of(other) is application and lab.may_ask(other)
        if own and (invalid := _invalid_body(lab, other)) is not None:
            yield Probe("bearer.invalid_body", lab.call(other, body=invalid), other.id)
    personal = application.personal_access_tokens
    creates = personal is not None and personal.create is operation and lab.profile.allows_unsafe_methods
    body = {**(token_body(lab, personal) if personal and creates else {}), "access_token": session.access_token}
    in_json = lab.call(operation, body=body)
    form = urlencode({name: value for name, value in body.items() if isinstance(value, str)}).encode()
    headers = tuple(field for field in in_json.headers if field[0] != "Content-Type")
    in_form = replace(in_json, headers=(*headers, ("Content-Type", "application/x-www-form-urlencoded")), body=form)
    for variant, request in (("JSON", in_json), ("a form", in_form)):
        yield Probe("bearer.body", request, operation.id, variant)


def who_am_i(lab: Lab, application: Application) -> Operation:
    """The application's who-am-I operation. Raises Missing when there is none, or no account that could ask it."""
    if application.identity is None:
        raise Missing(f"The contract has no who-am-I operation for {application.name}.")
    lab.session(application, *MAIN)
    return application.identity.operation


def has_identity(application: Application) -> bool:
    """True when `application` has a who-am-I operation."""
    return application.identity is not None


def takes_body(lab: Lab, application: Application) -> Operation:
    """The operation of `application` that is asked about bodies: the creation of personal access tokens, else the first one that takes a body."""
    if application.personal_access_tokens:
        return application.personal_access_tokens.create
    own = (o for o in lab.contract.protected_operations if o.request_body and lab.contract.application_of(o) is application and lab.may_ask(o))
    found = next(own, None)
    if found is None:
        raise Missing(f"No protected operation of {application.name} takes a body.")
    return found


def verbatim(request: Request) -> Request:
    """`request`, written byte for byte."""
    return replace(request, verbatim=True)


def _written(kind: TokenKind, token: str) -> str:
    """`token` with the word that stands before tokens of `kind`, where one does."""
    return f"{kind.word} {token}" if kind.word else token


def _spellings(kind: TokenKind, token: str) -> Mapping[str, str]:
    found = {"bearer.null": _written(kind, "null"), "bearer.empty": kind.word or ""}
    # A blank ends a cookie for many readers, so there it is a letter that follows.
    found["bearer.trailing"] = f"{_written(kind, token)} x" if kind.field else f"{token}x"
    if kind.word:
        found |= {"bearer.bare": token, "bearer.basic": f"Basic {token}"}
    return found


def _other_cases(kind: TokenKind, token: str) -> Mapping[str, str]:
    scheme = kind.auth_scheme
    return {"bearer.lower_case": f"{scheme.lower()} {token}", "bearer.upper_case": f"{scheme.upper()} {token}"} if scheme else {}


def _twice(lab: Lab, operation: Operation, kind: TokenKind, variant: str, first: str, second: str) -> Probe:
    headers = tuple((kind.field or "", _written(kind, token)) for token in (first, second))
    return Probe("bearer.twice", verbatim(lab.call(operation, headers=headers)), operation.id, variant)


def _other_headers(token: str) -> Headers:
    return (
        ("X-Access-Token", token),
        ("X-Auth-Token", token),
        ("X-Token", token),
        ("X-JWT", token),
        ("X-API-Key", token),
        ("Token", token),
        ("Authentication", f"Bearer {token}"),
        ("X-Authorization", f"Bearer {token}"),
        ("Proxy-Authorization", f"Bearer {token}"),
        ("Sec-WebSocket-Protocol", token),
    )


def _declared_carriers(operation: Operation) -> frozenset[str]:
    """The names, in lower case, by which the document itself lets a credential travel to `operation`."""
    schemes = [part.scheme for way in operation.security for part in way]
    bearer = {"authorization" for scheme in schemes if scheme.kind is SchemeKind.BEARER}
    return frozenset(bearer | {scheme.parameter.lower() for scheme in schemes if scheme.parameter})


def _declared_words(contract: Contract, operation: Operation) -> frozenset[str]:
    """The words after which the document lets a token of whatever kind travel to `operation`."""
    kinds = (kind for application in contract.applications.values() for kind in application.bearer_kinds)
    return frozenset(kind.word for kind in kinds if kind.word and kind.scheme.name in operation.bearer_schemes)


def _without(names: frozenset[str], headers: Headers) -> Headers:
    return tuple(field for field in headers if field[0].lower() not in names)


def _claims_of(session: Session) -> Headers:
    """Fields by which proxies tell an application who calls, and from where; to be believed of a trusted proxy alone."""
    name = session.account.name
    return (
        ("X-User-Id", "1"),
        ("X-User", name),
        ("X-Forwarded-User", name),
        ("X-Remote-User", name),
        ("Remote-User", name),
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Real-IP", "127.0.0.1"),
        ("X-Middleware-Subrequest", "middleware:middleware:middleware:middleware:middleware"),
    )


def _rerouted(lab: Lab, operation: Operation) -> Iterator[Probe]:
    """Who-am-I with the path of a public operation in the fields by which proxies tell the path that was asked for, and the other way round."""
    public_one = next((other for other in lab.contract.operations if other.is_public and other.method == "GET" and not other.path_parameters), None)
    elsewhere = public_one.encoded_path if public_one else "/"
    yield Probe("bearer.rerouted", lab.call(operation, headers=_original(elsewhere)), operation.id, "the guarded path as a public one")
    if public_one:
        request = lab.call(public_one, headers=_original(operation.encoded_path))
        yield Probe("bearer.rerouted", request, operation.id, "a public path as the guarded one")


def _original(path: str) -> Headers:
    return (("X-Original-URL", path), ("X-Rewrite-URL", path))


def _invalid_body(lab: Lab, operation: Operation) -> Json:
    """Well-formed JSON that breaks the schema of the operation's body; None when there is no schema to break."""
    for media in operation.request_body.content if operation.request_body else ():
        if media.schema and media.is_json:
            validator = lab.contract.document.request_validator(media.schema)
            candidates: tuple[Json, ...] = ({}, [], "authproof")
            return next((candidate for candidate in candidates if not validator.is_valid(candidate)), None)
    return None
