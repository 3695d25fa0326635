"""A target in this process: requests go to a transport in place of sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx

from authproof.exchange import Request, Response

Message = tuple[Request, bytes, list[tuple[bytes, bytes]]]
"""A request, its target and its header fields as they would be written."""


class InProcess:
    """Sends through an httpx transport, such as httpx.ASGITransport."""

    def __init__(self, transport: httpx.AsyncBaseTransport, origin: str, timeout: float) -> None:
        self._transport = transport
        self._origin = httpx.URL(origin)
        self._timeout = timeout
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        """Close the transport."""
        if not self._loop.is_closed():
            self._loop.run_until_complete(self._transport.aclose())
            self._loop.close()

    def send_together(self, messages: Sequence[Message]) -> list[Response | Exception]:
        """Send all `messages` at the same moment: the answer of each, or what came in its place."""

        async def all_of_them() -> list[Response | Exception]:
            return await asyncio.gather(*(self._outcome(message) for message in messages))

        return self._loop.run_until_complete(all_of_them())

    async def _outcome(self, message: Message) -> Response | Exception:
        try:
            async with asyncio.timeout(self._timeout):
                return await self._send(*message)
        except (httpx.HTTPError, OSError, ValueError) as error:
            return error

    def _url(self, target: bytes) -> httpx.URL:
        try:
            return self._origin.copy_with(raw_path=target)
        except httpx.InvalidURL:
            return self._origin

    async def _send(self, request: Request, target: bytes, fields: list[tuple[bytes, bytes]]) -> Response:
        message = httpx.Request(request.method, self._url(target), headers=fields, stream=httpx.ByteStream(request.body or b""))
        # The URL is in httpx's normal form; this is what would be written.
        message.extensions = {"target": target}
        answer = await self._transport.handle_async_request(message)
        try:
            body = await answer.aread()
        finally:
            await answer.aclose()
        return Response(answer.status_code, tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw), body)
