"""Schemathesis finds nothing in the control API either."""

from __future__ import annotations

from typing import Any, cast

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.openapi import from_dict

from authproof_mock.app import create_app
from authproof_mock.control_api import PREFIX, control_document
from authproof_spec import load_contract

APP = create_app(load_contract(), control_prefix=PREFIX)

schema = from_dict(cast("dict[str, Any]", control_document()))
schema.app = APP


@schema.parametrize()
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_schemathesis_finds_nothing(case: schemathesis.Case[Any]) -> None:
    APP.state.control.reset()
    case.call_and_validate()
