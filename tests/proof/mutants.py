"""Small mistakes for judging code, each one change of its syntax tree. What is said of a verdict is left as it is: wording judges nothing."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

_SAYING = {"met", "broken", "weak", "undecided", "untestable", "NotObserved", "say"}
"""Calls whose arguments are a text and the exchanges that are shown with it."""
_VERDICTS = {
    "met": ("broken",),
    "broken": ("met",),
    "weak": ("met", "broken"),
    "undecided": ("met", "broken"),
    "untestable": ("met", "undecided"),
    "PASS": ("FAIL",),
    "FAIL": ("PASS",),
    "WARN": ("FAIL", "PASS"),
    "INCONCLUSIVE": ("PASS",),
    "SKIP": ("PASS",),
    "ERROR": ("PASS",),
}
_MAKERS = {"check": 1, "refusal": 2}
"""What makes a check, and how many of its first arguments are names alone."""
_SWAPPED_NAMES = {"any": "all", "all": "any", "min": "max", "max": "min"}
_SWAPPED_METHODS = {"startswith": "endswith", "endswith": "startswith", "removeprefix": "removesuffix", "removesuffix": "removeprefix"}
_DROPPED_METHODS = {"lower", "upper", "casefold", "strip", "lstrip", "rstrip"}
_SWAPPED_OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_EQUALITIES = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Is, ast.IsNot)
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: in `field` of `node` (at `index` where that is a list) stands `replacement` instead; None: nothing.

    module: its name. place: the qualified name of the function or class, or the name that is assigned, in which it stands.
    old, new: the changed piece of source, before and after. lines: of its statement, the first and the last.
    at_import: it is carried out when the module is imported.
    """

    module: str
    place: str
    old: str
    new: str
    lines: tuple[int, int]
    at_import: bool
    node: ast.AST
    field: str
    index: int | None
    replacement: ast.AST | None

    @property
    def name(self) -> str:
        """What it is called: it stays the same when lines move."""
        return f"{self.module.removeprefix('authproof.')} {self.place}: `{self.old}` → `{self.new}`"

    def plant(self) -> None:
        """Make the change in the tree."""
        if self.index is None:
            setattr(self.node, self.field, self.replacement)
        elif self.replacement is None:
            del getattr(self.node, self.field)[self.index]
        else:
            getattr(self.node, self.field)[self.index] = self.replacement


def mutants_of(module: str, tree: ast.Module) -> Iterator[Mutant]:
    """Every mutant of `module`, whose syntax is `tree`; of several that are called alike, all but the first are told apart by a number."""
    alike: Counter[str] = Counter()
    for mutant in _Walk(module).statements(tree, "body"):
        alike[mutant.name] += 1
        number = alike[mutant.name]
        yield mutant if number == 1 else replace(mutant, new=f"{mutant.new} ({number})")


@dataclass(slots=True)
class _Walk:
    """Where a walk through a tree is."""

    module: str
    place: str = ""
    at_import: bool = True
    lines: tuple[int, int] = (0, 0)

    def statements(self, node: ast.AST, field: str) -> Iterator[Mutant]:
        """Mutants of the statements in `field` of `node`."""
        for index, statement in enumerate(getattr(node, field, [])):
            before = self.place, self.at_import, self.lines
            yield from self._statement(statement, node, field, index)
            self.place, self.at_import, self.lines = before

    def _statement(self, statement: ast.stmt, node: ast.AST, field: str, index: int) -> Iterator[Mutant]:
        first_of_body = next(iter(getattr(statement, "body", [])), None)
        last = statement.end_lineno or statement.lineno
        self.lines = statement.lineno, max(statement.lineno, first_of_body.lineno - 1) if first_of_body else last
        match statement:
            case ast.FunctionDef():
                yield from self._function(statement)
                return
            case ast.ClassDef():
                self.place = f"{self.place}.{statement.name}".lstrip(".")
                if not any(isinstance(base, ast.Name) and base.id.endswith("Enum") for base in statement.bases):
                    yield from self.statements(statement, "body")
                return
            case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
                return
            case ast.AnnAssign() | ast.Assign():
                target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
                if self.at_import:
                    self.place = f"{self.place}.{ast.unparse(target)}".lstrip(".")
                if statement.value and not (self.at_import and ast.unparse(target) == "__all__"):
                    yield from self._expression(statement.value, statement, "value", None)
                return
            case ast.Return() | ast.Raise() | ast.Continue() | ast.Break() if not isinstance(node, ast.FunctionDef):
                yield self._mutant(statement, ast.Pass(), node, field, index)
            case ast.Expr() | ast.AugAssign() if not isinstance(statement, ast.Expr) or isinstance(statement.value, ast.Call):
                yield self._mutant(statement, ast.Pass(), node, field, index)
        yield from self._parts(statement)
        for block in ("body", "orelse", "finalbody"):
            yield from self.statements(statement, block)
        for handler in getattr(statement, "handlers", []):
            yield from self.statements(handler, "body")

    def _function(self, function: ast.FunctionDef) -> Iterator[Mutant]:
        self.place = f"{self.place}.{function.name}".lstrip(".")
        for index, decorator in enumerate(function.decorator_list):
            yield from self._expression(decorator, function, "decorator_list", index)
        for field in ("defaults", "kw_defaults"):
            for index, default in enumerate(getattr(function.args, field)):
                if default:
                    yield from self._expression(default, function.args, field, index)
        self.at_import = False
        yield from self.statements(function, "body")

    def _parts(self, node: ast.AST) -> Iterator[Mutant]:
        """Mutants of the expressions right below `node`."""
        for field, value in ast.iter_fields(node):
            if field in {"annotation", "returns", "ctx", "op", "ops", "body", "orelse", "finalbody", "handlers"} and isinstance(node, ast.stmt):
                continue
            for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(child, ast.expr | ast.comprehension | ast.keyword):
                    yield from self._expression(child, node, field, index)
                elif isinstance(child, ast.withitem):
                    yield from self._expression(child.context_expr, child, "context_expr", None)

    def _expression(self, part: ast.AST, node: ast.AST, field: str, index: int | None) -> Iterator[Mutant]:
        for replacement in _replacements(part):
            yield self._mutant(part, replacement, node, field, index)
        if _is_condition(node, field) and _is_worth_negating(part):
            yield self._mutant(part, ast.UnaryOp(ast.Not(), cast("ast.expr", part)), node, field, index)
        match part:
            case ast.JoinedStr() if _is_wording(part):
                return
            case ast.Call(func=ast.Name(id=name)) if name in _SAYING:
                if name in _VERDICTS:
                    yield from self._swapped(part)
                return
            case ast.Call(func=ast.Name(id="Judgement")):
                yield from self._expression(part.args[0], part, "args", 0)
                return
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(separator)), attr="join")) if " " in separator:
                return
            case ast.Set() | ast.Tuple() if len(part.elts) > 1 and all(isinstance(entry, ast.Constant) for entry in part.elts):
                # Another constant in place of one would be no more than that one left out.
                yield from (self._mutant(part, None, part, "elts", place) for place, entry in enumerate(part.elts) if not _is_text(entry))
                return
            case ast.Call(func=ast.Name(id=name)) if name in _MAKERS and self.at_import:
                # What a check is called is no judgement, and what it is asked about has no default.
                for place, keyword in enumerate(part.keywords):
                    yield from self._expression(keyword, part, "keywords", place)
                for place, argument in enumerate(part.args[_MAKERS[name] :], _MAKERS[name]):
                    yield from self._expression(argument, part, "args", place)
                return
            case ast.Call():
                for place, keyword in enumerate(part.keywords):
                    if keyword.arg and not _is_text(keyword.value):
                        yield self._mutant(part, None, part, "keywords", place)
        yield from self._parts(part)

    def _swapped(self, call: ast.Call) -> Iterator[Mutant]:
        name = call.func
        if isinstance(name, ast.Name):
            for other in _VERDICTS[name.id]:
                yield self._mutant(name, ast.Name(other, ast.Load()), call, "func", None, shown=ast.unparse(call))

    def _mutant(self, part: ast.AST, replacement: ast.AST | None, node: ast.AST, field: str, index: int | None, shown: str | None = None) -> Mutant:
        """The mutant, whose names are the source of `part` and of what becomes of it."""
        if replacement is None:
            removed = getattr(node, field)[index]
            old, new = ast.unparse(part), f"without {ast.unparse(removed)}"
        elif shown:
            old, new = shown, f"{ast.unparse(replacement)}(…)"
        else:
            ast.copy_location(replacement, part)
            old, new = ast.unparse(part), ast.unparse(replacement)
        located = ast.fix_missing_locations(ast.copy_location(replacement, part)) if replacement else None
        return Mutant(self.module, self.place, _short(old), _short(new), self.lines, self.at_import, node, field, index, located)


def _short(source: str) -> str:
    line = " ".join(source.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def _replacements(part: ast.AST) -> Iterator[ast.AST]:
    """What may stand in place of `part` itself."""
    match part:
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield ast.Constant(value + 1)
        case ast.Constant(value=str(value)) if value and not _is_text(part):
            yield ast.Constant(f"XX{value}XX")
        case ast.Compare(ops=operators):
            for index, operator in enumerate(operators):
                yield ast.Compare(part.left, [*operators[:index], *_swap(operator), *operators[index + 1 :]], part.comparators)
        case ast.BoolOp(op=operator):
            yield ast.BoolOp(_swap(operator)[0], part.values)
        case ast.BinOp(op=operator) if type(operator) in _SWAPPED_OPERATORS:
            yield ast.BinOp(part.left, _swap(operator)[0], part.right)
        case ast.UnaryOp(op=ast.Not()):
            yield part.operand
        case ast.Name(id=name, ctx=ast.Load()) if name in _SWAPPED_NAMES:
            yield ast.Name(_SWAPPED_NAMES[name], ast.Load())
        case ast.Name(id=name, ctx=ast.Load()) if name in {"met", "broken", "weak", "undecided", "untestable"}:
            yield from (ast.Name(other, ast.Load()) for other in _VERDICTS[name])
        case ast.Attribute(value=ast.Name(id="Verdict"), attr=name) if name in _VERDICTS:
            yield from (ast.Attribute(part.value, other, ast.Load()) for other in _VERDICTS[name])
        case ast.Call(func=ast.Attribute(attr=name) as method) if name in _SWAPPED_METHODS:
            yield ast.Call(ast.Attribute(method.value, _SWAPPED_METHODS[name], ast.Load()), part.args, part.keywords)
        case ast.Call(func=ast.Attribute(attr=name) as method) if name in _DROPPED_METHODS:
            yield method.value


def _swap(operator: Any) -> Sequence[Any]:
    return [_SWAPPED_OPERATORS[type(operator)]()]


def _is_condition(node: ast.AST, field: str) -> bool:
    return (field == "test" and isinstance(node, ast.If | ast.IfExp | ast.While)) or (field == "ifs" and isinstance(node, ast.comprehension))


def _is_worth_negating(test: ast.AST) -> bool:
    """False where a swapped operator is the same change."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return False
    return not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], _EQUALITIES))


def _is_text(part: ast.AST) -> bool:
    """True for what is written for people: it has a space."""
    return (isinstance(part, ast.Constant) and isinstance(part.value, str) and " " in part.value) or (
        isinstance(part, ast.JoinedStr) and _is_wording(part)
    )


def _is_wording(text: ast.JoinedStr) -> bool:
    return any(isinstance(value, ast.Constant) and " " in str(value.value) for value in text.values)
