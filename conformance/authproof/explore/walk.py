"""One walk: steps are sent to the target, their answers are read, and the model says whether they are right."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from authproof.checks.answers import came_from_elsewhere
from authproof.exchange import Exchange, Probe, Response
from authproof.explore.model import DAY, AccountKey, Answer, Finding, Model, Outcome, Standing
from authproof.explore.steps import Rule, Step
from authproof.lab import Lab, Missing, PersonalToken, Session, Wait
from authproof.profile import Account, Part
from authproof.runner import Runner
from authproof.target import Target
from authproof_spec import Application
from authproof_spec.contract import PersonalAccessTokens
from authproof_spec.pointer import Json, get, put

_SENDINGS = 2
"""How often a request is sent at most: once more after a 429."""
_REVOCATION = 5
"""Requests by which a personal access token is revoked at most: by its session, by itself, or by a new session that is logged out in turn."""
_FROM_ELSEWHERE = frozenset({429, 502, 503, 504})
"""Statuses by which a limit or a server in front answers, whatever the sequence was."""


class Impossible(Exception):
    """A step cannot be made: what it names is not there, or the target did not give it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was made, and the exchange without secrets; None when nothing was sent. gave: a grant or personal access token came of it."""

    step: Step
    exchange: Exchange | None
    gave: bool = False


@dataclass(frozen=True, slots=True)
class _Grant:
    """The tokens of one answer. session: the session that they are of, whose own tokens are the newest ones."""

    session: Session
    access_token: str
    refresh_token: str | None


@dataclass(frozen=True, slots=True)
class _Personal:
    session: Session
    token: str
    identifier: str


class Walk:
    """A sequence of steps from nothing, with a vault of its own. `close` undoes what it left behind on the target.

    taken: what was done so far.
    is_over: nothing more is to be done but to close it.
    logins: by account whether its last login succeeded, which outlives the walk. One that did not is not tried again: each is one too many.
    """

    def __init__(self, lab: Lab, target: Target, logins: dict[AccountKey, bool]) -> None:
        """Begin a walk; nothing is sent yet."""
        self.lab = lab
        self.runner = Runner(lab, target)
        self.model = Model(lab.contract)
        self.taken: list[Taken] = []
        self.is_over = False
        self.logins = logins
        self._grants: list[_Grant] = []
        self._personals: list[_Personal] = []
        self._rules: dict[Rule, Callable[[Step], Finding | None]] = {
            Rule.LOG_IN: self._log_in,
            Rule.REFRESH: self._refresh,
            Rule.LOG_OUT: self._log_out,
            Rule.WHO_AM_I: self._who_am_i,
            Rule.CREATE_TOKEN: self._create_token,
            Rule.USE_TOKEN: self._use_token,
            Rule.TRADE_TOKEN: self._trade_token,
            Rule.REVOKE_TOKEN: self._revoke_token,
            Rule.PASS_TIME: self._pass_time,
        }

    def take(self, step: Step) -> Finding | None:
        """Make `step`; what was wrong about the answer. Raises Impossible, Missing, Blocked or Unreachable."""
        before, steps = self.given, len(self.taken)
        finding = self._rules[step.rule](step)
        if len(self.taken) > steps:
            self.taken[-1] = replace(self.taken[-1], gave=self.given != before)
        return finding

    @property
    def given(self) -> tuple[int, int]:
        """How many grants and personal access tokens the target has given."""
        return len(self._grants), len(self._personals)

    def last_look(self) -> Iterator[Step]:
        """Steps that show what the walk did to every session and personal access token: by turns, since each may change the next."""
        families = [(family, self.model.numbers_of(family)) for family in self.model.families]
        for family, numbers in families:
            yield Step(Rule.WHO_AM_I, family.account[0], grant=numbers[-1])
        for number, personal in enumerate(self.model.personals, 1):
            yield Step(Rule.USE_TOKEN, personal.account[0], personal=number)
        for family, numbers in families:
            # A used token comes after the newest one, since it alone might be what ends the session.
            for number in reversed(numbers) if family.standing.is_over else numbers[-1:]:
                yield Step(Rule.REFRESH, family.account[0], grant=number)

    # Steps

    def _log_in(self, step: Step) -> Finding | None:
        application, account = self._application(step), self._account(step)
        login, key = account.login(application), (step.application, step.part)
        if login is None or self.logins.get(key) is False or not self.lab.may_fail_a_login():
            raise Impossible(f"The {step.part} account of {step.application} cannot log in.")
        request = self.lab.call(login.operation, body=self.lab.credentials(login, account))
        exchange = self._send(step, Probe(step.rule, request, login.operation.id, account.part))
        answer = self._answer(application, exchange)
        # A walk learns the target's time by its first answer.
        finding = self.model.log_in(key, answer, self.lab.now())
        if finding and key in self.logins:
            return finding
        # A login that never succeeded decides nothing.
        self.logins[key] = answer.outcome is Outcome.ACCEPTED and answer.gives_tokens
        if len(self.model.grants) > len(self._grants):
            session = self.lab.opened(application, account, exchange)
            self._grants.append(_Grant(session, session.access_token, session.refresh_token))
        return None

    def _refresh(self, step: Step) -> Finding | None:
        held, now = self._with_refresh_token(step), self.lab.now()
        application = held.session.application
        exchange = self._send(step, self.lab.refresh(self._application(step), held.refresh_token, step.rule))
        finding = self.model.refresh(step.grant, step.application, self._answer(application, exchange), now)
        access_token, refresh_token = self.lab.access_token_of(application, exchange), self.lab.refresh_token_of(application, exchange)
        held.session.refresh_token = refresh_token or held.session.refresh_token
        if len(self.model.grants) > len(self._grants) and access_token:
            held.session.access_token = access_token
            self._grants.append(_Grant(held.session, access_token, refresh_token))
        return finding

    def _log_out(self, step: Step) -> Finding | None:
        held, application, now = self._with_refresh_token(step), self._application(step), self.lab.now()
        exchange = self._send(step, self.lab.logout(application, held.refresh_token, step.rule))
        finding = self.model.log_out(step.grant, application, self._answer(application, exchange), now)
        if self.model.grants[step.grant - 1].family.standing is Standing.LOGGED_OUT:
            held.session.refresh_token = None
        return finding

    def _who_am_i(self, step: Step) -> Finding | None:
        held, now = self._grant(step), self.lab.now()
        answer = self._identify(step, held.access_token)
        return self.model.who_am_i(step.grant, step.application, answer, now)

    def _identify(self, step: Step, token: str) -> Answer:
        application = self._application(step)
        if application.identity is None:
            raise Impossible(f"The contract has no who-am-I operation for {application.name}.")
        operation = application.identity.operation
        exchange = self._send(step, Probe(step.rule, self.lab.call(operation, bearer=token), operation.id))
        return self._answer(application, exchange)

    def _create_token(self, step: Step) -> Finding | None:
        held, now = self._grant(step), self.lab.now()
        personal = self._personal_tokens(held.session.application)
        ends = now + life_of_personal_tokens(personal)
        body: dict[str, Json] = {}
        put(body, personal.request_name, f"authproof {self.lab.run_id}")
        if personal.request_expires_at:
            put(body, personal.request_expires_at, datetime.fromtimestamp(ends, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        request = self.lab.call(personal.create, bearer=held.access_token, body=body)
        exchange = self._send(step, Probe(step.rule, request, personal.create.id))
        token = exchange.response.at(personal.response_token) if exchange.response else None
        identifier = get(exchange.response.at(personal.response_record), personal.record["id"]) if exchange.response else None
        is_given = isinstance(token, str) and isinstance(identifier, str | int)
        answer = replace(self._answer(held.session.application, exchange), gives_tokens=is_given)
        finding = self.model.create_token(step.grant, answer, now, ends)
        if len(self.model.personals) > len(self._personals):
            self._personals.append(_Personal(held.session, str(token), str(identifier)))
        return finding

    def _use_token(self, step: Step) -> Finding | None:
        held, now = self._personal(step), self.lab.now()
        answer = self._identify(step, held.token)
        return self.model.use_token(step.personal, step.application, answer, now)

    def _trade_token(self, step: Step) -> Finding | None:
        application = self._application(step)
        exchange = self._send(step, self.lab.refresh(application, self._personal(step).token, step.rule))
        return self.model.trade_token(self._answer(application, exchange))

    def _revoke_token(self, step: Step) -> Finding | None:
        held, now = self._personal(step), self.lab.now()
        exchange = self._send(step, self._revocation(held, self._grant(step).access_token, step.rule))
        return self.model.revoke_token(step.personal, step.grant, self._answer(held.session.application, exchange), now)

    def _revocation(self, held: _Personal, access_token: str, name: str) -> Probe:
        personal = self._personal_tokens(held.session.application)
        path = {personal.revoke.path_parameters[-1].name: held.identifier}
        return Probe(name, self.lab.call(personal.revoke, bearer=access_token, path=path), personal.revoke.id)

    def _pass_time(self, step: Step) -> None:
        if not self.lab.hooks.offers("advance_clock"):
            raise Missing("The profile has no hook advance_clock.")
        self.runner.perform(Wait(step.seconds))
        self.taken.append(Taken(step, None))

    # What they share

    def _application(self, step: Step) -> Application:
        found = self.lab.contract.applications.get(step.application)
        if found is None:
            raise Impossible(f"The contract has no application {step.application!r}.")
        return found

    def _account(self, step: Step) -> Account:
        found = self.lab.profile.account(step.application, Part(step.part)) if step.part in list(Part) else None
        if found is None:
            raise Impossible(f"The profile has no {step.part} account of {step.application}.")
        return found

    def _grant(self, step: Step) -> _Grant:
        if not 0 < step.grant <= len(self._grants):
            raise Impossible(f"There is no grant {step.grant}: the target gave {len(self._grants)}.")
        return self._grants[step.grant - 1]

    def _with_refresh_token(self, step: Step) -> _Grant:
        held = self._grant(step)
        if held.refresh_token is None:
            raise Impossible(f"The target gave no refresh token with grant {step.grant}.")
        return held

    def _personal(self, step: Step) -> _Personal:
        if not 0 < step.personal <= len(self._personals):
            raise Impossible(f"There is no personal access token {step.personal}: the target gave {len(self._personals)}.")
        return self._personals[step.personal - 1]

    def _personal_tokens(self, application: Application) -> PersonalAccessTokens:
        if application.personal_access_tokens is None:
            raise Impossible(f"The contract has no personal access tokens for {application.name}.")
        return application.personal_access_tokens

    def _send(self, step: Step, probe: Probe) -> Exchange:
        (exchange,) = self.runner.perform(probe)
        self.taken.append(Taken(step, self.runner.exchanges[-1]))
        return exchange

    def _answer(self, application: Application, exchange: Exchange) -> Answer:
        """What the answer means to the model."""
        response = exchange.response
        if response is None:
            return Answer(Outcome.UNDECIDED)
        refresh_token = self.lab.refresh_token_of(application, exchange)
        known = (number for number, grant in enumerate(self._grants, 1) if grant.refresh_token == refresh_token)
        pointer = application.identity.fields.get("id") if application.identity else None
        person = response.at(pointer) if pointer else None
        return Answer(
            outcome=_outcome(response),
            status=response.status,
            person=str(person) if isinstance(person, str | int) else None,
            gives_tokens=self.lab.access_token_of(application, exchange) is not None,
            gives_refresh=refresh_token is not None,
            known_refresh=next(known, None) if refresh_token else None,
        )

    # The end

    def cost_of(self, step: Step) -> int:
        """Requests that `step` and then `close` take at most."""
        sessions = sum(session.key is not None for session in self.lab.open_sessions) + (step.rule is Rule.LOG_IN)
        tokens = len(self._unrevoked()) + (step.rule is Rule.CREATE_TOKEN)
        return _SENDINGS * ((step.rule is not Rule.PASS_TIME) + sessions + _REVOCATION * tokens)

    def close(self) -> tuple[str, ...]:
        """Revoke and log out what the walk left; gives what could not be undone."""
        self.lab.personal_tokens = self._unrevoked()
        self._personals.clear()
        self.runner.clean_up()
        return tuple(self.runner.left_behind)

    def _unrevoked(self) -> list[PersonalToken]:
        pairs = zip(self._personals, self.model.personals, strict=True)
        return [PersonalToken(held.session.application, held.identifier, held.token, held.session) for held, known in pairs if not known.revoked]


def life_of_personal_tokens(personal: PersonalAccessTokens) -> float:
    """Seconds that the personal access tokens of a walk live: a day, or less where the contract has it so, or as long as it has them live."""
    if personal.request_expires_at is None:
        return personal.kind.lifetime or math.inf
    return DAY if personal.kind.lifetime is None else min(DAY, personal.kind.lifetime / 2)


def _outcome(response: Response) -> Outcome:
    if response.is_success:
        return Outcome.ACCEPTED
    if response.status in _FROM_ELSEWHERE or response.status < 400 or came_from_elsewhere(response):
        return Outcome.UNDECIDED
    return Outcome.FAILED if response.status >= 500 else Outcome.REFUSED
