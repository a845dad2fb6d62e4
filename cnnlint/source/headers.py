"""Where a statement really begins, and where the header of a class or function ends."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TypeAlias

from cnnlint.source.text import SourceText

Definition: TypeAlias = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
_UP_TO_COLON = re.compile(r"(?:[^:#]|#[^\r\n]*)*:")


def statement_start(node: ast.stmt, source: SourceText) -> int:
    """The offset of a statement's first character, the ``@`` of its first decorator where it has any."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    if not decorators:
        return source.line_starts[node.lineno - 1] + source.characters(node.lineno, node.col_offset)
    line = decorators[0].lineno
    # The expression may stand lines below the sign: a parenthesis or a line continuation lies between them.
    while line > 1 and not source.line(line).lstrip().startswith("@"):
        line -= 1
    return source.line_starts[line - 1] + source.line(line).index("@")


def header_end(node: Definition, source: SourceText) -> int:
    """The offset behind the colon that ends the header of a class or function."""
    line, column = max(_ends(node), default=(node.lineno, node.col_offset))
    start = source.line_starts[line - 1] + source.characters(line, column)
    colon = _UP_TO_COLON.match(source.text, start)
    assert colon is not None
    return colon.end()


def _ends(node: Definition) -> Iterator[tuple[int, int]]:
    """Where each part of the header ends, as :mod:`ast` counts."""
    for part in _parts(node):
        if part is not None and part.end_lineno is not None and part.end_col_offset is not None:
            yield part.end_lineno, part.end_col_offset


def _parts(node: Definition) -> Iterator[ast.expr | ast.arg | ast.keyword | ast.stmt | None]:
    yield from getattr(node, "type_params", ())
    if isinstance(node, ast.ClassDef):
        yield from node.bases
        yield from node.keywords
        return
    arguments = node.args
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
    yield from (*arguments.defaults, *arguments.kw_defaults, node.returns)
