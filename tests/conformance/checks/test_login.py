"""LOGIN: refusals and malformed logins as lawful and broken servers answer them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from authproof.checks import CHECKS
from authproof.exchange import Exchange, Response, TokenFacts
from authproof.verdict import Judgement, Verdict
from authproof_spec import Contract
from authproof_spec.contract import Meaning, MediaType, RequestBody
from authproof_spec.pointer import Json
from tests.conformance.checks.altered import with_application, with_form, with_operation, with_responses
from tests.conformance.checks.building import JSON, MESSAGE, answer, asked, design, operation
from tests.conformance.checks.recorded import PAGE, Recorded, contract

LOGIN, ALIAS, LINK, ME, REFRESH = (
    "POST /api/admin/auth/login",
    "POST /api/auth/login/alias",
    "POST /api/auth/login/token",
    "GET /api/admin/user",
    "POST /api/admin/auth/refresh",
)
SURVEY = "POST /api/auth/login"
TOKENS = b'{"accessToken": "${ACCESS_TOKEN_1}"}'
OPAQUE = TokenFacts("refresh_token", "", 43, unlike=40)
FACTS = {
    "ACCESS_TOKEN_1": TokenFacts("access_token", "", 200, header={}, claims={"sub": "2", "aud": ["admin", "access"], "iat": 1}),
    "ACCESS_TOKEN_2": TokenFacts("access_token", "", 200, header={}, claims={"sub": "2", "aud": ["admin", "access"], "iat": 2}),
    "ACCESS_TOKEN_3": TokenFacts("access_token", "", 200, header={}, claims={"sub": "1", "aud": ["admin", "access"], "iat": 2}),
    "REFRESH_TOKEN_1": OPAQUE,
    "REFRESH_TOKEN_2": OPAQUE,
}


def judge(
    requirement: str, *exchanges: Exchange, at: str = LOGIN, facts: dict[str, TokenFacts] | None = None, of: Contract | None = None
) -> Judgement:
    return Recorded(facts=facts or FACTS, of=of or contract()).judge(requirement, at, exchanges)


def with_refusal(status: int) -> Contract:
    """The contract of a server that refuses logins to the admin application with `status`."""
    logins = contract().applications["admin"].logins
    return with_application(contract(), "admin", logins=tuple(replace(login, refusal=status) for login in logins))


def sent(name: str, response: Response, body: Json = None, at: str = LOGIN, variant: str = "") -> Exchange:
    return asked(name, at, response, variant, body=json.dumps(body).encode())


def refusal(message: str = "No.", *headers: tuple[str, str], status: int = 401, **members: Json) -> Response:
    return Response(status, (JSON, *headers), json.dumps({"message": message, **members}).encode())


WRONG = {"email": "user@example.com", "password": "${WRONG_PASSWORD_1}"}
UNKNOWN = {"email": "authproof-1@example.com", "password": "${WRONG_PASSWORD_1}"}


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (refusal(), refusal(), "pass"),
        (refusal("No user@example.com."), refusal("No authproof-1@example.com."), "pass"),
        (refusal(traceId="00-abc"), refusal(traceId="00-xyz"), "pass"),
        (refusal(timestamp="2026-11-25 01:00:00+01:00"), refusal(timestamp="2026-11-25 01:00:01+01:00"), "pass"),
        (refusal("No.", ("Date", "a"), ("Keep-Alive", "max=99"), ("X-Runtime", "0.1")), refusal("No.", ("x-runtime", "0.2")), "pass"),
        (refusal(left=4), refusal(left=3), "inconclusive"),
        (refusal(left=4), refusal(), "fail"),
        (refusal("Wrong password."), refusal("No such account."), "fail"),
        (refusal("No.", ("X-Code", "1")), refusal(), "fail"),
        (refusal(), refusal(status=404), "fail"),
        (refusal(), answer(429), "inconclusive"),
        (refusal(), answer(500), "inconclusive"),
        (refusal(), answer(403, b"<html>", PAGE), "inconclusive"),
    ],
)
def test_refusals_look_alike(one: Response, other: Response, verdict: str) -> None:
    assert judge("LOGIN-04", sent("login.near_miss", one, WRONG), sent("login.unknown", other, UNKNOWN)).verdict == verdict


def test_one_kind_of_refusal_is_no_comparison() -> None:
    assert judge("LOGIN-04", sent("login.near_miss", refusal())).verdict is Verdict.SKIP
    assert judge("LOGIN-04", sent("login.near_miss", answer(200)), sent("login.unknown", refusal())).verdict is Verdict.SKIP


def test_an_account_of_another_application_is_unknown_where_it_is_refused_like_one() -> None:
    wrong = sent("login.near_miss", refusal("Wrong."), at=SURVEY)
    foreign = sent("isolation.credentials", refusal("Unknown."), at=SURVEY)
    assert judge("LOGIN-04", wrong, foreign, at=SURVEY).verdict is Verdict.FAIL
    assert judge("LOGIN-03", foreign, at=SURVEY).verdict is Verdict.PASS
    forbidden = sent("isolation.credentials", refusal("No access.", status=403), at=SURVEY)
    assert judge("LOGIN-04", wrong, forbidden, at=SURVEY).verdict is Verdict.SKIP
    assert judge("LOGIN-03", forbidden, at=SURVEY).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("near", "random", "exactly", "refused"),
    [(401, None, "pass", "pass"), (200, 401, "fail", "pass"), (200, 200, "fail", "fail"), (429, None, "inconclusive", "inconclusive")],
)
def test_a_near_miss_tells_a_careless_comparison_from_none(near: int, random: int | None, exactly: str, refused: str) -> None:
    exchanges = [sent("login.near_miss", answer(near), variant="a blank added")]
    if random:
        exchanges.append(sent("login.wrong_secret", answer(random)))
    assert judge("LOGIN-15", *exchanges).verdict == exactly
    assert judge("LOGIN-02", *exchanges).verdict == refused


@pytest.mark.parametrize(("status", "verdict"), [(401, "pass"), (400, "fail"), (403, "fail"), (422, "fail"), (302, "fail"), (500, "inconclusive")])
def test_a_wrong_password_is_401(status: int, verdict: str) -> None:
    assert judge("LOGIN-02", sent("login.near_miss", answer(status))).verdict == verdict


def test_a_login_that_the_account_cannot_use_is_not_asked() -> None:
    good = sent("login.good", answer(200, TOKENS), at=ALIAS)
    for requirement in ("LOGIN-01", "LOGIN-02", "LOGIN-03", "LOGIN-04", "LOGIN-07", "LOGIN-15"):
        judgement = judge(requirement, good, at=SURVEY)
        assert (judgement.verdict, judgement.detail) == (Verdict.SKIP, "The profile's account has not what this login asks for."), requirement
    assert judge("LOGIN-20", good, sent("login.near_miss", answer(200), at=ALIAS), at=ALIAS).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("empty", "secret", "verdict"),
    [
        (400, 400, "pass"),
        (401, 400, "fail"),
        (500, 400, "fail"),
        (415, 400, "warn"),
        (429, 400, "inconclusive"),
        (400, 200, "fail"),
        (400, 401, "fail"),
    ],
)
def test_missing_and_empty_fields(empty: int, secret: int, verdict: str) -> None:
    # The bundled document has a minLength for passwords.
    exchanges = [sent("login.empty", answer(empty), {}), sent("login.empty_secret", answer(secret), {"email": "a@example.com", "password": ""})]
    assert judge("LOGIN-07", *exchanges).verdict == verdict


@pytest.mark.parametrize(("status", "verdict"), [(400, "pass"), (401, "warn"), (413, "warn"), (200, "fail"), (500, "fail"), (429, "inconclusive")])
def test_wrong_types(status: int, verdict: str) -> None:
    assert judge("LOGIN-08", sent("login.wrong_type", answer(status), variant="null")).verdict == verdict


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer(400), "pass"),
        (answer(400, b'{"title": "Bad"}', ("Content-Type", "application/problem+json")), "pass"),
        (answer(400, b"Bad", ("Content-Type", "text/plain")), "fail"),
        (answer(400, b"{}"), "fail"),
        (answer(401), "fail"),
        (answer(500), "fail"),
        (answer(503, b"<html>", PAGE), "inconclusive"),
        (answer(429), "inconclusive"),
    ],
)
def test_broken_json(response: Response, verdict: str) -> None:
    assert judge("LOGIN-09", sent("login.broken_json", response)).verdict == verdict


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer(415), "pass"),
        (answer(400), "pass"),
        (answer(401), "pass"),
        (answer(200, TOKENS), "fail"),
        (answer(200, b"{}"), "fail"),
        (answer(302), "inconclusive"),
        (answer(500), "inconclusive"),
        (answer(429), "inconclusive"),
    ],
)
def test_other_formats(response: Response, verdict: str) -> None:
    assert judge("LOGIN-10", sent("login.other_format", response, variant="a form")).verdict == verdict


def test_a_foreign_format_is_judged_whatever_else_was_sent() -> None:
    exchanges = [sent("login.broken_json", answer(400)), sent("login.other_format", answer(200, TOKENS), variant="a form")]
    assert judge("LOGIN-10", *exchanges).verdict is Verdict.FAIL
    assert judge("LOGIN-10").detail == "The probe login.other_format was not answered."


def test_where_every_format_is_declared_none_is_foreign() -> None:
    assert judge("LOGIN-10", sent("login.broken_json", answer(400))).verdict is Verdict.SKIP


@pytest.mark.parametrize(
    ("by_post", "empty", "by_get", "bare", "verdict"),
    [
        (400, 400, 405, None, "pass"),
        (400, 400, 404, None, "pass"),
        (400, 400, 200, None, "pass"),
        (401, 400, 405, None, "fail"),
        (400, 400, 401, 401, "pass"),
        (400, 400, 401, 400, "fail"),
        (429, 400, 405, None, "inconclusive"),
    ],
)
def test_credentials_in_the_query(by_post: int, empty: int, by_get: int, bare: int | None, verdict: str) -> None:
    exchanges = [sent("login.post_query", answer(by_post)), sent("login.empty", answer(empty))]
    exchanges.append(asked("login.get_query", LOGIN, answer(by_get, b"{}"), method="GET"))
    if bare:
        exchanges.append(asked("login.get_bare", LOGIN, answer(bare, b"{}"), method="GET"))
    exchanges.append(sent("login.unknown", refusal()))
    assert judge("LOGIN-11", *exchanges).verdict == verdict


def test_a_get_in_the_words_of_a_wrong_password_decides_nothing() -> None:
    exchanges = [sent(name, answer(400)) for name in ("login.post_query", "login.empty")]
    exchanges += [asked(name, LOGIN, refusal(), method="GET") for name in ("login.get_query", "login.get_bare")]
    assert judge("LOGIN-11", *exchanges, sent("login.unknown", refusal())).verdict is Verdict.INCONCLUSIVE


def me(name: str, identifier: str = "2", permissions: tuple[str, ...] = ()) -> Exchange:
    return asked(name, ME, answer(200, json.dumps({"profile": {"id": identifier}, "permissions": permissions}).encode()))


@pytest.mark.parametrize(
    ("status", "token", "shown", "verdict"),
    [
        (200, 2, me("login.extra_identity"), "pass"),
        (200, 3, me("login.extra_identity"), "fail"),
        (200, 2, me("login.extra_identity", "1"), "fail"),
        (200, 2, me("login.extra_identity", "2", ("users:browse",)), "fail"),
        (200, 2, asked("login.extra_identity", ME, answer(401)), "inconclusive"),
        (400, 0, None, "pass"),
        (429, 0, None, "inconclusive"),
        (500, 0, None, "inconclusive"),
    ],
)
def test_extra_members(status: int, token: int, shown: Exchange | None, verdict: str) -> None:
    body = json.dumps({"accessToken": f"${{ACCESS_TOKEN_{token}}}"} if token else {}).encode()
    exchanges = [sent("login.good", answer(200, TOKENS)), me("identity.control"), sent("login.extra_members", answer(status, body))]
    assert judge("LOGIN-12", *exchanges, *([shown] if shown else [])).verdict == verdict


def brought(given: str | None, status: int = 200) -> Exchange:
    lines = () if given is None else (("set-cookie", f"it24a_refresh_token={given}; Path=/api/admin/auth"),)
    cookie = (("Cookie", "it24a_refresh_token=${REFRESH_TOKEN_1}"),)
    return asked("login.with_cookie", LOGIN, Response(status, (JSON, *lines), TOKENS), headers=cookie)


@pytest.mark.parametrize(
    ("given", "made_up", "verdict"),
    [
        ("${REFRESH_TOKEN_2}", 401, "pass"),
        ("${REFRESH_TOKEN_1}", 401, "fail"),
        (None, 401, "fail"),
        ("${REFRESH_TOKEN_2}", 200, "fail"),
        ("${REFRESH_TOKEN_2}", 429, "inconclusive"),
    ],
)
def test_a_cookie_that_is_brought_along(given: str | None, made_up: int, verdict: str) -> None:
    after = asked("login.made_up_cookie", REFRESH, answer(made_up))
    assert judge("LOGIN-13", brought(given), after).verdict == verdict


def test_a_login_that_is_refused_for_its_cookie_decides_nothing() -> None:
    assert judge("LOGIN-13", brought(None, 400)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        (OPAQUE, OPAQUE, "pass"),
        (OPAQUE, replace(OPAQUE, unlike=3), "fail"),
        (replace(OPAQUE, length=12), OPAQUE, "fail"),
        (replace(OPAQUE, header={}, length=12), replace(OPAQUE, header={}, unlike=1), "pass"),
    ],
)
def test_refresh_tokens_are_unrelated(first: TokenFacts, second: TokenFacts, verdict: str) -> None:
    logins = [brought(f"${{REFRESH_TOKEN_{number}}}") for number in (1, 2)]
    assert judge("LOGIN-14", *logins, facts={**FACTS, "REFRESH_TOKEN_1": first, "REFRESH_TOKEN_2": second}).verdict == verdict
    assert judge("LOGIN-14", logins[0], logins[0]).verdict is Verdict.FAIL
    assert judge("LOGIN-14", logins[0]).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("response", "seconds", "later", "verdict"),
    [
        (answer(413), 0.1, True, "pass"),
        (answer(401), 0.1, True, "pass"),
        (None, 0.1, True, "pass"),
        (None, 10.0, True, "fail"),
        (answer(400), 5.5, True, "fail"),
        (answer(500), 0.1, True, "fail"),
        (answer(200), 0.1, True, "fail"),
        (answer(429), 0.1, True, "inconclusive"),
        (answer(413), 0.1, False, "inconclusive"),
    ],
)
def test_absurd_length(response: Response | None, seconds: float, later: bool, verdict: str) -> None:  # noqa: FBT001
    exchanges = [replace(asked("login.long", LOGIN, response), elapsed=seconds)]
    if later:
        exchanges.append(sent("login.extra_members", answer(200)))
    assert judge("LOGIN-16", *exchanges).verdict == verdict


# Sessions


def opened(*cookies: str, status: int = 200, body: bytes = TOKENS, name: str = "login.good", at: str = LOGIN) -> Exchange:
    """A login that sets these values of the refresh cookie."""
    cookie = "it24a_refresh_token" if at == LOGIN else "it24s_refresh_token"
    lines = tuple(("Set-Cookie", f"{cookie}={value}; Path=/api/admin/auth") for value in cookies)
    return asked(name, at, Response(status, (JSON, *lines), body))


@pytest.mark.parametrize(
    ("login", "control", "verdict", "shown"),
    [
        (opened("${REFRESH_TOKEN_1}"), 200, "pass", (1,)),
        (opened("${REFRESH_TOKEN_1}"), 401, "fail", (2,)),
        (opened("${REFRESH_TOKEN_1}"), 429, "inconclusive", (2,)),
        (opened("${REFRESH_TOKEN_1}"), None, "inconclusive", ()),
        (opened("${REFRESH_TOKEN_1}", name="login.other_route"), None, "pass", (1,)),
        (opened("${REFRESH_TOKEN_1}", "${REFRESH_TOKEN_2}"), 200, "fail", (1,)),
        (opened(), 200, "fail", (1,)),
        (opened("${REFRESH_TOKEN_1}", body=b"{}"), 200, "fail", (1,)),
        (opened("${REFRESH_TOKEN_1}", status=401), 200, "fail", (1,)),
        (opened("${REFRESH_TOKEN_1}", status=500), 200, "fail", (1,)),
        (opened("${REFRESH_TOKEN_1}", status=429), 200, "inconclusive", (1,)),
    ],
)
def test_right_credentials(login: Exchange, control: int | None, verdict: str, shown: tuple[int, ...]) -> None:
    after = [] if control is None else [asked("identity.control", ME, answer(control, b'{"profile": {"id": "2"}}'))]
    judgement = judge("LOGIN-01", login, *after)
    assert (judgement.verdict, tuple(exchange.number for exchange in judgement.exchanges)) == (verdict, shown)


def test_a_login_that_was_not_tried() -> None:
    assert judge("LOGIN-01").verdict is Verdict.INCONCLUSIVE
    assert judge("LOGIN-01", at=ALIAS).verdict is Verdict.SKIP
    assert judge("LOGIN-01", opened("${REFRESH_TOKEN_1}", name="login.other_route", at=ALIAS), at=ALIAS).verdict is Verdict.PASS


def test_a_login_whose_account_is_used_elsewhere_alone_is_not_asked() -> None:
    assert judge("LOGIN-02", opened(name="login.other_route", at=ALIAS), at=SURVEY).verdict is Verdict.SKIP
    assert judge("LOGIN-02", at=SURVEY).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("body", "verdict"), [({"refreshToken": "${REFRESH_TOKEN_1}"}, "pass"), ({"refreshToken": 1}, "fail"), ({}, "fail")])
def test_a_refresh_token_in_the_body(body: dict[str, Json], verdict: str) -> None:
    of, content = design("refresh-token-in-body"), json.dumps({"accessToken": "${ACCESS_TOKEN_1}", **body}).encode()
    exchanges = [asked("login.good", "logIn", answer(200, content), of=of), asked("identity.control", "whoAmI", answer(200, b'{"id": "2"}'), of=of)]
    assert judge("LOGIN-01", *exchanges, at="logIn", of=of).verdict == verdict


def test_who_has_no_who_am_i_is_believed_its_token() -> None:
    of = with_application(contract(), "admin", identity=None)
    assert judge("LOGIN-01", opened("${REFRESH_TOKEN_1}"), of=of).verdict is Verdict.PASS


# Refusals


@pytest.mark.parametrize("name", ["login.wrong_secret", "login.near_miss", "mfa.wrong_secret", "mfa.near_miss"])
def test_each_wrong_password_is_one(name: str) -> None:
    unknown = sent("login.unknown", refusal("No such account."))
    assert judge("LOGIN-04", sent(name, refusal("Wrong password.")), unknown).verdict is Verdict.FAIL
    assert judge("LOGIN-02", sent(name, refusal())).verdict is Verdict.PASS
    assert judge("LOGIN-02", sent(name, answer(200))).verdict is Verdict.FAIL
    assert judge("LOGIN-15", sent(name, answer(200))).verdict == ("fail" if name.endswith("near_miss") else "inconclusive")


def test_a_secret_that_is_nothing_like_the_right_one_goes_before_one_that_is() -> None:
    for name in ("login.wrong_secret", "mfa.wrong_secret"):
        assert judge("LOGIN-02", sent("login.near_miss", answer(200)), sent(name, answer(401))).verdict is Verdict.PASS


def test_without_a_refusal_nothing_is_compared() -> None:
    assert judge("LOGIN-04").verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("declared", "status", "refused", "alike"),
    [(False, 401, "pass", "fail"), (False, 403, "fail", "fail"), (True, 403, "pass", "skip"), (True, 404, "fail", "skip")],
)
def test_a_document_may_have_a_403_for_a_disabled_account(declared: bool, status: int, refused: str, alike: str) -> None:  # noqa: FBT001
    of = with_responses(contract(), LOGIN, 403) if declared else contract()
    disabled = sent("login.disabled", refusal("Disabled.", status=status))
    assert judge("LOGIN-06", disabled, of=of).verdict == refused
    assert judge("LOGIN-04", sent("login.near_miss", refusal()), disabled, of=of).verdict == alike


@pytest.mark.parametrize(("status", "verdict"), [(400, "pass"), (401, "fail"), (200, "fail")])
def test_a_document_may_refuse_logins_with_another_status(status: int, verdict: str) -> None:
    assert judge("LOGIN-02", sent("login.near_miss", answer(status)), of=with_refusal(400)).verdict == verdict


@pytest.mark.parametrize(("response", "verdict"), [(answer(401, TOKENS), "fail"), (answer(401), "pass")])
def test_a_refusal_gives_no_token(response: Response, verdict: str) -> None:
    assert judge("LOGIN-02", sent("login.near_miss", response)).verdict == verdict
    assert judge("LOGIN-02", opened("${REFRESH_TOKEN_1}", status=401, body=b"{}", name="login.near_miss")).verdict is Verdict.FAIL


@pytest.mark.parametrize(("status", "verdict"), [(401, "pass"), (403, "pass"), (429, "inconclusive"), (500, "inconclusive"), (204, "fail")])
def test_a_password_that_is_almost_right(status: int, verdict: str) -> None:
    assert judge("LOGIN-15", sent("login.near_miss", answer(status))).verdict == verdict


def test_where_a_password_was_compared_it_is_judged_whichever_login_the_account_uses() -> None:
    elsewhere = opened(at=ALIAS)
    assert judge("LOGIN-15", elsewhere, sent("login.near_miss", answer(200), at=SURVEY), at=SURVEY).verdict is Verdict.FAIL
    assert judge("LOGIN-15", elsewhere, at=SURVEY).verdict is Verdict.SKIP
    assert judge("LOGIN-15").verdict is Verdict.INCONCLUSIVE
    assert judge("LOGIN-15", sent("login.near_miss", answer(200), at=LINK), at=LINK).verdict is Verdict.SKIP


def test_a_further_login_refuses_an_unknown_account_too() -> None:
    further = next(check for check in CHECKS if check.requirement == "LOGIN-20")
    assert [found.name for found in further.subjects(contract())] == [ALIAS, LINK]
    for name in ("login.unknown", "login.wrong_secret"):
        assert judge("LOGIN-20", sent(name, answer(200), at=ALIAS), at=ALIAS).verdict is Verdict.FAIL
        assert judge("LOGIN-20", sent(name, answer(401), at=ALIAS), at=ALIAS).verdict is Verdict.PASS


# Power that nobody gave


@pytest.mark.parametrize("claim", ["sub", "aud", "scope", "scp", "role", "roles", "isAdmin", "permissions", "userId", "iss", "owner"])
def test_a_claim_that_additional_members_changed(claim: str) -> None:
    of = replace(contract(), tokens=replace(contract().tokens, claims={"iss": Meaning.ISSUER, "owner": Meaning.ACCOUNT, "jti": Meaning.IDENTIFIER}))
    exchanges = [sent("login.good", answer(200, TOKENS)), me("identity.control"), me("login.extra_identity")]
    extra = sent("login.extra_members", answer(200, b'{"accessToken": "${ACCESS_TOKEN_2}"}'))

    def with_claims(**claims: Json) -> Judgement:
        facts = {**FACTS, "ACCESS_TOKEN_2": replace(FACTS["ACCESS_TOKEN_1"], claims={**(FACTS["ACCESS_TOKEN_1"].claims or {}), **claims})}
        return judge("LOGIN-12", *exchanges, extra, facts=facts, of=of)

    judgement = with_claims(**{claim: "changed"})
    assert (judgement.verdict, judgement.detail) == ("fail", f"Additional members change the token's claims: {claim}.")
    assert with_claims(jti="another", exp=1).verdict is Verdict.PASS


@pytest.mark.parametrize(("claims", "verdict"), [({"sub": "2"}, "pass"), (None, "skip")])
def test_where_neither_token_nor_who_am_i_tells_anything(claims: dict[str, Json] | None, verdict: str) -> None:
    of = with_application(contract(), "admin", identity=None)
    exchanges = [sent("login.good", answer(200, TOKENS)), sent("login.extra_members", answer(200, TOKENS))]
    assert judge("LOGIN-12", *exchanges, facts={"ACCESS_TOKEN_1": replace(FACTS["ACCESS_TOKEN_1"], claims=claims)}, of=of).verdict == verdict


@pytest.mark.parametrize(("made_up", "verdict"), [(401, "pass"), (500, "inconclusive"), (503, "inconclusive"), (429, "inconclusive"), (200, "fail")])
def test_a_cookie_that_comes_with_additional_members(made_up: int, verdict: str) -> None:
    login = asked("login.extra_members", LOGIN, opened("${REFRESH_TOKEN_1}").response, headers=(("Cookie", "it24a_refresh_token=made-up"),))
    assert judge("LOGIN-13", login, asked("login.made_up_cookie", REFRESH, answer(made_up))).verdict == verdict


def test_the_logins_that_share_a_refresh_token_are_shown() -> None:
    judgement = judge("LOGIN-14", *(brought(f"${{REFRESH_TOKEN_{number}}}") for number in (1, 2, 2)))
    assert [exchange.number for exchange in judgement.exchanges] == [2, 3]
    others = judge("LOGIN-14", *(brought(f"${{REFRESH_TOKEN_{number}}}") for number in (1, 2, 3)), facts={**FACTS, "REFRESH_TOKEN_3": OPAQUE})
    assert (others.verdict, [exchange.number for exchange in others.exchanges]) == ("pass", [1, 2])


@pytest.mark.parametrize(("length", "unlike", "verdict"), [(22, 12, "pass"), (21, 12, "fail"), (22, 11, "fail"), (22, None, "pass")])
def test_how_long_and_how_unlike_refresh_tokens_are(length: int, unlike: int | None, verdict: str) -> None:
    facts = {**FACTS, "REFRESH_TOKEN_2": TokenFacts("refresh_token", "", length, unlike=unlike)}
    assert judge("LOGIN-14", brought("${REFRESH_TOKEN_1}"), brought("${REFRESH_TOKEN_2}"), facts=facts).verdict == verdict


# Bodies


@pytest.mark.parametrize(
    ("declared", "status", "verdict"), [(True, 422, "pass"), (True, 401, "fail"), (True, 423, "fail"), (False, 422, "fail"), (True, 400, "pass")]
)
def test_a_document_may_have_a_422_for_bad_requests(declared: bool, status: int, verdict: str) -> None:  # noqa: FBT001
    of = with_responses(contract(), LOGIN, 422) if declared else contract()
    assert judge("LOGIN-07", sent("login.empty", answer(status), {}), of=of).verdict == verdict


@pytest.mark.parametrize(
    ("schemas", "status", "verdict"),
    [
        ((False,), 401, "pass"),
        ((True,), 401, "fail"),
        ((True, False), 401, "fail"),
        ((False,), 200, "fail"),
        ((False,), 400, "pass"),
        ((False,), 429, "inconclusive"),
    ],
)
def test_an_empty_password_that_the_document_allows_is_a_wrong_one(schemas: tuple[bool, ...], status: int, verdict: str) -> None:
    declared = (operation(LOGIN).request_body or RequestBody(False, ())).content[0]  # noqa: FBT003
    content = tuple(declared if strict else MediaType("application/json", None) for strict in schemas)
    of = with_operation(contract(), LOGIN, request_body=RequestBody(True, content))  # noqa: FBT003
    exchanges = [sent("login.empty", answer(400), {}), sent("login.empty_secret", answer(status), {"email": "a@example.com", "password": ""})]
    assert judge("LOGIN-07", *exchanges, of=of).verdict == verdict


def test_a_secret_that_the_document_takes_is_not_judged_for_being_none() -> None:
    fits = sent("login.empty_secret", answer(401), {"email": "a@example.com", "password": "long enough to be one"})
    assert judge("LOGIN-07", sent("login.empty", answer(400), {}), fits).verdict is Verdict.PASS


def test_a_password_of_a_wrong_type_that_is_taken_for_a_wrong_one() -> None:
    for of, status in ((contract(), 401), (with_refusal(403), 401), (with_refusal(403), 403)):
        judgement = judge("LOGIN-08", sent("login.wrong_type", answer(status), variant="null"), of=of)
        assert judgement.verdict is Verdict.WARN
        assert "as if it were text" in judgement.detail
    assert "as if it were text" not in judge("LOGIN-08", sent("login.wrong_type", answer(413), variant="null")).detail


@pytest.mark.parametrize(
    ("requirement", "probe"), [("LOGIN-08", "login.wrong_type"), ("LOGIN-09", "login.broken_json"), ("LOGIN-10", "login.other_format")]
)
def test_a_form_is_all_text_breaks_off_nowhere_and_is_no_foreign_format(requirement: str, probe: str) -> None:
    of = with_form(contract(), LOGIN)
    assert operation(LOGIN, of).takes_form
    assert judge(requirement, sent(probe, answer(200, TOKENS)), of=of).verdict is Verdict.SKIP


@pytest.mark.parametrize("member", ["title", "detail", "message"])
def test_members_of_an_error_for_broken_json(member: str) -> None:
    body = json.dumps({member: "It breaks off."}).encode()
    assert judge("LOGIN-09", sent("login.broken_json", answer(400, body))).verdict is Verdict.PASS
    assert judge("LOGIN-09", sent("login.broken_json", answer(400, json.dumps({member: ""}).encode()))).verdict is Verdict.FAIL


@pytest.mark.parametrize(("by_post", "by_get"), [(TOKENS, b"{}"), (b"{}", TOKENS)])
def test_a_token_for_credentials_in_the_query(by_post: bytes, by_get: bytes) -> None:
    # The empty body is answered with a success too, so the status tells nothing.
    exchanges = [sent("login.post_query", answer(200, by_post)), sent("login.empty", answer(200, b"{}"))]
    exchanges.append(asked("login.get_query", LOGIN, answer(200, by_get), method="GET"))
    assert judge("LOGIN-11", *exchanges).verdict is Verdict.FAIL


@pytest.mark.parametrize("name", ["login.unknown", "login.near_miss", "mfa.near_miss"])
@pytest.mark.parametrize(("message", "status", "verdict"), [("No.", 401, "inconclusive"), ("Not this way.", 401, "pass"), ("No.", 405, "pass")])
def test_whose_words_a_get_has(name: str, message: str, status: int, verdict: str) -> None:
    exchanges = [sent(probe, answer(400)) for probe in ("login.post_query", "login.empty")]
    exchanges.append(asked("login.get_query", LOGIN, refusal(message, status=status), method="GET"))
    assert judge("LOGIN-11", *exchanges, sent(name, refusal(status=status))).verdict == verdict


def test_five_seconds_for_an_absurd_length() -> None:
    def tried(elapsed: float, *, before: int = 401, after: int = 200) -> Judgement:
        long = replace(asked("login.long", LOGIN, answer(400)), elapsed=elapsed)
        return judge("LOGIN-16", sent("login.good", answer(before)), long, sent("login.extra_members", answer(after)))

    assert tried(5.0).verdict is Verdict.PASS
    assert [exchange.number for exchange in tried(5.0).exchanges] == [2, 3]
    assert tried(5.1).verdict is Verdict.FAIL
    assert tried(0.1, before=200, after=401).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("first", "further", "verdict", "words"),
    [
        (401, None, "pass", "A disabled account with its right password"),
        (401, 401, "pass", "A disabled account at POST /api/auth/login/alias"),
        (401, 200, "fail", "A disabled account at POST /api/auth/login/alias"),
        (200, 401, "fail", "A disabled account with its right password"),
        (None, 200, "fail", "A disabled account at POST /api/auth/login/alias"),
        (None, 401, "pass", "A disabled account at POST /api/auth/login/alias"),
        (None, None, "inconclusive", ""),
    ],
)
def test_a_disabled_account_is_refused_by_every_login(first: int | None, further: int | None, verdict: str, words: str) -> None:
    tries = (("surveyLogin", first), ("surveyAliasLogin", further))
    exchanges = [asked("login.disabled", at, answer(status, TOKENS if status == 200 else MESSAGE)) for at, status in tries if status]
    judgement = Recorded().judge("LOGIN-06", "surveyLogin", exchanges)
    assert judgement.verdict == verdict
    assert words in judgement.detail
