"""Requirements, scripts and checks of a project's own, from Python files that its profile names."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from authproof.checks import Check
from authproof.profile import ProfileError
from authproof.scripts import SCRIPTS, ScriptFunction
from authproof_spec.catalogue import Catalogue, Level, Requirement, Source, load_catalogue


@dataclass(frozen=True, slots=True)
class NamedScript:
    """A script of a project's own, and the name by which checks read it."""

    name: str
    function: ScriptFunction


def requirement(identifier: str, statement: str, *, level: str = "MUST", source: str = "this project's own rule", test: str = "") -> Requirement:
    """A requirement of a project's own. `identifier` is an area and a number, such as `SHOP-01`; `level` is MUST, SHOULD or MAY."""
    area = identifier.rpartition("-")[0] or identifier
    return Requirement(identifier, area, statement, Level(level), (Source(source, source, None, None, None),), (), test)


def script(name: str) -> Callable[[ScriptFunction], NamedScript]:
    """Make a generator function of probes, `(lab, application)`, the script `name`."""
    return lambda function: NamedScript(name, function)


@dataclass(frozen=True, slots=True)
class Extensions:
    """What a project adds to a run."""

    requirements: tuple[Requirement, ...] = ()
    checks: tuple[Check, ...] = ()
    scripts: Mapping[str, ScriptFunction] = field(default_factory=dict)

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue of this release with the project's requirements behind it."""
        own = load_catalogue()
        areas = {one.area: f"Of this project: {one.area}" for one in self.requirements}
        return Catalogue({**areas, **own.areas}, [*own.values(), *self.requirements]) if self.requirements else own


NO_EXTENSIONS = Extensions()


def load_extensions(paths: Iterable[Path]) -> Extensions:
    """What the files at `paths` define: every requirement, script and check at their top level. Raises ProfileError."""
    found: list[object] = []
    for path in paths:
        found += vars(_module(path)).values()
    requirements = {id(value): value for value in found if isinstance(value, Requirement)}
    checks = {id(value): value for value in found if isinstance(value, Check)}
    scripts = {value.name: value.function for value in found if isinstance(value, NamedScript)}
    extensions = Extensions(tuple(requirements.values()), tuple(checks.values()), scripts)
    _refuse_clashes(extensions)
    return extensions


def _module(path: Path) -> ModuleType:
    place = importlib.util.spec_from_file_location(f"authproof_extension_{path.stem}", path)
    if place is None or place.loader is None:
        raise ProfileError(f"checks: {path} is no Python file. Mend: name a file that ends in .py.")
    module = importlib.util.module_from_spec(place)
    try:
        place.loader.exec_module(module)
    except FileNotFoundError as error:
        raise ProfileError(f"checks: there is no file {path}. Mend: give a path from the profile's folder.") from error
    except Exception as error:
        raise ProfileError(f"checks: {path} cannot be loaded: {type(error).__name__}: {error}. Mend: correct it there.") from error
    return module


def _refuse_clashes(extensions: Extensions) -> None:
    known = load_catalogue()
    for own in extensions.requirements:
        if own.id in known or own.area in known.areas:
            raise ProfileError(f"checks: {own.id} is an id of authproof's own area {own.area}. Mend: choose an area of your own.")
    for name in extensions.scripts:
        if name in SCRIPTS:
            raise ProfileError(f"checks: there is a script {name!r} already. Mend: choose another name.")
    for own_check in extensions.checks:
        if own_check.requirement not in extensions.catalogue:
            mend = "define it in the same file with requirement()"
            raise ProfileError(f"checks: {own_check.demand} names {own_check.requirement}, which is no requirement. Mend: {mend}.")
        for name in own_check.scripts:
            if name not in {*SCRIPTS, *extensions.scripts, "*"}:
                raise ProfileError(f"checks: {own_check.demand} reads {name!r}, which is no script. Mend: name one of yours or of authproof.scripts.")
