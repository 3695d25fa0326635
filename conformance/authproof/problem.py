"""What is wrong with what was asked for: one message, and the exit code that the documentation lists."""

from __future__ import annotations

import click


class UsageProblem(click.ClickException):
    """An option, a profile or a document that cannot be used. The message says what, where and how to mend it."""

    exit_code = 2
