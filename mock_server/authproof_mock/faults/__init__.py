"""Deliberate faults: each makes the mock break one requirement, as servers in the wild do. The mock without them knows nothing of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from authproof_mock.faults.fault import Fault
from authproof_mock.parts import Parts

from . import (
    bearer,
    cookie,
    cors,
    creations,
    document,
    errors,
    forged_tokens,
    isolation,
    jwt,
    login,
    logout,
    minted_tokens,
    permissions,
    personal_tokens,
    refresh,
    refresh_token,
    second_factor,
    surface,
    token_use,
    transport,
)

__all__ = ["Fault", "UnknownFaultError", "all_faults", "parts_with"]

_MODULES = (
    bearer,
    surface,
    jwt,
    forged_tokens,
    minted_tokens,
    cookie,
    login,
    second_factor,
    refresh,
    refresh_token,
    logout,
    permissions,
    personal_tokens,
    token_use,
    creations,
    isolation,
    cors,
    transport,
    errors,
    document,
)


class UnknownFaultError(Exception):
    """A name that no fault has; the text names those that are like it."""


def all_faults() -> Mapping[str, Fault]:
    """Every fault by its name, in the order of the catalogue's areas."""
    return {found.name: found for module in _MODULES for found in vars(module).values() if isinstance(found, Fault)}


def parts_with(names: Iterable[str]) -> Parts:
    """The parts of a mock that has the faults `names`. Raises UnknownFaultError."""
    faults, parts = all_faults(), Parts()
    for name in names:
        if name not in faults:
            close = difflib.get_close_matches(name, faults, n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(close)}?" if close else "see the list of `authproof faults`."
            raise UnknownFaultError(f"There is no fault {name!r}. Mend: {hint}")
        parts = faults[name].parts(parts)
    return parts
