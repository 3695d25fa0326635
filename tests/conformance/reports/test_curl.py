"""The curl line: a shell reads from it what was sent."""

from __future__ import annotations

import subprocess

import pytest

from authproof.exchange import Request
from authproof.reports.curl import curl, quoted


@pytest.mark.parametrize(
    "text", ["plain", 'a "b" c', "back\\slash", "`id`", "$(id) $HOME ${home} ${}", "tab\tline\nend", "\x1b[31m", "é ☃", "\u202e", "'", "!x", ""]
)
def test_a_shell_reads_the_text_and_nothing_more(text: str) -> None:
    word = quoted(text)
    assert word.isprintable()
    read = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True)
    assert read.stdout.decode("utf-8") == text


def test_a_secret_is_a_variable_of_the_shell() -> None:
    read = subprocess.run(["bash", "-c", f"T_1=x; printf %s {quoted('Bearer ${T_1} $5')}"], capture_output=True, check=True)
    assert read.stdout == b"Bearer x $5"


@pytest.mark.parametrize(
    ("request_", "line"),
    [
        (Request("GET", "/a"), 'curl -i --path-as-is "http://h/a"'),
        (Request("HEAD", "/a"), 'curl -i --path-as-is -I "http://h/a"'),
        (Request("DELETE", "/a", (("User-Agent", "x"), ("X-Empty", ""))), 'curl -i --path-as-is -X DELETE -H "X-Empty;" "http://h/a"'),
        (Request("POST", "/a", (), b"{}"), 'curl -i --path-as-is -X POST --data-raw "{}" "http://h/a"'),
        (
            Request("POST", "/a", (("Content-Type", "application/x-www-form-urlencoded"),), b"who=a%40b&secret=${T_1}"),
            (
                'curl -i --path-as-is -X POST -H "Content-Type: application/x-www-form-urlencoded" '
                '--data-urlencode "who=a@b" --data-urlencode "secret=${T_1}" "http://h/a"'
            ),
        ),
        (Request("GET", "http://other/a"), 'curl -i --path-as-is --request-target "http://other/a" "http://h"'),
    ],
)
def test_the_line(request_: Request, line: str) -> None:
    assert curl(request_, "http://h") == line
