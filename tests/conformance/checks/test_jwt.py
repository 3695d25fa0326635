"""The judgement of answers to forged tokens, by tables of what servers may answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from authproof.checks import CHECKS, forged_tokens, jwt, minted_tokens
from authproof.checks.registry import Check
from authproof.evidence import Evidence, Outcome
from authproof.exchange import Exchange, Probe, Request, Response, TokenFacts
from authproof.verdict import Judgement, Verdict
from authproof_spec import Application, Contract, Operation, load_contract
from authproof_spec.contract import Meaning
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


def found(requirement: str) -> Check:
    return next(check for check in CHECKS if check.requirement == requirement)


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


@pytest.mark.parametrize(
    ("requirement", "probe"),
    [("JWT-29", "jwt.respelled"), ("JWT-30", "jwt.extended"), ("JWT-31", "jwt.serialised"), ("JWT-12", "jwt.signature_removed")],
)
def test_what_is_no_bearer_token_may_be_answered_400(requirement: str, probe: str) -> None:
    is_token = requirement == "JWT-12"
    for status, expected in ((400, Verdict.FAIL if is_token else Verdict.PASS), (500, Verdict.PASS), (404, Verdict.FAIL)):
        assert verdict(found(requirement), evidence(exchange(probe, ME, (status, {})), control())) is expected


MINTED = {
    "other_algorithm_is_refused": ("JWT-21", "minted.other_algorithm"),
    "unknown_critical_extension_is_refused": ("JWT-26", "minted.critical"),
    "unencoded_payload_is_refused": ("JWT-27", "minted.unencoded"),
    "member_that_stands_twice_is_refused": ("JWT-33", "minted.duplicate"),
    "token_without_expiry_is_refused": ("JWT-35", "minted.without_expiry"),
    "token_is_refused_before_its_time": ("JWT-37", "minted.not_yet"),
    "token_of_the_future_is_refused": ("JWT-38", "minted.issued_later"),
    "other_issuer_is_refused": ("JWT-39", "minted.issuer"),
    "other_audience_is_refused": ("JWT-40", "minted.audience"),
    "nested_token_is_refused": ("JWT-47", "minted.nested"),
}


@pytest.mark.parametrize(("demand", "requirement", "probe"), [(demand, *asked) for demand, asked in MINTED.items()])
def test_a_token_that_is_rightly_signed_is_judged_by_what_it_says(demand: str, requirement: str, probe: str) -> None:
    check = found(requirement)
    # What is demanded is shown by this name.
    assert check.demand == demand
    for answer, good, expected in (
        (UNAUTHORIZED, SOMEBODY, Verdict.PASS),
        ((500, {}), SOMEBODY, Verdict.PASS),
        (SOMEBODY, SOMEBODY, Verdict.FAIL),
        ((400, {}), SOMEBODY, Verdict.FAIL),
        (UNAUTHORIZED, UNAUTHORIZED, Verdict.INCONCLUSIVE),
    ):
        assert verdict(check, evidence(exchange(probe, ME, answer), control("minted.control", good))) is expected
    # The tokens of another script prove nothing of these.
    assert verdict(check, evidence(exchange(probe, ME, UNAUTHORIZED), control("jwt.control"))) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("requirement", "probe", "what"),
    [
        ("JWT-34", "minted.expired", "an expired token"),
        ("JWT-36", "minted.odd_expiry", "a token with an odd expiry"),
        ("JWT-43", "minted.account", "a token of an unknown account"),
        ("JWT-44", "minted.privileges", "an operation that takes a permission"),
    ],
)
def test_what_the_tokens_leave_nothing_to_try_of_is_skipped(requirement: str, probe: str, what: str) -> None:
    judgement = found(requirement)(evidence(control("minted.control")), ME)
    assert (judgement.verdict, judgement.detail) == (Verdict.SKIP, f"The contract's tokens leave nothing to try here: {what}.")
    # What was sent in vain is another matter.
    unanswered = found(requirement)(evidence(control("minted.control"), exchange(probe, ME, None)), ME)
    assert (unanswered.verdict, unanswered.detail) == (Verdict.INCONCLUSIVE, f"No probe of this was answered: {what}.")


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
        (UNAUTHORIZED, 5.0, Verdict.PASS),
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
    judgement = forged_tokens.oversized_token_does_no_harm(evidence(control()), ME)
    assert (judgement.verdict, judgement.detail) == (Verdict.INCONCLUSIVE, "No oversized token was sent.")
    gone = evidence(sent, control(answer=(500, {})))
    assert verdict(forged_tokens.oversized_token_does_no_harm, gone) is (Verdict.FAIL if expected is Verdict.FAIL else Verdict.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("before", "after", "variant", "skew", "expected"),
    [
        (SOMEBODY, UNAUTHORIZED, "just after its expiry", 0, Verdict.PASS),
        (SOMEBODY, SOMEBODY, "just after its expiry", 0, Verdict.INCONCLUSIVE),
        (SOMEBODY, SOMEBODY, "just after its expiry", 30, Verdict.FAIL),
        (SOMEBODY, SOMEBODY, "long after its expiry", 0, Verdict.FAIL),
        (SOMEBODY, (500, {}), "long after its expiry", 0, Verdict.PASS),
        (UNAUTHORIZED, UNAUTHORIZED, "long after its expiry", 0, Verdict.INCONCLUSIVE),
    ],
)
def test_a_token_is_judged_after_its_time_too(before: Answer, after: Answer, variant: str, skew: int, expected: Verdict) -> None:
    contract = replace(CONTRACT, tokens=replace(CONTRACT.tokens, clock_skew=skew))
    seen = evidence(exchange("expiry.before", ME, before), exchange("expiry.after", ME, after, variant=variant), contract=contract)
    assert verdict(minted_tokens.expired_token_is_refused, seen) is expected


@pytest.mark.parametrize(("answer", "expected"), [(UNAUTHORIZED, Verdict.PASS), ((500, {}), Verdict.PASS), (SOMEBODY, Verdict.FAIL)])
def test_each_operation_is_to_refuse_a_token_after_its_time(answer: Answer, expected: Verdict) -> None:
    own = [exchange("expiry.before", ME, SOMEBODY), exchange("expiry.after", ME, UNAUTHORIZED, variant="long after its expiry")]
    elsewhere = exchange("expiry.after", USERS, answer, variant="long after its expiry")
    judgement = minted_tokens.expired_token_is_refused(evidence(*own, elsewhere), ME)
    assert judgement.verdict is expected
    assert USERS.name in judgement.detail


@pytest.mark.parametrize(
    ("minted", "after", "expected"),
    [
        (UNAUTHORIZED, None, Verdict.PASS),
        ((500, {}), None, Verdict.PASS),
        (UNAUTHORIZED, UNAUTHORIZED, Verdict.PASS),
        # A server that keeps its own tokens in mind may look at these no more.
        (UNAUTHORIZED, SOMEBODY, Verdict.FAIL),
        (SOMEBODY, UNAUTHORIZED, Verdict.FAIL),
    ],
)
def test_a_minted_token_and_one_of_the_target_are_both_refused_after_their_time(minted: Answer, after: Answer, expected: Verdict) -> None:
    sent = [exchange("minted.expired", ME, minted), control("minted.control")]
    issued = [exchange("expiry.before", ME, SOMEBODY), exchange("expiry.after", ME, after, variant="long after its expiry")]
    assert verdict(minted_tokens.expired_token_is_refused, evidence(*sent, *issued)) is expected


@pytest.mark.parametrize(
    ("answer", "expected"), [(UNAUTHORIZED, Verdict.PASS), ((500, {}), Verdict.PASS), (SOMEBODY, Verdict.WARN), ((404, {}), Verdict.FAIL)]
)
def test_a_token_of_two_accounts_may_be_let_in_with_a_warning(answer: Answer, expected: Verdict) -> None:
    seen = evidence(exchange("minted.account", ME, UNAUTHORIZED), exchange("minted.mismatch", ME, answer), control("minted.control"))
    assert verdict(minted_tokens.unknown_account_is_refused, seen) is expected


@pytest.mark.parametrize(("answer", "expected"), [((500, {}), Verdict.PASS), (SOMEBODY, Verdict.FAIL), ((403, {}), Verdict.FAIL)])
def test_a_token_of_nobody_is_refused(answer: Answer, expected: Verdict) -> None:
    assert verdict(minted_tokens.unknown_account_is_refused, evidence(exchange("minted.account", ME, answer), control("minted.control"))) is expected


RANKS = ("permission", "permissions", "role", "Roles", "scope", "scp", "groups", "authorities", "isAdmin", "is_admin", "admin")


@pytest.mark.parametrize(
    ("plain", "answer", "claims", "expected"),
    [
        ((403, {}), (403, {}), {"sub": "1"}, Verdict.PASS),
        ((403, {}), UNAUTHORIZED, {"sub": "1"}, Verdict.PASS),
        ((403, {}), (404, {}), {"sub": "1"}, Verdict.PASS),
        ((403, {}), (403, "<html>", HTML), {"sub": "1"}, Verdict.INCONCLUSIVE),
        ((403, {}), (200, {"data": []}), {"sub": "1"}, Verdict.FAIL),
        *(((403, {}), (200, {"data": []}), {"sub": "1", name: []}, Verdict.SKIP) for name in RANKS),
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


def test_nothing_is_gained_by_a_claim_where_one_account_without_the_permission_was_served() -> None:
    facts = {"FORGED_TOKEN_1": TokenFacts("forged_token", "", 1, {}, {"sub": "1"})}
    plain = [exchange("permission.missing", USERS, (403, {})), exchange("permission.missing", USERS, (200, {}))]
    sent = [*plain, exchange("minted.privileges", USERS, (200, {})), control("minted.control", token="${FORGED_TOKEN_1}")]
    assert verdict(minted_tokens.rank_is_not_taken_from_the_token, evidence(*sent, facts=facts)) is Verdict.SKIP


def issued(claims: dict[str, Json] | None, header: dict[str, Json] | None = None, *others: Exchange, **more: TokenFacts) -> Evidence:
    facts = {"ACCESS_TOKEN_1": TokenFacts("access_token", "", 1, header or {"alg": "HS256"}, claims, is_compact=True), **more}
    return evidence(exchange("login.good", LOGIN, (200, {"accessToken": "${ACCESS_TOKEN_1}"})), *others, facts=facts)


SECRET_KINDS = ("password", "link_token", "totp_secret", "refresh_token", "personal_access_token", "signing_key")
SECRET_NAMES: tuple[str, ...] = (
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "password_hash",
    "hashedPassword",
    "secret",
    "client_secret",
    "userPassword",
    "otpSecret",
)
SECRET_NAMES += ("totp-secret", "mfaSecret", "refresh_token", "privateKey", "recoveryCode", "backup_code")
PERSONAL_NAMES: tuple[str, ...] = (
    "email",
    "mail",
    "phone",
    "phone_number",
    "address",
    "birthdate",
    "birthday",
    "name",
    "fullName",
    "firstName",
    "last_name",
)
PERSONAL_NAMES += ("given_name", "family_name")


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
        ({"at_hash": "x", "c_hash": "x", "s_hash": "x"}, Verdict.PASS),
        *(({"x": f"of ${{{kind.upper()}_1}}"}, Verdict.FAIL) for kind in SECRET_KINDS),
        *(({name: "x"}, Verdict.FAIL) for name in SECRET_NAMES),
        *(({"user": {name: "x"}}, Verdict.WARN) for name in PERSONAL_NAMES),
    ],
)
def test_claims_hold_no_secret(claims: dict[str, Json], expected: Verdict) -> None:
    secrets = {f"{kind.upper()}_1": TokenFacts(kind, "", 1) for kind in ("csrf_token", *SECRET_KINDS)}
    assert verdict(jwt.claims_hold_no_secret, issued(claims, None, **secrets), LOGIN) is expected


@pytest.mark.parametrize(
    ("access", "refresh", "expected"),
    [
        ({"aud": ["a", "b"]}, {"aud": ["b", "a"]}, Verdict.FAIL),
        ({"aud": "a"}, {"aud": "b"}, Verdict.PASS),
        ({"aud": "a", "use": "access"}, {"aud": "a"}, Verdict.FAIL),
        ({"aud": "a", "use": "access"}, {"aud": "a", "use": "refresh"}, Verdict.PASS),
        ({"aud": "a", "scope": "x"}, {"aud": "a", "family": "f"}, Verdict.PASS),
        ({"aud": "a", "of": ["x", 1]}, {"aud": "a", "of": [1, "x"]}, Verdict.FAIL),
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
    judgement = jwt.kinds_of_tokens_are_told_apart(issued(None), LOGIN)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "is no JWT" in judgement.detail


def refreshable(access: TokenFacts, *refresh: TokenFacts, contract: Contract = CONTRACT) -> Judgement:
    """What is said of the kinds of tokens where there are these alone."""
    application = replace(ADMIN, personal_access_tokens=None)
    numbered = {f"REFRESH_TOKEN_{number}": facts for number, facts in enumerate(refresh, 1)}
    renewed = [exchange("refresh.first", ADMIN.refresh, (200, f"${{{name}}}")) for name in numbered]
    login = exchange("login.good", LOGIN, (200, {"accessToken": "${ACCESS_TOKEN_1}"}))
    of = replace(contract, applications={**contract.applications, "admin": application})
    return jwt.kinds_of_tokens_are_told_apart(evidence(login, *renewed, facts={"ACCESS_TOKEN_1": access, **numbered}, contract=of), LOGIN)


def known(kind: str, claims: dict[str, Json] | None, **header: Json) -> TokenFacts:
    return TokenFacts(kind, "", 1, {"alg": "HS256", **header}, claims, is_compact=True)


@pytest.mark.parametrize("name", ["iss", "sub", "iat", "exp", "nbf", "jti"])
def test_what_differs_from_token_to_token_tells_no_kinds_apart(name: str) -> None:
    plain = replace(CONTRACT, tokens=replace(CONTRACT.tokens, claims={"aud": Meaning.AUDIENCE}))
    access, refresh = (known(kind, {"aud": "a", name: kind}) for kind in ("access_token", "refresh_token"))
    assert refreshable(access, refresh, contract=plain).verdict is Verdict.FAIL


@pytest.mark.parametrize(("typ", "expected"), [("JWT", Verdict.FAIL), ("at+jwt", Verdict.PASS)])
def test_kinds_may_differ_in_typ(typ: str, expected: Verdict) -> None:
    judgement = refreshable(known("access_token", {"aud": "a"}, typ="JWT"), known("refresh_token", {"aud": "a"}, typ=typ))
    assert judgement.verdict is expected
    assert "only kind" not in judgement.detail


def test_one_token_that_may_be_taken_for_another_kind_is_enough() -> None:
    told, untold = (known("refresh_token", {"aud": "a", "use": use, "family": "f"}) for use in ("refresh", "access"))
    assert refreshable(known("access_token", {"aud": "a", "use": "access"}), told, untold).verdict is Verdict.FAIL


def test_an_encrypted_token_is_not_told_apart_and_not_taken_for_a_jwt() -> None:
    judgement = refreshable(known("access_token", {"aud": "a"}), known("refresh_token", None, enc="A256GCM"))
    assert judgement.verdict is Verdict.PASS
    assert "only kind" in judgement.detail


def test_the_kinds_that_were_not_seen_are_named() -> None:
    judgement = jwt.kinds_of_tokens_are_told_apart(issued({"aud": "a"}), LOGIN)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.detail == "No refresh token and no personal access token was seen to compare."


def test_a_guessed_secret_is_a_failure_whatever_the_server_says_of_it() -> None:
    guessed = exchange("jwt.known_secret", ME, UNAUTHORIZED)
    assert verdict(jwt.secret_is_not_a_known_one, issued({}, None, guessed, control()), LOGIN) is Verdict.FAIL
    assert verdict(jwt.secret_is_not_a_known_one, issued({}, None, control()), LOGIN) is Verdict.PASS
    assert verdict(jwt.secret_is_not_a_known_one, issued({}), LOGIN) is Verdict.INCONCLUSIVE
    assert verdict(jwt.secret_is_not_a_known_one, issued({}, {"alg": "ES256"}, control()), LOGIN) is Verdict.SKIP
    nobody = replace(CONTRACT, applications={**CONTRACT.applications, "admin": replace(ADMIN, identity=None)})
    assert verdict(jwt.secret_is_not_a_known_one, replace(issued({}, None, control()), contract=nobody), LOGIN) is Verdict.SKIP


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
    judgement = jwt.access_token_is_short_lived(seen, LOGIN)
    assert judgement.verdict is expected
    assert LOGIN.name in judgement.detail


@pytest.mark.parametrize("times", [{}, {"iat": 1000}, {"exp": 1900}, {"iat": "1000", "exp": 1900}, {"iat": 1000, "exp": "1900"}, None])
def test_a_lifetime_takes_two_times(times: dict[str, Json] | None) -> None:
    assert verdict(jwt.access_token_is_short_lived, issued(times), LOGIN) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("declared", "login", "refresh", "expected"),
    [
        (900, {"iat": 0, "exp": 900}, {"iat": 0, "exp": 900}, Verdict.PASS),
        (900, {"iat": 0, "exp": 900}, {"iat": 0, "exp": 9000}, Verdict.FAIL),
        (900, {"iat": 0, "exp": 900}, {}, Verdict.INCONCLUSIVE),
        (None, {"iat": 0, "exp": 9000}, {}, Verdict.INCONCLUSIVE),
        # A token without times hides none that lives too long.
        (900, {}, {"iat": 0, "exp": 9000}, Verdict.FAIL),
        (None, {"iat": 0, "exp": 900}, {"iat": 0, "exp": 9000}, Verdict.WARN),
    ],
)
def test_the_token_of_a_refresh_lives_no_longer_either(
    declared: int | None, login: dict[str, Json], refresh: dict[str, Json], expected: Verdict
) -> None:
    application = replace(ADMIN, access_token=replace(ADMIN.access_token, lifetime=declared))
    renewed = exchange("refresh.first", ADMIN.refresh, (200, {"accessToken": "${ACCESS_TOKEN_2}"}))
    seen = issued(login, None, renewed, ACCESS_TOKEN_2=known("access_token", refresh))
    seen = replace(seen, contract=replace(CONTRACT, applications={**CONTRACT.applications, "admin": application}))
    assert verdict(jwt.access_token_is_short_lived, seen, LOGIN) is expected


CLAIMS: dict[str, Json] = {
    "iss": "https://api.example.test",
    "aud": ["admin", "access"],
    "sub": "1",
    "iat": 1000,
    "exp": 1900,
    "jti": "x",
    "userId": 1,
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, Verdict.PASS),
        ({"aud": "admin"}, Verdict.PASS),
        ({"aud": ["admin", 7]}, Verdict.FAIL),
        ({"aud": [7]}, Verdict.FAIL),
        ({"aud": {"admin": True}}, Verdict.FAIL),
        ({"iss": 7}, Verdict.FAIL),
        ({"sub": 7}, Verdict.FAIL),
        ({"jti": 7}, Verdict.FAIL),
        ({"userId": "1"}, Verdict.PASS),
        ({"userId": 1.5}, Verdict.FAIL),
        ({"userId": True}, Verdict.FAIL),
        ({"userId": None}, Verdict.FAIL),
        ({"exp": 1900.5}, Verdict.PASS),
        ({"exp": "1900"}, Verdict.FAIL),
        ({"iat": True}, Verdict.FAIL),
    ],
)
def test_a_claim_has_its_type(change: dict[str, Json], expected: Verdict) -> None:
    assert verdict(jwt.declared_claims_are_there, issued(CLAIMS | change), LOGIN) is expected


@pytest.mark.parametrize("name", CLAIMS)
def test_a_declared_claim_is_there(name: str) -> None:
    judgement = jwt.declared_claims_are_there(issued({other: value for other, value in CLAIMS.items() if other != name}), LOGIN)
    assert (judgement.verdict, judgement.detail) == (Verdict.FAIL, f"The claim {name} is missing.")


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [("JWT-01", Verdict.FAIL), *((each, Verdict.INCONCLUSIVE) for each in ("JWT-02", "JWT-03", "JWT-04", "JWT-05", "JWT-06", "JWT-07", "JWT-08"))],
)
def test_a_token_that_cannot_be_read(requirement: str, expected: Verdict) -> None:
    unread = issued(None, None, ACCESS_TOKEN_1=TokenFacts("access_token", "", 1))
    assert verdict(found(requirement), unread, LOGIN) is expected


@pytest.mark.parametrize("requirement", ["JWT-01", "JWT-02", "JWT-03", "JWT-04", "JWT-05", "JWT-06", "JWT-07", "JWT-08", "JWT-20"])
def test_without_an_access_token_nothing_is_said_of_it(requirement: str) -> None:
    challenged = evidence(exchange("login.good", LOGIN, (200, {"challenge": {}})))
    judgement = found(requirement)(challenged, LOGIN)
    assert (judgement.verdict, judgement.detail) == (Verdict.INCONCLUSIVE, "The login gave no access token.")
    # Nor is anything said of an operation that no application has.
    nowhere = CONTRACT.read_of("/nowhere")
    foreign = evidence(exchange("login.good", nowhere, (200, {"accessToken": "${ACCESS_TOKEN_1}"})))
    assert verdict(found(requirement), foreign, nowhere) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("claims", "declared", "expected"),
    [
        ({"aud": ["access", "admin", "more"]}, CONTRACT.tokens.claims, Verdict.PASS),
        ({"aud": "admin"}, CONTRACT.tokens.claims, Verdict.FAIL),
        ({"aud": ["access", "admin", "survey"]}, CONTRACT.tokens.claims, Verdict.FAIL),
        ({}, CONTRACT.tokens.claims, Verdict.FAIL),
        ({"aud": "elsewhere"}, {"sub": Meaning.ACCOUNT}, Verdict.SKIP),
    ],
)
def test_the_audience(claims: dict[str, Json], declared: Mapping[str, Meaning], expected: Verdict) -> None:
    seen = replace(issued(claims), contract=replace(CONTRACT, tokens=replace(CONTRACT.tokens, claims=declared)))
    assert verdict(jwt.audience_is_the_declared_one, seen, LOGIN) is expected


@pytest.mark.parametrize(
    ("identifiers", "declared", "expected"),
    [
        (("a", "b"), CONTRACT.tokens.claims, Verdict.PASS),
        (("a", "b", "c"), CONTRACT.tokens.claims, Verdict.PASS),
        (("a", "a"), CONTRACT.tokens.claims, Verdict.FAIL),
        (("a", "b", "a"), CONTRACT.tokens.claims, Verdict.FAIL),
        (("a",), CONTRACT.tokens.claims, Verdict.INCONCLUSIVE),
        (("a", "a"), {"sub": Meaning.ACCOUNT}, Verdict.SKIP),
    ],
)
def test_identifiers(identifiers: tuple[str, ...], declared: Mapping[str, Meaning], expected: Verdict) -> None:
    tokens = {f"ACCESS_TOKEN_{number}": known("access_token", {"jti": each}) for number, each in enumerate(identifiers, 1)}
    others = {"REFRESH_TOKEN_1": known("refresh_token", {"jti": "a"}), "ACCESS_TOKEN_9": TokenFacts("access_token", "", 1)}
    seen = replace(issued(None, None, **tokens, **others), contract=replace(CONTRACT, tokens=replace(CONTRACT.tokens, claims=declared)))
    assert verdict(jwt.token_identifiers_differ, seen, LOGIN) is expected


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
    assert operation.name == "GET /.well-known/jwks.json"
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
        ("key_set.signed", "key ${SIGNING_KEY_1}", Verdict.FAIL),
        ("jwt.kid", b"\xff", Verdict.PASS),
        ("bearer.garbage", "key ${SIGNING_KEY_1}", Verdict.INCONCLUSIVE),
    ],
)
def test_a_refusal_tells_nothing_of_the_verifier(probe: str, body: str | bytes, expected: Verdict) -> None:
    kinds = {"ACCESS_TOKEN_1": "access_token", "SIGNATURE_1": "signature", "FORGED_TOKEN_1": "forged_token", "SIGNING_KEY_1": "signing_key"}
    facts = {name: TokenFacts(kind, "", 1) for name, kind in kinds.items()}
    refused = exchange(probe, ME, (401, ""))
    refused = replace(refused, response=Response(401, (), body if isinstance(body, bytes) else body.encode()))
    # What is served is no refusal.
    served = exchange("jwt.control", ME, (200, "${SIGNING_KEY_1}"))
    assert verdict(jwt.refusal_tells_nothing_of_the_verifier, evidence(refused, served, facts=facts)) is expected


def test_a_refresh_that_renews_a_forged_token_is_found() -> None:
    assert ADMIN.refresh is not None
    sent = [exchange("jwt.expired_and_forged", ME, UNAUTHORIZED), control()]
    for answer, expected in ((UNAUTHORIZED, Verdict.PASS), ((200, {"accessToken": "x"}), Verdict.FAIL), ((429, {}), Verdict.INCONCLUSIVE)):
        seen = evidence(*sent, exchange("expiry.forged_refresh", ADMIN.refresh, answer))
        assert verdict(forged_tokens.expired_and_forged_token_is_refused, seen) is expected
    assert verdict(forged_tokens.expired_and_forged_token_is_refused, evidence(*sent)) is Verdict.PASS
    failing = [exchange("jwt.expired_and_forged", ME, (500, {})), exchange("expiry.forged_refresh", ADMIN.refresh, (500, {})), control()]
    assert verdict(forged_tokens.expired_and_forged_token_is_refused, evidence(*failing)) is Verdict.PASS


def test_the_refresh_of_another_application_is_not_judged_here() -> None:
    of = replace(CONTRACT, applications={**CONTRACT.applications, "admin": replace(ADMIN, refresh=None)})
    elsewhere = exchange("expiry.forged_refresh", CONTRACT.applications["survey"].refresh, (200, {"accessToken": "x"}))
    seen = evidence(exchange("jwt.expired_and_forged", ME, UNAUTHORIZED), elsewhere, control(), contract=of)
    assert verdict(forged_tokens.expired_and_forged_token_is_refused, seen) is Verdict.PASS


def test_a_key_set_is_looked_for_where_the_document_has_it() -> None:
    of = replace(CONTRACT, tokens=replace(CONTRACT.tokens, jwks_path="/keys"))
    assert [operation.name for operation in found("JWT-48").subjects(of)] == ["GET /keys"]
