"""What a check is, and the subjects that checks are asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from authproof.checks.designs import Condition, any_design
from authproof.evidence import AskedElsewhere, Evidence, NotObserved, Outcome
from authproof.tokens import changed_by_cookie
from authproof.verdict import Judgement, Verdict, undecided, untestable
from authproof_spec import Application, Contract, Operation
from authproof_spec.catalogue import Requirement

Subjects: TypeAlias = Callable[[Contract], Iterable[Operation]]
"""The operations of a contract that a check is asked about."""

Judge: TypeAlias = Callable[[Evidence, Operation], Judgement]


EVERYTHING = "*"
"""In place of a script's name: a check that judges whatever was seen reads every script."""


NOT_ASKED_TO_WRITE = "The method is not safe, and the profile allows no unsafe methods (--unsafe-methods)."


@dataclass(frozen=True, slots=True)
class Check:
    """One requirement's check.

    requirement: its id in the catalogue.
    judge: a pure function of the evidence and one of the `subjects`.
    scripts: the names of the scripts whose probes it reads.
    where: the design of an API that it applies to.
    """

    requirement: str
    judge: Judge
    subjects: Subjects
    scripts: tuple[str, ...]
    where: Condition = any_design

    @property
    def demand(self) -> str:
        """What is demanded, by the name of the judging function."""
        return self.judge.__name__

    def reads(self, script: str) -> bool:
        """True when the check judges probes of `script`."""
        return script in self.scripts or EVERYTHING in self.scripts

    def __call__(self, evidence: Evidence, operation: Operation) -> Judgement:
        """Judge `operation`. Without the probes it takes, the outcome of their scripts is the judgement."""
        if obstacle := self.obstacle(evidence, operation):
            return untestable(obstacle)
        try:
            judgement = self.judge(evidence, operation)
        except NotObserved as absent:
            if operation.id in evidence.unasked:
                return untestable(NOT_ASKED_TO_WRITE)
            outcomes = self._outcomes(evidence, operation)
            if isinstance(absent, AskedElsewhere) and not outcomes:
                return untestable(str(absent))
            return next((Judgement(outcome.verdict, outcome.reason) for _, outcome in outcomes), undecided(str(absent)))
        if judgement.verdict is not Verdict.PASS or not evidence.broke_off:
            return judgement
        # A script of ours that broke off may have left the question unasked on which the requirement fails.
        own = (outcome for script, outcome in self._outcomes(evidence, operation) if script in self.scripts)
        failure = next((outcome for outcome in own if outcome.verdict is Verdict.ERROR), None)
        return Judgement(failure.verdict, failure.reason) if failure else judgement

    def obstacle(self, evidence: Evidence, operation: Operation) -> str:
        """Why the requirement cannot apply to the application of `operation`; empty when it can."""
        application = evidence.application_of(operation)
        return self.where(application) if application else ""

    def _outcomes(self, evidence: Evidence, operation: Operation) -> list[tuple[str, Outcome]]:
        """Why the scripts that the check reads did not run to their end, those of the operation's own application alone if there are any."""
        own = evidence.application_of(operation)
        found = [(script, name, outcome) for (script, name), outcome in evidence.outcomes.items() if self.reads(script)]
        # What is offered to one application may have to come from another, whose script then tells why it did not.
        of_own = [entry for entry in found if own is not None and entry[1] == own.name]
        return [(script, outcome) for script, _, outcome in of_own or found]


def check(requirement: str | Requirement, *, on: Subjects, reads: str | tuple[str, ...], where: Condition = any_design) -> Callable[[Judge], Check]:
    """Make a judging function the check of `requirement`, asked about `on`, reading the probes of the scripts `reads`.

    where: why it cannot apply to an application, which is then the reason of a skip; empty where it can.
    """
    scripts = (reads,) if isinstance(reads, str) else reads
    identifier = requirement if isinstance(requirement, str) else requirement.id
    return lambda judge: Check(identifier, judge, on, ("baseline", *scripts), where)


def protected(contract: Contract) -> Iterable[Operation]:
    """Every operation that a token opens."""
    return contract.protected_operations


def with_permission(contract: Contract) -> Iterable[Operation]:
    """Every protected operation that takes a permission."""
    return (operation for operation in contract.protected_operations if any(operation.bearer_schemes.values()))


def reads_with_permission(contract: Contract) -> Iterable[Operation]:
    """Every GET operation that takes a permission."""
    return (operation for operation in with_permission(contract) if operation.method == "GET")


def writes_with_permission(contract: Contract) -> Iterable[Operation]:
    """Every operation that takes a permission and does more than read."""
    return (operation for operation in with_permission(contract) if operation.method not in {"GET", "HEAD"})


def read_with_object_rule(contract: Contract) -> Iterable[Operation]:
    """Every reading operation whose object must be the caller's own; to write to somebody else's would do harm."""
    return (rule.operation for rule in contract.object_rules if rule.operation.method in {"GET", "HEAD"})


def identities(contract: Contract) -> Iterable[Operation]:
    """Each application's who-am-I operation."""
    return (app.identity.operation for app in contract.applications.values() if app.identity)


def identities_named_by_application(contract: Contract) -> Iterable[Operation]:
    """Each who-am-I operation whose path names its application."""
    for name, app in contract.applications.items():
        if app.identity and name in app.identity.operation.path.split("/"):
            yield app.identity.operation


def identities_and_token_creations(contract: Contract) -> Iterable[Operation]:
    """Each application's who-am-I, and its creation of a personal access token."""
    return (*identities(contract), *token_creations(contract))


def first_identity(contract: Contract) -> Iterable[Operation]:
    """The first application's who-am-I, where all of them answer by one policy."""
    return list(identities(contract))[:1]


def identities_and_refreshes(contract: Contract) -> Iterable[Operation]:
    """Each application's who-am-I and refresh: what an access token opens, and what a cookie does."""
    return (*identities(contract), *refreshes(contract))


def identities_and_first_logins(contract: Contract) -> Iterable[Operation]:
    """Each application's who-am-I and first login."""
    return (*identities(contract), *(app.logins[0].operation for app in contract.applications.values() if app.identity))


def shared_reads(contract: Contract) -> Iterable[Operation]:
    """Each application's who-am-I, and one public operation that reads: what a cache might keep."""
    public = [operation for operation in contract.operations if operation.is_public and operation.method == "GET"]
    return (*identities(contract), *public[:1])


def cookie_flows(contract: Contract) -> Iterable[Operation]:
    """The refresh and the logout of each application, but for those that take an access token; and what else its cookie changes something by."""
    for app in contract.applications.values():
        yield from (operation for operation in (app.refresh, app.logout) if operation and not operation.is_protected)
        yield from cookie_changes_of(contract, app)


def cookie_changes(contract: Contract) -> Iterable[Operation]:
    """Each application's operation that changes something for whoever has the access token's cookie; its who-am-I where no cookie has it."""
    for app in contract.applications.values():
        yield from cookie_changes_of(contract, app) or ([app.identity.operation] if app.identity and not app.access_cookie else [])


def cookie_changes_of(contract: Contract, application: Application) -> list[Operation]:
    """The application's operation that changes something for whoever has the access token's cookie, where there is one."""
    found = changed_by_cookie(contract, application)
    return [found] if found else []


def secured(contract: Contract) -> Iterable[Operation]:
    """Every operation that asks for a credential of whatever kind."""
    return (operation for operation in contract.operations if not operation.is_public)


def first_logins(contract: Contract) -> Iterable[Operation]:
    """Each application's first login."""
    return (app.logins[0].operation for app in contract.applications.values())


def the_first_login(contract: Contract) -> Iterable[Operation]:
    """One operation, for what is asked once of the whole target."""
    return list(first_logins(contract))[:1]


def all_logins(contract: Contract) -> Iterable[Operation]:
    """Every login of every application."""
    return (login.operation for app in contract.applications.values() for login in app.logins)


def second_factors(contract: Contract) -> Iterable[Operation]:
    """Each application's second factor."""
    return (app.second_factor.operation for app in contract.applications.values() if app.second_factor)


def refreshes(contract: Contract) -> Iterable[Operation]:
    """Each application's refresh."""
    return (app.refresh for app in contract.applications.values() if app.refresh)


def logouts(contract: Contract) -> Iterable[Operation]:
    """Each application's logout."""
    return (app.logout for app in contract.applications.values() if app.logout)


def session_givers(contract: Contract) -> Iterable[Operation]:
    """The operations that give a session's tokens in the ordinary flow: each application's first login, and its refresh."""
    for app in contract.applications.values():
        yield app.logins[0].operation
        if app.refresh:
            yield app.refresh


def token_creations(contract: Contract) -> Iterable[Operation]:
    """Each application's creation of a personal access token."""
    return (app.personal_access_tokens.create for app in contract.applications.values() if app.personal_access_tokens)


def token_lists(contract: Contract) -> Iterable[Operation]:
    """Each application's list of personal access tokens."""
    return (app.personal_access_tokens.list for app in contract.applications.values() if app.personal_access_tokens)


def token_revocations(contract: Contract) -> Iterable[Operation]:
    """Each application's revocation of a personal access token."""
    return (app.personal_access_tokens.revoke for app in contract.applications.values() if app.personal_access_tokens)


def identities_with_personal_tokens(contract: Contract) -> Iterable[Operation]:
    """The who-am-I operations that the document opens to personal access tokens."""
    for app in contract.applications.values():
        if app.identity and app.personal_access_tokens and app.personal_access_tokens.kind.scheme.name in app.identity.operation.bearer_schemes:
            yield app.identity.operation


def identities_beside_personal_tokens(contract: Contract) -> Iterable[Operation]:
    """The who-am-I operations of applications other than one that has personal access tokens."""
    for app in contract.applications.values():
        if app.identity and any(other.personal_access_tokens for other in contract.applications.values() if other is not app):
            yield app.identity.operation


def refreshes_beside_personal_tokens(contract: Contract) -> Iterable[Operation]:
    """The refresh of each application that has personal access tokens."""
    return (app.refresh for app in contract.applications.values() if app.refresh and app.personal_access_tokens)


def of_several_applications(subjects: Subjects) -> Subjects:
    """`subjects` of a contract with more than one application; none where there is nothing to isolate."""
    return lambda contract: subjects(contract) if len(contract.applications) > 1 else ()


def readable(contract: Contract) -> Iterable[Operation]:
    """Every protected operation, and every public one that only reads."""
    return (operation for operation in contract.operations if operation.is_protected or (operation.is_public and operation.method == "GET"))


def whole_api(contract: Contract) -> Iterable[Operation]:
    """One operation to stand for all, where what is asked is not about any of them: the first login."""
    return [next(iter(contract.applications.values())).logins[0].operation]


def everything(contract: Contract) -> Iterable[Operation]:
    """Every operation of the document."""
    return contract.operations
