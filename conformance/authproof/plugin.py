"""The pytest plugin: a profile makes every check an item beside a project's own tests. It judges nothing itself."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

# This module is imported in every pytest run of its host, so it imports nothing of ours before it is asked to.
if TYPE_CHECKING:
    from authproof.certify import Certification, Item
    from authproof.clients import Clients
    from authproof.extensions import Extensions
    from authproof.profile import Profile
    from authproof.result import Result
    from authproof_spec import Contract

_SUBJECT: pytest.StashKey[tuple[Contract, Profile, Extensions]] = pytest.StashKey()
_FOLDER: pytest.StashKey[str] = pytest.StashKey()
_CERTIFICATION: pytest.StashKey[Certification] = pytest.StashKey()
_REMARKS: pytest.StashKey[dict[str, None]] = pytest.StashKey()
_OUTPUT = "authproof_remarks"
"""What a worker of pytest-xdist calls its remarks."""


class AuthproofWarning(pytest.PytestWarning):
    """A requirement at the level SHOULD that the target does not meet."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options and the ini setting."""
    group = parser.getgroup("authproof", "certify a server's authentication")
    group.addoption("--authproof-profile", metavar="FILE", help="certify the target of this profile: each check becomes an item")
    group.addoption("--authproof-url", metavar="URL", help="the target's URL, in place of the profile's")
    parser.addini("authproof_profile", "path of the profile, from the rootdir")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", "authproof(id, area, level): a check of authproof, with its requirement's id, area and level")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give the workers of pytest-xdist a folder in common, so that one run serves them all."""
    config: pytest.Config = node.config
    if config.getoption("--authproof-profile") or config.getini("authproof_profile"):
        from authproof.one_run import FOLDER

        if _FOLDER not in config.stash:
            config.stash[_FOLDER] = tempfile.mkdtemp(prefix="authproof-")
        node.workerinput[FOLDER] = config.stash[_FOLDER]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what the workers had in common."""
    if folder := config.stash.get(_FOLDER, None):
        shutil.rmtree(folder, ignore_errors=True)


def pytest_collection(session: pytest.Session) -> None:
    """Read profile and contract before anything is collected, so that a broken one is told once."""
    config = session.config
    option, setting = config.getoption("--authproof-profile"), config.getini("authproof_profile")
    if not option and not setting:
        return
    from authproof.extensions import load_extensions
    from authproof.profile import ProfileError, load_profile
    from authproof_spec import ContractError, load_contract

    try:
        profile = load_profile(Path(option) if option else config.rootpath / setting, config.getoption("--authproof-url"))
        contract = load_contract(profile.contract, profile.overlays)
        profile.check_against(contract)
        extensions = load_extensions(profile.checks)
        profile.check_waivers(extensions.catalogue)
    except (ProfileError, ContractError) as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[_SUBJECT] = contract, profile, extensions


# First of all, so that the items are there when -k and -m choose among them.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Add an item for each check at each operation, behind the project's own."""
    subject = session.config.stash.get(_SUBJECT, None)
    if subject is not None:
        from authproof.certify import plan

        parent = Checks.from_parent(session, name="authproof", nodeid="authproof", path=session.path)
        added: list[pytest.Item] = [CheckItem.from_parent(parent, name=item.name, planned=item) for item in plan(subject[0], extensions=subject[2])]
        items += added
        # So that pytest counts them among what it collected.
        session.config.hook.pytest_collectreport(report=pytest.CollectReport(parent.nodeid, "passed", None, [*added]))


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    """Say before the run what it may make the target write."""
    subject = config.stash.get(_SUBJECT, None)
    if subject is None or not subject[1].allows_unsafe_methods or not any(isinstance(item, CheckItem) for item in items):
        return []
    from authproof.methods import notice

    return [f"authproof: {notice(subject[0])}"]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Prepare one run for the items that were chosen."""
    subject = session.config.stash.get(_SUBJECT, None)
    chosen = [item.planned for item in session.items if isinstance(item, CheckItem)]
    if subject is not None and chosen:
        from authproof.certify import Certification

        contract, profile, extensions = subject
        session.config.stash[_CERTIFICATION] = Certification(contract, profile, chosen, extensions=extensions)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep what is to be known beside the items, such as waivers that are not needed; a worker hands it to the controller."""
    config, certification = session.config, session.config.stash.get(_CERTIFICATION, None)
    if certification is None or not certification.is_recorded:
        return
    remarks = certification.report().remarks
    config.stash[_REMARKS] = dict.fromkeys(remarks)
    if hasattr(config, "workeroutput"):
        config.workeroutput[_OUTPUT] = list(remarks)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the remarks of a worker over; all workers judge the same run, so they have the same ones."""
    known = node.config.stash.setdefault(_REMARKS, {})
    known |= dict.fromkeys(getattr(node, "workeroutput", {}).get(_OUTPUT, ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show the remarks."""
    if remarks := config.stash.get(_REMARKS, None):
        terminalreporter.section("authproof", yellow=True)
        for remark in remarks:
            terminalreporter.line(remark, yellow=True)


def _subject(request: pytest.FixtureRequest) -> tuple[Contract, Profile]:
    found = request.config.stash.get(_SUBJECT, None)
    if found is None:
        pytest.skip("There is no profile: give --authproof-profile FILE, or authproof_profile in the ini file.")
    return found[:2]


@pytest.fixture(scope="session")
def authproof_contract(request: pytest.FixtureRequest) -> Contract:
    """The contract of the target."""
    return _subject(request)[0]


@pytest.fixture(scope="session")
def authproof_target(request: pytest.FixtureRequest) -> Profile:
    """The target: its URL, accounts and how to treat it."""
    return _subject(request)[1]


@pytest.fixture(scope="session")
def authproof_clients(authproof_contract: Contract, authproof_target: Profile) -> Iterator[Clients]:
    """Logged-in clients: `authproof_clients.client("admin", "privileged")` is an httpx.Client with that account's access token."""
    from authproof.clients import Clients

    clients = Clients(authproof_contract, authproof_target)
    yield clients
    clients.close()


class Checks(pytest.Collector):
    """The parent of all checks."""

    def collect(self) -> list[pytest.Item]:
        """Nothing: the items are made by `pytest_collection_modifyitems`."""
        return []


class CheckItem(pytest.Item):
    """One check at one operation."""

    def __init__(self, *, planned: Item, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.planned = planned
        requirement = planned.requirement
        self.add_marker(pytest.mark.authproof(id=requirement.id, area=requirement.area, level=requirement.level.value))

    def runtest(self) -> None:
        """Judge the item; the first one carries the run out."""
        from authproof.one_run import carry_out
        from authproof.runner import Unreachable
        from authproof.verdict import Verdict

        certification = self.config.stash[_CERTIFICATION]
        try:
            carry_out(certification, self.config)
        except Unreachable as why:
            pytest.exit(f"authproof: {certification.profile.url} does not answer: {why}. Mend: {why.mend}.", returncode=3)
        result = certification.judge(self.planned)
        if result.verdict in {Verdict.SKIP, Verdict.INCONCLUSIVE}:
            pytest.skip(f"{result.verdict}: {result.detail}")
        if result.verdict is Verdict.WAIVED:
            pytest.xfail(result.detail)
        if result.verdict is Verdict.WARN:
            # Not by self.warn(): pytest wants a line of source for that.
            warnings.warn(AuthproofWarning(f"{result.name}: {result.detail}"), stacklevel=1)
        if result.verdict in {Verdict.FAIL, Verdict.ERROR}:
            raise CheckFailed(result, certification.profile.url)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The evidence of a failed check, in place of a traceback through this plugin."""
        if isinstance(excinfo.value, CheckFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """What pytest calls the item in its report."""
        return self.path, None, self.name


class CheckFailed(Exception):
    """A check that failed; the text is its evidence."""

    def __init__(self, result: Result, url: str) -> None:
        from authproof.reports.terminal import as_text

        super().__init__(as_text(result, url))
