"""What a project needs to write checks of its own; docs/own-checks.md shows how."""

from authproof.checks.answers import accepted, all_refused, refused, response_of, with_control
from authproof.checks.registry import (
    EVERYTHING,
    all_logins,
    check,
    everything,
    first_logins,
    identities,
    logouts,
    protected,
    refreshes,
    with_permission,
)
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange, Probe, Request, Response
from authproof.extensions import requirement, script
from authproof.lab import Blocked, Hook, Lab, Missing, Script, Session, Wait
from authproof.verdict import Judgement, Verdict, broken, met, undecided, untestable, weak, worst
from authproof_spec import Application, Contract, Operation

__all__ = [
    "EVERYTHING",
    "Application",
    "Blocked",
    "Contract",
    "Evidence",
    "Exchange",
    "Hook",
    "Judgement",
    "Lab",
    "Missing",
    "NotObserved",
    "Operation",
    "Probe",
    "Request",
    "Response",
    "Script",
    "Session",
    "Verdict",
    "Wait",
    "accepted",
    "all_logins",
    "all_refused",
    "broken",
    "check",
    "everything",
    "first_logins",
    "identities",
    "logouts",
    "met",
    "protected",
    "refreshes",
    "refused",
    "requirement",
    "response_of",
    "script",
    "undecided",
    "untestable",
    "weak",
    "with_control",
    "with_permission",
    "worst",
]
