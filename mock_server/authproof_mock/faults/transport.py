"""Faults of TLS, and of what may be overheard or guessed. Those of the certificate and the versions show with --tls alone."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import trustme

from authproof_mock.accounts import Account
from authproof_mock.answers import Answers
from authproof_mock.certificate import Certificates
from authproof_mock.faults.fault import fault
from authproof_mock.flows import Flows
from authproof_mock.http import Answer, Call, Content, Nothing
from authproof_mock.resources import Resources
from authproof_mock.sessions import Family
from authproof_mock.state import Request
from authproof_mock.transport import Transport
from authproof_spec.contract import Application, Operation, PersonalAccessTokens
from authproof_spec.pointer import Json, get


@fault(
    "serves-an-expired-certificate",
    breaks="TRANSPORT-01",
    reference="RFC 6750 §5.3",
    harm="Clients stop, or are told to verify nothing, and then anybody may answer in place of the API.",
)
class ServesAnExpiredCertificate(Certificates):
    def certificate(self, authority: trustme.CA, names: Sequence[str]) -> trustme.LeafCert:
        return authority.issue_cert(*names, not_after=datetime.now(UTC) - timedelta(days=1))


@fault(
    "serves-the-certificate-of-another-host",
    breaks="TRANSPORT-01",
    reference="RFC 6750 §5.2",
    harm="A client that connects all the same would connect to anybody with a certificate.",
)
class ServesAnothersCertificate(Certificates):
    def certificate(self, authority: trustme.CA, names: Sequence[str]) -> trustme.LeafCert:
        return super().certificate(authority, ["another-host.example"])


@fault(
    "serves-a-certificate-of-an-unknown-authority",
    breaks="TRANSPORT-01",
    reference="OWASP ASVS 5.0 12.2.2",
    harm="Nobody vouches for the key, so that it may be anybody's.",
)
class ServesAnUnknownAuthority(Certificates):
    def published(self, authority: trustme.CA) -> bytes:
        return trustme.CA(organization_name="authproof mock").cert_pem.bytes()


class _OffersOldVersions(Certificates):
    """Offers every version of TLS from `oldest` on."""

    oldest = "TLSv1"

    def context(self) -> ssl.SSLContext:
        context = super().context()
        # OpenSSL has the old versions on its lowest level of security alone.
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion[self.oldest]
        return context


@fault(
    "offers-tls-1-0",
    breaks="TRANSPORT-05",
    reference="RFC 8996 §4",
    harm="Who sits between talks both sides down to ciphers that can be broken.",
)
class OffersTls10(_OffersOldVersions):
    pass


@fault(
    "offers-tls-1-1",
    breaks="TRANSPORT-05",
    reference="RFC 8996 §5",
    harm="Who sits between talks both sides down to ciphers that can be broken.",
)
class OffersTls11(_OffersOldVersions):
    oldest = "TLSv1_1"


@fault(
    "sends-no-hsts",
    breaks="TRANSPORT-03",
    reference="RFC 6797 §7.1",
    harm="The first request of a browser goes out in clear, with what a page put into it.",
)
class SendsNoHsts(Transport):
    def secured(self, call: Call, answer: Answer) -> Answer:
        return answer


@fault(
    "sends-hsts-with-successes-alone",
    breaks="TRANSPORT-03",
    reference="OWASP ASVS 5.0 3.4.1",
    harm="A browser that was refused first does not know better the next time.",
)
class SendsItWithSuccesses(Transport):
    def secured(self, call: Call, answer: Answer) -> Answer:
        return super().secured(call, answer) if answer.status < 400 else answer


@fault(
    "lets-browsers-forget-hsts",
    breaks="TRANSPORT-03",
    reference="RFC 6797 §6.1",
    harm="The field is there, and says that https is needed no more.",
)
class LetsBrowsersForget(Transport):
    def policy(self) -> str:
        return "max-age=0"


def _at(answer: Answer, pointer: str) -> Json:
    return None if isinstance(answer.payload, Content | Nothing) else get(answer.payload, pointer)


@fault(
    "puts-the-new-token-into-location",
    breaks="TRANSPORT-06",
    reference="CWE-598",
    harm="The token is in the logs of whatever stands between.",
)
class PutsTheTokenIntoLocation(Resources):
    def create_token(self, application: Application, personal: PersonalAccessTokens, request: Request) -> Answer:
        answer = super().create_token(application, personal, request)
        token = _at(answer, personal.response_token)
        return replace(answer, headers=[*answer.headers, ("location", f"{request.call.path}/{token}")])


@fault(
    "puts-the-access-token-into-location",
    breaks="TRANSPORT-06",
    reference="RFC 6750 §5.3",
    harm="The token is in the browser's history, and goes to the next site as a referrer.",
)
class PutsTheAccessTokenIntoLocation(Flows):
    def session_answer(self, application: Application, family: Family, account: Account, refresh_token: str | None, request: Request) -> Answer:
        answer = super().session_answer(application, family, account, refresh_token, request)
        token = _at(answer, application.access_token_field or "")
        return replace(answer, headers=[*answer.headers, ("location", f"/#access_token={token}")])


class _LetsBrowsersGuess(Answers):
    """Says nothing of guessing, in the answers that `concerns` names."""

    def concerns(self, answer: Answer) -> bool:
        return True

    def finished(self, answer: Answer, operation: Operation | None) -> Answer:
        finished = super().finished(answer, operation)
        if not self.concerns(answer):
            return finished
        return replace(finished, headers=[field for field in finished.headers if field[0] != "x-content-type-options"])


@fault(
    "lets-browsers-guess-media-types",
    breaks="TRANSPORT-07",
    reference="OWASP ASVS 5.0 3.4.4",
    harm="A browser takes JSON that a user had a part in for a page with scripts.",
)
class LetsBrowsersGuess(_LetsBrowsersGuess):
    pass


@fault(
    "lets-browsers-guess-the-media-types-of-errors",
    breaks="TRANSPORT-07",
    reference="OWASP ASVS 5.0 3.4.4",
    harm="An error that repeats what was sent becomes a page with scripts.",
)
class LetsBrowsersGuessErrors(_LetsBrowsersGuess):
    def concerns(self, answer: Answer) -> bool:
        return answer.status >= 400
