"""`authproof mock`: a server that obeys the contract."""

from __future__ import annotations

import re
from pathlib import Path

import click

from authproof.problem import UsageProblem

_ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?", re.IGNORECASE)


def _checked_origins(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not _ORIGIN.fullmatch(value):
            raise UsageProblem(f"{value!r} is no origin. Mend: give scheme, host and port alone, such as http://localhost:5173.")
    return values


@click.command("mock")
@click.option("--contract", metavar="FILE_OR_URL", help="The OpenAPI document to obey; the bundled one when left out.")
@click.option("--overlay", "overlays", multiple=True, metavar="FILE_OR_URL", help="An OpenAPI Overlay for the document; may be repeated.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.option("--seed", type=click.Path(path_type=Path), metavar="FILE", help="Accounts to start with, in YAML or TOML.")
@click.option("--cors-origin", "origins", multiple=True, callback=_checked_origins, metavar="ORIGIN", help="Let this web page call; may be repeated.")
@click.option(
    "--control/--no-control", default=None, help="Serve the control API, which asks for no credentials.  [default: on loopback addresses only]"
)
@click.option("--control-prefix", metavar="PATH", help="Where the control API is; implies --control.  [default: /_control]")
@click.option("--fault", "faults", multiple=True, metavar="NAME", help="Do this wrong on purpose; `authproof faults` lists them. May be repeated.")
@click.option("--tls", is_flag=True, help="Serve https, with a new certificate.")
@click.option(
    "--tls-ca",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where to write the certificate to trust; implies --tls.  [default: authproof-ca.pem]",
)
@click.option(
    "--log-level",
    type=click.Choice(["critical", "error", "warning", "info", "debug"]),
    default="warning",
    show_default=True,
    help="What to log on standard error; from `info` on, each call.",
)
def command(
    contract: str | None,
    overlays: tuple[str, ...],
    host: str,
    port: int,
    seed: Path | None,
    origins: tuple[str, ...],
    faults: tuple[str, ...],
    control_prefix: str | None,
    *,
    control: bool | None,
    tls: bool,
    tls_ca: Path | None,
    log_level: str,
) -> None:
    """Serve a mock that obeys the contract, until Ctrl-C or SIGTERM.

    \b
    Exit codes:
      0  stopped by Ctrl-C or SIGTERM
      2  an option, the document, the seed, a fault or the address cannot be used
    """  # noqa: D301  # a backspace is how click is told to leave the paragraph alone
    from authproof_mock.app import app_of
    from authproof_mock.backend import Backend
    from authproof_mock.control_api import PREFIX, PrefixError
    from authproof_mock.faults import UnknownFaultError, all_faults, parts_with
    from authproof_mock.made_accounts import seed_for
    from authproof_mock.seed import SeedError
    from authproof_mock.server import AddressError, is_loopback, serve
    from authproof_mock.start_text import start_text
    from authproof_spec import ContractError, load_contract

    try:
        read = load_contract(contract, overlays, complete=True)
        accounts = seed_for(read, seed)
        parts = parts_with(faults)
    except (ContractError, SeedError, UnknownFaultError) as error:
        raise UsageProblem(str(error)) from error
    if control is None:
        control = control_prefix is not None or is_loopback(host)
    prefix = (PREFIX if control_prefix is None else control_prefix) if control else None
    backend = Backend(read, seed=accounts, cors_origins=origins, parts=parts)
    try:
        app = app_of(backend, control_prefix=prefix)
    except PrefixError as error:
        raise UsageProblem(f"{error} The options are --control-prefix and --no-control.") from error
    authority = tls_ca or (Path("authproof-ca.pem") if tls else None)
    secure = None
    if authority:
        secure = parts.certificates().tls(host)
        try:
            authority.write_bytes(secure.authority)
        except OSError as error:
            raise UsageProblem(f"{authority}: The certificate cannot be written: {error.strerror}. Mend: give another file by --tls-ca.") from error

    def started(url: str) -> None:
        click.echo(start_text(read, accounts, url, authority=authority, control_prefix=prefix), nl=False)
        if faults:
            shown = {name: f" (it shows under {needs})" if (needs := all_faults()[name].needs) else "" for name in faults}
            click.echo(f"Wrong on purpose: {', '.join(name + where for name, where in shown.items())}.")

    try:
        serve(app, host, port, tls=secure, log_level=log_level, clock=backend.clock, started=started)
    except AddressError as error:
        raise UsageProblem(str(error)) from error
