"""BEARER: what a right server may answer, and what decides nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from authproof.exchange import Exchange, Response
from authproof.verdict import Judgement, Verdict
from tests.conformance.checks import building
from tests.conformance.checks.building import CHALLENGE, INVALID, JSON, MESSAGE, TOKEN, answer, asked, design, judge
from tests.conformance.checks.designs import BROKE_OFF, without

ME = "GET /api/admin/user"
USERS = "GET /api/admin/users"
HEALTH = "GET /api/health"
PASS, FAIL, WARN, SKIP, UNCLEAR = Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.SKIP, Verdict.INCONCLUSIVE
CONTROL = b'{"profile": {"id": "1", "email": "a@example.com"}, "permissions": []}'
PAGE = ("Content-Type", "text/html; charset=utf-8")
GOOD = (
    asked("identity.control", ME, answer(200, CONTROL), headers=(("Authorization", f"Bearer {TOKEN}"),)),
    asked("bearer.control", ME, answer(200, CONTROL), headers=(("Authorization", f"Bearer {TOKEN}"),)),
)


def refusal(status: int, *challenges: str) -> Response:
    return answer(status, MESSAGE, JSON, *(("WWW-Authenticate", line) for line in challenges))


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer(401, MESSAGE, CHALLENGE), Verdict.PASS),
        (answer(200, CONTROL), Verdict.FAIL),
        (answer(403), Verdict.FAIL),
        (answer(302, b"", ("Location", "/login")), Verdict.FAIL),
        (answer(404), Verdict.FAIL),
        (answer(405), Verdict.FAIL),
        (answer(429), Verdict.INCONCLUSIVE),
        (answer(403, b"<html>", PAGE), Verdict.INCONCLUSIVE),
        (answer(503, b"<html>", PAGE), Verdict.INCONCLUSIVE),
        (answer(500), Verdict.INCONCLUSIVE),
        (None, Verdict.INCONCLUSIVE),
    ],
)
def test_a_stranger_is_answered_401(response: Response | None, verdict: Verdict) -> None:
    assert judge("BEARER-01", ME, asked("bearer.none", ME, response), *GOOD).verdict is verdict


@pytest.mark.parametrize("status", [404, 405])
def test_an_operation_that_nobody_finds_shows_nothing_of_authentication(status: int) -> None:
    strangers = asked("bearer.none", ME, answer(status))
    callers = asked("bearer.control", ME, answer(status))
    assert judge("BEARER-01", ME, strangers, callers).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("challenges", "verdict"),
    [
        (['Bearer realm="api"'], Verdict.PASS),
        (["bearer realm=api"], Verdict.PASS),
        (['Basic realm="a"', 'Bearer error="invalid_token" , error_description="a, b"'], Verdict.PASS),
        (['DPoP algs="ES256", Bearer realm="x"'], Verdict.PASS),
        (["Negotiate abc==, Bearer realm=x"], Verdict.PASS),
        (["Bearer"], Verdict.WARN),
        (['Bearer realm="a", realm="b"'], Verdict.WARN),
        (['Bearer realm="a" error="b"'], Verdict.WARN),
        (['Bearer realm="a'], Verdict.WARN),
        ([""], Verdict.WARN),
        ([], Verdict.SKIP),  # BEARER-02 tells of a challenge that is missing
    ],
)
def test_a_challenge_is_well_formed(challenges: list[str], verdict: Verdict) -> None:
    response = refusal(401, *challenges)
    judgement = judge("BEARER-03", ME, asked("bearer.none", ME, response), asked("bearer.garbage", ME, response))
    # The level of the requirement, SHOULD, makes a warning of a failure.
    assert (Verdict.WARN if judgement.verdict is Verdict.FAIL else judgement.verdict) is verdict


def test_any_of_several_bearer_challenges_may_name_the_error() -> None:
    response = answer(401, MESSAGE, JSON, CHALLENGE, INVALID)
    assert judge("BEARER-05", ME, asked("bearer.garbage", ME, response)).verdict is Verdict.PASS


@pytest.mark.parametrize("requirement_and_probe", [("BEARER-11", "bearer.trailing"), ("BEARER-16", "bearer.twice"), ("BEARER-12", "bearer.query")])
@pytest.mark.parametrize(("status", "verdict"), [(401, Verdict.PASS), (400, Verdict.PASS), (200, Verdict.FAIL), (429, Verdict.INCONCLUSIVE)])
def test_a_credential_out_of_form_is_refused(requirement_and_probe: tuple[str, str], status: int, verdict: Verdict) -> None:
    requirement, probe = requirement_and_probe
    refusal = asked(probe, ME, answer(status, CONTROL if status == 200 else MESSAGE))
    assert judge(requirement, ME, refusal, *GOOD).verdict is verdict


def test_a_refusal_proves_nothing_where_the_good_token_is_refused_too() -> None:
    refused = answer(401)
    judgement = judge("BEARER-08", ME, asked("bearer.bare", ME, refused), GOOD[0], asked("bearer.control", ME, refused))
    assert judgement.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ("no-store", Verdict.PASS),
        ("private, max-age=60", Verdict.PASS),
        ("max-age=60", Verdict.PASS),
        ("private, must-revalidate, max-age=60", Verdict.PASS),
        ("max-age=0, must-revalidate", Verdict.PASS),
        ("must-revalidate", Verdict.PASS),
        ("no-cache", Verdict.PASS),
        ("Public, max-age=60", Verdict.FAIL),
        ('S-MaxAge="60"', Verdict.FAIL),
        ("must-revalidate, max-age=60", Verdict.FAIL),
        ("public, no-cache", Verdict.WARN),
        ("public, max-age=0", Verdict.WARN),
        ("max-age=0, s-maxage=60", Verdict.FAIL),
        ("s-maxage=0", Verdict.WARN),
        (None, Verdict.WARN),
    ],
)
def test_shared_caches_are_not_invited(value: str | None, verdict: Verdict) -> None:
    headers = (JSON,) if value is None else (JSON, ("cache-control", value))
    exchange = asked("bearer.control", ME, answer(200, CONTROL, *headers), headers=(("Authorization", f"Bearer {TOKEN}"),))
    assert judge("BEARER-27", ME, exchange).verdict is verdict


def test_a_stranger_is_told_403_in_words_of_its_own() -> None:
    assert "nobody is authenticated yet" in judge("BEARER-01", ME, asked("bearer.none", ME, answer(403)), *GOOD).detail
    assert "answered 302 where 401 is due" in judge("BEARER-01", ME, asked("bearer.none", ME, answer(302, b"")), *GOOD).detail
    assert "is accepted: answered 200" in judge("BEARER-01", ME, asked("bearer.none", ME, answer(200, CONTROL)), *GOOD).detail


@pytest.mark.parametrize("status", [403, 406, 502, 503, 504])
def test_a_web_page_may_come_from_something_in_front(status: int) -> None:
    judgement = judge("BEARER-01", ME, asked("bearer.none", ME, answer(status, b"<html>", PAGE)), *GOOD)
    assert judgement.verdict is UNCLEAR
    assert "is a web page" in judgement.detail


@pytest.mark.parametrize("status", [403, 406])
def test_other_refusals_come_from_the_application(status: int) -> None:
    assert judge("BEARER-01", ME, asked("bearer.none", ME, answer(status)), *GOOD).verdict is FAIL


TOKEN_DUE, NONE_DUE = design("api-keys"), design("access-token-in-cookie")


@pytest.mark.parametrize(
    ("challenges", "verdict", "words"),
    [
        (["Bearer"], PASS, "Each of 1 answers 401 carries a challenge"),
        (['Basic realm="a"', 'BEARER realm="b"'], PASS, ""),
        (['Basic realm="a", DPoP realm="b"'], FAIL, "A 401 carries no Bearer challenge, but basic, dpop."),
        ([], FAIL, "A 401 carries no Bearer challenge: there is no WWW-Authenticate that can be read."),
    ],
)
def test_a_401_has_a_bearer_challenge(challenges: list[str], verdict: Verdict, words: str) -> None:
    judgement = judge("BEARER-02", ME, asked("bearer.none", ME, refusal(401, *challenges)), *GOOD)
    assert judgement.verdict is verdict
    assert words in judgement.detail
    assert [exchange.status for exchange in judgement.exchanges] == [401]


@pytest.mark.parametrize(
    ("challenges", "of_the_token", "of_none"),
    [(["Token"], PASS, PASS), (["Bearer"], WARN, PASS), (['Basic realm="a"'], WARN, PASS), ([], FAIL, WARN)],
)
def test_a_401_has_a_challenge_of_the_design(challenges: list[str], of_the_token: Verdict, of_none: Verdict) -> None:
    for of, verdict in ((TOKEN_DUE, of_the_token), (NONE_DUE, of_none)):
        assert judge("BEARER-02", "whoAmI", asked("bearer.none", "whoAmI", refusal(401, *challenges), of=of), of=of).verdict is verdict


def test_every_401_needs_its_challenge() -> None:
    missing = asked("bearer.bare", ME, refusal(401))
    judgement = judge("BEARER-02", ME, asked("bearer.none", ME, refusal(401, "Bearer")), missing)
    assert (judgement.verdict, [exchange.number for exchange in judgement.exchanges]) == (FAIL, [2])
    assert judge("BEARER-02", ME, *GOOD).detail == "No answer 401 was observed here."


@pytest.mark.parametrize(
    ("none", "garbage", "verdict"),
    [
        (refusal(401, "Bearer"), refusal(401, 'Bearer realm="a"'), WARN),
        (refusal(401, 'Bearer realm="a"'), refusal(401, 'Basic realm="a"', "Bearer"), WARN),
        (refusal(401, "Basic"), refusal(401), PASS),
        (refusal(401, 'Bearer realm="a", realm="b"'), refusal(401), FAIL),
        (refusal(401), refusal(401), SKIP),
        (refusal(401), refusal(400), UNCLEAR),
        (refusal(403), refusal(403), UNCLEAR),
    ],
)
def test_the_form_of_challenges(none: Response, garbage: Response, verdict: Verdict) -> None:
    assert judge("BEARER-03", ME, asked("bearer.none", ME, none), asked("bearer.garbage", ME, garbage)).verdict is verdict
    # A forged token stands for garbage where none was sent.
    assert judge("BEARER-03", ME, asked("bearer.none", ME, none), asked("jwt.none", ME, garbage)).verdict is verdict


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (refusal(401, 'Bearer realm="a"'), PASS),
        (refusal(401, 'Basic realm="a"', 'Bearer realm="a"'), PASS),
        (refusal(401, 'Bearer realm="a"', 'Bearer error="invalid_token"'), FAIL),
        # An error of another scheme is not one of RFC 6750.
        (refusal(401, 'Digest error="x", Bearer realm="a"'), PASS),
        (refusal(401, 'Basic realm="a"'), SKIP),
        (refusal(401), SKIP),
        (refusal(402), UNCLEAR),
        (refusal(200), UNCLEAR),
    ],
)
def test_a_stranger_is_told_of_no_error(response: Response, verdict: Verdict) -> None:
    assert judge("BEARER-04", ME, asked("bearer.none", ME, response), *GOOD).verdict is verdict


@pytest.mark.parametrize(
    ("response", "required", "recommended"),
    [
        (refusal(401, 'Bearer error="invalid_token"'), PASS, PASS),
        (refusal(401, 'Bearer error="invalid_request"'), FAIL, WARN),
        (refusal(401, 'Bearer realm="a"'), FAIL, WARN),
        (refusal(400, 'Bearer error="invalid_token"'), UNCLEAR, UNCLEAR),
        (refusal(200), UNCLEAR, UNCLEAR),
    ],
)
@pytest.mark.parametrize("probe", ["bearer.garbage", "jwt.none"])
def test_a_token_that_is_none_is_called_invalid(probe: str, response: Response, required: Verdict, recommended: Verdict) -> None:
    assert judge("BEARER-05", ME, asked(probe, ME, response)).verdict is required
    lenient = replace(building.contract(), requires_error_codes=False)
    assert judge("BEARER-05", ME, asked(probe, ME, response), of=lenient).verdict is recommended


def test_the_error_that_was_named_instead_is_told() -> None:
    wrong = judge("BEARER-05", ME, asked("bearer.garbage", ME, refusal(401, 'Bearer error="invalid_request"')))
    missing = judge("BEARER-05", ME, asked("bearer.garbage", ME, refusal(401, "Bearer")))
    assert "names error=invalid_request" in wrong.detail
    assert "names no error" in missing.detail


REFUSED = [
    ("BEARER-07", "bearer.basic"),
    ("BEARER-07", "bearer.token"),
    ("BEARER-07", "bearer.longer_scheme"),
    ("BEARER-08", "bearer.bare"),
    ("BEARER-09", "bearer.empty"),
    ("BEARER-09", "bearer.null"),
    ("BEARER-09", "bearer.no_value"),
    ("BEARER-11", "bearer.trailing"),
    ("BEARER-11", "bearer.quoted"),
    ("BEARER-11", "bearer.control_byte"),
    ("BEARER-12", "bearer.query"),
    ("BEARER-14", "bearer.cookie"),
    ("BEARER-15", "bearer.other_header"),
    ("BEARER-16", "bearer.twice"),
    ("BEARER-17", "bearer.rescue"),
    ("BEARER-29", "bearer.garbage"),
]


@pytest.mark.parametrize(("requirement", "probe"), REFUSED)
@pytest.mark.parametrize(("status", "verdict"), [(401, PASS), (400, PASS), (200, FAIL), (404, FAIL), (429, UNCLEAR)])
def test_what_is_no_credential_opens_nothing(requirement: str, probe: str, status: int, verdict: Verdict) -> None:
    judgement = judge(requirement, ME, *GOOD, asked(probe, ME, answer(status, CONTROL if status == 200 else MESSAGE)))
    assert judgement.verdict is verdict
    assert [exchange.probe.name for exchange in judgement.exchanges] == [probe]


@pytest.mark.parametrize(("status", "verdict"), [(499, FAIL), (500, FAIL), (503, FAIL)])
def test_an_empty_credential_does_no_harm(status: int, verdict: Verdict) -> None:
    judgement = judge("BEARER-09", ME, asked("bearer.null", ME, answer(status)), *GOOD)
    assert judgement.verdict is verdict
    assert ("makes the server fail" in judgement.detail) == (status >= 500)


def test_nothing_is_said_of_an_operation_that_everybody_is_told_does_not_exist() -> None:
    missing = [asked(name, ME, answer(404)) for name in ("bearer.garbage", "bearer.control")]
    judgement = judge("BEARER-29", ME, *missing)
    assert judgement.verdict is UNCLEAR
    assert "seems not to have this operation" in judgement.detail


OTHER = b'{"profile": {"id": "2"}}'
FORBIDDEN = answer(403, b"<html>", PAGE)


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer(200, CONTROL), PASS),
        (answer(200, OTHER), FAIL),
        (answer(200, b"{}"), FAIL),
        (answer(401), FAIL),
        (answer(500), FAIL),
        (answer(429), UNCLEAR),
        (FORBIDDEN, UNCLEAR),
        (answer(504, b"<html>", PAGE), UNCLEAR),
    ],
)
@pytest.mark.parametrize(
    ("requirement", "probe"), [("BEARER-06", "bearer.lower_case"), ("BEARER-06", "bearer.upper_case"), ("BEARER-10", "bearer.two_blanks")]
)
def test_lawful_spellings_are_accepted(requirement: str, probe: str, response: Response, verdict: Verdict) -> None:
    assert judge(requirement, ME, *GOOD, asked(probe, ME, response)).verdict is verdict


@pytest.mark.parametrize(
    ("stranger", "verdict"),
    [(answer(401, CONTROL), PASS), (answer(200, OTHER), PASS), (answer(200, CONTROL), UNCLEAR)],
)
def test_who_am_i_tells_nothing_where_strangers_are_somebody(stranger: Response, verdict: Verdict) -> None:
    judgement = judge("BEARER-10", ME, *GOOD, asked("bearer.two_blanks", ME, answer(200, CONTROL)), asked("bearer.none", ME, stranger))
    assert judgement.verdict is verdict


def test_without_a_who_am_i_a_whole_answer_stands_for_the_person() -> None:
    applications = building.contract().applications
    of = replace(building.contract(), applications={**applications, "admin": replace(applications["admin"], identity=None)})
    for body, verdict in ((CONTROL, PASS), (b'{"profile": {"id": "1"}}', FAIL)):
        exchanges = [asked("bearer.two_blanks", ME, answer(200, body)), asked("bearer.none", ME, answer(200, body))]
        assert judge("BEARER-10", ME, *GOOD, *exchanges, of=of).verdict is verdict


def test_an_operation_of_no_application_has_no_identity() -> None:
    exchanges = [asked(name, HEALTH, answer(200, CONTROL)) for name in ("bearer.two_blanks", "identity.control")]
    judgement = judge("BEARER-10", HEALTH, *exchanges)
    assert (judgement.verdict, judgement.detail) == (UNCLEAR, "The probe belongs to no application.")
    refused = [asked("bearer.garbage", HEALTH, answer(401)), asked("bearer.control", HEALTH, answer(200))]
    assert judge("BEARER-29", HEALTH, *refused).detail == "The probe belongs to no application."


@pytest.mark.parametrize(
    ("header", "authorization", "verdict"),
    [(401, 401, PASS), (401, 200, WARN), (400, 200, WARN), (200, 200, FAIL), (429, 200, UNCLEAR), (401, None, PASS)],
)
def test_a_token_in_a_field_of_its_own_may_be_taken_in_authorization_too(header: int, authorization: int | None, verdict: Verdict) -> None:
    statuses = {"identity.control": 200, "bearer.control": 200, "bearer.other_header": header, "bearer.in_authorization": authorization}
    exchanges = [asked(name, "whoAmI", answer(status, b'{"id": "1"}'), of=TOKEN_DUE) for name, status in statuses.items() if status]
    judgement = judge("BEARER-15", "whoAmI", *exchanges, of=TOKEN_DUE)
    assert judgement.verdict is verdict
    if verdict is WARN:
        assert [exchange.probe.name for exchange in judgement.exchanges] == ["bearer.in_authorization"]


@pytest.mark.parametrize(
    ("none", "garbage", "forged", "verdict", "shown"),
    [
        (401, 401, 401, PASS, 2),
        (401, 400, 200, PASS, 2),  # that a forged token is let in is another question
        (403, 401, 401, FAIL, 1),
        (401, 403, 401, FAIL, 1),
        (401, 401, 403, FAIL, 1),
        (403, 403, 403, FAIL, 3),
        (429, 401, 401, UNCLEAR, 1),
        (200, 401, 401, UNCLEAR, 2),
        (404, 404, 401, UNCLEAR, 2),
        (403, 429, 401, FAIL, 1),
    ],
)
def test_strangers_are_not_forbidden(none: int, garbage: int, forged: int, verdict: Verdict, shown: int) -> None:
    sent = {"bearer.none": none, "bearer.garbage": garbage, "jwt.none": forged}
    judgement = judge("BEARER-22", USERS, *(asked(name, USERS, answer(status)) for name, status in sent.items()))
    assert (judgement.verdict, len(judgement.exchanges)) == (verdict, shown)
    assert ("limits requests" in judgement.detail) == (none == 429)


def cached(status: int, value: str, credential: str = f"Bearer {TOKEN}") -> Exchange:
    return asked("bearer.control", ME, answer(status, CONTROL, ("Cache-Control", value)), headers=(("Authorization", credential),))


@pytest.mark.parametrize(
    ("exchange", "verdict"),
    [
        (cached(200, "public"), FAIL),
        (cached(203, "public"), FAIL),
        (cached(200, "public, no-store"), PASS),
        (cached(200, "public, private"), PASS),
        (cached(404, "public"), SKIP),
        (cached(200, "public", "Bearer nothing"), SKIP),
    ],
)
def test_answers_with_content_to_callers_are_looked_at(exchange: Exchange, verdict: Verdict) -> None:
    assert judge("BEARER-27", ME, exchange).verdict is verdict


def opaque(*exchanges: Exchange) -> Judgement:
    controls = [asked(name, "whoAmI", answer(200, b'{"id": "1"}'), of=TOKEN_DUE) for name in ("identity.control", "opaque.control")]
    return judge("BEARER-28", "whoAmI", *controls, *exchanges, of=TOKEN_DUE)


@pytest.mark.parametrize(("status", "verdict"), [(401, PASS), (400, PASS), (200, FAIL), (403, FAIL), (429, UNCLEAR)])
@pytest.mark.parametrize("at", ["whoAmI", "listNotes"])
def test_an_altered_opaque_token_is_refused(at: str, status: int, verdict: Verdict) -> None:
    judgement = opaque(asked("opaque.altered", "whoAmI", answer(401), of=TOKEN_DUE), asked("opaque.altered", at, answer(status), of=TOKEN_DUE))
    assert judgement.verdict is verdict
    assert ("at GET /notes," in judgement.detail) == (at == "listNotes" and status != 429)


def test_without_an_altered_token_nothing_was_seen() -> None:
    assert (opaque().verdict, opaque().detail) == (UNCLEAR, "No altered token was answered.")
    assert judge("BEARER-06", ME, *GOOD).detail == "No other spelling of the scheme was answered."


SCRIPTS = [
    *((f"BEARER-{number:02}", "bearer") for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14, 15, 16, 17, 22, 29)),
    *((f"BEARER-{number:02}", "jwt") for number in (3, 5, 22)),
    ("BEARER-10", "bearer_in_full"),
]


@pytest.mark.parametrize(("requirement", "script"), SCRIPTS)
def test_what_was_not_asked_is_told_by_its_script(requirement: str, script: str) -> None:
    judgement = without(script, requirement, USERS if requirement == "BEARER-22" else ME)
    assert (judgement.verdict, judgement.detail) == (SKIP, BROKE_OFF.reason)


def test_altered_opaque_tokens_are_sent_by_a_script_of_their_own() -> None:
    assert without("opaque", "BEARER-28", "whoAmI", TOKEN_DUE).detail == BROKE_OFF.reason


def test_error_codes_are_asked_of_bearer_tokens_alone() -> None:
    of = design("api-keys")
    own = next(operation for operation in of.operations if operation.is_protected)
    judgement = judge("BEARER-05", own.id, asked("bearer.garbage", own.id, answer(401), of=of), of=of)
    assert judgement.verdict is Verdict.SKIP


@pytest.mark.parametrize(("at_identity", "verdict"), [(200, Verdict.INCONCLUSIVE), (401, Verdict.FAIL), (None, Verdict.FAIL)])
def test_a_forgery_that_is_believed_is_no_stranger(at_identity: int | None, verdict: Verdict) -> None:
    strangers = [asked("bearer.none", USERS, answer(401)), asked("bearer.garbage", USERS, answer(401)), asked("jwt.none", USERS, answer(403))]
    taken = [] if at_identity is None else [asked("jwt.none", ME, answer(at_identity))]
    assert judge("BEARER-22", USERS, *strangers, *taken).verdict is verdict
    # A 403 to nobody at all is another matter.
    nobody = asked("bearer.none", USERS, answer(403))
    assert judge("BEARER-22", USERS, nobody, *strangers[1:], *taken).verdict is Verdict.FAIL
