"""`authproof explain`: everything about one requirement."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import click

from authproof.checks.untested import UNTESTED
from authproof.commands.requirements import needs_in_words
from authproof.problem import UsageProblem
from authproof_spec.catalogue import Catalogue, Requirement, UnknownTermError, load_catalogue

_WIDTH = 100


@click.command("explain")
@click.argument("identifier", metavar="ID")
def command(identifier: str) -> None:
    """Explain one requirement: what it demands, where that comes from, and how it is tested."""
    catalogue = load_catalogue()
    one = catalogue.get(identifier.upper())
    if one is None:
        raise UsageProblem(_advice(catalogue, identifier))
    click.echo(f"{click.style(one.id, bold=True)}  {one.level}  {catalogue.areas[one.area]}\n")
    click.echo("\n".join(_lines(one)))


def _advice(catalogue: Catalogue, identifier: str) -> str:
    try:
        catalogue.select([identifier])
    except UnknownTermError as error:
        return str(error)
    return f"{identifier!r} is more than one requirement. `authproof requirements {identifier}` lists them."


def _lines(one: Requirement) -> Iterator[str]:
    yield _wrapped(one.statement) + "\n"
    paragraphs = {
        "Needs": f"{needs_in_words(one)}.",
        "Test": one.test,
        "Caution": one.caution,
        "Untested": UNTESTED.get(one.id),
        "Examples": ", ".join(one.examples),
    }
    for name, text in paragraphs.items():
        if text:
            yield _wrapped(f"{name + ':':<10}{text}", indent=10)
    yield "Sources:"
    for source in one.sources:
        yield f"  {source.citation}" + (f": {source.title}" if source.title else "")
        if source.url:
            yield f"    {source.url}"


def _wrapped(text: str, indent: int = 0) -> str:
    # Never within a word: the name of a header field must stay one that can be searched for.
    return textwrap.fill(text, _WIDTH, subsequent_indent=" " * indent, break_on_hyphens=False, break_long_words=False)
