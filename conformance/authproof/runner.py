"""Carries scripts out: sends their probes, records what came back, and leaves nothing behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from authproof.evidence import Evidence, Outcome, flow_operations
from authproof.exchange import Exchange, Probe, Response
from authproof.lab import Blocked, Lab, Missing, Script, Step, Wait
from authproof.target import Target, Unanswered
from authproof.verdict import Verdict
from authproof_spec import Application


class Unreachable(Exception):
    """The target does not answer at all."""


@dataclass(slots=True)
class Runner:
    """One run against one target.

    progress: called with the number of requests sent so far, after each.
    wait_budget: seconds that the run may wait in all.
    """

    lab: Lab
    target: Target
    progress: Callable[[int], None] = lambda _: None
    sleep: Callable[[float], None] = time.sleep
    wait_budget: float = 90.0
    exchanges: list[Exchange] = field(default_factory=list)
    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    left_behind: list[str] = field(default_factory=list)
    _started: float = field(default_factory=time.monotonic)
    _groups: int = 0

    def run(self, name: str, application: Application, script: Script) -> None:
        """Carry `script` out. What stops it becomes the outcome of `name` for `application`. Raises Unreachable."""
        try:
            self._drive(script)
        except Missing as reason:
            self.outcomes[name, application.name] = Outcome(Verdict.SKIP, str(reason))
        except Blocked as reason:
            self.outcomes[name, application.name] = Outcome(Verdict.INCONCLUSIVE, str(reason))
        except (Unreachable, KeyboardInterrupt):
            raise
        except Exception as error:  # noqa: BLE001  # our own mistake must cost one script, not the run
            what = f"authproof failed in its script {name}: {type(error).__name__}: {error}"
            self.outcomes[name, application.name] = Outcome(Verdict.ERROR, self.lab.vault.redact(what))

    def _drive(self, script: Script) -> None:
        answer: Sequence[Exchange] | None = None
        try:
            while True:
                step = next(script) if answer is None else script.send(answer)
                answer = self._perform(step)
        except StopIteration:
            return

    def _perform(self, step: Step) -> Sequence[Exchange]:
        if isinstance(step, Wait):
            if step.seconds > self.wait_budget:
                raise Missing(f"This needs a wait of {step.seconds:.0f} seconds, which is more than the run may wait.")
            self.wait_budget -= step.seconds
            self.sleep(step.seconds)
            return ()
        if isinstance(step, Probe):
            return (self._send(step),)
        self._groups += 1
        began = self._elapsed()
        answers = self.target.send_together([probe.request for probe in step])
        return [self._record(probe, answer, began, self._groups) for probe, answer in zip(step, answers, strict=True)]

    def _send(self, probe: Probe) -> Exchange:
        began = self._elapsed()
        answer: Response | Unanswered
        try:
            answer = self.target.send(probe.request)
        except Unanswered as why:
            if not self.exchanges:
                raise Unreachable(str(why)) from why
            answer = why
        return self._record(probe, answer, began, 0)

    def _record(self, probe: Probe, answer: Response | Unanswered, began: float, together: int) -> Exchange:
        """Keep the exchange without its secrets, and give it back with them."""
        response, failure = (answer, None) if isinstance(answer, Response) else (None, str(answer))
        live = Exchange(len(self.exchanges) + 1, probe, response, failure, round(began, 4), round(self._elapsed() - began, 4), together)
        self._learn(live)
        self.exchanges.append(self.lab.vault.redact_exchange(live))
        self.progress(len(self.exchanges))
        return live

    def _learn(self, live: Exchange) -> None:
        """Tell the vault every token in an answer before the answer is kept, whatever script asked for it."""
        response = live.response
        if response is None:
            return
        for application in self.lab.contract.applications.values():
            self.lab.refresh_token_of(application, live)
            if live.probe.operation in {operation.id for operation in flow_operations(application)}:
                self._learn_at(response, application.access_token_field, "access_token")
                if application.second_factor:
                    self._learn_at(response, application.second_factor.response_challenge, "challenge")
            personal = application.personal_access_tokens
            if personal and live.probe.operation == personal.create.id:
                self._learn_at(response, personal.response_token, "personal_access_token")

    def _learn_at(self, response: Response, pointer: str, kind: str) -> None:
        value = response.at(pointer)
        if isinstance(value, str):
            self.lab.vault.add(value, kind)

    def _elapsed(self) -> float:
        return time.monotonic() - self._started

    def clean_up(self) -> None:
        """Revoke every personal access token and log every session out; what could not be undone is in `left_behind`."""
        lab = self.lab
        for token in lab.personal_tokens:
            personal = token.session.application.personal_access_tokens
            if personal:
                path = {personal.revoke.path_parameters[-1].name: token.identifier}
                request = lab.call(personal.revoke, bearer=token.session.access_token, path=path)
                self._undo(Probe("cleanup.revoke", request, personal.revoke.id), f"the personal access token {token.identifier}")
        lab.personal_tokens.clear()
        for session in lab.open_sessions:
            if session.refresh_token and session.application.logout:
                probe = lab.logout(session.application, session.refresh_token, "cleanup.logout")
                self._undo(probe, f"a session of the {session.account.part} account of {session.application.name}")
        lab.open_sessions.clear()

    def _undo(self, probe: Probe, what: str) -> None:
        try:
            exchange = self._send(probe)
        except Unreachable:
            exchange = None
        if exchange is None or exchange.response is None or exchange.status not in {200, 202, 204, 404}:
            why = "no answer" if exchange is None else exchange.describe()
            self.left_behind.append(f"{what} ({why})")

    def evidence(self) -> Evidence:
        """What was recorded."""
        return Evidence(self.lab.contract, tuple(self.exchanges), dict(self.lab.vault.facts), dict(self.outcomes))

    @property
    def failed_logins(self) -> int:
        """The number of refused first factors."""
        refusals = {login.operation.id: {login.refusal, 401, 403} for app in self.lab.contract.applications.values() for login in app.logins}
        return sum(1 for exchange in self.exchanges if exchange.status in refusals.get(exchange.probe.operation or "", ()))
