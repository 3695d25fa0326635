from __future__ import annotations

import pytest
from click.testing import CliRunner

from authproof.commands.explain import command
from authproof_spec.catalogue import load_catalogue


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("identifier", load_catalogue())
def test_everything_of_the_requirement_is_printed(identifier: str) -> None:
    result = CliRunner().invoke(command, [identifier.lower()])
    assert result.exit_code == 0
    one = load_catalogue()[identifier]
    printed = squeezed(result.output)
    for text in (one.id, one.level, one.statement, one.test, one.caution or "", *one.examples):
        assert squeezed(text) in printed
    for source in one.sources:
        assert squeezed(f"{source.citation}: {source.title}" if source.title else source.citation) in printed
        assert source.url is None or source.url in printed


def test_the_output_is_plain_and_narrow() -> None:
    output = CliRunner().invoke(command, ["JWT-18"]).output
    assert "\x1b" not in output
    assert max(len(line) for line in output.splitlines()) <= 100
    assert output.startswith("JWT-18  MUST  Form and validation of access tokens\n")
    assert "\nNeeds:    account, public key.\n" in output


def test_a_requirement_that_the_document_alone_decides_says_so() -> None:
    assert "Needs:    the document alone." in CliRunner().invoke(command, ["DOC-01"]).output


@pytest.mark.parametrize(
    ("identifier", "message"),
    [
        ("BEARRER-01", "Error: There is no requirement or area 'BEARRER-01'. Did you mean BEARER-01 or BEARER-21 or BEARER-20?\n"),
        ("jwt", "Error: 'jwt' is more than one requirement. `authproof requirements jwt` lists them.\n"),
    ],
)
def test_another_word_ends_with_exit_code_2_and_one_message(identifier: str, message: str) -> None:
    result = CliRunner().invoke(command, [identifier])
    assert result.exit_code == 2
    assert result.output == message
