"""The profile: what it may say, and one message for what it may not."""

from __future__ import annotations

import json
import re
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from authproof.hooks import HOOKS, HookRule
from authproof.profile import Budget, Part, Profile, ProfileError, checked_url, load_profile
from authproof.waivers import Waiver
from authproof_spec import load_contract
from authproof_spec.catalogue import load_catalogue

AUDITOR = '[accounts.admin.auditor]\nemail = "a@example.com"\npassword = "p"\n'
ACCOUNT = """
[accounts.admin.ordinary]
email = "user@example.com"
password = "env:AUTHPROOF_TEST_PASSWORD"
"""


def test_everything_that_a_profile_may_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHPROOF_TEST_PASSWORD", "from the environment")
    (tmp_path / "key.pem").write_text("-----BEGIN\nmany lines\n", "utf-8")
    (tmp_path / "secret").write_text("first line\nsecond\n", "utf-8")
    path = tmp_path / "authproof.toml"
    path.write_text(
        ACCOUNT
        + """
[accounts.admin.second_factor]
email = "mfa@example.com"
password = "file:secret"
totp_secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

[target]
url = "https://api.example.com/v1/"
contract = "openapi.yaml"
ca = "ca.pem"
timeout = 2.5
unsafe_methods = true
signing_key = "file:key.pem"

[budget]
requests = 100
rate = 5

[hooks.advance_clock]
url = "http://127.0.0.1:9000/clock"
headers = { X-Key = "env:AUTHPROOF_TEST_PASSWORD" }
body = { seconds = "{seconds}" }

[hooks.disable_account]
command = ["manage", "disable", "{email}"]
""",
        "utf-8",
    )
    profile = load_profile(path)
    assert profile.url == "https://api.example.com/v1"
    assert profile.contract == str(tmp_path / "openapi.yaml")
    assert profile.ca == tmp_path / "ca.pem"
    assert (profile.timeout, profile.unsafe_methods, profile.allows_unsafe_methods) == (2.5, True, True)
    assert profile.signing_key == "-----BEGIN\nmany lines\n"
    assert profile.budget == Budget(requests=100, rate=5)
    assert profile.hooks["advance_clock"] == HookRule(
        "http://127.0.0.1:9000/clock", headers={"X-Key": "from the environment"}, body={"seconds": "{seconds}"}
    )
    assert profile.hooks["disable_account"] == HookRule(command=("manage", "disable", "{email}"))
    ordinary, second = profile.accounts
    assert ordinary.attributes == {"email": "user@example.com", "password": "from the environment"}
    assert ordinary.name == "user@example.com"
    assert (second.attributes["password"], second.totp_secret) == ("first line", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    assert profile.account("admin", Part.PRIVILEGED, Part.SECOND_FACTOR) is second
    assert profile.account("survey", Part.ORDINARY) is None
    profile.check_against(load_contract())
    assert "first line" not in repr(profile)
    assert "many lines" not in repr(profile)


def test_the_url_of_the_command_line_wins(tmp_path: Path) -> None:
    path = tmp_path / "authproof.toml"
    path.write_text('[target]\nurl = "https://one.example.com"\n', "utf-8")
    assert load_profile(path, "https://two.example.com").url == "https://two.example.com"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("target", "this is not TOML"),
        ("[accounts]", "the profile: "),
        ("[target]\nurl = 1", "target.url: a value is not of type"),
        ("[target]\ncolour = 1", "target: Additional properties are not allowed"),
        ("[target]", "target.url is missing"),
        ('[target]\nurl = "api.example.com"', "is not the URL of an API"),
        ('[target]\nurl = "https://a"\n[budget]\nrequests = 0', "budget.requests: "),
        ('[target]\nurl = "https://a"\n[hooks.advance_clock]\nmethod = "PUT"', "hooks.advance_clock: "),
        ('[target]\nurl = "https://a"\n[hooks.format_disk]\ncommand = ["x"]', "hooks: Additional properties"),
        ('[target]\nurl = "https://a"\n[accounts.admin.owner]\nemail = "x"', "accounts.admin.owner: there is no such part"),
        ('[target]\nurl = "https://a"\n[accounts.admin.owner]\npermissions = "all"', "accounts.admin.owner.permissions: "),
        ('[target]\nurl = "https://a"\n[parameters]\nslug = []', "parameters.slug: "),
        (
            '[target]\nurl = "https://a"\n[accounts.admin.second_factor]\ntotp_secret = "!"',
            "/accounts/admin/second_factor/totp_secret: this is no secret",
        ),
        ('[target]\nurl = "https://a"\n[accounts.admin.second_factor]\ntotp_secret = "otpauth://hotp/a?secret=AAAA"', "this is no secret"),
        (
            '[target]\nurl = "https://a"\n[accounts.admin.ordinary]\npassword = "env:AUTHPROOF_UNSET"',
            "the environment variable AUTHPROOF_UNSET is not set",
        ),
        ('[target]\nurl = "https://a"\n[accounts.admin.ordinary]\npassword = "file:missing"', "the file missing holds no readable value"),
        ('[target]\nurl = "https://a"\n[[waivers]]\nid = "JWT-09"\nreason = "x"', "waivers.0: "),
        ('[target]\nurl = "https://a"\n[[waivers]]\nid = "JWT-09"\nreason = "x"\nexpires = "2027-02-30"', "waivers.0.expires: "),
    ],
)
def test_what_it_may_not_say(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "authproof.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    message = str(caught.value)
    assert words in message
    assert "Mend: " in message
    assert "\n" not in message


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "authproof.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ProfileError, match="cannot be read"):
        load_profile(path)


@pytest.mark.parametrize(
    "url", ["", "ftp://a", "https://", "https://a?b", "https://a#b", "https://user:pass@a", "https://a:0", "https://[", "https://a:99999"]
)
def test_what_is_no_url_of_an_api(url: str) -> None:
    with pytest.raises(ProfileError) as caught:
        checked_url(url)
    assert "user:pass" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "loopback"), [("http://127.0.0.1:1", True), ("http://[::1]", True), ("http://localhost", True), ("https://a.example", False)]
)
def test_writes_are_allowed_on_loopback_alone(url: str, loopback: bool) -> None:  # noqa: FBT001
    assert Profile(url).allows_unsafe_methods is loopback


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("billing.ordinary", "the contract has no application 'billing'"),
        ("survey.ordinary", "no login of the contract can be made with these attributes"),
    ],
)
def test_an_account_must_fit_the_contract(tmp_path: Path, table: str, words: str) -> None:
    path = tmp_path / "authproof.toml"
    path.write_text(f'[target]\nurl = "https://a"\n[accounts.{table}]\nemail = "x@example.com"\n', "utf-8")
    with pytest.raises(ProfileError, match=f"^{re.escape(str(path))}: .*{words}"):
        load_profile(path).check_against(load_contract())


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("[parameters]\nslug = 1\nbook = 2\n", "parameters: there is no parameter 'book'"),
        ('[parameters."GET /api/users"]\nid = 2\n', "the contract has no operation 'GET /api/users'"),
        ('[parameters."GET /api/surveys/{slug}/session"]\nuserId = 2\n', "there is no parameter 'userId'. Mend: name one of: slug"),
        ('[parameters."GET /api/health"]\nuserId = 2\n', "none, there are none"),
        (f'{AUDITOR}permissions = ["users:peruse"]\n', "accounts.admin.auditor.permissions: no operation of admin takes 'users:peruse'"),
    ],
)
def test_parameters_and_permissions_must_fit_the_contract(tmp_path: Path, table: str, words: str) -> None:
    path = tmp_path / "authproof.toml"
    path.write_text(f'[target]\nurl = "https://a"\n{table}', "utf-8")
    with pytest.raises(ProfileError, match=f"^{re.escape(str(path))}: .*{re.escape(words)}"):
        load_profile(path).check_against(load_contract())


def test_parameters_are_read_for_one_operation_and_for_all(tmp_path: Path) -> None:
    path = tmp_path / "authproof.toml"
    path.write_text('[target]\nurl = "https://a"\n[parameters]\nslug = 7\n[parameters."DELETE /api/admin/users/{userId}"]\nuserId = "9"\n', "utf-8")
    profile = load_profile(path)
    profile.check_against(load_contract())
    assert profile.parameters == {None: {"slug": "7"}, "DELETE /api/admin/users/{userId}": {"userId": "9"}}


def test_the_schema_knows_every_hook() -> None:
    schema = json.loads((files("authproof") / "profile.schema.json").read_text("utf-8"))
    assert {name: rule["description"] for name, rule in schema["properties"]["hooks"]["properties"].items()} == dict(HOOKS)


def test_waivers_are_read_and_must_name_an_operation_of_the_contract(tmp_path: Path) -> None:
    path = tmp_path / "authproof.toml"
    text = '[target]\nurl = "https://a"\n[[waivers]]\nid = "JWT-09"\nreason = "Ticket 7"\noperation = "GET /api/user"\nexpires = 2027-01-31\n'
    path.write_text(text, "utf-8")
    profile = load_profile(path)
    assert profile.waivers == (Waiver("JWT-09", "Ticket 7", date(2027, 1, 31), "GET /api/user"),)
    profile.check_against(load_contract())
    path.write_text(text.replace("/api/user", "/api/nobody"), "utf-8")
    with pytest.raises(ProfileError, match=f"^{re.escape(str(path))}: The waiver of .*: the contract has no operation 'GET /api/nobody'"):
        load_profile(path).check_against(load_contract())


def test_a_waiver_must_name_a_requirement() -> None:
    with pytest.raises(ProfileError, match=r"^waivers: there is no requirement 'JWT-999'"):
        Profile("https://a", waivers=(Waiver("JWT-999", "Ticket 7", date(2027, 1, 31)),)).check_waivers(load_catalogue())


def test_overlays_count_from_the_profile(tmp_path: Path) -> None:
    path = tmp_path / "authproof.toml"
    path.write_text('[target]\nurl = "https://a"\noverlays = ["overlay.yaml", "https://b/overlay.yaml"]\n', "utf-8")
    assert load_profile(path).overlays == (str(tmp_path / "overlay.yaml"), "https://b/overlay.yaml")


@pytest.mark.parametrize(
    ("budget", "protected", "expected"),
    [(Budget(), 10, (600, 300.0)), (Budget(), 25, (600, 300.0)), (Budget(), 1025, (15600, 1300.0)), (Budget(requests=7, seconds=8), 1025, (7, 8))],
)
def test_a_budget_suits_the_size_of_the_contract(budget: Budget, protected: int, expected: tuple[int, float]) -> None:
    assert budget.for_operations(protected) == expected


def test_a_budget_has_room_for_every_variant_and_for_roles_of_ones_own() -> None:
    assert Budget().for_operations(10, exhaustive=True) == (800, 300.0)
    assert Budget().for_operations(10, roles=2) == (626, 300.0)
