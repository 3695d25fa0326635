"""The scripts that forge tokens, against a mock in this process."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest

from authproof.certify import Certification, plan
from authproof.embedded import BackendHooks, accounts_of
from authproof.hooks import Hooks
from authproof.keys import ALGORITHMS, new_key
from authproof.profile import Account, Budget, Part, Profile
from authproof.report import Report
from authproof.verdict import Verdict
from authproof_mock.backend import Backend
from authproof_mock.faults import parts_with
from authproof_mock.seed import load_seed
from authproof_spec import Contract
from tests.proof.detection import InProcess, contract, contract_with

MINTED = {f"JWT-{number}" for number in (21, 26, 27, 33, 35, 36, 37, 38, 39, 40, 43, 44, 47)}


def run(
    chosen: Contract,
    *,
    fault: str | None = None,
    key: str | None = None,
    given_key: str | None = None,
    public_key: str | None = None,
    with_hooks: bool = False,
    applications: tuple[str, ...] = ("admin", "survey"),
) -> tuple[Report, Certification]:
    seed = load_seed()
    backend = Backend(chosen, seed=seed, parts=parts_with([fault] if fault else []), signing_key=key)
    accounts = tuple(account for account in accounts_of(chosen, seed) if account.application in applications)
    profile = Profile("http://mock.invalid", accounts, signing_key=given_key, public_key=public_key, budget=Budget(wait=0))
    hooks: Hooks | None = BackendHooks(backend) if with_hooks else None
    certification = Certification(chosen, profile, plan(chosen, ["jwt"]), transport=InProcess(backend), hooks=hooks)
    certification.run()
    return certification.report(), certification


def verdicts(report: Report) -> dict[str, set[Verdict]]:
    found: dict[str, set[Verdict]] = {}
    for result in report.results:
        found.setdefault(result.requirement.id, set()).add(result.verdict)
    return found


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_a_right_server_passes_under_every_algorithm(algorithm: str) -> None:
    chosen = contract_with(algorithm)
    key = new_key(algorithm)
    report, _ = run(chosen, key=key, given_key=key)
    assert not {result.name: result.detail for result in report.results if result.verdict not in {Verdict.PASS, Verdict.SKIP}}
    skipped = {name for name, found in verdicts(report).items() if found == {Verdict.SKIP}}
    expected = {"JWT-18", "JWT-48"} if algorithm.startswith("HS") else {"JWT-20"}
    assert skipped == expected | ({"JWT-21"} if algorithm.startswith(("ES", "Ed")) else set())


def test_without_a_key_what_needs_one_is_skipped_with_the_reason() -> None:
    report, _ = run(contract())
    for result in report.results:
        if result.requirement.id in MINTED:
            assert result.verdict is Verdict.SKIP
            assert "signing_key" in result.detail
    assert verdicts(report)["JWT-34"] == {Verdict.SKIP}
    assert verdicts(report)["JWT-22"] == {Verdict.PASS}


def test_a_key_that_did_not_sign_is_told_and_decides_nothing() -> None:
    report, certification = run(contract(), key=new_key("HS256"), given_key=new_key("HS256"))
    for result in report.results:
        if result.requirement.id in MINTED:
            assert result.verdict is Verdict.INCONCLUSIVE
            assert "did not sign" in result.detail
    assert not [exchange for exchange in certification.recording.exchanges if exchange.probe.name.startswith("minted.")]


@pytest.mark.parametrize(("fault", "expected"), [(None, Verdict.PASS), ("does-not-look-at-the-expiry", Verdict.FAIL)])
def test_with_a_clock_that_moves_expiry_is_seen_without_a_key(fault: str | None, expected: Verdict) -> None:
    report, _ = run(contract(), fault=fault, with_hooks=True)
    assert verdicts(report)["JWT-34"] == {expected}


def test_a_public_key_of_the_profile_does_where_none_is_published() -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    chosen = contract_with("RS256")
    chosen = replace(chosen, tokens=replace(chosen.tokens, jwks_path=None))
    key = new_key("RS256")
    public = load_pem_private_key(key.encode(), None).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    without, _ = run(chosen, fault="verifies-with-the-public-key-as-a-secret", key=key)
    assert verdicts(without)["JWT-18"] == {Verdict.SKIP}
    report, _ = run(chosen, fault="verifies-with-the-public-key-as-a-secret", key=key, public_key=public)
    assert Verdict.FAIL in verdicts(report)["JWT-18"]


def test_every_variant_goes_to_one_application_and_none_is_left_out() -> None:
    key = new_key("HS256")
    _, both = run(contract(), key=key, given_key=key)
    _, one = run(contract(), key=key, given_key=key, applications=("survey",))
    shared, alone = (
        Counter((exchange.probe.name, exchange.probe.variant) for exchange in found.recording.exchanges if exchange.probe.variant)
        for found in (both, one)
    )
    wanted = {variant for variant in alone if variant[0].startswith(("jwt.", "minted.")) and variant[0] != "jwt.respelled"}
    assert wanted <= shared.keys()
    assert max(shared[variant] for variant in wanted if variant[0] == "jwt.kid") == 1


def test_opaque_access_tokens_are_skipped_with_the_reason() -> None:
    survey = contract().applications["survey"]
    opaque = replace(survey, access_token=replace(survey.access_token, opaque=True))
    chosen = replace(contract(), applications={**contract().applications, "survey": opaque})
    key = new_key("HS256")
    report, _ = run(chosen, key=key, given_key=key)
    results = [result for result in report.results if result.operation == "GET /api/user" and result.requirement.id != "JWT-41"]
    assert results
    assert {result.verdict for result in results} == {Verdict.SKIP}
    assert all("opaque" in result.detail for result in results)


def test_no_forged_token_is_in_the_recording() -> None:
    key = new_key("RS256")
    _, certification = run(contract_with("RS256"), key=key, given_key=key)
    text = "".join(
        f"{exchange.probe.request.target} {exchange.probe.request.headers} {exchange.response}" for exchange in certification.recording.exchanges
    )
    # The numbers of a published key may have any letters, but no dot after them.
    assert not re.search(r"eyJ[\w-]+\.", text)
    assert "BEGIN" not in text


def test_an_account_of_the_disabled_part_alone_gives_nothing_to_forge() -> None:
    seed = load_seed()
    backend = Backend(contract(), seed=seed)
    account = Account("admin", Part.DISABLED, {"email": "x@example.com", "password": "xxxxxxxxxx"})
    certification = Certification(contract(), Profile("http://mock.invalid", (account,)), plan(contract(), ["jwt-09"]), transport=InProcess(backend))
    certification.run()
    assert {result.verdict for result in certification.report().results} == {Verdict.SKIP}
