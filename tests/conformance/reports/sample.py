"""A report with every verdict, of a target that sends whatever may hurt a reader."""

from __future__ import annotations

from datetime import date

from authproof.classes import judge_classes
from authproof.exchange import Exchange, Probe, Request, Response, TokenFacts
from authproof.report import Report
from authproof.result import Result
from authproof.verdict import Verdict
from authproof.waivers import Waiver, excused, uses
from authproof_spec.catalogue import load_catalogue

TODAY = date(2026, 6, 15)
HOSTILE = "\x1b[31m\x07</pre><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">```\n]]>&\x00\ufffe\u202e\ud800|@all $(id)`id`"
WAIVERS = (
    Waiver("REFRESH-04", "Ticket 7", date(2026, 12, 31)),
    Waiver("JWT-13", "Ticket 8", date(2026, 1, 31)),
    Waiver("BEARER-01", "Ticket 9", date(2026, 12, 31)),
)


def exchange(number: int = 1, text: str = HOSTILE) -> Exchange:
    headers = (("Authorization", "Bearer ${ACCESS_TOKEN_1}"), ("X-Odd", text), ("X-Empty", ""))
    answer = (("Content-Type", "text/html"), ("X-Evil", text))
    request = Request("POST", "/api/user?x=1", headers, text.encode("utf-8", "replace"))
    return Exchange(number, Probe("probe", request), Response(299, answer, text.encode("utf-8", "surrogatepass")))


def result(identifier: str, verdict: Verdict, detail: str = "It was seen.", operation: str = "GET /api/user", count: int = 1) -> Result:
    return Result(load_catalogue()[identifier], operation, verdict, detail, tuple(exchange(number) for number in range(1, count + 1)))


JUDGED = (
    result("BEARER-01", Verdict.PASS),
    result("BEARER-11", Verdict.PASS),
    result("JWT-13", Verdict.FAIL, HOSTILE, count=5),
    result("JWT-13", Verdict.PASS, operation="GET /api/admin/user"),
    result("LOGIN-05", Verdict.WARN, "The time differs."),
    result("LOGIN-06", Verdict.SKIP, "The profile has no disabled account.", count=0),
    result("REFRESH-03", Verdict.INCONCLUSIVE, "The answer was 500."),
    result("REFRESH-04", Verdict.FAIL, "The newest token works on."),
    result("LOGOUT-01", Verdict.ERROR, "authproof failed in its check."),
)


def report(
    judged: tuple[Result, ...] = JUDGED, waivers: tuple[Waiver, ...] = WAIVERS, *, interrupted: bool = False, left: tuple[str, ...] = (HOSTILE,)
) -> Report:
    results = tuple(excused(one, waivers, TODAY) for one in judged)
    return Report(
        version="1.2.3",
        target="http://127.0.0.1:8000",
        contract=f"A contract {HOSTILE}",
        started="2026-06-15T12:00:00+00:00",
        duration=1.25,
        requests=42,
        failed_logins=3,
        results=results,
        areas=load_catalogue().areas,
        facts={"ACCESS_TOKEN_1": TokenFacts("access_token", "0" * 64, 9, {"alg": HOSTILE}, {"sub": "1"})},
        classes=judge_classes(results, frozenset(load_catalogue()), interrupted=interrupted),
        waivers=uses(judged, waivers, TODAY),
        left_behind=left,
        interrupted=interrupted,
    )
