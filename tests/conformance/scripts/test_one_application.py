"""Which application is asked where one stands for all."""

from __future__ import annotations

import pytest

from authproof.lab import Lab, Missing, Session
from authproof.profile import Account, Part, Profile
from authproof_spec import Application, load_contract

CONTRACT = load_contract()
ADMIN, SURVEY = CONTRACT.applications.values()


def lab_with(*sessions: tuple[Application, Part]) -> Lab:
    lab = Lab(CONTRACT, Profile("https://api.example.test"))
    for application, part in sessions:
        lab.sessions[application.name, part] = Session(application, Account(application.name, part, {}), "token")
    return lab


def asked(lab: Lab, able: Application | None = None) -> list[str]:
    """The applications that are asked, where `able` alone is able; all are when it is None."""

    def is_asked(application: Application) -> bool:
        try:
            lab.only_at_one(application, lambda one: able is None or able is one)
        except Missing:
            return False
        return True

    return [application.name for application in (ADMIN, SURVEY) if is_asked(application)]


def test_it_is_the_first_one_with_a_session_that_is_able() -> None:
    both = lab_with((ADMIN, Part.ORDINARY), (SURVEY, Part.PRIVILEGED))
    assert asked(both) == ["admin"]
    assert asked(both, SURVEY) == ["survey"]
    assert asked(lab_with((SURVEY, Part.ORDINARY))) == ["survey"]
    assert asked(lab_with((ADMIN, Part.OTHER), (SURVEY, Part.ORDINARY))) == ["survey"], "scripts use no other account's session"


def test_without_a_session_each_tells_for_itself_why_there_is_none() -> None:
    assert asked(lab_with()) == ["admin", "survey"]
    with pytest.raises(Missing, match="no ordinary account"):
        lab_with().session(ADMIN, Part.ORDINARY)
