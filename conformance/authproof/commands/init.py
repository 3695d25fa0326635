"""`authproof init`: a profile with comments, made for a contract, or for a document that has yet to become one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from authproof.problem import UsageProblem
from authproof_spec import ContractError, load_contract

_URL = "https://api.example.com"
_UNFINISHED = 1


def _from(folder: Path, document: str) -> str:
    """The document as a file in `folder` names it: a path counts from there."""
    return document if document.startswith(("http://", "https://")) else os.path.relpath(document, folder)


@click.command("init")
@click.argument("path", required=False, type=click.Path(path_type=Path), metavar="[FILE]")
@click.option("--contract", metavar="FILE_OR_URL", help="The OpenAPI document of the target, with its x-authproof; the bundled one when left out.")
@click.option("--overlay", "overlays", multiple=True, metavar="FILE_OR_URL", help="An OpenAPI Overlay for the document; may be repeated.")
@click.option("--from", "source", metavar="FILE_OR_URL", help="An OpenAPI document without x-authproof: guess it, and write an overlay as well.")
@click.option("--dir", "folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Where --from writes its files.  [default: .]")
@click.option("--url", metavar="URL", help=f"Where the target is.  [default: what --from finds in the document, else {_URL}]")
@click.option("--force", is_flag=True, help="Replace files that are there already.")
def command(
    path: Path | None, contract: str | None, overlays: tuple[str, ...], source: str | None, folder: Path | None, url: str | None, *, force: bool
) -> None:
    """Write a profile with comments to FILE, authproof.toml by default.

    It has a place for every account that a certification can use, with what the contract's logins ask for.

    With --from, guess how callers log in to an API from its OpenAPI document, and write authproof-overlay.yaml, an overlay that says it, and
    authproof.toml, a profile that names document and overlay. Comments tell what each guess was taken from, and what is to be filled in.

    \b
    Exit codes:
      0  written
      1  written by --from, and the overlay cannot be used before something is filled in: the lines are named
      2  an option or the document cannot be used, or a file is there already
    """  # noqa: D301  # a backspace is how click is told to leave the paragraph alone
    from authproof.profile import ProfileError, checked_url

    try:
        checked = None if url is None else checked_url(url)
        if source is None:
            if folder is not None:
                raise UsageProblem("--dir goes with --from. Mend: give the FILE of the profile instead.")
            _write_profile(path or Path("authproof.toml"), contract, overlays, checked or _URL, force=force)
            return
        if path is not None or contract is not None or overlays:
            raise UsageProblem("--from takes neither FILE, --contract nor --overlay. Mend: give --dir for the folder to write to.")
        loads = _write_guesses(source, folder or Path(), checked, force=force)
    except (ContractError, ProfileError) as error:
        raise UsageProblem(str(error)) from error
    if not loads:
        sys.exit(_UNFINISHED)


def _write_profile(path: Path, contract: str | None, overlays: tuple[str, ...], url: str, *, force: bool) -> None:
    from authproof.profile_template import account_forms, profile_text

    forms = account_forms(load_contract(contract, overlays))
    text = profile_text(forms, url, contract and _from(path.parent, contract), [_from(path.parent, overlay) for overlay in overlays])
    _write({path: text}, force=force)
    click.echo(f"Wrote {path}. Fill in the accounts, then run: authproof certify --profile {path}")


def _write_guesses(source: str, folder: Path, url: str | None, *, force: bool) -> bool:
    """Write overlay and profile of the document at `source` into `folder`, and tell what was guessed. True when the overlay can be used as it is."""
    from authproof.guess.design import guess
    from authproof.guess.overlay_text import overlay_text
    from authproof.guess.survey import survey
    from authproof.guess.telling import telling
    from authproof.profile_template import AccountForm, account_forms, profile_text
    from authproof_spec.loader import EXTENSION, load_document

    document = load_document(source)
    if EXTENSION in document.root:
        raise UsageProblem(f"{source} has {EXTENSION} already, so nothing has to be guessed. Mend: authproof init --contract {source}")
    guessed = guess(survey(document))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageProblem(f"The folder {folder} cannot be made: {error.strerror}. Mend: give another --dir.") from error
    overlay, profile = folder / "authproof-overlay.yaml", folder / "authproof.toml"
    text = overlay_text(guessed, _from(folder, source))
    target, origin = (
        (url, "") if url else (guessed.url, "from the document's servers") if guessed.url else (_URL, "FILL IN: the document does not say")
    )
    skeleton = [AccountForm("api", ("email", "password"))]
    arguments = target or _URL, _from(folder, source), [overlay.name], origin
    _write({overlay: text, profile: profile_text(skeleton, *arguments)}, force=force)
    try:
        forms = account_forms(load_contract(source, [overlay]))
    except ContractError as error:
        problems = [str(problem) for problem in error.problems]
    else:
        problems = []
        _write({profile: profile_text(forms, *arguments)}, force=True)
    click.echo(telling(guessed, source, overlay, profile, text, problems))
    return not problems


def _write(files: dict[Path, str], *, force: bool) -> None:
    for path in files:
        if path.exists() and not force:
            raise UsageProblem(f"{path} is there already. Mend: give another path, or --force to replace it.")
    for path, text in files.items():
        try:
            path.write_text(text, "utf-8")
        except OSError as error:
            raise UsageProblem(f"{path} cannot be written: {error.strerror}. Mend: give another path.") from error
