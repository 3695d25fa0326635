"""An exploration: many walks within bounds, the shortest counterexample that they gave, and its replay."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
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
_SEARCH = 0.75
"""The share of the requests and seconds for the search; the rest is there to shorten what it finds."""
_NO_BOUND = sys.maxsize


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far an exploration goes: walks of the search at most, steps of each, requests and seconds of all. The seed decides on every step.

    Of the requests nothing is excepted, the clean-up included. Once the seconds are over, only the clean-up is left to do.
    """

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

    def without(self, places: Collection[int]) -> tuple[Step, ...]:
        """The steps without those at `places`, numbered anew; none when the last one, which is what was found, cannot stay.

        For the tokens of a login that is left out stand those of an earlier login of the account, and for those of a refresh the ones that it was
        made with. What uses anything else that is not given any more is left out too.
        """
        grants: dict[int, int] = {}
        personals: dict[int, int] = {}
        logins: dict[AccountKey, int] = {}
        given_grants = given_personals = kept_grants = kept_personals = 0
        left = []
        stays = False
        for place, taken in enumerate(self.taken):
            step = taken.step
            grant, personal = grants.get(step.grant, 0), personals.get(step.personal, 0)
            stays = place not in places and bool(grant) == bool(step.grant) and bool(personal) == bool(step.personal)
            if stays:
                left.append(replace(step, grant=grant, personal=personal))
            if taken.gave and step.rule is Rule.CREATE_TOKEN:
                given_personals += 1
                kept_personals += stays
                personals[given_personals] = kept_personals if stays else 0
            elif taken.gave:
                given_grants += 1
                kept_grants += stays
                account = (step.application, step.part)
                grants[given_grants] = kept_grants if stays else grant or logins.get(account, 0)
                if stays and step.rule is Rule.LOG_IN:
                    logins[account] = kept_grants
        return tuple(left) if stays else ()


class _End(KeyboardInterrupt):
    """Ends a walk, and the search with it. hypothesis passes a KeyboardInterrupt on, and neither replays the walk nor wonders why it was so short."""


class _Done(_End):
    """Something was found, or all walks were made."""


class _Spent(_End):
    """A bound is reached, or the target lets nobody go on."""


class Explorer:
    """Walks the state space of one target. What it found, and what that cost, is in its attributes.

    found: the shortest counterexample so far. walks: those of the search. requests: all of them. ended: why it ended early.
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
        self._logins: dict[AccountKey, bool] = {}
        self._unreachable: Unreachable | None = None
        self._started = time.monotonic()

    def run(self) -> None:
        """Make the walks. Raises Unreachable when the target never answered, and KeyboardInterrupt once the walk at work is undone."""
        try:
            with suppress(_Done):
                self._search()
            if self.found:
                self._shorten(self.found)
        except _Spent as bound:
            self.ended = f"It could not be shortened to the end. {bound}" if self.found else str(bound)
        if self._unreachable and self.found is None:
            raise self._unreachable

    def _search(self) -> None:
        from hypothesis.errors import HypothesisException

        from authproof.explore.machine import explore_with_hypothesis

        for seed in range(self.bounds.seed, self.bounds.seed + self.bounds.runs):
            # Where two walks that began alike are answered differently, hypothesis gives up, and another seed goes on.
            with suppress(HypothesisException):
                explore_with_hypothesis(self, seed)
                break

    def _shorten(self, found: Counterexample) -> None:
        """Leave out of `found` first halves of it, then ever smaller parts, then single steps until it needs each of them."""
        size = len(found.taken) // 2
        while size:
            shorter = self._without_parts(found, size)
            # A step that went may have been all that another one was there for.
            size = 1 if size == 1 and shorter is not found else size // 2
            found = shorter

    def _without_parts(self, found: Counterexample, size: int) -> Counterexample:
        """What is left of `found` without each part of `size` steps that it does not need, the last parts first."""
        end = len(found.taken) - 1
        while end > 0:
            start = max(0, end - size)
            found = self._again(found.without(range(start, end))) or found
            end = min(start, len(found.taken) - 1)
        return found

    def _again(self, steps: Sequence[Step]) -> Counterexample | None:
        """What a walk of `steps` finds, from now on the shortest counterexample."""
        walk = self.begin()
        try:
            for step in steps:
                self.take(walk, step)
        except _Done:
            return self.found
        finally:
            self.end(walk)
        return None

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
        if self.found is None:
            if self.walks == self.bounds.runs:
                raise _Done
            self.walks += 1
        budget = replace(self._profile.budget, requests=_NO_BOUND, seconds=_NO_BOUND)
        lab = Lab(self.contract, replace(self._profile, budget=budget), hooks=self._hooks, moved=self._moved, failed_logins=self._failed_logins)
        return Walk(lab, self._target, self._logins)

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
        self._check_bounds(walk, step)
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
        self._progress("looking for a shorter walk" if self.found else "walking", self.requests + len(walk.runner.exchanges))
        if finding:
            self.found = Counterexample(finding, tuple(walk.taken))
            raise _Done
        walk.is_over = False

    def look_back(self, walk: Walk) -> None:
        """End `walk` by a last look at everything that the target gave, unless it is over."""
        for step in () if walk.is_over else tuple(walk.last_look()):
            if self.offers(step):
                self.take(walk, step)

    def _check_bounds(self, walk: Walk, step: Step) -> None:
        share, of = (1.0, "") if self.found else (_SEARCH, " of the search")
        requests, seconds = int(share * self.bounds.requests), share * self.bounds.seconds
        if self.requests + len(walk.runner.exchanges) + walk.cost_of(step) > requests:
            raise _Spent(f"The {requests} requests{of} are used up.")
        if time.monotonic() - self._started > seconds:
            raise _Spent(f"The {seconds:g} seconds{of} are over.")
        if all(self._logins.get(account) is False for account in self.accounts):
            raise _Spent("No account of the profile can log in.")

    def end(self, walk: Walk) -> None:
        """Undo what `walk` left, and count what it cost."""
        self.left_behind += (what for what in walk.close() if what not in self.left_behind)
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
