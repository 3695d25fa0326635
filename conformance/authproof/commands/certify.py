"""`authproof certify`: one run against a target, its report, and an exit code."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from authproof.problem import UsageProblem
from authproof.profile import Profile, ProfileError, checked_url, load_profile
from authproof_spec import Contract, ContractError, load_contract
from authproof_spec.catalogue import UnknownTermError

if TYPE_CHECKING:
    from authproof.hooks import Hooks
    from authproof.report import Report

EXIT_CODES = {"conformant": 0, "nonconformant": 1, "inconclusive": 3}
UNREACHABLE = 3
INTERRUPTED = 130


def _report_option(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[Path, ...]:
    paths = []
    for value in values:
        form, _, path = value.partition("=")
        if form != "json" or not path:
            raise click.BadParameter(f"{value!r} is not of the form json=PATH.")
        if not Path(path).parent.is_dir():
            raise click.BadParameter(f"the folder of {path!r} does not exist. Mend: make it before the run.")
        paths.append(Path(path))
    return tuple(paths)


@click.command("certify")
@click.argument("url", required=False)
@click.option("--profile", "profile_path", metavar="FILE", help="What the target is and how to get in: a TOML file, see docs/profile.md.")
@click.option("--contract", "contract_source", metavar="FILE_OR_URL", help="The OpenAPI document; the profile's, else the bundled one, by default.")
@click.option("--only", multiple=True, metavar="AREA_OR_ID", help="Check these requirements alone; may be repeated.")
@click.option("--skip", multiple=True, metavar="AREA_OR_ID", help="Leave these requirements out; may be repeated.")
@click.option("--report", "reports", multiple=True, metavar="json=PATH", callback=_report_option, help="Write the report to a file; may be repeated.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), metavar="N", help="Send at most N requests a second.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="How long to wait for one answer.")
@click.option("--ca", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="PEM file with the certificate authorities to trust.")
@click.option("--insecure", is_flag=True, help="Do not verify the target's certificate.")
def command(
    url: str | None,
    profile_path: str | None,
    contract_source: str | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    reports: tuple[Path, ...],
    rate: float | None,
    timeout: float | None,
    ca: Path | None,
    insecure: bool,  # noqa: FBT001  # click passes it by name
) -> None:
    """Certify the server at URL, or the embedded mock when neither URL nor profile names one.

    \b
    Exit codes:
      0    conformant: every MUST that could be tested passed
      1    not conformant: something failed
      2    usage: an option, the profile or the document cannot be used
      3    the target is unreachable, or the run could not decide
      130  interrupted; what was created was removed first
    """  # noqa: D301  # a backspace is how click is told to leave the paragraph alone
    if ca and insecure:
        raise click.UsageError("--ca and --insecure exclude each other. Mend: give one of them.")
    try:
        profile = _profile(url, profile_path)
        contract = load_contract(contract_source or (profile.contract if profile else None))
        hooks: Hooks | None = None
        with contextlib.ExitStack() as stack:
            if profile is None:
                from authproof.embedded import embedded_mock

                profile, hooks = stack.enter_context(embedded_mock(contract))
            trust = None if insecure else ca or profile.ca
            budget = replace(profile.budget, rate=rate or profile.budget.rate)
            profile = replace(profile, budget=budget, timeout=timeout or profile.timeout, ca=trust, verify=profile.verify and not insecure)
            report = _certify(contract, profile, hooks, only, skip)
    except (ContractError, ProfileError, UnknownTermError) as error:
        raise UsageProblem(str(error)) from error
    _show(report, reports)
    sys.exit(INTERRUPTED if report.interrupted else EXIT_CODES[report.verdict])


def _profile(url: str | None, path: str | None) -> Profile | None:
    if path is not None:
        return load_profile(path, url)
    return None if url is None else Profile(checked_url(url))


def _certify(contract: Contract, profile: Profile, hooks: Hooks | None, only: tuple[str, ...], skip: tuple[str, ...]) -> Report:
    from authproof.certify import Certification, plan
    from authproof.extensions import load_extensions
    from authproof.runner import Unreachable

    extensions = load_extensions(profile.checks)
    certification = Certification(contract, profile, plan(contract, only, skip, extensions), hooks=hooks, extensions=extensions)
    try:
        with _terminated_like_interrupted(), _progress() as progress:
            certification.run(progress)
    except Unreachable as why:
        click.echo(f"Error: {profile.url} does not answer: {why}. Mend: check the URL, and that the server runs.", err=True)
        sys.exit(UNREACHABLE)
    return certification.report()


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """While it lasts, SIGTERM ends a run as Ctrl-C does, so that it cleans up."""
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[str, int], None] | None]:
    """A line that counts the requests, where a person is watching."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("Certifying…") as status:
        yield lambda name, count: status.update(f"Certifying… {name.replace('_', ' ')}, {count} requests")


def _show(report: Report, paths: tuple[Path, ...]) -> None:
    from rich.console import Console

    from authproof.reports import json_report, terminal

    for path in paths:
        try:
            path.write_text(json_report.render(report), "utf-8")
        except OSError as error:
            # The run is over and must not be lost for a file: it is told on the terminal all the same.
            click.echo(f"Error: the report cannot be written to {path}: {error.strerror}. Mend: give another path.", err=True)
    width = None if sys.stdout.isatty() else 140
    terminal.render(report, Console(width=width, highlight=False, soft_wrap=False))
