"""Faults of the isolation of applications."""

from __future__ import annotations

from collections.abc import Mapping

from authproof_mock.accounts import Account, Accounts
from authproof_mock.faults.fault import fault
from authproof_mock.flows import Flows
from authproof_mock.guard import Guard
from authproof_mock.routing import Place, Router
from authproof_mock.state import Caller
from authproof_mock.tokens import Content, Purpose
from authproof_spec.contract import CookiePolicy, Operation
from authproof_spec.pointer import Json


class OpensToAnotherApplication(Guard):
    """Takes some tokens of other applications, and asks them for no permission."""

    purpose = Purpose.ACCESS

    def takes(self, content: Content, operation: Operation) -> bool:
        """True for such a token at `operation`."""
        return content.type.purpose is self.purpose and content.type.application not in self._applications[operation.id]

    def check_application(self, content: Content, operation: Operation) -> None:
        if not self.takes(content, operation):
            super().check_application(content, operation)

    def check_scheme(self, caller: Caller, operation: Operation) -> None:
        if not self.takes(caller.content, operation):
            super().check_scheme(caller, operation)

    def check_permissions(self, caller: Caller, operation: Operation) -> None:
        if not self.takes(caller.content, operation):
            super().check_permissions(caller, operation)


@fault(
    "takes-the-access-token-of-another-application",
    breaks="APP-01",
    also=("APP-05", "MFA-15"),
    reference="CVE-2023-22482",
    harm="Who may use one application may use every other one.",
)
class TakesAnyApplications(OpensToAnotherApplication):
    pass


@fault(
    "takes-the-access-token-of-another-application-one-way",
    breaks="APP-01",
    also=("APP-05", "MFA-15"),
    reference="RFC 8725 §3.9",
    harm="Who may use the second application may use the first.",
)
class TakesItOneWay(OpensToAnotherApplication):
    def takes(self, content: Content, operation: Operation) -> bool:
        return super().takes(content, operation) and next(iter(self._state.contract.applications)) in self._applications[operation.id]


@fault(
    "takes-the-personal-token-of-another-application",
    breaks="PAT-22",
    reference="RFC 8725 §3.9",
    harm="A token that was made for a script of one application opens another.",
)
class TakesPersonalTokens(OpensToAnotherApplication):
    purpose = Purpose.PERSONAL


@fault(
    "lets-the-second-factor-be-passed-by",
    breaks="APP-05",
    also=("MFA-15",),  # it asks for the same of who-am-I
    reference="CWE-308",
    harm="Who knows the password of a well-guarded account logs in where no second factor is asked for, and walks over.",
)
class PassesTheSecondFactorBy(OpensToAnotherApplication):
    def takes(self, content: Content, operation: Operation) -> bool:
        account = self._state.accounts.find(content.account_key)
        return super().takes(content, operation) and account is not None and account.totp_secret is not None


@fault(
    "sets-the-cookie-for-every-application",
    breaks="APP-02",
    also=("COOKIE-04",),  # the declared path is another
    reference="RFC 6265 §5.1.4",
    harm="Each application gets the refresh tokens of all the others.",
)
class SetsItForEveryApplication(Flows):
    def set_cookie(self, cookie: CookiePolicy, value: str, max_age: int, expires_at: float) -> tuple[str, str]:
        name, line = super().set_cookie(cookie, value, max_age, expires_at)
        return name, line.replace(f"Path={cookie.path}", "Path=/api") if value else line


@fault(
    "knows-the-accounts-of-every-application",
    breaks="APP-03",
    reference="contract",
    harm="Who has an account anywhere has one everywhere.",
)
class KnowsEverybody(Accounts):
    def belongs_to(self, account: Account, application: str) -> bool:
        return True

    def is_called(self, account: Account, names: Mapping[str, Json]) -> bool:
        return super().is_called(account, {name: value for name, value in names.items() if name in {"email", "username"}})


@fault(
    "serves-applications-that-there-are-not",
    breaks="APP-04",
    reference="OWASP API Top 10 2023 API9",
    harm="What was switched off, or never announced, answers under any name, past the rules for the known ones.",
)
class ServesAnyApplication(Router):
    def find(self, path: str) -> Place | None:
        segments = path.split("/")
        names = ["admin" if position == 2 and len(segments) > 3 else segment for position, segment in enumerate(segments)]
        return super().find(path) or super().find("/".join(names))
