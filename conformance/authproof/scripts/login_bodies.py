"""Logins that are no right request: something missing, of a wrong type, in another format or place, or far too long."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlencode

from authproof.bodies import JSON
from authproof.exchange import Probe, Request
from authproof.lab import MAIN, Blocked, Lab, Missing, Script
from authproof.profile import SECRETS, Account
from authproof_spec import Application
from authproof_spec.contract import FORM, Login
from authproof_spec.pointer import Json, put

_RESERVED = 1
"""Failed logins that are left to further wrong and unknown ones, if the target takes what is malformed for a failed login."""
_ABSURD_LENGTH = 2**20
_TEXT = "text/plain"


def login_bodies(lab: Lab, application: Application) -> Script:
    """An empty object at every application; the rest at one. A right server takes none of them for a failed login."""
    account = lab.session(application, *MAIN).account
    login = account.login(application)
    if login is None:
        return
    before = lab.failed_logins
    probes = _probes(lab, login, account) if application is lab.representative() else iter([_empty(lab, login)])
    for probe in probes:
        left = lab.profile.budget.failed_logins - lab.failed_logins
        if left <= 0 or (lab.failed_logins > before and left <= _RESERVED):
            raise Missing("The target takes malformed logins for failed ones, of which a run may make only a few.")
        (answer,) = yield probe
        with suppress(Blocked):
            lab.opened(application, account, answer)  # where the target let it in after all
        if probe.name == "login.get_query" and answer.status == login.refusal:
            yield Probe("login.get_bare", replace(probe.request, target=login.operation.encoded_path), login.operation.id)
    lab.only_at_one(application)


def _empty(lab: Lab, login: Login) -> Probe:
    return Probe("login.empty", lab.call(login.operation, body={}), login.operation.id)


def _probes(lab: Lab, login: Login, account: Account) -> Iterator[Probe]:
    """Those first that a server is least likely to take for a failed login."""
    where = login.operation.id
    right = lab.credentials(login, account)
    yield _empty(lab, login)
    if not login.operation.takes_form:
        yield Probe("login.broken_json", _with_body(lab, login, JSON, b'{"' + next(iter(right)).encode() + b'":'), where)
        yield from _other_formats(lab, login, right)
    nobody = {pointer: _made_up(lab, attribute) for pointer, attribute in login.credentials.items()}
    query = urlencode({pointer.rpartition("/")[2]: value for pointer, value in nobody.items()})
    get = lab.call(login.operation, query=query)
    yield Probe("login.get_query", replace(get, method="GET"), where)
    yield Probe("login.post_query", lab.call(login.operation, body={}, query=query), where)
    if not login.operation.takes_form:
        yield from _wrong_types(lab, login, account)
    yield from _empty_secret(lab, login, account)
    decoy: dict[str, Json] = {}
    for pointer, attribute in login.credentials.items():
        put(decoy, pointer, "x" * _ABSURD_LENGTH if attribute in SECRETS else nobody[pointer])
    yield Probe("login.long", lab.call(login.operation, body=decoy), where)


def _other_formats(lab: Lab, login: Login, right: Mapping[str, Json]) -> Iterator[Probe]:
    """The right credentials in the formats that a page of another site can send, unless the document takes them."""
    declared = (
        {media.name.partition(";")[0].strip().lower() for media in login.operation.request_body.content} if login.operation.request_body else set()
    )
    if FORM not in declared and all(isinstance(value, str) for value in right.values()):
        form = urlencode({name: str(value) for name, value in right.items()})
        yield Probe("login.other_format", _with_body(lab, login, FORM, form.encode()), login.operation.id, "a form")
    if _TEXT not in declared:
        request = lab.call(login.operation, body=right)
        yield Probe("login.other_format", _with_body(lab, login, _TEXT, request.body or b""), login.operation.id, "JSON under text/plain")


def _wrong_types(lab: Lab, login: Login, account: Account) -> Iterator[Probe]:
    """The secret as something else than text, from what an injection would be to what a lenient reader makes text of."""
    pointer, attribute = next(((pointer, name) for pointer, name in login.credentials.items() if name in SECRETS), (None, ""))
    if pointer is None:
        return
    right = account.attributes[attribute]
    values: dict[str, Json] = {"a list that holds it": [right], "an operator object": {"$ne": None}, "null": None}
    for variant, value in values.items():
        body = lab.credentials(login, account)
        put(body, pointer, value)
        yield Probe("login.wrong_type", lab.call(login.operation, body=body), login.operation.id, variant)


def _empty_secret(lab: Lab, login: Login, account: Account) -> Iterator[Probe]:
    pointer = next((pointer for pointer, name in login.credentials.items() if name in SECRETS), None)
    if pointer is None:
        return
    body = lab.credentials(login, account)
    put(body, pointer, "")
    yield Probe("login.empty_secret", lab.call(login.operation, body=body), login.operation.id)


def _made_up(lab: Lab, attribute: str) -> str:
    """A value of `attribute` that is nobody's."""
    if attribute in SECRETS:
        return lab.secret(f"authproof-{secrets.token_hex(8)}", "wrong_password")
    return f"authproof-{lab.run_id}" + ("@example.com" if attribute == "email" else "")


def _with_body(lab: Lab, login: Login, media_type: str, body: bytes) -> Request:
    return replace(lab.call(login.operation, headers=(("Content-Type", media_type),)), body=body)
