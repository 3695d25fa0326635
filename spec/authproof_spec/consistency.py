"""Where a contract contradicts itself, although each of its parts is well formed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from authproof_spec.contract import Application, Contract, CookiePolicy, Meaning, Operation, SchemeKind, TokenKind

_IN_HEADERS = frozenset({SchemeKind.BEARER, SchemeKind.HEADER})

Contradiction = tuple[str, str, str]
"""Pointer within the extension, what is wrong, how to mend it."""


def path_matches(request_path: str, cookie_path: str) -> bool:
    """True when a cookie of `cookie_path` is sent to `request_path` (RFC 6265 section 5.1.4)."""
    if request_path == cookie_path:
        return True
    return request_path.startswith(cookie_path) and (cookie_path.endswith("/") or request_path[len(cookie_path)] == "/")


def contradictions(contract: Contract) -> Iterator[Contradiction]:
    """Every contradiction of `contract`."""
    yield from _in_tokens(contract)
    for name, application in contract.applications.items():
        here = f"/applications/{name}"
        yield from _in_schemes(application, here)
        yield from _in_logins(application, here)
        yield from _in_forms(application, here)
        yield from _in_refresh(application, here)
        if application.cookie:
            yield from _in_cookie(application, application.cookie, f"{here}/refreshToken")
        if application.access_cookie:
            yield from _in_cookie(application, application.access_cookie, f"{here}/accessToken")
        if personal := application.personal_access_tokens:
            yield from _needs_path_parameter(personal.revoke, f"{here}/personalAccessTokens/revoke")
            if personal.request_expires_at is None and personal.kind.lifetime is None and not personal.kind.opaque:
                message = "These tokens are JWTs, which tell when they end, and nothing says when they do."
                yield f"{here}/personalAccessTokens", message, "Add request.expiresAt or maximumLifetime, or say `format: opaque`."
        if accounts := application.accounts:
            for role, operation in (("update", accounts.update), ("delete", accounts.delete)):
                yield from _needs_path_parameter(operation, f"{here}/accounts/{role}")
    yield from _in_kinds(contract)
    yield from _in_roles(contract)
    for index, rule in enumerate(contract.object_rules):
        if rule.parameter not in {parameter.name for parameter in rule.operation.path_parameters}:
            message = f"{rule.operation.name} has no path parameter {rule.parameter!r}."
            yield f"/objectRules/{index}/parameter", message, "Name a path parameter of that operation."


def _in_tokens(contract: Contract) -> Iterator[Contradiction]:
    tokens = contract.tokens
    if all(kind.opaque for application in contract.applications.values() for kind in application.token_kinds):
        return
    if not tokens.algorithm:
        yield "/tokens", "No algorithm signs the tokens.", "Add tokens.algorithm, or say `format: opaque` of every kind of token."
    if tokens.issuer is None and tokens.claims_meaning(Meaning.ISSUER):
        yield "/tokens/claims", "A claim holds the issuer, and no issuer is given.", "Add tokens.issuer, or drop the claim."
    for meaning in (Meaning.ACCOUNT, Meaning.EXPIRES_AT):
        if not tokens.claims_meaning(meaning):
            yield "/tokens/claims", f"No claim holds the {meaning.value}.", f"Add a claim with the meaning {meaning.value}."
    if tokens.jwks_path and tokens.algorithm.startswith("HS"):
        yield "/tokens/jwks", f"{tokens.algorithm} has no public key to publish.", "Drop jwks, or choose an asymmetric algorithm."


def _in_schemes(application: Application, here: str) -> Iterator[Contradiction]:
    personal = application.personal_access_tokens
    header = "type: http, scheme: bearer, or with type: apiKey, in: header"
    expected: list[tuple[str, TokenKind | None, frozenset[SchemeKind], str]] = [
        ("accessToken", application.access_token, _IN_HEADERS | {SchemeKind.COOKIE}, f"{header}, or in: cookie"),
        ("refreshToken", application.refresh_token, frozenset({SchemeKind.COOKIE, SchemeKind.BODY}), "type: apiKey, in: cookie"),
        ("personalAccessTokens", personal.kind if personal else None, _IN_HEADERS, header),
    ]
    for part, kind, wanted, words in expected:
        if kind and kind.scheme.kind not in wanted:
            message = f"The security scheme {kind.scheme.name!r} is not of the kind that this token travels by."
            yield f"{here}/{part}/scheme", message, f"Declare that scheme with {words}."
    if application.refresh_token and application.refresh_token.scheme.name == application.access_token.scheme.name:
        message = "The access token and the refresh token travel by the same security scheme."
        yield f"{here}/accessToken/scheme", message, "Give each of them a scheme of its own."
    in_cookie = application.access_token.scheme.kind is SchemeKind.COOKIE
    if in_cookie and application.access_cookie is None:
        message = "The access token travels in a cookie, and there is no cookie policy."
        yield f"{here}/accessToken", message, "Add accessToken.cookie with path, httpOnly, secure and sameSite."
    if not in_cookie and not application.access_token_field:
        yield f"{here}/accessToken", "Nothing says where an answer has the access token.", "Add accessToken.response, a JSON pointer."
    if application.csrf and not in_cookie:
        yield f"{here}/accessToken/csrf", "No cookie carries the access token, so there is no forgery to guard against.", "Drop csrf."


def _in_logins(application: Application, here: str) -> Iterator[Contradiction]:
    """A `security` at the root holds for a login as well, which is easily overlooked."""
    operations = {f"logins/{index}/operation": login.operation for index, login in enumerate(application.logins)}
    if application.second_factor:
        operations["secondFactor/operation"] = application.second_factor.operation
    for place, operation in operations.items():
        if operation.is_protected:
            yield f"{here}/{place}", f"{operation.name} asks for a bearer token, so nobody can log in.", "Give that operation `security: []`."


def _in_forms(application: Application, here: str) -> Iterator[Contradiction]:
    """A form has fields and no objects in them."""
    pointers = [
        (f"logins/{index}/credentials", login.operation, pointer) for index, login in enumerate(application.logins) for pointer in login.credentials
    ]
    if factor := application.second_factor:
        pointers += [("secondFactor", factor.operation, pointer) for pointer in (factor.request_challenge, factor.request_code)]
    if application.refresh and application.refresh_body:
        pointers.append(("refreshToken/body/request", application.refresh, application.refresh_body.request))
    for place, operation, pointer in pointers:
        if operation.takes_form and pointer.count("/") != 1:
            yield f"{here}/{place}", f"{operation.name} takes a form, which has no place {pointer!r}.", "Name a field, such as /username."


def _in_refresh(application: Application, here: str) -> Iterator[Contradiction]:
    if application.refresh and application.refresh_token is None:
        yield f"{here}/refresh", "There is a refresh operation and no refreshToken.", "Describe refreshToken, with its cookie policy."
    kind = application.refresh_token.scheme.kind if application.refresh_token else None
    if kind is SchemeKind.COOKIE and application.cookie is None:
        message = "The refresh token travels in a cookie, and there is no cookie policy."
        yield f"{here}/refreshToken", message, "Add refreshToken.cookie with path, httpOnly, secure and sameSite."
    if kind is SchemeKind.BODY and application.refresh_body is None:
        message = "Nothing says how the refresh token travels."
        yield f"{here}/refreshToken", message, "Add scheme and cookie, or body with its pointers request and response."
    if kind is SchemeKind.COOKIE and application.refresh_body:
        yield f"{here}/refreshToken/body", "The refresh token travels in a cookie and in the body.", "Drop one of scheme and body."
    if application.refresh_token and application.refresh is None:
        yield f"{here}/refreshToken", "There is a refresh token and no refresh operation.", "Name the refresh operation, or drop refreshToken."
    lifetime = application.refresh_token.lifetime if application.refresh_token else None
    if lifetime is not None and application.session_lifetime is not None and application.session_lifetime < lifetime:
        message = "The session ends before its first refresh token does, so that token and its cookie outlive it."
        yield f"{here}/refreshToken/sessionLifetime", message, f"Give at least {lifetime} seconds."
    if lifetime is not None and application.rotation.grace >= lifetime:
        yield (
            f"{here}/refreshToken/rotation/grace",
            "The grace is as long as the token lives, so reuse is never noticed.",
            "Give a grace of some seconds.",
        )


def _in_cookie(application: Application, cookie: CookiePolicy, here: str) -> Iterator[Contradiction]:
    of_refresh = {"refresh": application.refresh, "logout": application.logout}
    of_access = {"identity": application.identity.operation if application.identity else None}
    for role, operation in (of_access if cookie is application.access_cookie else of_refresh).items():
        if operation and not path_matches(operation.path, cookie.path):
            message = f"The cookie path {cookie.path!r} does not cover {role} at {operation.path}, so browsers do not send the cookie there."
            yield f"{here}/cookie/path", message, f"Give a path that covers {operation.path}."
    if cookie.same_site == "None" and not cookie.secure:
        yield f"{here}/cookie/sameSite", "Browsers refuse SameSite=None without Secure.", "Set secure: true, or choose Lax or Strict."
    if cookie.name.startswith(("__Secure-", "__Host-")) and not cookie.secure:
        yield (
            f"{here}/cookie/secure",
            f"Browsers refuse the cookie {cookie.name} without Secure.",
            "Set secure: true, or drop the prefix from the name.",
        )
    if cookie.name.startswith("__Host-") and (cookie.path != "/" or cookie.domain):
        yield (
            f"{here}/cookie/path",
            f"Browsers refuse the cookie {cookie.name} unless its path is / and it has no domain.",
            "Set path: / and drop domain.",
        )


def _needs_path_parameter(operation: Operation | None, here: str) -> Iterator[Contradiction]:
    if operation and not operation.path_parameters:
        yield here, f"{operation.name} has no path parameter that could name the object.", "Name an operation whose path has one."


def _in_kinds(contract: Contract) -> Iterator[Contradiction]:
    parts = {"accessToken": "access_token", "refreshToken": "refresh_token"}
    kinds: dict[str, TokenKind] = {}
    for name, application in contract.applications.items():
        for part, attribute in parts.items():
            if kind := getattr(application, attribute):
                kinds[f"/applications/{name}/{part}"] = kind
        if personal := application.personal_access_tokens:
            kinds[f"/applications/{name}/personalAccessTokens"] = personal.kind
    has_audience = bool(contract.tokens.claims_meaning(Meaning.AUDIENCE))
    for here, kind in kinds.items():
        if has_audience and not kind.audience and not kind.opaque:
            yield here, "A claim holds the audience, and this kind of token has none.", "Add audience."
    for (first, one), (second, other) in combinations(kinds.items(), 2):
        if one.opaque or other.opaque:
            continue  # an opaque token is known to its server alone, and means what the server knows of it
        same_audience = not has_audience or one.audience == other.audience
        if same_audience and _agree(one.fixed_claims, other.fixed_claims):
            message = f"These tokens cannot be told from those of {first}, so one would be accepted as the other (RFC 8725 section 3.12)."
            yield second, message, "Give each kind an audience or a fixed claim of its own."


def _agree(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    return all(one[name] == other[name] for name in one.keys() & other.keys())


def _in_roles(contract: Contract) -> Iterator[Contradiction]:
    """One operation has one part to play."""
    taken: dict[str, str] = {}
    for name, application in contract.applications.items():
        personal, accounts = application.personal_access_tokens, application.accounts
        roles: list[tuple[str, Operation | None]] = [(f"logins/{index}/operation", login.operation) for index, login in enumerate(application.logins)]
        roles += [("refresh", application.refresh), ("logout", application.logout)]
        roles += [("secondFactor/operation", application.second_factor.operation if application.second_factor else None)]
        roles += [("identity/operation", application.identity.operation if application.identity else None)]
        if personal:
            roles += [(f"personalAccessTokens/{role}", getattr(personal, role)) for role in ("list", "create", "revoke")]
        if accounts:
            roles += [(f"accounts/{role}", getattr(accounts, role)) for role in ("list", "create", "update", "delete")]
        for role, operation in roles:
            here = f"/applications/{name}/{role}"
            if operation and operation.id in taken:
                yield here, f"{operation.name} already plays the part {taken[operation.id]}.", "Give each part an operation of its own."
            elif operation:
                taken[operation.id] = here
