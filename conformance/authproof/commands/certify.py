"""`authproof certify`: one run against a target, its report, and an exit code."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from authproof.commands.interruption import terminated_like_interrupted
from authproof.commands.output import Destination, Output, destinations
from authproof.problem import UsageProblem
from authproof.profile import ProfileError, profile_of
from authproof.reports import FORMATS
from authproof_spec import ContractError, load_contract
from authproof_spec.catalogue import Level, UnknownTermError

if TYPE_CHECKING:
    from authproof.certify import Certification
    from authproof.hooks import Hooks
    from authproof.report import Report

EXIT_CODES = {"conformant": 0, "nonconformant": 1, "inconclusive": 3}
UNREACHABLE = 3
INTERRUPTED = 130


@click.command("certify")
@click.argument("url", required=False)
@click.option("--profile", "profile_path", metavar="FILE", help="What the target is and how to get in: a TOML file, see docs/profile.md.")
@click.option("--contract", "contract_source", metavar="FILE_OR_URL", help="The OpenAPI document; the profile's, else the bundled one, by default.")
@click.option("--overlay", "overlays", multiple=True, metavar="FILE_OR_URL", help="An OpenAPI Overlay for the document; may be repeated.")
@click.option("--only", multiple=True, metavar="AREA_OR_ID", help="Check these requirements alone; may be repeated.")
@click.option("--skip", multiple=True, metavar="AREA_OR_ID", help="Leave these requirements out; may be repeated.")
@click.option(
    "--level",
    type=click.Choice([level.lower() for level in Level], case_sensitive=False),
    default="may",
    show_default=True,
    help="Judge only requirements of at least this level.",
)
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FORMAT=PATH",
    callback=destinations,
    help=f"Write a report: {', '.join(FORMATS)}. The path - is the standard output; may be repeated.",
)
@click.option("--exhaustive", is_flag=True, help="Send every variant of a forged token, and not a sample of each kind.")
@click.option(
    "--unsafe-methods",
    is_flag=True,
    help="Also ask operations that write, on a target that is not on loopback: what a right server refuses, a broken one would carry out.",
)
@click.option("--rate", type=click.FloatRange(0, min_open=True), metavar="N", help="Send at most N requests a second.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="How long to wait for one answer.")
@click.option("--ca", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="PEM file with the certificate authorities to trust.")
@click.option("--insecure", is_flag=True, help="Do not verify the target's certificate.")
@click.option("-q", "--quiet", is_flag=True, help="Print the verdict and the failures alone.")
@click.option("--plain", is_flag=True, help="Print one line for each result, without a progress line: for logs.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True, help="auto heeds NO_COLOR.")
def command(
    url: str | None,
    profile_path: str | None,
    contract_source: str | None,
    overlays: tuple[str, ...],
    only: tuple[str, ...],
    skip: tuple[str, ...],
    level: str,
    reports: tuple[Destination, ...],
    exhaustive: bool,  # noqa: FBT001  # click passes it by name, as all of them
    unsafe_methods: bool,  # noqa: FBT001
    rate: float | None,
    timeout: float | None,
    ca: Path | None,
    insecure: bool,  # noqa: FBT001  # click passes it by name, as the next two
    quiet: bool,  # noqa: FBT001
    plain: bool,  # noqa: FBT001
    color: str,
) -> None:
    """Certify the server at URL, or the embedded mock when neither URL nor profile names one.

    \b
    Exit codes:
      0    conformant: nothing failed, nothing that is demanded stayed open, and a class can be claimed
      1    not conformant: something failed
      2    usage: an option, the profile or the document cannot be used
      3    the target is unreachable, or the run could not decide
      130  interrupted; what was created was removed first
    """  # noqa: D301  # a backspace is how click is told to leave the paragraph alone
    if ca and insecure:
        raise click.UsageError("--ca and --insecure exclude each other. Mend: give one of them.")
    from authproof.certify import Certification, plan
    from authproof.extensions import load_extensions
    from authproof.methods import notice

    output = Output(reports, quiet=quiet, plain=plain, color=color)
    try:
        profile = profile_of(url, profile_path)
        source, declared = (profile.contract, profile.overlays) if profile else (None, ())
        contract = load_contract(contract_source or source, overlays or declared, complete=profile is None)
        hooks: Hooks | None = None
        with contextlib.ExitStack() as stack:
            if profile is None:
                from authproof.embedded import embedded_mock

                profile, hooks = stack.enter_context(embedded_mock(contract))
            trust = None if insecure else ca or profile.ca
            budget = replace(profile.budget, rate=rate or profile.budget.rate)
            profile = replace(profile, exhaustive=exhaustive or profile.exhaustive, unsafe_methods=unsafe_methods or profile.unsafe_methods)
            profile = replace(profile, budget=budget, timeout=timeout or profile.timeout, ca=trust, verify=profile.verify and not insecure)
            extensions = load_extensions(profile.checks)
            items = plan(contract, only, skip, extensions, Level(level.upper()))
            certification = Certification(contract, profile, items, hooks=hooks, extensions=extensions)
            if hooks is None and profile.allows_unsafe_methods and not quiet:
                click.echo(notice(contract), err=True)
            report = _certify(certification, output)
    except (ContractError, ProfileError, UnknownTermError) as error:
        raise UsageProblem(str(error)) from error
    output.show(report)
    sys.exit(INTERRUPTED if report.interrupted else EXIT_CODES[report.verdict])


def _certify(certification: Certification, output: Output) -> Report:
    from authproof.runner import Unreachable

    try:
        with terminated_like_interrupted(), output.progress() as progress:
            certification.run(progress)
    except Unreachable as why:
        click.echo(f"Error: {certification.profile.url} does not answer: {why}. Mend: {why.mend}.", err=True)
        sys.exit(UNREACHABLE)
    return certification.report()
