"""What a walk consists of: steps that name accounts by their part and tokens by their number, so that no secret is in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from authproof_spec.pointer import Json


class Rule(StrEnum):
    """What a step does."""

    LOG_IN = "log_in"
    REFRESH = "refresh"
    LOG_OUT = "log_out"
    WHO_AM_I = "who_am_i"
    CREATE_TOKEN = "create_token"  # noqa: S105  # no password, as the next three
    USE_TOKEN = "use_token"  # noqa: S105
    TRADE_TOKEN = "trade_token"  # noqa: S105
    REVOKE_TOKEN = "revoke_token"  # noqa: S105
    PASS_TIME = "pass_time"  # noqa: S105


_WORDS = {
    Rule.LOG_IN: "log in at {application} as the {part} account",
    Rule.REFRESH: "refresh at {application} with the refresh token of grant {grant}",
    Rule.LOG_OUT: "log out at {application} with the refresh token of grant {grant}",
    Rule.WHO_AM_I: "ask {application} who I am with the access token of grant {grant}",
    Rule.CREATE_TOKEN: "create a personal access token at {application} with the access token of grant {grant}",
    Rule.USE_TOKEN: "ask {application} who I am with personal access token {personal}",
    Rule.TRADE_TOKEN: "refresh at {application} with personal access token {personal}",
    Rule.REVOKE_TOKEN: "revoke personal access token {personal} at {application} with the access token of grant {grant}",
    Rule.PASS_TIME: "move the clock by {seconds} seconds",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a walk. What a rule has no use for is empty.

    application, part: where it is asked, and whose login it is.
    grant: whose tokens it uses, by the number of the login or refresh that gave them, from 1.
    personal: the personal access token that it is about, by the number of its creation, from 1.
    seconds: how far the target's clock is moved.
    """

    rule: Rule
    application: str = ""
    part: str = ""
    grant: int = 0
    personal: int = 0
    seconds: int = 0

    def as_json(self) -> dict[str, Json]:
        """The step without what is empty."""
        return {name: str(value) if isinstance(value, Rule) else value for name, value in asdict(self).items() if value}

    def __str__(self) -> str:
        return _WORDS[self.rule].format(**asdict(self))


def step_of(raw: object) -> Step:
    """The step that `as_json` gave. Raises ValueError for anything else."""
    if not isinstance(raw, Mapping):
        raise ValueError("a step is an object")  # noqa: TRY004  # it is a file's content that is wrong
    values = dict(raw)
    rule = Rule(str(values.pop("rule", "")))
    kinds: dict[str, type] = {"application": str, "part": str, "grant": int, "personal": int, "seconds": int}
    for name, value in values.items():
        if type(value) is not kinds.get(name):
            raise ValueError(f"a step has no member {name!r} with the value {value!r}")
    if int(values.get("seconds", 0)) < 0:
        raise ValueError("a step moves the clock forward")
    return Step(rule, **values)
