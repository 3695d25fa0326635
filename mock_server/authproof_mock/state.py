"""What the mock knows and remembers, in one place for those who decide by it."""

from __future__ import annotations

from dataclasses import dataclass

from authproof_mock.accounts import Account, Accounts
from authproof_mock.clock import Clock
from authproof_mock.http import Call
from authproof_mock.pats import PersonalAccessToken, PersonalAccessTokenStore
from authproof_mock.refusal import Refusal
from authproof_mock.second_factor import SecondFactors
from authproof_mock.sessions import Sessions
from authproof_mock.tokens import Content, Tokens
from authproof_spec.contract import Contract, Operation
from authproof_spec.pointer import Json


@dataclass(frozen=True, slots=True)
class State:
    """The contract and the owners of everything that changes."""

    contract: Contract
    clock: Clock
    accounts: Accounts
    tokens: Tokens
    sessions: Sessions
    pats: PersonalAccessTokenStore
    second_factors: SecondFactors


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller. `record` is that of the personal access token used."""

    account: Account
    content: Content
    record: PersonalAccessToken | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A call that has passed the guard and the validation. `body` is the parsed one, None when there is none."""

    call: Call
    operation: Operation
    path_parameters: dict[str, str]
    caller: Caller | None = None
    body: Json = None

    @property
    def identity(self) -> Caller:
        """The caller. Raises Refusal where the document lets anybody in to an operation that acts for someone."""
        if self.caller is None:
            raise Refusal(401, "Authentication is required.", headers=[("www-authenticate", 'Bearer realm="api"')])
        return self.caller

    @property
    def object_id(self) -> str:
        """The last path parameter: the id of the object that is acted on."""
        return list(self.path_parameters.values())[-1]
