"""Which scripts a check reads: where it saw nothing, what became of them is the answer. Logins, second factors, permissions, personal access tokens."""

from __future__ import annotations

import pytest

from authproof.evidence import Outcome
from authproof.verdict import Verdict
from tests.conformance.checks.building import judge

LOGIN, ALIAS, OTP, ME = "adminLogin", "surveyAliasLogin", "adminSecondFactor", "getAdminUser"
USERS, UPDATE, OBJECT = "listUsers", "updateUser", "getSurveySession"
LIST, CREATE, REVOKE = "listPersonalAccessTokens", "createPersonalAccessToken", "revokePersonalAccessToken"

READ = {
    ("LOGIN-01", LOGIN): "logins",
    ("LOGIN-02", LOGIN): "wrong_secret refused_logins",
    ("LOGIN-03", LOGIN): "foreign_credentials wrong_secret refused_logins",
    ("LOGIN-04", LOGIN): "foreign_credentials disabled_logins wrong_secret refused_logins",
    ("LOGIN-06", LOGIN): "disabled_logins refused_logins",
    ("LOGIN-07", LOGIN): "login_bodies",
    ("LOGIN-08", LOGIN): "login_bodies",
    ("LOGIN-09", LOGIN): "login_bodies",
    ("LOGIN-10", LOGIN): "login_bodies",
    ("LOGIN-11", LOGIN): "login_bodies",
    ("LOGIN-12", LOGIN): "login_sessions",
    ("LOGIN-13", LOGIN): "login_sessions",
    ("LOGIN-14", LOGIN): "logins refresh",
    ("LOGIN-15", LOGIN): "logins wrong_secret refused_logins",
    ("LOGIN-16", LOGIN): "login_bodies login_sessions",
    ("LOGIN-20", ALIAS): "logins wrong_secret refused_logins",
    ("MFA-01", OTP): "second_factor",
    ("MFA-02", OTP): "second_factor",
    ("MFA-03", OTP): "second_factor",
    ("MFA-04", OTP): "second_factor",
    ("MFA-05", OTP): "second_factor",
    ("MFA-06", OTP): "second_factor",
    ("MFA-07", OTP): "second_factor",
    ("MFA-08", OTP): "second_factor",
    ("MFA-10", OTP): "second_factor",
    ("MFA-11", OTP): "expired_challenge",
    ("MFA-13", OTP): "second_factor",
    ("MFA-14", OTP): "second_factor",
    ("MFA-15", OTP): "other_ways_in second_factor_elsewhere",
    ("MFA-16", OTP): "wrong_secret refused_logins second_factor",
    ("MFA-17", OTP): "second_factor",
    ("AUTHZ-01", USERS): "permissions lists",
    ("AUTHZ-02", USERS): "permissions operations withdrawn_permission",
    ("AUTHZ-03", UPDATE): "permissions",
    ("AUTHZ-04", USERS): "permissions",
    ("AUTHZ-05", REVOKE): "personal_tokens",
    ("AUTHZ-06", REVOKE): "ownership",
    ("AUTHZ-07", CREATE): "identities ownership personal_tokens",
    ("AUTHZ-08", USERS): "withdrawn_permission",
    ("AUTHZ-09", ME): "disabled_account",
    ("AUTHZ-10", OBJECT): "objects",
    ("AUTHZ-11", ME): "identities ownership",
    ("PAT-01", CREATE): "personal_tokens",
    ("PAT-02", LIST): "personal_tokens",
    ("PAT-04", CREATE): "personal_tokens",
    ("PAT-05", LIST): "personal_tokens",
    ("PAT-07", REVOKE): "personal_tokens",
    ("PAT-08", REVOKE): "personal_tokens",
    ("PAT-09", REVOKE): "personal_tokens",
    ("PAT-10", REVOKE): "personal_tokens",
    ("PAT-11", CREATE): "creations",
    ("PAT-12", CREATE): "personal_tokens creations",
    ("PAT-13", CREATE): "personal_tokens creations",
    ("PAT-15", CREATE): "personal_tokens",
    ("PAT-19", LIST): "personal_tokens",
}
SCRIPTS = sorted({script for scripts in READ.values() for script in scripts.split()})


@pytest.mark.parametrize(("requirement", "at"), READ)
def test_without_probes_the_scripts_that_send_them_answer(requirement: str, at: str) -> None:
    application = "survey" if at in {ALIAS, OBJECT} else "admin"
    for script in SCRIPTS:
        judgement = judge(requirement, at, outcomes={(script, application): Outcome(Verdict.SKIP, "No account.")})
        assert ((judgement.verdict, judgement.detail) == (Verdict.SKIP, "No account.")) == (script in READ[requirement, at].split()), script
