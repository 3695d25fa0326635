"""Faults of what answers beside the declared operations, and of what is judged before the caller is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qs, unquote

from authproof_mock.faults.bearer import PathParameters, access_token, takes_permission, with_bearer, without_bearer
from authproof_mock.faults.fault import fault
from authproof_mock.guard import Guard
from authproof_mock.http import Call
from authproof_mock.pats import PersonalAccessToken
from authproof_mock.refusal import Refusal
from authproof_mock.resources import Resources
from authproof_mock.routing import Place, Router
from authproof_mock.state import Caller, Request
from authproof_spec.contract import Application, Operation


class _LetsIn(Guard):
    """Lets strangers in to calls that `is_overlooked` has for true."""

    def is_overlooked(self, call: Call, operation: Operation) -> bool:
        raise NotImplementedError

    def admit(self, call: Call, operation: Operation, path_parameters: PathParameters) -> Caller:
        if without_bearer(call) and self.is_overlooked(call, operation):
            call = with_bearer(call, access_token(self._state, operation))
        return super().admit(call, operation, path_parameters)


# Methods


class _KnowsAsGet(Router):
    """Carries a method out as GET where it is not declared."""

    def knows(self, method: str) -> bool:
        raise NotImplementedError

    def select(self, place: Place, call: Call) -> Operation | None:
        found = super().select(place, call)
        return place.operations.get("GET") if found is None and self.knows(call.method) else found


class _IgnoresOtherMethods(_LetsIn):
    """Looks at the calls with the declared method alone."""

    def is_overlooked(self, call: Call, operation: Operation) -> bool:
        return call.method not in {operation.method, "HEAD"}


class _OptionsAsGet(_KnowsAsGet):
    def knows(self, method: str) -> bool:
        return method == "OPTIONS"


answers_options_as_get = fault(
    "answers-options-as-get-to-strangers",
    breaks="BEARER-19",
    reference="RFC 9110 §9.3.7",
    harm="Whoever lets preflights through lets everybody read.",
)(_OptionsAsGet, _IgnoresOtherMethods)


class _AnythingAsGet(_KnowsAsGet):
    def knows(self, method: str) -> bool:
        return method not in {"OPTIONS", "TRACE"}


guards_declared_methods_alone = fault(
    "guards-declared-methods-alone",
    breaks="BEARER-20",
    also=("BEARER-21",),  # POST is such a method at who-am-I
    reference="RFC 9110 §9.1",
    harm="A word that is no method opens what GET and POST keep shut.",
)(_AnythingAsGet, _IgnoresOtherMethods)


class _PutAsGet(_KnowsAsGet):
    def knows(self, method: str) -> bool:
        return method == "PUT"


guards_by_a_list_of_methods = fault(
    "guards-by-a-list-of-methods",
    breaks="BEARER-20",
    reference="CVE-2010-0738",
    harm="The method that somebody left out of the list opens what the others keep shut.",
)(_PutAsGet, _IgnoresOtherMethods)


class _TraceAsGet(_KnowsAsGet):
    def knows(self, method: str) -> bool:
        return method == "TRACE"


class _SendsBack(Guard):
    def admit(self, call: Call, operation: Operation, path_parameters: PathParameters) -> Caller:
        if call.method == "TRACE":
            raise Refusal(200, "; ".join(f"{name}: {value}" for name, value in call.headers))
        return super().admit(call, operation, path_parameters)


echoes_trace = fault(
    "echoes-the-request-to-trace",
    breaks="BEARER-20",
    reference="RFC 9110 §9.3.8",
    harm="A script reads by TRACE the credentials that its browser hides from it.",
)(_TraceAsGet, _SendsBack)


class _HearsOverrides(Router):
    """Carries out the method that a field or a parameter names."""

    def select(self, place: Place, call: Call) -> Operation | None:
        return super().select(place, replace(call, method=_wanted(call)))


def _wanted(call: Call) -> str:
    names = [*call.header_values("x-http-method-override"), *parse_qs(call.query).get("_method", [])]
    return names[0] if names and call.method == "POST" else call.method


overrides_get = fault(
    "guards-the-method-that-was-sent-and-carries-out-another",
    breaks="BEARER-21",
    reference="CWE-863",
    harm="A field opens what the method alone does not.",
)(_HearsOverrides, _IgnoresOtherMethods)


class _DeletesForAnybody(Resources):
    def revocable_token(self, application: Application, request: Request) -> PersonalAccessToken | None:
        if request.call.method == request.operation.method:
            return super().revocable_token(application, request)
        return next((record for record in self._state.pats.list() if record.id == request.object_id), None)


class _IgnoresOverriddenDeletes(_LetsIn):
    def is_overlooked(self, call: Call, operation: Operation) -> bool:
        return call.method == "POST" and operation.method == "DELETE"


overrides_delete = fault(
    "deletes-by-an-overridden-method",
    breaks="BEARER-21",
    reference="OWASP ASVS 5.0 3.5.3",
    harm="A form of any web page deletes what only its owner may delete.",
)(_HearsOverrides, _IgnoresOverriddenDeletes, _DeletesForAnybody)


# Order


@fault(
    "validates-the-body-before-the-credentials",
    breaks="BEARER-23",
    reference="contract",
    harm="A stranger learns field by field how a protected operation reads its input.",
)
class ValidatesFirst(Guard):
    def admit(self, call: Call, operation: Operation, path_parameters: PathParameters) -> Caller:
        if without_bearer(call) and operation.request_body and call.body in {b"{}", b"[]"}:
            raise Refusal(400, "The body is not valid.", fields={"body": ["This is not valid."]})
        return super().admit(call, operation, path_parameters)


@fault(
    "validates-the-body-of-one-operation-before-the-credentials",
    breaks="BEARER-23",
    reference="OWASP API Top 10 2023 API8",
    harm="A stranger learns how the one operation that was written otherwise reads its input.",
)
class ValidatesOneFirst(Guard):
    def admit(self, call: Call, operation: Operation, path_parameters: PathParameters) -> Caller:
        if without_bearer(call) and operation.method == "PATCH" and call.body == b"{}":
            raise Refusal(400, "The body is not valid.", fields={"body": ["This is not valid."]})
        return super().admit(call, operation, path_parameters)


class _LooksUpFirst(Guard):
    """Tells strangers of a personal access token that does not exist."""

    def refusal(self) -> Refusal:
        raise NotImplementedError

    def admit(self, call: Call, operation: Operation, path_parameters: PathParameters) -> Caller:
        known = {record.id for record in self._state.pats.list()}
        if without_bearer(call) and operation.method == "DELETE" and not known & set(path_parameters.values()):
            raise self.refusal()
        return super().admit(call, operation, path_parameters)


@fault(
    "answers-404-to-strangers",
    breaks="BEARER-24",
    # The missing object is what is asked without credentials, too.
    also=("BEARER-01",),
    reference="CWE-204",
    harm="Anybody finds out which objects there are.",
)
class LooksUpFirst(_LooksUpFirst):
    def refusal(self) -> Refusal:
        return Refusal(404, "There is no such object.")


@fault(
    "tells-strangers-what-exists-by-the-message",
    breaks="BEARER-24",
    reference="CWE-204",
    harm="Anybody finds out which objects there are.",
)
class SaysMore(_LooksUpFirst):
    def refusal(self) -> Refusal:
        return Refusal(401, "Authentication is required, and there is no such object.", headers=[("www-authenticate", 'Bearer realm="api"')])


# Paths


class _Normalises(Router):
    """Finds an operation also by a spelling of its path that `normal` mends."""

    def normal(self, path: str) -> str:
        raise NotImplementedError

    def find(self, path: str) -> Place | None:
        return super().find(path) or super().find(self.normal(path))


class _GuardsTheLiteralPath(_LetsIn):
    """Knows what to guard by the path as it was sent."""

    def is_overlooked(self, call: Call, operation: Operation) -> bool:
        return "{" not in operation.path and call.path != operation.path


class _StripsSlashes(_Normalises):
    def normal(self, path: str) -> str:
        return path.rstrip("/").replace("//", "/")


class _LowersCase(_Normalises):
    def normal(self, path: str) -> str:
        return path.lower()


class _Decodes(_Normalises):
    def normal(self, path: str) -> str:
        return unquote(path)


class _CutsSuffixes(_Normalises):
    def normal(self, path: str) -> str:
        return path.partition(";")[0].removesuffix(".json")


class _GuardsOneLiteralPath(_GuardsTheLiteralPath):
    def is_overlooked(self, call: Call, operation: Operation) -> bool:
        return takes_permission(operation) and super().is_overlooked(call, operation)


slash_of_one = fault(
    "overlooks-a-slash-at-the-end-of-one-path",
    breaks="BEARER-25",
    reference="CWE-647",
    harm="A rule of the proxy names one path, and the application serves it with a slash at its end, too.",
)(_StripsSlashes, _GuardsOneLiteralPath)


_SPELLINGS: Mapping[str, tuple[type[Router], str]] = {
    "overlooks-a-slash-too-many": (_StripsSlashes, "CVE-2023-34478"),
    "overlooks-upper-case-in-a-path": (_LowersCase, "CWE-178"),
    "overlooks-an-encoded-path": (_Decodes, "CWE-647"),
    "overlooks-a-suffix-of-the-path": (_CutsSuffixes, "CVE-2010-3863"),
}
(slashes, upper_case, encoded, suffixed) = (
    fault(
        name, breaks="BEARER-25", reference=reference, harm="The router and the guard read two different paths, so anybody gets in by one of them."
    )(router, _GuardsTheLiteralPath)
    for name, (router, reference) in _SPELLINGS.items()
)


# Claims of a client


@fault(
    "believes-the-user-that-a-field-names",
    breaks="BEARER-26",
    reference="CWE-290",
    harm="Who reaches the server without the proxy in front of it is whoever he says he is.",
)
class BelievesAName(Guard):
    def admit(self, call: Call, operation: Operation, path_parameters: PathParameters) -> Caller:
        names = call.header_values("x-forwarded-user")
        account = next((found for found in self._state.accounts.list() if found.attribute("email") in names), None)
        if account and without_bearer(call):
            call = with_bearer(call, access_token(self._state, operation, account.key))
        return super().admit(call, operation, path_parameters)


@fault(
    "trusts-an-address-that-a-field-names",
    breaks="BEARER-26",
    reference="OWASP ASVS 5.0 4.1.3",
    harm="Everybody comes from the machine itself who says so.",
)
class BelievesAnAddress(_LetsIn):
    def is_overlooked(self, call: Call, operation: Operation) -> bool:
        return "127.0.0.1" in call.header_values("x-forwarded-for")


class _BelievesAPath(_LetsIn):
    def is_overlooked(self, call: Call, operation: Operation) -> bool:
        told = call.header_values("x-original-url")
        return bool(told) and told[0] != operation.path


guards_another_path = fault(
    "guards-the-path-that-a-field-names",
    breaks="BEARER-26",
    reference="CVE-2018-14773",
    harm="A field with the path of the log-in page opens every other page.",
)(_BelievesAPath)


class _Reroutes(Router):
    def select(self, place: Place, call: Call) -> Operation | None:
        told = call.header_values("x-rewrite-url")
        return super().select((told and self.find(told[0])) or place, call)


class _GuardsThePathOfTheRequest(_LetsIn):
    def is_overlooked(self, call: Call, operation: Operation) -> bool:
        return bool(call.header_values("x-rewrite-url")) and call.path != operation.path


reroutes = fault(
    "serves-the-path-that-a-field-names",
    breaks="BEARER-26",
    reference="CVE-2018-14773",
    harm="What a firewall lets through for one path is carried out for another.",
)(_Reroutes, _GuardsThePathOfTheRequest)
