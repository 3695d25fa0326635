"""What is guessed from documents as common frameworks write them. Each guess is a fact of the document, or a default that a library states."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from authproof.guess.design import guess
from authproof.guess.guess import Confidence, Guessed, guesses_of
from authproof.guess.overlay_text import overlay_text
from authproof.guess.survey import survey
from authproof_spec import Contract, ContractError, load_contract
from authproof_spec.contract import SchemeKind
from authproof_spec.loader import load_document
from tests.small_document import small_document

DOCUMENTS = Path(__file__).parent / "documents"


def guessed_from(name: str) -> Guessed:
    return guess(survey(load_document(DOCUMENTS / f"{name}.yaml")))


def contract_of(name: str, folder: Path) -> Contract:
    overlay = folder / "overlay.yaml"
    overlay.write_text(overlay_text(guessed_from(name), name), "utf-8")
    return load_contract(DOCUMENTS / f"{name}.yaml", [overlay])


def open_labels(guessed: Guessed) -> set[str]:
    return {guess.label for guess in guessed.labelled() if guess.confidence is Confidence.OPEN}


def test_django_with_dj_rest_auth(tmp_path: Path) -> None:
    contract = contract_of("drf_spectacular", tmp_path)
    api = contract.applications["api"]
    assert api.logins[0].operation.name == "POST /dj-rest-auth/login/"
    assert api.logins[0].credentials == {"/username": "username", "/password": "password"}
    assert api.logins[0].refusal == 400
    assert (api.access_token_field, api.access_token.lifetime) == ("/access", 300)
    assert api.refresh_body
    assert (api.refresh_body.request, api.refresh_body.response) == ("/refresh", "/refresh")
    assert api.refresh
    assert api.refresh.name == "POST /dj-rest-auth/token/refresh/"
    assert api.logout
    assert api.logout.name == "POST /dj-rest-auth/logout/"
    assert api.identity
    assert api.identity.fields == {"id": "/pk", "email": "/email", "username": "/username"}
    assert set(contract.tokens.claims) == {"user_id", "exp", "iat", "jti"}
    # The cookie opens the operations too, and would hide that they are protected.
    assert {operation.name for operation in contract.protected_operations} == {
        "GET /api/accounts/",
        "GET /api/greeting/",
        "GET /dj-rest-auth/user/",
        "PUT /dj-rest-auth/user/",
        "PATCH /dj-rest-auth/user/",
    }
    assert all("401" in operation.responses for operation in contract.protected_operations)
    assert not open_labels(guessed_from("drf_spectacular"))


def test_fastapi_users(tmp_path: Path) -> None:
    contract = contract_of("fastapi_users", tmp_path)
    api = contract.applications["api"]
    assert api.logins[0].operation.name == "POST /auth/jwt/login"
    assert api.logins[0].refusal == 400
    assert api.access_token.audience == {"fastapi-users:auth"}
    assert contract.tokens.algorithm == "HS256"
    assert contract.error_message == "/detail"
    assert api.refresh is None
    assert api.logout
    assert api.logout.name == "POST /auth/jwt/logout"
    assert api.identity
    assert api.identity.operation.name == "GET /users/me"


def test_flask_jwt_extended_sends_its_refresh_token_as_a_bearer_token(tmp_path: Path) -> None:
    contract = contract_of("flask_jwt_extended", tmp_path)
    api = contract.applications["api"]
    assert api.access_token.scheme.name == "access_token"
    assert api.access_token.fixed_claims == {"type": "access"}
    assert (api.access_token.lifetime, contract.error_message) == (900, "/msg")
    assert api.refresh is None
    # An access token does not open it, so it must not be taken for an operation that one opens.
    assert "POST /refresh" not in {operation.name for operation in contract.operations}
    assert any("Authorization" in remark for remark in guessed_from("flask_jwt_extended").remarks)


def test_spring_secures_its_own_login(tmp_path: Path) -> None:
    guessed = guessed_from("spring")
    contract = contract_of("spring", tmp_path)
    api = contract.applications["api"]
    assert api.logins[0].operation.name == "POST /auth/signin"
    assert api.logins[0].operation.is_public
    assert api.access_token_field == "/accessToken"
    assert api.refresh
    assert api.refresh.name == "POST /auth/refreshtoken"
    assert api.refresh.is_public
    assert api.logout
    assert api.logout.name == "POST /auth/signout"
    assert guessed.url == "http://localhost:8080/api"
    assert open_labels(guessed) == {"signed by", "claims", "error text at", "access token lives"}
    assert any("POST /auth/signup looks public" in hint for hint in guessed.hints)
    assert any("parameter: userId" in hint for hint in guessed.hints)
    assert any('list: "GET /users", create: "POST /users"' in hint for hint in guessed.hints)


def test_what_is_proposed_can_be_uncommented() -> None:
    lines = overlay_text(guessed_from("spring"), "openapi.yaml").splitlines()
    proposed = [number for number, line in enumerate(lines) if line.startswith(("        # objectRules:", "        # accounts:"))]
    assert len(proposed) == 2
    for number in proposed:
        lines[number] = lines[number].replace("# ", "", 1)
    extension = yaml.safe_load("\n".join(lines))["actions"][0]["update"]["x-authproof"]
    assert extension["objectRules"][0]["parameter"] == "userId"
    assert extension["accounts"]["list"] == "GET /users"


def test_a_logout_is_known_by_its_name_too(tmp_path: Path) -> None:
    document = small_document()
    path, out = (
        tmp_path / "openapi.yaml",
        {"responses": {"204": {"description": "Out."}, "401": {"description": "No."}}, "security": [{"bearer": []}]},
    )
    del document["x-authproof"]
    document["paths"] |= {"/session/bye": {"post": out | {"operationId": "logout"}}, "/session/list": {"post": out | {"operationId": "list"}}}
    path.write_text(yaml.safe_dump(document), "utf-8")
    assert "logout: POST /session/bye" in overlay_text(guess(survey(load_document(path))), "openapi.yaml")


@pytest.mark.parametrize("declared", [True, False])
def test_a_refusal_of_a_permission_is_declared_where_it_is_missing(tmp_path: Path, declared: bool) -> None:  # noqa: FBT001
    document = small_document()
    path, refused = tmp_path / "openapi.yaml", {"401": {"description": "No."}} | ({"403": {"description": "No."}} if declared else {})
    del document["x-authproof"]
    document["paths"]["/jobs"] = {"get": {"security": [{"bearer": ["jobs"]}], "responses": {"200": {"description": "It."}, **refused}}}
    document["paths"]["/me"] = {"get": {"security": [{"bearer": []}], "responses": {"200": {"description": "It."}, "401": {"description": "No."}}}}
    path.write_text(yaml.safe_dump(document), "utf-8")
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(overlay_text(guess(survey(load_document(path))), "openapi.yaml"), "utf-8")
    responses = {operation.path: operation.responses for operation in load_contract(path, [overlay], complete=True).operations}
    assert ("403" in responses["/jobs"], "403" in responses["/me"]) == (True, False)
    assert ("declares no 403" in overlay.read_text("utf-8")) is not declared


def test_rails_with_devise(tmp_path: Path) -> None:
    contract = contract_of("rails_devise", tmp_path)
    api = contract.applications["api"]
    assert api.logins[0].credentials == {"/user/email": "email", "/user/password": "password"}
    # `Authorization: Bearer` by another name is a bearer token all the same.
    assert api.access_token.scheme.kind is SchemeKind.BEARER
    assert api.logout
    assert api.logout.name == "DELETE /users/sign_out"
    guessed = guessed_from("rails_devise")
    assert any("header Authorization of its answer" in remark for remark in guessed.remarks)
    assert "access token at" in open_labels(guessed)


def test_cookies_keys_scopes_and_a_second_factor(tmp_path: Path) -> None:
    contract = contract_of("nest_cookies", tmp_path)
    api = contract.applications["api"]
    assert api.cookie
    assert (api.cookie.name, api.cookie.path, api.cookie.same_site, api.cookie.max_age) == ("__Host-rt", "/", "Strict", 604800)
    assert (api.cookie.http_only, api.cookie.secure) == (True, True)
    assert api.access_token.lifetime == 600
    assert api.logins[0].credentials == {"/email": "email", "/password": "password", "/deviceName": "deviceName"}
    assert api.second_factor
    assert (api.second_factor.request_challenge, api.second_factor.request_code) == ("/challengeId", "/code")
    personal = api.personal_access_tokens
    assert personal
    assert (personal.create.name, personal.kind.scheme.parameter) == ("POST /api/v1/api-keys", "X-API-Key")
    assert (personal.items, personal.response_token, personal.record["id"]) == ("/items", "/key", "/id")
    assert any("entries:read" in remark for remark in guessed_from("nest_cookies").remarks)


def test_a_document_that_secures_nothing(tmp_path: Path) -> None:
    contract = contract_of("unsecured", tmp_path)
    assert [operation.name for operation in contract.protected_operations] == ["GET /notes"]
    assert {"access token at", "access token lives"} <= open_labels(guessed_from("unsecured"))


def test_an_api_of_keys_alone_has_no_login(tmp_path: Path) -> None:
    guessed = guessed_from("api_key_only")
    assert not guessed.has_login
    assert any("No operation looks like a login" in remark for remark in guessed.remarks)
    with pytest.raises(ContractError) as caught:
        contract_of("api_key_only", tmp_path)
    (problem,) = caught.value.problems
    assert problem.source == str(tmp_path / "overlay.yaml")
    assert "FILL-IN" in (tmp_path / "overlay.yaml").read_text("utf-8").splitlines()[(problem.line or 0) - 1]


@pytest.mark.parametrize("name", sorted(path.stem for path in DOCUMENTS.glob("*.yaml")))
def test_every_guess_says_what_it_was_taken_from(name: str) -> None:
    guessed = guessed_from(name)
    text = overlay_text(guessed, name)
    found = [guess for guess in guesses_of(guessed.extension) if guess.value != 1 or guess.source]
    assert all(guess.source for guess in found)
    assert text.count("  # ") >= len(found)
