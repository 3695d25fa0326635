"""What a fault is, and how a class becomes one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import partial

from authproof_mock.parts import Parts


@dataclass(frozen=True, slots=True)
class Fault:
    """One deliberate mistake of the mock.

    name: what goes wrong, in kebab-case.
    harm: what an attacker or a user gets of it, in one sentence.
    reference: a source or an example of the requirement, by its citation or CVE number.
    breaks: the id of the requirement that it breaks.
    also: the ids of those that cannot be met either, because they ask for the same thing or for more.
    parts: puts the mistake in the place of what is right.
    algorithm: the one of the contract's tokens under which alone the mistake shows; None: it shows under any.
    design: the name of an example design (examples/designs), for what the bundled contract has no occasion to do wrong; None: it has.
    """

    name: str
    harm: str
    reference: str
    breaks: str
    also: tuple[str, ...]
    parts: Callable[[Parts], Parts]
    algorithm: str | None = None
    design: str | None = None

    @property
    def needs(self) -> str:
        """Of what kind the contract has to be for the mistake to show; empty when the bundled one will do."""
        if self.design:
            return f"a contract such as examples/designs/{self.design}.yaml"
        return f"tokens signed by {self.algorithm}" if self.algorithm else ""


def fault(
    name: str, *, breaks: str, reference: str, harm: str, also: tuple[str, ...] = (), algorithm: str | None = None, design: str | None = None
) -> Callable[..., Fault]:
    """Make of one component's subclass, or of several components' subclasses, the fault `name`."""
    return lambda *components: Fault(name, harm, reference, breaks, also, partial(_with, components), algorithm, design)


def _with(components: tuple[type, ...], parts: Parts) -> Parts:
    """`parts` with each of `components` on top of the part that it is a kind of, so that faults add up."""
    for component in components:
        place = next(field.name for field in fields(Parts) if issubclass(component, getattr(Parts(), field.name)))
        below = getattr(parts, place)
        parts = replace(parts, **{place: type(component.__name__, (component, below), {})})
    return parts
