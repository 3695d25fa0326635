"""The subcommands of `authproof`; each module defines `command`, a click.Command."""
