"""Faults of logout."""

from __future__ import annotations

from dataclasses import replace

from authproof_mock.clock import Clock
from authproof_mock.faults.fault import fault
from authproof_mock.faults.refresh_token import AnswersGet, TrustsRefreshTokens
from authproof_mock.flows import Flows
from authproof_mock.http import Answer
from authproof_mock.refusal import Refusal
from authproof_mock.sessions import Family, Sessions
from authproof_mock.state import Request
from authproof_spec.contract import Application, Operation, RotationPolicy
from authproof_spec.pointer import Json


@fault(
    "clears-the-cookie-and-revokes-nothing",
    breaks="LOGOUT-01",
    # What is not revoked works on.
    also=("REFRESH-16", "LOGOUT-08"),
    reference="CVE-2025-59786",
    harm="Who copied the cookie stays logged in after the logout.",
)
class RevokesNothing(Flows):
    def logout(self, application: Application, request: Request) -> Answer:
        call = replace(request.call, headers=[header for header in request.call.headers if header[0] != "cookie"])
        return super().logout(application, replace(request, call=call))


@fault(
    "answers-401-to-a-logout",
    breaks="LOGOUT-01",
    also=("DOC-02",),  # no document has it
    reference="RFC 7009 §2.1",
    harm="The page tells its user that the logout failed, although it did not.",
)
class RefusesALogout(Flows):
    def logout(self, application: Application, request: Request) -> Answer:
        content = self.refresh_content(application, request)
        family = self._state.sessions.family_of(content.identifier) if content else None
        was_live = family is not None and self._state.sessions.is_live(family)
        answer = super().logout(application, request)
        if was_live:
            raise Refusal(401, "Log in first.", headers=answer.headers)
        return answer


class _Logout(Sessions):
    """Tells the families that were logged out from those that were revoked for reuse."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._logged_out: set[str] = set()

    def revoke(self, key: str) -> bool:
        self._logged_out.add(key)
        return super().revoke(key)

    def punish(self, family: Family, policy: RotationPolicy) -> None:
        if family.id not in self._logged_out:
            super().revoke(family.id)


@fault(
    "ends-the-access-token-alone-at-logout",
    breaks="REFRESH-16",
    also=("LOGOUT-01",),  # it asks for the same
    reference="CWE-613",
    harm="Who copied the cookie gets new tokens after the logout.",
)
class EndsTheAccessTokenAlone(_Logout):
    def is_live(self, family: Family) -> bool:
        return super().is_live(family) or family.id in self._logged_out


@fault(
    "keeps-the-cookie-of-a-second-logout",
    breaks="LOGOUT-02",
    also=("DOC-08",),
    reference="RFC 6265 §5.3",
    harm="A browser whose first logout was lost keeps its cookie.",
)
class KeepsTheCookieOfASecondLogout(Flows):
    def logout(self, application: Application, request: Request) -> Answer:
        content = self.refresh_content(application, request)
        family = self._state.sessions.family_of(content.identifier) if content else None
        was_over = family is not None and family.revoked
        answer = super().logout(application, request)
        return replace(answer, headers=[]) if was_over else answer


@fault(
    "keeps-a-malformed-cookie-at-logout",
    breaks="LOGOUT-02",
    also=("DOC-08",),
    reference="RFC 6265 §3.1",
    harm="A damaged cookie stays in the browser, whatever its user does.",
)
class KeepsAMalformedCookie(Flows):
    def logout(self, application: Application, request: Request) -> Answer:
        answer = super().logout(application, request)
        return answer if self.refresh_content(application, request) else replace(answer, headers=[])


@fault(
    "revives-the-earlier-token-at-logout",
    breaks="LOGOUT-03",
    reference="contract",
    harm="Who has an older refresh token of the session gets tokens after the logout.",
)
class RevivesTheEarlierToken(_Logout):
    def revoke(self, key: str) -> bool:
        family = self.family_of(key)
        if family and key not in self._logged_out:
            family.current, family.parent = family.parent or "", None
        return super().revoke(key)

    def is_live(self, family: Family) -> bool:
        return super().is_live(family) or family.id in self._logged_out


@fault(
    "refuses-a-second-logout",
    breaks="LOGOUT-04",
    also=("DOC-02",),  # no document has it
    reference="RFC 7009 §2.2",
    harm="The page tells its user that the logout failed, although the session is over.",
)
class RefusesASecondLogout(Flows):
    def logout(self, application: Application, request: Request) -> Answer:
        content = self.refresh_content(application, request)
        family = self._state.sessions.family_of(content.identifier) if content else None
        if family and family.revoked:
            raise Refusal(401, "The session is over.", headers=self.cleared_cookies(application))
        return super().logout(application, request)


@fault(
    "refuses-a-logout-without-a-good-cookie",
    breaks="LOGOUT-05",
    also=("DOC-02",),  # no document has it
    reference="RFC 7009 §2.2",
    harm="Who has a damaged cookie cannot log out.",
)
class RefusesAMalformedCookie(Flows):
    def logout(self, application: Application, request: Request) -> Answer:
        if self.refresh_content(application, request) is None:
            raise Refusal(401, "Log in first.", headers=self.cleared_cookies(application))
        return super().logout(application, request)


@fault(
    "refuses-a-logout-without-a-cookie",
    breaks="LOGOUT-05",
    also=("DOC-02",),  # no document has it
    reference="RFC 7009 §2.2",
    harm="Who lost the cookie already is told that the logout failed.",
)
class RefusesNoCookie(Flows):
    def logout(self, application: Application, request: Request) -> Answer:
        if self.refresh_token_of(application, request) is None:
            raise Refusal(401, "Log in first.", headers=self.cleared_cookies(application))
        return super().logout(application, request)


@fault(
    "ends-every-session-at-logout",
    breaks="LOGOUT-07",
    reference="contract",
    harm="Who logs out on one device is logged out on all.",
)
class EndsEverySession(Flows):
    def logout(self, application: Application, request: Request) -> Answer:
        content = self.refresh_content(application, request)
        if content:
            self._state.sessions.revoke_account(content.account_key)
        return super().logout(application, request)


@fault(
    "lets-the-access-token-survive-logout",
    breaks="LOGOUT-08",
    reference="CWE-613",
    harm="A copied access token works on after the logout.",
)
class LetsTheAccessTokenSurvive(Sessions):
    def revoke(self, key: str) -> bool:
        family = self.family_of(key)
        if family:
            family.expires_at = 0
        return family is not None

    def punish(self, family: Family, policy: RotationPolicy) -> None:
        family.revoked = True


class _AtLogout(TrustsRefreshTokens):
    def is_concerned(self, application: Application, request: Request) -> bool:
        return request.operation is application.logout


@fault(
    "logs-out-for-an-unsigned-token",
    breaks="LOGOUT-06",
    reference="CWE-347",
    harm="Anybody ends the session of anybody whose identifier is known.",
)
class LogsOutForAnUnsignedOne(_AtLogout):
    def trusts(self, header: dict[str, Json]) -> bool:
        return header.get("alg") == "none"


@fault(
    "does-not-check-the-signature-at-logout",
    breaks="LOGOUT-06",
    reference="CWE-347",
    harm="Anybody ends the sessions of others, by writing their identifiers into a cookie of one's own.",
)
class ChecksNoSignature(_AtLogout):
    pass


@fault(
    "logs-out-by-get",
    breaks="LOGOUT-09",
    reference="CWE-352",
    harm="An image of another site logs its visitors out.",
)
class LogsOutByGet(AnswersGet):
    def served(self, application: Application) -> Operation | None:
        return application.logout


@fault(
    "deletes-the-cookie-by-get",
    breaks="LOGOUT-09",
    reference="CWE-352",
    harm="A link logs its visitors out, and their session lives on without them.",
)
class DeletesTheCookieByGet(AnswersGet):
    def served(self, application: Application) -> Operation | None:
        return application.logout

    def logout(self, application: Application, request: Request) -> Answer:
        if request.call.method == "GET":
            return Answer(200, headers=self.cleared_cookies(application))
        return super().logout(application, request)


@fault(
    "logs-out-of-every-application",
    breaks="LOGOUT-10",
    reference="contract",
    harm="Whoever leaves one application loses what they were doing in another.",
)
class LogsOutOfEveryApplication(Flows):
    def logout(self, application: Application, request: Request) -> Answer:
        if self.refresh_content(application, request):
            for family in self._state.sessions.list():
                if family.application != application.name:
                    self._state.sessions.revoke(family.id)
        return super().logout(application, request)


@fault(
    "deletes-the-cookies-of-every-application",
    breaks="LOGOUT-10",
    reference="contract",
    harm="Whoever leaves one application has to log in to the others again.",
)
class DeletesEveryCookie(Flows):
    def logout(self, application: Application, request: Request) -> Answer:
        answer = super().logout(application, request)
        others = [other for other in self._state.contract.applications.values() if other is not application]
        return replace(answer, headers=[*answer.headers, *(header for other in others for header in self.cleared_cookies(other))])
