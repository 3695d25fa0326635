"""The reference model: which answers to a sequence of steps the contract allows. Pure; it sees neither tokens nor network nor clock.

Where a contract or a standard leaves a choice, every answer is right and the model follows it: what it then does not know is *unsure*,
and about that nothing is demanded until an answer tells. So much is left open:

- an access token may end with its session or live until it expires, and it may end when the next one is given (RFC 7009 section 2.1);
- a login may end the account's earlier sessions;
- within a declared grace the token just replaced may be answered, with the same successor or another, as long as no successor was used;
- a logout with a token that is used, expired or unsure may end the session or not (RFC 7009 section 2.2);
- a personal access token whose expiry lies within a day may have been rounded to the end of that day.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from authproof_spec.contract import Application, Contract

MARGIN = 15.0
"""Seconds around an end in which either answer is right: requests take time, and dates are cut to whole seconds."""
DAY = 86400.0
AccountKey = tuple[str, str]
"""The application and the part of an account."""


class Outcome(StrEnum):
    """What an answer means. `failed` is an error of the application itself; `undecided` may come from elsewhere, or is no answer."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    FAILED = "failed"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as the model sees it.

    person: the account's id that a who-am-I answer names; None when the contract has no place for it.
    gives_tokens, gives_refresh: it has an access token, and a refresh token.
    known_refresh: the number of the grant that gave this very refresh token before.
    """

    outcome: Outcome
    status: int = 0
    person: str | None = None
    gives_tokens: bool = False
    gives_refresh: bool = False
    known_refresh: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """An answer that the contract does not allow: what was expected and seen, and the requirement that it breaks."""

    requirement: str
    expected: str
    seen: str


@dataclass(frozen=True, slots=True)
class Due:
    """What an answer has to be. accept: None when either is right; requirement, why: what another answer would break."""

    accept: bool | None
    requirement: str = "ERR-07"
    why: str = "an answer that is no server error"


ANYTHING = Due(None)


class Standing(StrEnum):
    """What is known of a session."""

    LIVE = "live"
    UNSURE = "unsure"
    LOGGED_OUT = "logged out"
    REVOKED = "revoked"

    @property
    def is_over(self) -> bool:
        """True when no refresh token of the session may work any more."""
        return self in {Standing.LOGGED_OUT, Standing.REVOKED}


@dataclass(slots=True, eq=False)
class Family:
    """A login and what descends from it. blame: the requirement that its unexpected end would break; by_ancestor: an older token revoked it."""

    account: AccountKey
    standing: Standing = Standing.LIVE
    blame: str | None = None
    by_ancestor: bool = False
    tokens: list[RefreshToken] = field(default_factory=list)
    newest: Grant | None = None


@dataclass(slots=True, eq=False)
class RefreshToken:
    """A refresh token. used_at: when it was traded first; sure: it is known to be the current one as long as it is unused."""

    ends: float | None
    used_at: float | None = None
    sure: bool = True
    children: list[RefreshToken] = field(default_factory=list)

    @property
    def is_ancestor(self) -> bool:
        """True when one of its successors was used: no grace covers it."""
        return any(child.used_at is not None for child in self.children)


@dataclass(slots=True, eq=False)
class Grant:
    """The tokens of one login or refresh. access_ends: when the access token expires."""

    family: Family
    access_ends: float | None
    refresh: RefreshToken | None
    by_refresh: bool


@dataclass(slots=True, eq=False)
class Personal:
    """A personal access token. sure: its state is known; revoked: then it is dead."""

    account: AccountKey
    ends: float
    revoked: bool = False
    sure: bool = True
    blame: str | None = None


class Model:
    """What is known of the target. Each method takes what a step did and the answer, updates what is known, and gives what was wrong.

    `now` is the target's time in seconds since any fixed moment. Grants and personal access tokens are numbered from 1.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._skew = contract.tokens.clock_skew
        self._persons: dict[AccountKey, str] = {}
        self.families: list[Family] = []
        self.grants: list[Grant] = []
        self.personals: list[Personal] = []

    # Sessions

    def log_in(self, account: AccountKey, answer: Answer, now: float) -> Finding | None:
        """A login. Whether credentials are taken is no matter of sequences, so only a server error is wrong."""
        if answer.outcome is Outcome.ACCEPTED and answer.gives_tokens:
            for family in self.families:
                if family.account == account and not family.standing.is_over:
                    family.standing = Standing.UNSURE
            family = Family(account)
            self.families.append(family)
            self._grant(family, self._new_token(family, now) if answer.gives_refresh else None, now, by_refresh=False)
        return _compare(ANYTHING, answer)

    def due_of_refresh(self, number: int, application: str, now: float) -> Due:  # noqa: PLR0911  # a table, read from the top
        """What a refresh at `application` with the refresh token of the grant has to be answered."""
        grant = self.grants[number - 1]
        family, token = grant.family, grant.refresh
        if token is None:
            return ANYTHING
        if application != family.account[0]:
            return _refused("REFRESH-13", "a refusal: the refresh token is another application's")
        if family.standing.is_over:
            return _due_of_ended(family, token)
        if self._is_over(token.ends, now):
            return _refused("REFRESH-14", "a refusal: the refresh token has expired")
        if token.used_at is not None:
            if self._may_be_in_grace(token, application, now):
                return ANYTHING
            identifier = "REFRESH-05" if token.is_ancestor else "REFRESH-03"
            return _refused(identifier, "a refusal: the refresh token was used before")
        if family.standing is Standing.LIVE and token.sure and self._is_alive(token.ends, now):
            return _accepted(family.blame or "REFRESH-01", "new tokens: it is the current refresh token of a live session")
        return ANYTHING

    def refresh(self, number: int, application: str, answer: Answer, now: float) -> Finding | None:
        """A refresh at `application` with the refresh token of the grant `number`."""
        due = self.due_of_refresh(number, application, now)
        grant = self.grants[number - 1]
        family, token = grant.family, grant.refresh
        if (finding := _compare(due, answer)) or token is None or application != family.account[0]:
            return finding
        match answer.outcome:
            case Outcome.ACCEPTED:
                return self._rotated(family, token, answer, now)
            case Outcome.REFUSED if token.used_at is not None and due.accept is False:
                self._reused(family, token, now)
            case _ if not family.standing.is_over:
                family.standing = Standing.UNSURE
        return None

    def _rotated(self, family: Family, token: RefreshToken, answer: Answer, now: float) -> Finding | None:
        repeated = token.used_at is not None
        known = self.grants[answer.known_refresh - 1].refresh if answer.known_refresh else None
        if not answer.gives_tokens:
            return Finding("REFRESH-01", "a new access token", f"the answer {answer.status} gives none")
        if not answer.gives_refresh or (known and not (repeated and known in token.children)):
            what = "the refresh token of an earlier answer" if answer.gives_refresh else "no refresh token"
            return Finding("REFRESH-02", "a new refresh token", f"the answer {answer.status} gives {what}")
        for other in family.tokens:
            other.sure = False
        token.used_at = now if token.used_at is None else token.used_at
        child = known or self._new_token(family, now)
        if known is None:
            token.children.append(child)
        child.sure = True
        family.standing, family.blame = Standing.LIVE, None
        self._grant(family, child, now, by_refresh=True)
        return None

    def _reused(self, family: Family, token: RefreshToken, now: float) -> None:
        """A used token came back and was refused: its family is over, and with it what the contract says."""
        application = self._contract.applications[family.account[0]]
        was_over = family.standing.is_over
        if not was_over:
            # A token that has expired need not be recognised as a used one.
            known = self._is_alive(token.ends, now)
            family.standing = Standing.REVOKED if known else Standing.UNSURE
            family.by_ancestor = token.is_ancestor
        for other in self.families:
            if other is family or other.standing.is_over:
                continue
            if not application.rotation.revokes_account:
                other.blame = "REFRESH-06"
            elif other.account == family.account and not was_over and family.standing is Standing.REVOKED:
                other.standing = Standing.REVOKED
            else:
                other.standing = Standing.UNSURE

    def due_of_log_out(self, number: int, application: Application) -> Due:
        """What a logout at `application` with the refresh token of the grant has to be answered."""
        grant = self.grants[number - 1]
        if application.logout is None or application.logout.is_protected:
            # It asks for an access token too, which may be over.
            return ANYTHING
        if application.name != grant.family.account[0] or (grant.refresh and grant.refresh.used_at is not None):
            return _accepted("LOGOUT-05", "a success, as for any useless refresh token")
        if grant.family.standing is Standing.LOGGED_OUT:
            return _accepted("LOGOUT-04", "a success, as before")
        return _accepted("LOGOUT-01", "a success")

    def log_out(self, number: int, application: Application, answer: Answer, now: float) -> Finding | None:
        """A logout at `application` with the refresh token of the grant `number`."""
        grant = self.grants[number - 1]
        family, token = grant.family, grant.refresh
        finding = _compare(self.due_of_log_out(number, application), answer)
        if finding or token is None:
            return finding
        at_home = application.name == family.account[0]
        if at_home and not family.standing.is_over:
            is_current = token.used_at is None and token.sure and self._is_alive(token.ends, now)
            family.standing = Standing.LOGGED_OUT if is_current and answer.outcome is Outcome.ACCEPTED else Standing.UNSURE
        for other in self.families:
            if other is not family or not at_home:
                other.blame = "LOGOUT-07" if other.account[0] == application.name else "LOGOUT-10"
        for personal in self.personals:
            personal.blame = "PAT-21"
        return None

    def due_of_access(self, number: int, application: str, now: float, *, plain: str) -> Due:
        """What a call at `application` with the access token of the grant has to be answered; `plain`: the requirement without further cause."""
        grant = self.grants[number - 1]
        family = grant.family
        if application != family.account[0]:
            return _refused("APP-01", "a refusal: the access token is another application's")
        if self._is_over(grant.access_ends, now):
            return _refused("JWT-34", "a refusal: the access token has expired")
        if family.standing is Standing.LIVE and family.newest is grant and self._is_alive(grant.access_ends, now):
            return _accepted(family.blame or plain, "a success: it is the newest access token of a live session")
        return ANYTHING

    def who_am_i(self, number: int, application: str, answer: Answer, now: float) -> Finding | None:
        """Who-am-I at `application` with the access token of the grant `number`."""
        grant = self.grants[number - 1]
        plain = "REFRESH-01" if grant.by_refresh else "LOGIN-01"
        due = self.due_of_access(number, application, now, plain=plain)
        return _compare(due, answer) or self._recognised(grant.family.account, answer, "REFRESH-22" if grant.by_refresh else "LOGIN-01")

    # Personal access tokens

    def create_token(self, number: int, answer: Answer, now: float, ends: float) -> Finding | None:
        """The creation of a personal access token that `ends` then, with the access token of the grant `number`."""
        account = self.grants[number - 1].family.account
        due = self.due_of_access(number, account[0], now, plain="PAT-01")
        if answer.outcome is Outcome.REFUSED and answer.status != 401:
            # The account may lack the permission, or have as many tokens as it may.
            due = ANYTHING
        if answer.outcome is Outcome.ACCEPTED and answer.gives_tokens:
            self.personals.append(Personal(account, ends))
        return _compare(due, answer)

    def due_of_use(self, number: int, application: str, now: float) -> Due:
        """What who-am-I at `application` with the personal access token has to be answered."""
        personal = self.personals[number - 1]
        if application != personal.account[0]:
            return _refused("PAT-22", "a refusal: the personal access token is another application's")
        if personal.revoked:
            return _refused("PAT-07", "a refusal: the personal access token is revoked")
        if self._is_over(personal.ends + DAY, now):
            return _refused("PAT-06", "a refusal: the personal access token has expired")
        if personal.sure and self._is_alive(personal.ends, now):
            return _accepted(personal.blame or "PAT-03", "a success: the personal access token is neither revoked nor expired")
        return ANYTHING

    def use_token(self, number: int, application: str, answer: Answer, now: float) -> Finding | None:
        """Who-am-I at `application` with the personal access token `number`."""
        due = self.due_of_use(number, application, now)
        return _compare(due, answer) or self._recognised(self.personals[number - 1].account, answer, "PAT-03")

    def trade_token(self, answer: Answer) -> Finding | None:
        """A refresh with a personal access token in the place of the refresh token."""
        return _compare(_refused("PAT-14", "a refusal: a personal access token is no refresh token"), answer)

    def due_of_revocation(self, number: int, grant: int, now: float) -> Due:
        """What the revocation of the personal access token with the access token of the grant has to be answered."""
        personal, account = self.personals[number - 1], self.grants[grant - 1].family.account
        due = self.due_of_access(grant, personal.account[0], now, plain="PAT-07")
        if due.accept is False:
            return due
        if account != personal.account:
            return _refused("AUTHZ-05", "a refusal: the personal access token is another user's")
        if personal.revoked or not personal.sure or not self._is_alive(personal.ends, now):
            return Due(None, "PAT-08", "an answer that is no server error: to revoke a token again does no harm")
        return due

    def revoke_token(self, number: int, grant: int, answer: Answer, now: float) -> Finding | None:
        """The revocation of the personal access token `number` with the access token of the grant `grant`."""
        personal, account = self.personals[number - 1], self.grants[grant - 1].family.account
        finding = _compare(self.due_of_revocation(number, grant, now), answer)
        if account != personal.account:
            personal.blame = "AUTHZ-05"
        elif answer.outcome is Outcome.ACCEPTED:
            personal.revoked = True
        elif answer.outcome is not Outcome.REFUSED:
            personal.sure = False
        return finding

    # What all of them share

    def numbers_of(self, family: Family) -> list[int]:
        """The numbers of the family's grants, oldest first."""
        return [number for number, grant in enumerate(self.grants, 1) if grant.family is family]

    def newest_of(self, family: Family) -> int:
        """The number of the family's newest grant."""
        return self.numbers_of(family)[-1]

    def _grant(self, family: Family, refresh: RefreshToken | None, now: float, *, by_refresh: bool) -> None:
        lifetime = self._contract.applications[family.account[0]].access_token.lifetime
        grant = Grant(family, None if lifetime is None else now + lifetime, refresh, by_refresh)
        family.newest = grant
        self.grants.append(grant)

    def _new_token(self, family: Family, now: float) -> RefreshToken:
        kind = self._contract.applications[family.account[0]].refresh_token
        lifetime = kind.lifetime if kind else None
        token = RefreshToken(None if lifetime is None else now + lifetime)
        family.tokens.append(token)
        return token

    def _recognised(self, account: AccountKey, answer: Answer, requirement: str) -> Finding | None:
        if answer.outcome is not Outcome.ACCEPTED or answer.person is None:
            return None
        known = self._persons.setdefault(account, answer.person)
        if known == answer.person:
            return None
        return Finding(requirement, "the same person as before", f"the answer {answer.status} names somebody else")

    def _may_be_in_grace(self, token: RefreshToken, application: str, now: float) -> bool:
        grace = self._contract.applications[application].rotation.grace
        return bool(grace) and not token.is_ancestor and now <= (token.used_at or 0) + grace + MARGIN

    def _is_over(self, ends: float | None, now: float) -> bool:
        return ends is not None and now > ends + MARGIN + self._skew

    def _is_alive(self, ends: float | None, now: float) -> bool:
        return ends is None or now < ends - MARGIN


def _accepted(requirement: str, why: str) -> Due:
    return Due(accept=True, requirement=requirement, why=why)


def _refused(requirement: str, why: str) -> Due:
    return Due(accept=False, requirement=requirement, why=why)


def _due_of_ended(family: Family, token: RefreshToken) -> Due:
    used = token.used_at is not None
    if family.standing is Standing.LOGGED_OUT:
        return _refused("LOGOUT-03" if used else "REFRESH-16", "a refusal: the session was logged out")
    if used:
        return _refused("REFRESH-03", "a refusal: the refresh token was used before")
    return _refused("REFRESH-05" if family.by_ancestor else "REFRESH-04", "a refusal: a used token came back, so the whole family is revoked")


def _compare(due: Due, answer: Answer) -> Finding | None:
    seen = f"it is answered {answer.status}"
    match answer.outcome:
        case Outcome.UNDECIDED:
            return None
        case Outcome.FAILED:
            return Finding(due.requirement if due.accept is None else "ERR-07", due.why, seen)
        case Outcome.ACCEPTED:
            return Finding(due.requirement, due.why, seen) if due.accept is False else None
        case Outcome.REFUSED:
            return Finding(due.requirement, due.why, seen) if due.accept is True else None
