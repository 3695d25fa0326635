"""`authproof explore`: walks through the states of a target, and the shortest walk to a wrong answer."""

from __future__ import annotations

import contextlib
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from authproof.commands.interruption import terminated_like_interrupted
from authproof.commands.output import Output
from authproof.hooks import DeclaredHooks, Hooks
from authproof.problem import UsageProblem
from authproof.profile import ProfileError, profile_of
from authproof_spec import ContractError, load_contract
from authproof_spec.catalogue import load_catalogue

if TYPE_CHECKING:
    from authproof.explore.explorer import Explorer

NOTHING_FOUND, FOUND, UNDECIDED, INTERRUPTED = 0, 1, 3, 130
_REQUESTS_OF_THE_MOCK = 20_000
"""Nobody else uses the embedded mock, so it need not be spared."""


@click.command("explore")
@click.argument("url", required=False)
@click.option("--profile", "profile_path", metavar="FILE", help="What the target is and how to get in: a TOML file, see docs/profile.md.")
@click.option("--contract", "contract_source", metavar="FILE_OR_URL", help="The OpenAPI document; the profile's, else the bundled one, by default.")
@click.option("--overlay", "overlays", multiple=True, metavar="FILE_OR_URL", help="An OpenAPI Overlay for the document; may be repeated.")
@click.option("--steps", type=click.IntRange(1, 200), default=20, show_default=True, help="Steps of a walk at most, before the last look.")
@click.option(
    "--runs", type=click.IntRange(1, 100_000), default=200, show_default=True, help="Walks at most, beside those that shorten what they find."
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    metavar="S",
    help="How long at most, before the last clean-up; by default the profile's budget.",
)
@click.option("--seed", type=click.IntRange(0), help="Choose the same steps as a run that printed this seed.")
@click.option("--replay", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Make the steps that --keep wrote, and no other.")
@click.option("--keep", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write a counterexample to this file, without secrets.")
def command(
    url: str | None,
    profile_path: str | None,
    contract_source: str | None,
    overlays: tuple[str, ...],
    steps: int,
    runs: int,
    seconds: float | None,
    seed: int | None,
    replay: Path | None,
    keep: Path | None,
) -> None:
    """Walk the states of the server at URL, or of the embedded mock, in search of a sequence that it answers wrongly.

    A walk logs in, refreshes with new and old tokens, logs out, and makes, uses and revokes personal access tokens, with two users of each
    application; the clock is moved where a hook does it. Each answer is compared with a model of the contract. What is found is made as
    short as it gets, and printed as curl lines. The requests are at most those of the profile's budget, all clean-up included. A quarter of them,
    and of the time, is kept to shorten what is found.

    \b
    Exit codes:
      0    nothing was found
      1    a counterexample was found
      2    usage: an option, the profile, the document or the file to replay cannot be used
      3    the target is unreachable, no account could log in, or a step to replay could not be made
      130  interrupted; what was created was removed first
    """  # noqa: D301  # a backspace is how click is told to leave the paragraph alone
    from authproof.explore.explorer import Bounds, Explorer
    from authproof.explore.record import RecordError, load_steps
    from authproof.runner import Unreachable
    from authproof.target import Target

    if keep and not keep.parent.is_dir():
        raise UsageProblem(f"The folder of {str(keep)!r} does not exist. Mend: make it before the run.")
    try:
        profile = profile_of(url, profile_path)
        source, declared = (profile.contract, profile.overlays) if profile else (None, ())
        contract = load_contract(contract_source or source, overlays or declared)
        replayed = load_steps(replay) if replay else None
        with contextlib.ExitStack() as stack:
            hooks: Hooks | None = None
            if profile is None:
                from authproof.embedded import embedded_mock

                profile, hooks = stack.enter_context(embedded_mock(contract))
            # However many operations there are, a walk asks the same few.
            requests, budgeted = profile.budget.for_operations(0)
            chosen = secrets.randbits(32) if seed is None else seed
            bounds = Bounds(runs, steps, _REQUESTS_OF_THE_MOCK if hooks else requests, seconds or budgeted, chosen)
            target = Target(profile)
            stack.callback(target.close)
            progress = stack.enter_context(Output().progress())
            explorer = Explorer(contract, profile, target, hooks or DeclaredHooks(profile.hooks), bounds, progress or (lambda _name, _count: None))
            stack.enter_context(terminated_like_interrupted())
            if replayed is None:
                explorer.run()
            else:
                explorer.replay(replayed)
    except (ContractError, ProfileError, RecordError) as error:
        raise UsageProblem(str(error)) from error
    except Unreachable as why:
        click.echo(f"Error: {profile.url if profile else url} does not answer: {why}. Mend: {why.mend}.", err=True)
        sys.exit(UNDECIDED)
    except KeyboardInterrupt:
        click.echo("Interrupted, after cleaning up.", err=True)
        sys.exit(INTERRUPTED)
    unreplayed = replayed is not None and explorer.ended is not None
    headline = "A counterexample was found" if explorer.found else "The steps could not be replayed" if unreplayed else "Nothing was found"
    _tell(headline, explorer, profile.url, keep, None if replay else chosen)
    sys.exit(FOUND if explorer.found else NOTHING_FOUND if explorer.granted and not unreplayed else UNDECIDED)


def _tell(headline: str, explorer: Explorer, url: str, keep: Path | None, seed: int | None) -> None:
    from authproof.explore.record import as_json, as_text

    walks = "1 walk" if explorer.walks == 1 else f"{explorer.walks} walks"
    click.echo(f"{headline}: {walks}, {explorer.requests} requests{'' if seed is None else f', seed {seed}'}.")
    if explorer.ended:
        click.echo(explorer.ended)
    if explorer.found:
        click.echo("\n" + "\n".join(as_text(explorer.found, url, load_catalogue())))
        if keep:
            try:
                keep.write_text(as_json(explorer.found, seed), "utf-8")
            except OSError as error:
                click.echo(f"Error: {keep} cannot be written: {error.strerror}. Mend: give another path.", err=True)
    if explorer.left_behind:
        click.echo(f"Left behind: {len(explorer.left_behind)} sessions or tokens, such as {explorer.left_behind[0]}.")
