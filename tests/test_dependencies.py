"""What is imported is declared, what is declared is imported, and the pinned list has all of it."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONSTRAINTS = (ROOT / "samples" / "constraints.txt").read_text(encoding="utf-8")

ONLY_DATA = {"tzdata"}
"""Read by the standard library, imported by nobody."""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(*extras: str) -> set[str]:
    lines = [*PROJECT["dependencies"]]
    for extra in extras:
        lines += PROJECT["optional-dependencies"][extra]
    names = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines)
    return {normal(found[0]) for found in names if found}


EXTRAS = tuple(name for name in PROJECT["optional-dependencies"] if name != "dev")


def imported() -> set[str]:
    """Give the top-level packages that the program imports, wherever it does."""
    found: set[str] = set()
    for path in (ROOT / "batch").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
            elif (
                isinstance(node, ast.Call)
                and ast.unparse(node.func).endswith("import_module")
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                found.add(str(node.args[0].value).split(".")[0])
    return found - sys.stdlib_module_names - {"batch", "_typeshed"}


def distributions(packages: set[str]) -> set[str]:
    known = packages_distributions()
    return {normal(known.get(package, [package])[0]) for package in packages}


def test_everything_that_is_imported_is_declared() -> None:
    assert distributions(imported()) <= declared(*EXTRAS)


def test_everything_that_is_declared_is_imported() -> None:
    assert declared(*EXTRAS) - ONLY_DATA <= distributions(imported())


def test_the_pinned_list_has_everything_with_hashes() -> None:
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==\S+", CONSTRAINTS, re.MULTILINE)
    blocks = re.split(r"^(?=[A-Za-z0-9._-]+==)", CONSTRAINTS, flags=re.MULTILINE)[1:]

    assert declared(*EXTRAS) - ONLY_DATA <= {normal(name) for name in pinned}
    assert all("--hash=sha256:" in block for block in blocks)


@pytest.mark.parametrize("word", ["\n--index-url", "trusted-host", "find-links", "://"])
def test_the_pinned_list_names_no_registry(word: str) -> None:
    assert word not in CONSTRAINTS
