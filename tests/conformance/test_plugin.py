"""The pytest plugin, run on small projects of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from authproof_mock.guard import Guard
from authproof_mock.parts import Parts
from authproof_mock.server import running_mock
from authproof_mock.tokens import Tokens

pytest_plugins = ["pytester"]

PROFILE = """
[target]
url = "{url}"

[accounts.admin.ordinary]
email = "user@example.com"
password = "correct horse battery staple"

[accounts.admin.privileged]
email = "admin@example.com"
password = "env:ADMIN_PASSWORD"

[accounts.survey.ordinary]
email = "respondent@example.com"
password = "correct horse battery staple"
survey = "breakfast"
"""


@pytest.fixture(scope="module")
def mock() -> Iterator[str]:
    with running_mock() as (url, _):
        yield url


@pytest.fixture
def profile(pytester: pytest.Pytester, mock: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADMIN_PASSWORD", "correct horse battery staple")
    path = pytester.path / "authproof.toml"
    path.write_text(PROFILE.format(url=mock), "utf-8")
    return path


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    # In a process of its own, as users have it, without this project's settings, and without plugins that take a second to load.
    others = [word for name in ("cacheprovider", "randomly", "schemathesis", "hypothesispytest") for word in ("-p", f"no:{name}")]
    return pytester.runpytest_subprocess(*others, *arguments)


def test_without_a_profile_nothing_is_added(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_own(): pass")
    run(pytester).assert_outcomes(passed=1)


def test_checks_stand_beside_the_projects_own_tests(pytester: pytest.Pytester, profile: Path) -> None:
    pytester.makepyfile("def test_own(): pass")
    result = run(pytester, "--authproof-profile", str(profile), "-v", "-rs")
    outcomes = result.parseoutcomes()
    assert result.ret == 0
    assert outcomes["passed"] > 200
    assert "failed" not in outcomes
    assert "errors" not in outcomes
    result.stdout.fnmatch_lines(
        ["*collected ??? items", "*test_own PASSED*", "*JWT-09[[]GET /api/admin/user[]] PASSED*", "*SKIPPED*no disabled account*"]
    )


def test_the_profile_may_stand_in_the_ini_file(pytester: pytest.Pytester, profile: Path) -> None:
    pytester.makeini(f"[pytest]\nauthproof_profile = {profile.name}\n")
    result = run(pytester, "-k", "COOKIE-01")
    result.assert_outcomes(passed=4, skipped=1)


def test_collect_only_sends_nothing(pytester: pytest.Pytester, profile: Path) -> None:
    profile.write_text(profile.read_text("utf-8").replace("http://127.0.0.1", "http://127.0.0.2"), "utf-8")
    result = run(pytester, "--authproof-profile", str(profile), "--collect-only", "-q")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*BEARER-01[[]GET /api/admin/users[]]*"])


def test_k_and_m_choose_among_the_checks(pytester: pytest.Pytester, profile: Path) -> None:
    result = run(pytester, "--authproof-profile", str(profile), "-k", "REFRESH-04 and admin")
    result.assert_outcomes(passed=1)
    result = run(pytester, "--authproof-profile", str(profile), "-m", "not authproof")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_marker_tells_area_and_level(pytester: pytest.Pytester, profile: Path) -> None:
    result = run(pytester, "--authproof-profile", str(profile), "--collect-only", "-q", "-m", "authproof(area='COOKIE', level='MUST')")
    items = [line for line in result.stdout.lines if "[" in line]
    assert items
    assert all(line.startswith("authproof::COOKIE-") for line in items)


def test_one_run_serves_every_worker(pytester: pytest.Pytester, profile: Path) -> None:
    calls: list[str] = []
    with running_mock() as (url, backend):
        backend.record = lambda call, *_: calls.append(call.path)
        result = run(pytester, "--authproof-profile", str(profile), "--authproof-url", url, "-n", "2", "-k", "BEARER-01 or LOGOUT-01")
    result.assert_outcomes(passed=12)
    assert calls.count("/api/admin/auth/login") == 3, "two of the baseline, one of logout"


def test_fixtures_give_logged_in_clients(pytester: pytest.Pytester, profile: Path) -> None:
    pytester.makepyfile(
        """
        def test_roles(authproof_clients, authproof_contract, authproof_target):
            assert authproof_target.url.startswith("http://127.0.0.1")
            path = authproof_contract.applications["admin"].identity.operation.path
            ordinary, privileged = (authproof_clients.client("admin", part) for part in ("ordinary", "privileged"))
            assert ordinary.get(path).json() != privileged.get(path).json()
            assert ordinary.get("/api/admin/users").status_code == 403
            assert privileged.get("/api/admin/users").status_code == 200
            assert authproof_clients.client("admin", "ordinary") is ordinary

        def test_an_account_that_is_not_there(authproof_clients):
            authproof_clients.client("survey", "privileged")
        """
    )
    with running_mock() as (url, backend):
        result = run(pytester, "--authproof-profile", str(profile), "--authproof-url", url, "-m", "not authproof")
        assert not backend.sessions.list(), "every client was logged out"
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*accounts.survey.privileged: the profile has no such account. Mend: add it.*"])


def test_without_a_profile_the_fixtures_skip(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(authproof_clients): raise AssertionError")
    run(pytester).assert_outcomes(skipped=1)


# The example that people read is the one that is run.
_PAGE = (Path(__file__).parents[2] / "docs" / "own-checks.md").read_text("utf-8")
OWN_CHECKS = _PAGE.partition("```python\n")[2].partition("```")[0]


def test_a_project_has_checks_of_its_own(pytester: pytest.Pytester, profile: Path) -> None:
    (pytester.path / "own.py").write_text(OWN_CHECKS, "utf-8")
    profile.write_text(f'checks = ["own.py"]\n{profile.read_text("utf-8")}', "utf-8")
    result = run(pytester, "--authproof-profile", str(profile), "-k", "SHOP-01")
    result.assert_outcomes(passed=2, warnings=2)
    result.stdout.fnmatch_lines(["*AuthproofWarning: SHOP-01*The answer has no Server-Timing.*"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1 /", "*own.py cannot be loaded: SyntaxError*"),
        ("1 / 0", "*own.py cannot be loaded: ZeroDivisionError*"),
        (None, "*there is no file *own.py*"),
        (OWN_CHECKS.replace("SHOP-01", "JWT-99"), "*JWT-99 is an id of authproof's own area JWT*"),
        (OWN_CHECKS.replace('reads="shop"', 'reads="shopping"'), "*answers_tell_their_time reads 'shopping', which is no script*"),
        (OWN_CHECKS.replace('@script("shop")', '@script("jwt")'), "*there is a script 'jwt' already*"),
        (OWN_CHECKS.replace("@check(TIMED", '@check("SHOP-02"'), "*SHOP-02, which is no requirement*"),
    ],
)
def test_checks_that_cannot_be_loaded_are_one_usage_error(pytester: pytest.Pytester, profile: Path, content: str | None, message: str) -> None:
    if content is not None:
        (pytester.path / "own.py").write_text(content, "utf-8")
    profile.write_text(f'checks = ["own.py"]\n{profile.read_text("utf-8")}', "utf-8")
    result = run(pytester, "--authproof-profile", str(profile))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])
    assert "Traceback" not in result.stderr.str()


def test_junit_has_every_item(pytester: pytest.Pytester, profile: Path) -> None:
    run(pytester, "--authproof-profile", str(profile), "-k", "COOKIE-01", "--junitxml=junit.xml")
    cases = ET.parse(pytester.path / "junit.xml").findall(".//testcase")
    assert {case.get("name") for case in cases} >= {"COOKIE-01[POST /api/admin/auth/login]", "COOKIE-01[POST /api/auth/refresh]"}


def test_a_failed_check_prints_its_evidence(pytester: pytest.Pytester, profile: Path) -> None:
    class Unverified(Tokens):
        def signature_is_valid(self, *_: object) -> bool:
            return True

    with running_mock(parts=Parts(tokens=Unverified)) as (url, _):
        result = run(pytester, "--authproof-profile", str(profile), "--authproof-url", url, "-k", "JWT-13 and user]")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    text = result.stdout.str()
    assert "> GET /api/admin/user" in text
    assert "< 200 OK" in text
    assert 'curl -i --path-as-is -H "Authorization: Bearer ${FORGED_TOKEN_' in text
    assert "plugin.py" not in text, "no traceback of ours"
    assert "correct horse" not in text
    assert "eyJ" not in text


def test_an_unmet_recommendation_is_a_warning(pytester: pytest.Pytester, profile: Path) -> None:
    class Stateless(Guard):
        def check_session(self, *_: object) -> None:
            """An access token outlives its session."""

    with running_mock(parts=Parts(guard=Stateless)) as (url, _):
        result = run(pytester, "--authproof-profile", str(profile), "--authproof-url", url, "-k", "LOGOUT-08")
    result.assert_outcomes(passed=2, warnings=2)
    result.stdout.fnmatch_lines(["*AuthproofWarning: LOGOUT-08*works on after logout*"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[target", "*authproof.toml: this is not TOML*"),
        ("[target]\n", "*target.url is missing*"),
        ('[target]\nurl = "http://127.0.0.1:1"\ncontract = "absent.yaml"\n', "*absent.yaml*cannot be read*"),
        ('[target]\nurl = "http://127.0.0.1:1"\n[accounts.nobody.ordinary]\nemail = "a"\n', "*no application 'nobody'*"),
    ],
)
def test_a_broken_profile_is_one_usage_error(pytester: pytest.Pytester, text: str, message: str) -> None:
    path = pytester.path / "authproof.toml"
    path.write_text(text, "utf-8")
    result = run(pytester, "--authproof-profile", str(path))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


def test_an_unreachable_target_ends_the_run_with_its_exit_code(pytester: pytest.Pytester, profile: Path) -> None:
    result = run(pytester, "--authproof-profile", str(profile), "--authproof-url", "http://127.0.0.1:9", "-k", "BEARER-01")
    assert result.ret == 3
    assert "does not answer" in result.stdout.str() + result.stderr.str()


WAIVERS = """
[[waivers]]
id = "JWT-09"
operation = "GET /api/admin/user"
reason = "ticket 7"
expires = {soon}

[[waivers]]
id = "COOKIE-01"
reason = "ticket 8"
expires = 2020-01-31
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_waivers_that_ended_or_are_not_needed_are_in_the_summary(pytester: pytest.Pytester, profile: Path, workers: list[str]) -> None:
    with profile.open("a", encoding="utf-8") as file:
        file.write(WAIVERS.format(soon=date.today() + timedelta(days=9)))  # noqa: DTZ011  # any day after today will do
    result = run(pytester, "--authproof-profile", str(profile), "-k", "JWT-09 or COOKIE-01", *workers)
    assert result.ret == 0
    lines = [line for line in result.outlines if line.startswith("Waiver of ")]
    assert lines == [
        "Waiver of JWT-09[GET /api/admin/user] (ticket 7): Everything that it names passed. Mend: remove the waiver.",
        "Waiver of COOKIE-01 (ticket 8): The waiver ended on 2020-01-31 and excuses nothing. Everything that it names passed. Mend: remove the waiver.",
    ]


def test_a_waiver_is_not_called_useless_for_a_part_of_what_it_names(pytester: pytest.Pytester, profile: Path) -> None:
    with profile.open("a", encoding="utf-8") as file:
        file.write(WAIVERS.format(soon="2020-01-31"))
    result = run(pytester, "--authproof-profile", str(profile), "-k", "COOKIE-01 and adminLogin or COOKIE-01 and refresh")
    result.stdout.fnmatch_lines(["Waiver of COOKIE-01 *excuses nothing. This run did not decide what it names."])
