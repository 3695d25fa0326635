"""What the scripts that forge access tokens share: the token to forge from, and how forgeries are offered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from authproof.exchange import Probe
from authproof.keys import algorithm_of, unpacked
from authproof.lab import MAIN, Blocked, Lab, Missing, Script, Session
from authproof.vault import decode
from authproof_spec import Application, Operation
from authproof_spec.contract import Meaning
from authproof_spec.pointer import Json

Kind = tuple[str, Mapping[str, str]]
"""The name of a probe, and its tokens by the name of their variant."""


@dataclass(frozen=True, slots=True)
class Issued:
    """An access token of a session, and the operation that tells whose it is."""

    session: Session
    operation: Operation
    algorithm: str
    header: Mapping[str, Json]
    claims: Mapping[str, Json]

    @property
    def token(self) -> str:
        """The token itself."""
        return self.session.access_token


def issued(lab: Lab, application: Application) -> Issued:
    """The token of the account with the least power. Raises Missing, or Blocked when it is no JWT although the document has it so."""
    if application.identity is None:
        raise Missing(f"The contract has no who-am-I operation for {application.name}.")
    if application.access_token.opaque:
        raise Missing(f"The access tokens of {application.name} are opaque, so there is nothing in them to forge.")
    session = lab.session(application, *MAIN)
    header, claims = decode(session.access_token)
    if header is None or claims is None or not _signature(session.access_token):
        raise Blocked("The access token is no signed JWT, so none can be forged from it.")
    algorithm = algorithm_of(session.access_token, lab.contract.tokens.algorithm)
    return Issued(session, application.identity.operation, algorithm, header, claims)


def _signature(token: str) -> bytes:
    try:
        return unpacked(token.rpartition(".")[2])
    except ValueError:
        return b""


def forged(lab: Lab, good: Issued, token: str) -> str:
    """`token`, made from the `good` one, ready to be sent as that one is."""
    if guard := lab.csrf_values.get(good.token):
        lab.csrf_values[token] = guard
    return lab.secret(token, "forged_token")


SAMPLE = 3
"""Variants of one kind that an ordinary run sends."""


def offered(lab: Lab, good: Issued, kinds: Iterable[Kind]) -> Iterator[Probe]:
    """The application's share of each kind of tokens, one after the other, at its who-am-I operation."""
    for name, tokens in kinds:
        for variant, token in dealt(lab, good.session.application, tokens).items():
            yield Probe(name, lab.call(good.operation, bearer=forged(lab, good, token)), good.operation.id, variant)


def dealt(lab: Lab, application: Application, tokens: Mapping[str, str]) -> Mapping[str, str]:
    """The application's share of `tokens`, dealt out like cards: each goes to one application, and no application gets none.

    Of a kind with many variants an ordinary run sends the first ones, which are the best known.
    """
    players = [name for name in lab.contract.applications if any((name, part) in lab.sessions for part in MAIN)]
    place, variants = players.index(application.name), list(tokens.items())[: None if lab.profile.exhaustive else SAMPLE]
    return dict(variants[place :: len(players)] or variants[place % max(1, len(variants)) :][:1])


def elsewhere(lab: Lab, application: Application) -> Iterator[Operation]:
    """The application's protected operations but for who-am-I, as far as they may be asked: each may have a guard of its own. A logout comes last."""
    identity = application.identity.operation if application.identity else None
    own = [operation for operation in lab.contract.protected_operations if lab.contract.application_of(operation) is application]
    for operation in sorted(own, key=lambda operation: operation == application.logout):
        if operation != identity and lab.may_ask(operation):
            yield operation


def asked_elsewhere(lab: Lab, session: Session, probe: Probe) -> Script:
    """Send `probe`, a forgery of the token of `session`; where a logout takes it for that token, the session is over, and what follows needs a new one."""
    (exchange,) = yield probe
    logout = session.application.logout
    if logout and probe.operation == logout.id and exchange.response and exchange.response.is_success:
        session.ended = True
        lab.sessions[session.application.name, session.account.part] = yield from lab.log_in(session.application, session.account)


def stranger(lab: Lab, good: Issued) -> dict[str, Json] | None:
    """The claims that name another account of the application; None when the profile has no other."""
    names = lab.contract.tokens.claims_meaning(Meaning.ACCOUNT)
    for (application, _), session in lab.sessions.items():
        claims = decode(session.access_token)[1] if application == good.session.application.name else None
        if claims and any(claims.get(name) != good.claims.get(name) for name in names):
            return {name: claims[name] for name in names if name in claims}
    return None
