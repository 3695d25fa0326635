"""LOGIN: the first factor."""

from __future__ import annotations

import re

from authproof.checks.answers import accepted, gives_no_cookie, refused, response_of
from authproof.checks.registry import all_logins, check, first_logins
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange
from authproof.reading import set_cookies
from authproof.verdict import Judgement, broken, met, undecided, untestable, weak
from authproof_spec import Application, Operation
from authproof_spec.contract import Login


def _login(seen: Evidence, operation: Operation) -> tuple[Application, Login]:
    for application in seen.contract.applications.values():
        for login in application.logins:
            if login.operation is operation:
                return application, login
    raise NotObserved("The operation is no login.")


@check("LOGIN-01", on=all_logins, reads="logins")
def right_credentials_open_a_session(seen: Evidence, operation: Operation) -> Judgement:
    """A login with the right credentials gives an access token that works, and one refresh cookie."""
    application, _ = _login(seen, operation)
    exchanges = [exchange for name in ("login.good", "login.other_route") for exchange in seen.all(name, operation)]
    if not exchanges:
        if operation is not application.logins[0].operation:
            return untestable("The profile's account has not what this login asks for.")
        raise NotObserved("No login was answered.")
    exchange = exchanges[0]
    response = response_of(exchange)
    if not response.is_success:
        say = undecided if response.status == 429 else broken
        return say(f"The right credentials are answered {response.status}.", exchange)
    if not isinstance(response.at(application.access_token_field), str):
        return broken(f"The answer has no access token at {application.access_token_field}.", exchange)
    if application.cookie:
        cookies = [cookie for cookie in set_cookies(response, application.cookie.name) if not cookie.is_deletion and cookie.value]
        if len(cookies) != 1:
            return broken(f"The answer sets the cookie {application.cookie.name} {len(cookies)} times; once is due.", exchange)
    if application.identity and exchange.probe.name == "login.good":
        used = accepted(seen, seen.one("identity.control", application.identity.operation), "The new access token")
        if used.verdict.value != "pass":
            return used
    return met("The right credentials open a session.", exchange)


@check("LOGIN-02", on=first_logins, reads="logins")
def wrong_secret_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A wrong password is refused, without token or cookie."""
    return _refused(seen, operation, "login.wrong_secret", "A wrong password")


@check("LOGIN-03", on=first_logins, reads="logins")
def unknown_account_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """An unknown account is refused."""
    return _refused(seen, operation, "login.unknown", "An unknown account", "The budget of failed logins was used up, or the login names no person.")


@check("LOGIN-06", on=first_logins, reads="logins")
def disabled_account_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A disabled account cannot log in with its right password."""
    return _refused(seen, operation, "login.disabled", "A disabled account with its right password", "The profile has no disabled account here.")


def _refused(seen: Evidence, operation: Operation, probe: str, what: str, why_not: str = "") -> Judgement:
    application, login = _login(seen, operation)
    exchanges = seen.all(probe, operation)
    if not exchanges and why_not and ("logins", application.name) not in seen.outcomes:
        return untestable(why_not)
    exchange = seen.one(probe, operation)
    judgement = refused(exchange, what, expected=login.refusal)
    if isinstance(response_of(exchange).at(application.access_token_field), str):
        return broken(f"{what} is given an access token.", exchange)
    return gives_no_cookie(exchange, application, judgement)


@check("LOGIN-04", on=first_logins, reads=("logins", "foreign_credentials"))
def refusals_look_alike(seen: Evidence, operation: Operation) -> Judgement:
    """A wrong password, an unknown account and a disabled one cannot be told apart (CWE-204)."""
    exchanges = [exchange for name in _WHO for exchange in seen.all(name, operation)]
    # Whether an account of another application is let in is a question of its own.
    exchanges = [exchange for exchange in exchanges if exchange.probe.name != "isolation.credentials" or not response_of(exchange).is_success]
    if len(exchanges) < 2:
        raise NotObserved("Fewer than two refusals were observed.")
    if unclear := next((exchange for exchange in exchanges if exchange.status == 429 or exchange.status >= 500), None):
        return undecided(f"The answer {unclear.status} is none to the credentials.", unclear)
    first = _appearance(exchanges[0])
    for other in exchanges[1:]:
        if difference := _difference(first, _appearance(other)):
            return broken(
                f"The refusal of {_WHO[exchanges[0].probe.name]} and that of {_WHO[other.probe.name]} differ in {difference}.", exchanges[0], other
            )
    if not 400 <= exchanges[0].status < 500:
        return undecided(f"Each of them is answered {exchanges[0].status}, so there is no refusal to compare.", *exchanges)
    names = ", ".join(_WHO[exchange.probe.name] for exchange in exchanges)
    return met(f"The refusals look alike: {names}.", *exchanges)


_WHO = {
    "login.wrong_secret": "a wrong password",
    "login.unknown": "an unknown account",
    "login.disabled": "a disabled account",
    "isolation.credentials": "an account of another application",
}
_VARYING = re.compile(
    r"^(date|age|etag|x-ratelimit.*|.*request-id|.*trace.*|traceparent|ratelimit.*|retry-after|content-length|set-cookie|server-timing|cf-ray|via)$"
)
_VARIABLES = re.compile(r"\$\{[A-Z0-9_.]+\}|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}|\d{4}-\d\d-\d\dT[0-9:.]+Z?|\d{9,}")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")


def _appearance(exchange: Exchange) -> dict[str, object]:
    """What a client can tell one answer from another by, without what differs from answer to answer anyway."""
    response = response_of(exchange)
    text = response.body.decode("utf-8", "replace")
    fields = [(name.lower(), value) for name, value in response.headers]
    # A field of the server's own may hold what it likes, but whether it is there tells something.
    headers = sorted((name, "*" if name.startswith("x-") else value) for name, value in fields if not _VARYING.match(name))
    return {"status": response.status, "body": _ADDRESS.sub("ADDRESS", _VARIABLES.sub("*", text)), "headers": headers}


def _difference(one: dict[str, object], other: dict[str, object]) -> str:
    return " and ".join(part for part in one if one[part] != other[part])


@check("LOGIN-07", on=first_logins, reads="logins")
def missing_field_is_a_bad_request(seen: Evidence, operation: Operation) -> Judgement:
    """A missing field is answered 400 (or 422 where declared), not 401."""
    exchange = seen.one("login.empty", operation)
    status = exchange.status
    if status == 400 or (status == 422 and operation.response(422) is not None):
        return met(f"An empty object is answered {status}.", exchange)
    if status == 429:
        return undecided("The target limits requests (429).", exchange)
    if status == 415:
        return weak("An empty JSON object is answered 415.", exchange)
    return broken(f"An empty object is answered {status} where 400 is due.", exchange)
