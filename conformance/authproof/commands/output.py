"""Where a run is told: the terminal, the progress line, and the files of `--report`."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from authproof.reports import FORMATS

if TYPE_CHECKING:
    from authproof.report import Report

_WIDTH_OF_A_LOG = 140


@dataclass(frozen=True, slots=True)
class Destination:
    """A format of the report, and where it goes; no path: the standard output."""

    form: str
    path: Path | None

    def write(self, content: bytes) -> None:
        """Write the report. One that cannot be written is told, and the run is not lost for it."""
        if self.path is None:
            click.echo(content, nl=False)
            return
        try:
            self.path.write_bytes(content)
        except OSError as error:
            click.echo(f"Error: the report cannot be written to {self.path}: {error.strerror}. Mend: give another path.", err=True)


@dataclass(frozen=True, slots=True)
class Output:
    """How a run is told.

    color: `auto`, `always` or `never`; `auto` heeds NO_COLOR and TERM, and means never where nobody is watching.
    """

    reports: tuple[Destination, ...] = ()
    quiet: bool = False
    plain: bool = False
    color: str = "auto"

    @contextlib.contextmanager
    def progress(self) -> Iterator[Callable[[str, int], None] | None]:
        """A line that says what is being done, where a person is watching."""
        if self.quiet or self.plain or not sys.stderr.isatty():
            yield None
            return
        from rich.console import Console

        with Console(stderr=True, no_color=not self._is_coloured(sys.stderr)).status("Certifying…") as status:

            def update(name: str, count: int) -> None:
                status.update(f"Certifying: {name.replace('_', ' ')}, {count} requests")

            yield update

    def show(self, report: Report) -> None:
        """Write the files, and print the report: on the standard error where the standard output is one of the files."""
        from rich.console import Console

        from authproof.reports import render, terminal

        for destination in self.reports:
            destination.write(render(destination.form, report))
        stream = sys.stderr if any(destination.path is None for destination in self.reports) else sys.stdout
        coloured = self._is_coloured(stream)
        width = None if stream.isatty() else int(os.environ.get("COLUMNS", "0") or 0) or _WIDTH_OF_A_LOG
        console = Console(
            file=stream, width=width, highlight=False, markup=False, emoji=False, force_terminal=coloured, no_color=not coloured, legacy_windows=False
        )
        terminal.render(report, console, quiet=self.quiet, plain=self.plain)

    def _is_coloured(self, stream: IO[str]) -> bool:
        if self.color == "auto":
            return stream.isatty() and not self.plain and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return self.color == "always"


def destinations(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[Destination, ...]:
    """The values of `--report`, checked as far as that goes before the run."""
    found = tuple(_destination(value) for value in values)
    paths = [destination.path for destination in found]
    for path in paths:
        if paths.count(path) > 1:
            raise click.BadParameter(f"{str(path or '-')!r} is given twice. Mend: give each report a path of its own.")
    return found


def _destination(value: str) -> Destination:
    form, _, path = value.partition("=")
    if form not in FORMATS or not path:
        raise click.BadParameter(f"{value!r} is not of the form FORMAT=PATH, with FORMAT one of {', '.join(FORMATS)}.")
    if path == "-":
        return Destination(form, None)
    target = Path(path)
    if not target.parent.is_dir():
        raise click.BadParameter(f"the folder of {path!r} does not exist. Mend: make it before the run.")
    if target.is_dir():
        raise click.BadParameter(f"{path!r} is a folder. Mend: give the path of a file in it.")
    if not os.access(target if target.exists() else target.parent, os.W_OK):
        raise click.BadParameter(f"{path!r} cannot be written. Mend: give another path, or allow it.")
    return Destination(form, target)
