"""Control of a mock for those who test against it: its time, accounts, sessions, next answers and log."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from authproof_mock.accounts import Account
from authproof_mock.backend import Backend, Intervention
from authproof_mock.http import Answer, Call
from authproof_mock.pats import PersonalAccessToken
from authproof_mock.redaction import LARGEST_BODY, LoggedRequest, LoggedResponse, Redaction
from authproof_mock.refusal import challenge
from authproof_mock.sessions import Family
from authproof_spec.contract import Operation
from authproof_spec.pointer import Json

KEPT_EXCHANGES = 1000
_YEAR_9000 = 221_845_392_000


class UnknownError(Exception):
    """What was named is not there; the text says how to mend it."""


class ConflictError(Exception):
    """What was asked for does not go with what is there; the text says how to mend it."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange without its secrets. `at`: the mock's time, in seconds since the epoch; `operation`: its id, if the contract has it."""

    at: float
    operation: str | None
    request: LoggedRequest
    response: LoggedResponse


class Control:
    """Controls `backend`. Its methods may be called from any thread; each is done at once, between two calls of the API."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self._redaction = Redaction(backend.contract)
        # Their secrets are taken out when they are read: that costs more than the answers, and here is where the secrets are from anyway.
        self._kept: deque[tuple[float, Call, Operation | None, Answer]] = deque(maxlen=KEPT_EXCHANGES)
        self._next: dict[str, deque[_Several]] = {}
        backend.interventions = self._intervene
        backend.record = self._record

    def reset(self) -> None:
        """Back to the start, but for the signing key: accounts, clock, sessions, tokens, challenges, interventions and log."""
        with self.backend.lock:
            self.backend.reset()
            self._next.clear()
            self._kept.clear()

    # Time

    def now(self) -> float:
        """The mock's time, in seconds since the epoch."""
        return self.backend.clock.now()

    def advance(self, seconds: float) -> None:
        """Move the mock's time on by `seconds`, or back when negative. Raises ConflictError for a time that no date can be told of."""
        with self.backend.lock:
            if not 0 < self.now() + seconds < _YEAR_9000:
                raise ConflictError("The mock's time stays between the years 1970 and 9000. Mend: move it by less, or reset the mock.")
            self.backend.clock.advance(seconds)

    # Accounts

    def accounts(self) -> tuple[Account, ...]:
        """Every account, oldest first."""
        with self.backend.lock:
            return self.backend.accounts.list()

    def account(self, names: Mapping[str, Json]) -> Account:
        """The one account with those attributes, such as its email.

        Raises UnknownError or ConflictError when there is none or several.
        """
        with self.backend.lock:
            found = self.backend.accounts.called(names)
        said = " and ".join(sorted(names))
        if not found:
            raise UnknownError(f"No account has this {said}. Mend: give the id, email or username of an account that is listed.")
        if len(found) > 1:
            raise ConflictError(f"{len(found)} accounts have this {said}. Mend: give the id.")
        return found[0]

    def create_account(self, applications: Sequence[str], attributes: Mapping[str, Json]) -> Account:
        """A new account that may log in to `applications`.

        attributes: as in a seed, such as email, password, permissions (a list), disabled, totpSecret; others are free ones.
        Raises UnknownError for an application that the contract does not have, ConflictError for an address that is taken.
        """
        with self.backend.lock:
            for name in applications:
                if name not in self.backend.contract.applications:
                    known = ", ".join(self.backend.contract.applications)
                    raise UnknownError(f"The contract has no application {name!r}. Mend: give one of these: {known}.")
            self._check_address(attributes)
            return self.backend.accounts.create(applications, attributes)

    def change_account(self, names: Mapping[str, Json], attributes: Mapping[str, Json]) -> Account:
        """The account that `names` say, with `attributes` changed; `disabled` ends its sessions too. Raises as `account` and `create_account`."""
        with self.backend.lock:
            account = self.account(names)
            self._check_address(attributes, account)
            return self.backend.accounts.change(account.key, attributes)

    def delete_account(self, names: Mapping[str, Json]) -> None:
        """Remove an account with its sessions and personal access tokens. Raises as `account`."""
        with self.backend.lock:
            key = self.account(names).key
            self.backend.accounts.delete(key)
            self.backend.pats.drop_account(key)

    def _check_address(self, attributes: Mapping[str, Json], own: Account | None = None) -> None:
        email = attributes.get("email")
        if isinstance(email, str) and any(account != own for account in self.backend.accounts.called({"email": email})):
            raise ConflictError("Another account has this email. Mend: give one that is not taken.")

    # Sessions and personal access tokens

    def sessions(self) -> tuple[Family, ...]:
        """The sessions that live, each from one login."""
        with self.backend.lock:
            return self.backend.sessions.list()

    def revoke_session(self, identifier: str) -> None:
        """End the session of that id. Raises UnknownError."""
        with self.backend.lock:
            if not self.backend.sessions.revoke(identifier):
                raise UnknownError("No session has this id. Mend: give the id of one that is listed.")

    def revoke_sessions(self, names: Mapping[str, Json]) -> int:
        """End all sessions of an account, and say how many lived. Raises as `account`."""
        with self.backend.lock:
            key = self.account(names).key
            count = sum(family.account == key for family in self.backend.sessions.list())
            self.backend.sessions.revoke_account(key)
            return count

    def personal_access_tokens(self) -> tuple[PersonalAccessToken, ...]:
        """The records of all personal access tokens, without the tokens."""
        with self.backend.lock:
            return self.backend.pats.list()

    def revoke_personal_access_token(self, identifier: str) -> None:
        """Revoke the token of that record. Raises UnknownError."""
        with self.backend.lock:
            if not self.backend.pats.revoke(identifier):
                raise UnknownError("No personal access token has this id. Mend: give the id of one that is listed.")

    def revoke_personal_access_tokens(self, names: Mapping[str, Json]) -> int:
        """Revoke all personal access tokens of an account, and say how many were not revoked before. Raises as `account`."""
        with self.backend.lock:
            key = self.account(names).key
            records = [record for record in self.backend.pats.list() if record.account == key and not record.revoked]
            for record in records:
                self.backend.pats.revoke(record.id)
            return len(records)

    # Answers

    def answer_next(self, operation: str, *, status: int | None = None, delay: float = 0, retry_after: int | None = None, times: int = 1) -> None:
        """Answer the next `times` calls of an operation by `status`, `delay` seconds late, or both.

        operation: its operationId, or its method and path. With a status nothing is carried out.
        retry_after: seconds to say in Retry-After. What is said several times is done in that order. Raises UnknownError.
        """
        with self.backend.lock:
            found = next((one for one in self.backend.contract.operations if operation in {one.id, one.name}), None)
            if found is None:
                some = self.backend.contract.operations[0].name
                raise UnknownError(f"The contract has no operation {operation!r}. Mend: give its operationId, or method and path, such as {some!r}.")
            headers = [challenge(self.backend.contract)] if status == 401 else []
            headers += [("retry-after", str(retry_after))] if status and retry_after is not None else []
            self._next.setdefault(found.id, deque()).append(_Several(Intervention(status, delay, headers), times))

    def _intervene(self, _: Call, operation: Operation) -> Intervention | None:
        waiting = self._next.get(operation.id)
        if not waiting:
            return None
        first = waiting[0]
        first.left -= 1
        if not first.left:
            waiting.popleft()
        return first.intervention

    # The log

    def exchanges(self) -> tuple[Exchange, ...]:
        """The last thousand exchanges without their secrets, oldest first."""
        with self.backend.lock:
            kept = tuple(self._kept)
        return tuple(
            Exchange(at, operation.id if operation else None, *self._redaction.exchange(call, operation, answer))
            for at, call, operation, answer in kept
        )

    def _record(self, call: Call, operation: Operation | None, answer: Answer) -> None:
        if len(call.body) > LARGEST_BODY:
            call = replace(call, body=call.body[: LARGEST_BODY + 1])
        self._kept.append((self.backend.clock.now(), call, operation, answer))


@dataclass(slots=True)
class _Several:
    """An intervention in so many more calls."""

    intervention: Intervention
    left: int
