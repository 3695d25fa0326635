"""The pytest plugin: a profile makes every check an item beside a project's own tests. It judges nothing itself."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

# This module is imported in every pytest run of its host, so it imports nothing of ours before it is asked to.
if TYPE_CHECKING:
    from authproof.certify import Certification, Item
    from authproof.profile import Profile
    from authproof.result import Result
    from authproof_spec import Contract

_SUBJECT: pytest.StashKey[tuple[Contract, Profile]] = pytest.StashKey()
_CERTIFICATION: pytest.StashKey[Certification] = pytest.StashKey()


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


def pytest_collection(session: pytest.Session) -> None:
    """Read profile and contract before anything is collected, so that a broken one is told once."""
    config = session.config
    option, setting = config.getoption("--authproof-profile"), config.getini("authproof_profile")
    if not option and not setting:
        return
    from authproof.profile import ProfileError, load_profile
    from authproof_spec import ContractError, load_contract

    try:
        profile = load_profile(Path(option) if option else config.rootpath / setting, config.getoption("--authproof-url"))
        contract = load_contract(profile.contract)
        profile.check_against(contract)
    except (ProfileError, ContractError) as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[_SUBJECT] = contract, profile


# First of all, so that the items are there when -k and -m choose among them.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Add an item for each check at each operation, behind the project's own."""
    subject = session.config.stash.get(_SUBJECT, None)
    if subject is not None:
        from authproof.certify import plan

        parent = Checks.from_parent(session, name="authproof", nodeid="authproof", path=session.path)
        added: list[pytest.Item] = [CheckItem.from_parent(parent, name=item.name, planned=item) for item in plan(subject[0])]
        items += added
        # So that pytest counts them among what it collected.
        session.config.hook.pytest_collectreport(report=pytest.CollectReport(parent.nodeid, "passed", None, [*added]))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Prepare one run for the items that were chosen."""
    subject = session.config.stash.get(_SUBJECT, None)
    chosen = [item.planned for item in session.items if isinstance(item, CheckItem)]
    if subject is not None and chosen:
        from authproof.certify import Certification

        session.config.stash[_CERTIFICATION] = Certification(*subject, chosen)


class Checks(pytest.Collector):
    """The parent of all checks."""

    def collect(self) -> list[pytest.Item]:
        """Nothing: the items are made by `pytest_collection_modifyitems`."""
        return []


class CheckItem(pytest.Item):
    """One check at one operation."""

    def __init__(self, *, planned: Item, **keywords: Any) -> None:
        super().__init__(**keywords)
        from authproof_spec.catalogue import load_catalogue

        self.planned = planned
        requirement = load_catalogue()[planned.check.requirement]
        self.add_marker(pytest.mark.authproof(id=requirement.id, area=requirement.area, level=requirement.level.value))

    def runtest(self) -> None:
        """Judge the item; the first one carries the run out."""
        from authproof.runner import Unreachable
        from authproof.verdict import Verdict

        certification = self.config.stash[_CERTIFICATION]
        try:
            certification.run_once()
        except Unreachable as why:
            pytest.exit(f"authproof: {certification.profile.url} does not answer: {why}", returncode=3)
        result = certification.judge(self.planned)
        if result.verdict in {Verdict.SKIP, Verdict.INCONCLUSIVE}:
            pytest.skip(f"{result.verdict}: {result.detail}")
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
