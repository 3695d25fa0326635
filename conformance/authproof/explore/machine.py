"""The state machine by which hypothesis chooses the steps of walks."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, precondition, rule, run_state_machine_as_test

from authproof.explore.steps import Rule, Step

if TYPE_CHECKING:
    from authproof.explore.explorer import Explorer

_SESSIONS = 4
"""Logins of a walk."""


def explore_with_hypothesis(explorer: Explorer, seed: int) -> None:
    """Make the walks of `explorer`, until all are made or its `take` raises. Raises HypothesisException where the target is not consistent."""
    bounds = settings(
        max_examples=explorer.bounds.runs,
        stateful_step_count=explorer.bounds.steps,
        database=None,
        deadline=None,
        derandomize=False,
        phases=(Phase.generate,),
        print_blob=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    with TemporaryDirectory() as folder:
        # hypothesis keeps what it computes in the folder at work, which is not ours to write to.
        set_hypothesis_home_dir(folder)
        try:
            run_state_machine_as_test(hypothesis.seed(seed)(machine_of(explorer)), settings=bounds)
        finally:
            set_hypothesis_home_dir(None)


def machine_of(explorer: Explorer) -> type[RuleBasedStateMachine]:  # noqa: C901  # a class of small rules, which know the explorer
    """The state machine of `explorer`. A rule names a step; a grant or personal access token in a bundle is its number."""
    several = len(explorer.contract.applications) > 1
    places = st.sampled_from(sorted(explorer.contract.applications))
    waits = st.sampled_from(explorer.waits or (0,))
    casts = st.sampled_from([(one, other) for one in explorer.accounts for other in explorer.accounts])

    class Machine(RuleBasedStateMachine):
        grants = Bundle("grants")
        personals = Bundle("personals")

        def __init__(self) -> None:
            super().__init__()
            self.walk = explorer.begin()
            self.cast: tuple[tuple[str, str], ...] = ()

        def teardown(self) -> None:
            try:
                explorer.look_back(self.walk)
            finally:
                explorer.end(self.walk)

        def make(self, step: Step) -> Any:  # as hypothesis has it
            """Make the step where the contract offers it, and give the numbers of what came of it."""
            home = self.home_of_personal(step.personal) if step.personal else self.home_of_grant(step.grant) if step.grant else None
            if not explorer.offers(step, home):
                return multiple()
            grants, personals = self.walk.given
            explorer.take(self.walk, step)
            more_grants, more_personals = self.walk.given
            return multiple(*range(grants + 1, more_grants + 1), *range(personals + 1, more_personals + 1))

        def home_of_grant(self, grant: int) -> str:
            return self.walk.model.grants[grant - 1].family.account[0]

        def home_of_personal(self, personal: int) -> str:
            return self.walk.model.personals[personal - 1].account[0]

        @initialize(target=grants, cast=casts)
        def begin(self, cast: tuple[tuple[str, str], ...]) -> Any:
            # Few sessions meet more often than many. Without one there is nothing to do.
            self.cast = cast
            return self.make(Step(Rule.LOG_IN, *cast[0]))

        @precondition(lambda self: len(self.walk.model.families) < _SESSIONS)
        @rule(target=grants, which=st.integers(0, 1))
        def log_in(self, which: int) -> Any:
            return self.make(Step(Rule.LOG_IN, *self.cast[which]))

        @rule(target=grants, grant=grants)
        def refresh(self, grant: int) -> Any:
            return self.make(Step(Rule.REFRESH, self.home_of_grant(grant), grant=grant))

        @precondition(lambda self: self.walk.model.families)
        @rule(target=grants, session=st.integers(0, _SESSIONS - 1))
        def refresh_newest(self, session: int) -> Any:
            # Of all tokens most are used ones, with which a session soon comes to its end.
            families = self.walk.model.families
            family = families[session % len(families)]
            return self.make(Step(Rule.REFRESH, family.account[0], grant=self.walk.model.newest_of(family)))

        @rule(grant=grants)
        def log_out(self, grant: int) -> None:
            self.make(Step(Rule.LOG_OUT, self.home_of_grant(grant), grant=grant))

        @rule(grant=grants)
        def who_am_i(self, grant: int) -> None:
            self.make(Step(Rule.WHO_AM_I, self.home_of_grant(grant), grant=grant))

        @precondition(lambda _: several)
        @rule(grant=grants, place=places, kind=st.sampled_from((Rule.WHO_AM_I, Rule.REFRESH, Rule.LOG_OUT)))
        def use_grant_elsewhere(self, grant: int, place: str, kind: Rule) -> None:
            if place != self.home_of_grant(grant):
                self.make(Step(kind, place, grant=grant))

        @precondition(lambda _: explorer.has_personal_tokens)
        @rule(target=personals, grant=grants)
        def create_token(self, grant: int) -> Any:
            return self.make(Step(Rule.CREATE_TOKEN, self.home_of_grant(grant), grant=grant))

        @rule(personal=personals)
        def use_token(self, personal: int) -> None:
            self.make(Step(Rule.USE_TOKEN, self.home_of_personal(personal), personal=personal))

        @rule(personal=personals, place=places, kind=st.sampled_from((Rule.TRADE_TOKEN, Rule.USE_TOKEN)))
        def use_token_elsewhere(self, personal: int, place: str, kind: Rule) -> None:
            self.make(Step(kind, place, personal=personal))

        @rule(personal=personals)
        def revoke_own_token(self, personal: int) -> None:
            account = self.walk.model.personals[personal - 1].account
            family = next(family for family in reversed(self.walk.model.families) if family.account == account)
            self.make(Step(Rule.REVOKE_TOKEN, account[0], grant=self.walk.model.newest_of(family), personal=personal))

        @rule(personal=personals, grant=grants)
        def revoke_token(self, personal: int, grant: int) -> None:
            if self.home_of_grant(grant) == self.home_of_personal(personal):
                self.make(Step(Rule.REVOKE_TOKEN, self.home_of_personal(personal), grant=grant, personal=personal))

        @precondition(lambda self: bool(explorer.waits and self.walk.model.families))
        @rule(seconds=waits)
        def pass_time(self, seconds: int) -> None:
            self.make(Step(Rule.PASS_TIME, seconds=seconds))

    return Machine
