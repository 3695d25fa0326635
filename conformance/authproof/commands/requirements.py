"""`authproof requirements`: the catalogue as a table, as JSON or as Markdown."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import click

from authproof.checks.untested import UNTESTED
from authproof.problem import UsageProblem
from authproof_spec.catalogue import AREAS, Catalogue, Level, Need, Requirement, Source, UnknownTermError, load_catalogue

_INTRODUCTION = """\
# Requirements

Number of requirements: {count}. `authproof requirements` lists them, `authproof explain ID` prints one of them.
This page is the output of `authproof requirements --format markdown`.

* **Level.** MUST: a target that breaks it fails. SHOULD: a target that does not meet it gets a warning. MAY: a remark at most.
* **Source.** Where the requirement comes from. `contract` means that the OpenAPI document decides, also where a standard only recommends.
* **Needs.** What the test takes beyond the document; where it is not there, the requirement is skipped and the report says so.

{needs}
"""


@click.command("requirements")
@click.argument("terms", nargs=-1, metavar="[TERM]...")
@click.option("--area", "areas", multiple=True, type=click.Choice(AREAS, case_sensitive=False), help="Only this area; may be repeated.")
@click.option("--level", "levels", multiple=True, type=click.Choice([*Level], case_sensitive=False), help="Only this level; may be repeated.")
@click.option("--untested", is_flag=True, help="Only those that no check judges, each with the reason.")
@click.option("--format", "form", type=click.Choice(["table", "json", "markdown"]), default="table", show_default=True, help="How to print them.")
def command(terms: tuple[str, ...], areas: tuple[str, ...], levels: tuple[str, ...], form: str, *, untested: bool) -> None:
    """List the requirements.

    A TERM is an area, an id, or the beginning of an id: `jwt`, `REFRESH-04`, `pat-1`. Without one, all are listed.

    \b
    JSON: {"version": 1, "requirements": [{"id", "area", "statement", "level", "sources", "needs", "test", "caution", "examples",
                            "untested"}]}
      sources   [{"citation", "standard", "section", "title", "url"}], the last three null where there is none
      needs     a list of lists: all of the outer, any one of each inner
      caution   text, or null
      examples  CVE numbers, maybe none
      untested  why no check judges it, or null
    """  # noqa: D301  # a backspace is how click is told to leave the paragraph alone
    catalogue = load_catalogue()
    try:
        chosen = catalogue.select(terms or catalogue)
    except UnknownTermError as error:
        raise UsageProblem(str(error)) from error
    chosen = tuple(
        one for one in chosen if (one.id in UNTESTED or not untested) and (not areas or one.area in areas) and (not levels or one.level in levels)
    )
    match form:
        case "json":
            click.echo(as_json(chosen))
        case "markdown":
            click.echo(as_markdown(catalogue, chosen), nl=False)
        case _:
            _print_table(chosen, untested=untested)


def as_json(requirements: Sequence[Requirement]) -> str:
    """The requirements as JSON; the command's help describes its shape."""
    return json.dumps({"version": 1, "requirements": [_record(one) for one in requirements]}, indent=2, ensure_ascii=False)


def _record(one: Requirement) -> dict[str, object]:
    return {
        "id": one.id,
        "area": one.area,
        "statement": one.statement,
        "level": one.level,
        "sources": [
            {"citation": source.citation, "standard": source.standard, "section": source.section, "title": source.title, "url": source.url}
            for source in one.sources
        ],
        "needs": one.needs,
        "test": one.test,
        "caution": one.caution,
        "examples": one.examples,
        "untested": UNTESTED.get(one.id),
    }


def as_markdown(catalogue: Catalogue, requirements: Sequence[Requirement]) -> str:
    """The requirements as a Markdown page."""
    areas = {area: [one for one in requirements if one.area == area] for area in catalogue.areas}
    areas = {area: members for area, members in areas.items() if members}
    needs = "\n".join(["| need | what it is |", "|---|---|", *(f"| {need.words} | {need.meaning} |" for need in Need)])
    blocks = [_INTRODUCTION.format(count=len(requirements), needs=needs)]
    rows = [f"| [{area}](#{area.lower()}) | {catalogue.areas[area]} | {_counts(members)} |" for area, members in areas.items()]
    blocks.append("\n".join(["| area | about | MUST | SHOULD | MAY |", "|---|---|---|---|---|", *rows]) + "\n")
    for area, members in areas.items():
        blocks.append(f"## {area}\n\n{catalogue.areas[area]}.\n")
        blocks += [_section(one) for one in members]
    return "\n".join(blocks)


def _counts(members: Sequence[Requirement]) -> str:
    return " | ".join(str(sum(one.level is level for one in members)) for level in Level)


def _section(one: Requirement) -> str:
    lines = [
        f"### {one.id}\n",
        f"{_escaped(one.statement)}\n",
        f"* Level: {one.level}",
        f"* Sources: {', '.join(_link(source) for source in one.sources)}",
        f"* Needs: {needs_in_words(one)}",
        f"* Test: {_escaped(one.test)}",
    ]
    if one.caution:
        lines.append(f"* Caution: {_escaped(one.caution)}")
    if one.id in UNTESTED:
        lines.append(f"* Not tested: {_escaped(UNTESTED[one.id])}")
    if one.examples:
        lines.append(f"* Examples: {', '.join(one.examples)}")
    return "\n".join(lines) + "\n"


def _link(source: Source) -> str:
    return f"[{source.citation}]({source.url})" if source.url else source.citation


def _escaped(text: str) -> str:
    """`text` with the characters that Markdown would take for its own."""
    return "".join("\\" + character if character in "\\`*_<>[]|$" else character for character in text)


def needs_in_words(one: Requirement) -> str:
    """What the test of `one` takes, in words."""
    return ", ".join(" or ".join(need.words for need in alternatives) for alternatives in one.needs) or "the document alone"


def _print_table(requirements: Sequence[Requirement], *, untested: bool) -> None:
    """A table for a person; one plain line each where the output is no terminal, for grep and its like."""
    if not sys.stdout.isatty():
        for one in requirements:
            click.echo(f"{one.id:<12} {one.level:<6} {UNTESTED[one.id] if untested else one.statement}")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(
        "id",
        "level",
        "requirement",
        "why no check judges it" if untested else "needs",
        box=None,
        pad_edge=False,
        caption=f"{len(requirements)} requirements",
    )
    for one in requirements:
        table.add_row(one.id, one.level, one.statement, UNTESTED[one.id] if untested else needs_in_words(one))
    Console().print(table)
