"""The failed logins of a run: few, and the most telling first."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain, repeat

from authproof.exchange import Exchange, Probe
from authproof.lab import MAIN, Blocked, Lab, Missing, Script, Session, Step
from authproof.profile import SECRETS, Account, Part
from authproof_spec import Application
from authproof_spec.contract import Login

_WAYS = 3
"""How a password is almost right: see `_near_miss`."""
_LAST = 7
"""The rank from which on an attempt comes after all others."""
PASSWORD = "password"  # noqa: S105  # the name of the attribute


@dataclass(frozen=True, slots=True)
class Attempt:
    """A login that is to fail; one of a lower `rank` is sent first.

    changes: attributes that are not the account's. near: its password is almost right instead.
    """

    rank: int
    name: str
    application: Application
    account: Account
    login: Login
    changes: Mapping[str, str] = field(default_factory=dict)
    near: bool = False


def disabled_logins(lab: Lab, application: Application) -> Script:
    """The disabled account with its right password."""
    account = lab.profile.account(application.name, Part.DISABLED)
    login = account.login(application) if account else None
    if account is None or login is None:
        raise Missing(f"The profile has no disabled account of the application {application.name}.")
    if not lab.may_fail_a_login():
        raise _spent(lab)
    yield from _try(lab, Attempt(0, "login.disabled", application, account, login))


def wrong_secret(lab: Lab, application: Application) -> Script:
    """The most telling one, before anything malformed: a target that takes that for failed logins must not use up what this one needs."""
    yield from _in_turn(lab, application, slice(1))


def refused_logins(lab: Lab, application: Application) -> Script:
    """Further wrong secrets and unknown accounts at every login of every application, as many as the budget allows."""
    yield from _in_turn(lab, application, slice(1, None))


def _in_turn(lab: Lab, application: Application, part: slice) -> Script:
    """The `part` of all attempts in their order; once for all applications."""
    if application is not next(iter(lab.contract.applications.values())):
        if not lab.may_fail_a_login():
            raise _spent(lab)
        return
    attempts = sorted(_attempts(lab), key=lambda attempt: attempt.rank)
    near = [attempt for attempt in attempts if attempt.near]
    # Each is almost right in another way; where there are few, the first one is tried in the ways that are left.
    further = [replace(near[0], rank=_LAST + turn) for turn in range(len(near), _WAYS) if near]
    near, attempts = near + further, attempts + further
    for attempt in attempts[part]:
        if not lab.may_fail_a_login():
            raise _spent(lab)
        if not attempt.near:
            yield from _try(lab, attempt)
            continue
        variant, changes = _near_miss(lab, attempt.account, near.index(attempt))
        accepted = yield from _try(lab, replace(attempt, changes=changes, name=f"{attempt.name}.near_miss"), variant)
        if accepted and lab.may_fail_a_login():
            # Almost right was good enough; that tells nothing yet of a password that is nothing like it.
            yield from _try(lab, replace(attempt, changes={PASSWORD: _random_secret(lab)}, name=f"{attempt.name}.wrong_secret"))


def _spent(lab: Lab) -> Missing:
    return Missing(f"The run may fail {lab.profile.budget.failed_logins} logins, and others went first. More: failed_logins in the profile's budget.")


def _attempts(lab: Lab) -> Iterator[Attempt]:
    """What a right server refuses, application by application.

    Where an account has a second factor, its wrong password tells of two requirements, so it goes before that of the ordinary account.
    """
    first_of_all = True
    for application in lab.contract.applications.values():
        session = _session(lab, application)
        login = session.account.login(application) if session else None
        if session is None or login is None:
            continue
        guarded = lab.profile.account(application.name, Part.SECOND_FACTOR) if application.second_factor else None
        accounts = [("mfa", guarded)] if guarded and guarded.can_use(login) else []
        for rank, (name, account) in zip((0, 5), [*accounts, ("login", session.account)], strict=False):
            yield _wrong_secret(lab, Attempt(rank, name, application, account, login))
        if changes := _unknown(lab, login):
            yield Attempt(1 if first_of_all else 4, "login.unknown", application, session.account, login, changes)
        further = [other for other in application.logins if other is not login and session.account.can_use(other)]
        for rank, other in zip(chain([2], repeat(3)), further, strict=False):
            yield _wrong_secret(lab, Attempt(rank, "login", application, session.account, other))
        first_of_all = False
        disabled = lab.profile.account(application.name, Part.DISABLED)
        for other in application.logins if disabled else ():
            if disabled and disabled.can_use(other) and other is not disabled.login(application):
                yield Attempt(6, "login.disabled", application, disabled, other)


def _session(lab: Lab, application: Application) -> Session | None:
    try:
        return lab.session(application, *MAIN)
    except (Missing, Blocked):
        return None


def _wrong_secret(lab: Lab, attempt: Attempt) -> Attempt:
    """`attempt` with a wrong secret: a password that is almost right, or a random link, since nobody mistypes one."""
    attributes = attempt.login.credentials.values()
    if PASSWORD in attributes:
        return replace(attempt, near=True)
    changes = {name: _random_secret(lab) for name in SECRETS if name in attributes}
    return replace(attempt, name=f"{attempt.name}.wrong_secret", changes=changes)


def _near_miss(lab: Lab, account: Account, turn: int) -> tuple[str, dict[str, str]]:
    """A password that is almost right, in another way each `turn`, and which way that is."""
    right = account.attributes[PASSWORD]
    variants = {"a blank added": f"{right} ", "its letters in the other case": right.swapcase(), "its last character missing": right[:-1]}
    variants = {variant: wrong for variant, wrong in variants.items() if wrong != right}
    variant, wrong = list(variants.items())[turn % len(variants)]
    return variant, {PASSWORD: lab.secret(wrong, "wrong_password")}


def _unknown(lab: Lab, login: Login) -> dict[str, str]:
    """What names nobody, with a wrong secret; empty for a login by a secret alone."""
    attributes = set(login.credentials.values())
    identifier = next((name for name in ("email", "username") if name in attributes), None)
    if identifier is None:
        return {}
    nobody = f"authproof-{lab.run_id}" + ("@example.com" if identifier == "email" else "")
    return {identifier: nobody, **{name: _random_secret(lab) for name in SECRETS if name in attributes}}


def _random_secret(lab: Lab) -> str:
    return lab.secret(f"authproof-{secrets.token_hex(8)}", "wrong_password")


def _try(lab: Lab, attempt: Attempt, variant: str = "") -> Generator[Step, Sequence[Exchange], bool]:
    """Send `attempt`; True when the target let it in, and then its session is logged out at the end."""
    body = lab.credentials(attempt.login, attempt.account, **attempt.changes)
    operation = attempt.login.operation
    (answer,) = yield Probe(attempt.name, lab.call(operation, body=body), operation.id, variant)
    with suppress(Blocked):
        lab.opened(attempt.application, attempt.account, answer)
    return answer.response is not None and answer.response.is_success
