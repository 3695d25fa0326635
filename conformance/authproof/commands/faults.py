"""`authproof faults`: what the mock can do wrong on purpose."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from authproof.problem import UsageProblem
from authproof_spec.catalogue import UnknownTermError, load_catalogue

if TYPE_CHECKING:
    from authproof_mock.faults import Fault

_INTRODUCTION = """\
# Faults

Number of faults: {count}. Each makes the mock break one requirement, as servers in the wild do; `authproof mock --fault NAME` serves it.
What the checks say of each is on the page [what the checks detect](detection.md).
This page is the output of `authproof faults --format markdown`.

* **Breaks.** The requirement that is broken, and in brackets those that ask for the same thing or for more.
* **Reference.** A source of the requirement, or an example of the class; `contract` means that the OpenAPI document decides.

| fault | breaks | reference | harm |
|---|---|---|---|
"""


@click.command("faults")
@click.option("--requirement", "terms", multiple=True, metavar="TERM", help="Only what breaks this id, or one of this area; may be repeated.")
@click.option("--format", "form", type=click.Choice(["table", "json", "markdown"]), default="table", show_default=True, help="How to print them.")
def command(terms: tuple[str, ...], form: str) -> None:
    """List the faults that the mock can have.

    A TERM is an area, an id, or the beginning of an id: `jwt`, `REFRESH-04`, `pat-1`.

    \b
    JSON: {"version": 1, "faults": [{"name", "breaks", "also", "reference", "harm", "needs"}]}
      breaks  the id of the requirement that is broken
      also    the ids of those that cannot be met either
      needs   of what kind the contract has to be for it to show; empty: as the bundled one
    """  # noqa: D301  # a backspace is how click is told to leave the paragraph alone
    from authproof_mock.faults import all_faults

    catalogue = load_catalogue()
    try:
        chosen = {requirement.id for requirement in catalogue.select(terms or catalogue)}
    except UnknownTermError as error:
        raise UsageProblem(str(error)) from error
    faults = [fault for fault in all_faults().values() if fault.breaks in chosen]
    match form:
        case "json":
            click.echo(as_json(faults))
        case "markdown":
            click.echo(as_markdown(faults), nl=False)
        case _:
            _print_table(faults)


def as_json(faults: Sequence[Fault]) -> str:
    """The faults as JSON; the command's help describes its shape."""
    records = [
        {"name": fault.name, "breaks": fault.breaks, "also": fault.also, "reference": fault.reference, "harm": fault.harm, "needs": fault.needs}
        for fault in faults
    ]
    return json.dumps({"version": 1, "faults": records}, indent=2, ensure_ascii=False)


def as_markdown(faults: Sequence[Fault]) -> str:
    """The faults as a Markdown page."""
    rows = [f"| {fault.name} | {_broken(fault)} | {fault.reference} | {fault.harm}{_shown(fault)} |\n" for fault in faults]
    return _INTRODUCTION.format(count=len(faults)) + "".join(rows)


def _broken(fault: Fault) -> str:
    return f"{fault.breaks} ({', '.join(fault.also)})" if fault.also else fault.breaks


def _shown(fault: Fault) -> str:
    return f" It shows under {fault.needs}." if fault.needs else ""


def _print_table(faults: Sequence[Fault]) -> None:
    """A table for a person; one plain line each where the output is no terminal, for grep and its like."""
    if not sys.stdout.isatty():
        for fault in faults:
            click.echo(f"{fault.breaks:<12} {fault.name:<60} {fault.harm}")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("breaks", "fault", "harm", box=None, pad_edge=False, caption=f"{len(faults)} faults")
    for fault in faults:
        table.add_row(fault.breaks, fault.name, fault.harm)
    Console().print(table)
