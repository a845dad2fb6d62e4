"""Statements: inserted, moved, deleted, written out."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from cnnlint.findings import TextEdit
from cnnlint.fix.locate import Place, expression_offsets, statement_at, statements_around
from cnnlint.fix.textedits import newline, replacing
from cnnlint.graph.span import Span
from cnnlint.source.bindings import effects
from cnnlint.source.index import FileIndex

_ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant)
"""Expressions that need no brackets as operands."""


def insert_line(place: Place, text: str) -> TextEdit | None:
    """``text`` on a line in front of ``place``."""
    if not _stands_alone(place):
        return None
    return replacing(place.index, place.start, place.start, f"{text}{newline(place.index)}{indentation(place)}")


def insert_behind(place: Place, text: str) -> TextEdit | None:
    """``text`` on a line behind ``place``."""
    if not _stands_alone(place):
        return None
    source = place.index.text
    line, _ = source.place(place.end)
    end = source.offset(line, len(source.line(line)) + 1)
    return replacing(place.index, end, end, f"{newline(place.index)}{indentation(place)}{text}")


def append_line(place: Place, text: str) -> TextEdit | None:
    """``text`` on a line behind the block that ``place`` belongs to."""
    return insert_behind(Place(place.index, place.block[-1], place.block), text)


def insert_first(index: FileIndex, span: Span, text: str) -> TextEdit | None:
    """``text`` as the first statement of the function around ``span``."""
    first = _first(index, span)
    return None if first is None else insert_line(first, text)


def move_first(index: FileIndex, span: Span) -> Sequence[TextEdit]:
    """The statement at ``span`` as the first one of its function, if it reads nothing that is made there: no name that
    the function binds, no attribute of its object."""
    moved, first = statement_at(index, span), _first(index, span)
    if moved is None or first is None or moved.node is first.node or not isinstance(moved.node, ast.Expr):
        return ()
    attributes = (each.value for each in ast.walk(moved.node) if isinstance(each, ast.Attribute))
    if names_in(moved.node) & local_names(first.block) or any(getattr(each, "id", "") == "self" for each in attributes):
        return ()
    inserted, deleted = insert_line(first, index.text.text[moved.start : moved.end]), delete_line(moved)
    return () if inserted is None or deleted is None else (inserted, deleted)


def _first(index: FileIndex, span: Span) -> Place | None:
    """The first statement behind the docstring of the function around ``span``."""
    functions = [each.node for each in statements_around(index, span) if isinstance(each.node, ast.FunctionDef)]
    if not functions:
        return None
    block = tuple(functions[-1].body)
    is_documented = isinstance(block[0], ast.Expr) and isinstance(block[0].value, ast.Constant)
    return Place(index, block[1 if is_documented and len(block) > 1 else 0], block)


def local_names(block: Sequence[ast.stmt]) -> set[str]:
    """The names that the statements of a function's body bind."""
    return {name for statement in block for name in effects(statement, walrus=True).bound}


def names_in(node: ast.AST) -> set[str]:
    """The names that stand in ``node``."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def delete_line(place: Place) -> TextEdit | None:
    if not _stands_alone(place):
        return None
    if len(place.block) == 1:
        return replacing(place.index, place.start, place.end, "pass")
    source = place.index.text
    _, column = source.place(place.start)
    last, end_column = source.place(place.end)
    comment = source.line(last).find("#", end_column - 1)
    if comment >= 0:
        return replacing(place.index, place.start, source.offset(last, comment + 1), "")
    starts = source.line_starts
    return replacing(place.index, place.start - column + 1, starts[last] if last < len(starts) else place.end, "")


def unaugment(place: Place) -> TextEdit | None:
    """``a += b`` as ``a = a + b``; none where the target calls something, which would be called twice."""
    match place.node:
        case ast.AugAssign(target=target, value=value) if not any(isinstance(n, ast.Call) for n in ast.walk(target)):
            text = place.index.text.text
            _, behind = expression_offsets(place.index, target)
            found = re.match(r"\s*([^\s=]+)=\s*", text[behind : place.end])
            if found is None:
                return None
            start = behind + found.end()
            whole = isinstance(value, _ATOMS) or expression_offsets(place.index, value)[0] > start
            operand = text[start : place.end] if whole else f"({text[start : place.end]})"
            return replacing(place.index, behind, place.end, f" = {text[place.start : behind]} {found[1]} {operand}")
        case _:
            return None


def indentation(place: Place) -> str:
    """The white space in front of a statement that begins its line."""
    line, column = place.index.text.place(place.start)
    return place.index.text.line(line)[: column - 1]


def _stands_alone(place: Place) -> bool:
    """Whether nothing stands on the statement's lines before or behind it but a comment."""
    source = place.index.text
    line, column = source.place(place.start)
    last, end_column = source.place(place.end)
    behind = source.line(last)[end_column - 1 :]
    return not source.line(line)[: column - 1].strip() and re.fullmatch(r"\s*(#.*)?", behind) is not None
