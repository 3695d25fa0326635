from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproof_spec import load_contract
from authproof_spec.consistency import contradictions, path_matches

if TYPE_CHECKING:
    from tests.spec.conftest import Refusal

ROOT = "/x-authproof"
NOTES = f"{ROOT}/applications/notes"
ADMIN = f"{ROOT}/applications/admin"
COOKIE = "cookie: {path: /session, httpOnly: true, secure: true, sameSite: Strict}"
NAME = "name: __Secure-refresh"
AUDIENCE = "        audience: [notes]\n        fixedClaims: {kind: access}\n"

# Name, replacements, pointer, beginning of the line that is named, words of the message, words of the mend.
Case = tuple[str, list[tuple[str, str]], str, str, str, str]

IN_THE_EXAMPLE: list[Case] = [
    ("no issuer", [("    issuer: https://notes.example.test\n", "")], f"{ROOT}/tokens/claims", "claims:", "no issuer is given", "Add tokens.issuer"),
    ("no account", [(" sub: account,", "")], f"{ROOT}/tokens/claims", "claims:", "No claim holds the account", "meaning account"),
    ("no expiry", [(" exp: expiresAt,", "")], f"{ROOT}/tokens/claims", "claims:", "No claim holds the expiresAt", "meaning expiresAt"),
    ("symmetric key set", [("algorithm: ES256", "algorithm: HS256")], f"{ROOT}/tokens/jwks", "jwks: /keys", "HS256 has no public key", "Drop jwks"),
    (
        "one scheme for two tokens",
        [("        scheme: accessToken", "        scheme: refreshCookie")],
        f"{NOTES}/accessToken/scheme",
        "scheme: refreshCookie",
        "travel by the same security scheme",
        "a scheme of its own",
    ),
    (
        "refresh token in Authorization",
        [("        scheme: refreshCookie", "        scheme: accessToken")],
        f"{NOTES}/refreshToken/scheme",
        "scheme: accessToken",
        "not of the kind",
        "type: apiKey, in: cookie",
    ),
    (
        "no cookie policy",
        [(f"        {COOKIE}\n", "")],
        f"{NOTES}/refreshToken",
        "refreshToken:",
        "there is no cookie policy",
        "Add refreshToken.cookie",
    ),
    (
        "no refresh",
        [("      refresh: refresh\n", "")],
        f"{NOTES}/refreshToken",
        "refreshToken:",
        "no refresh operation",
        "Name the refresh operation",
    ),
    (
        "a form with an object in it",
        [
            (
                "          application/json:\n            schema:\n              type: object\n              required: [email, password]",
                "          application/x-www-form-urlencoded:\n            schema:\n              type: object\n              required: [email, password]",
            ),
            ("/email: email", "/who/email: email"),
        ],
        f"{NOTES}/logins/0/credentials",
        "credentials:",
        "no place '/who/email'",
        "Name a field",
    ),
    (
        "long grace",
        [("grace: 0", "grace: 604800")],
        f"{NOTES}/refreshToken/rotation/grace",
        "rotation:",
        "as long as the token lives",
        "some seconds",
    ),
    (
        "short session",
        [("        cookie: {path: /session", "        sessionLifetime: 60\n        cookie: {path: /session")],
        f"{NOTES}/refreshToken/sessionLifetime",
        "sessionLifetime:",
        "before its first refresh token",
        "at least 604800 seconds",
    ),
    (
        "path without logout",
        [(COOKIE, COOKIE.replace("/session", "/session/refresh"))],
        f"{NOTES}/refreshToken/cookie/path",
        "cookie:",
        "does not cover logout at /session/end",
        "covers /session/end",
    ),
    (
        "path without refresh",
        [(COOKIE, COOKIE.replace("/session", "/session/end"))],
        f"{NOTES}/refreshToken/cookie/path",
        "cookie:",
        "does not cover refresh at /session/refresh",
        "covers /session/refresh",
    ),
    (
        "SameSite=None",
        [(COOKIE, COOKIE.replace("secure: true", "secure: false").replace("Strict", "None")), (NAME, "name: refresh")],
        f"{NOTES}/refreshToken/cookie/sameSite",
        "cookie:",
        "SameSite=None without Secure",
        "Set secure: true",
    ),
    (
        "__Secure- without Secure",
        [(COOKIE, COOKIE.replace("secure: true", "secure: false"))],
        f"{NOTES}/refreshToken/cookie/secure",
        "cookie:",
        "__Secure-refresh without Secure",
        "drop the prefix",
    ),
    ("__Host- with a path", [(NAME, "name: __Host-refresh")], f"{NOTES}/refreshToken/cookie/path", "cookie:", "its path is /", "Set path: /"),
    (
        "__Host- with a domain",
        [(NAME, "name: __Host-refresh"), (COOKIE, COOKIE.replace("path: /session", "path: /, domain: example.test"))],
        f"{NOTES}/refreshToken/cookie/path",
        "cookie:",
        "it has no domain",
        "drop domain",
    ),
    ("no audience", [(AUDIENCE, AUDIENCE.partition("\n")[2])], f"{NOTES}/accessToken", "accessToken:", "this kind of token has none", "Add audience"),
    (
        "indistinguishable",
        [("fixedClaims: {kind: refresh}", "fixedClaims: {kind: access}")],
        f"{NOTES}/refreshToken",
        "refreshToken:",
        "cannot be told from those of /applications/notes/accessToken",
        "a fixed claim of its own",
    ),
    (
        "one kind without the fixed claim",
        [("        fixedClaims: {kind: refresh}\n", "")],
        f"{NOTES}/refreshToken",
        "refreshToken:",
        "cannot be told from",
        "a fixed claim of its own",
    ),
    ("two parts", [("      logout: logout", "      logout: refresh")], f"{NOTES}/logout", "logout: refresh", "already plays the part", "of its own"),
    (
        "login behind a token",
        [("      operationId: login\n      security: []", "      operationId: login\n      security: [{accessToken: []}]")],
        f"{NOTES}/logins/0/operation",
        "- operation: login",
        "asks for a bearer token, so nobody can log in",
        "`security: []`",
    ),
    (
        "object rule",
        [("parameter: userId", "parameter: noteId")],
        f"{ROOT}/objectRules/0/parameter",
        "- {operation: listNotes",
        "has no path parameter 'noteId'",
        "Name a path parameter",
    ),
]

IN_THE_BUNDLED_DOCUMENT: list[Case] = [
    (
        "revocation of no token",
        [("        revoke: revokePersonalAccessToken", "        revoke: getHealth")],
        f"{ADMIN}/personalAccessTokens/revoke",
        "revoke: getHealth",
        "no path parameter that could name the object",
        "whose path has one",
    ),
    (
        "change of no account",
        [("        update: updateUser", "        update: getHealth")],
        f"{ADMIN}/accounts/update",
        "update: getHealth",
        "no path parameter that could name the object",
        "whose path has one",
    ),
    (
        "deletion of no account",
        [("        delete: deleteUser", "        delete: getHealth")],
        f"{ADMIN}/accounts/delete",
        "delete: getHealth",
        "no path parameter that could name the object",
        "whose path has one",
    ),
    (
        "personal access tokens that are access tokens",
        [("audience: [access, admin, personal]", "audience: [access, admin]")],
        f"{ADMIN}/personalAccessTokens",
        "personalAccessTokens:",
        "cannot be told from those of /applications/admin/accessToken",
        "an audience",
    ),
    (
        "tokens of another application",
        [("audience: [survey, access]", "audience: [admin, access]")],
        f"{ROOT}/applications/survey/accessToken",
        "accessToken:",
        "cannot be told from those of /applications/admin/accessToken",
        "an audience",
    ),
    (
        "one operation for two applications",
        [("      refresh: surveyRefresh", "      refresh: adminRefresh")],
        f"{ROOT}/applications/survey/refresh",
        "refresh: adminRefresh",
        "already plays the part /applications/admin/refresh",
        "of its own",
    ),
    (
        "second factor behind a token",
        [
            (
                "      summary: Answer a second-factor challenge\n      security: []",
                "      summary: Answer a second-factor challenge\n      security: [{adminAccessToken: []}]",
            )
        ],
        f"{ADMIN}/secondFactor/operation",
        "operation: adminSecondFactor",
        "so nobody can log in",
        "`security: []`",
    ),
]


def judge(refusal: Refusal, case: Case) -> None:
    _, _, pointer, line, message, mend = case
    (problem,) = (problem for problem in refusal.problems if problem.pointer == pointer and message in problem.message)
    assert mend in problem.mend
    assert refusal.line(problem).startswith(line)


@pytest.mark.parametrize("case", IN_THE_EXAMPLE, ids=lambda case: case[0])
def test_a_contradiction_names_its_place_and_its_mend(refuse: Callable[..., Refusal], example: str, case: Case) -> None:
    judge(refuse(example, *case[1]), case)


@pytest.mark.parametrize("case", IN_THE_BUNDLED_DOCUMENT, ids=lambda case: case[0])
def test_a_contradiction_of_a_richer_document_names_its_place_and_its_mend(refuse: Callable[..., Refusal], bundled: str, case: Case) -> None:
    judge(refuse(bundled, *case[1]), case)


def test_a_refresh_operation_without_a_refresh_token_is_a_contradiction(refuse: Callable[..., Refusal], example: str) -> None:
    begin = example.index("      refreshToken:\n")
    part = example[begin : example.index("      logins:\n")]
    (problem,) = refuse(example, (part, "")).problems
    assert (problem.pointer, problem.message) == (f"{NOTES}/refresh", "There is a refresh operation and no refreshToken.")


def test_all_contradictions_are_told_at_once_in_the_order_of_the_lines(refuse: Callable[..., Refusal], example: str) -> None:
    problems = refuse(
        example, ("algorithm: ES256", "algorithm: HS256"), ("grace: 0", "grace: 604800"), ("parameter: userId", "parameter: noteId")
    ).problems
    assert [problem.pointer.rpartition("/")[2] for problem in problems] == ["jwks", "grace", "parameter"]
    assert [problem.line for problem in problems] == sorted(problem.line or 0 for problem in problems)


def test_the_bundled_document_has_none() -> None:
    assert list(contradictions(load_contract())) == []


@pytest.mark.parametrize(
    ("request_path", "cookie_path", "matches"),
    [
        ("/a", "/a", True),
        ("/a/b", "/a", True),
        ("/a/b", "/a/", True),
        ("/a/", "/a", True),
        ("/a", "/a/", False),
        ("/ab", "/a", False),
        ("/A/b", "/a", False),
        ("/x/a", "/a", False),
        ("/anything", "/", True),
    ],
)
def test_paths_match_as_rfc_6265_has_it(request_path: str, cookie_path: str, matches: bool) -> None:  # noqa: FBT001
    assert path_matches(request_path, cookie_path) is matches


paths = st.lists(st.sampled_from(["a", "b", "ab", ""]), max_size=4).map(lambda parts: "/" + "/".join(parts))


@given(paths, paths)
def test_paths_match_by_whole_segments(request_path: str, cookie_path: str) -> None:
    # RFC 6265 section 5.1.4, said of segments: a trailing slash of the cookie's path asks for one segment more, be it empty.
    asked = cookie_path.removesuffix("/").split("/")
    segments = request_path.split("/")
    more = cookie_path.endswith("/")
    assert path_matches(request_path, cookie_path) is (segments[: len(asked)] == asked and len(segments) >= len(asked) + more)
