"""Control hooks: what goes out, and what becomes of a failure."""

from __future__ import annotations

import json
import sys

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from authproof.hooks import DeclaredHooks, HookFailed, HookRule, filled
from authproof_spec.pointer import Json

VALUES: dict[str, Json] = {"email": "user@example.com", "seconds": 900, "permissions": ["users:browse"]}


def test_a_call_has_its_values() -> None:
    rule = HookRule("http://127.0.0.1:9/clock/{email}", "PATCH", {"X-Key": "k"}, {"by": "{seconds}", "who": ["<{email}>"], "grant": "{permissions}"})
    with respx.mock() as router:
        route = router.patch("http://127.0.0.1:9/clock/user@example.com").mock(return_value=httpx.Response(204))
        DeclaredHooks({"h": rule}).call("h", VALUES)
    sent = route.calls.last.request
    assert json.loads(sent.content) == {"by": 900, "who": ["<user@example.com>"], "grant": ["users:browse"]}
    assert sent.headers["x-key"] == "k"
    assert sent.headers["content-type"] == "application/json"


def test_a_call_gives_what_it_was_answered() -> None:
    with respx.mock() as router:
        router.get("http://127.0.0.1:9/log").mock(return_value=httpx.Response(200, text="a line"))
        assert DeclaredHooks({"h": HookRule("http://127.0.0.1:9/log", "GET")}).call("h", {}) == "a line"


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (httpx.Response(500, text="user@example.com"), "answered 500"),
        (httpx.ConnectError("no"), "ConnectError"),
        (httpx.Response(302), "answered 302"),
    ],
)
def test_a_call_that_does_not_succeed_fails_the_hook(outcome: httpx.Response | Exception, words: str) -> None:
    with respx.mock() as router:
        router.post("http://127.0.0.1:9/").mock(**({"side_effect": outcome} if isinstance(outcome, Exception) else {"return_value": outcome}))
        with pytest.raises(HookFailed, match=words) as caught:
            DeclaredHooks({"h": HookRule("http://127.0.0.1:9/")}).call("h", VALUES)
    assert "user@example.com" not in str(caught.value)


def test_a_command_has_its_values_and_no_shell() -> None:
    program = "import sys; print(sys.argv[1:])"
    rule = HookRule(command=(sys.executable, "-c", program, "{email}; rm -rf $HOME", "{seconds}"))
    assert DeclaredHooks({"h": rule}).call("h", VALUES) == "['user@example.com; rm -rf $HOME', '900']\n"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ((sys.executable, "-c", "raise SystemExit(3)"), "exit code 3"),
        (("/no/such/program",), "cannot be run"),
        ((sys.executable, "-c", "import time; time.sleep(60)"), "TimeoutExpired"),
        (("echo", "{unknown}"), "{unknown}, and the values here are: email, seconds, permissions"),
    ],
)
def test_a_command_that_does_not_succeed_fails_the_hook(command: tuple[str, ...], words: str) -> None:
    with pytest.raises(HookFailed) as caught:
        DeclaredHooks({"h": HookRule(command=command)}, timeout=0.5).call("h", VALUES)
    assert words in str(caught.value)


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(alphabet="ab }"), lambda part: st.lists(part) | st.dictionaries(st.text(), part))
)
def test_what_has_no_place_stays_as_it_is(template: Json) -> None:
    assert filled(template, VALUES) == template
