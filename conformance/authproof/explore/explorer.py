"""An exploration: many walks within bounds, the shortest counterexample that they gave, and its replay."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil, isfinite

from authproof.explore.model import DAY, MARGIN, AccountKey, Finding
from authproof.explore.steps import Rule, Step
from authproof.explore.walk import Impossible, Taken, Walk, life_of_personal_tokens
from authproof.hooks import Hooks
from authproof.lab import Blocked, Lab, Missing
from authproof.profile import Part, Profile, ProfileError
from authproof.runner import Unreachable
from authproof.target import Target
from authproof_spec import Contract, Operation
from authproof_spec.contract import TokenKind

_PARTS = (Part.ORDINARY, Part.OTHER, Part.PRIVILEGED)
_USERS = 2
"""Accounts of each application: enough to see that one does not touch the other."""
_SHRINKING = 150
"""Walks that hypothesis may spend on shrinking; what is left to leave out takes few."""
_NO_BOUND = sys.maxsize


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far an exploration goes: walks at most, steps of each, requests and seconds of all. The seed decides on every step."""

    runs: int
    steps: int
    requests: int
    seconds: float
    seed: int


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A walk to an answer that the contract does not allow, without secrets; the last of `taken` is that answer's."""

    finding: Finding
    taken: tuple[Taken, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """What a replay makes."""
        return tuple(taken.step for taken in self.taken)

    def without(self, position: int) -> tuple[Step, ...]:
        """The steps without the one at `position` and those that use what it gave; the others are numbered anew."""
        gone = {position}
        numbers: list[dict[int, int]] = [{}, {}]
        given, kept = [0, 0], [0, 0]
        left = []
        for place, taken in enumerate(self.taken):
            step = taken.step
            used = [number for number in ((0, step.grant), (1, step.personal)) if number[1]]
            if place == position or any(number not in numbers[kind] for kind, number in used):
                gone.add(place)
            else:
                left.append(replace(step, grant=numbers[0].get(step.grant, 0), personal=numbers[1].get(step.personal, 0)))
            if taken.gave:
                kind = int(step.rule is Rule.CREATE_TOKEN)
                given[kind] += 1
                if place not in gone:
                    kept[kind] += 1
                    numbers[kind][given[kind]] = kept[kind]
        return tuple(left)


class _Found(Exception):
    """A walk found something; hypothesis takes it for a failure and looks for a shorter walk."""


class _Spent(BaseException):
    """A bound is reached. No Exception, so that hypothesis does not take it for a finding."""


class _Enough(BaseException):
    """hypothesis has had its share of walks to look for a shorter one."""


class Explorer:
    """Walks the state space of one target. What it found, and what that cost, is in its attributes.

    found: the shortest counterexample so far. walks, requests: how many. ended: why it ended before all walks were made.
    granted: a login succeeded. left_behind: what the clean-ups could not undo. accounts: those that it logs in. waits: by how many seconds it may move the clock.
    """

    def __init__(
        self,
        contract: Contract,
        profile: Profile,
        target: Target,
        hooks: Hooks,
        bounds: Bounds,
        progress: Callable[[str, int], None] = lambda _name, _count: None,
    ) -> None:
        """Prepare the exploration; nothing is sent yet. Raises ProfileError when the profile has no account to log in with."""
        profile.check_against(contract)
        self.contract, self.bounds = contract, bounds
        self.accounts = _accounts(contract, profile)
        self.waits = _waits(contract) if hooks.offers("advance_clock") else ()
        self.found: Counterexample | None = None
        self.walks = self.requests = 0
        self.granted = False
        self.ended: str | None = None
        self.left_behind: list[str] = []
        self._profile, self._target, self._hooks, self._progress = profile, target, hooks, progress
        self._moved = 0.0
        self._failed_logins = 0
        self._refused_logins: set[AccountKey] = set()
        self._unreachable: Unreachable | None = None
        self._found_after: int | None = None
        self._shortening = False
        self._started = time.monotonic()

    def run(self) -> None:
        """Make the walks. Raises Unreachable when the target never answered, and KeyboardInterrupt once the walk at work is undone."""
        from authproof.explore.machine import explore_with_hypothesis

        try:
            try:
                explore_with_hypothesis(self)
            except Exception:
                # hypothesis raises what a walk raised, or that it did not come again when the target decides otherwise each time.
                if self.found is None:
                    raise
            except _Enough:
                pass
            self._shorten()
        except _Spent as bound:
            self.ended = str(bound)
        if self._unreachable and self.found is None:
            raise self._unreachable

    def _shorten(self) -> None:
        """Leave out of what was found, one by one, the steps that it does not need. hypothesis knows nothing of what steps mean, and gives up earlier."""
        self._shortening = True
        position = 0
        while self.found and position < len(self.found.taken) - 1:
            length = len(self.found.taken)
            walk = self.begin()
            try:
                for step in self.found.without(position):
                    self.take(walk, step)
            except _Found:
                pass
            finally:
                self.end(walk)
            position = 0 if len(self.found.taken) < length else position + 1

    def replay(self, steps: Sequence[Step]) -> None:
        """Make `steps` once. What cannot be made ends it, and is told in `ended`. Raises Unreachable."""
        walk = self.begin()
        try:
            for number, step in enumerate(steps, 1):
                try:
                    finding = walk.take(step)
                except (Impossible, Missing, Blocked) as why:
                    self.ended = f"Step {number} ({step}) cannot be made. {why}"
                    return
                if finding:
                    self.found = Counterexample(finding, tuple(walk.taken))
                    return
        finally:
            self.end(walk)

    # What the state machine asks for

    @property
    def has_personal_tokens(self) -> bool:
        """True when an application has personal access tokens."""
        return any(application.personal_access_tokens for application in self.contract.applications.values())

    def begin(self) -> Walk:
        """A new walk. Its requests have no budget of their own, so that it can always be undone; `take` keeps to the bounds."""
        budget = replace(self._profile.budget, requests=_NO_BOUND, seconds=_NO_BOUND)
        lab = Lab(self.contract, replace(self._profile, budget=budget), hooks=self._hooks, moved=self._moved, failed_logins=self._failed_logins)
        return Walk(lab, self._target, self._refused_logins)

    def offers(self, step: Step, home: str | None = None) -> bool:  # noqa: PLR0911  # a table
        """True when the contract has what `step` asks for, and says what is due; `home`: the application that the step's token is of."""
        application = self.contract.applications[step.application] if step.application else None
        if application is None:
            return step.seconds in self.waits
        of = self.contract.applications[home or step.application]
        personal = of.personal_access_tokens
        me = application.identity.operation if application.identity else None
        at_home = application is of
        match step.rule:
            case Rule.REFRESH | Rule.TRADE_TOKEN:
                return application.refresh is not None and application.refresh_token is not None
            case Rule.LOG_OUT:
                return application.logout is not None and application.refresh_token is not None
            case Rule.WHO_AM_I:
                return _opens(of.access_token, me, at_home=at_home)
            case Rule.USE_TOKEN:
                return personal is not None and _opens(personal.kind, me, at_home=at_home)
            case Rule.CREATE_TOKEN | Rule.REVOKE_TOKEN:
                return personal is not None and _opens(of.access_token, personal.create) and _opens(of.access_token, personal.revoke)
            case _:
                return True

    def take(self, walk: Walk, step: Step) -> None:
        """Make `step` as part of `walk`, unless the target gives no means. What ends the walk or the exploration is raised."""
        walk.is_over = True
        self._check_bounds(walk)
        if self._found_after is not None and not self._shortening and self.walks > self._found_after + _SHRINKING:
            raise _Enough
        try:
            finding = walk.take(step)
        except (Impossible, Missing):
            walk.is_over = False
            return
        except Blocked as why:
            raise _Spent(str(why)) from why
        except Unreachable as why:
            self._unreachable = None if self.requests else why
            raise _Spent(f"The target does not answer: {why}.") from why
        self._progress("walking" if self.found is None else "looking for a shorter walk", self.requests + len(walk.runner.exchanges))
        if finding:
            # Of two that are alike in length the later one is the simpler one.
            if self.found is None or len(walk.taken) <= len(self.found.taken):
                self.found = Counterexample(finding, tuple(walk.taken))
            if self._found_after is None:
                self._found_after = self.walks
            raise _Found(finding.requirement)
        walk.is_over = False

    def look_back(self, walk: Walk) -> None:
        """End `walk` by a last look at everything that the target gave, unless it is over."""
        for step in () if walk.is_over else tuple(walk.last_look()):
            if self.offers(step):
                self.take(walk, step)

    def _check_bounds(self, walk: Walk) -> None:
        if self.requests + len(walk.runner.exchanges) >= self.bounds.requests:
            raise _Spent(f"The {self.bounds.requests} requests are used up.")
        if time.monotonic() - self._started > self.bounds.seconds:
            raise _Spent(f"The {self.bounds.seconds:g} seconds are over.")
        if self._refused_logins.issuperset(self.accounts):
            raise _Spent("No account of the profile can log in.")

    def end(self, walk: Walk) -> None:
        """Undo what `walk` left, and count what it cost."""
        self.left_behind += (what for what in walk.close() if what not in self.left_behind)
        self.walks += 1
        self.requests += len(walk.runner.exchanges)
        self.granted = self.granted or bool(walk.model.grants)
        self._moved, self._failed_logins = walk.lab.moved, walk.lab.failed_logins


def _opens(kind: TokenKind, operation: Operation | None, *, at_home: bool = True) -> bool:
    """True when `operation` takes tokens of `kind`; away from home, when it does not."""
    return operation is not None and (kind.scheme.name in operation.bearer_schemes) is at_home


def _accounts(contract: Contract, profile: Profile) -> tuple[AccountKey, ...]:
    """Up to two accounts of each application that log in by credentials alone."""
    found: list[AccountKey] = []
    for application in contract.applications.values():
        parts = [part for part in _PARTS if (account := profile.account(application.name, part)) and account.totp_secret is None]
        found += [(application.name, str(part)) for part in parts[:_USERS]]
    if not found:
        raise ProfileError("There is no account to explore with. Mend: give an ordinary account in a profile, see docs/profile.md.")
    return tuple(found)


def _waits(contract: Contract) -> tuple[int, ...]:
    """The seconds after which something of the contract is over: a grace, an access token, a refresh token, a personal one."""
    found: set[float] = set()
    for application in contract.applications.values():
        personal = application.personal_access_tokens
        ends = [application.rotation.grace, application.access_token.lifetime]
        ends.append(application.refresh_token.lifetime if application.refresh_token else None)
        found |= {float(end) for end in ends if end}
        if personal and isfinite(life := life_of_personal_tokens(personal)):
            found.add(life + DAY)
    return tuple(sorted(ceil(end + contract.tokens.clock_skew + 2 * MARGIN) for end in found))
