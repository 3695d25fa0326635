"""What answers beside the declared operations: other methods, other spellings of a path, and neighbours; all of it without credentials."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from authproof.exchange import Probe
from authproof.lab import MAIN, Lab, Missing, Script
from authproof.scripts.bearer import has_identity, verbatim, who_am_i
from authproof.scripts.forgeries import elsewhere
from authproof.scripts.objects import overrides
from authproof_spec import Application, Operation

ECHO = "authproof-echo-3f9d"
"""A credential that TRACE would send back, and that opens nothing."""
INVENTED = "AUTHPROOF"
_NEIGHBOURS = ("/.git/HEAD", "/.env", "/actuator/env", "/debug/vars")


def methods(lab: Lab, application: Application) -> Script:
    """HEAD at what is read, OPTIONS and an undeclared method at who-am-I; at one application also the rarer methods, and one that fields override."""
    operation = who_am_i(lab, application)
    stranger = lab.call(operation)
    for read in (operation, *elsewhere(lab, application)):
        if read.method == "GET":
            yield Probe("bearer.head", replace(lab.call(read), method="HEAD"), read.id)
    yield Probe("method.options", replace(stranger, method="OPTIONS"), operation.id)
    declared = {other.method for other in lab.contract.operations if other.path == operation.path}
    # A broken server may carry out what it does not declare.
    known = ("PUT", "PATCH", "DELETE") if lab.profile.allows_unsafe_methods else ()
    undeclared = next((method for method in known if method not in declared), INVENTED)
    yield Probe("method.undeclared", replace(stranger, method=undeclared), operation.id, undeclared)
    login = application.logins[0].operation
    at_login = {other.method for other in lab.contract.operations if other.path == login.path}
    lab.only_at_one(application, has_identity)
    if operation.method == "GET":
        token = lab.session(application, *MAIN).access_token
        yield Probe("bearer.head_of_caller", replace(lab.call(operation, bearer=token), method="HEAD"), operation.id)
    if undeclared != INVENTED:
        yield Probe("method.undeclared", replace(stranger, method=INVENTED), operation.id, INVENTED)
    yield Probe("method.trace", replace(lab.call(operation, bearer=ECHO), method="TRACE"), operation.id)
    override = lab.call(operation, headers=overrides(operation.method), query=f"_method={operation.method}")
    yield Probe("method.override", replace(override, method="POST"), operation.id)
    if "DELETE" in known and "DELETE" not in at_login:
        yield Probe("method.at_login", replace(lab.call(login), method="DELETE"), login.id)


def paths(lab: Lab, application: Application) -> Script:
    """Who-am-I under other spellings of its path; what takes a permission with a slash at its end."""
    operation = who_am_i(lab, application)
    spelled = _spelled_paths(lab, operation)
    yield next(spelled)
    # A proxy or a router may err at one route alone: what only some may read is worth a look.
    guarded = next((other for other in elsewhere(lab, application) if other.method == "GET" and any(other.bearer_schemes.values())), None)
    if guarded:
        yield next(_spelled_paths(lab, guarded))
    lab.only_at_one(application, has_identity)
    yield from spelled


def neighbours(lab: Lab, application: Application) -> Script:
    """Paths at which a server may show what nobody declared; where the profile lets the run guess."""
    if not lab.profile.allows_guesses:
        raise Missing("The profile does not let the run ask for paths that the document does not have (target.guesses).")
    lab.only_at_one(application, has_identity)
    operation = who_am_i(lab, application)
    declared = {other.path for other in lab.contract.operations}
    for path in _NEIGHBOURS:
        if path not in declared:
            yield Probe("neighbour", replace(lab.call(operation), method="GET", target=path), operation.id, path)


def log(lab: Lab, application: Application) -> Script:
    """The target's log, once everything was asked."""
    lab.only_at_one(application, has_identity)
    yield lab.hook("read_log")


def _spelled_paths(lab: Lab, operation: Operation) -> Iterator[Probe]:
    stranger = lab.call(operation)
    path, mark, query = stranger.target.partition("?")
    head, _, tail = path.rstrip("/").rpartition("/")
    end = "/" if path.endswith("/") else ""
    spellings = {
        "a slash at the end, or none": path.rstrip("/") if end else f"{path}/",
        "two slashes": f"{head}//{tail}{end}",
        "upper case": f"{head}/{tail.upper()}{end}",
        "a letter percent-encoded": f"{head}/%{ord(tail[:1] or 'x'):02X}{tail[1:]}{end}",
        "a path parameter": f"{path};a=b",
        "a file extension": f"{path.rstrip('/')}.json",
    }
    for variant, spelled in spellings.items():
        if spelled != path:
            yield Probe("path.spelled", replace(stranger, target=f"{spelled}{mark}{query}"), operation.id, variant)
    login = next((other for app in lab.contract.applications.values() for other in app.logins if not other.operation.path_parameters), None)
    if login:
        beside = login.operation.encoded_path
        up = "/.." * beside.count("/")
        yield Probe("path.spelled", verbatim(replace(stranger, target=f"{beside}{up}{stranger.target}")), operation.id, "by way of a public path")
        named = f"{stranger.target}{'&' if mark else '?'}from={beside}"
        yield Probe("path.spelled", replace(stranger, target=named), operation.id, "a public path in the query")
    yield Probe("path.spelled", verbatim(replace(stranger, target=lab.profile.url + stranger.target)), operation.id, "the whole URL")
