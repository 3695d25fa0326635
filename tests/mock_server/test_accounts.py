from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from authproof_mock.accounts import Account, Accounts
from authproof_mock.seed import SeedAccount, SeedError, load_seed

PASSWORD = "correct horse battery staple"


def credentials(**changes: Any) -> dict[str, Any]:
    return {"email": "respondent@example.com", "password": PASSWORD, "survey": "breakfast", **changes}


def test_the_right_credentials_find_their_account(accounts: Accounts) -> None:
    found = accounts.authenticate("survey", credentials())
    assert found is not None
    assert found.key == "5"
    assert accounts.authenticate("survey", {"username": "respondent1", "password": PASSWORD, "survey": "breakfast"}) == found
    assert accounts.authenticate("survey", {"linkToken": "the-token-of-a-personal-link"}) == found


@pytest.mark.parametrize("email", ["RESPONDENT@example.com", "Respondent@EXAMPLE.com"])
def test_an_email_address_has_no_case(accounts: Accounts, email: str) -> None:
    assert accounts.authenticate("survey", credentials(email=email)) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"password": PASSWORD.upper()},
        {"password": PASSWORD + " "},
        {"password": ""},
        {"password": None},
        {"password": [PASSWORD]},
        {"password": "\ud800"},
        {"survey": "dinner"},
        {"survey": "Breakfast"},
        {"survey": None},
        {"survey": ["breakfast"]},
        {"email": "nobody@example.com"},
        {"email": "respondent@example.com "},
        {"email": None},
        {"email": {"$ne": ""}},
    ],
    ids=str,
)
def test_any_other_credentials_find_none(accounts: Accounts, changes: dict[str, Any]) -> None:
    assert accounts.authenticate("survey", credentials(**changes)) is None


@pytest.mark.parametrize("token", ["", "the-token", "THE-TOKEN-OF-A-PERSONAL-LINK", None, 7])
def test_a_wrong_link_finds_none(accounts: Accounts, token: Any) -> None:
    assert accounts.authenticate("survey", {"linkToken": token}) is None


def test_an_account_is_found_in_its_own_applications_alone(accounts: Accounts) -> None:
    admin = {"email": "admin@example.com", "password": PASSWORD}
    assert accounts.authenticate("admin", admin) is not None
    assert accounts.authenticate("survey", admin) is None
    assert accounts.authenticate("unknown", admin) is None


def test_unknown_accounts_are_compared_too(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    match = accounts.secrets_match

    def watched(account: Account, proofs: Mapping[str, bytes]) -> bool:
        compared.append(account)
        return match(account, proofs)

    monkeypatch.setattr(accounts, "secrets_match", watched)
    for email in ("respondent@example.com", "nobody@example.com"):
        accounts.authenticate("survey", credentials(email=email, password="wrong"))
    assert len(compared) == 2


def test_no_secret_is_kept_or_shown(accounts: Accounts) -> None:
    assert PASSWORD not in repr([(account, account.secrets) for account in accounts.list()])
    assert all(account.attribute(name) is None for account in accounts.list() for name in ("password", "linkToken", "secrets", "totp_secret"))
    assert Accounts(load_seed()).hash(PASSWORD) != accounts.hash(PASSWORD)


def test_locking_out_is_told() -> None:
    told: list[str] = []
    accounts = Accounts(load_seed(), told.append)
    accounts.change("1", {"name": "Other"})
    assert told == []
    accounts.disable("1")
    accounts.delete("2")
    assert told == ["1", "2"]
    assert accounts.find("2") is None
    accounts.reset()
    assert accounts.find("2") is not None
    assert not accounts.list()[0].disabled


def test_a_new_account_logs_in_with_what_it_was_given(accounts: Accounts) -> None:
    account = accounts.create(["survey"], {"email": "new@example.com", "password": "secret", "survey": "lunch", "permissions": ["a"]})
    assert (account.id, account.permissions, account.attribute("survey")) == ("8", ("a",), "lunch")
    assert accounts.authenticate("survey", {"email": "new@example.com", "password": "secret", "survey": "lunch"}) == account
    assert accounts.has_email("NEW@example.com")
    changed = accounts.change("8", {"password": "other"})
    assert accounts.authenticate("survey", {"email": "new@example.com", "password": "secret"}) is None
    assert accounts.authenticate("survey", {"email": "new@example.com", "password": "other"}) == changed


def test_ids_are_of_the_type_of_the_seed() -> None:
    accounts = Accounts([SeedAccount(41, frozenset({"app"}))])
    assert accounts.create(["app"], {}).id == 42
    assert Accounts([]).create(["app"], {}).id == "1"


TOML = """
[[accounts]]
id = 1
applications = ["admin"]
email = "a@example.com"
password = "secret"
permissions = ["users:browse"]
attributes = {survey = "lunch"}
"""


def test_a_seed_is_read_from_toml_and_from_yaml(tmp_path: Path) -> None:
    (tmp_path / "seed.toml").write_text(TOML)
    (tmp_path / "seed.yaml").write_text(
        "accounts: [{id: 1, applications: [admin], email: a@example.com, password: secret, permissions: ['users:browse'], attributes: {survey: lunch}}]"
    )
    assert load_seed(tmp_path / "seed.toml") == load_seed(tmp_path / "seed.yaml")
    assert load_seed(tmp_path / "seed.toml")[0].attributes == {"survey": "lunch"}


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("- a", " at /:"),
        ("{}", " at /:"),
        ("accounts: [{id: 1}]", " at /accounts/0:"),
        ("accounts: [{id: 1, applications: []}]", " at /accounts/0/applications:"),
        ("accounts: [{id: 1, applications: [a], passwort: x}]", " at /accounts/0:"),
        ("accounts: [{id: 1, applications: [a]}, {id: '1', applications: [a]}]", " at /accounts/1/id:"),
        ("accounts: [{id: 1, applications: [a], totpSecret: '0189'}]", " at /accounts/0/totpSecret:"),
        ("accounts: [{id: 1, applications: [a], email: [geheim]}]", " at /accounts/0/email:"),
        ("accounts: [", "not readable as YAML"),
    ],
)
def test_a_bad_seed_names_file_place_and_mend(tmp_path: Path, content: str, place: str) -> None:
    path = tmp_path / "seed.yaml"
    path.write_text(content)
    with pytest.raises(SeedError) as caught:
        load_seed(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert place in message
    assert "Mend:" in message
    assert "geheim" not in message


def test_a_missing_seed_is_said(tmp_path: Path) -> None:
    with pytest.raises(SeedError, match="Mend:"):
        load_seed(tmp_path / "none.toml")
