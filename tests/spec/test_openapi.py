"""The bundled document, which everything else takes for right."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from openapi_spec_validator import validate

from authproof_spec import Operation, load_contract
from authproof_spec.catalogue import load_catalogue
from authproof_spec.contract import MediaType, ResponseRule
from authproof_spec.pointer import get

CONTRACT = load_contract()
DOCUMENT = CONTRACT.document


def named(operation: Operation) -> str:
    return operation.name


def responses() -> Iterator[tuple[Operation, ResponseRule]]:
    for operation in CONTRACT.operations:
        for rule in operation.responses.values():
            yield operation, rule


def media_types() -> Iterator[MediaType]:
    for operation in CONTRACT.operations:
        if operation.request_body:
            yield from operation.request_body.content
        for rule in operation.responses.values():
            yield from rule.content


def test_it_is_valid_openapi() -> None:
    validate(DOCUMENT.root)


def test_it_loads_with_all_checks_and_is_the_same_without() -> None:
    checked = load_contract(DOCUMENT.source)
    assert checked.operations == CONTRACT.operations
    assert checked.applications == CONTRACT.applications
    assert checked.tokens == CONTRACT.tokens


def test_every_operation_has_an_id_of_its_own() -> None:
    paths = DOCUMENT.root["paths"]
    assert isinstance(paths, dict)
    identifiers = [item[method]["operationId"] for item in paths.values() for method in item if method != "parameters"]
    assert len(set(identifiers)) == len(identifiers) == len(CONTRACT.operations)


@pytest.mark.parametrize("operation", CONTRACT.operations, ids=named)
def test_every_operation_states_its_security(operation: Operation) -> None:
    assert "security" in get(DOCUMENT.root, f"/paths/{operation.path.replace('/', '~1')}/{operation.method.lower()}")  # type: ignore[operator]


@pytest.mark.parametrize("operation", CONTRACT.operations, ids=named)
def test_an_operation_declares_the_refusals_that_its_security_means(operation: Operation) -> None:
    if not operation.is_public:
        assert "401" in operation.responses
    if any(operation.bearer_schemes.values()):
        assert "403" in operation.responses
    if operation.request_body:
        assert {"400", "413", "415"} <= set(operation.responses)
    assert "429" in operation.responses


def test_every_operation_that_lacks_a_public_alternative_reads_a_token_or_the_refresh_cookie() -> None:
    refreshes = [application.refresh for application in CONTRACT.applications.values()]
    assert [operation for operation in CONTRACT.operations if not operation.is_public and not operation.is_protected] == refreshes


@pytest.mark.parametrize(("status", "header"), [("401", "www-authenticate"), ("429", "retry-after")])
def test_a_refusal_declares_the_field_that_it_must_carry(status: str, header: str) -> None:
    rules = [(operation.name, rule) for operation, rule in responses() if rule.status == status]
    assert rules
    assert [name for name, rule in rules if header not in rule.headers or not rule.headers[header].required] == []


def test_every_answer_with_a_token_forbids_to_store_it() -> None:
    tokens = {application.access_token_field for application in CONTRACT.applications.values()}
    tokens |= {app.personal_access_tokens.response_token for app in CONTRACT.applications.values() if app.personal_access_tokens}
    carriers = [
        rule
        for _, rule in responses()
        if any(get(example, token) for media in rule.content for example in media.examples.values() for token in tokens)  # type: ignore[arg-type]
    ]
    assert len(carriers) > len(CONTRACT.applications)
    assert all(rule.headers["cache-control"].required for rule in carriers)


def test_every_error_is_json_of_one_shape() -> None:
    errors = [rule for _, rule in responses() if rule.status[0] in "45"]
    assert {media.name for rule in errors for media in rule.content} == {"application/json", "application/problem+json"}
    assert {media.schema for rule in errors for media in rule.content} == {"/components/schemas/Error"}


def test_every_example_of_a_body_fits_its_schema() -> None:
    checked = 0
    for media in media_types():
        assert media.schema
        for example in media.examples.values():
            assert list(DOCUMENT.validator(media.schema).iter_errors(example)) == [], (media.schema, example)
            checked += 1
    assert checked > 30


def test_every_request_body_and_every_json_success_has_an_example() -> None:
    for operation in CONTRACT.operations:
        bodies = [media for rule in operation.responses.values() if rule.status.startswith("2") for media in rule.content]
        bodies += operation.request_body.content if operation.request_body else ()
        assert all(media.examples for media in bodies), operation.name


def test_every_example_of_a_parameter_a_header_and_a_schema_fits() -> None:
    places = []

    def walk(value: object, pointer: str) -> None:
        if isinstance(value, dict):
            if "example" in value:
                schema = f"{pointer}/schema" if "schema" in value else pointer
                places.append((schema, value["example"]))
            for key, child in value.items():
                walk(child, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
        elif isinstance(value, list):
            for index, child in enumerate(value):
                walk(child, f"{pointer}/{index}")

    walk(DOCUMENT.root, "")
    assert len(places) >= 10
    for schema, example in places:
        assert DOCUMENT.validator(schema).is_valid(example), (schema, example)


def test_every_path_parameter_has_an_example_and_stands_in_the_path() -> None:
    for operation in CONTRACT.operations:
        assert [parameter.name for parameter in operation.path_parameters] == [
            part[1:-1] for part in operation.path.split("/") if part.startswith("{")
        ]
        assert all(parameter.example is not None and parameter.required for parameter in operation.path_parameters)


def test_an_example_in_the_headers_sets_the_cookie_of_the_policy() -> None:
    for application in CONTRACT.applications.values():
        assert application.cookie
        assert application.cookie.name == application.refresh_token.scheme.parameter  # type: ignore[union-attr]
    text = str(get(DOCUMENT.root, "/components/headers/RefreshCookie/example"))
    cookie = next(app.cookie for app in CONTRACT.applications.values() if app.cookie and text.startswith(f"{app.cookie.name}="))
    assert text.partition("; ")[2] == f"Path={cookie.path}; Max-Age={cookie.max_age}; HttpOnly; Secure; SameSite={cookie.same_site}"


def test_the_catalogue_agrees_with_the_document_where_it_says_contract() -> None:
    catalogue = load_catalogue()
    cited = {one.id for one in catalogue.values() if any(source.citation == "contract" for source in one.sources)}
    assert CONTRACT.requires_error_codes
    assert {"BEARER-05", "AUTHZ-04"} <= cited
    assert all(app.second_factor.lifetime for app in CONTRACT.applications.values() if app.second_factor)
    assert "MFA-11" in cited
    assert all(app.cookie and app.cookie.domain is None for app in CONTRACT.applications.values())
    assert "COOKIE-05" in cited
    for application in CONTRACT.applications.values():
        if personal := application.personal_access_tokens:
            assert personal.kind.scheme.name not in personal.create.bearer_schemes
    assert "PAT-15" in cited
