"""Ids of made accounts in the form in which the document shows them: text, a whole number, or a UUID."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from uuid import UUID

from authproof_mock.seed import SeedAccount
from authproof_spec.contract import Contract, Operation
from authproof_spec.defaults import added_operations
from authproof_spec.pointer import Json, put, split

_Form = Callable[[int], str | int]


def uuid(number: int) -> str:
    """The UUID of an account with that number, which looks like a random one (RFC 9562 section 5.4)."""
    return str(UUID(int=number, version=4))


def is_uuid(text: str) -> bool:
    """True for a UUID as it is written in JSON."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


_FORMS: Sequence[_Form] = (str, int, uuid)


def identified(accounts: Iterable[SeedAccount], contract: Contract) -> tuple[SeedAccount, ...]:
    """`accounts`, whose ids are numbers written as text, with ids that fit every answer of `contract` that shows one; as they are where none does."""
    places, added = tuple(_places(contract)), added_operations(contract)
    own = tuple((operation, pointer) for operation, pointer in places if operation not in added)
    # What was added to a document gives way to what it says itself.
    ways = ((form, asked) for asked in (places, own) for form in _FORMS)
    form = next((form for form, asked in ways if all(_fits(contract, operation, pointer, form(1)) for operation, pointer in asked)), str)
    return tuple(replace(account, id=form(int(account.id))) for account in accounts)


def _places(contract: Contract) -> Iterator[tuple[Operation, str]]:
    """The operations that tell callers who they are, with the pointer of the id in their answers."""
    for application in contract.applications.values():
        if application.identity and "id" in application.identity.fields:
            yield application.identity.operation, application.identity.fields["id"]


def _fits(contract: Contract, operation: Operation, pointer: str, value: Json) -> bool:
    """True unless the schema of the operation's success refuses `value` at `pointer`."""
    rule = operation.response(operation.success_status)
    media = rule.media_type if rule else None
    if media is None or media.schema is None:
        return True
    answer: dict[str, Json] = {}
    put(answer, pointer, value)
    refused = {tuple(map(str, error.instance_path)) for error in contract.document.validator(media.schema).iter_errors(answer)}
    return split(pointer) not in refused
