"""From a span back to syntax: the statement around it, and the call at it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import libcst

from cnnlint.graph.span import Span
from cnnlint.source.headers import statement_start
from cnnlint.source.index import FileIndex
from cnnlint.source.syntax import Extent, Syntax, Unparsable, parse_slice, syntax_extent

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
        read = self._read()
        return read[0] if read is not None else None

    def call(self, start: int, end: int) -> tuple[libcst.Call, Syntax] | None:
        """The call that stands exactly between two offsets."""
        read = self._read()
        found = read[1].get((start, end)) if read is not None else None
        return (found, read[0]) if read is not None and found is not None else None

    def _read(self) -> _Read | None:
        compound = isinstance(self.node, _COMPOUND)
        return _parsed(self.index.text.text, self.start, self.end, compound, syntax_extent(self.node))


_Read: TypeAlias = tuple[Syntax, Mapping[tuple[int, int], libcst.Call]]


@lru_cache(maxsize=32)
def _parsed(text: str, start: int, end: int, compound: bool, extent: Extent) -> _Read | None:
    """A statement and its calls by offsets. Many findings concern one statement, so it is read once."""
    try:
        syntax = parse_slice(text, start, end, compound=compound, extent=extent)
    except Unparsable:
        return None
    calls = [(syntax.find(node), node) for node in _nodes(syntax.node) if isinstance(node, libcst.Call)]
    return syntax, {place: node for place, node in reversed(calls) if place is not None}


def statement_at(index: FileIndex, span: Span) -> Place | None:
    """The innermost statement that holds ``span``."""
    found = statements_around(index, span)
    return found[-1] if found else None


def statements_around(index: FileIndex, span: Span) -> tuple[Place, ...]:
    """The statements that hold ``span``, from the outermost to the innermost."""
    start, end = offsets(index, span)
    block = tuple(statement.node for statement in index.scope.statements)
    found: list[Place] = []
    while True:
        inner = next((p for p in (Place(index, n, block) for n in block) if p.start <= start and end <= p.end), None)
        if inner is None:
            return tuple(found)
        found.append(inner)
        blocks = list(_blocks(inner.node))
        block = next((b for b in blocks if _covers(index, b, start)), ())


def has_self(index: FileIndex, span: Span) -> bool:
    """Whether ``self`` means something at ``span``: a function around it has that parameter, or the statement there
    names it."""
    around = [each.node for each in statements_around(index, span)]
    given = (each.args for each in around if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
    if any(argument.arg == "self" for args in given for argument in (*args.posonlyargs, *args.args)):
        return True
    return bool(around) and any(isinstance(node, ast.Name) and node.id == "self" for node in ast.walk(around[-1]))


def expression_offsets(index: FileIndex, node: ast.expr) -> tuple[int, int]:
    """The offsets between which an expression stands, without brackets around it."""
    return _offset(index, node.lineno, node.col_offset), _offset(
        index, node.end_lineno or node.lineno, node.end_col_offset or 0
    )


def call_at(place: Place, span: Span) -> tuple[libcst.Call, Syntax] | None:
    """The call that stands exactly at ``span``."""
    return place.call(*offsets(place.index, span))


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
