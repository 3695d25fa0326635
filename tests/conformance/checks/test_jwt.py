"""The judgement of answers to forged tokens, by tables of what servers may answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from authproof.checks import forged_tokens, jwt, minted_tokens
from authproof.checks.registry import Check
from authproof.evidence import Evidence, Outcome
from authproof.exchange import Exchange, Probe, Request, Response, TokenFacts
from authproof.verdict import Verdict
from authproof_spec import Application, Contract, Operation, load_contract
from authproof_spec.pointer import Json

CONTRACT = load_contract()
ADMIN = CONTRACT.applications["admin"]
LOGIN = ADMIN.logins[0].operation
ME = next(operation for operation in CONTRACT.operations if operation.id == "getAdminUser")
USERS = next(operation for operation in CONTRACT.operations if operation.id == "listUsers")
SOMEBODY = (200, {"profile": {"id": "1"}})
HTML = "text/html; charset=utf-8"

Answer = tuple[int, Json] | tuple[int, Json, str] | None
"""Status, body and media type; None for no answer."""


def exchange(name: str, operation: Operation | None, answer: Answer, *, variant: str = "", elapsed: float = 0.1, token: str = "") -> Exchange:
    request = Request("GET", ME.path, (("Authorization", f"Bearer {token}"),))
    probe = Probe(name, request, operation.id if operation else None, variant)
    if answer is None:
        return Exchange(0, probe, None, "connection reset", elapsed=elapsed)
    status, body, *media = answer
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    headers = (("content-type", media[0] if media else "application/json"),)
    return Exchange(0, probe, Response(status, headers, content), elapsed=elapsed)


def evidence(
    *exchanges: Exchange,
    facts: Mapping[str, TokenFacts] | None = None,
    outcomes: Mapping[tuple[str, str], Outcome] | None = None,
    contract: Contract = CONTRACT,
) -> Evidence:
    control = exchange("identity.control", ME, SOMEBODY)
    numbered = tuple(replace(found, number=number) for number, found in enumerate((control, *exchanges), 1))
    return Evidence(contract, numbered, facts or {}, outcomes or {})


def verdict(check: Check, seen: Evidence, operation: Operation = ME) -> Verdict:
    return check(seen, operation).verdict


def control(name: str = "jwt.control", answer: Answer = SOMEBODY, token: str = "") -> Exchange:
    return exchange(name, ME, answer, token=token)


UNAUTHORIZED: Answer = (401, {"message": "no"})
REFUSALS = [
    pytest.param(UNAUTHORIZED, Verdict.PASS, id="401"),
    pytest.param((500, {"message": "oops"}), Verdict.PASS, id="500 is not let in, and ERR-07 has it"),
    pytest.param((200, {"profile": {"id": "1"}}), Verdict.FAIL, id="200"),
    pytest.param((204, ""), Verdict.FAIL, id="204"),
    pytest.param((403, {"message": "no"}), Verdict.FAIL, id="403: its claims were used"),
    pytest.param((404, {"message": "no"}), Verdict.FAIL, id="404"),
    pytest.param((302, ""), Verdict.FAIL, id="a redirect is no 401"),
    pytest.param((429, {"message": "slow down"}), Verdict.INCONCLUSIVE, id="429"),
    pytest.param((403, "<html>blocked</html>", HTML), Verdict.INCONCLUSIVE, id="a firewall"),
    pytest.param((503, "<html>down</html>", HTML), Verdict.INCONCLUSIVE, id="a proxy"),
    pytest.param((503, {"message": "busy"}), Verdict.INCONCLUSIVE, id="503"),
    pytest.param(None, Verdict.INCONCLUSIVE, id="no answer"),
]


@pytest.mark.parametrize(("answer", "expected"), REFUSALS)
def test_a_forged_token_is_to_be_answered_401(answer: Answer, expected: Verdict) -> None:
    assert verdict(forged_tokens.other_key_is_refused, evidence(exchange("jwt.other_key", ME, answer), control())) is expected


@pytest.mark.parametrize("answer", [UNAUTHORIZED, (429, {}), (500, {}), (200, {"profile": {"id": "2"}}), None])
def test_a_refusal_proves_nothing_where_the_good_token_is_refused_too(answer: Answer) -> None:
    seen = evidence(exchange("jwt.other_key", ME, UNAUTHORIZED), control(answer=answer))
    assert verdict(forged_tokens.other_key_is_refused, seen) is Verdict.INCONCLUSIVE


def test_one_variant_that_is_let_in_is_enough() -> None:
    sent = [exchange("jwt.kid", ME, UNAUTHORIZED), exchange("jwt.kid", ME, SOMEBODY, variant="a query"), control()]
    judgement = forged_tokens.key_identifier_leads_nowhere(evidence(*sent), ME)
    assert judgement.verdict is Verdict.FAIL
    assert "(a query)" in judgement.detail


@pytest.mark.parametrize("check", [forged_tokens.extended_token_is_refused, forged_tokens.other_serialisation_is_refused])
def test_what_is_no_bearer_token_may_be_answered_400(check: Check) -> None:
    for name in ("jwt.extended", "jwt.serialised"):
        if verdict(check, evidence(exchange(name, ME, (400, {})), control())) is Verdict.PASS:
            return
    pytest.fail("400 is lawful")


def test_where_there_was_nothing_to_forge_it_is_skipped() -> None:
    assert verdict(minted_tokens.other_algorithm_is_refused, evidence(control("minted.control"))) is Verdict.SKIP


def test_without_the_script_its_reason_is_told() -> None:
    outcomes = {("minted", "admin"): Outcome(Verdict.SKIP, "The profile has no signing_key.")}
    judgement = minted_tokens.other_issuer_is_refused(evidence(outcomes=outcomes), ME)
    assert (judgement.verdict, judgement.detail) == (Verdict.SKIP, "The profile has no signing_key.")


def test_a_token_that_another_operation_lets_in_is_told_with_its_place() -> None:
    seen = evidence(exchange("minted.expired", ME, UNAUTHORIZED), exchange("minted.expired", USERS, (200, {"data": []})), control("minted.control"))
    judgement = minted_tokens.expired_token_is_refused(seen, ME)
    assert judgement.verdict is Verdict.FAIL
    assert "listUsers" in judgement.detail or USERS.name in judgement.detail


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (UNAUTHORIZED, Verdict.PASS),
        ((400, {}), Verdict.WARN),
        ((500, {}), Verdict.FAIL),
        ((502, {}), Verdict.FAIL),
        ((502, "<html>", HTML), Verdict.INCONCLUSIVE),
        (SOMEBODY, Verdict.FAIL),
        ((429, {}), Verdict.INCONCLUSIVE),
    ],
)
def test_a_malformed_token_makes_nothing_fail(answer: Answer, expected: Verdict) -> None:
    assert verdict(forged_tokens.malformed_token_is_refused, evidence(exchange("jwt.malformed", ME, answer), control())) is expected
    odd = evidence(exchange("minted.odd_expiry", ME, answer), control("minted.control"))
    assert verdict(minted_tokens.odd_expiry_is_refused, odd) is expected


@pytest.mark.parametrize(
    ("answer", "elapsed", "expected"),
    [
        (UNAUTHORIZED, 0.1, Verdict.PASS),
        ((400, ""), 0.1, Verdict.PASS),
        ((413, ""), 0.1, Verdict.PASS),
        ((431, ""), 0.1, Verdict.PASS),
        (None, 0.1, Verdict.PASS),
        (None, 10.0, Verdict.FAIL),
        (UNAUTHORIZED, 6.0, Verdict.FAIL),
        (SOMEBODY, 0.1, Verdict.FAIL),
        ((500, ""), 0.1, Verdict.FAIL),
        ((429, ""), 0.1, Verdict.INCONCLUSIVE),
        ((403, "<html>", HTML), 0.1, Verdict.INCONCLUSIVE),
    ],
)
def test_an_oversized_token_does_no_harm(answer: Answer, elapsed: float, expected: Verdict) -> None:
    sent = exchange("jwt.oversized", None, answer, elapsed=elapsed)
    assert verdict(forged_tokens.oversized_token_does_no_harm, evidence(sent, control())) is expected
    gone = evidence(sent, control(answer=(500, {})))
    assert verdict(forged_tokens.oversized_token_does_no_harm, gone) is (Verdict.FAIL if expected is Verdict.FAIL else Verdict.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("before", "after", "variant", "skew", "expected"),
    [
        (SOMEBODY, UNAUTHORIZED, "just after its expiry", 0, Verdict.PASS),
        (SOMEBODY, SOMEBODY, "just after its expiry", 0, Verdict.INCONCLUSIVE),
        (SOMEBODY, SOMEBODY, "just after its expiry", 30, Verdict.FAIL),
        (SOMEBODY, SOMEBODY, "long after its expiry", 0, Verdict.FAIL),
        (UNAUTHORIZED, UNAUTHORIZED, "long after its expiry", 0, Verdict.INCONCLUSIVE),
    ],
)
def test_a_token_is_judged_after_its_time_too(before: Answer, after: Answer, variant: str, skew: int, expected: Verdict) -> None:
    contract = replace(CONTRACT, tokens=replace(CONTRACT.tokens, clock_skew=skew))
    seen = evidence(exchange("expiry.before", ME, before), exchange("expiry.after", ME, after, variant=variant), contract=contract)
    assert verdict(minted_tokens.expired_token_is_refused, seen) is expected


@pytest.mark.parametrize(("answer", "expected"), [(UNAUTHORIZED, Verdict.PASS), (SOMEBODY, Verdict.WARN), ((404, {}), Verdict.FAIL)])
def test_a_token_of_two_accounts_may_be_let_in_with_a_warning(answer: Answer, expected: Verdict) -> None:
    seen = evidence(exchange("minted.account", ME, UNAUTHORIZED), exchange("minted.mismatch", ME, answer), control("minted.control"))
    assert verdict(minted_tokens.unknown_account_is_refused, seen) is expected


@pytest.mark.parametrize(
    ("plain", "answer", "claims", "expected"),
    [
        ((403, {}), (403, {}), {"sub": "1"}, Verdict.PASS),
        ((403, {}), UNAUTHORIZED, {"sub": "1"}, Verdict.PASS),
        ((403, {}), (200, {"data": []}), {"sub": "1"}, Verdict.FAIL),
        ((403, {}), (200, {"data": []}), {"sub": "1", "roles": []}, Verdict.SKIP),
        ((200, {}), (200, {"data": []}), {"sub": "1"}, Verdict.SKIP),
        (None, (200, {"data": []}), {"sub": "1"}, Verdict.SKIP),
        ((403, {}), (429, {}), {"sub": "1"}, Verdict.INCONCLUSIVE),
    ],
)
def test_rank_that_a_token_claims_does_not_count(plain: Answer, answer: Answer, claims: dict[str, Json], expected: Verdict) -> None:
    facts = {"FORGED_TOKEN_1": TokenFacts("forged_token", "", 1, {}, claims)}
    sent = [exchange("permission.missing", USERS, plain), exchange("minted.privileges", USERS, answer)]
    seen = evidence(*sent, control("minted.control", token="${FORGED_TOKEN_1}"), facts=facts)
    assert verdict(minted_tokens.rank_is_not_taken_from_the_token, seen) is expected


def issued(claims: dict[str, Json] | None, header: dict[str, Json] | None = None, *others: Exchange, **more: TokenFacts) -> Evidence:
    facts = {"ACCESS_TOKEN_1": TokenFacts("access_token", "", 1, header or {"alg": "HS256"}, claims, is_compact=True), **more}
    return evidence(exchange("login.good", LOGIN, (200, {"accessToken": "${ACCESS_TOKEN_1}"})), *others, facts=facts)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"sub": "1", "amr": ["pwd", "otp"], "at_hash": "x", "pwd_changed": 1}, Verdict.PASS),
        ({"csrf": "${CSRF_TOKEN_1}"}, Verdict.PASS),
        ({"password": ""}, Verdict.PASS),
        ({"sub": "a@example.com"}, Verdict.PASS),
        ({"email": "a@example.com"}, Verdict.WARN),
        ({"user": {"login": "a@example.com"}}, Verdict.WARN),
        ({"fileHash": "abc"}, Verdict.INCONCLUSIVE),
        ({"Password": "x"}, Verdict.FAIL),
        ({"user": {"x": "${PASSWORD_1}"}}, Verdict.FAIL),
        ({"x": "$2b$12$abcdefghijklmnopqrstuv"}, Verdict.FAIL),
        ({"x": ["$argon2id$v=19$m=1"]}, Verdict.FAIL),
        ({"x": "pbkdf2_sha256$1$a$b"}, Verdict.FAIL),
        ({"x": [{"y": "${REFRESH_TOKEN_1}"}]}, Verdict.FAIL),
    ],
)
def test_claims_hold_no_secret(claims: dict[str, Json], expected: Verdict) -> None:
    secrets = {f"{kind.upper()}_1": TokenFacts(kind, "", 1) for kind in ("csrf_token", "password", "refresh_token")}
    assert verdict(jwt.claims_hold_no_secret, issued(claims, None, **secrets), LOGIN) is expected


@pytest.mark.parametrize(
    ("access", "refresh", "expected"),
    [
        ({"aud": ["a", "b"]}, {"aud": ["b", "a"]}, Verdict.FAIL),
        ({"aud": "a"}, {"aud": "b"}, Verdict.PASS),
        ({"aud": "a", "use": "access"}, {"aud": "a"}, Verdict.FAIL),
        ({"aud": "a", "use": "access"}, {"aud": "a", "use": "refresh"}, Verdict.PASS),
        ({"aud": "a", "scope": "x"}, {"aud": "a", "family": "f"}, Verdict.PASS),
        ({"aud": "a"}, None, Verdict.PASS),
    ],
)
def test_kinds_are_told_apart_by_what_both_have(access: dict[str, Json], refresh: dict[str, Json] | None, expected: Verdict) -> None:
    kinds = {"REFRESH_TOKEN_1": TokenFacts("refresh_token", "", 1, None if refresh is None else {"alg": "HS256"}, refresh)}
    kinds |= {"PERSONAL_ACCESS_TOKEN_1": TokenFacts("personal_access_token", "", 1)}
    renewed = exchange("refresh.first", ADMIN.refresh, (200, "${REFRESH_TOKEN_1}"))
    assert ADMIN.personal_access_tokens
    created = exchange("pat.create", ADMIN.personal_access_tokens.create, (201, "${PERSONAL_ACCESS_TOKEN_1}"))
    assert verdict(jwt.kinds_of_tokens_are_told_apart, issued(access, None, renewed, created, **kinds), LOGIN) is expected
    unseen = Verdict.FAIL if expected is Verdict.FAIL else Verdict.INCONCLUSIVE
    assert verdict(jwt.kinds_of_tokens_are_told_apart, issued(access, None, renewed, **kinds), LOGIN) is unseen


def test_a_token_that_is_no_jwt_is_not_told_apart() -> None:
    assert verdict(jwt.kinds_of_tokens_are_told_apart, issued(None), LOGIN) is Verdict.INCONCLUSIVE


def test_a_guessed_secret_is_a_failure_whatever_the_server_says_of_it() -> None:
    guessed = exchange("jwt.known_secret", ME, UNAUTHORIZED)
    assert verdict(jwt.secret_is_not_a_known_one, issued({}, None, guessed, control()), LOGIN) is Verdict.FAIL
    assert verdict(jwt.secret_is_not_a_known_one, issued({}, None, control()), LOGIN) is Verdict.PASS
    assert verdict(jwt.secret_is_not_a_known_one, issued({}), LOGIN) is Verdict.INCONCLUSIVE
    assert verdict(jwt.secret_is_not_a_known_one, issued({}, {"alg": "ES256"}, control()), LOGIN) is Verdict.SKIP


@pytest.mark.parametrize(
    ("lifetime", "declared", "expected"),
    [
        (900, 900, Verdict.PASS),
        (905, 900, Verdict.PASS),
        (906, 900, Verdict.FAIL),
        (3600, None, Verdict.PASS),
        (3601, None, Verdict.WARN),
        (0, 900, Verdict.FAIL),
    ],
)
def test_an_access_token_lives_no_longer_than_declared(lifetime: int, declared: int | None, expected: Verdict) -> None:
    seen = issued({"iat": 1000, "exp": 1000 + lifetime})
    application: Application = replace(ADMIN, access_token=replace(ADMIN.access_token, lifetime=declared))
    seen = replace(seen, contract=replace(CONTRACT, applications={**CONTRACT.applications, "admin": application}))
    assert verdict(jwt.access_token_is_short_lived, seen, LOGIN) is expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((404, {}), Verdict.SKIP),
        ((200, "<html>", HTML), Verdict.SKIP),
        ((200, {"keys": []}), Verdict.SKIP),
        ((200, {"keys": [{"kty": "RSA", "n": "x", "e": "AQAB"}]}), Verdict.PASS),
        ((200, {"keys": [{"kty": "EC"}, {"kty": "EC", "d": "${PRIVATE_KEY_1}"}]}), Verdict.FAIL),
        ((200, {"keys": [{"kty": "oct", "k": "x"}]}), Verdict.FAIL),
        (None, Verdict.INCONCLUSIVE),
    ],
)
def test_a_key_set_is_public(answer: Answer, expected: Verdict) -> None:
    (operation,) = jwt.key_sets(CONTRACT)
    assert verdict(jwt.published_keys_are_public, evidence(exchange("key_set", operation, answer)), operation) is expected


@pytest.mark.parametrize(
    ("probe", "body", "expected"),
    [
        ("jwt.signature_changed", "Invalid signature.", Verdict.PASS),
        ("jwt.signature_changed", "jwt expired", Verdict.PASS),
        ("jwt.signature_changed", "expected ${ACCESS_TOKEN_1.signature}", Verdict.FAIL),
        ("jwt.signature_removed", "expected ${SIGNATURE_1}", Verdict.FAIL),
        ("jwt.claims_changed", "got ${ACCESS_TOKEN_1.signature}", Verdict.PASS),
        ("jwt.signature_changed", "got ${FORGED_TOKEN_1}", Verdict.PASS),
        ("jwt.kid", "no such file: /etc/keys/jwt.pem", Verdict.FAIL),
        ("jwt.kid", 'File "/srv/app/auth/jwt.py", line 12', Verdict.FAIL),
        ("jwt.kid", "at verify (/srv/node_modules/jsonwebtoken/verify.js:12:5)", Verdict.FAIL),
        ("jwt.kid", '<script src="/static/js/app.js"></script>', Verdict.PASS),
        ("jwt.kid", "see https://api.example.test/docs/auth/errors.php", Verdict.PASS),
        ("minted.issuer", "key ${SIGNING_KEY_1}", Verdict.FAIL),
        ("minted.issuer", "-----BEGIN PRIVATE KEY-----", Verdict.FAIL),
    ],
)
def test_a_refusal_tells_nothing_of_the_verifier(probe: str, body: str, expected: Verdict) -> None:
    kinds = {"ACCESS_TOKEN_1": "access_token", "SIGNATURE_1": "signature", "FORGED_TOKEN_1": "forged_token", "SIGNING_KEY_1": "signing_key"}
    facts = {name: TokenFacts(kind, "", 1) for name, kind in kinds.items()}
    assert verdict(jwt.refusal_tells_nothing_of_the_verifier, evidence(exchange(probe, ME, (401, body)), facts=facts)) is expected


def test_a_refresh_that_renews_a_forged_token_is_found() -> None:
    assert ADMIN.refresh is not None
    sent = [exchange("jwt.expired_and_forged", ME, UNAUTHORIZED), control()]
    for answer, expected in ((UNAUTHORIZED, Verdict.PASS), ((200, {"accessToken": "x"}), Verdict.FAIL), ((429, {}), Verdict.INCONCLUSIVE)):
        seen = evidence(*sent, exchange("expiry.forged_refresh", ADMIN.refresh, answer))
        assert verdict(forged_tokens.expired_and_forged_token_is_refused, seen) is expected
    assert verdict(forged_tokens.expired_and_forged_token_is_refused, evidence(*sent)) is Verdict.PASS
