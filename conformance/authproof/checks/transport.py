"""TRANSPORT: how clients reach the API, and what may be overheard on the way."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from authproof.checks.answers import response_of
from authproof.checks.registry import EVERYTHING, check, identities, whole_api
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange, Handshake, Response
from authproof.reading import bearer_challenge
from authproof.verdict import Judgement, broken, met, undecided, untestable, weak
from authproof_spec import Operation

YEAR = 31_536_000
"""Seconds."""
_MOST_DIGITS = 18
"""More than any time in seconds has, and few enough to be read."""
_MAX_AGE = re.compile(r'^\s*max-age\s*=\s*"?([0-9]+)"?\s*$', re.IGNORECASE)


def _handshake(seen: Evidence, offered: str | None) -> Handshake:
    for handshake in seen.handshakes:
        if handshake.offered == offered:
            return handshake
    raise NotObserved("No TLS handshake was tried.")


@check("TRANSPORT-01", on=whole_api, reads="transport")
def tls_stands_up_to_verification(seen: Evidence, operation: Operation) -> Judgement:  # noqa: ARG001  # it is asked of the whole API
    """The API is reached over TLS, with a certificate that is valid for its host (RFC 6750 section 5.3)."""
    handshake = _handshake(seen, None)
    if handshake.agreed:
        return met(f"{handshake.agreed} with a certificate that stands up to verification.")
    if urlsplit(seen.url).scheme != "https":
        return broken("The API is reached over plain http, where everybody on the way reads the tokens.")
    if not handshake.is_answer:
        return undecided(f"The handshake failed: {handshake.failure}.")
    return broken(f"A client that verifies the certificate does not connect: {handshake.failure}.")


def _plain(seen: Evidence) -> Exchange:
    if urlsplit(seen.url).scheme != "https":
        raise NotObserved("The target is reached over plain http by its own URL.")
    for exchange in seen.exchanges:
        if exchange.probe.name == "transport.plain":
            return exchange
    raise NotObserved("Nothing was asked over plain http.")


@check("TRANSPORT-02", on=whole_api, reads="transport")
def nothing_is_served_without_tls(seen: Evidence, operation: Operation) -> Judgement:  # noqa: ARG001  # it is asked of the whole API
    """Plain http is refused, or redirected to https (OWASP ASVS 4.1.2)."""
    exchange = _plain(seen)
    response = exchange.response
    if response is None:
        return met(f"Plain http is not answered ({exchange.failure}).", exchange)
    status = response.status
    location = response.first("location") or ""
    if 300 <= status < 400 and location.lower().startswith("https://"):
        return weak(
            "Plain http is redirected to https; a client that follows has sent its token in clear by then. To refuse it shows the mistake.", exchange
        )
    if bearer_challenge(response) or (response.is_success and response.is_json):
        return broken(f"The application answers {status} over plain http.", exchange)
    if response.is_success or status in {401, 429} or 300 <= status < 400 or status >= 500:
        return undecided(f"Plain http is answered {status}, perhaps by another service.", exchange)
    return met(f"Plain http is refused: answered {status}.", exchange)


@check("TRANSPORT-03", on=identities, reads="transport")
def browsers_are_told_to_use_tls(seen: Evidence, operation: Operation) -> Judgement:
    """Strict-Transport-Security is on every answer over https, for a year or more (RFC 6797 section 7.1)."""
    parts = urlsplit(seen.url)
    if parts.scheme != "https":
        return untestable("The target is asked over plain http, where the field has no place.")
    if not _is_name(parts.hostname or ""):
        return untestable("The host is an address or localhost, for which browsers ignore the field (RFC 6797 section 8.1.1).")
    answers = [exchange for exchange in seen.on(operation) if exchange.status < 500 and exchange.status != 429]
    if not answers:
        raise NotObserved("The operation was not answered.")
    ages = [(_max_age(response_of(exchange)), exchange) for exchange in answers]
    for age, exchange in ages:
        if not age:
            what = "says that browsers may forget it" if age == 0 else "has no Strict-Transport-Security with a max-age"
            return broken(f"The answer {exchange.status} {what}.", exchange)
    age, exchange = min(ages, key=lambda pair: pair[0] or 0)
    if (age or 0) < YEAR:
        return weak(f"Strict-Transport-Security ends after {age} seconds; a year is {YEAR}.", exchange)
    return met(f"{len(answers)} answers have Strict-Transport-Security.", exchange)


def _is_name(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host != "localhost" and not host.endswith(".localhost")
    return False


def _max_age(response: Response) -> int | None:
    """Seconds of the first Strict-Transport-Security, which is the one that counts (RFC 6797 section 8.1); None when it has none."""
    line = response.first("strict-transport-security") or ""
    return next((int(found.group(1)[:_MOST_DIGITS]) for part in line.split(";") if (found := _MAX_AGE.match(part))), None)


@check("TRANSPORT-04", on=whole_api, reads="transport")
def plain_http_promises_nothing(seen: Evidence, operation: Operation) -> Judgement:  # noqa: ARG001  # it is asked of the whole API
    """Strict-Transport-Security has no place in an answer without TLS (RFC 6797 section 7.2)."""
    exchange = _plain(seen)
    if exchange.response is None:
        return met(f"Plain http is not answered ({exchange.failure}).", exchange)
    if exchange.response.all("strict-transport-security"):
        return weak("An answer over plain http has Strict-Transport-Security, which browsers ignore there.", exchange)
    return met("The answer over plain http has no Strict-Transport-Security.", exchange)


@check("TRANSPORT-05", on=whole_api, reads="transport")
def old_versions_of_tls_are_not_offered(seen: Evidence, operation: Operation) -> Judgement:  # noqa: ARG001  # it is asked of the whole API
    """TLS 1.2 or later works, and nothing earlier does (RFC 8996)."""
    if urlsplit(seen.url).scheme != "https":
        raise NotObserved("The target is reached over plain http by its own URL.")
    tried = [handshake for handshake in seen.handshakes if handshake.offered]
    if not tried or not seen.answered:
        raise NotObserved("No handshake with an old version was tried, or nothing was answered over a new one.")
    agreed = [handshake for handshake in tried if handshake.agreed]
    if agreed:
        return broken(f"The target agrees to {', '.join(str(handshake.agreed) for handshake in agreed)}.")
    unclear = [handshake for handshake in tried if not handshake.is_answer]
    if unclear:
        return undecided(f"{unclear[0].offered} could not be tried: {unclear[0].failure}.")
    return met(f"The target refuses {', '.join(str(handshake.offered) for handshake in tried)}; later versions work.")


@check("TRANSPORT-06", on=whole_api, reads=EVERYTHING)
def no_location_has_a_secret(seen: Evidence, operation: Operation) -> Judgement:  # noqa: ARG001  # it is asked of the whole API
    """No Location carries a token, password or code: URLs are kept in histories and logs (RFC 6750 section 5.3)."""
    if not seen.answered:
        raise NotObserved("Nothing was answered.")
    found = [exchange for exchange in seen.answered if response_of(exchange).all("location")]
    for exchange in found:
        if names := seen.tokens_in(" ".join(response_of(exchange).all("location"))):
            return broken(f"The Location of an answer {exchange.status} has a secret ({seen.facts[names[0]].kind.replace('_', ' ')}).", exchange)
    return met(f"{len(found)} of {len(seen.answered)} answers have a Location, and none has a secret in it.", *found[:1])


@check("TRANSPORT-07", on=whole_api, reads=EVERYTHING)
def media_types_are_not_guessed(seen: Evidence, operation: Operation) -> Judgement:  # noqa: ARG001  # it is asked of the whole API
    """JSON answers are marked nosniff (OWASP ASVS 3.4.4)."""
    answers = [exchange for exchange in seen.answered if response_of(exchange).is_json]
    if not answers:
        raise NotObserved("No answer was JSON.")
    bare = [exchange for exchange in answers if "nosniff" not in (response_of(exchange).first("x-content-type-options") or "").lower()]
    if bare:
        return broken(f"{len(bare)} of {len(answers)} JSON answers have no X-Content-Type-Options: nosniff.", bare[0])
    return met(f"All {len(answers)} JSON answers have X-Content-Type-Options: nosniff.", answers[0])
