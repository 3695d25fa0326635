"""What a backend is made of. A deliberate fault is a subclass of one of these, put in its place."""

from __future__ import annotations

from dataclasses import dataclass

from authproof_mock.accounts import Accounts
from authproof_mock.answers import Answers
from authproof_mock.certificate import Certificates
from authproof_mock.cors import Cors
from authproof_mock.flows import Flows
from authproof_mock.guard import Guard
from authproof_mock.journal import Journal
from authproof_mock.pats import PersonalAccessTokenStore
from authproof_mock.resources import Resources
from authproof_mock.routing import Router
from authproof_mock.second_factor import SecondFactors
from authproof_mock.sessions import Sessions
from authproof_mock.tokens import Tokens
from authproof_mock.transport import Transport
from authproof_mock.validation import Validation


@dataclass(frozen=True, slots=True)
class Parts:
    """The class of each component."""

    accounts: type[Accounts] = Accounts
    tokens: type[Tokens] = Tokens
    sessions: type[Sessions] = Sessions
    pats: type[PersonalAccessTokenStore] = PersonalAccessTokenStore
    second_factors: type[SecondFactors] = SecondFactors
    guard: type[Guard] = Guard
    validation: type[Validation] = Validation
    flows: type[Flows] = Flows
    resources: type[Resources] = Resources
    answers: type[Answers] = Answers
    router: type[Router] = Router
    cors: type[Cors] = Cors
    transport: type[Transport] = Transport
    certificates: type[Certificates] = Certificates
    journal: type[Journal] = Journal
