from __future__ import annotations

import os
import sys

import pytest

from tests.servers.process import ServerError, running

SERVER = """
import os, signal, sys
signal.signal(signal.SIGTERM, signal.{answer})
print(f"listening on http://127.0.0.1:{{os.getpid()}}", flush=True)
while True:
    signal.pause()
"""


@pytest.mark.parametrize("answer", ["SIG_DFL", "SIG_IGN"])
def test_the_server_is_gone_afterwards(answer: str) -> None:
    with running([sys.executable, "-c", SERVER.format(answer=answer)], stop_timeout=0.2) as base_url:
        pid = int(base_url.rpartition(":")[2])
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_server_that_fails_tells_what_it_printed() -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no such database')"]
    with pytest.raises(ServerError, match="no such database"), running(command):
        pass


def test_a_server_that_never_listens_is_given_up() -> None:
    command = [sys.executable, "-c", "import signal; signal.pause()"]
    with pytest.raises(ServerError, match="in time"), running(command, start_timeout=0.1):
        pass
