"""Faults of rotation, of reuse, and of simultaneous refreshes."""

from __future__ import annotations

from dataclasses import replace

from authproof_mock.accounts import Account
from authproof_mock.clock import Clock
from authproof_mock.faults.fault import fault
from authproof_mock.faults.jwt import TakesForARefreshToken
from authproof_mock.flows import Flows
from authproof_mock.http import Answer
from authproof_mock.refusal import Refusal
from authproof_mock.samples import Samples
from authproof_mock.sessions import Family, Sessions
from authproof_mock.state import Request, State
from authproof_mock.tokens import Content, Purpose
from authproof_spec.contract import Application, RotationPolicy
from authproof_spec.pointer import Json, get, put

# What a refresh gives


class GivesAnotherAccessToken(Flows):
    """Gives another access token than a new one at a refresh."""

    def __init__(self, state: State, samples: Samples) -> None:
        super().__init__(state, samples)
        self._first: dict[str, Json] = {}

    def session_answer(self, application: Application, family: Family, account: Account, refresh_token: str | None, request: Request) -> Answer:
        answer = super().session_answer(application, family, account, refresh_token, request)
        if isinstance(answer.payload, dict):
            token = get(answer.payload, application.access_token_field)
            first = self._first.setdefault(family.id, token)
            if request.operation is application.refresh:
                put(answer.payload, application.access_token_field, self.given(application, account, first))
        return answer

    def given(self, application: Application, account: Account, first: Json) -> Json:
        """The access token that is given; `first` is that of the login."""
        raise NotImplementedError


@fault(
    "gives-the-same-access-token-again",
    breaks="REFRESH-01",
    reference="RFC 6749 §6",
    harm="A refresh does not help: the access token ends when the first one does.",
)
class GivesTheFirstAgain(GivesAnotherAccessToken):
    def given(self, application: Application, account: Account, first: Json) -> Json:
        return first


@fault(
    "gives-an-expired-access-token",
    breaks="REFRESH-01",
    also=("JWT-03",),
    reference="RFC 6749 §6",
    harm="A refresh does not help: its access token is dead.",
)
class GivesAnExpiredOne(GivesAnotherAccessToken):
    def given(self, application: Application, account: Account, first: Json) -> Json:
        kind = self._state.tokens.type_of(application.name, Purpose.ACCESS)
        return self._state.tokens.mint(kind, account.id, self._state.sessions.new_identifier(""), self._state.clock.now() - 3600)


@fault(
    "keeps-the-refresh-token",
    breaks="REFRESH-02",
    # Without rotation nothing is ever used up.
    also=("REFRESH-03", "REFRESH-04", "REFRESH-05", "REFRESH-08"),
    reference="RFC 9700 §4.14.2",
    harm="A stolen refresh token works beside its owner, unnoticed.",
)
class KeepsTheRefreshToken(Flows):
    def next_refresh_token(self, application: Application, family: Family, account: Account, content: Content) -> str:
        return ""

    def session_answer(self, application: Application, family: Family, account: Account, refresh_token: str | None, request: Request) -> Answer:
        token = self.refresh_token_of(application, request) if request.operation is application.refresh else refresh_token
        return super().session_answer(application, family, account, token, request)


@fault(
    "sets-no-next-cookie",
    breaks="REFRESH-02",
    also=("DOC-08",),
    reference="RFC 9700 §4.14.2",
    harm="The second refresh is refused, and looks like theft.",
)
class SetsNoNextCookie(Flows):
    def refresh(self, application: Application, request: Request) -> Answer:
        return replace(super().refresh(application, request), headers=[])


# Reuse


@fault(
    "takes-used-refresh-tokens-for-ever",
    breaks="REFRESH-03",
    # What is not noticed has no consequence, and everyone who comes at once is let in.
    also=("REFRESH-04", "REFRESH-05", "REFRESH-08", "REFRESH-09"),
    reference="CWE-294",
    harm="A stolen refresh token works for as long as its owner's session.",
)
class TakesUsedTokens(Sessions):
    def is_reuse(self, family: Family, identifier: str, policy: RotationPolicy) -> bool:
        return False


@fault(
    "takes-used-refresh-tokens-for-a-minute",
    breaks="REFRESH-03",
    also=("REFRESH-04", "REFRESH-08"),  # as above, but for tokens that are older
    reference="RFC 9700 §4.14.2",
    harm="A thief who is quick is let in beside the owner, although the document has no grace.",
)
class TakesUsedTokensForAMinute(Sessions):
    def is_in_grace(self, family: Family, identifier: str, policy: RotationPolicy) -> bool:
        return super().is_in_grace(family, identifier, replace(policy, grace=60))


@fault(
    "lets-the-newest-token-survive-reuse",
    breaks="REFRESH-04",
    also=("REFRESH-05",),  # it demands the same for older tokens
    reference="RFC 9700 §4.14.2",
    harm="A thief who refreshed first keeps the session, and its owner is locked out.",
)
class LetsTheNewestSurvive(Sessions):
    def punish(self, family: Family, policy: RotationPolicy) -> None:
        """Nothing: nothing follows."""


class _TellsAncestorsApart(Sessions):
    """Remembers whether the token that came back was the last used one."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._is_parent = False

    def is_reuse(self, family: Family, identifier: str, policy: RotationPolicy) -> bool:
        self._is_parent = identifier == family.parent
        return super().is_reuse(family, identifier, policy)


@fault(
    "forgives-the-last-used-token",
    breaks="REFRESH-04",
    reference="RFC 9700 §4.14.2",
    harm="A thief who refreshed once keeps the session.",
)
class ForgivesTheParent(_TellsAncestorsApart):
    def punish(self, family: Family, policy: RotationPolicy) -> None:
        if not self._is_parent:
            super().punish(family, policy)


@fault(
    "forgives-older-used-tokens",
    breaks="REFRESH-05",
    reference="RFC 9700 §4.14.2",
    harm="A thief who refreshed twice keeps the session.",
)
class ForgivesAncestors(_TellsAncestorsApart):
    def punish(self, family: Family, policy: RotationPolicy) -> None:
        if self._is_parent:
            super().punish(family, policy)


@fault(
    "knows-the-last-used-token-alone",
    breaks="REFRESH-05",
    reference="RFC 9700 §4.14.2",
    harm="A refresh token that was used two refreshes ago works again.",
)
class KnowsTheParentAlone(_TellsAncestorsApart):
    def is_reuse(self, family: Family, identifier: str, policy: RotationPolicy) -> bool:
        return super().is_reuse(family, identifier, policy) and self._is_parent


@fault(
    "ends-every-session-of-the-account-on-reuse",
    breaks="REFRESH-06",
    reference="contract",
    harm="One lost answer on one device logs its user out everywhere.",
)
class EndsTheAccountsSessions(Sessions):
    def punish(self, family: Family, policy: RotationPolicy) -> None:
        super().punish(family, replace(policy, revokes_account=True))


@fault(
    "ends-everybodys-sessions-on-reuse",
    breaks="REFRESH-06",
    reference="contract",
    harm="Any user logs all others out, by sending one cookie twice.",
)
class EndsEverybodysSessions(Sessions):
    def punish(self, family: Family, policy: RotationPolicy) -> None:
        super().punish(family, policy)
        self.revoke_all()


@fault(
    "lets-the-access-token-survive-reuse",
    breaks="REFRESH-07",
    reference="RFC 7009 §2.1",
    harm="A thief who was found out goes on with the access token that he has.",
)
class LetsTheAccessTokenSurvive(Sessions):
    def punish(self, family: Family, policy: RotationPolicy) -> None:
        family.expires_at = 0


# Simultaneous refreshes

_LAG = 0.05
"""Seconds between the look at a token and the note that it is used."""


class _Slow(Flows):
    """Answers once the use of the token is noted, so that only whoever comes meanwhile finds it unused."""

    def refresh(self, application: Application, request: Request) -> Answer:
        return replace(super().refresh(application, request), delay=1.5 * _LAG)


class _NotesLate(Sessions):
    """Notes the use of a token some time after it looked at it."""

    def is_current(self, family: Family, identifier: str) -> bool:
        return super().is_current(family, identifier) or (identifier == family.parent and self._clock.now() < family.traded_at + _LAG)


class _Forks(_NotesLate):
    """Keeps the successors of each rival."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._heads: dict[str, set[str]] = {}

    def is_reuse(self, family: Family, identifier: str, policy: RotationPolicy) -> bool:
        return super().is_reuse(family, identifier, policy) and identifier not in self._heads.get(family.id, set())

    def advance(self, family: Family, identifier: str, expires_at: float) -> str:
        heads = self._heads.setdefault(family.id, set())
        heads.discard(identifier)
        successor = super().advance(family, identifier, expires_at)
        heads.add(successor)
        return successor


lets_rivals_in = fault(
    "lets-simultaneous-refreshes-in",
    breaks="REFRESH-08",
    reference="CWE-367",
    harm="A thief who is as quick as the owner gets tokens, and the reuse is not noticed.",
)(_Slow, _NotesLate)

lets_rivals_live_on = fault(
    "forks-the-family-at-simultaneous-refreshes",
    breaks="REFRESH-09",
    also=("REFRESH-08",),  # two successors come of two successes
    reference="CWE-362",
    harm="A thief who is as quick as the owner has a session of his own from then on.",
)(_Slow, _Forks)


# Cookies that are none


class _RefusesOtherwise(Flows):
    status = 400

    def refresh(self, application: Application, request: Request) -> Answer:
        if self.concerns(self.refresh_token_of(application, request)):
            raise Refusal(self.status, "The cookie is not valid.", headers=self.cleared_cookies(application))
        return super().refresh(application, request)

    def concerns(self, token: str | None) -> bool:
        """True for a cookie that is answered otherwise; None is no cookie."""
        raise NotImplementedError


@fault(
    "answers-400-to-a-refresh-without-a-cookie",
    breaks="REFRESH-10",
    also=("DOC-02",),  # no document has it
    reference="RFC 9110 §15.5.2",
    harm="A client does not learn that it must log in.",
)
class AnswersBadRequest(_RefusesOtherwise):
    def concerns(self, token: str | None) -> bool:
        return token is None


@fault(
    "serves-a-refresh-without-a-cookie",
    breaks="REFRESH-10",
    also=("REFRESH-18", "PAT-16"),  # whatever stands elsewhere, there is no cookie
    reference="RFC 9110 §15.5.2",
    harm="Anybody gets the tokens of the first account there is.",
)
class ServesStrangers(Flows):
    def refresh(self, application: Application, request: Request) -> Answer:
        if self.refresh_token_of(application, request) is not None:
            return super().refresh(application, request)
        accounts = (account for account in self._state.accounts.list() if self._state.accounts.belongs_to(account, application.name))
        return self.start_session(application, next(accounts), request)


@fault(
    "fails-on-a-cookie-that-is-no-token",
    breaks="REFRESH-11",
    also=("ERR-07", "DOC-02"),  # it is a server error, which no document has
    reference="CWE-755",
    harm="Anybody makes the server fail with a cookie of one letter.",
)
class FailsOnGarbage(_RefusesOtherwise):
    status = 500

    def concerns(self, token: str | None) -> bool:
        return token is not None and token.count(".") != 2


@fault(
    "answers-400-to-a-long-cookie",
    breaks="REFRESH-11",
    also=("DOC-02",),  # no document has it
    reference="CWE-755",
    harm="A browser with a damaged cookie is neither refused nor rid of it.",
)
class AnswersBadRequestToALongCookie(_RefusesOtherwise):
    def concerns(self, token: str | None) -> bool:
        return token is not None and len(token) > 2048


class _TakesAnotherApplications(TakesForARefreshToken):
    def takes(self, application: Application, content: Content) -> bool:
        return content.type.purpose is Purpose.REFRESH and content.type.application != application.name


@fault(
    "takes-the-refresh-token-of-another-application",
    breaks="REFRESH-13",
    also=("APP-05",),
    reference="RFC 8725 §3.9",
    harm="Who may use the one application gets tokens of the other.",
)
class TakesAnyApplications(_TakesAnotherApplications):
    pass


@fault(
    "takes-the-refresh-token-of-another-application-one-way",
    breaks="REFRESH-13",
    also=("APP-05",),
    reference="RFC 8725 §3.9",
    harm="Who may use the second application gets tokens of the first.",
)
class TakesItOneWay(_TakesAnotherApplications):
    def takes(self, application: Application, content: Content) -> bool:
        return super().takes(application, content) and application is next(iter(self._state.contract.applications.values()))
