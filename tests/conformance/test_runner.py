"""The run: budgets, waits, hooks, what a script is told, and what is left behind. A transport in place of the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import httpx
import pytest

from authproof.exchange import Exchange, Probe, Request
from authproof.hooks import HookFailed
from authproof.lab import Blocked, Hook, Lab, Missing, Script, Session, Wait
from authproof.profile import Account, Budget, Part, Profile
from authproof.runner import Runner, Unreachable
from authproof.target import Target
from authproof.verdict import Verdict
from authproof_spec import Application, Contract, load_contract
from authproof_spec.pointer import Json

ASK = Probe("ask", Request("GET", "/"))
Answer = httpx.Response | Exception


@dataclass
class Server(httpx.AsyncBaseTransport):
    """Answers what `answers` has, the last one again and again; keeps what it was asked."""

    answers: list[Callable[[], Answer]]
    asked: list[str] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.extensions['target'].decode()}")
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        found = answer()
        if isinstance(found, Exception):
            raise found
        return found


@dataclass
class Time:
    """A clock that only a sleep moves."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class RecordedHooks:
    """Hooks that keep their calls; `broken` ones fail."""

    names: set[str]
    broken: set[str] = field(default_factory=set)
    calls: list[tuple[str, Mapping[str, Json]]] = field(default_factory=list)

    def offers(self, name: str) -> bool:
        return name in self.names

    def call(self, name: str, values: Mapping[str, Json]) -> str:
        if name in self.broken:
            raise HookFailed("it was answered 500 to correct horse battery staple")
        self.calls.append((name, values))
        return "the log has correct horse battery staple"


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load_contract()


@pytest.fixture
def time() -> Time:
    return Time()


def status(code: int, **headers: str) -> Callable[[], Answer]:
    return lambda: httpx.Response(code, headers={name.replace("_", "-"): value for name, value in headers.items()}, stream=httpx.ByteStream(b""))


Make = Callable[..., tuple[Runner, Server]]


@pytest.fixture
def make(contract: Contract, time: Time) -> Iterator[Make]:
    targets = []

    def runner(*answers: Callable[[], Answer], budget: Budget | None = None, hooks: RecordedHooks | None = None) -> tuple[Runner, Server]:
        server = Server(list(answers) or [status(200)])
        account = Account("admin", Part.ORDINARY, {"email": "user@example.com", "password": "correct horse battery staple"})
        profile = Profile("http://mock.invalid", (account,), budget=budget or Budget())
        targets.append(Target(profile, server))
        lab = Lab(contract, profile, hooks=hooks or RecordedHooks(set()), clock=time.monotonic)
        return Runner(lab, targets[-1], sleep=time.sleep, monotonic=time.monotonic), server

    yield runner
    for target in targets:
        target.close()


def carry_out(runner: Runner, contract: Contract, script: Script, name: str = "script") -> tuple[Verdict, str] | None:
    application = next(iter(contract.applications.values()))
    runner.run(name, application, script)
    outcome = runner.outcomes.get((name, application.name))
    return (outcome.verdict, outcome.reason) if outcome else None


def asking(times: int) -> Script:
    for _ in range(times):
        yield ASK


def test_a_script_that_ends_has_no_outcome(make: Make, contract: Contract) -> None:
    runner, server = make()
    assert carry_out(runner, contract, asking(3)) is None
    assert server.asked == ["GET /"] * 3
    assert [exchange.number for exchange in runner.exchanges] == [1, 2, 3]


@pytest.mark.parametrize(
    ("error", "verdict"),
    [(Missing("no means"), Verdict.SKIP), (Blocked("no means"), Verdict.INCONCLUSIVE), (ZeroDivisionError("no means"), Verdict.ERROR)],
)
def test_what_stops_a_script_is_its_outcome(make: Make, contract: Contract, error: Exception, verdict: Verdict) -> None:
    def script() -> Script:
        yield ASK
        raise error

    runner, _ = make()
    found = carry_out(runner, contract, script())
    assert found
    assert found[0] is verdict
    assert found[1].endswith("no means")


def test_our_own_mistake_tells_no_secret(make: Make, contract: Contract) -> None:
    def script() -> Script:
        yield ASK
        raise KeyError("correct horse battery staple")

    runner, _ = make()
    found = carry_out(runner, contract, script())
    assert found == (Verdict.ERROR, "authproof failed in its script script: KeyError: '${PASSWORD_1}'")


def test_a_target_that_never_answers_is_unreachable(make: Make, contract: Contract) -> None:
    runner, _ = make(lambda: httpx.ConnectError("refused"))
    with pytest.raises(Unreachable, match="refused"):
        carry_out(runner, contract, asking(1))


def test_a_target_that_falls_silent_is_asked_no_more(make: Make, contract: Contract) -> None:
    runner, server = make(status(200), lambda: httpx.ConnectError("refused"))
    found = carry_out(runner, contract, asking(20))
    assert found
    assert found[0] is Verdict.INCONCLUSIVE
    assert "stopped answering" in found[1]
    assert len(server.asked) == 5


@pytest.mark.parametrize(("budget", "words"), [(Budget(requests=3), "3 requests"), (Budget(seconds=2), "2 seconds")])
def test_the_budget_ends_a_script(make: Make, contract: Contract, time: Time, budget: Budget, words: str) -> None:
    def script() -> Script:
        for _ in range(9):
            yield ASK
            time.now += 1

    runner, server = make(budget=budget)
    found = carry_out(runner, contract, script())
    assert found
    assert found == (Verdict.INCONCLUSIVE, f"The budget of {words} is used up.")
    assert len(server.asked) == 3


def test_requests_keep_to_the_rate(make: Make, contract: Contract, time: Time) -> None:
    runner, _ = make(budget=Budget(rate=4))
    carry_out(runner, contract, asking(5))
    assert time.slept == [0.25] * 4


@pytest.mark.parametrize(
    ("header", "seconds"),
    [({"Retry_After": "7"}, 7.0), ({}, 1.0), ({"Retry_After": "soon"}, 1.0), ({"Retry_After": "Thu, 01 Jan 1970 00:00:09 GMT"}, 9.0)],
)
def test_a_request_is_repeated_when_the_target_says_so(make: Make, contract: Contract, time: Time, header: dict[str, str], seconds: float) -> None:
    runner, _ = make(status(429, **header), status(200))
    carry_out(runner, contract, asking(1))
    assert time.slept == [seconds]
    assert [(exchange.probe.name, exchange.status) for exchange in runner.exchanges] == [("ask.limited", 429), ("ask", 200)]


def test_a_wait_beyond_the_budget_is_not_made(make: Make, contract: Contract, time: Time) -> None:
    runner, server = make(status(429, Retry_After="3600"), budget=Budget(wait=60))
    carry_out(runner, contract, asking(2))
    assert time.slept == []
    assert len(server.asked) == 2
    assert [exchange.probe.name for exchange in runner.exchanges] == ["ask", "ask"]


def test_a_limit_costs_none_of_the_seconds_of_the_budget(make: Make, contract: Contract, time: Time) -> None:
    runner, _ = make(status(429, Retry_After="280"), status(200), budget=Budget(seconds=60, wait=0))
    assert carry_out(runner, contract, asking(2)) is None
    assert time.slept == [280.0]


def test_a_limit_is_waited_for_no_longer_than_the_first_tokens_live(make: Make, contract: Contract, time: Time) -> None:
    runner, _ = make(status(429, Retry_After="601"))
    assert runner.lab.patience == 600  # two thirds of a quarter of an hour
    carry_out(runner, contract, asking(1))
    assert time.slept == []


def test_simultaneous_requests_are_sent_again_when_none_was_let_in(make: Make, contract: Contract, time: Time) -> None:
    def race() -> Script:
        yield ASK, ASK

    runner, _ = make(status(429, Retry_After="3"), status(429, Retry_After="4"), status(200))
    carry_out(runner, contract, race())
    assert time.slept == [4.0]
    assert [exchange.probe.name for exchange in runner.exchanges] == ["ask.limited", "ask.limited", "ask", "ask"]
    runner, _ = make(status(200), status(429, Retry_After="3"))
    carry_out(runner, contract, race())
    assert time.slept == [4.0]


def test_a_target_that_refuses_for_ever_is_not_waited_for_each_time(make: Make, contract: Contract, time: Time) -> None:
    runner, server = make(status(429, Retry_After="1"))
    carry_out(runner, contract, asking(20))
    assert time.slept == [1.0] * 3
    assert len(server.asked) == 23


def test_a_wait_takes_time(make: Make, contract: Contract, time: Time) -> None:
    def script() -> Script:
        yield Wait(30)
        yield Wait(31)

    runner, _ = make(budget=Budget(wait=60))
    found = carry_out(runner, contract, script())
    assert time.slept == [30]
    assert found
    assert found[0] is Verdict.SKIP
    assert "31 seconds" in found[1]


def test_a_wait_moves_the_clock_where_a_hook_can(make: Make, contract: Contract, time: Time) -> None:
    def script() -> Script:
        yield Wait(86400.5)

    hooks = RecordedHooks({"advance_clock"})
    runner, _ = make(hooks=hooks)
    assert carry_out(runner, contract, script()) is None
    assert hooks.calls == [("advance_clock", {"seconds": 86401})]
    assert time.slept == []
    assert runner.lab.now() == runner.evidence().moved == 86401


def test_a_script_may_go_on_without_a_step(make: Make, contract: Contract) -> None:
    def script() -> Script:
        try:
            yield Hook("disable_account", {})
        except Missing:
            yield ASK

    runner, server = make()
    assert carry_out(runner, contract, script()) is None
    assert server.asked == ["GET /"]


def test_a_hook_that_fails_blocks(make: Make, contract: Contract) -> None:
    def script() -> Script:
        yield Hook("disable_account", {})

    runner, _ = make(hooks=RecordedHooks({"disable_account"}, broken={"disable_account"}))
    assert carry_out(runner, contract, script()) == (
        Verdict.INCONCLUSIVE,
        "The hook disable_account failed: it was answered 500 to ${PASSWORD_1}.",
    )


def test_the_output_of_a_hook_is_kept_without_secrets(make: Make, contract: Contract) -> None:
    def script() -> Script:
        yield Hook("read_log", {})

    runner, _ = make(hooks=RecordedHooks({"read_log"}))
    carry_out(runner, contract, script())
    assert runner.evidence().hooks[0].output == "the log has ${PASSWORD_1}"


@pytest.mark.parametrize("undone", [False, True])
def test_what_a_hook_changed_is_taken_back(make: Make, contract: Contract, undone: bool) -> None:  # noqa: FBT001
    back = Hook("enable_account", {"email": "user@example.com"})

    def script() -> Script:
        yield Hook("disable_account", {"email": "user@example.com"}, undo=back)
        if undone:
            yield back

    hooks = RecordedHooks({"disable_account", "enable_account"})
    runner, _ = make(hooks=hooks)
    carry_out(runner, contract, script())
    runner.clean_up()
    assert [name for name, _ in hooks.calls] == ["disable_account", "enable_account"]
    assert runner.left_behind == []


def with_session(runner: Runner, application: Application) -> None:
    account = runner.lab.profile.accounts[0]
    runner.lab.open_sessions.append(Session(application, account, "access", "refresh"))


@pytest.mark.parametrize(
    ("answer", "left"), [(status(200), []), (status(204), []), (status(500), ["(500)"]), (lambda: httpx.ReadError("reset"), ["reset"])]
)
def test_sessions_are_ended(make: Make, contract: Contract, answer: Callable[[], Answer], left: list[str]) -> None:
    runner, server = make(status(200), answer)
    carry_out(runner, contract, asking(1))
    application = next(iter(contract.applications.values()))
    with_session(runner, application)
    runner.clean_up()
    assert application.logout
    assert server.asked[1:2] == [application.logout.name]
    assert [end in told for end, told in zip(left, runner.left_behind, strict=True)] == [True] * len(left)


def test_the_clean_up_is_beyond_the_budget(make: Make, contract: Contract) -> None:
    runner, server = make(budget=Budget(requests=1))
    carry_out(runner, contract, asking(2))
    with_session(runner, next(iter(contract.applications.values())))
    runner.clean_up()
    assert len(server.asked) == 2
    assert runner.left_behind == []


def test_an_interrupted_clean_up_tells_what_is_left(make: Make, contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    runner, _ = make()
    for _ in range(2):
        with_session(runner, next(iter(contract.applications.values())))

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runner.target, "send", interrupted)
    runner.clean_up()
    assert [text.endswith("(interrupted)") for text in runner.left_behind] == [True, True]


def test_refused_logins_are_counted(make: Make, contract: Contract) -> None:
    login = next(iter(contract.applications.values())).logins[0].operation
    probe = Probe("login", Request("POST", login.path), login.id)

    def script() -> Script:
        for _ in range(3):
            yield probe
        yield replace(probe, operation=None)

    runner, _ = make(status(401), status(400), status(200), status(401))
    carry_out(runner, contract, script())
    assert runner.lab.failed_logins == 1
    runner.lab.failed_logins = 5
    assert not runner.lab.may_fail_a_login()


@pytest.mark.parametrize(
    ("refusal", "answered", "method", "body", "failed"),
    [
        (401, 401, "POST", b"{}", 1),
        (401, 403, "POST", b"{}", 1),
        (401, 400, "POST", b'{"email": "a", "password": "b"}', 0),
        (401, 401, "GET", b"", 0),
        (400, 400, "POST", b'{"email": "a", "password": "b"}', 1),
        # Where wrong credentials are answered 400 too, a body without them is no login.
        (400, 400, "POST", b'{"email": "a", "password": ""}', 0),
        (400, 400, "POST", b'{"email": "a", "password": null}', 0),
        (400, 400, "POST", b'{"email":', 0),
    ],
)
def test_a_malformed_login_is_told_from_a_failed_one(
    make: Make, contract: Contract, refusal: int, answered: int, method: str, body: bytes, failed: int
) -> None:
    name, application = next(iter(contract.applications.items()))
    login = replace(application.logins[0], refusal=refusal)
    contract = replace(contract, applications={name: replace(application, logins=(login,))})
    runner, _ = make(status(answered))
    runner.lab.contract = contract

    def script() -> Script:
        yield Probe("login", Request(method, login.operation.path, (), body), login.operation.id)

    carry_out(runner, contract, script())
    assert runner.lab.failed_logins == failed


def test_progress_tells_the_script_and_the_count(make: Make, contract: Contract) -> None:
    told: list[tuple[str, int]] = []
    runner, _ = make()
    runner.progress = lambda name, count: told.append((name, count))
    carry_out(runner, contract, asking(2), "bearer")
    assert told == [("bearer", 1), ("bearer", 2)]


def test_answers_beyond_what_a_run_keeps_are_dropped(make: Make, contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("authproof.runner._KEPT", 5)
    runner, _ = make(lambda: httpx.Response(200, stream=httpx.ByteStream(b"four")))
    carry_out(runner, contract, asking(2))
    assert [exchange.status for exchange in runner.exchanges] == [200, 0]
    assert "longer than 5 bytes" in str(runner.exchanges[1].failure)


def test_a_session_that_a_hook_may_have_ended_is_not_spared(make: Make, contract: Contract) -> None:
    runner, _ = make(hooks=RecordedHooks({"disable_account", "advance_clock"}))
    application = next(iter(contract.applications.values()))
    account = runner.lab.profile.accounts[0]

    def script(hook: Hook) -> Script:
        runner.lab.spare[application.name] = Session(application, account, "token")
        yield hook

    for about, left in ((None, 1), (Account("admin", Part.OTHER, {"email": "other@example.com"}), 1), (account, 0)):
        hook = runner.lab.hook("disable_account" if about else "advance_clock", about, seconds=1)
        assert carry_out(runner, contract, script(hook)) is None
        assert len(runner.lab.spare) == left


def test_an_answer_that_cannot_be_recorded_costs_itself_alone(make: Make, contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    runner, _ = make()
    redact = runner.lab.vault.redact_exchange

    def failing(exchange: Exchange) -> Exchange:
        if exchange.number == 2:
            raise ValueError("correct horse battery staple")
        return redact(exchange)

    monkeypatch.setattr(runner.lab.vault, "redact_exchange", failing)
    outcome = carry_out(runner, contract, asking(3))
    assert outcome == (Verdict.ERROR, "authproof failed to record an answer: ValueError, in its script script.")
    assert [(exchange.number, exchange.status) for exchange in runner.exchanges] == [(1, 200), (2, 0), (3, 200)]
    assert runner.exchanges[1].failure == "authproof failed to record an answer: ValueError"
