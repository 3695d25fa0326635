"""`authproof init`: a profile with comments, made for a contract."""

from __future__ import annotations

import os
from pathlib import Path

import click

from authproof.problem import UsageProblem
from authproof_spec import ContractError, load_contract


def _from(profile: Path, document: str) -> str:
    """The document as the profile names it: a path counts from the profile's folder."""
    return document if document.startswith(("http://", "https://")) else os.path.relpath(document, profile.parent)


@click.command("init")
@click.argument("path", default="authproof.toml", type=click.Path(path_type=Path), metavar="[FILE]")
@click.option("--contract", metavar="FILE_OR_URL", help="The OpenAPI document of the target; the bundled one when left out.")
@click.option("--overlay", "overlays", multiple=True, metavar="FILE_OR_URL", help="An OpenAPI Overlay for the document; may be repeated.")
@click.option("--url", default="https://api.example.com", show_default=True, help="Where the target is.")
@click.option("--force", is_flag=True, help="Replace the file when it is there already.")
def command(path: Path, contract: str | None, overlays: tuple[str, ...], url: str, *, force: bool) -> None:
    """Write a profile with comments to FILE, authproof.toml by default.

    It has a place for every account that a certification can use, with what the contract's logins ask for.

    \b
    Exit codes:
      0  written
      2  an option or the document cannot be used, or the file is there already
    """  # noqa: D301  # a backspace is how click is told to leave the paragraph alone
    from authproof.profile import ProfileError, checked_url
    from authproof.profile_template import profile_text

    try:
        read = load_contract(contract, overlays)
        text = profile_text(read, checked_url(url), contract and _from(path, contract), [_from(path, overlay) for overlay in overlays])
    except (ContractError, ProfileError) as error:
        raise UsageProblem(str(error)) from error
    if path.exists() and not force:
        raise UsageProblem(f"{path} is there already. Mend: give another path, or --force to replace it.")
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UsageProblem(f"{path} cannot be written: {error.strerror}. Mend: give another path.") from error
    click.echo(f"Wrote {path}. Fill in the accounts, then run: authproof certify --profile {path}")
