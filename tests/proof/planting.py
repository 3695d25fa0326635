"""Puts a mutant in the place of the code that it was made from, in a process that has long imported it: by everybody, under many names.

Tests and checks hold functions, checks and constants of the judging modules, so these stay the same objects and become others inside.
"""

from __future__ import annotations

import ast
import functools
import gc
import importlib
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from authproof.checks import CHECKS, Check
from tests.proof.mutants import Mutant

PACKAGE = Path(sys.modules["authproof"].__path__[0])
_PURE = ("evidence", "reading", "verdict", "tokens", "standing", "conformity", "waivers", "classes")
_NO_JUDGES = {"__init__", "untested"}
JUDGES = tuple(
    [f"authproof.{name}" for name in _PURE]
    + [f"authproof.checks.{path.stem}" for path in sorted((PACKAGE / "checks").glob("*.py")) if path.stem not in _NO_JUDGES]
)
"""The modules that judge."""


@functools.cache
def path_of(module: str) -> Path:
    """The file of a judging module."""
    return PACKAGE.joinpath(*module.split(".")[1:]).with_suffix(".py")


def tree_of(module: str) -> ast.Module:
    """The syntax of a judging module."""
    return ast.parse(path_of(module).read_text("utf-8"))


def plant(mutant: Mutant, tree: ast.Module) -> None:
    """Put `mutant` of `tree`, the syntax of its module, in place. What cannot be imported any more raises what its import raises."""
    mutant.plant()
    code = compile(tree, str(path_of(mutant.module)), "exec")
    if mutant.at_import or any(maker in mutant.module for maker in _MAKERS):
        _import_again(mutant.module, code)
        for module in _importers(mutant.module):
            _import_again(module, compile(tree_of(module), str(path_of(module)), "exec"))
    else:
        _swap(code)


_MAKERS = ("authproof.checks.registry", "authproof.checks.refusals")
"""Modules whose functions are called by others when these are imported."""


@functools.cache
def living() -> Mapping[tuple[str, str, int], Sequence[FunctionType]]:
    """Every living function of the judging modules. It takes a walk through the whole memory, so it is made once, before any mutant."""
    files = {str(path_of(module)) for module in JUDGES}
    found: defaultdict[tuple[str, str, int], list[FunctionType]] = defaultdict(list)
    for each in gc.get_objects():
        if type(each) is FunctionType and each.__code__.co_filename in files:
            found[_key(each.__code__)].append(each)
    return found


def _swap(module: CodeType) -> None:
    """Give every living function of the module its new code."""
    for code in _inner(module):
        for function in living().get(_key(code), []):
            if function.__code__ != code:
                _become(function, code)


def _become(function: FunctionType, code: CodeType) -> None:
    if function.__code__.co_freevars == code.co_freevars:
        function.__code__ = code
        return
    # A closure has another number of cells now, so that another function must take its place; only judging functions of checks are closures.
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    other = FunctionType(code, function.__globals__, function.__name__, function.__defaults__, tuple(cells[name] for name in code.co_freevars))
    for check in CHECKS:
        if check.judge is function:
            object.__setattr__(check, "judge", other)


def _inner(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _inner(constant)


def _key(code: CodeType) -> tuple[str, str, int]:
    """What tells two functions of one place apart: the name, the line, and the column for those of one line."""
    columns = [column for _, _, column, _ in code.co_positions() if column]
    return code.co_filename, f"{code.co_qualname}:{min(columns, default=0) if code.co_name == '<lambda>' else ''}", code.co_firstlineno


def _import_again(name: str, code: CodeType) -> None:
    """Carry the module out once more, and make everything that it defined before what it defines now."""
    module = sys.modules[name]
    fresh = ModuleType(name)
    fresh.__dict__.update({"__file__": module.__file__, "__package__": module.__package__, "__name__": name})
    exec(code, fresh.__dict__)  # it is our own code, but for one change
    _take_over(vars(module), vars(fresh), name)


def _take_over(old: dict[str, Any], new: Mapping[str, Any], module: str) -> None:
    for name, value in new.items():
        before = old.get(name)
        if before is value or name.startswith("__"):
            continue
        if isinstance(before, FunctionType) and isinstance(value, FunctionType):
            if value.__module__ == module:
                _become_wholly(before, value)
        elif isinstance(before, Check) and isinstance(value, Check):
            for field in Check.__slots__:
                object.__setattr__(before, field, getattr(value, field))
        elif isinstance(before, type) and isinstance(value, type):
            if value.__module__ == module:
                for one, other in zip(_methods(before), _methods(value), strict=True):
                    _become_wholly(one, other)
        elif name in old and type(before) is type(value):
            _replace_everywhere(name, before, value)
        else:
            old[name] = value


def _methods(cls: type) -> Sequence[FunctionType]:
    """Methods, what properties call, and what dataclasses generate."""
    members = [(member, getattr(member, "fget", None), getattr(member, "func", None)) for member in vars(cls).values()]
    return [function for found in members for function in found if isinstance(function, FunctionType)]


def _become_wholly(before: FunctionType, value: FunctionType) -> None:
    _become(before, value.__code__)
    before.__defaults__, before.__kwdefaults__ = value.__defaults__, value.__kwdefaults__
    for cell, other in zip(before.__closure__ or (), value.__closure__ or (), strict=True):
        # The class in a method's cell stays: everybody else has it too.
        if not isinstance(other.cell_contents, type):
            cell.cell_contents = other.cell_contents


def _replace_everywhere(name: str, before: object, value: object) -> None:
    """A constant that other modules imported is theirs too."""
    for module in list(sys.modules.values()):
        names = getattr(module, "__dict__", {})
        if name in names and names[name] is before:
            names[name] = value


@functools.cache
def _importers(module: str) -> tuple[str, ...]:
    """The judging modules that import `module`, at once or through others, each after those that it imports."""
    uses = {judge: {node.module for node in ast.walk(tree_of(judge)) if isinstance(node, ast.ImportFrom)} for judge in JUDGES}
    tainted, ordered = {module}, []
    changed = True
    while changed:
        changed = False
        for judge, used in uses.items():
            if judge not in tainted and used & tainted:
                tainted.add(judge)
                changed = True
    waiting = [judge for judge in JUDGES if judge in tainted and judge != module]
    while waiting:
        for judge in waiting:
            if not uses[judge] & set(waiting) - {judge}:
                ordered.append(judge)
                waiting.remove(judge)
                break
    return tuple(ordered)


for _name in JUDGES:
    importlib.import_module(_name)
