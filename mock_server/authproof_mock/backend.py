"""The whole mock without I/O: a call in, an answer out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from authproof_mock.clock import Clock
from authproof_mock.flows import Handler
from authproof_mock.http import NOTHING, WITHOUT_BODY, Answer, Call, Headers
from authproof_mock.keys import new_key, read_key
from authproof_mock.made_accounts import seed_for
from authproof_mock.parts import Parts
from authproof_mock.preference import preferred
from authproof_mock.refusal import Refusal, challenge
from authproof_mock.routing import Place, parameters_of
from authproof_mock.samples import Samples
from authproof_mock.seed import SeedAccount
from authproof_mock.state import Request, State
from authproof_spec.contract import Contract, Operation


@dataclass(frozen=True, slots=True)
class Intervention:
    """What somebody else wants done with a call: answer it with `status` instead, or only later, by `delay` seconds."""

    status: int | None = None
    delay: float = 0
    headers: Headers = ()


class Backend:
    """A server that obeys `contract`.

    Answers are decided one at a time, under `lock`; whoever changes the state from outside holds it too.

    seed: the accounts; those that suit the contract when None. signing_key: a secret's text, or a private key in PEM; a new one when None.
    cors_origins: origins of web pages that may call with credentials, besides those of the contract.
    Raises SigningKeyError, or SeedError when the bundled seed is broken.

    interventions: asked for every routed call before anything else is decided.
    record: told every call with its operation, if it has one, and the answer.
    """

    def __init__(
        self,
        contract: Contract,
        *,
        seed: Iterable[SeedAccount] | None = None,
        clock: Clock | None = None,
        signing_key: str | None = None,
        cors_origins: Sequence[str] = (),
        parts: Parts = Parts(),  # noqa: B008  # frozen
    ) -> None:
        self.contract = contract
        self.lock = threading.RLock()
        self.interventions: Callable[[Call, Operation], Intervention | None] | None = None
        self.record: Callable[[Call, Operation | None, Answer], None] | None = None
        self.clock = clock or Clock()
        algorithm = contract.tokens.algorithm or "HS256"  # opaque tokens need no key, and then this one signs nothing
        self.key = new_key(algorithm) if signing_key is None else read_key(algorithm, signing_key)
        self.sessions = parts.sessions(self.clock)
        self.accounts = parts.accounts(seed_for(contract) if seed is None else seed, self.sessions.revoke_account)
        self.tokens = parts.tokens(contract, self.clock, self.key)
        self.pats = parts.pats(self.clock)
        self.second_factors = parts.second_factors(self.clock)
        state = State(contract, self.clock, self.accounts, self.tokens, self.sessions, self.pats, self.second_factors)
        self._guard = parts.guard(state)
        self._validation = parts.validation(contract)
        self._samples = Samples(contract.document)
        self._answers = parts.answers(contract, self._samples)
        self._cors = parts.cors(contract, [*cors_origins, *contract.cors_origins])
        self._transport = parts.transport()
        self.journal = parts.journal()
        flows = parts.flows(state, self._samples)
        self._handlers: dict[str, Handler] = dict([*flows.handlers(), *parts.resources(state, self._samples).handlers()])
        self._router = parts.router([*contract.operations, *self._published_keys(), *flows.undeclared_operations()])

    def _published_keys(self) -> Iterable[Operation]:
        """The operation that publishes the key (RFC 7517 section 5), declared in the document or not."""
        path = self.contract.tokens.jwks_path
        if path is None or not self.tokens.published_keys():
            return
        operation = self.contract.read_of(path)
        self._handlers[operation.id] = lambda _: Answer(200, {"keys": self.tokens.published_keys()})
        if operation not in self.contract.operations:
            yield operation

    def serves(self, path: str) -> bool:
        """True when `path` is one of the contract, or would be with some value of its parameters."""
        return self._router.find(path) is not None

    def reset(self) -> None:
        """Back to the start, but for the signing key: accounts, clock, sessions, personal access tokens and challenges."""
        with self.lock:
            self.sessions.revoke_all()
            self.accounts.reset()
            self.pats.clear()
            self.second_factors.clear()
            self.clock.reset()

    def handle(self, call: Call) -> Answer:
        """The answer to `call`."""
        with self.lock:
            place = self._router.find(call.path)
            operation = None if place is None else self._router.select(place, call)
            try:
                answer = self._cors.preflight(call) or self._decide(call, place, operation)
            except Refusal as refusal:
                answer = self._answers.refused(refusal, operation)
            answer = self._answers.finished(answer, operation)
            answer = self._transport.secured(call, self._cors.shared(call, answer))
            if call.method == "HEAD":
                answer = _without_body(answer)
            self.journal.note(call, answer)
            if self.record is not None:
                self.record(call, operation, answer)
            return answer

    def _decide(self, call: Call, place: Place | None, operation: Operation | None) -> Answer:
        if place is None:
            raise Refusal(404, "There is no such path.")
        if operation is None:
            allow = [("allow", ", ".join(place.allowed_methods))]
            if call.method == "OPTIONS":
                return Answer(204, headers=allow)
            raise Refusal(405, "The path does not answer to this method.", headers=allow)
        intervention = self.interventions(call, operation) if self.interventions else None
        if intervention is None:
            return self._carry_out(call, operation, place)
        if intervention.status is None:
            try:
                answer = self._carry_out(call, operation, place)
            except Refusal as refusal:
                answer = self._answers.refused(refusal, operation)
            return replace(answer, delay=intervention.delay)
        if intervention.status in WITHOUT_BODY:
            return Answer(intervention.status, headers=intervention.headers, delay=intervention.delay)
        refused = self._answers.refused(Refusal(intervention.status, "This answer was asked for.", headers=intervention.headers))
        return replace(refused, delay=intervention.delay)

    def _carry_out(self, call: Call, operation: Operation, place: Place) -> Answer:
        """401, 403, 415 or 400, 404, and then the action, in this order."""
        parameters = parameters_of(operation, place.values)
        guard = self._guard
        caller = guard.admit(call, operation, parameters) if guard.guards(operation) else guard.recognised(call, operation, parameters)
        body = self._validation.check(call, operation, parameters)
        handler = self._handlers.get(operation.id)
        if handler is None:
            return self._preferred(call, operation)
        return handler(Request(call, operation, parameters, caller, body))

    def _preferred(self, call: Call, operation: Operation) -> Answer:
        answer = preferred(self._samples, operation, call)
        if answer.status != 401 or answer.header_values("www-authenticate"):
            return answer
        # RFC 9110 section 15.5.2: a 401 has a challenge, whatever is declared.
        return replace(answer, headers=[*answer.headers, challenge(self.contract)])


def _without_body(answer: Answer) -> Answer:
    """`answer` as HEAD has it: the fields of GET, its length among them, and no content (RFC 9110 section 9.3.2)."""
    if answer.payload is NOTHING:
        return answer
    return replace(answer, payload=NOTHING, headers=[*answer.headers, ("content-length", str(len(answer.body)))])
