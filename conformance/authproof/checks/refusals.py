"""Checks that all tokens of one kind are refused, while a good one is accepted."""

from __future__ import annotations

from collections.abc import Sequence

from authproof.checks.answers import came_from_elsewhere, refused, with_control
from authproof.checks.designs import jwt_access_tokens
from authproof.checks.registry import Check, Subjects, check, identities
from authproof.evidence import AskedElsewhere, Evidence, NotObserved
from authproof.exchange import Exchange
from authproof.verdict import Judgement, Verdict, broken, undecided, untestable, weak, worst
from authproof_spec import Operation

NOT_ACCEPTED = frozenset({500})
"""A server that fails has not let the token in; that it fails is ERR-07's matter."""
BAD_REQUEST = frozenset({400})
"""What is no bearer token in form is a malformed request too (RFC 6750 section 3.1)."""


def refusal(
    requirement: str,
    name: str,
    probes: str | tuple[str, ...],
    what: str,
    clause: str,
    *,
    on: Subjects = identities,
    reads: str | tuple[str, ...] = "jwt",
    control: str = "jwt.control",
    tolerated: frozenset[int] = NOT_ACCEPTED,
) -> Check:
    """The check `name` that `what`, sent by `probes`, is refused with 401 or a `tolerated` status, while the token of `control` is accepted.

    A check on who-am-I judges what was sent anywhere in the application, any other one its operation alone.
    """
    names = (probes,) if isinstance(probes, str) else probes

    def judge(seen: Evidence, operation: Operation) -> Judgement:
        if seen.lacks(operation):
            return absent(seen, operation)
        sent = sent_to_application(seen, names, operation) if on is identities else [found for probe in names for found in seen.all(probe, operation)]
        if not sent:
            return nothing_sent(seen, names, control, operation, what)
        judgement = worst(*(refused(exchange, what_at(seen, exchange, operation, what), tolerated=tolerated) for exchange in sent))
        return with_control(seen, control, operation, judgement)

    judge.__name__ = name
    judge.__doc__ = f"{what} is refused ({clause})."
    return check(requirement, on=on, reads=reads, where=jwt_access_tokens)(judge)


def absent(seen: Evidence, operation: Operation) -> Judgement:
    """What is to be said of `operation` where everybody is answered as where there is none; DOC-11 judges that."""
    shown = seen.calls(operation)[0]
    return undecided(f"The target answers {shown.status} to everybody here, so it seems not to have this operation.", shown)


def sent_to_application(seen: Evidence, probes: Sequence[str], operation: Operation) -> list[Exchange]:
    """The answered exchanges of `probes` with the application of `operation`, but for those at operations that the target does not have."""
    own = seen.application_of(operation)
    sent = ((exchange, seen.operation_of(exchange)) for probe in probes for exchange in seen.all(probe))
    return [exchange for exchange, asked in sent if seen.application_of(asked) is own and not (asked and asked != operation and seen.lacks(asked))]


def what_at(seen: Evidence, exchange: Exchange, operation: Operation, what: str) -> str:
    """`what`, with the place where that is another one than `operation`."""
    asked = seen.operation_of(exchange)
    return what if asked is None or asked == operation else f"{what}, at {asked.name},"


def nothing_sent(seen: Evidence, probes: Sequence[str], control: str, operation: Operation, what: str) -> Judgement:
    """Untestable where the scripts had no such token to send. Raises AskedElsewhere, or NotObserved where they sent one in vain, or did not come so far."""
    if seen.unanswered & set(probes) or not seen.all(control, operation):
        raise NotObserved(f"No probe of this was answered: {what}.")
    if any(seen.is_asked_elsewhere(probe, operation) for probe in probes):
        raise AskedElsewhere
    return untestable(f"The contract's tokens leave nothing to try here: {what}.")


def never_fails(exchange: Exchange, what: str) -> Judgement:
    """Like `refused`, for input that the server has to take without failing; 400 instead of 401 is a warning."""
    if exchange.status >= 500 and exchange.response and not came_from_elsewhere(exchange.response):
        return broken(f"{what} makes the server fail with {exchange.status} ({exchange.probe.variant}).", exchange)
    judgement = refused(exchange, what, tolerated=BAD_REQUEST)
    if judgement.verdict is Verdict.PASS and exchange.status in BAD_REQUEST:
        return weak(f"{what} is answered 400 where 401 is due ({exchange.probe.variant}).", exchange)
    return judgement
