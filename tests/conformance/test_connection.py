"""When a connection may be used again, and what is read as an answer."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from authproof.connection import Address, Closed, Connection, Unanswered
from authproof.exchange import Response

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Pair:
    """Both ends of one connection."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.ours = Connection(Address("127.0.0.1", server.getsockname()[1], None), 10)
            self.theirs, _ = server.accept()
        self.theirs.settimeout(10)

    def ask(self, *answer: bytes) -> Response:
        """Our question, and `answer`, which is there at once."""
        for part in answer:
            self.theirs.sendall(part)
        return self.ours.ask("GET", b"/", [(b"Host", b"target")], b"", lambda: None)


@pytest.fixture
def pair() -> Iterator[Pair]:
    both = Pair()
    yield both
    both.ours.close()
    both.theirs.close()


def test_a_new_one_is_free(pair: Pair) -> None:
    assert pair.ours.is_free()


def test_it_is_free_after_a_complete_answer(pair: Pair) -> None:
    assert pair.ask(OK).body == b"ok"
    assert pair.ours.is_free()
    assert pair.ask(OK).body == b"ok"


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"H",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["more came", "its end is told", "an old version"],
)
def test_it_is_not_free_after_other_answers(pair: Pair, answer: bytes) -> None:
    assert pair.ask(answer).status == 200
    assert not pair.ours.is_free()


def test_it_is_not_free_when_more_came_later(pair: Pair) -> None:
    pair.ask(OK)
    pair.theirs.sendall(OK)
    assert not pair.ours.is_free()


def test_it_is_not_free_once_it_was_closed(pair: Pair) -> None:
    pair.ask(OK)
    assert not pair.ours.was_closed()
    pair.theirs.close()
    assert not pair.ours.is_free()
    assert pair.ours.was_closed()


def test_an_end_that_was_told_is_no_end_without_a_word(pair: Pair) -> None:
    pair.ask(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    pair.theirs.close()
    assert not pair.ours.was_closed()


def test_it_is_not_free_after_a_while(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    pair.ask(OK)
    later = time.monotonic() + 4.5
    monkeypatch.setattr("time.monotonic", lambda: later)
    assert not pair.ours.is_free()


def test_an_end_before_an_answer_is_told_from_one_within(pair: Pair) -> None:
    pair.theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(Closed):
        pair.ask()
    assert not pair.ours.is_free()


def test_an_end_within_the_head_is_no_end_before_the_answer(pair: Pair) -> None:
    pair.theirs.sendall(b"HTTP/1.1 200 OK\r\n")
    pair.theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(Unanswered) as told:
        pair.ask()
    assert not isinstance(told.value, Closed)


def test_an_informational_answer_is_not_the_answer(pair: Pair) -> None:
    assert pair.ask(b"HTTP/1.1 103 Early Hints\r\n\r\n", OK).status == 200


def test_an_answer_that_came_early_counts_though_nobody_reads_on(pair: Pair) -> None:
    pair.theirs.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    pair.theirs.shutdown(socket.SHUT_RD)
    body = b"x" * 10_000
    fields = [(b"Host", b"target"), (b"Content-Length", b"%d" % len(body))]
    assert pair.ours.ask("POST", b"/", fields, body, lambda: None).status == 413
