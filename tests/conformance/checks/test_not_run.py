"""What the checks of tokens and of sessions say where a script that they read did not run: its reason, and not that something is wanting."""

from __future__ import annotations

import pytest

from authproof.evidence import Outcome
from authproof.verdict import Verdict
from tests.conformance.checks.building import judge

LOGIN, REFRESH, LOGOUT, ME, CREATE = "adminLogin", "adminRefresh", "adminLogout", "getAdminUser", "createPersonalAccessToken"

READERS: dict[str, dict[str, tuple[str, ...]]] = {
    "refresh": {
        LOGIN: ("JWT-03", "JWT-06", "JWT-08"),
        REFRESH: tuple(f"REFRESH-{number}" for number in ("01", "02", "11", "12", "18", "19", "20", "21", "22")),
    },
    "reuse": {REFRESH: ("REFRESH-03", "REFRESH-04", "REFRESH-06", "REFRESH-07", "REFRESH-21")},
    "ancestor": {REFRESH: ("REFRESH-05",)},
    "race": {REFRESH: ("REFRESH-08", "REFRESH-09", "REFRESH-10")},
    "fork": {REFRESH: ("REFRESH-09",)},
    "refresh_expiry": {REFRESH: ("REFRESH-14", "REFRESH-21")},
    "session_end": {REFRESH: ("REFRESH-15",)},
    "disabled_account": {REFRESH: ("REFRESH-17",), ME: ("PAT-17",)},
    "logout": {
        REFRESH: ("REFRESH-16",),
        LOGOUT: tuple(f"LOGOUT-{number}" for number in ("01", "02", "03", "04", "05", "06", "07", "08", "09", "10")),
        ME: ("PAT-21",),
    },
    "creations": {LOGOUT: ("LOGOUT-07",), ME: ("PAT-21",)},
    "isolation": {ME: ("APP-01", "JWT-41"), REFRESH: ("REFRESH-13", "JWT-42")},
    "baseline": {LOGIN: ("APP-02", "JWT-01", "JWT-02", "JWT-04", "JWT-05", "JWT-07")},
    "foreign_credentials": {LOGIN: ("APP-03",)},
    "undeclared": {ME: ("APP-04",)},
    "second_factor_elsewhere": {"adminSecondFactor": ("APP-05",)},
    "personal_tokens": {LOGIN: ("JWT-08",), ME: ("PAT-03",), REFRESH: ("PAT-14",), CREATE: ("PAT-16",), "getSurveyUser": ("PAT-22",)},
    "token_expiry": {ME: ("PAT-06",)},
    "forged_personal_tokens": {ME: ("PAT-18",)},
    "withdrawn_permission": {"listUsers": ("PAT-20",)},
    "jwt": {
        LOGIN: ("JWT-20",),
        ME: tuple(f"JWT-{number}" for number in (*range(10, 18), 19, *range(22, 26), *range(28, 33), 45, 46, 49, 50)),
        "listUsers": ("JWT-09", "JWT-13"),
    },
    "key_set": {ME: ("JWT-18", "JWT-32"), LOGIN: ("JWT-48",)},
    "forged_refresh": {ME: ("JWT-50",)},
    "minted": {ME: tuple(f"JWT-{number}" for number in (21, 26, 27, 33, 34, 35, 36, 37, 38, 39, 40, 43, 44, 47, 49))},
    "expiry": {ME: ("JWT-34",)},
    "permissions": {ME: ("JWT-44",)},
}
"""By script and operation, the requirements whose checks judge what the script sends."""


@pytest.mark.parametrize(
    ("requirement", "operation", "script"),
    [(requirement, operation, script) for script, readers in READERS.items() for operation, found in readers.items() for requirement in found],
)
def test_the_reason_of_the_script_is_told(requirement: str, operation: str, script: str) -> None:
    application = "survey" if operation == "getSurveyUser" else "admin"
    skipped = judge(requirement, operation, outcomes={(script, application): Outcome(Verdict.SKIP, "The profile lacks something.")})
    assert (skipped.verdict, skipped.detail) == (Verdict.SKIP, "The profile lacks something.")


@pytest.mark.parametrize(
    ("requirement", "operation"), sorted({(each, at) for found in READERS.values() for at, several in found.items() for each in several})
)
def test_what_was_not_asked_is_neither_met_nor_broken(requirement: str, operation: str) -> None:
    judgement = judge(requirement, operation)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.detail != "Nothing was observed."
    assert not judgement.exchanges
