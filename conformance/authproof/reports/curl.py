"""A request as a curl command, with the secrets as shell variables."""

from __future__ import annotations

import re
from collections.abc import Mapping

from authproof.exchange import Request, header_value, plain_url
from authproof_spec.contract import FORM

_DULL = {"user-agent", "accept", "accept-encoding"}
_VARIABLE = re.compile(r"\$\{[A-Z][A-Z0-9_]*\}")


def curl(request: Request, base_url: str) -> str:
    """One line that sends `request` again. It is redacted, so its secrets are variables for the shell to fill in."""
    words = ["curl", "-i", "--path-as-is"]
    base_url = plain_url(base_url) if request.plain else base_url
    if request.method == "HEAD":
        words.append("-I")
    elif request.method != "GET" or request.body is not None:
        words += ["-X", quoted(request.method) if not request.method.isalpha() else request.method]
    for name, value in request.headers:
        if name.lower() not in _DULL:
            # curl takes `Name:` for an order to leave the field out.
            words += ["-H", quoted(f"{name}: {value}" if value else f"{name};")]
    if request.body is not None:
        words += _body_words(request, request.body.decode("utf-8", "replace"))
    if not request.target.startswith("/"):
        return " ".join([*words, "--request-target", quoted(request.target), quoted(base_url)])
    return " ".join([*words, quoted(base_url + request.target)])


def _body_words(request: Request, text: str) -> list[str]:
    """The options for the body. The value of a variable in a form is still to be encoded, which is left to curl."""
    if isinstance(request.content, Mapping) and _VARIABLE.search(text) and (header_value(request.headers, "content-type") or "").startswith(FORM):
        return [word for name, value in request.content.items() for word in ("--data-urlencode", quoted(f"{name}={value}"))]
    return ["--data-raw", quoted(text)]


def quoted(text: str) -> str:
    """`text` as one word for a POSIX shell, in which `${NAME_1}` still stands for the variable, and all of which can be printed."""
    position, parts = 0, []
    for variable in _VARIABLE.finditer(text):
        parts += [_literal(text[position : variable.start()]), variable.group()]
        position = variable.end()
    parts.append(_literal(text[position:]))
    return '"' + "".join(parts) + '"'


def _literal(text: str) -> str:
    return "".join(_letter(letter) for letter in text)


def _letter(letter: str) -> str:
    if letter in '\\"`$':
        return "\\" + letter
    if letter.isprintable():
        return letter
    # Out of the double quotes, into quotes that know escapes (POSIX.1-2024 section 2.2.4), and back.
    octets = "".join(f"\\x{octet:02x}" for octet in letter.encode("utf-8", "replace"))
    return f"\"$'{octets}'\""
