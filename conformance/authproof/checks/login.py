"""LOGIN: the first factor, and how it refuses. What malformed bodies do is in login_bodies."""

from __future__ import annotations

from collections.abc import Iterable

from authproof.checks.answers import accepted, does_not_decide, gives_no_cookie, refused, response_of, who_am_i_tells
from authproof.checks.appearance import alike
from authproof.checks.designs import refresh_token_in_a_cookie, refresh_tokens
from authproof.checks.registry import all_logins, check, first_logins
from authproof.evidence import Evidence, NotObserved
from authproof.exchange import Exchange
from authproof.tokens import access_token_in, given_cookies, refresh_token_in, where_access_tokens_are
from authproof.verdict import Judgement, Verdict, broken, met, undecided, untestable, worst
from authproof_spec import Application, Contract, Operation
from authproof_spec.contract import Login, Meaning

WRONG = ("login.wrong_secret", "mfa.wrong_secret")
NEAR = ("login.near_miss", "mfa.near_miss")
FOREIGN = "isolation.credentials"
"""An account of another application, which is unknown at this one."""
NOT_USED = untestable("The profile's account has not what this login asks for.")
_SHORTEST, _LEAST_UNLIKE = 22, 12
"""Characters that an opaque token has at least, and in how many of them two differ: 128 bits in base64, and a UUID with the time in it."""
_POWERS = frozenset({"sub", "aud", "scope", "scp", "role", "roles", "isAdmin", "permissions", "userId"})
"""Claims that would show power taken over from the request."""


def further_logins(contract: Contract) -> Iterable[Operation]:
    """Every login of every application but its first one."""
    return (login.operation for app in contract.applications.values() for login in app.logins[1:])


def login_of(seen: Evidence, operation: Operation) -> tuple[Application, Login]:
    """The login that `operation` is, and its application."""
    for application in seen.contract.applications.values():
        for login in application.logins:
            if login.operation is operation:
                return application, login
    raise NotObserved("The operation is no login.")


def another_is_used(seen: Evidence, operation: Operation) -> bool:
    """True when the application's account logs in elsewhere, and has not what this login asks for."""
    application, _ = login_of(seen, operation)
    used = [login.operation for login in application.logins for name in ("login.good", "login.other_route") if seen.all(name, login.operation)]
    return bool(used) and operation not in used


@check("LOGIN-01", on=all_logins, reads="logins")
def right_credentials_open_a_session(seen: Evidence, operation: Operation) -> Judgement:
    """A login with the right credentials gives an access token that works, and one refresh token."""
    application, _ = login_of(seen, operation)
    exchanges = [exchange for name in ("login.good", "login.other_route") for exchange in seen.all(name, operation)]
    if not exchanges:
        if operation is not application.logins[0].operation or another_is_used(seen, operation):
            return NOT_USED
        raise NotObserved("No login was answered.")
    exchange = exchanges[0]
    response = response_of(exchange)
    if not response.is_success:
        say = undecided if response.status == 429 else broken
        return say(f"The right credentials are answered {response.status}.", exchange)
    if access_token_in(application, exchange) is None:
        return broken(f"The answer has no access token {where_access_tokens_are(application)}.", exchange)
    if problem := _refresh_token_problem(application, exchange):
        return broken(problem, exchange)
    if application.identity and exchange.probe.name == "login.good":
        used = accepted(seen, seen.one("identity.control", application.identity.operation), "The new access token")
        if used.verdict is not Verdict.PASS:
            return used
    return met("The right credentials open a session.", exchange)


def _refresh_token_problem(application: Application, exchange: Exchange) -> str:
    """What is wrong with the way in which the answer gives the refresh token; empty when nothing is."""
    if application.cookie:
        count = len(given_cookies(response_of(exchange), application.cookie.name))
        return "" if count == 1 else f"The answer sets the cookie {application.cookie.name} {count} times; once is due."
    if application.refresh_body and refresh_token_in(application, exchange) is None:
        return f"The answer has no refresh token at {application.refresh_body.response}."
    return ""


@check("LOGIN-02", on=first_logins, reads=("wrong_secret", "refused_logins"))
def wrong_secret_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A wrong password is refused, without token or cookie."""
    return _all_refused(seen, operation, _wrong(seen, operation), "A wrong password")


@check("LOGIN-03", on=first_logins, reads=("foreign_credentials", "wrong_secret", "refused_logins"))
def unknown_account_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """An unknown account is refused."""
    return _all_refused(seen, operation, _unknown(seen, operation), "An unknown account")


@check("LOGIN-06", on=first_logins, reads=("disabled_logins", "refused_logins"))
def disabled_account_is_refused(seen: Evidence, operation: Operation) -> Judgement:
    """A disabled account cannot log in, by whichever login, with its right password. The document may have a 403 for it."""
    application, _ = login_of(seen, operation)
    places = [login.operation for login in application.logins if seen.all("login.disabled", login.operation)]
    return worst(*(_disabled(seen, place, operation) for place in places or [operation]))


def _disabled(seen: Evidence, place: Operation, operation: Operation) -> Judgement:
    tolerated = frozenset({403} if "403" in place.responses else ())
    what = "A disabled account with its right password" if place == operation else f"A disabled account at {place.name}"
    return _all_refused(seen, place, seen.all("login.disabled", place), what, tolerated)


@check("LOGIN-15", on=all_logins, reads=("logins", "wrong_secret", "refused_logins"))
def password_is_compared_exactly(seen: Evidence, operation: Operation) -> Judgement:
    """A password that is almost right is wrong (OWASP ASVS 5.0 6.2.8)."""
    _, login = login_of(seen, operation)
    if "password" not in login.credentials.values():
        return untestable("This login takes no password.")
    near = [exchange for name in NEAR for exchange in seen.all(name, operation)]
    if not near and another_is_used(seen, operation):
        return NOT_USED
    if not near:
        raise NotObserved("No password that is almost right was tried here.")
    return worst(*(_compared(exchange) for exchange in near))


def _compared(exchange: Exchange) -> Judgement:
    if response_of(exchange).is_success:
        return broken(f"A password is accepted with {exchange.probe.variant}.", exchange)
    if does_not_decide(exchange):
        return undecided(f"A password with {exchange.probe.variant} is answered {exchange.status}.", exchange)
    return met(f"A password with {exchange.probe.variant} is refused.", exchange)


@check("LOGIN-20", on=further_logins, reads=("logins", "wrong_secret", "refused_logins"))
def further_login_refuses_too(seen: Evidence, operation: Operation) -> Judgement:
    """Each further way to log in refuses a wrong secret, and an unknown account where it was tried."""
    sent = [*_wrong(seen, operation), *seen.all("login.unknown", operation)]
    return _all_refused(seen, operation, sent, "A wrong secret")


def _unknown(seen: Evidence, operation: Operation) -> tuple[Exchange, ...]:
    """The logins to unknown accounts; one of another application stands for them where it is refused like one, which APP-03 asks for."""
    _, login = login_of(seen, operation)
    foreign = (exchange for exchange in seen.all(FOREIGN, operation) if exchange.status == login.refusal)
    return seen.all("login.unknown", operation) or tuple(foreign)


def _wrong(seen: Evidence, operation: Operation) -> list[Exchange]:
    """The logins with a wrong secret: one that is nothing like the right one where that was sent, else one that is almost right."""
    nothing_like = [exchange for name in WRONG for exchange in seen.all(name, operation)]
    return nothing_like or [exchange for name in NEAR for exchange in seen.all(name, operation)]


def _all_refused(
    seen: Evidence, operation: Operation, exchanges: Iterable[Exchange], what: str, tolerated: frozenset[int] = frozenset()
) -> Judgement:
    application, login = login_of(seen, operation)
    judgements = [_refused(exchange, application, login, what, tolerated) for exchange in exchanges]
    if not judgements and another_is_used(seen, operation):
        return NOT_USED
    if not judgements:
        raise NotObserved(f"{what} was not tried here.")
    return worst(*judgements)


def _refused(exchange: Exchange, application: Application, login: Login, what: str, tolerated: frozenset[int]) -> Judgement:
    if access_token_in(application, exchange) is not None:
        return broken(f"{what} is given an access token.", exchange)
    return gives_no_cookie(exchange, application, refused(exchange, what, tolerated=tolerated, expected=login.refusal))


@check("LOGIN-04", on=first_logins, reads=("foreign_credentials", "disabled_logins", "wrong_secret", "refused_logins"))
def refusals_look_alike(seen: Evidence, operation: Operation) -> Judgement:
    """A wrong password, an unknown account and a disabled one cannot be told apart (CWE-204)."""
    _, login = login_of(seen, operation)
    refusals = refusals_of(seen, operation)
    if len(refusals) < 2:
        if another_is_used(seen, operation):
            return NOT_USED
        if refusals:
            return untestable("Only one kind of refusal was observed: for the others the profile has no account, or the budget no failed login.")
        raise NotObserved("No refusal was observed.")
    (first, one), *others = refusals.items()
    return worst(*(alike(login.credentials, one, other, f"The refusals of {first} and of {name}") for name, other in others))


def refusals_of(seen: Evidence, operation: Operation) -> dict[str, Exchange]:
    """One refusal of each kind at the login `operation`, by who was refused. Where the document has a status of its own for it, not a disabled account's."""
    _, login = login_of(seen, operation)
    kinds = {
        "a wrong password": ("login.wrong_secret", "login.near_miss", "mfa.wrong_secret", "mfa.near_miss"),
        "an unknown account": ("login.unknown", FOREIGN),
        "a disabled account": () if "403" in operation.responses else ("login.disabled",),
    }
    found: dict[str, Exchange] = {}
    for who, names in kinds.items():
        refusals = (exchange for name in names for exchange in seen.all(name, operation) if not _let_in(exchange, login))
        if exchange := next(refusals, None):
            found[who] = exchange
    return found


def _let_in(exchange: Exchange, login: Login) -> bool:
    """True for an answer that is no refusal of credentials, of which an account of another application may have one of its own."""
    return response_of(exchange).is_success or (exchange.probe.name == FOREIGN and exchange.status != login.refusal)


@check("LOGIN-12", on=first_logins, reads="login_sessions")
def extra_members_give_no_power(seen: Evidence, operation: Operation) -> Judgement:
    """Members that nobody asked for are refused or ignored: the token and the identity are those of a login without them (CWE-915)."""
    application, _ = login_of(seen, operation)
    exchange = seen.one("login.extra_members", operation)
    response = response_of(exchange)
    if does_not_decide(exchange):
        return undecided(f"A login with additional members is answered {response.status}.", exchange)
    if not response.is_success:
        return met(f"Additional members are refused with {response.status}.", exchange)
    return worst(_same_claims(seen, application, exchange, seen.one("login.good", operation)), _same_identity(seen, application))


def _same_claims(seen: Evidence, application: Application, exchange: Exchange, usual: Exchange) -> Judgement:
    telling = {Meaning.AUDIENCE, Meaning.ACCOUNT, Meaning.ISSUER}
    names = _POWERS | {name for name, meaning in seen.contract.tokens.claims.items() if meaning in telling}
    found, expected = (_claims(seen, application, one) for one in (exchange, usual))
    if changed := sorted(name for name in names if found.get(name) != expected.get(name)):
        return broken(f"Additional members change the token's claims: {', '.join(changed)}.", exchange, usual)
    return met("Additional members change no claim.", exchange) if found else untestable("The access token is opaque.")


def _same_identity(seen: Evidence, application: Application) -> Judgement:
    if application.identity is None:
        return untestable(f"The contract has no who-am-I operation for {application.name}.")
    exchange = seen.one("login.extra_identity", application.identity.operation)
    shown, usual = response_of(exchange), response_of(seen.one("identity.control", application.identity.operation))
    if not shown.is_success:
        return undecided(f"The who-am-I request was answered {exchange.status}.", exchange)
    if changed := sorted(name for name, place in application.identity.fields.items() if shown.at(place) != usual.at(place)):
        return broken(f"Additional members change who is logged in, or what they may do: {', '.join(changed)}.", exchange)
    return who_am_i_tells(seen, application, met("Additional members change nothing of the identity.", exchange))


def _claims(seen: Evidence, application: Application, exchange: Exchange) -> dict[str, object]:
    names = seen.tokens_in(access_token_in(application, exchange) or "")
    return dict(seen.facts[names[0]].claims or {}) if names else {}


@check("LOGIN-13", on=first_logins, reads="login_sessions", where=refresh_token_in_a_cookie)
def login_issues_a_cookie_of_its_own(seen: Evidence, operation: Operation) -> Judgement:
    """A login neither keeps the refresh cookie that came with it nor makes a made-up one good (CWE-384)."""
    application, _ = login_of(seen, operation)
    exchanges = [exchange for name in ("login.with_cookie", "login.extra_members") for exchange in seen.all(name, operation)]
    logins = [exchange for exchange in exchanges if response_of(exchange).is_success]
    if not logins:
        raise NotObserved("No login that brought a refresh cookie was successful.")
    for exchange in logins:
        sent = seen.tokens_in(" ".join(value for name, value in exchange.probe.request.headers if name == "Cookie"))
        given = seen.tokens_in(refresh_token_in(application, exchange) or "")
        if sent and (not given or given[0] in sent):
            return broken("A login that brings a refresh cookie is given no new one.", exchange)
    for exchange in seen.all("login.made_up_cookie", application.refresh) if application.refresh else ():
        if response_of(exchange).is_success:
            return broken("A made-up refresh cookie opens a session after a login that it came with.", *logins[:1], exchange)
        if exchange.status == 429 or exchange.status >= 500:
            return undecided(f"A refresh with the made-up cookie is answered {exchange.status}.", exchange)
    return met(f"Each of {len(logins)} logins that brought a refresh cookie is given a new one.", *logins)


@check("LOGIN-14", on=first_logins, reads=("logins", "refresh"), where=refresh_tokens)
def refresh_tokens_are_unrelated(seen: Evidence, operation: Operation) -> Judgement:
    """The refresh tokens of several logins differ, and opaque ones differ in most of many characters (CWE-330)."""
    application, _ = login_of(seen, operation)
    logins = [exchange for login in application.logins for exchange in seen.on(login.operation) if refresh_token_in(application, exchange)]
    tokens = [names[0] for exchange in logins if (names := seen.tokens_in(refresh_token_in(application, exchange) or ""))]
    if len(tokens) < 2:
        raise NotObserved("Fewer than two logins gave a refresh token.")
    if len(set(tokens)) < len(tokens):
        twice = next(name for name in tokens if tokens.count(name) > 1)
        return broken("Two logins gave the same refresh token.", *(one for one, name in zip(logins, tokens, strict=True) if name == twice))
    return guessing(seen, tokens, "refresh token", *logins[:2])


def guessing(seen: Evidence, names: Iterable[str], what: str, *exchanges: Exchange, shortest: int = _SHORTEST) -> Judgement:
    """Met unless the opaque ones of the secrets `names` are short, or much like one another. A signed one cannot be made from another."""
    opaque = [fact for fact in (seen.facts[name] for name in names) if fact.header is None]
    for fact in opaque:
        if fact.length < shortest:
            return broken(f"A {what} has {fact.length} characters, which can be guessed; {shortest} are the least.", *exchanges)
        if fact.unlike is not None and fact.unlike < _LEAST_UNLIKE:
            return broken(f"A {what} differs from an earlier one in {fact.unlike} characters alone.", *exchanges)
    return met(f"Each {what} is a new one, and nothing like another.", *exchanges)
