"""The operations behind the tokens: who am I, personal access tokens, accounts, and everything else that is declared."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from authproof_mock import pats
from authproof_mock.accounts import SECRETS, Account
from authproof_mock.flows import Handler
from authproof_mock.http import Answer
from authproof_mock.pats import PersonalAccessToken
from authproof_mock.refusal import Refusal
from authproof_mock.samples import Samples
from authproof_mock.seed import is_totp_secret
from authproof_mock.state import Request, State
from authproof_mock.tokens import Purpose
from authproof_spec.contract import AccountAdministration, Application, Identity, Operation, PersonalAccessTokens
from authproof_spec.pointer import Json, get, put, split

_CHANGEABLE = frozenset({"name", "disabled", "permissions"})
_TYPES: Mapping[str, Callable[[Json], bool]] = {
    "disabled": lambda value: isinstance(value, bool),
    "permissions": lambda value: isinstance(value, list) and all(isinstance(entry, str) for entry in value),
    "totpSecret": lambda value: isinstance(value, str) and is_totp_secret(value),
    **dict.fromkeys(("email", "username", "name", *SECRETS), lambda value: isinstance(value, str)),
}


class Resources:
    """The operations that a token opens."""

    def __init__(self, state: State, samples: Samples) -> None:
        self._state = state
        self._samples = samples

    def handlers(self) -> Iterator[tuple[str, Handler]]:
        """Each operation that plays a part here, by id, and what it does."""
        for application in self._state.contract.applications.values():
            if identity := application.identity:
                yield identity.operation.id, partial(self.identify, identity)
            if personal := application.personal_access_tokens:
                yield personal.list.id, partial(self.list_tokens, application, personal)
                yield personal.create.id, partial(self.create_token, application, personal)
                yield personal.revoke.id, partial(self.revoke_token, application)
            if administration := application.accounts:
                roles: Sequence[tuple[object, Handler]] = (
                    (administration.list, partial(self.list_accounts, administration)),
                    (administration.create, partial(self.create_account, application, administration)),
                    (administration.update, partial(self.update_account, administration)),
                    (administration.delete, self.delete_account),
                )
                yield from ((operation.id, handler) for operation, handler in roles if isinstance(operation, Operation))

    def identify(self, identity: Identity, request: Request) -> Answer:
        """Who the caller is."""
        status = request.operation.success_status
        return Answer(status, self._samples.completed(request.operation, status, _shown(request.identity.account, identity.fields)))

    # Personal access tokens

    def list_tokens(self, application: Application, personal: PersonalAccessTokens, request: Request) -> Answer:
        """The caller's own records, without the tokens."""
        records: list[Json] = [_record(record, personal, request.identity.account) for record in self.visible_tokens(application, request)]
        return Answer(request.operation.success_status, _listed(records, personal.items, personal.total))

    def visible_tokens(self, application: Application, request: Request) -> Sequence[PersonalAccessToken]:
        """The records that the caller may see."""
        return self._state.pats.owned_by(application.name, request.identity.account.key)

    def create_token(self, application: Application, personal: PersonalAccessTokens, request: Request) -> Answer:
        """A new token, shown this once."""
        account = self.owner_of(request)
        name = get(request.body, personal.request_name)
        if not isinstance(name, str):
            raise _invalid(personal.request_name, "This is of a wrong type.")
        expires_at = self.expiry_of(personal, request.body)
        record = self._state.pats.create(application.name, account.key, name, expires_at)
        personal_type = self._state.tokens.type_of(application.name, Purpose.PERSONAL)
        payload: dict[str, Json] = {}
        put(payload, personal.response_record, _record(record, personal, account))
        put(payload, personal.response_token, self._state.tokens.mint(personal_type, account.id, record.id, expires_at))
        return Answer(request.operation.success_status, payload)

    def owner_of(self, request: Request) -> Account:
        """Whose a new token is: the caller's, whatever else the request names (CWE-639)."""
        return request.identity.account

    def expiry_of(self, personal: PersonalAccessTokens, body: Json) -> float:
        """When the new token ends, in seconds since the epoch: in the future, and within the greatest lifetime. Raises Refusal.

        Where the document lets a body name no end, it is the greatest lifetime; without one the token has none, which is infinity.
        """
        now = self._state.clock.now()
        latest = now + (personal.kind.lifetime or math.inf)
        pointer = personal.request_expires_at
        value = get(body, pointer) if pointer else None
        if pointer is None or value is None:
            return latest
        try:
            expires_at = pats.moment(value)
        except ValueError:
            raise _invalid(pointer, "This is no date.") from None
        if expires_at <= now:
            raise _invalid(pointer, "This is not in the future.")
        if expires_at > latest:
            raise _invalid(pointer, "This is too far ahead.")
        return expires_at

    def revoke_token(self, application: Application, request: Request) -> Answer:
        """The end of one of the caller's own tokens."""
        record = self.revocable_token(application, request)
        if record is None:
            raise _not_found()
        self._state.pats.revoke(record.id)
        return self._samples.answer(request.operation)

    def revocable_token(self, application: Application, request: Request) -> PersonalAccessToken | None:
        """The record that is named, if the caller may revoke it; another's is as unknown as one that does not exist (CWE-639)."""
        return self._state.pats.owned(request.object_id, application.name, request.identity.account.key)

    # Accounts

    def list_accounts(self, administration: AccountAdministration, request: Request) -> Answer:
        """Every account, of whatever application."""
        accounts: list[Json] = [_shown(account, administration.fields) for account in self._state.accounts.list()]
        return Answer(request.operation.success_status, _listed(accounts, administration.items, administration.total))

    def create_account(self, application: Application, administration: AccountAdministration, request: Request) -> Answer:
        """A new account of the application."""
        attributes = _given(request.body, {name: pointer for name, pointer in administration.fields.items() if name != "id"})
        if isinstance(email := attributes.get("email"), str) and self._state.accounts.has_email(email):
            raise _invalid(administration.fields["email"], "Another account has this address.")
        account = self._state.accounts.create([application.name], attributes)
        return Answer(request.operation.success_status, _shown(account, administration.fields))

    def update_account(self, administration: AccountAdministration, request: Request) -> Answer:
        """The account with its name, its permissions, or whether it is disabled, changed."""
        self._existing(request)
        attributes = _given(request.body, {name: pointer for name, pointer in administration.fields.items() if name in _CHANGEABLE})
        account = self._state.accounts.change(request.object_id, attributes)
        return Answer(request.operation.success_status, _shown(account, administration.fields))

    def delete_account(self, request: Request) -> Answer:
        """The account is gone, with its sessions and tokens."""
        self._existing(request)
        self._state.accounts.delete(request.object_id)
        self._state.pats.drop_account(request.object_id)
        return self._samples.answer(request.operation)

    def _existing(self, request: Request) -> None:
        if self._state.accounts.find(request.object_id) is None:
            raise _not_found()


def _not_found() -> Refusal:
    return Refusal(404, "There is no such object.")


def _invalid(pointer: str, message: str) -> Refusal:
    return Refusal(400, "The body is not valid.", fields={".".join(split(pointer)): [message]})


def _listed(entries: list[Json], items: str | None, total: str | None) -> Json:
    if items is None:
        return entries
    payload: dict[str, Json] = {}
    put(payload, items, entries)
    if total:
        put(payload, total, len(entries))
    return payload


def _shown(account: Account, fields: Mapping[str, str]) -> dict[str, Json]:
    """The account's attributes where `fields` have them; those that it does not have are left out."""
    payload: dict[str, Json] = {}
    for name, pointer in fields.items():
        if (value := account.attribute(name)) is not None:
            put(payload, pointer, value)
    return payload


def _given(body: Json, fields: Mapping[str, str]) -> dict[str, Json]:
    """The attributes that `body` gives. Raises Refusal for one of a type that no account has."""
    given: dict[str, Json] = {name: value for name, pointer in fields.items() if (value := get(body, pointer)) is not None}
    for name, value in given.items():
        if not _TYPES.get(name, _is_scalar)(value):
            raise _invalid(fields[name], "This is of a wrong type.")
    return given


def _is_scalar(value: Json) -> bool:
    """What a free attribute may be: something that a login can compare."""
    return isinstance(value, str | int | float)


def _record(record: PersonalAccessToken, personal: PersonalAccessTokens, account: Account) -> dict[str, Json]:
    members: dict[str, Json] = {
        "id": record.id,
        "account": account.id,
        "name": record.name,
        "createdAt": pats.text(record.created_at),
        "usedAt": pats.text(record.used_at),
        "expiresAt": pats.text(record.expires_at),
        "revoked": record.revoked,
    }
    payload: dict[str, Json] = {}
    for member, pointer in personal.record.items():
        put(payload, pointer, members[member])
    return payload
