"""Faults of what pages of other origins may do."""

from __future__ import annotations

from collections.abc import Iterator

from authproof_mock.carriers import the_cookie
from authproof_mock.cors import Cors
from authproof_mock.faults.cookie import LOGIN, WithSameSiteNone
from authproof_mock.faults.fault import fault
from authproof_mock.guard import Guard
from authproof_mock.http import Answer, Call
from authproof_mock.refusal import Refusal
from authproof_mock.state import Caller
from authproof_spec.contract import CsrfToken


@fault(
    "allows-every-origin-with-credentials",
    breaks="CORS-01",
    reference="CWE-942",
    harm="Browsers refuse the pair, and whoever mends that in a hurry reflects every origin instead.",
)
class AllowsEveryOrigin(Cors):
    def headers(self, call: Call) -> Iterator[tuple[str, str]]:
        if self.allowed(call):
            return super().headers(call)
        return iter((("access-control-allow-origin", "*"), ("access-control-allow-credentials", "true")))


class Reflects(Cors):
    """Allows other origins than those that are listed."""

    def allows(self, origin: str) -> bool:
        return super().allows(origin) or self.is_good_enough(origin)

    def is_good_enough(self, origin: str) -> bool:
        """True for an origin that is let in by mistake."""
        return origin != "null"


@fault(
    "reflects-every-origin",
    breaks="CORS-02",
    also=("CORS-03", "REFRESH-20"),  # those that look like the declared one are among them
    reference="CWE-942",
    harm="Any page that a user opens reads everything that the API tells that user.",
)
class ReflectsEveryOrigin(Reflects):
    pass


@fault(
    "compares-the-beginning-of-an-origin",
    breaks="CORS-03",
    reference="OWASP ASVS 5.0 3.4.2",
    harm="Who registers a longer name than the front end's is let in.",
)
class ComparesTheBeginning(Reflects):
    def is_good_enough(self, origin: str) -> bool:
        return any(origin.startswith(known) for known in self.origins)


@fault(
    "compares-the-end-of-an-origin",
    breaks="CORS-03",
    reference="CWE-346",
    harm="Who registers a name that ends like the front end's is let in.",
)
class ComparesTheEnd(Reflects):
    def is_good_enough(self, origin: str) -> bool:
        return any(origin.endswith(known.partition("://")[2]) for known in self.origins)


@fault(
    "allows-the-declared-host-over-plain-http",
    breaks="CORS-03",
    reference="CWE-346",
    harm="Who sits between the browser and any page in clear writes scripts that are let in.",
)
class ComparesTheHost(Reflects):
    def is_good_enough(self, origin: str) -> bool:
        return origin in {known.replace("https://", "http://") for known in self.origins}


@fault(
    "allows-the-origin-null",
    breaks="CORS-04",
    reference="WHATWG Fetch §Origin header",
    harm="Any page puts a frame into a sandbox, and is let in.",
)
class AllowsNull(Reflects):
    def is_good_enough(self, origin: str) -> bool:
        return origin == "null"


@fault(
    "does-not-know-preflights",
    breaks="CORS-05",
    also=("CORS-06",),  # it allows no header either
    reference="WHATWG Fetch §CORS-preflight fetch",
    harm="No browser sends a token to this API.",
)
class KnowsNoPreflights(Cors):
    def preflight(self, call: Call) -> Answer | None:
        return None


@fault(
    "asks-preflights-for-a-token",
    breaks="CORS-05",
    also=("CORS-06",),  # it allows no header either
    reference="WHATWG Fetch §CORS-preflight fetch",
    harm="No browser sends a token to this API, since a preflight never has one.",
)
class GuardsPreflights(Cors):
    def preflight(self, call: Call) -> Answer | None:
        return super().preflight(call) and Answer(401, {"message": "Authentication is required."}, [("www-authenticate", "Bearer")])


@fault(
    "allows-preflights-no-cookies",
    breaks="CORS-05",
    also=("CORS-07",),  # the refusal of a refresh cannot be read either
    reference="WHATWG Fetch §CORS protocol and credentials",
    harm="The refresh cookie is never sent, so that a session ends with its first access token.",
)
class AllowsNoCredentials(Cors):
    def permission(self, origin: str) -> Iterator[tuple[str, str]]:
        yield "access-control-allow-origin", origin


@fault(
    "allows-headers-by-a-wildcard",
    breaks="CORS-06",
    also=("CORS-05",),  # with cookies the wildcard allows no Content-Type either
    reference="WHATWG Fetch §CORS-preflight fetch",
    harm="Browsers do not send Authorization, and nobody sees why.",
)
class AllowsHeadersByWildcard(Cors):
    def allowed_headers(self) -> tuple[str, ...]:
        return ("*",)


@fault(
    "forgets-authorization-among-the-headers",
    breaks="CORS-06",
    reference="WHATWG Fetch §CORS-preflight fetch",
    harm="Browsers do not send Authorization, so that every call of a page is answered 401.",
)
class ForgetsAuthorization(Cors):
    def allowed_headers(self) -> tuple[str, ...]:
        return tuple(name for name in super().allowed_headers() if name != "Authorization")


@fault(
    "lets-no-page-read-an-error",
    breaks="CORS-07",
    reference="WHATWG Fetch §CORS check",
    harm="A page cannot tell an expired token from a broken network, and so it does not refresh.",
)
class HidesErrors(Cors):
    def shared(self, call: Call, answer: Answer) -> Answer:
        return super().shared(call, answer) if answer.status < 400 else answer


@fault(
    "does-not-say-that-an-answer-varies",
    breaks="CORS-08",
    reference="RFC 9110 §12.5.5",
    harm="A cache hands the answer for one front end to another, which may then not read it.",
)
class NeverVaries(Cors):
    def varies(self) -> Iterator[tuple[str, str]]:
        yield from ()


@fault(
    "sets-same-site-to-none-at-login",
    breaks="CORS-09",
    also=("COOKIE-03", "REFRESH-20"),  # another one is declared, and only it kept other sites out
    reference="CWE-352",
    harm="Any page that a user opens refreshes the session, or ends it.",
)
class SetsSameSiteToNoneAtLogin(WithSameSiteNone):
    places = (LOGIN,)


class _AsksOtherwise(Guard):
    """Lets calls through whose CSRF token is wrong."""

    def check_page(self, call: Call, caller: Caller) -> None:
        guard = self._state.contract.applications[caller.content.type.application].csrf
        try:
            super().check_page(call, caller)
        except Refusal:
            if guard is None or not self.is_good_enough(call, guard):
                raise

    def is_good_enough(self, call: Call, guard: CsrfToken) -> bool:
        raise NotImplementedError


@fault(
    "asks-for-no-csrf-token",
    breaks="CORS-10",
    reference="CWE-352",
    design="access-token-in-cookie",
    harm="What SameSite does not hold back, a page of a sibling domain for one, acts as whoever looks at it.",
)
class AsksForNone(_AsksOtherwise):
    def is_good_enough(self, call: Call, guard: CsrfToken) -> bool:
        return True


@fault(
    "takes-any-csrf-token",
    breaks="CORS-10",
    reference="OWASP ASVS 5.0 3.5.1",
    design="access-token-in-cookie",
    harm="A check that is there and compares nothing is taken for protection.",
)
class TakesAny(_AsksOtherwise):
    def is_good_enough(self, call: Call, guard: CsrfToken) -> bool:
        return bool(call.header_values(guard.header.lower()))


@fault(
    "compares-a-csrf-token-only-with-a-cookie-that-came",
    breaks="CORS-10",
    reference="CWE-352",
    design="access-token-in-cookie",
    harm="Whoever keeps the cookie back, by crowding it out of the jar for one, needs no CSRF token.",
)
class ComparesOnlyWithACookie(_AsksOtherwise):
    def is_good_enough(self, call: Call, guard: CsrfToken) -> bool:
        return the_cookie(call, guard.cookie) is None and bool(call.header_values(guard.header.lower()))
