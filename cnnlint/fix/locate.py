"""From a span back to syntax: the statement around it, and the call at it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

import libcst

from cnnlint.graph.span import Span
from cnnlint.source.headers import statement_start
from cnnlint.source.index import FileIndex
from cnnlint.source.syntax import MAX_DEPTH, Syntax, Unparsable, parse_slice, syntax_depth

_COMPOUND = (
    ast.AsyncFor, ast.AsyncFunctionDef, ast.AsyncWith, ast.ClassDef, ast.For, ast.FunctionDef, ast.If, ast.Match,
    ast.Try, ast.TryStar, ast.While, ast.With,
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A statement of a file and the block it is in."""

    index: FileIndex
    node: ast.stmt
    block: tuple[ast.stmt, ...]

    @property
    def start(self) -> int:
        """The offset of its first character, decorators included."""
        return statement_start(self.node, self.index.text)

    @property
    def end(self) -> int:
        """The offset behind its last character."""
        return _offset(self.index, self.node.end_lineno or self.node.lineno, self.node.end_col_offset or 0)

    def syntax(self) -> Syntax | None:
        """The statement as libcst reads it; ``None`` where it cannot."""
        depth = syntax_depth(self.node)
        if depth > MAX_DEPTH:
            return None
        compound = isinstance(self.node, _COMPOUND)
        try:
            return parse_slice(self.index.text.text, self.start, self.end, compound=compound, depth=depth)
        except Unparsable:
            return None


def statement_at(index: FileIndex, span: Span) -> Place | None:
    """The innermost statement that holds ``span``."""
    start, end = offsets(index, span)
    block = tuple(statement.node for statement in index.scope.statements)
    found: Place | None = None
    while True:
        inner = next((p for p in (Place(index, n, block) for n in block) if p.start <= start and end <= p.end), None)
        if inner is None:
            return found
        found = inner
        blocks = list(_blocks(inner.node))
        block = next((b for b in blocks if _covers(index, b, start)), ())


def call_at(place: Place, span: Span) -> tuple[libcst.Call, Syntax] | None:
    """The call that stands exactly at ``span``."""
    syntax = place.syntax()
    if syntax is None:
        return None
    wanted = offsets(place.index, span)
    for node in _nodes(syntax.node):
        if isinstance(node, libcst.Call) and syntax.find(node) == wanted:
            return node, syntax
    return None


def offsets(index: FileIndex, span: Span) -> tuple[int, int]:
    """The offsets between which ``span`` stands."""
    text = index.text
    # The line behind the last may be named as an end, whether or not the last one has a line end.
    behind = span.end_line > len(text.line_starts)
    end = len(text.text) if behind else text.offset(span.end_line, span.end_column)
    return text.offset(span.line, span.column), end


def _offset(index: FileIndex, line: int, byte_column: int) -> int:
    return index.text.line_starts[line - 1] + index.text.characters(line, byte_column)


def _blocks(node: ast.stmt) -> Iterator[tuple[ast.stmt, ...]]:
    for field in ("body", "orelse", "finalbody"):
        if block := getattr(node, field, None):
            yield tuple(block)
    for arm in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield tuple(arm.body)


def _covers(index: FileIndex, block: tuple[ast.stmt, ...], offset: int) -> bool:
    return Place(index, block[0], block).start <= offset <= Place(index, block[-1], block).end


def _nodes(node: libcst.CSTNode) -> Iterator[libcst.CSTNode]:
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(current.children)
