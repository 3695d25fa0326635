"""What leaves and what is read, over real sockets."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from authproof.connection import MAXIMUM_BODY, Connection, Unanswered
from authproof.exchange import Request, Response
from authproof.profile import Profile, ProfileError
from authproof.target import Target

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def listening(answer: Callable[[socket.socket, bytes], None], connections: int = 1) -> Iterator[tuple[str, list[bytes]]]:
    """A server that reads one request a connection, as far as its header, and then does `answer`; gives its URL and what it read."""
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def serve() -> None:
            for _ in range(connections):
                connection, _ = server.accept()
                with connection:
                    connection.settimeout(10)
                    data = b""
                    while b"\r\n\r\n" not in data and (chunk := connection.recv(65536)):
                        data += chunk
                    received.append(data)
                    try:
                        answer(connection, data)
                    except OSError:
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", received
        thread.join()


def sends(data: bytes) -> Callable[[socket.socket, bytes], None]:
    return lambda connection, _: connection.sendall(data)


@contextmanager
def target_at(url: str, timeout: float = 5.0) -> Iterator[Target]:
    target = Target(Profile(url, timeout=timeout))
    try:
        yield target
    finally:
        target.close()


def answer_of(url: str, request: Request, timeout: float = 5.0) -> Response:
    with target_at(url, timeout) as target:
        return target.send(request)


def test_a_request_leaves_as_it_is_given() -> None:
    with listening(sends(OK)) as (url, received):
        answer = answer_of(f"{url}/base", Request("GET", "/a/../b//%75?x=%2F&y", (("X-One", "1"), ("x-one", "2"))))
    assert (answer.status, answer.body) == (200, b"ok")
    line, *fields = received[0].decode().split("\r\n")
    assert line == "GET /base/a/../b//%75?x=%2F&y HTTP/1.1"
    assert [field for field in fields if field.lower().startswith("x-one")] == ["X-One: 1", "x-one: 2"]
    assert not {field.partition(":")[0].lower() for field in fields if field} - {"x-one", "host"}


def test_a_verbatim_request_is_written_byte_for_byte() -> None:
    headers = (("Authorization", "Bearer one"), ("Authorization", "Bearer\ttwo\x01"), ("X-Empty", ""))
    with listening(sends(OK)) as (url, received):
        answer = answer_of(url, Request("GET", f"{url}/whole", headers, verbatim=True))
    assert answer.body == b"ok"
    assert received[0].startswith(f"GET {url}/whole HTTP/1.1\r\n".encode())
    assert b"Authorization: Bearer one\r\nAuthorization: Bearer\ttwo\x01\r\nX-Empty:\r\n" in received[0]


def test_a_verbatim_request_may_have_a_method_that_is_none() -> None:
    with listening(sends(b"HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n\r\n")) as (url, received):
        assert answer_of(url, Request("BR EW", "/", verbatim=True)).status == 501
    assert received[0].startswith(b"BR EW / HTTP/1.1\r\n")


def test_no_cookie_is_kept_and_no_redirect_followed() -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nSet-Cookie: a=1; Path=/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with listening(sends(answer), connections=2) as (url, received), target_at(url) as target:
        assert target.send(Request("GET", "/")).status == 302
        assert target.send(Request("GET", "/")).status == 302
    assert all(b"Cookie" not in request and b" / HTTP" in request for request in received)


def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with listening(sends(OK)) as (url, _):
        assert answer_of(url, Request("GET", "/")).status == 200


def test_an_answer_is_not_unfolded() -> None:
    body = gzip.compress(b"0" * 1_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with listening(sends(head + body)) as (url, _):
        assert answer_of(url, Request("GET", "/")).body == body


@pytest.mark.parametrize("verbatim", [False, True])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"not HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 50_000,
    ],
    ids=["nothing", "half a header", "no HTTP", "half a body", "a long header"],
)
def test_what_is_no_answer_is_said_so(data: bytes, verbatim: bool) -> None:  # noqa: FBT001
    # A safe request that found its connection closed is sent once more.
    with listening(sends(data), connections=2) as (url, _), target_at(url, timeout=2) as target:
        with pytest.raises(Unanswered):
            target.send(Request("POST", "/", body=b"{}", verbatim=verbatim))
        with pytest.raises(Unanswered):
            target.send(Request("POST", "/", body=b"{}", verbatim=verbatim))


@pytest.mark.parametrize("verbatim", [False, True])
def test_an_endless_body_is_cut_off(verbatim: bool) -> None:  # noqa: FBT001
    def endless(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _chunk in range(10 * MAXIMUM_BODY // 65536):
            connection.sendall(b"x" * 65536)

    with listening(endless) as (url, _), pytest.raises(Unanswered, match="did not end"):
        answer_of(url, Request("GET", "/", verbatim=verbatim))


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["header", "body"])
def test_the_timeout_holds_for_the_whole_answer(head: bytes) -> None:
    done = threading.Event()

    def drip(connection: socket.socket, _: bytes) -> None:
        connection.sendall(head)
        while not done.wait(0.05):
            connection.sendall(b"H")

    with listening(drip) as (url, _):
        try:
            with pytest.raises(Unanswered, match=r"within 0\.3 seconds"):
                answer_of(url, Request("GET", "/"), timeout=0.3)
        finally:
            done.set()


@contextmanager
def answering_all(count: int) -> Iterator[str]:
    """A server that answers none of `count` requests before it has all of them; gives its URL."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.ExitStack() as stack:
                connections = [stack.enter_context(server.accept()[0]) for _ in range(count)]
                for connection in connections:
                    data = b""
                    while not data.endswith((b"\r\n\r\n", b"{}")):
                        data += connection.recv(65536)
                for connection in connections:
                    connection.sendall(OK)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def test_requests_are_in_flight_together() -> None:
    with answering_all(3) as url, target_at(url) as target:
        answers = target.send_together([Request("GET", "/")] * 3)
    assert [answer.status for answer in answers if isinstance(answer, Response)] == [200] * 3


@pytest.mark.parametrize("body", [None, b"{}"])
def test_last_bytes_are_held_back_until_all_requests_are_there(body: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    write = Connection.write

    def recorded(connection: Connection, data: bytes) -> None:
        written.append(data)
        write(connection, data)

    monkeypatch.setattr(Connection, "write", recorded)
    with answering_all(3) as url, target_at(url) as target:
        answers = target.send_together([Request("POST", "/", body=body)] * 3)
    assert all(isinstance(answer, Response) for answer in answers)
    host = url.removeprefix("http://")
    request = f"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body or b'')}\r\nConnection: close\r\n\r\n".encode() + (body or b"")
    assert written == [request[:-1]] * 3 + [request[-1:]] * 3


def test_one_that_cannot_connect_keeps_no_other_waiting() -> None:
    with target_at("http://127.0.0.1:1") as target:
        answers = target.send_together([Request("POST", "/")] * 3)
    assert ["refused" in str(answer) for answer in answers] == [True] * 3


def test_one_of_several_may_stay_without_an_answer() -> None:
    with listening(sends(b"")) as (url, _), target_at(url) as target:
        (answer,) = target.send_together([Request("POST", "/")])
    assert isinstance(answer, Unanswered)


def test_lines_of_one_name_stay_apart_and_in_order() -> None:
    answer = b'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nContent-Length: 13\r\n\r\n{"token":"t"}'
    with listening(sends(answer)) as (url, received):
        seen = answer_of(f"{url}/v1", Request("POST", "/login", (("Content-Type", "application/json"),)))
    assert seen.json == {"token": "t"}
    assert seen.all("Set-Cookie") == ("a=1", "b=2")
    assert received[0].startswith(b"POST /v1/login HTTP/1.1\r\n")
    assert b"\r\nContent-Type: application/json\r\nContent-Length: 0\r\n" in received[0]


@contextmanager
def serving(*connections: tuple[bytes, ...]) -> Iterator[str]:
    """A server that has an answer for each request of each of its `connections` in turn, and closes them after the last one; gives its URL."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def serve() -> None:
            for answers in connections:
                connection, _ = server.accept()
                with connection:
                    connection.settimeout(10)
                    for answer in answers:
                        connection.recv(65536)
                        connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def statuses(url: str, *methods: str) -> list[int | str]:
    """The answers to a request of each of `methods` in turn: their status, or why there was none."""
    found: list[int | str] = []
    with target_at(url) as target:
        for method in methods:
            try:
                found.append(target.send(Request(method, "/")).status)
            except Unanswered as why:
                found.append(str(why))
    return found


def test_a_connection_is_used_again() -> None:
    with serving((OK, OK, b"HTTP/1.1 204 No Content\r\n\r\n")) as url:
        assert statuses(url, "GET", "POST", "GET") == [200, 200, 204]


@pytest.mark.parametrize(("method", "second"), [("GET", 200), ("POST", "the connection was closed without an answer")])
def test_a_safe_request_alone_is_sent_again_when_its_connection_ends(method: str, second: int | str) -> None:
    with serving((OK, b""), (OK,)) as url:
        assert statuses(url, "GET", method, *[] if second == 200 else ["GET"])[:2] == [200, second]


def test_what_may_not_be_sent_twice_gets_a_new_connection_where_connections_end_without_a_word() -> None:
    with serving((OK, b""), (OK, b""), (OK,)) as url:
        assert statuses(url, "GET", "GET", "POST") == [200, 200, 200]


def test_nothing_that_follows_an_answer_is_taken_for_the_next_one() -> None:
    with serving((OK + OK.replace(b"200", b"201"),), (OK,)) as url:
        assert statuses(url, "POST", "POST") == [200, 200]


def test_no_connection_is_kept_after_half_an_answer() -> None:
    with serving((b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab",), (OK,)) as url:
        first, second = statuses(url, "POST", "POST")
    assert "closed" in str(first)
    assert second == 200


def test_a_failure_is_told_without_the_request() -> None:
    with pytest.raises(Unanswered) as told:
        answer_of("http://127.0.0.1:1", Request("GET", "/", (("Authorization", "Bearer secret"),)))
    assert "refused" in str(told.value)
    assert "secret" not in str(told.value)


def test_a_file_that_holds_no_certificate_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("nothing", "utf-8")
    with pytest.raises(ProfileError, match="Mend: give a PEM file"):
        Target(Profile("https://api.example.test", ca=path))
