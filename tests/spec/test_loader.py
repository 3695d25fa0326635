from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authproof_spec import Contract, ContractError, Operation, load_contract
from authproof_spec.contract import Meaning, SchemeKind

if TYPE_CHECKING:
    from tests.spec.conftest import Refusal

NOTES = "/x-authproof/applications/notes"

# Name, replacement, pointer, beginning of the line that is named, words of the message.
BROKEN = [
    ("OpenAPI 4", ("openapi: 3.1.0", "openapi: 4.0.0"), "/openapi", "openapi: 4.0.0", "The document says `openapi: 4.0.0`"),
    ("Swagger 2", ("openapi: 3.1.0", 'swagger: "2.0"'), "/openapi", 'swagger: "2.0"', "The document has no `openapi` member"),
    ("a version that is a number", ("openapi: 3.1.0", "openapi: 3.1"), "/openapi", "openapi: 3.1", "The document says `openapi: 3.1`"),
    (
        "a reference that leads nowhere",
        ("  /session/end:\n", '  /gone: {$ref: "#/components/pathItems/Gone"}\n  /session/end:\n'),
        "/paths/~1gone/$ref",
        "/gone:",
        "The reference '#/components/pathItems/Gone' leads nowhere",
    ),
    (
        "a reference to a file that is not there",
        ("schema: {type: array, items: {type: string}}", 'schema: {$ref: "notes.yaml#/Notes"}'),
        "/paths/~1users~1{userId}~1notes/get/responses/200/content/application~1json/schema/$ref",
        'schema: {$ref: "notes.yaml#/Notes"}',
        "The document cannot be read: No such file or directory",
    ),
    ("no title", ("title: Notes, ", ""), "/info", "info:", "is a required property"),
    (
        "a parameter in no place",
        ("in: path, required: true", "in: body, required: true"),
        "/paths/~1users~1{userId}~1notes/get/parameters/0/in",
        "- {name: userId, in: body",
        "is not one of",
    ),
    (
        "a schema that is none",
        ("Error: {type: object,", "Error: {type: thing,"),
        "/components/schemas/Error/type",
        "Error: {type: thing,",
        "This is not a JSON Schema",
    ),
    ("no extension", ("x-authproof:", "x-other:"), "", "openapi: 3.1.0", "The document has no `x-authproof`"),
    (
        "an extension that is no object",
        ("x-authproof:\n", "x-authproof: null\nx-other:\n"),
        "",
        "openapi: 3.1.0",
        "The document has no `x-authproof`",
    ),
    ("a typing error", ("    jwks: /keys", "    jkws: /keys"), "/x-authproof/tokens", "tokens:", "'jkws' was unexpected"),
    ("a missing member", ("        lifetime: 600\n", ""), f"{NOTES}/accessToken", "accessToken:", '"lifetime" is a required property'),
    ("another version", ("  version: 1\n", "  version: 2\n"), "/x-authproof/version", "version: 2", "1 was expected"),
    (
        "a lifetime that is text",
        ("lifetime: 600\n", "lifetime: 10 minutes\n"),
        f"{NOTES}/accessToken/lifetime",
        "lifetime: 10 minutes",
        "not of type",
    ),
    ("a lifetime of nothing", ("lifetime: 600\n", "lifetime: 0\n"), f"{NOTES}/accessToken/lifetime", "lifetime: 0", "less than the minimum of 1"),
    ("an algorithm that is none", ("algorithm: ES256", "algorithm: none"), "/x-authproof/tokens/algorithm", "algorithm: none", "is not one of"),
    ("a pointer that is none", ("response: /token", "response: token"), f"{NOTES}/accessToken/response", "response: token", "does not match"),
    ("a pointer with a loose tilde", ("response: /token", "response: /to~ken"), f"{NOTES}/accessToken/response", "response: /to~ken", "json-pointer"),
    (
        "an unknown operation",
        ("- operation: login", "- operation: logIn"),
        f"{NOTES}/logins/0/operation",
        "- operation: logIn",
        "no operation 'logIn'",
    ),
    (
        "an unknown route",
        ("      refresh: refresh", "      refresh: GET /session/refresh"),
        f"{NOTES}/refresh",
        "refresh: GET",
        "no operation 'GET /session",
    ),
    (
        "an unknown scheme in the extension",
        ("        scheme: accessToken", "        scheme: bearer"),
        f"{NOTES}/accessToken/scheme",
        "scheme: bearer",
        "no security scheme 'bearer'",
    ),
    (
        "an unknown scheme of an operation",
        ("      security: [{accessToken: []}]", "      security: [{bearer: []}]"),
        "/paths/~1me/get/security/0/bearer",
        "security: [{bearer: []}]",
        "no security scheme 'bearer'",
    ),
]


@pytest.mark.parametrize(("name", "change", "pointer", "line", "message"), BROKEN, ids=[case[0] for case in BROKEN])
def test_a_broken_document_is_refused_with_the_place_and_the_mend(
    refuse: Callable[..., Refusal], example: str, name: str, change: tuple[str, str], pointer: str, line: str, message: str
) -> None:
    refusal = refuse(example, change)
    found = [problem for problem in refusal.problems if problem.pointer == pointer and message in problem.message]
    assert len(found) == 1, (name, [str(problem) for problem in refusal.problems])
    assert refusal.line(found[0]).startswith(line)
    assert str(found[0]).startswith(f"{refusal.path}:{found[0].line}" + (f" at {pointer}" if pointer else ""))
    assert " Mend: " in str(found[0])
    assert "\n" not in str(found[0])


NOTES_PATH = "/paths/~1users~1{userId}~1notes"
# Name, replacement, pointer, words of the message.
BEYOND_THE_SCHEMA = [
    (
        "an operationId twice",
        ("operationId: refresh", "operationId: login"),
        "/paths/~1session~1refresh/post/operationId",
        "that of POST /session too",
    ),
    (
        "a path parameter without declaration",
        ("  /users/{userId}/notes:", "  /users/{userId}/{id}/notes:"),
        "/paths/~1users~1{userId}~1{id}~1notes/get",
        "no parameter declares 'id'",
    ),
    (
        "a declaration without path parameter",
        ("  /users/{userId}/notes:", "  /users/notes:"),
        "/paths/~1users~1notes/get/parameters/0",
        "has no parameter 'userId'",
    ),
    (
        "a parameter twice",
        ("        - {name: userId,", "        - {name: userId, in: path, required: true, schema: {}}\n        - {name: userId,"),
        f"{NOTES_PATH}/get/parameters/1",
        "the path parameter 'userId' stands twice",
    ),
    (
        "a default of the wrong type",
        ("required: true, schema: {type: string}}\n      responses", "required: true, schema: {type: string, default: 3}}\n      responses"),
        f"{NOTES_PATH}/get/parameters/0/schema/default",
        'refused by its own schema: 3 is not of type "string"',
    ),
    ("a tag twice", ("paths:\n", "tags: [{name: a}, {name: b}, {name: a}]\npaths:\n"), "/tags/2/name", "the tag 'a' stands twice"),
]


@pytest.mark.parametrize(("name", "change", "pointer", "words"), BEYOND_THE_SCHEMA, ids=[case[0] for case in BEYOND_THE_SCHEMA])
def test_what_openapi_says_beyond_its_schema_holds_as_well(
    refuse: Callable[..., Refusal], example: str, name: str, change: tuple[str, str], pointer: str, words: str
) -> None:
    (problem,) = refuse(example, change).problems
    assert problem.pointer == pointer, name
    assert problem.message.startswith("This is not valid OpenAPI 3.1: ")
    assert "\n" not in str(problem)
    assert words in problem.message


@pytest.mark.parametrize(
    "change",
    [
        (
            "required: true, schema: {type: string}}\n      responses",
            "required: true, schema: {type: string, nullable: true, default: null}}\n      responses",
        ),
        ("paths:\n", "servers: [{url: 'https://{default}/', variables: {default: {default: '3', enum: ['3']}}}]\npaths:\n"),
        ("  schemas:\n", "  schemas:\n    Pet: {discriminator: {propertyName: kind, mapping: {default: '#/components/schemas/Error', type: x}}}\n"),
        ("  schemas:\n", "  schemas:\n    Pet: {allOf: [{type: object}], required: [said, elsewhere]}\n"),
    ],
    ids=["null where 3.0 allowed it", "a server's variable", "a member of the name", "a member that no part describes"],
)
def test_what_openapi_allows_is_taken(write: Callable[..., Path], example: str, change: tuple[str, str]) -> None:
    assert contract_of(write, example, change).operations


def test_a_name_that_is_unknown_is_answered_with_the_known_ones(refuse: Callable[..., Refusal], example: str) -> None:
    (problem,) = refuse(example, ("- operation: login", "- operation: logIn")).problems
    assert problem.mend == "Name one of: listNotes, login, logout, refresh, whoAmI."


def test_all_problems_of_a_stage_are_told_in_the_order_of_the_lines(refuse: Callable[..., Refusal], example: str) -> None:
    problems = refuse(
        example, ("- operation: login", "- operation: a"), ("refresh: refresh", "refresh: b"), ("[{accessToken: []}]", "[{c: []}]")
    ).problems
    assert [problem.pointer.rpartition("/")[2] for problem in problems] == ["c", "operation", "refresh"]


def contract_of(write: Callable[..., Path], text: str, *changes: tuple[str, str]) -> Contract:
    return load_contract(write(text, *changes))


def test_the_worked_example_is_read_as_it_is_meant(write: Callable[..., Path], example: str) -> None:
    contract = contract_of(write, example)
    assert (contract.title, contract.version) == ("Notes", "1.0.0")
    assert [operation.id for operation in contract.protected_operations] == ["whoAmI", "listNotes"]
    assert [operation.id for operation in contract.operations if operation.is_public] == ["login", "logout"]
    assert contract.tokens.claims_meaning(Meaning.ACCOUNT) == ("sub",)
    assert contract.tokens.jwks_path == "/keys"
    assert contract.requires_error_codes
    application = contract.applications["notes"]
    assert application.access_token.scheme.kind is SchemeKind.BEARER
    assert application.access_token.lifetime == 600
    assert application.logins[0].credentials == {"/email": "email", "/password": "password"}
    assert application.logins[0].refusal == 401
    cookie = application.cookie
    assert cookie is not None
    assert (cookie.name, cookie.path, cookie.max_age, cookie.same_site, cookie.domain) == ("__Secure-refresh", "/session", 604800, "Strict", None)
    rule = contract.object_rules[0]
    assert (rule.operation.name, rule.parameter, rule.attribute, rule.otherwise) == ("GET /users/{userId}/notes", "userId", "id", 404)
    assert rule.operation.bearer_schemes == {"accessToken": frozenset({"notes:read"})}
    assert contract.application_of(rule.operation) is application


def test_operations_may_be_named_by_method_and_path(write: Callable[..., Path], example: str) -> None:
    contract = contract_of(write, example, ("      operationId: login\n", ""), ("- operation: login", "- operation: POST /session"))
    assert contract.applications["notes"].logins[0].operation.id == "POST /session"


def test_security_at_the_root_holds_where_an_operation_has_none(write: Callable[..., Path], example: str) -> None:
    contract = contract_of(
        write, example, ("      security: [{accessToken: []}]\n", ""), ("\npaths:\n", "\nsecurity: [{accessToken: [all]}]\npaths:\n")
    )
    operations = {operation.id: operation for operation in contract.operations}
    assert operations["whoAmI"].bearer_schemes == {"accessToken": frozenset({"all"})}
    assert operations["login"].is_public


def test_a_path_item_may_be_a_reference_with_parameters_of_its_own(write: Callable[..., Path], example: str) -> None:
    item = """\
  pathItems:
    Note:
      parameters:
        - {name: noteId, in: path, required: true, schema: {type: string, minLength: 3}, example: abc}
      get:
        operationId: getNote
        security: [{accessToken: []}]
        parameters:
          - {name: noteId, in: path, required: true, schema: {type: integer, minimum: 5}, example: 7}
        responses:
          "200": {description: A note., content: {application/json: {schema: {type: object}}}}
"""
    contract = contract_of(
        write,
        example,
        ("  schemas:\n", item + "  schemas:\n"),
        ("  /session/end:\n", '  /notes/{noteId}: {$ref: "#/components/pathItems/Note"}\n  /session/end:\n'),
    )
    operation = next(operation for operation in contract.operations if operation.id == "getNote")
    (parameter,) = operation.path_parameters
    assert (parameter.types, parameter.example) == (frozenset({"integer"}), 7)
    assert parameter.schema
    validator = contract.document.validator(parameter.schema)
    assert (validator.is_valid(5), validator.is_valid(4)) == (True, False)
    body = operation.responses["200"].media_type
    assert body
    assert body.schema
    assert not contract.document.validator(body.schema).is_valid([])


def test_references_may_be_percent_encoded(write: Callable[..., Path], example: str) -> None:
    reference = '"#/paths/~1users~1%7BuserId%7D~1notes/get/responses/404"'
    contract = contract_of(write, example, ('"403": {$ref: "#/components/responses/Error"}', f'"403": {{$ref: {reference}}}'))
    rule = next(operation for operation in contract.operations if operation.id == "listNotes").responses["403"]
    assert rule.media_type
    assert rule.media_type.schema
    assert contract.document.validator(rule.media_type.schema).is_valid({"message": "x"})


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        ('{$ref: "#/components/schemas/Odd"}', "/components/schemas/Odd"),
        ('{$ref: "#/components/schemas/Chain"}', "/components/schemas/Odd"),
        ('{$ref: "#/components/schemas/Odd", description: More.}', "/paths/~1odd/get/responses/200/content/application~1json/schema"),
        ("{type: string}", "/paths/~1odd/get/responses/200/content/application~1json/schema"),
    ],
    ids=["a reference", "a chain", "with something beside it", "no reference"],
)
def test_a_schema_is_where_it_is_written(write: Callable[..., Path], example: str, schema: str, written: str) -> None:
    odd = "  schemas:\n    Odd: {type: integer}\n    Chain: {$ref: '#/components/schemas/Odd'}\n"
    response = f"{{description: Odd., content: {{application/json: {{schema: {schema}}}}}}}"
    contract = contract_of(
        write,
        example,
        ("  schemas:\n", odd),
        ("  /session/end:\n", f"  /odd: {{get: {{operationId: odd, security: [], responses: {{'200': {response}}}}}}}\n  /session/end:\n"),
    )
    media = contract.by_id["odd"].responses["200"].media_type
    assert media
    assert media.schema == written


@pytest.mark.parametrize(
    ("path", "encoded"),
    [
        ("/plain/{id}/x", "/plain/{id}/x"),
        ("/a b/{übung}", "/a%20b/{übung}"),
        ("/übersicht", "/%C3%BCbersicht"),
        ("/a%20b;v=1/@me,(x)'*!$&+=:~", "/a%20b;v=1/@me,(x)'*!$&+=:~"),
        ('/a"<>^`|\\', "/a%22%3C%3E%5E%60%7C%5C"),
    ],
)
def test_a_path_is_asked_in_the_letters_of_a_uri(path: str, encoded: str) -> None:
    assert Operation("it", "GET", path, (), (), None, {}).encoded_path == encoded


def test_requests_need_nothing_that_is_only_read(write: Callable[..., Path], example: str) -> None:
    odd = "{type: object, required: [id, name], properties: {id: {type: string, readOnly: true}, name: {type: string}}}"
    document = contract_of(write, example, ("  schemas:\n", f"  schemas:\n    Odd: {odd}\n")).document
    validators = (document.request_validator("/components/schemas/Odd"), document.answer_validator("/components/schemas/Odd", formats=True))
    assert [validator.is_valid({"name": "x"}) for validator in validators] == [True, False]
    assert not document.request_validator("/components/schemas/Odd").is_valid({"id": "x"})


def test_answers_need_nothing_that_is_only_written(write: Callable[..., Path], example: str) -> None:
    odd = (
        "{type: object, required: [id, password], properties: {id: {type: string, nullable: true}, password: {type: string, writeOnly: true},"
        " inner: {type: array, items: {type: object, required: [pin], properties: {pin: {$ref: '#/components/schemas/Pin'}}}}}}"
    )
    document = contract_of(write, example, ("  schemas:\n", f"  schemas:\n    Pin: {{type: string, writeOnly: true}}\n    Odd: {odd}\n")).document
    answered, asked = document.answer_validator("/components/schemas/Odd", formats=True), document.validator("/components/schemas/Odd")
    given: dict[str, object] = {"id": None, "inner": [{}]}
    assert (answered.is_valid(given), asked.is_valid(given)) == (True, False)
    assert not answered.is_valid({"inner": [{}]})
    assert document.answer_validator("/components/schemas/Odd", formats=True) is answered


def test_a_response_is_found_by_number_class_or_default(write: Callable[..., Path], example: str) -> None:
    contract = contract_of(
        write,
        example,
        ('        "400": {$ref: "#/components/responses/Error"}\n', "        4XX: {description: Class.}\n        default: {description: Rest.}\n"),
    )
    login = contract.applications["notes"].logins[0].operation
    statuses = [rule.status if (rule := login.response(status)) else None for status in (200, 401, 404, 500)]
    assert statuses == ["200", "401", "4XX", "default"]
    assert login.success_status == 200


def test_a_document_may_be_json(write: Callable[..., Path], bundled: str, tmp_path: Path) -> None:
    root = load_contract(write(bundled)).document.root
    path = tmp_path / "api.json"
    path.write_text(json.dumps(root | {"x-emoji": "\U0001f600"}, indent="\t"))  # type: ignore[operator]
    assert load_contract(path).operations == load_contract().operations


@pytest.mark.parametrize(
    "schema",
    [
        "{allOf: [{$ref: '#/components/schemas/Odd'}]}",
        "{$ref: '#/components/schemas/Odd'}",
        "{anyOf: [{type: 'null'}, {$ref: '#/components/schemas/Odd'}]}",
        "{not: {oneOf: [{if: {dependentSchemas: {x: {$ref: '#/components/schemas/Odd'}}}}]}}",
    ],
    ids=["within itself", "a circle", "one of several", "far down"],
)
def test_schemas_without_end_are_refused_in_time(refuse: Callable[..., Refusal], example: str, schema: str) -> None:
    begin = time.monotonic()
    problems = refuse(example, ("  schemas:\n", f"  schemas:\n    Odd: {schema}\n")).problems
    assert len(problems) == 1
    assert time.monotonic() - begin < 10


@pytest.mark.parametrize("levels", [95, 150])
def test_a_schema_may_be_nested_deeply(write: Callable[..., Path], example: str, levels: int) -> None:
    schema = "{items: " * levels + "{type: string}" + "}" * levels
    document = contract_of(write, example, ("  schemas:\n", f"  schemas:\n    Odd: {schema}\n")).document
    for validator in (document.validator("/components/schemas/Odd"), document.answer_validator("/components/schemas/Odd", formats=True)):
        assert validator.is_valid(json.loads("[" * levels + '""' + "]" * levels))
        assert not validator.is_valid(json.loads("[" * levels + "1" + "]" * levels))


def test_a_schema_may_refer_to_itself_by_a_member(write: Callable[..., Path], example: str) -> None:
    contract = contract_of(
        write, example, ("  schemas:\n", "  schemas:\n    Tree: {type: object, properties: {child: {$ref: '#/components/schemas/Tree'}}}\n")
    )
    validator = contract.document.validator("/components/schemas/Tree")
    assert validator.is_valid({"child": {"child": {}}})
    assert not validator.is_valid({"child": {"child": 1}})


def nodes(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    children: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    for name, child in children:
        yield (*path, name)
        yield from nodes(child, (*path, name))


ROOT: dict[str, Any] = json.loads(json.dumps(load_contract().document.root))
NODES = list(nodes(ROOT))
SUBSTITUTES: list[object] = [
    *(None, True, 0, -1, 1.5, 10**30, "", "x", "/a", "[", "\0", "{id}", "http://x/", "GET /api/user", [], ["x"], [{}], {}, {"x": 1}),
    *({"$ref": "#"}, {"$ref": "#/paths"}, {"$ref": "#/none"}, {"$ref": 3}, {"type": "string", "pattern": "["}),
]


def loads_or_is_refused(path: Path) -> bool:
    try:
        return isinstance(load_contract(path), Contract)
    except ContractError as error:
        return bool(error.problems) and all(problem.message and problem.mend for problem in error.problems)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_mutated_document_loads_or_is_refused_and_nothing_else(tmp_path: Path, data: st.DataObject) -> None:
    root = copy.deepcopy(ROOT)
    for *parents, last in data.draw(st.lists(st.sampled_from(NODES), min_size=1, max_size=3)):
        holder: Any = root
        try:
            for name in parents:
                holder = holder[name]
            if data.draw(st.booleans()):
                holder[last] = copy.deepcopy(data.draw(st.sampled_from(SUBSTITUTES)))
            else:
                del holder[last]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took that part away
    path = tmp_path / "mutated.json"
    path.write_text(json.dumps(root))
    assert loads_or_is_refused(path)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text() | st.text().map("openapi: 3.1.0\n{}".format) | st.binary())
def test_any_file_is_read_or_refused_and_nothing_else(tmp_path: Path, text: str | bytes) -> None:
    path = tmp_path / "any.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert loads_or_is_refused(path)
