"""The command line."""

from __future__ import annotations

import click


@click.group()
def main() -> None:
    """Prove that an HTTP API's authentication is right."""
