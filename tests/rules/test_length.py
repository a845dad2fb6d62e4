"""A rule is short: what it asks of networks in general belongs to the queries of the graph."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import cnnlint_rules

FILES = sorted(Path(next(iter(cnnlint_rules.__path__))).glob("*/cnn*.py"))
_EXAMPLES = frozenset({"bad", "good", "numbers", "quoted"})


def _documentation(tree: ast.Module) -> Iterator[ast.stmt]:
    """Docstrings, examples and what their numbers are computed from, and the texts that examples share."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                yield node
            case ast.Assign(targets=[ast.Name(id=name)]) if name in _EXAMPLES:
                yield node
    yield from (node for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant))


def length(text: str) -> int:
    """The lines of a rule's file without blank ones, documentation and examples."""
    lines = {number for number, line in enumerate(text.splitlines(), start=1) if line.strip()}
    for node in _documentation(ast.parse(text)):
        lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


def test_half_of_the_rules_have_under_60_lines() -> None:
    assert median(length(file.read_text("utf-8")) for file in FILES) < 60
