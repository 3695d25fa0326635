"""Which operation plays which part: the login, the refresh, the logout, who-am-I and the rest, by their words and bodies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from authproof.guess.guess import Confidence
from authproof.guess.survey import Field, Seen

PASSWORDS = ("password", "passwd", "pwd", "passphrase", "secret", "pin")
ACCESS_TOKENS = ("accesstoken", "access", "jwt", "token", "authtoken", "authenticationtoken", "sessiontoken", "bearertoken", "idtoken", "key")
REFRESH_TOKENS = ("refreshtoken", "refresh")
_NAMES = ("username", "email", "login", "user", "userid", "identifier", "phone", "phonenumber", "account", "emailaddress", "usernameoremail", "name")
_LOGIN = frozenset({"login", "signin", "authenticate", "logon", "authentication"})
_MAYBE_LOGIN = frozenset({"token", "tokens", "session", "sessions", "auth", "oauth", "jwt", "obtain"})
_NO_LOGIN = frozenset(
    [
        "register",
        "registration",
        "signup",
        "reset",
        "forgot",
        "forgotten",
        "change",
        "refresh",
        "logout",
        "signout",
        "verify",
        "verification",
        "confirm",
        "invite",
        "revoke",
        "renew",
        "recover",
        "mfa",
        "otp",
        "totp",
        "2fa",
        "activate",
        "resend",
        "blacklist",
        "introspect",
    ]
)
_REFRESH = frozenset({"refresh", "renew", "refreshtoken", "tokenrefresh", "refreshsession"})
_LOGOUT = frozenset({"logout", "signout", "logoff"})
_IDENTITY = ("me", "whoami", "userinfo", "currentuser", "self", "profile", "user", "account", "identity", "session")
_SECOND_FACTOR = frozenset({"mfa", "2fa", "otp", "totp", "twofactor", "challenge"})
_SET_UP = frozenset({"enroll", "enrol", "enable", "disable", "setup", "register", "devices", "device", "recovery", "generate", "resend", "send"})
CODES = ("code", "otp", "totp", "otpcode", "totpcode", "mfacode", "passcode", "onetimecode", "verificationcode", "pin")
CHALLENGES = ("challenge", "challengeid", "mfatoken", "ephemeraltoken", "temporarytoken", "ticket", "sessionid", "session", "transactionid", "id")
OPENING = frozenset({"register", "signup", "registration", "forgot", "forgotpassword", "resetpassword", "recover"})
"""Words of operations that callers without an account, or without their password, need."""
_KEY_PATHS = frozenset({"tokens", "keys", "apikeys", "apitokens", "personalaccesstokens", "accesstokens", "pats", "apikey", "token"})


@dataclass(frozen=True, slots=True)
class Part:
    """An operation that seems to play a part, why, and how far to trust it."""

    operation: Seen
    source: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Keys:
    """The three operations on personal access tokens or API keys."""

    list: Seen
    create: Seen
    revoke: Seen


def first(fields: Iterable[Field], names: tuple[str, ...]) -> Field | None:
    """The field with the name that comes first in `names`; of several, the outermost."""
    by_name: dict[str, Field] = {}
    for field in fields:
        by_name.setdefault(field.plain, field)
    return next((by_name[name] for name in names if name in by_name), None)


def password_of(operation: Seen) -> Field | None:
    """The field of the request with the password."""
    return first(operation.request, PASSWORDS) or next((field for field in operation.request if field.schema.get("format") == "password"), None)


def name_of(operation: Seen) -> Field | None:
    """The field of the request that names the account: one that is required before one that is not."""
    needed = [field for field in operation.request if field.required]
    return first(needed, _NAMES) or first(operation.request, _NAMES)


def logins(operations: Iterable[Seen]) -> list[Part]:
    """The operations that look like logins, the best first."""
    scored = [(score, _login(operation, score)) for operation in operations if (score := _login_score(operation)) >= 5]
    return [part for _, part in sorted(scored, key=lambda pair: -pair[0])]


def _login_score(operation: Seen) -> int:
    if operation.method != "POST" or operation.has_path_parameter or _NO_LOGIN.intersection(operation.path_words):
        return 0
    word = _login_word(operation)
    if operation.has_body and operation.request and password_of(operation) is None:
        return 0
    score = 4 if word in _LOGIN else 2 if word else 0
    score += 3 if password_of(operation) else 0
    score += 1 if name_of(operation) else 0
    score += 2 if first(operation.answer, ACCESS_TOKENS) or operation.sets_cookie or "authorization" in operation.header_names else 0
    # An account is created with a password as well.
    score -= 3 if not word or operation.words & _NO_LOGIN else 0
    return score + (1 if operation.is_public else 0)


def _login_word(operation: Seen) -> str | None:
    """The word by which it is one: a plain one before one that may mean something else, one of the path before one of its names."""
    said = (*operation.path_words, *sorted(operation.words))
    return next((word for wanted in (_LOGIN, _MAYBE_LOGIN) for word in said if word in wanted), None)


def _login(operation: Seen, score: int) -> Part:
    reasons = [f"the word {word}" for word in [_login_word(operation)] if word]
    fields = [field.name for field in (name_of(operation), password_of(operation)) if field]
    if fields:
        reasons.append(f"the body's {' and '.join(fields)}")
    if token := first(operation.answer, ACCESS_TOKENS):
        reasons.append(f"the answer's {token.name}")
    return Part(operation, ", ".join(reasons), Confidence.SURE if score >= 10 else Confidence.LIKELY if score >= 7 else Confidence.WEAK)


def refresh(operations: Iterable[Seen], login: Seen) -> Part | None:
    """The refresh of the same family as `login`."""
    found = [
        operation
        for operation in operations
        if operation.method in {"POST", "PUT", "GET"} and not operation.has_path_parameter and _REFRESH.intersection(operation.path_words)
    ]
    if not found:
        found = [
            operation for operation in operations if operation.method == "POST" and operation.words & _REFRESH and not operation.has_path_parameter
        ]
    return _nearest(found, login, "the word refresh")


def logout(operations: Iterable[Seen], login: Seen) -> Part | None:
    """The logout of the same family as `login`."""
    rest = list(operations)
    found = [
        operation
        for operation in rest
        if operation.method in {"POST", "DELETE", "GET"} and not operation.has_path_parameter and _LOGOUT.intersection(operation.path_words)
    ]
    # `logout/all` ends more than the caller's session.
    found = [operation for operation in found if not operation.path_words or operation.path_words[-1] not in {"all", "everywhere"}]
    if found:
        return _nearest(found, login, "the word logout")
    named = [
        operation for operation in rest if operation.method in {"POST", "DELETE"} and not operation.has_path_parameter and operation.words & _LOGOUT
    ]
    if named:
        return _nearest(named, login, "the word logout in its name or summary")
    deleted = [operation for operation in rest if (operation.method, operation.path) == ("DELETE", login.path)]
    return Part(deleted[0], "DELETE of the login's path", Confidence.LIKELY) if deleted else None


def _nearest(found: list[Seen], login: Seen, reason: str) -> Part | None:
    """The one whose path has most in common with the login's, in its beginning."""
    if not found:
        return None
    best = max(found, key=lambda operation: (_common(operation.path, login.path), operation.method == "POST", -len(operation.path)))
    return Part(best, reason, Confidence.SURE if len(found) == 1 else Confidence.LIKELY)


def _common(one: str, other: str) -> int:
    count = 0
    for left, right in zip(one.split("/"), other.split("/"), strict=False):
        if left != right:
            break
        count += 1
    return count


def identity(operations: Iterable[Seen]) -> Part | None:
    """The operation that tells callers who they are."""
    found = [
        operation
        for operation in operations
        if operation.method == "GET" and "{" not in operation.path and operation.last in _IDENTITY and operation.answer
    ]
    found = [operation for operation in found if not operation.answer_is_list and identity_fields(operation)]
    if not found:
        return None
    best = min(found, key=lambda operation: (_IDENTITY.index(operation.last), len(operation.path)))
    strong = best.last in {"me", "whoami", "userinfo", "currentuser"}
    names = ", ".join(field.name for field in identity_fields(best).values())
    reason = f"GET of …/{best.path.rstrip('/').rpartition('/')[2]}, the answer's {names}"
    return Part(best, reason, Confidence.SURE if strong else Confidence.LIKELY)


def identity_fields(operation: Seen) -> dict[str, Field]:
    """What the answer tells of the account: attribute -> field."""
    outer = [field for field in operation.answer if field.is_text or field.schema.get("type") == "integer"]
    wanted = {"id": ("id", "pk", "sub", "userid", "uuid"), "email": ("email", "emailaddress"), "username": ("username", "login")}
    found = {attribute: first(outer, names) for attribute, names in wanted.items()}
    return {attribute: field for attribute, field in found.items() if field}


def second_factor(operations: Iterable[Seen], login: Seen) -> tuple[Part, Field, Field, Field] | None:
    """The operation that answers the login's challenge; its fields of challenge and code, and the login's of the challenge."""
    for operation in operations:
        words = set(operation.path_words) | operation.words
        if operation.method != "POST" or not words & _SECOND_FACTOR or words & _SET_UP or operation.has_path_parameter:
            continue
        code, challenge = first(operation.request, CODES), first(operation.request, CHALLENGES)
        given = challenge and (
            next((field for field in login.answer if field.plain == challenge.plain), None) or first(login.answer, CHALLENGES[:-1])
        )
        if code and challenge and given:
            reason = f"the word {min(words & _SECOND_FACTOR)}, the body's {challenge.name} and {code.name}"
            return Part(operation, reason, Confidence.LIKELY), challenge, code, given
    return None


def speaks_of_second_factor(operations: Iterable[Seen]) -> list[Seen]:
    """The operations whose words tell of a second factor."""
    return [operation for operation in operations if set(operation.path_words) & _SECOND_FACTOR]


def keys(operations: Iterable[Seen]) -> Keys | None:
    """Create, list and revoke of personal access tokens or API keys: POST and GET of a collection, DELETE of its members."""
    rest = list(operations)
    for create in rest:
        if create.method != "POST" or create.last not in _KEY_PATHS or not create.has_body or password_of(create):
            continue
        base = create.path.rstrip("/")
        listed = next((operation for operation in rest if operation.method == "GET" and operation.path.rstrip("/") == base), None)
        revoked = [
            operation
            for operation in rest
            if operation.has_path_parameter and operation.method == "DELETE" and operation.path.rstrip("/").rpartition("/")[0] == base
        ]
        if listed and revoked:
            return Keys(listed, create, revoked[0])
    return None
