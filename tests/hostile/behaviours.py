"""What servers do to their clients, by accident or on purpose: one function each."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from itertools import count

from tests.hostile.listener import Connection

FOREVER = 3600
TINY = 0.05
BOMB = gzip.compress(gzip.compress(bytes(400_000_000), 9), 9)


async def closes_after_accept(connection: Connection) -> None:
    connection.writer.close()


async def resets_in_mid_header(connection: Connection) -> None:
    await connection.send(b"HTTP/1.1 200 OK\r\nContent-Ty")
    connection.reset()


async def resets_in_mid_body(connection: Connection) -> None:
    await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    connection.reset()


async def never_answers(_: Connection) -> None:
    await asyncio.sleep(FOREVER)


async def sends_its_header_byte_by_byte(connection: Connection) -> None:
    for byte in b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}":
        await connection.send(bytes([byte]))
        await asyncio.sleep(TINY)


async def sends_its_body_byte_by_byte(connection: Connection) -> None:
    await connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n")
    for _ in range(9999):
        await connection.send(b" ")
        await asyncio.sleep(TINY)


async def never_ends_its_body(connection: Connection) -> None:
    await connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while True:
        await connection.send(bytes(65536))


async def never_ends_its_chunks(connection: Connection) -> None:
    await connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        await connection.send(b"10000\r\n" + bytes(65536) + b"\r\n")


async def never_ends_its_header(connection: Connection) -> None:
    await connection.send(b"HTTP/1.1 200 OK\r\n")
    for number in count():
        await connection.send(f"X-{number}: {'a' * 1000}\r\n".encode())


async def floods_with_1xx(connection: Connection) -> None:
    while True:
        await connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100)


async def switches_protocols(connection: Connection) -> None:
    await connection.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: nonsense\r\nConnection: Upgrade\r\n\r\n" + bytes(100))


async def packs_a_bomb(connection: Connection) -> None:
    await connection.answer("200 OK", BOMB, "Content-Encoding: gzip, gzip")


async def sends_a_megabyte_of_header(connection: Connection) -> None:
    await connection.answer("401 Unauthorized", b"{}", "X-Large: " + "a" * 1_000_000)


async def sets_a_thousand_cookies(connection: Connection) -> None:
    cookies = (f"Set-Cookie: it24a_refresh_token=value-{number}; Path=/api/admin/auth; HttpOnly; Secure; SameSite=Lax" for number in range(1000))
    await connection.answer("200 OK", b'{"accessToken": "a.b.c"}', *cookies)


async def nests_100_000_deep(connection: Connection) -> None:
    await connection.answer("200 OK", b"[" * 100_000 + b"]" * 100_000)


async def nests_objects_100_000_deep(connection: Connection) -> None:
    await connection.answer("401 Unauthorized", b'{"message":' * 100_000 + b"1" + b"}" * 100_000, "WWW-Authenticate: Bearer")


async def writes_endless_numbers(connection: Connection) -> None:
    await connection.answer("200 OK", b'{"accessToken": ' + b"9" * 100_000 + b', "x": 1e999, "y": NaN}')


async def promises_more_than_it_sends(connection: Connection) -> None:
    await connection.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{}")
    connection.writer.close()


async def sends_more_than_it_promises(connection: Connection) -> None:
    await connection.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n\r\n")


async def contradicts_its_length(connection: Connection) -> None:
    await connection.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}}")


async def counts_below_zero(connection: Connection) -> None:
    await connection.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: -1\r\n\r\n{}")


async def sends_garbage_for_chunks(connection: Connection) -> None:
    await connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")


async def sends_garbage(connection: Connection) -> None:
    await connection.send(bytes(range(256)) * 10)


async def speaks_http_1_0(connection: Connection) -> None:
    await connection.send(b'HTTP/1.0 401 Unauthorized\r\nContent-Type: application/json\r\nWWW-Authenticate: Bearer\r\n\r\n{"message": "no"}')
    connection.writer.close()


async def closes_each_connection(connection: Connection) -> None:
    await connection.answer("401 Unauthorized", b'{"message": "no"}', "WWW-Authenticate: Bearer", "Connection: close")
    connection.writer.close()


async def closes_without_a_word(connection: Connection) -> None:
    await connection.answer("401 Unauthorized", b'{"message": "no"}', "WWW-Authenticate: Bearer")
    connection.writer.close()


async def writes_no_utf8(connection: Connection) -> None:
    await connection.send(
        b'HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json; charset=\xff\r\nWWW-Authenticate: Bearer realm="\xff\xfe\xc3"\r\n'
        b"Set-Cookie: it24a_refresh_token=\xff\xfe\r\nContent-Length: 20\r\n\r\n" + b'{"message": "\xff\xfe\xc3(\xf0"}'
    )


async def answers_with_a_page(connection: Connection) -> None:
    await connection.answer("200 OK", b"<!doctype html><title>Our app</title><script>start()</script>", kind="text/html")


async def agrees_to_everything(connection: Connection) -> None:
    await connection.answer("200 OK", b"{}")


async def gives_tokens_for_everything(connection: Connection) -> None:
    cookie = "Set-Cookie: it24a_refresh_token=refresh-token-of-everybody; Path=/api/admin/auth; HttpOnly; Secure; SameSite=Lax; Max-Age=86400"
    await connection.answer("200 OK", b'{"accessToken": "access-token-of-everybody", "profile": {"id": 1}}', cookie, "Cache-Control: no-store")


async def gives_a_token_of_a_megabyte(connection: Connection) -> None:
    await connection.answer("200 OK", b'{"accessToken": "' + b"a" * 1_000_000 + b'"}')


async def gives_an_absurd_token(connection: Connection) -> None:
    header = {"alg": ["HS256"], "kid": {"a": None}, "typ": 1, "jwk": "x"}
    claims = {"exp": "soon", "iat": 10**400, "aud": {"a": []}, "iss": None, "jti": [[]], "sub": {}, "userId": "\ud800"}
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims))
    token = ".".join([*parts, "AA"])
    cookie = f"Set-Cookie: it24a_refresh_token={token}; Path=\udc80; Max-Age={'9' * 5000}; Expires=Fri, 99 Foo 99999 99:99:99 GMT; Domain=..;;;=;"
    await connection.answer("200 OK", json.dumps({"accessToken": token, "challenge": [1]}).encode(), cookie.encode("utf-8", "replace").decode())


async def gives_half_characters(connection: Connection) -> None:
    half = "half-\ud800-of-a-character"
    record = {"id": half, "name": half, "token": half, "permissions": [half]}
    body = {"accessToken": "a.b.c", "profile": record, "challenge": {"challengeId": half}, "data": [record], "jwt": "whole-token", half: half}
    cookie = "Set-Cookie: it24a_refresh_token=refresh-token-of-everybody; Path=/api/admin/auth; HttpOnly; Secure; SameSite=Lax; Max-Age=86400"
    await connection.answer("200 OK", json.dumps({**body, "device": record, "record": record}).encode(), cookie)


async def gives_half_a_token(connection: Connection) -> None:
    await connection.answer("200 OK", json.dumps({"accessToken": "half-\ud800-of-a-token", "jwt": "\udfff"}).encode())


async def answers_in_other_types(connection: Connection) -> None:
    body = {"accessToken": {"a": 1}, "challenge": {"challengeId": 7, "provider": []}, "devices": 1, "jwt": [], "token": 0, "data": "x", "meta": []}
    await connection.answer("200 OK", json.dumps(body).encode())


async def repeats_what_it_is_sent(connection: Connection) -> None:
    await connection.answer("401 Unauthorized", json.dumps({"message": (connection.head + connection.body).decode("latin-1")}).encode())


async def is_out_of_order(connection: Connection) -> None:
    await connection.answer("503 Service Unavailable", b'{"message": "later"}', "Retry-After: 1")


async def limits_for_ever(connection: Connection) -> None:
    await connection.answer("429 Too Many Requests", b'{"message": "slow down"}')


async def limits_and_asks_back_at_once(connection: Connection) -> None:
    await connection.answer("429 Too Many Requests", b'{"message": "slow down"}', "Retry-After: 0")


async def limits_for_a_day(connection: Connection) -> None:
    await connection.answer("429 Too Many Requests", b'{"message": "slow down"}', "Retry-After: 86400")


async def limits_for_nonsense(connection: Connection) -> None:
    await connection.answer("429 Too Many Requests", b'{"message": "slow down"}', "Retry-After: Fri, 99 Foo 99999", "Date: yesterday")


async def redirects_for_ever(connection: Connection) -> None:
    await connection.answer("307 Temporary Redirect", b"", f"Location: {connection.path}")


async def redirects_elsewhere(connection: Connection) -> None:
    await connection.answer("307 Temporary Redirect", b"", f"Location: {connection.elsewhere}/take", f"Refresh: 0; url={connection.elsewhere}/take")


async def logs_in_and_redirects_elsewhere(connection: Connection) -> None:
    if "login" in connection.path.partition("?")[0]:
        await gives_tokens_for_everything(connection)
    else:
        await redirects_elsewhere(connection)


async def logs_in_and_hangs(connection: Connection) -> None:
    if "login" in connection.path.partition("?")[0]:
        await gives_tokens_for_everything(connection)
    else:
        await never_answers(connection)


async def has_a_status_of_its_own(connection: Connection) -> None:
    await connection.answer("999 \xff", b"{}")


async def has_no_status(connection: Connection) -> None:
    await connection.send(b"HTTP/1.1 abc OK\r\n\r\n")
