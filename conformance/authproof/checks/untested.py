"""The requirements without a check, and why."""

from __future__ import annotations

from collections.abc import Mapping

UNTESTED: Mapping[str, str] = {
    "LOGIN-05": "A difference in time shows in many failed logins alone: eight are the least, a run makes five, and noise of the network hides the rest.",
    "LOGIN-17": "It takes up to twenty failed logins in a row, which may lock an account or shut the tester's address out; a run makes five.",
    "LOGIN-18": "It begins where LOGIN-17 ends, with a target that limits the tester.",
    "LOGIN-19": "It begins where LOGIN-17 ends, with a target that limits the tester.",
    "MFA-09": "It takes two applications that have a second factor each, and a time step in which no other code was used.",
    "MFA-12": "Up to ten wrong codes may lock the account for good, so a run sends three; the mock ends a challenge after five.",
}
"""Id of each requirement that no check judges, and the reason."""
