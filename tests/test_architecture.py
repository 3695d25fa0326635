"""Who may import whom: the document's package knows nobody, and the mock and the suite never meet but in one place."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {
    "authproof_spec": ROOT / "spec/authproof_spec",
    "authproof_mock": ROOT / "mock_server/authproof_mock",
    "authproof": ROOT / "conformance/authproof",
}
ALLOWED = {"authproof_spec": set(), "authproof_mock": {"authproof_spec"}, "authproof": {"authproof_spec"}}
# The command line starts the mock: these modules are imported by it alone, and only when it is asked to.
STARTERS = {"authproof.embedded", "authproof.commands.mock", "authproof.commands.faults"}


def modules(package: str) -> dict[str, Path]:
    folder = PACKAGES[package]
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, *, lazy: bool = True) -> set[str]:
    """The modules that `path` imports; without `lazy`, those alone that it imports as soon as it is imported itself."""
    tree = ast.parse(path.read_text("utf-8"))
    nodes = ast.walk(tree) if lazy else iter(tree.body)
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def ours(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names} & PACKAGES.keys()


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_what_they_may(package: str) -> None:
    guilty = {}
    for module, path in modules(package).items():
        foreign = ours(imports(path)) - {package} - ALLOWED[package]
        if foreign and module not in STARTERS:
            guilty[module] = foreign
    assert not guilty


def test_the_modules_that_start_the_mock_are_imported_lazily() -> None:
    starters = STARTERS & modules("authproof").keys()
    assert "authproof.embedded" in starters
    eager = {module for module, path in modules("authproof").items() if imports(path, lazy=False) & starters}
    assert not eager


def test_checks_know_neither_network_nor_reports() -> None:
    banned = ("authproof.target", "authproof.connection", "authproof.runner", "authproof.reports", "authproof.lab", "authproof.scripts", "httpx")
    guilty = {
        module: name
        for module, path in modules("authproof").items()
        if module.startswith("authproof.checks")
        for name in imports(path)
        if name.startswith(banned)
    }
    assert not guilty


def test_only_the_target_talks_to_the_network() -> None:
    talkers = {module for module, path in modules("authproof").items() if {"httpx", "socket"} & imports(path)}
    # certify only names the type of a transport; hooks talk to what controls the target; clients are for a project's own tests.
    allowed = {"target", "connection", "in_process", "certify", "hooks", "clients"}
    assert talkers == {f"authproof.{module}" for module in allowed}


def test_the_top_level_folders_hold_one_package_each() -> None:
    for folder in ("spec", "mock_server", "conformance"):
        entries = {path.name for path in (ROOT / folder).iterdir() if path.name != "__pycache__"}
        assert len(entries) == 1, f"{folder} is on the path of an editable install: {entries}"
