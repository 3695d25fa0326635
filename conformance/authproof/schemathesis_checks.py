"""Our checks in a Schemathesis run: every answer that Schemathesis gets is judged by what one answer alone can show.

SCHEMATHESIS_HOOKS=authproof.schemathesis_checks schemathesis run openapi.yaml --url URL --checks all

The contract is the document at AUTHPROOF_CONTRACT (with the overlays of AUTHPROOF_OVERLAYS, separated by commas); without it the document that
Schemathesis was given. docs/schemathesis.md has an example.
"""

from __future__ import annotations

import functools
import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import click
import schemathesis
from schemathesis import cli

from authproof.checks import CHECKS, Check
from authproof.conformity import misfits_of
from authproof.evidence import Evidence, flow_operations
from authproof.exchange import Exchange, Probe, Request, Response
from authproof.tokens import access_token_in, refresh_token_in
from authproof.vault import Vault
from authproof.verdict import Verdict
from authproof_spec import Contract, ContractError, Operation, load_contract

_CREDENTIALS = frozenset({"authorization", "cookie", "x-api-key"})

_WHERE = "AUTHPROOF_CONTRACT names another document, AUTHPROOF_OVERLAYS the overlays of the document."


class ContractMissing(Exception):
    """There is no contract to judge by; the message says how to give one."""


class Judge:
    """The checks of each operation of a contract."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.operations = {operation.name: operation for operation in contract.operations}
        self._checks: defaultdict[str, list[Check]] = defaultdict(list)
        for check in CHECKS:
            for operation in check.subjects(contract):
                self._checks[operation.id].append(check)

    def broken(self, operation: Operation, exchange: Exchange) -> Mapping[str, str]:
        """Id and reason of each requirement that `exchange` alone shows to be broken."""
        vault = Vault()
        _learn(vault, self._contract, exchange)
        if exchange.response:
            exchange = replace(exchange, misfits=misfits_of(self._contract, exchange.probe, exchange.response))
        seen = Evidence(self._contract, (vault.redact_exchange(exchange),), vault.facts, {})
        judgements = ((check.requirement, check(seen, operation)) for check in self._checks[operation.id])
        return {requirement: judgement.detail for requirement, judgement in judgements if judgement.verdict is Verdict.FAIL and judgement.exchanges}


@cli.handler()
class ContractFirst(cli.EventHandler):  # type: ignore[type-arg]  # older releases of Schemathesis have it without
    """Ends a run of the command line before its first request when there is nothing to judge by: the check would say so at each operation."""

    def handle_event(self, ctx: cli.ExecutionContext, event: object) -> None:
        """Read the contract as soon as the document is known. Raises Abort, at which Schemathesis ends as after an error of usage."""
        del ctx
        if isinstance(event, cli.LoadingFinished):
            try:
                _judge(event.location)
            except ContractError as error:
                click.echo(f"Error: authproof has nothing to judge by: {error}\n{_WHERE}", err=True)
                raise click.Abort from error


@schemathesis.check
def authproof(ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]) -> None:
    """What authproof says of this answer. Raises AssertionError with the ids of the requirements that it breaks."""
    del ctx
    judge = _judge(str(case.operation.schema.location or ""))
    operation = judge.operations.get(case.operation.label)
    if operation is not None and (broken := judge.broken(operation, exchange_of(response, operation))):
        raise AssertionError("\n".join(f"{identifier}: {detail}" for identifier, detail in broken.items()))


def exchange_of(response: schemathesis.Response, operation: Operation) -> Exchange:
    """What Schemathesis sent and got."""
    sent = response.request
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body
    request = Request(
        str(sent.method),
        str(sent.path_url),
        tuple((str(name), _text(value)) for name, value in sent.headers.items()),
        body if isinstance(body, bytes) else None,
    )
    headers = tuple((name.lower(), value) for name, values in response.headers.items() for value in values)
    return Exchange(1, Probe("schemathesis", request, operation.id), Response(response.status_code, headers, response.content))


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _learn(vault: Vault, contract: Contract, exchange: Exchange) -> None:
    """What is a secret of the exchange: what the answer gives, and what the request authenticates by."""
    for name, value in exchange.probe.request.headers:
        if name.lower() in _CREDENTIALS:
            vault.add(value.rpartition(" ")[2].rpartition("=")[2], "credential")
    for application in contract.applications.values():
        if exchange.probe.operation in {operation.id for operation in flow_operations(application)}:
            for token, kind in ((access_token_in(application, exchange), "access_token"), (refresh_token_in(application, exchange), "refresh_token")):
                vault.add(token or "", kind)


@functools.cache
def _judge(location: str) -> Judge:
    source = os.environ.get("AUTHPROOF_CONTRACT") or (unquote(location.removeprefix("file://")) if location.startswith("file://") else location)
    if not source:
        raise ContractMissing("authproof has no contract. Mend: set AUTHPROOF_CONTRACT to the path or URL of the document with its x-authproof.")
    overlays = [overlay for overlay in os.environ.get("AUTHPROOF_OVERLAYS", "").split(",") if overlay]
    return Judge(load_contract(source, overlays))
