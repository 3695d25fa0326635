from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

from authproof_mock import faults
from authproof_mock.faults import Fault, UnknownFaultError, all_faults, parts_with
from authproof_mock.guard import Guard
from authproof_mock.parts import Parts
from authproof_mock.tokens import Tokens
from authproof_spec.catalogue import load_catalogue

FAULTS = all_faults()
# A fault may be a narrower mistake than its requirement is about, and have a name of its own.
NARROWER = {
    "takes-an-empty-field-for-somebody": "CWE-287",  # improper authentication
    "ends-the-token-at-a-control-byte": "CWE-158",  # a NUL that ends a text
    "guards-by-a-list-of-methods": "CVE-2010-0738",  # a console that was guarded for GET and POST alone
    "overlooks-upper-case-in-a-path": "CWE-178",  # improper handling of case
    "lets-an-empty-password-in": "RFC 4513 §5.1.2",  # a directory that takes an empty password for an anonymous bind
    "counts-up-in-long-refresh-tokens": "CWE-340",  # predictable identifiers
    "counts-up-in-long-challenges": "CWE-340",
    "shows-a-part-of-a-hash-that-suffices": "CWE-836",  # a hash that serves as the password
    "revokes-every-token-for-an-asterisk": "CWE-155",  # wildcards
    "asks-for-another-permission-where-one-deletes": "CWE-863",  # an authorization that is made, and made wrongly
    "validates-the-body-of-one-operation-before-the-credentials": "OWASP API Top 10 2023 API8",  # security misconfiguration
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
def test_a_fault_tells_what_it_does_and_why_that_is_wrong(fault: Fault) -> None:
    catalogue = load_catalogue()
    requirement = catalogue[fault.breaks]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", fault.name)
    assert re.fullmatch(r"[A-Z\w].*[^.]\.", fault.harm)
    cited = {*(source.citation for source in requirement.sources), *requirement.examples}
    assert (fault.reference in cited) is (fault.name not in NARROWER)
    assert fault.reference == NARROWER.get(fault.name, fault.reference)
    assert fault.breaks not in fault.also
    assert set(fault.also) <= set(catalogue)
    assert fault.parts(Parts()) != Parts()


def test_no_two_faults_share_a_name() -> None:
    modules = [importlib.import_module(f"authproof_mock.faults.{found.name}") for found in pkgutil.iter_modules(faults.__path__)]
    defined = {id(found): found.name for module in modules for found in vars(module).values() if isinstance(found, Fault)}
    assert sorted(defined.values()) == sorted(FAULTS)


def test_faults_add_up() -> None:
    parts = parts_with(["takes-any-scheme", "takes-a-token-without-a-scheme", "accepts-alg-none"])
    assert issubclass(parts.guard, Guard)
    names = list(dict.fromkeys(base.__name__ for base in parts.guard.__mro__ if issubclass(base, Guard)))
    assert names == ["TakesABareToken", "TakesAnyScheme", "Guard"]
    assert issubclass(parts.tokens, Tokens)
    assert parts.tokens is not Tokens
    assert parts.sessions is Parts().sessions


def test_without_names_the_mock_is_the_right_one() -> None:
    assert parts_with([]) == Parts()


@pytest.mark.parametrize(
    ("name", "hint"),
    [("accept-alg-none", "did you mean accepts-alg-none"), ("qqq", "see the list of `authproof faults`")],
)
def test_an_unknown_name_is_refused_with_those_that_are_like_it(name: str, hint: str) -> None:
    with pytest.raises(UnknownFaultError, match=hint):
        parts_with([name])
