"""From the survey of a document to a guess of its whole authentication: what the overlay will say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from authproof.guess import changes, roles
from authproof.guess.guess import Action, Confidence, Guess, Guessed, Tree
from authproof.guess.jsonpath import path_of
from authproof.guess.libraries import library_of
from authproof.guess.samples import attributes, header, payload, token_in
from authproof.guess.survey import Field, Scheme, Seen, Survey, words_of
from authproof_spec.consistency import path_matches
from authproof_spec.pointer import Json

SURE, LIKELY, WEAK, OPEN = Confidence.SURE, Confidence.LIKELY, Confidence.WEAK, Confidence.OPEN
APPLICATION = "api"
_FILL_IN = "FILL-IN"
_ACCESS, _REFRESH = "accessToken", "refreshToken"
_MESSAGES = ("message", "detail", "msg", "error", "errordescription", "title", "errormessage", "description")
_PREFIX = re.compile(r"""prefix\W+["'`]?(\w+)|\b(Bearer|Token|JWT|ApiKey)\s+[<{\[(]""", re.IGNORECASE)
_ALGORITHMS = frozenset({"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
_MEANINGS = {"iss": "issuer", "aud": "audience", "sub": "account", "iat": "issuedAt", "exp": "expiresAt", "jti": "identifier"}


def guess(survey: Survey) -> Guessed:
    """What `survey` lets one guess."""
    found = roles.logins(survey.operations)
    if not found:
        return _nothing(survey)
    return _Designer(survey, found).guessed()


def _nothing(survey: Survey) -> Guessed:
    """A skeleton to fill in: nothing of the document looks like a login."""
    scheme = next((scheme.name for scheme in survey.schemes.values() if scheme.kind != "other"), None)
    unknown = "the document does not say it"
    application: Tree = {
        "accessToken": {
            "scheme": Guess(
                scheme or _FILL_IN, "the first security scheme" if scheme else "a name of components.securitySchemes", WEAK if scheme else OPEN
            ),
            "format": Guess("opaque", "or jwt; tokens.algorithm and tokens.claims are needed then", OPEN),
            "lifetime": Guess(3600, unknown, OPEN),
            "response": Guess("/token", "where the login's answer has the token", OPEN),
        },
        "logins": [
            {
                "operation": Guess(_FILL_IN, "METHOD /path of the login", OPEN, "login"),
                "credentials": {"/email": _open("email"), "/password": _open("password")},
            }
        ],
    }
    remarks = ["No operation looks like a login, and authproof has to log in to get tokens: name it in the overlay, and what its body asks for."]
    if any(scheme.kind in {"header", "other"} for scheme in survey.schemes.values()):
        remarks.append("An API that knows nothing but keys made elsewhere cannot be certified: there is no operation that gives or ends a token.")
    extension: Tree = {"version": Guess(1, "", SURE), "tokens": {}, "applications": {APPLICATION: application}}
    return Guessed(extension, (), tuple(remarks), has_login=False, url=_url(survey))


def _open(attribute: str) -> Guess:
    return Guess(attribute, "a field of the login's body, and the account's attribute that it takes", OPEN)


def _url(survey: Survey) -> str | None:
    return next((url.rstrip("/") for url in survey.servers if re.fullmatch(r"https?://[^\s?#{}@]+", url)), None)


class _Designer:
    """Guesses one part after the other; what one takes is not there for the next."""

    def __init__(self, survey: Survey, found: list[roles.Part]) -> None:
        self.survey = survey
        self.login, *self.other_logins = found
        self.free = [operation for operation in survey.operations if operation is not self.login.operation]
        self.actions: list[Action] = []
        self.remarks: list[str] = []
        self.hints: list[str] = []
        self.refresh = self._take(roles.refresh(self._unlike_logins(), self._start))
        self.logout = self._take(roles.logout(self.free, self._start))
        self.second = roles.second_factor(self.free, self._start)
        self._take(self.second[0] if self.second else None)
        self.keys = roles.keys(self.free)
        if self.keys:
            taken = (self.keys.list, self.keys.create, self.keys.revoke)
            self.free = [operation for operation in self.free if operation not in taken]
        self.scheme, self.scheme_source, self.scheme_confidence = self._access_scheme()
        self.identity = self._take(roles.identity(operation for operation in self.free if not operation.is_public or not self._secured()))
        recognised = library_of(survey, self._start)
        self.library = recognised[0] if recognised else None
        self.library_source = recognised[1] if recognised else ""
        self.prefix = self._prefix()
        if self.prefix and str(self.prefix.value).lower() == "bearer":
            self._declare_as_bearer()
        self.sample = self._sample()

    @property
    def _start(self) -> Seen:
        return self.login.operation

    def _unlike_logins(self) -> list[Seen]:
        others = [part.operation for part in self.other_logins if part.confidence is SURE]
        return [operation for operation in self.free if operation not in others]

    def _take(self, part: roles.Part | None) -> roles.Part | None:
        if part:
            self.free = [operation for operation in self.free if operation is not part.operation]
        return part

    def _secured(self) -> list[Seen]:
        return [operation for operation in self.free if not operation.is_public]

    def guessed(self) -> Guessed:
        """Everything, in the order in which the overlay has it."""
        application: dict[str, Guess | Tree | list[Tree]] = {"accessToken": self._access_token()}
        if refresh_token := self._refresh_token():
            application["refreshToken"] = refresh_token
        application["logins"] = [self._login()]
        if self.second:
            application["secondFactor"] = self._second_factor(*self.second)
        if refresh_token and self.refresh:
            application["refresh"] = Guess(self.refresh.operation.name, self.refresh.source, self.refresh.confidence, "refresh")
        if self.logout:
            application["logout"] = Guess(self.logout.operation.name, self.logout.source, self.logout.confidence, "logout")
        if self.identity:
            fields = {
                attribute: Guess(field.pointer, f"the answer's {field.name}", LIKELY)
                for attribute, field in roles.identity_fields(self.identity.operation).items()
            }
            application["identity"] = {
                "operation": Guess(self.identity.operation.name, self.identity.source, self.identity.confidence, "who am I"),
                "fields": fields,
            }
        if personal := self._personal_access_tokens():
            application["personalAccessTokens"] = personal
        tokens = self._tokens(application)
        extension: Tree = {"version": Guess(1, "", SURE), "tokens": tokens, "errors": self._errors(), "applications": {APPLICATION: application}}
        self.actions = [*self._dropped(), *self.actions, *self._changes()]
        self._remark_on_what_is_missing()
        self.hints += _hints(self.survey)
        opening = [operation for operation in self._secured() if operation.method == "POST" and roles.OPENING.intersection(operation.path_words)]
        self.hints += [f"{operation.name} looks public, but the document secures it: give it security: [] if it is." for operation in opening]
        return Guessed(extension, tuple(self.actions), tuple(self.remarks), has_login=True, url=_url(self.survey), hints=tuple(self.hints))

    # Access token

    def _access_scheme(self) -> tuple[Scheme, str, Confidence]:
        """The scheme by which most operations are opened; a bearer scheme of our own where the document has none that fits."""
        known = self.survey.schemes
        fitting = {name: scheme for name, scheme in known.items() if scheme.kind != "other" and not self._is_for_refresh(scheme)}
        in_body = roles.first(self._start.answer, roles.ACCESS_TOKENS) is not None
        used = Counter(name for operation in self._secured() for way in operation.security for name in way if name in fitting)
        order = ("bearer", "header", "cookie") if in_body or not self._start.sets_cookie else ("cookie", "bearer", "header")
        if not in_body and not self._start.sets_cookie and self._start.answer == ():
            order = ("bearer", "header", "cookie")
        ranked = sorted(fitting.values(), key=lambda scheme: (-used[scheme.name], order.index(scheme.kind)))
        if ranked:
            best = ranked[0]
            count = used[best.name]
            return (
                best,
                f"the scheme of {count} operation{'' if count == 1 else 's'}" if count else "the only kind of scheme that fits",
                SURE if count else LIKELY,
            )
        name = next(
            name for name in (_ACCESS, "authproofAccessToken", *(f"{_ACCESS}{number}" for number in range(len(known) + 1))) if name not in known
        )
        self._add_scheme(name, {"type": "http", "scheme": "bearer"}, "The document has no security scheme that fits; most APIs have this one.")
        return Scheme(name, "bearer", "", is_jwt=False, description=""), "the document has no scheme that fits, and most APIs have this one", WEAK

    def _is_for_refresh(self, scheme: Scheme) -> bool:
        return scheme.kind == "cookie" and "refresh" in (*words_of(scheme.name), *words_of(scheme.parameter))

    def _add_scheme(self, name: str, scheme: Mapping[str, Json], why: str) -> None:
        self.actions.append(Action("$", {"components": {"securitySchemes": {name: dict(scheme)}}}, why))

    def _sample(self) -> str | None:
        """A JWT that the document gives as an example."""
        token = roles.first(self._start.answer, roles.ACCESS_TOKENS)
        texts = [*self._start.texts, str(token.schema.get("example", "")) if token else ""]
        return token_in(texts)

    def _is_jwt(self) -> tuple[bool, str, Confidence]:
        if self.sample:
            return True, "the document's example of a token", SURE
        if self.library:
            return self.library.jwt, f"{self.library.name}: {self.library_source}", LIKELY
        if self.scheme.is_jwt:
            return True, f"the security scheme {self.scheme.name}", SURE
        return False, "nothing says that it is a JWT; say jwt if it is, with tokens.algorithm and tokens.claims", WEAK

    def _access_token(self) -> Tree:
        is_jwt, why, confidence = self._is_jwt()
        token: dict[str, Guess | Tree | list[Tree]] = {
            "scheme": Guess(self.scheme.name, self.scheme_source, self.scheme_confidence, "access token by"),
            "format": Guess("jwt" if is_jwt else "opaque", why, confidence, "token format"),
        }
        if self.prefix:
            token["prefix"] = self.prefix
        if is_jwt and self.library and self.library.jwt:
            if self.library.audience:
                token["audience"] = Guess(list(self.library.audience), f"the default of {self.library.name}", LIKELY)
            if self.library.access_claims:
                token["fixedClaims"] = Guess(dict(self.library.access_claims), f"the default of {self.library.name}", LIKELY)
        elif is_jwt and "audience" in self._claims()[0].values():
            token["audience"] = Guess(
                self._audience() or [_FILL_IN],
                "the example of a token" if self._audience() else "the aud claim",
                LIKELY if self._audience() else OPEN,
            )
        token["lifetime"] = self._lifetime()
        if self.scheme.kind == "cookie":
            token["cookie"] = self._cookie(self.scheme.parameter, "/", [self._start])
            if guard := self._csrf():
                token["csrf"] = guard
        else:
            token["response"] = self._place_of_access_token()
        return token

    def _prefix(self) -> Guess | None:
        if self.scheme.kind != "header" or self.scheme.parameter.lower() != "authorization":
            return None
        found = _PREFIX.search(self.scheme.description)
        if found and (word := found[1] or found[2]):
            return Guess(word, f"the description of {self.scheme.name}", SURE)
        if self.library and not self.library.jwt:
            return Guess("Token", f"the default of {self.library.name}", LIKELY)
        return Guess("Bearer", "the word before the token in Authorization, which the document does not tell", WEAK)

    def _declare_as_bearer(self) -> None:
        """`Authorization: Bearer` is the scheme of RFC 6750, although the document calls it a key: with all that is demanded of it."""
        why = f"{self.scheme.name} is a bearer token, {self.prefix.confidence}: {self.prefix.source}." if self.prefix else ""
        self.actions.append(Action(path_of(("components", "securitySchemes", self.scheme.name)), None, why))
        self._add_scheme(self.scheme.name, {"type": "http", "scheme": "bearer"}, why)
        self.scheme = replace(self.scheme, kind="bearer")
        self.prefix = None

    def _place_of_access_token(self) -> Guess:
        if token := roles.first(self._start.answer, roles.ACCESS_TOKENS):
            return Guess(
                token.pointer, f"the login answer's {token.name}", SURE if token.plain in roles.ACCESS_TOKENS[:4] else LIKELY, "access token at"
            )
        if "authorization" in self._start.header_names:
            self.remarks.append(
                "The login gives its token in the header Authorization of its answer. authproof reads tokens from bodies and cookies."
            )
        return Guess("/access_token", "the login's answer has no schema that shows a token", OPEN, "access token at")

    def _lifetime(self) -> Guess:
        told = roles.first(self._start.answer, ("expiresin", "expires", "accesstokenexpiresin", "maxage"))
        example = told.schema.get("example", told.schema.get("default", told.schema.get("const"))) if told else None
        if isinstance(example, int) and not isinstance(example, bool) and 0 < example < 3_153_600_000:
            return Guess(example, f"the example of the answer's {told.name if told else ''}", LIKELY, "access token lives")
        if self.library and self.library.access_lifetime:
            return Guess(self.library.access_lifetime, f"the default of {self.library.name}, in seconds", WEAK, "access token lives")
        return Guess(3600, "seconds; the document does not say", OPEN, "access token lives")

    # Tokens

    def _claims(self) -> tuple[dict[str, str], str, Confidence]:
        if self.library and self.library.jwt:
            return dict(self.library.claims), f"the default of {self.library.name}", LIKELY
        told = payload(self.sample)
        known = {name: _MEANINGS[name] for name in told if name in _MEANINGS and name != "iss"}
        known |= {name: "account" for name in told if name in {"user_id", "userId", "uid"} and "sub" not in told}
        if {"account", "expiresAt"} <= set(known.values()):
            return known, "the example of a token", LIKELY
        return {"sub": "account", "exp": "expiresAt"}, "every claim of a token, and what it holds; look into one", OPEN

    def _audience(self) -> list[Json]:
        told = payload(self.sample).get("aud")
        entries = [told] if isinstance(told, str) else told if isinstance(told, list) else []
        return [entry for entry in dict.fromkeys(str(entry) for entry in entries) if entry]

    def _tokens(self, application: Mapping[str, Guess | Tree | list[Tree]]) -> Tree:
        access = application["accessToken"]
        kind = access["format"] if isinstance(access, dict) else None
        if not isinstance(kind, Guess) or kind.value != "jwt":
            return {}
        algorithm = Guess("HS256", "the document does not say; look into the header of a token", OPEN, "signed by")
        if self.sample and (told := header(self.sample).get("alg")) in _ALGORITHMS:
            algorithm = Guess(told, "the header of the example of a token", LIKELY, "signed by")
        elif self.library and self.library.jwt:
            algorithm = Guess(self.library.algorithm, f"the default of {self.library.name}", LIKELY, "signed by")
        claims, source, confidence = self._claims()
        return {"algorithm": algorithm, "claims": Guess(dict(claims), source, confidence, "claims")}

    def _errors(self) -> Tree:
        seen = Counter(
            field.pointer
            for operation in self.survey.operations
            for field in operation.errors
            if field.plain in _MESSAGES and field.is_text and field.pointer.count("/") == 1
        )
        ranked = sorted(seen, key=lambda pointer: (-seen[pointer], pointer))
        if ranked:
            return {"message": Guess(ranked[0], f"the field {ranked[0][1:]} of its errors", LIKELY, "error text at")}
        if self.library and self.library.message:
            return {"message": Guess(self.library.message, f"the default of {self.library.name}", LIKELY, "error text at")}
        return {"message": Guess("/message", "no answer of an error has a schema that shows it", OPEN, "error text at")}

    # Refresh token

    def _refresh_token(self) -> Tree | None:
        if self.refresh is None:
            return None
        lifetime = Guess(1_209_600, "seconds; the document does not say", OPEN)
        told = next((attributes(text).get("max-age", "") for user in self._cookie_users() for text in user.cookies), "")
        if told.isdecimal() and 0 < int(told[:10]) < 3_153_600_000:
            lifetime = Guess(int(told[:10]), "the Max-Age of the example of Set-Cookie", LIKELY)
        elif self.library and self.library.refresh_lifetime:
            lifetime = Guess(self.library.refresh_lifetime, f"the default of {self.library.name}, in seconds", WEAK)
        cookie = self._refresh_cookie()
        asked = roles.first(self.refresh.operation.request, (*roles.REFRESH_TOKENS, "token"))
        form: dict[str, Guess | Tree | list[Tree]] = {
            "format": Guess("opaque", "jwt shows authproof more, with fixedClaims or an audience that tell it from an access token", WEAK)
        }
        if self.library and self.library.refresh_claims and self._is_jwt()[0]:
            default = f"the default of {self.library.name}"
            form = {"format": Guess("jwt", default, LIKELY), "fixedClaims": Guess(dict(self.library.refresh_claims), default, LIKELY)}
        if cookie and not (asked and asked.required):
            return {**self._in_cookie(*cookie), **form, "lifetime": lifetime, "cookie": self._cookie(cookie[0], "/", self._cookie_users())}
        if asked:
            given = roles.first(self._start.answer, roles.REFRESH_TOKENS)
            answer = Guess(given.pointer, f"the login answer's {given.name}", SURE) if given else Guess(asked.pointer, "as in the request", WEAK)
            if not self.refresh.operation.is_public and not self.refresh.operation.own_security:
                self.actions += changes.secure(
                    self.refresh.operation, [], "The refresh token in the body opens it, and not the security at the root."
                )
            body = {"request": Guess(asked.pointer, f"the body of refresh has {asked.name}", SURE, "refresh token at"), "response": answer}
            return {**form, "body": body, "lifetime": lifetime}
        self._leave_out(self.refresh.operation)
        return None

    def _leave_out(self, operation: Seen) -> None:
        """A refresh whose token the extension has no words for, such as one in Authorization."""
        self.remarks.append(
            f"{operation.name} looks like a refresh, but neither its body nor a cookie has a refresh token. If it travels in Authorization, the extension "
            "has no words for it. The overlay removes the operation, lest it be taken for one that an access token opens."
        )
        self.actions.append(
            Action(path_of(operation.place), None, "The refresh token seems to travel in Authorization, for which the extension has no words.")
        )
        self.refresh = None

    def _refresh_cookie(self) -> tuple[str, str, str | None] | None:
        """Name of the cookie, what it was guessed from, and its security scheme where the document has one."""
        for scheme in self.survey.schemes.values():
            if self._is_for_refresh(scheme):
                return scheme.parameter, f"the security scheme {scheme.name}", scheme.name
        used = [name for way in self.refresh.operation.security for name in way] if self.refresh else []
        for name in used:
            known = self.survey.schemes.get(name)
            if known and known.kind == "cookie" and known.name != self.scheme.name:
                return known.parameter, "the security of the refresh", known.name
        for operation in self._cookie_users():
            for text in operation.cookies:
                name = text.partition("=")[0].strip()
                if name != self.scheme.parameter or self.scheme.kind != "cookie":
                    return name, f"the Set-Cookie of {operation.name}", None
        return None

    def _cookie_users(self) -> list[Seen]:
        return [self._start, *(part.operation for part in (self.refresh, self.logout) if part)]

    def _in_cookie(self, name: str, source: str, scheme: str | None) -> dict[str, Guess | Tree | list[Tree]]:
        if scheme is None:
            scheme = next(own for own in (_REFRESH, "authproofRefreshToken") if own not in self.survey.schemes)
            self._add_scheme(scheme, {"type": "apiKey", "in": "cookie", "name": name}, f"The refresh cookie, from {source}.")
        if self.refresh and not any(scheme in way for way in self.refresh.operation.security):
            self.actions += changes.secure(self.refresh.operation, [{scheme: []}], "The refresh cookie opens it.")
        return {"scheme": Guess(scheme, source, SURE, "refresh token by")}

    def _cookie(self, name: str, path: str, users: list[Seen]) -> Tree:
        """The policy of the cookie: from an example of Set-Cookie, else as RFC 9700 and browsers would have it."""
        told = next((text for user in users for text in user.cookies if text.startswith(f"{name}=")), None)
        source, confidence = ("the example of Set-Cookie", SURE) if told else ("the document does not say", OPEN)
        given = attributes(told) if told else {"secure": "", "httponly": "", "samesite": "Lax"}
        secure = "secure" in given or name.startswith(("__Secure-", "__Host-"))
        same_site = given.get("samesite", "Lax").capitalize()
        same_site = same_site if same_site in {"Strict", "Lax", "None"} and (secure or same_site != "None") else "Lax"
        declared = given.get("path") or path
        covers = all(path_matches(user.path, declared) for user in users[1:]) and re.fullmatch(r"/[^;\x00-\x20]*", declared)
        return {
            "path": Guess("/" if name.startswith("__Host-") or not covers else declared, source, confidence),
            "httpOnly": Guess("httponly" in given, source, confidence),
            "secure": Guess(secure, source, confidence),
            "sameSite": Guess(same_site, source, confidence),
        }

    def _csrf(self) -> Tree | None:
        for scheme in self.survey.schemes.values():
            if scheme.kind == "header" and {"csrf", "xsrf", "csrftoken", "xsrftoken"} & set(words_of(scheme.parameter)):
                header, cookie = scheme.parameter, "XSRF-TOKEN" if "xsrf" in words_of(scheme.parameter) else "csrftoken"
                return {
                    "cookie": Guess(cookie, "the document does not say", OPEN),
                    "header": Guess(header, f"the security scheme {scheme.name}", LIKELY),
                }
        return None

    # Logins

    def _login(self) -> Tree:
        operation = self._start
        name, password = roles.name_of(operation), roles.password_of(operation)
        credentials: dict[str, Guess | Tree | list[Tree]] = {}
        if name:
            attribute = "email" if "email" in name.plain else "username"
            credentials[name.pointer] = Guess(attribute, f"the body's {name.name}", SURE if name.required else LIKELY)
        if password:
            credentials[password.pointer] = Guess("password", f"the body's {password.name}", SURE)
        for field in self._further(operation, name, password):
            credentials[field.pointer] = Guess(field.name, "the body requires it; the accounts of the profile have to give it", WEAK)
        if not credentials:
            credentials = {"/email": Guess("email", "the login's body has no schema", OPEN), "/password": Guess("password", "as above", OPEN)}
        login: dict[str, Guess | Tree | list[Tree]] = {
            "operation": Guess(operation.name, self.login.source, self.login.confidence, "login"),
            "credentials": credentials,
        }
        if refusal := self._refusal():
            login["refusal"] = refusal
        for part in self.other_logins:
            self.hints.append(f"{part.operation.name} looks like a login too ({part.source}): add it to logins, or as an application of its own.")
        return login

    def _further(self, operation: Seen, name: Field | None, password: Field | None) -> Iterator[Field]:
        for field in operation.request:
            inner = field.schema.get("type") == "object" or "properties" in field.schema
            if field.required and field is not name and field is not password and not inner and field.is_text:
                yield field

    def _refusal(self) -> Guess | None:
        statuses = self._start.statuses
        if "401" in statuses:
            return Guess(401, "the login declares it", SURE)
        if self.library and self.library.refusal:
            return Guess(self.library.refusal, f"the default of {self.library.name}", LIKELY)
        for status in ("400", "403"):
            if status in statuses:
                return Guess(int(status), "the login declares it, and no 401", LIKELY)
        return Guess(401, "the status of a wrong password, which the document does not tell", WEAK)

    def _second_factor(self, part: roles.Part, challenge: Field, code: Field, given: Field) -> Tree:
        return {
            "operation": Guess(part.operation.name, part.source, part.confidence, "second factor"),
            "lifetime": Guess(300, "seconds; the document does not say", OPEN),
            "request": {
                "challenge": Guess(challenge.pointer, f"the body's {challenge.name}", LIKELY),
                "code": Guess(code.pointer, f"the body's {code.name}", SURE),
            },
            "response": {"challenge": Guess(given.pointer, f"the login answer's {given.name}", LIKELY)},
        }

    # Personal access tokens

    def _personal_access_tokens(self) -> Tree | None:
        if self.keys is None:
            return None
        create, listed, revoke = self.keys.create, self.keys.list, self.keys.revoke
        token = roles.first(create.answer, ("token", "key", "apikey", "secret", "value", "plaintexttoken", "accesstoken", "plaintext", "rawkey"))
        name = roles.first(create.request, ("name", "label", "title", "description", "note"))
        expiry = next((field for field in create.request if field.plain in {"until", "validuntil"} or "expir" in field.plain), None)
        record = next((field for field in create.answer if field.schema.get("type") == "object" or "properties" in field.schema), None)
        identifier = roles.first(
            (field for field in create.answer if record and field.pointer.startswith(record.pointer + "/")), ("id", "uuid", "keyid")
        )
        items = next((field for field in listed.answer if field.is_list), None)
        scheme = self._scheme_of_keys()
        if not (token and name and expiry and record and identifier and items and scheme):
            wanted = {
                "the key": token,
                "a name": name,
                "an expiry": expiry,
                "a record in an object of its own": record and identifier,
                "a list in an object": items,
            }
            missing = ", ".join(words for words, there in wanted.items() if not there) or "a security scheme that they travel by"
            self.hints.append(
                f"{create.name}, {listed.name} and {revoke.name} look like personal access tokens, but the document does not show: {missing}."
            )
            return None
        return {
            "scheme": Guess(scheme.name, f"the security scheme {scheme.name}", LIKELY),
            "format": Guess("opaque", "nothing says that they are JWTs", WEAK),
            "list": Guess(listed.name, f"GET of …/{listed.last}", LIKELY),
            "create": Guess(create.name, f"POST to …/{create.last}, the answer's {token.name}", LIKELY, "personal tokens"),
            "revoke": Guess(revoke.name, "DELETE of one of them", LIKELY),
            "items": Guess(items.pointer, f"the list of the answer, {items.name}", LIKELY),
            "request": {
                "name": Guess(name.pointer, f"the body's {name.name}", LIKELY),
                "expiresAt": Guess(expiry.pointer, f"the body's {expiry.name}", LIKELY),
            },
            "response": {
                "token": Guess(token.pointer, f"the answer's {token.name}", LIKELY),
                "record": Guess(record.pointer, f"the answer's {record.name}", LIKELY),
            },
            "record": {"id": Guess("/" + identifier.pointer.removeprefix(record.pointer + "/"), f"the record's {identifier.name}", LIKELY)},
        }

    def _scheme_of_keys(self) -> Scheme | None:
        keyed = [
            scheme
            for scheme in self.survey.schemes.values()
            if scheme.kind == "header"
            and scheme.name != self.scheme.name
            and {"key", "pat", "personal"} & {*words_of(scheme.name), *words_of(scheme.parameter)}
        ]
        return keyed[0] if keyed else self.scheme if self.scheme.kind in {"bearer", "header"} else None

    def _changes(self) -> Iterator[Action]:
        """What else the document needs."""
        opened = [self._start, *([self.second[0].operation] if self.second else [])]
        known = [part.operation for part in (self.refresh, self.logout, *self.other_logins) if part]
        closed = [] if self._secured() else [operation for operation in self.free if "401" in operation.statuses and operation not in known]
        if not self._secured() and not closed:
            self.remarks.append("The document secures no operation, so none can be tested: give each protected one its security in the overlay.")
        yield from changes.open_logins(opened)
        yield from changes.close(closed, self.scheme.name)
        ending = [self.logout.operation] if self.logout and not self.logout.operation.is_public else []
        yield from changes.declare_refusals([*self._secured(), *ending], self.scheme.name)

    def _dropped(self) -> Iterator[Action]:
        """Comes first: the actions after it may give an operation another security."""
        keyed = self._scheme_of_keys() if self.keys else None
        yield from changes.drop_other_ways(self.survey.operations, self.scheme.name, {keyed.name} if keyed else set())

    def _remark_on_what_is_missing(self) -> None:
        if self.refresh is None and not any("refresh" in remark for remark in self.remarks):
            self.remarks.append("No operation looks like a refresh: the requirements on refresh tokens are skipped.")
        if self.logout is None:
            self.remarks.append("No operation looks like a logout: what a run opens ends by itself, and the requirements on logout are skipped.")
        if self.identity is None:
            self.remarks.append("No operation tells callers who they are, such as GET /me: fewer questions can be asked.")
        asked = sorted(
            {permission for operation in self._secured() for way in operation.security for scopes in way.values() for permission in scopes}
        )
        if asked:
            self.remarks.append(f"The privileged account of the profile has to hold: {', '.join(asked)}.")
        elif secured := self._secured():
            self.remarks.append(
                "The document names no permission. Where an operation needs a role, say so in the overlay, and 403 is tested. "
                f"Such as: {self._action_that_demands('admin', secured[0])}"
            )
        others = [operation for operation in roles.speaks_of_second_factor(self.survey.operations) if not self.second]
        if others:
            self.remarks.append(
                f"{others[0].name} speaks of a second factor, but how a login goes on to it could not be guessed: see secondFactor in docs/extension.md."
            )

    def _action_that_demands(self, permission: str, operation: Seen) -> str:
        """An action of an overlay; what it adds to a list is appended, so an operation's own alternatives are changed one by one."""
        place = f"$.paths['{operation.path}'].{operation.method.lower()}"
        demand = f"{{{self.scheme.name}: [{permission}]}}"
        if operation.own_security:
            return f'{{target: "{place}.security[*]", update: {demand}}}'
        return f'{{target: "{place}", update: {{security: [{demand}]}}}}'


def _hints(survey: Survey) -> Iterator[str]:
    """What is likely enough to be told, and too bold to be said: whose an object is, and which operations administer accounts."""
    for operation in survey.operations:
        owner = re.search(r"/users?/\{(\w*(?:user|owner|account)?\w*)\}/", operation.path, re.IGNORECASE)
        if owner and operation.method == "GET":
            rule = f'{{operation: "{operation.name}", parameter: {owner[1]}, attribute: id, otherwise: 404}}'
            yield f"objectRules: [{rule}] # if others' objects are refused"
    accounts = [operation for operation in survey.operations if re.search(r"/(?:users|accounts)(?:/\{[^/]+\})?/?$", operation.path, re.IGNORECASE)]
    parts = {("GET", False): "list", ("POST", False): "create", ("PATCH", True): "update", ("PUT", True): "update", ("DELETE", True): "delete"}
    named = {parts[key]: operation.name for operation in reversed(accounts) if (key := (operation.method, operation.has_path_parameter)) in parts}
    if len(named) > 1:
        told = ", ".join(f'{part}: "{named[part]}"' for part in ("list", "create", "update", "delete") if part in named)
        yield f"accounts: {{{told}, fields: {{id: /id, email: /email}}}}  # if these administer the accounts that log in"
