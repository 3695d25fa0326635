"""Schemathesis, with all its checks, finds nothing in the mock: what a stranger makes of the document is what the mock does."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any, cast

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.openapi import from_dict

from authproof_mock.app import app_of
from authproof_mock.backend import Backend
from authproof_mock.http import Call
from authproof_spec import load_contract
from authproof_spec.contract import Operation, SchemeKind

CONTRACT = load_contract()
BACKEND = Backend(CONTRACT)
PASSWORD = "correct horse battery staple"
LOGINS = {
    "admin": ("/api/admin/auth/login", {"email": "admin@example.com", "password": PASSWORD}),
    "survey": ("/api/auth/login", {"email": "respondent@example.com", "password": PASSWORD, "survey": "breakfast"}),
}
# What a JSON Schema cannot say: a date is in the future, and an address is nobody else's.
NARROWER = {"createPersonalAccessToken", "createUser"}
ALLOWED = {"expiresAt": datetime.fromtimestamp(BACKEND.clock.now() + 86400 * 30, UTC).date().isoformat(), "email": "nobody.yet@example.com"}

schema = from_dict(cast("dict[str, Any]", copy.deepcopy(CONTRACT.document.root)))
schema.app = app_of(BACKEND)


def credentials_for(operation: Operation) -> dict[str, str]:
    """A header with real credentials of the seed for `operation`."""
    schemes = [part.scheme for way in operation.security for part in way]
    if not schemes:
        return {}
    path, body = next(login for application, login in LOGINS.items() if schemes[0].name.startswith(application))
    answer = BACKEND.handle(Call("POST", path, headers=[("content-type", "application/json")], body=json.dumps(body).encode()))
    if schemes[0].kind is SchemeKind.COOKIE:
        return {"Cookie": answer.header_values("set-cookie")[0].split(";")[0]}
    payload: Any = answer.payload
    return {"Authorization": f"Bearer {payload['accessToken']}"}


@schema.parametrize()
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_schemathesis_finds_nothing(case: schemathesis.Case[Any]) -> None:
    BACKEND.reset()
    operation = next(operation for operation in CONTRACT.operations if operation.name == case.operation.label)
    headers = credentials_for(operation)
    if case.meta is not None and case.meta.generation.mode.is_negative:
        # A cookie given here would mend the very case that lacks it or breaks it.
        headers.pop("Cookie", None)
    elif isinstance(case.body, dict):
        case.body |= {name: value for name, value in ALLOWED.items() if name in case.body and operation.id in NARROWER}
    case.call_and_validate(headers=headers)
