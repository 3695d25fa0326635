"""The only place that talks to the network."""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import urlsplit

import httpx

from authproof.exchange import Request, Response
from authproof.profile import Profile, ProfileError

_MAXIMUM_BODY = 2_000_000


class Unanswered(Exception):
    """No usable answer came; the message says why, and holds nothing of the request."""


class Target:
    """The target's origin. Nothing is ever sent anywhere else: redirects, proxies and netrc are not followed.

    Responses are cut off after 2 MB, and after the profile's timeout in all.
    """

    def __init__(self, profile: Profile, transport: httpx.BaseTransport | None = None) -> None:
        """Open the target of `profile`. Raises ProfileError when its CA file cannot be used."""
        parts = urlsplit(profile.url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._prefix = parts.path
        self._timeout = profile.timeout
        self._client = httpx.Client(
            verify=_trust(profile),
            follow_redirects=False,
            trust_env=False,
            timeout=profile.timeout,
            transport=transport,
            limits=httpx.Limits(max_connections=16, max_keepalive_connections=8, keepalive_expiry=30),
        )
        self._client.headers.clear()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def send(self, request: Request) -> Response:
        """Send `request` and read its answer. Raises Unanswered when there is none."""
        deadline = time.monotonic() + self._timeout
        try:
            url = httpx.URL(self._origin).copy_with(raw_path=(self._prefix + request.target).encode("latin-1", "replace"))
            headers = [(name.encode("latin-1"), value.encode("utf-8", "surrogateescape")) for name, value in request.headers]
            with self._client.stream(request.method, url, headers=headers, content=request.body) as answer:
                body = b""
                for chunk in answer.iter_raw():
                    body += chunk
                    if len(body) > _MAXIMUM_BODY:
                        raise Unanswered(f"the body did not end after {_MAXIMUM_BODY} bytes")
                    if time.monotonic() > deadline:
                        raise Unanswered(f"the answer was not complete after {self._timeout:g} seconds")
                fields = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw)
                return Response(answer.status_code, fields, body)
        except httpx.TimeoutException as error:
            raise Unanswered(f"nothing came within {self._timeout:g} seconds") from error
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, UnicodeError, OSError) as error:
            raise Unanswered(_words(error)) from error

    def send_together(self, requests: Sequence[Request]) -> list[Response | Unanswered]:
        """Send all `requests` at the same moment, each on a connection of its own."""
        gate = Barrier(len(requests))

        def one(request: Request) -> Response | Unanswered:
            gate.wait()
            try:
                return self.send(request)
            except Unanswered as why:
                return why

        with ThreadPoolExecutor(len(requests)) as pool:
            return list(pool.map(one, requests))


def _trust(profile: Profile) -> ssl.SSLContext | bool:
    if profile.ca is None:
        return profile.verify
    try:
        return ssl.create_default_context(cafile=str(profile.ca))
    except (OSError, ssl.SSLError) as error:
        raise ProfileError(f"{profile.ca} cannot be used as a list of certificate authorities. Mend: give a PEM file.") from error


def _words(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text[0].lower() + text[1:] if text[:1].isupper() and text[1:2].islower() else text
