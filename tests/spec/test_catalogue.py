from __future__ import annotations

import re
from collections import Counter
from importlib.resources import files
from typing import Any

import pytest

from authproof_spec.catalogue import AREAS, Level, Need, Requirement, UnknownTermError, load_catalogue
from authproof_spec.syntax import parse

CATALOGUE = load_catalogue()
FOLDER = files("authproof_spec") / "requirements"
MEMBERS = {"id", "statement", "level", "sources", "needs", "test", "caution", "examples"}


def raw(name: str) -> dict[str, Any]:
    content = parse((files("authproof_spec") / name).read_text("utf-8"))
    assert isinstance(content, dict)
    return content


def test_the_files_are_those_of_the_areas() -> None:
    assert {entry.name for entry in FOLDER.iterdir()} == {f"{area.lower()}.yaml" for area in AREAS}
    assert list(CATALOGUE.areas) == list(AREAS)


@pytest.mark.parametrize("area", AREAS)
def test_a_file_has_only_the_members_that_the_catalogue_reads(area: str) -> None:
    content = raw(f"requirements/{area.lower()}.yaml")
    assert set(content) == {"area", "title", "requirements"}
    assert content["area"] == area
    requirements = content["requirements"]
    for requirement in requirements:
        assert MEMBERS - {"caution", "examples"} <= set(requirement) <= MEMBERS, requirement["id"]
    numbers = [int(requirement["id"].removeprefix(f"{area}-")) for requirement in requirements]
    assert numbers == sorted(set(numbers))
    assert all(re.fullmatch(rf"{area}-\d\d", requirement["id"]) for requirement in requirements)


def test_no_id_and_no_statement_stands_twice() -> None:
    assert sum(len(raw(f"requirements/{area.lower()}.yaml")["requirements"]) for area in AREAS) == len(CATALOGUE)
    assert [statement for statement, times in Counter(one.statement for one in CATALOGUE.values()).items() if times > 1] == []


@pytest.mark.parametrize("one", CATALOGUE.values(), ids=lambda one: one.id)
def test_a_requirement_reads_as_one_sentence_and_says_how_it_is_tested(one: Requirement) -> None:
    assert one.statement.endswith(".")
    assert ". " not in one.statement
    assert not re.search(r"\b(MUST|SHOULD|MAY|SHALL)\b", one.statement), "the level has its own member"
    assert one.test.endswith(".")
    assert one.caution is None or one.caution.endswith(".")
    assert one.sources
    assert len(set(one.sources)) == len(one.sources)
    assert all(re.fullmatch(r"CVE-\d{4}-\d{4,}", example) for example in one.examples)
    # The contract is data: no requirement knows its paths, cookies or applications.
    assert not re.search(r"/api/|it24|\badmin application\b|\bsurvey\b", " ".join((one.statement, one.test, one.caution or "")))


def test_every_need_but_that_of_a_listener_is_used_and_an_account_is_always_written() -> None:
    used = {need for one in CATALOGUE.values() for alternatives in one.needs for need in alternatives}
    assert set(Need) - used <= {Need.LISTENER}
    assert all((Need.ACCOUNT,) in one.needs for one in CATALOGUE.values() if one.needs)
    assert all(need.meaning.endswith(".") for need in Need)


def test_alternatives_are_kept_apart_from_what_is_needed_besides() -> None:
    assert CATALOGUE["JWT-34"].needs == ((Need.ACCOUNT,), (Need.CLOCK, Need.SIGNING_KEY))
    assert CATALOGUE["DOC-01"].needs == ()


def test_the_sources_are_exactly_those_that_requirements_cite() -> None:
    cited = {(source.standard, source.section) for one in CATALOGUE.values() for source in one.sources if source.section}
    listed = {(standard, section) for standard, content in raw("sources.yaml").items() for section in content["sections"]}
    assert cited == listed


def test_citations_have_one_form() -> None:
    forms = (
        r"contract|RFC \d+(bis)? §[\d.]+|CWE-\d+|OWASP ASVS 5\.0 \d+\.\d+\.\d+|OWASP API Top 10 2023 API\d+|OpenAPI 3\.1 §.+ Object|WHATWG Fetch §.+"
    )
    wrong = {source.citation for one in CATALOGUE.values() for source in one.sources if not re.fullmatch(forms, source.citation)}
    assert wrong == set()


def test_a_source_has_its_title_and_where_certain_its_address() -> None:
    sources = {source.citation: source for one in CATALOGUE.values() for source in one.sources}
    assert sources["RFC 6750 §3.1"].title == "Error Codes"
    assert sources["RFC 6750 §3.1"].url == "https://www.rfc-editor.org/rfc/rfc6750#section-3.1"
    assert sources["CWE-306"].url == "https://cwe.mitre.org/data/definitions/306.html"
    assert sources["OWASP ASVS 5.0 9.1.1"].url is None
    assert sources["contract"].section is None
    assert {source.citation for source in sources.values() if source.title is None} == {"RFC 7797 §6", "RFC 7797 §7"}
    assert not any("{" in (source.url or "") for source in sources.values())


def test_a_requirement_without_a_standard_is_the_contracts() -> None:
    assert all(any(source.citation == "contract" for source in one.sources) for one in CATALOGUE.values() if not any(s.section for s in one.sources))


def test_the_order_is_that_of_the_areas_and_then_of_the_numbers() -> None:
    assert list(CATALOGUE) == sorted(CATALOGUE, key=lambda identifier: (AREAS.index(identifier.split("-")[0]), identifier))


@pytest.mark.parametrize(
    ("terms", "count", "ends"),
    [
        (["bearer"], 29, ["BEARER-01", "BEARER-29"]),
        (["JWT-34"], 1, ["JWT-34", "JWT-34"]),
        (["jwt-3"], 10, ["JWT-30", "JWT-39"]),
        (["LOG"], 30, ["LOGIN-01", "LOGOUT-10"]),
        (["pat-02", "BEARER-01", "PAT-0"], 10, ["BEARER-01", "PAT-09"]),
        ([], 0, []),
    ],
)
def test_select_takes_areas_ids_and_their_beginnings_in_any_case(terms: list[str], count: int, ends: list[str]) -> None:
    chosen = [one.id for one in CATALOGUE.select(terms)]
    assert len(chosen) == count
    assert chosen[:1] + chosen[-1:] == ends


@pytest.mark.parametrize(("term", "nearest"), [("BEARRER-01", "BEARER-01"), ("jwt-99", "JWT-49"), ("cokie", "COOKIE")])
def test_select_names_what_is_most_like_an_unknown_term(term: str, nearest: str) -> None:
    with pytest.raises(UnknownTermError) as caught:
        CATALOGUE.select(["JWT-01", term])
    assert caught.value.term == term
    assert nearest in caught.value.nearest
    assert nearest in str(caught.value)
    assert repr(term) in str(caught.value)


@pytest.mark.parametrize("term", ["", "-", "§§§", "x" * 1000])
def test_select_names_the_areas_when_nothing_is_alike(term: str) -> None:
    with pytest.raises(UnknownTermError, match="The areas are BEARER, JWT"):
        CATALOGUE.select([term])


def test_the_catalogue_is_read_once_and_is_a_mapping() -> None:
    assert load_catalogue() is CATALOGUE
    assert CATALOGUE["MFA-11"].level is Level.MUST
    assert CATALOGUE.get("MFA-99") is None
    assert "MFA-11" in CATALOGUE
