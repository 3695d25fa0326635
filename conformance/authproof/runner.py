"""Carries scripts out: sends their probes, records what came back, and leaves nothing behind."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime

from authproof.conformity import misfits_of
from authproof.connection import Unanswered
from authproof.evidence import Evidence, HookRecord, Outcome, flow_operations
from authproof.exchange import Exchange, Handshake, Probe, Request, Response
from authproof.hooks import HookFailed
from authproof.keys import PRIVATE_MEMBERS, members
from authproof.lab import Blocked, Greeting, Hook, Lab, Missing, Script, Step, Wait, too_long
from authproof.profile import Part
from authproof.scripts import cleanup
from authproof.target import Target
from authproof.verdict import Verdict
from authproof_spec import Application
from authproof_spec.contract import Login

_SILENCE = 4
"""Unanswered requests in a row after which the target counts as gone."""
_REFUSED_FOR_RATE = 3
"""Answers 429 in a row, each after a wait, after which waiting is given up."""
LIMITED = ".limited"
"""What the name of a probe ends with that was sent once more because of a 429."""
_ASSUMED_RETRY_AFTER = 1.0
_LONG_HOLD = 10
"""Seconds of a pause from which on whoever watches is told of it."""
_KEPT = 100_000_000
"""Bytes of answers that a run keeps in all."""


class Unreachable(Exception):
    """The target does not answer at all. `mend`: what may be done about it."""

    def __init__(self, why: Unanswered) -> None:
        """Say why."""
        super().__init__(str(why))
        self.mend = why.mend


@dataclass
class Runner:
    """One run against one target, within the budget of the profile.

    progress: called with the name of the script at work and the number of requests sent so far, after each request.
    """

    lab: Lab
    target: Target
    progress: Callable[[str, int], None] = lambda _name, _count: None
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    hook_records: list[HookRecord] = field(default_factory=list)
    handshakes: list[Handshake] = field(default_factory=list)
    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    left_behind: list[str] = field(default_factory=list)
    _script: str = ""
    _application: str = ""
    _recorded: list[Exchange] = field(default_factory=list)
    _live: list[tuple[Exchange, tuple[str, str]]] = field(default_factory=list, repr=False)
    _sent: int = 0
    _started: float = 0.0
    _waited: float = 0.0
    _held: float = 0.0
    _requests: int = 0
    _seconds: float = 0.0
    _groups: int = 0
    _next_slot: float = 0.0
    _kept: int = 0
    _silent: int = 0
    _limited: int = 0
    _cleaning: bool = False
    _undo: list[Hook] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._started = self.monotonic()
        profile, protected = self.lab.profile, self.lab.contract.protected_operations
        self._requests, self._seconds = profile.budget.for_operations(len(protected), self._roles(), exhaustive=profile.exhaustive)

    def _roles(self) -> int:
        """How many roles of its own the profile has."""
        named = (account for name in self.lab.contract.applications for account in self.lab.profile.roles(name))
        return sum(account.part not in list(Part) for account in named)

    def run(self, name: str, application: Application, script: Script) -> None:
        """Carry `script` out. What stops it becomes the outcome of `name` for `application`. Raises Unreachable."""
        self._script, self._application = name, application.name
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
        step = next(script, None)
        while step is not None:
            try:
                answer = self.perform(step)
            except (Missing, Blocked) as reason:
                # A script may go on without a step that could not be done.
                step = _thrown(script, reason)
            else:
                step = _sent(script, answer)

    def perform(self, step: Step) -> Sequence[Exchange]:
        """Carry one step out, and give its exchanges with the secrets still in them. Raises Missing, Blocked or Unreachable."""
        if isinstance(step, Wait):
            self._wait(step.seconds)
            return ()
        if isinstance(step, Hook):
            self._carry_out(step)
            return ()
        if isinstance(step, Greeting):
            self._greet(step)
            return ()
        if isinstance(step, Probe):
            return (self._send(step),)
        return self._send_together(step)

    def _greet(self, step: Greeting) -> None:
        """Try the handshake and keep how it ended. Raises Missing when there is no socket to try it on."""
        try:
            self.handshakes.append(self.target.handshake(step.version))
        except Unanswered as why:
            raise Missing(f"TLS cannot be tried: {why}.") from why

    def _wait(self, seconds: float) -> None:
        """Let `seconds` pass. Raises Missing when they are too many, Blocked when the hook fails."""
        if self.lab.hooks.offers("advance_clock"):
            self._carry_out(self.lab.hook("advance_clock", seconds=math.ceil(seconds)))
            self.lab.moved += math.ceil(seconds)
            return
        if self._waited + seconds > self.lab.profile.budget.wait or self._spent() + seconds > self._seconds:
            raise Missing(too_long(seconds))
        self._waited += seconds
        self.sleep(seconds)

    def _carry_out(self, hook: Hook) -> None:
        """Call the hook and keep what it said. Raises Missing or Blocked."""
        if not self.lab.hooks.offers(hook.name):
            raise Missing(f"The profile has no hook {hook.name}.")
        try:
            output = self.lab.hooks.call(hook.name, hook.values)
        except HookFailed as why:
            raise Blocked(f"The hook {hook.name} failed: {self.lab.vault.redact(str(why))}.") from why
        self.lab.spend(hook)
        self.hook_records.append(HookRecord(hook.name, round(self._elapsed(), 4), self.lab.vault.redact(output)))
        if hook in self._undo:
            self._undo.remove(hook)
        if hook.undo:
            self._undo.append(hook.undo)

    def _send(self, probe: Probe) -> Exchange:
        """Send `probe`, and once more after the time that the target asks for."""
        exchange = self._send_once(probe)
        if exchange.status != 429 or not self._is_held(exchange):
            return exchange
        again = self._send_once(probe)
        self._limited = self._limited + 1 if again.status == 429 else 0
        return again

    def _send_together(self, step: tuple[Probe, ...]) -> list[Exchange]:
        """Send all of `step` at once; once more where the target let none of them in, for then none has changed anything."""
        exchanges = self._send_group(step)
        if any(exchange.status != 429 for exchange in exchanges) or not self._is_held(*exchanges):
            return exchanges
        return self._send_group(step)

    def _send_group(self, step: tuple[Probe, ...]) -> list[Exchange]:
        self._may_send(len(step))
        self._groups += 1
        began = self._elapsed()
        answers = self.target.send_together([probe.request for probe in step])
        return [self._record(probe, answer, began, self._groups) for probe, answer in zip(step, answers, strict=True)]

    def _is_held(self, *limited: Exchange) -> bool:
        """Wait until the target, which answered `limited`, may be asked again (RFC 6585 section 4); False when that takes too long."""
        seconds = max(self._retry_after(exchange) for exchange in limited)
        if self._limited >= _REFUSED_FOR_RATE or self._held + seconds > self.lab.patience:
            return False
        if seconds >= _LONG_HOLD:
            self.progress(f"{self._script}, after the {seconds:.0f} seconds for which the target asks (429)", self._sent)
        self._held += seconds
        self.sleep(seconds)
        for exchange in limited:
            # The first answer stays in the evidence, under a name that no check takes for the answer to the question.
            first = self.exchanges[exchange.number - 1]
            self.exchanges[exchange.number - 1] = replace(first, probe=replace(first.probe, name=f"{first.probe.name}{LIMITED}"))
        return True

    def _retry_after(self, exchange: Exchange) -> float:
        """Seconds until the target may be asked again: of Retry-After, a number or a date (RFC 9110 section 10.2.3)."""
        text = (exchange.response.first("retry-after") if exchange.response else None) or ""
        if text.isdecimal() and len(text) < 10:
            return float(text)
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - self.lab.server_time(exchange))
        except ValueError:
            return _ASSUMED_RETRY_AFTER

    def _send_once(self, probe: Probe) -> Exchange:
        self._may_send(1)
        began = self._elapsed()
        answer: Response | Unanswered
        try:
            answer = self.target.send(probe.request, meanwhile=self._keep)
        except Unanswered as why:
            if not self._sent:
                raise Unreachable(why) from why
            answer = why
        return self._record(probe, answer, began, 0)

    def _may_send(self, count: int) -> None:
        """Keep to the rate. Raises Blocked when the budget has no room for `count` requests, or when the target is gone."""
        if self._cleaning:
            return
        if self._sent + count > self._requests:
            raise Blocked(f"The budget of {self._requests} requests is used up.")
        if self._spent() > self._seconds:
            raise Blocked(f"The budget of {self._seconds:g} seconds is used up.")
        if self._silent >= _SILENCE:
            raise Blocked(
                f"The target stopped answering: {self._silent} requests in a row had no answer, the last one for this reason: {self._why()}."
            )
        rate = self.lab.profile.budget.rate
        if rate:
            pause = self._next_slot - self._elapsed()
            if pause > 0:
                self.sleep(pause)
            self._next_slot = max(self._next_slot, self._elapsed()) + count / rate

    def _why(self) -> str:
        return self.exchanges[-1].failure or "none was given"

    def _record(self, probe: Probe, answer: Response | Unanswered, began: float, together: int) -> Exchange:
        """The exchange with its secrets; it is kept without them as soon as there is time."""
        if isinstance(answer, Response):
            self._kept += len(answer.body)
            if self._kept > _KEPT:
                answer = Unanswered(f"the answers of this run are longer than {_KEPT} bytes in all")
        response, failure = (answer, None) if isinstance(answer, Response) else (None, str(answer))
        self._silent = 0 if response else self._silent + 1
        self._sent += 1
        live = Exchange(self._sent, probe, response, failure, round(began, 4), round(self._elapsed() - began, 4), together)
        self._live.append((live, (self._script, self._application)))
        self._learn(live)
        self.lab.note(live)
        if self._is_failed_login(live):
            self.lab.failed_logins += 1
        self.progress(self._script, self._sent)
        return live

    def _keep(self) -> None:
        """Keep what was exchanged without its secrets. It takes a while, so it is done while the target works on the next request."""
        for live, script in self._live:
            # After an interruption some may have been kept already.
            if live.number > len(self._recorded):
                self._recorded.append(self._without_secrets(live, script))
        self._live.clear()

    def _without_secrets(self, live: Exchange, script: tuple[str, str]) -> Exchange:
        try:
            for key in members(live.response.json if live.response else None):
                for name in PRIVATE_MEMBERS & key.keys():
                    self.lab.vault.add(str(key[name]), "private_key")
            misfits = misfits_of(self.lab.contract, live.probe, live.response) if live.response else ()
            return self.lab.vault.redact_exchange(replace(live, misfits=misfits) if misfits else live)
        except Exception as error:  # noqa: BLE001  # our own mistake must cost one exchange, not the run, and nothing of it may be shown
            what = f"authproof failed to record an answer: {type(error).__name__}"
            self.outcomes[script] = Outcome(Verdict.ERROR, f"{what}, in its script {script[0]}.")
            probe = replace(live.probe, request=Request(live.probe.request.method, "/"))
            return Exchange(live.number, probe, None, what, live.at, live.elapsed, live.together)

    @property
    def exchanges(self) -> list[Exchange]:
        """Every exchange so far in its order, without secrets."""
        self._keep()
        return self._recorded

    def _is_failed_login(self, live: Exchange) -> bool:
        logins = (login for app in self.lab.contract.applications.values() for login in app.logins)
        return any(login.operation.id == live.probe.operation and _failed(login, live) for login in logins)

    def _learn(self, live: Exchange) -> None:
        """Tell the vault every token in an answer before the answer is kept, whatever script asked for it."""
        response = live.response
        if response is None:
            return
        gives = live.probe.operation in self._givers
        for application in self.lab.contract.applications.values() if gives or response.all("set-cookie") else ():
            if application.cookie:
                self.lab.refresh_token_of(application, live)
            if live.probe.operation in {operation.id for operation in flow_operations(application)}:
                self.lab.access_token_of(application, live)
                self.lab.refresh_token_of(application, live)
                if application.second_factor:
                    self._learn_at(response, application.second_factor.response_challenge, "challenge")
            personal = application.personal_access_tokens
            if personal and live.probe.operation == personal.create.id:
                self._learn_at(response, personal.response_token, "personal_access_token")
                self.lab.personal_values.add(str(response.at(personal.response_token)))

    @functools.cached_property
    def _givers(self) -> frozenset[str]:
        """The ids of the operations whose answers have tokens."""
        applications = self.lab.contract.applications.values()
        created = (application.personal_access_tokens.create for application in applications if application.personal_access_tokens)
        flows = (operation for application in applications for operation in flow_operations(application))
        return frozenset(operation.id for operation in (*flows, *created))

    def _learn_at(self, response: Response, pointer: str, kind: str) -> None:
        value = response.at(pointer)
        if isinstance(value, str):
            self.lab.vault.add(value, kind)

    def _elapsed(self) -> float:
        return self.monotonic() - self._started

    def _spent(self) -> float:
        """Seconds of the budget: those for which the target held the run up do not count."""
        return self._elapsed() - self._held

    def clean_up(self) -> None:
        """Take hooks back, delete what was made, revoke every personal access token and log every session out; what could not be undone is in `left_behind`.

        An interruption of the clean-up itself ends it; what it had still to do is left behind.
        """
        self._script, self._cleaning = "cleanup", True
        tasks = self._tasks()
        for what, script in tasks:
            try:
                self._drive(script)
            except KeyboardInterrupt:
                self.left_behind += [f"{rest} (interrupted)" for rest in (what, *(left for left, _ in tasks))]
                break
            except (Unreachable, Missing, Blocked) as why:
                self.left_behind.append(f"{what} ({why})")
            except Exception as error:  # noqa: BLE001  # our own mistake must not cost what is still to be undone
                self.left_behind.append(self.lab.vault.redact(f"{what} (authproof failed: {type(error).__name__}: {error})"))
        self.left_behind += self._without_logout()
        for made in (self.lab.written, self.lab.personal_tokens, self.lab.open_sessions):
            made.clear()

    def _without_logout(self) -> Iterator[str]:
        """The sessions of each application that has no logout, which end by themselves alone."""
        for application in self.lab.contract.applications.values():
            if application.logout is None and any(session.application is application and session.key for session in self.lab.open_sessions):
                kind = application.refresh_token or application.access_token
                until = f"for {kind.lifetime} seconds at most" if kind.lifetime else "until nobody knows when"
                yield f"the sessions of {application.name}, for which the document has no logout: their tokens are good {until}"

    def _tasks(self) -> Iterator[tuple[str, Script]]:
        """What is to be undone. Each kind is looked up when its turn comes, since the one before may add to it."""
        undo = [(f"the effect of a hook ({hook.name})", hook) for hook in reversed(self._undo)]
        # An account that was enabled for the run is needed to the end.
        last = [(what, hook) for what, hook in undo if hook.name == "disable_account"]
        for what, hook in undo:
            if (what, hook) not in last:
                yield what, cleanup.carry_out(hook)
        for written in self.lab.written.copy():
            yield f"what {written.operation.name} wrote", cleanup.remove(self.lab, written)
        for token in self.lab.personal_tokens.copy():
            yield f"the personal access token {token.identifier or 'that a creation gave without an id'}", cleanup.revoke(self.lab, token)
        for session in self.lab.open_sessions.copy():
            if session.key and session.application.logout:
                yield f"a session of the {session.account.part} account of {session.application.name}", cleanup.log_out(self.lab, session)
        for what, hook in last:
            yield what, cleanup.carry_out(hook)

    def evidence(self) -> Evidence:
        """What was recorded."""
        return Evidence(
            self.lab.contract,
            tuple(self.exchanges),
            dict(self.lab.vault.facts),
            dict(self.outcomes),
            tuple(self.hook_records),
            self.lab.moved,
            self.lab.profile.url,
            tuple(self.handshakes),
        )


def _failed(login: Login, live: Exchange) -> bool:
    """True when the target took the request for a login and refused it. Where it answers 400 to that too, a malformed one is told by its body."""
    if live.probe.request.method != login.operation.method or live.status not in {login.refusal, 401, 403}:
        return False
    sent = (live.probe.body_at(pointer) for pointer in login.credentials)
    return live.status in {401, 403} or all(isinstance(value, str) and value for value in sent)


def _sent(script: Script, answer: Sequence[Exchange]) -> Step | None:
    try:
        return script.send(answer)
    except StopIteration:
        return None


def _thrown(script: Script, reason: Exception) -> Step | None:
    try:
        return script.throw(reason)
    except StopIteration:
        return None
