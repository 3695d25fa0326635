"""A request as a curl command, with the secrets as shell variables."""

from __future__ import annotations

from authproof.exchange import Request


def curl(request: Request, base_url: str) -> str:
    """One line that sends `request` again. It is redacted, so its secrets are variables for the shell to fill in."""
    words = ["curl", "-i", "--path-as-is"]
    if request.method == "HEAD":
        words.append("-I")
    elif request.method != "GET" or request.body is not None:
        words += ["-X", request.method]
    for name, value in request.headers:
        if name.lower() not in {"user-agent", "accept", "accept-encoding"}:
            words += ["-H", quoted(f"{name}: {value}")]
    if request.body is not None:
        words += ["--data-raw", quoted(request.body.decode("utf-8", "replace"))]
    return " ".join([*words, quoted(base_url + request.target)])


def quoted(text: str) -> str:
    """`text` in double quotes for a POSIX shell, in which `${NAME_1}` still stands for the variable."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("`", "\\`")
    parts = escaped.split("$")
    # Only a variable of the vault is left to the shell; any other dollar is itself.
    return '"' + parts[0] + "".join(("$" if part.startswith("{") else "\\$") + part for part in parts[1:]) + '"'
