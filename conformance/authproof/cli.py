"""The command line: finds the subcommand, and imports nothing of the others."""

from __future__ import annotations

from importlib import import_module

import click

_COMMANDS = {
    "certify": "Certify a server, or the embedded mock.",
    "explore": "Search a server for a sequence that it answers wrongly.",
    "init": "Write a profile to fill in.",
    "mock": "Serve a mock that obeys a contract.",
    "faults": "List the faults that the mock can have.",
    "requirements": "List the requirements.",
    "explain": "Explain one requirement.",
}


class _Commands(click.Group):
    """The subcommands of `authproof.commands`, each imported when it is asked for, so that a start stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"authproof.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="authproof", message="authproof %(version)s")
def main() -> None:
    """Prove that an HTTP API's authentication is right.

    One OpenAPI document describes the authentication. It drives a mock server that behaves, and a suite that certifies any server.
    """
