"""Faults of personal access tokens."""

from __future__ import annotations

import builtins
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import parse_qsl

from authproof_mock.clock import Clock
from authproof_mock.faults.bearer import takes_permission
from authproof_mock.faults.fault import fault
from authproof_mock.faults.jwt import Claims, WritesOtherClaims
from authproof_mock.guard import Guard
from authproof_mock.http import Answer
from authproof_mock.pats import PersonalAccessToken, PersonalAccessTokenStore
from authproof_mock.refusal import Refusal
from authproof_mock.resources import Resources
from authproof_mock.samples import Samples
from authproof_mock.state import Caller, Request, State
from authproof_mock.tokens import AccountId, Content, InvalidToken, Purpose, Tokens, TokenType
from authproof_spec.contract import Application, Meaning, Operation, PersonalAccessTokens
from authproof_spec.pointer import Json, get, put, split

# Creation, and what is shown


@fault(
    "answers-202-to-a-creation",
    breaks="PAT-01",
    also=("DOC-02",),  # no document has it
    reference="RFC 9110 §15.3.2",
    harm="A client waits for a token that it has already.",
)
class AnswersAccepted(Resources):
    def create_token(self, application: Application, personal: PersonalAccessTokens, request: Request) -> Answer:
        return replace(super().create_token(application, personal, request), status=202)


@fault(
    "leaves-the-expiry-out-of-the-record",
    breaks="PAT-01",
    also=("DOC-03",),  # the document declares it
    reference="contract",
    harm="Users do not learn when their scripts will stop.",
)
class LeavesTheExpiryOut(Resources):
    def create_token(self, application: Application, personal: PersonalAccessTokens, request: Request) -> Answer:
        answer = super().create_token(application, personal, request)
        if isinstance(answer.payload, dict):
            *holders, name = split(personal.response_record + personal.record["expiresAt"])
            holder: Json = answer.payload
            for step in holders:
                holder = holder[step] if isinstance(holder, dict) else None
            if isinstance(holder, dict):
                holder.pop(name)
        return answer


@fault(
    "shows-the-tokens-in-the-list",
    breaks="PAT-02",
    reference="CWE-522",
    harm="Whoever sees the list once, or steals one access token, has every personal access token.",
)
class ShowsTheTokens(Resources):
    def __init__(self, state: State, samples: Samples) -> None:
        super().__init__(state, samples)
        self._tokens: dict[Json, Json] = {}

    def create_token(self, application: Application, personal: PersonalAccessTokens, request: Request) -> Answer:
        answer = super().create_token(application, personal, request)
        if isinstance(answer.payload, dict):
            identifier = get(get(answer.payload, personal.response_record), personal.record["id"])
            self._tokens[str(identifier)] = get(answer.payload, personal.response_token)
        return answer

    def list_tokens(self, application: Application, personal: PersonalAccessTokens, request: Request) -> Answer:
        answer = super().list_tokens(application, personal, request)
        items = get(answer.payload, personal.items) if isinstance(answer.payload, dict | list) else None
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict):
                put(item, personal.response_token, self._tokens.get(str(get(item, personal.record["id"]))))
        return answer


class _KnowsHashes(PersonalAccessTokenStore):
    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.tokens: dict[str, str] = {}


class _ShowsHashes(Resources):
    def create_token(self, application: Application, personal: PersonalAccessTokens, request: Request) -> Answer:
        answer = super().create_token(application, personal, request)
        token = str(get(answer.payload, personal.response_token)) if isinstance(answer.payload, dict) else ""
        self._state.pats.tokens[hashlib.sha256(token.encode()).hexdigest()[:16]] = token  # type: ignore[attr-defined]
        return answer

    def list_tokens(self, application: Application, personal: PersonalAccessTokens, request: Request) -> Answer:
        answer = super().list_tokens(application, personal, request)
        items = get(answer.payload, personal.items) if isinstance(answer.payload, dict | list) else None
        shown: dict[str, str] = self._state.pats.tokens  # type: ignore[attr-defined]
        for item in items if isinstance(items, list) else ():
            for part, token in shown.items():
                if isinstance(item, dict) and self._state.tokens.verify(token).identifier == get(item, personal.record["id"]):
                    item["fingerprint"] = part
        return answer


class _TakesHashes(Guard):
    def authenticate(self, token: str, operation: Operation) -> Caller:
        known: dict[str, str] = self._state.pats.tokens  # type: ignore[attr-defined]
        return super().authenticate(known.get(token, token), operation)


shows_a_hash_that_suffices = fault(
    "shows-a-part-of-a-hash-that-suffices",
    breaks="PAT-02",
    reference="CWE-836",
    harm="Whoever sees the list once has every personal access token: the server compares hashes, and takes one.",
)(_KnowsHashes, _ShowsHashes, _TakesHashes)


@fault(
    "leaves-the-names-out-of-the-list",
    breaks="PAT-05",
    also=("DOC-03",),
    reference="contract",
    harm="Nobody can tell which token to revoke.",
)
class LeavesTheNamesOut(Resources):
    def list_tokens(self, application: Application, personal: PersonalAccessTokens, request: Request) -> Answer:
        answer = super().list_tokens(application, personal, request)
        items = get(answer.payload, personal.items) if isinstance(answer.payload, dict | list) else None
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict):
                item.pop(split(personal.record["name"])[-1])
        return answer


@fault(
    "does-not-list-a-token-until-tomorrow",
    breaks="PAT-05",
    reference="contract",
    harm="A thief's token is in use, and its owner does not see it.",
)
class ListsLate(Resources):
    def visible_tokens(self, application: Application, request: Request) -> Sequence[PersonalAccessToken]:
        now = self._state.clock.now()
        return [record for record in super().visible_tokens(application, request) if record.created_at < now - 86400]


@fault(
    "takes-no-personal-token",
    breaks="PAT-03",
    reference="contract",
    harm="The scripts of every user are locked out.",
)
class TakesNone(PersonalAccessTokenStore):
    def usable(self, identifier: str, application: str, account: str) -> PersonalAccessToken | None:
        return None


@fault(
    "takes-a-personal-token-for-another-user",
    breaks="PAT-03",
    also=("AUTHZ-11",),
    reference="contract",
    harm="Any user's script acts as somebody else.",
)
class TakesItForSomebodyElse(Guard):
    def caller_of(self, content: Content) -> Caller:
        caller = super().caller_of(content)
        others = (account for account in self._state.accounts.list() if account.key != caller.account.key)
        return replace(caller, account=next(others)) if caller.record else caller


@fault(
    "lets-a-personal-token-outlive-its-record",
    breaks="PAT-04",
    reference="RFC 7519 §4.1",
    harm="A service that reads the token alone takes it for a year after its end.",
)
class OutlivesItsRecord(Tokens):
    def mint(self, token_type: TokenType, account: AccountId, identifier: str, expires_at: float) -> str:
        return super().mint(token_type, account, identifier, expires_at + (365 * 86400 if token_type.purpose is Purpose.PERSONAL else 0))


@fault(
    "gives-a-personal-token-the-audience-of-an-access-token",
    breaks="PAT-04",
    also=("PAT-18", "JWT-08"),  # the audience is all that tells it from an access token, which is not looked up
    reference="RFC 7519 §4.1",
    harm="A service that reads the token alone takes it for a short-lived one.",
)
class GivesAnotherAudience(WritesOtherClaims):
    def written(self, token_type: TokenType, claims: Claims) -> Claims:
        if token_type.purpose is not Purpose.PERSONAL:
            return claims
        audience: list[Json] = [*sorted(self._contract.applications[token_type.application].access_token.audience)]
        return {**claims, **dict.fromkeys(self._rules.claims_meaning(Meaning.AUDIENCE), audience)}


# Revocation


@fault(
    "lets-a-revoked-token-work-on",
    breaks="PAT-07",
    reference="CWE-613",
    harm="A leaked token works until it expires, whatever its owner does.",
)
class LetsRevokedTokensWork(PersonalAccessTokenStore):
    def is_revoked(self, record: PersonalAccessToken) -> bool:
        return False


@fault(
    "lets-a-revoked-token-open-one-operation",
    breaks="PAT-07",
    reference="CWE-613",
    harm="One operation that reads tokens by itself knows nothing of their revocation.",
)
class LooksNowhereAtOneOperation(Guard):
    def authenticate(self, token: str, operation: Operation) -> Caller:
        content = self._state.tokens.verify(token)
        if content.type.purpose is not Purpose.PERSONAL or operation.method != "DELETE" or not takes_permission(operation):
            return super().authenticate(token, operation)
        account = self._state.accounts.find(content.account_key)
        if account is None or account.disabled:
            raise InvalidToken("its account is locked out")
        return Caller(account, content)


@fault(
    "lets-a-revoked-token-work-for-a-minute",
    breaks="PAT-07",
    reference="CWE-613",
    harm="A leaked token that is in use works on after its revocation, from a cache.",
)
class RemembersUsableTokens(PersonalAccessTokenStore):
    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._used: dict[str, float] = {}

    def mark_used(self, record: PersonalAccessToken) -> None:
        super().mark_used(record)
        if not record.revoked:
            self._used[record.id] = self._clock.now()

    def is_revoked(self, record: PersonalAccessToken) -> bool:
        return super().is_revoked(record) and self._clock.now() > self._used.get(record.id, 0) + 60


@fault(
    "does-not-show-that-a-token-is-revoked",
    breaks="PAT-08",
    reference="contract",
    harm="Users do not see whether a leaked token is dead.",
)
class HidesRevocation(Resources):
    def visible_tokens(self, application: Application, request: Request) -> Sequence[PersonalAccessToken]:
        return [replace(record, revoked=False) for record in super().visible_tokens(application, request)]


@fault(
    "fails-on-a-second-revocation",
    breaks="PAT-08",
    also=("ERR-07", "DOC-02"),  # it is a server error, which no document has
    reference="RFC 9110 §9.2.2",
    harm="A client that repeats a request whose answer was lost takes the token for alive.",
)
class FailsOnASecondRevocation(Resources):
    def revoke_token(self, application: Application, request: Request) -> Answer:
        record = self.revocable_token(application, request)
        if record and record.revoked:
            raise Refusal(500, "Something went wrong.")
        return super().revoke_token(application, request)


@fault(
    "tells-a-foreign-token-from-an-unknown-one",
    breaks="PAT-09",
    also=("DOC-02",),  # no document has it
    reference="CWE-204",
    harm="Anybody finds out which tokens exist.",
)
class TellsForeignTokens(Resources):
    def revoke_token(self, application: Application, request: Request) -> Answer:
        if self.revocable_token(application, request) is None and any(record.id == request.object_id for record in self._state.pats.list()):
            raise Refusal(403, "The token is another user's.")
        return super().revoke_token(application, request)


@fault(
    "says-that-an-unknown-token-is-revoked",
    breaks="PAT-09",
    also=("PAT-10",),  # an id that is none is unknown too
    reference="RFC 9110 §15.5.5",
    harm="Who mistypes the id of a leaked token takes it for dead.",
)
class SaysThatItIsRevoked(Resources):
    def revoke_token(self, application: Application, request: Request) -> Answer:
        if all(record.id != request.object_id for record in self._state.pats.list()):
            return self._samples.answer(request.operation)
        return super().revoke_token(application, request)


@fault(
    "says-that-a-foreign-token-is-revoked",
    breaks="PAT-09",
    also=(),  # the answer is that of a revocation
    reference="CWE-639",
    harm="Who names the wrong id of a leaked token takes it for dead.",
)
class SaysThatAForeignOneIsRevoked(Resources):
    def revoke_token(self, application: Application, request: Request) -> Answer:
        known = any(record.id == request.object_id for record in self._state.pats.list())
        if known and self.revocable_token(application, request) is None:
            return self._samples.answer(request.operation)
        return super().revoke_token(application, request)


@fault(
    "fails-on-a-malformed-id",
    breaks="PAT-10",
    also=("ERR-07", "DOC-02"),  # it is a server error, which no document has
    reference="CWE-755",
    harm="The id goes unchecked to a database, which complains.",
)
class FailsOnAMalformedId(Resources):
    def revoke_token(self, application: Application, request: Request) -> Answer:
        if "'" in request.object_id:
            raise Refusal(500, "Something went wrong.")
        return super().revoke_token(application, request)


@fault(
    "revokes-every-token-for-an-asterisk",
    breaks="PAT-10",
    reference="CWE-155",
    harm="One mistyped request stops all scripts of a user.",
)
class RevokesEveryToken(Resources):
    def revoke_token(self, application: Application, request: Request) -> Answer:
        if "*" not in request.object_id:
            return super().revoke_token(application, request)
        for record in self.visible_tokens(application, request):
            self._state.pats.revoke(record.id)
        raise Refusal(404, "There is no such object.")


# Other users, and other purposes


@fault(
    "lists-the-tokens-of-everybody",
    breaks="AUTHZ-05",
    also=("AUTHZ-06",),
    reference="OWASP API Top 10 2023 API1",
    harm="Any user sees who has which tokens, and their ids.",
)
class ListsEverybodys(Resources):
    def visible_tokens(self, application: Application, request: Request) -> Sequence[PersonalAccessToken]:
        return self._state.pats.list()


@fault(
    "lists-the-tokens-of-the-user-in-the-query",
    breaks="AUTHZ-05",
    reference="CWE-639",
    harm="A filter that was meant for administrators shows every user the tokens of any other.",
)
class ListsOfTheQuery(Resources):
    def visible_tokens(self, application: Application, request: Request) -> Sequence[PersonalAccessToken]:
        owner = dict(parse_qsl(request.call.query)).get("userId")
        return self._state.pats.owned_by(application.name, owner) if owner else super().visible_tokens(application, request)


class _AnybodyRevokes(Resources):
    def revocable_token(self, application: Application, request: Request) -> PersonalAccessToken | None:
        records: builtins.list[PersonalAccessToken] = [*self._state.pats.list()]
        return next((record for record in records if record.id == request.object_id), None)


@fault(
    "lets-anybody-revoke-any-token",
    breaks="AUTHZ-05",
    also=("PAT-09", "AUTHZ-06"),  # a foreign token is not as unknown as one that does not exist
    reference="CWE-639",
    harm="Any user stops the scripts of all others.",
)
class LetsAnybodyRevoke(_AnybodyRevokes):
    pass


@fault(
    "revokes-a-foreign-token-and-denies-it",
    breaks="AUTHZ-05",
    also=("AUTHZ-06",),
    reference="CWE-639",
    harm="Any user stops the scripts of all others, and the answer looks as if nothing had happened.",
)
class RevokesAndDenies(_AnybodyRevokes):
    def revoke_token(self, application: Application, request: Request) -> Answer:
        owned = self._state.pats.owned(request.object_id, application.name, request.identity.account.key)
        answer = super().revoke_token(application, request)
        if owned is None:
            raise Refusal(404, "There is no such object.")
        return answer
