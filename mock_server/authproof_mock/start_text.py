"""What a mock says when it starts: where it is, and how to log in."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from authproof_mock.seed import SeedAccount
from authproof_spec.contract import Application, Contract, Login, SchemeKind
from authproof_spec.defaults import added_operations
from authproof_spec.pointer import Json, get, join, put

_MOST_NAMED = 5


def start_text(
    contract: Contract, accounts: Sequence[SeedAccount], url: str, *, authority: Path | None = None, control_prefix: str | None = None
) -> str:
    """The text for a terminal. `authority`: the file with the certificate to trust, over TLS; `control_prefix`: where the control API is, if anywhere."""
    own = [account for account in accounts if account.applications & contract.applications.keys()]
    blocks = [[f"Mock of {contract.title} {contract.version}", "", f"  {url}"]]
    if authority:
        blocks.append([f"Certificate to trust: {authority}"])
    if own:
        blocks.append(list(_account_lines(own)))
    else:
        blocks.append(["No account of the seed is of an application of this document: nobody can log in. Give accounts by --seed FILE."])
    if example := _example(contract, own):
        login, credentials = example
        trust = f" --cacert {shlex.quote(str(authority))}" if authority else ""
        blocks.append(["Log in:", "", f"  curl -i{trust} {url}{login.operation.path} {_body_words(login, credentials)}"])
    blocks += [block for block in (list(_added_lines(contract)), list(_closed_lines(contract))) if block]
    control = "off" if control_prefix is None else f"{url}{control_prefix}, described by {url}{control_prefix}/openapi.json"
    blocks.append([f"Control API: {control}", "Ctrl-C stops it."])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _added_lines(contract: Contract) -> Iterator[str]:
    added = added_operations(contract)
    if not added:
        return
    yield "Added, since the document does not say how a caller gets a token:"
    yield ""
    width = max(len(operation.name) for operation in added)
    for operation in added:
        yield f"  {operation.name.ljust(width)}  {get(contract.document.root, join(('paths', operation.path, operation.method.lower(), 'summary')))}"
    yield ""
    for application in contract.applications.values():
        if application.logins[0].operation in added:
            yield f"Tokens of {application.name}: {', '.join(_carrier_words(application))}."


def _carrier_words(application: Application) -> Iterator[str]:
    personal = application.personal_access_tokens
    for words, kind in (("the access token", application.access_token), ("a personal access token", personal.kind if personal else None)):
        match kind and kind.scheme.kind:
            case SchemeKind.BEARER:
                yield f"{words} in Authorization: Bearer"
            case SchemeKind.HEADER | SchemeKind.COOKIE as place if kind:
                yield f"{words} in the {place} {kind.scheme.parameter}"


def _closed_lines(contract: Contract) -> Iterator[str]:
    """The operations that nobody can call, since no token is a credential of their security schemes."""
    flows = [operation for application in contract.applications.values() for operation in (application.refresh, application.logout)]
    closed = [operation for operation in contract.operations if not (operation.is_public or operation.bearer_schemes or operation in flows)]
    if closed:
        names = sorted({part.scheme.name for operation in closed for way in operation.security for part in way})
        some = ", ".join(operation.name for operation in closed[:_MOST_NAMED])
        more = f" and {len(closed) - _MOST_NAMED} more" if len(closed) > _MOST_NAMED else ""
        yield f"Nobody can call {some}{more}: no token travels by the security scheme{'s' if len(names) > 1 else ''} {', '.join(names)}."
        yield "Mend: by --overlay, give these operations a scheme that is http bearer, or apiKey in a header or a cookie."


def _account_lines(accounts: Sequence[SeedAccount]) -> Iterator[str]:
    passwords = {account.password for account in accounts if account.password is not None}
    common = passwords.pop() if len(passwords) == 1 else None
    yield "Accounts:" if common is None else f"Accounts, each with the password {common!r}:"
    yield ""
    rows = [("application", "name", "password", "more"), *(_row(account) for account in accounts)]
    columns = [[row[index] for row in rows] for index in (0, 1, 3)] if common is not None else [list(column) for column in zip(*rows, strict=True)]
    widths = [max(len(cell) for cell in column) for column in columns]
    for cells in zip(*columns, strict=True):
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _row(account: SeedAccount) -> tuple[str, str, str, str]:
    more = [
        *(["disabled"] if account.disabled else []),
        *account.permissions,
        *(f"{name}={value}" for name, value in account.attributes.items()),
        *([f"second-factor secret {account.totp_secret}"] if account.totp_secret else []),
        *([f"link token {account.link_token}"] if account.link_token else []),
    ]
    names = [name for name in (account.email, account.username) if name]
    return ", ".join(sorted(account.applications)), ", ".join(names) or str(account.id), account.password or "", ", ".join(more)


def _body_words(login: Login, credentials: Mapping[str, Json]) -> str:
    if login.operation.takes_form:
        return " ".join(f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in credentials.items())
    return f"-H 'Content-Type: application/json' -d {shlex.quote(json.dumps(credentials))}"


def _example(contract: Contract, accounts: Sequence[SeedAccount]) -> tuple[Login, dict[str, Json]] | None:
    """The first login at which an account gets tokens, and the body with which it does, if there is one."""
    for application in contract.applications.values():
        for login in application.logins:
            for account in accounts:
                if credentials := _credentials(application, login, account):
                    return login, credentials
    return None


def _credentials(application: Application, login: Login, account: SeedAccount) -> dict[str, Json] | None:
    if account.disabled or application.name not in account.applications or (application.second_factor and account.totp_secret):
        return None
    held: dict[str, Json] = {
        **account.attributes,
        "email": account.email,
        "username": account.username,
        "name": account.name,
        "password": account.password,
        "linkToken": account.link_token,
    }
    body: dict[str, Json] = {}
    for pointer, attribute in login.credentials.items():
        if held.get(attribute) is None:
            return None
        put(body, pointer, held[attribute])
    return body
