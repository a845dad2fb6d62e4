"""From a stretch of a file to a libcst tree: cutting a statement out so that it parses alone, byte for byte."""

from __future__ import annotations

import ast
import gc
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final, NamedTuple

import libcst

from cnnlint.source.formfeeds import Cleaned, without_form_feeds
from cnnlint.source.positions import ranges

MAX_DEPTH: Final = 100
"""Deepest nesting of a statement's syntax that libcst 1.9 is given.

Its parser recurses on the C stack and cannot refuse. Measured with stacks of 128 KB to 8 MB: a level costs 25 KB where
blocks nest, 8 KB where brackets do, up to 3 KB in chains of operators. Python itself bounds blocks to 100 levels and
brackets to 200, so that the worst statement let through needs half of an 8 MB stack. Of the 96,000 statements of
torch, torchvision and sympy three nest deeper.
"""
MAX_NODES: Final = 100_000
"""Most nodes of :mod:`ast` in a statement that libcst is given: it takes 4 KB and 40 µs for each, and aborts the
process where memory ends."""
_MAX_BACKTRACKED: Final = 6
"""Deepest nesting of brackets behind ``case`` and ``del``: libcst 1.9 needs up to four times as long for each level
(20 ms at six, minutes at twelve)."""
_BACKTRACKED: Final = re.compile(r"(?:^|[\r\n;:])[ \t\f]*(?:case|del)\b")
_FRAMES: Final = 30_000
"""Code generation is plain Python, whose calls take no C stack, and bounded by what libcst lets through."""
SHALLOW: Final = 500
"""Room for parsers, which recurse in C as deep as Python's limit lets them."""
_WRAPPER: Final = "if 1:\n"


class Unparsable(Exception):  # an answer about a statement, not a failure of the program
    """A statement that libcst cannot read, or is not given because it is nested too deeply; ``reason`` says which."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@contextmanager
def collector_paused() -> Iterator[None]:
    """Suspends the garbage collector: trees are made of many objects that stay."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def room_to_recurse(frames: int) -> Iterator[None]:
    """Lets calls nest ``frames`` deeper for a while, since the caller may be deep in calls itself."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit + frames)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


class Syntax:
    """A libcst statement and where it came from. ``node`` is the statement; offsets are those of the file."""

    def __init__(self, module: libcst.Module, node: libcst.CSTNode, origin: int, cleaned: Cleaned) -> None:
        self._module = module
        self._cleaned = cleaned
        self._origin = origin
        self.node = node

    @cached_property
    def _ranges(self) -> Mapping[int, tuple[int, int]]:
        with room_to_recurse(_FRAMES):
            return ranges(self._module)

    def find(self, node: libcst.CSTNode) -> tuple[int, int] | None:
        """The file offsets between which ``node`` stands; nothing if it is no node of this tree."""
        place = self._ranges.get(id(node))
        if place is None:
            return None
        start, end = map(self._cleaned.original, place)
        return start + self._origin, end + self._origin


def parse_slice(text: str, start: int, end: int, *, compound: bool, extent: Extent, suffix: str = "") -> Syntax:
    """The statement that stands between two offsets of ``text``, followed by ``suffix``.

    ``extent`` is its :func:`syntax_extent`. An indented compound statement is put under an ``if`` with its indentation
    kept, since its other lines are indented relative to it. Raises :class:`Unparsable`.
    """
    if extent.depth > MAX_DEPTH:
        raise Unparsable(f"nested more than {MAX_DEPTH} levels deep")
    if extent.nodes > MAX_NODES:
        raise Unparsable(f"it has {extent.nodes:,} parts, more than {MAX_NODES:,}")
    if _takes_too_long(text, start, end):
        raise Unparsable(f"brackets nested more than {_MAX_BACKTRACKED} levels deep behind case or del")
    wrapper = ""
    if compound and (indent := _indentation(text, start)):
        wrapper = _WRAPPER
        start -= indent
    cleaned = without_form_feeds(wrapper + text[start:end] + suffix + "\n")
    module = _parse(cleaned.code)
    body = module.body
    if wrapper:
        block = body[0]
        assert isinstance(block, libcst.If)
        body = block.body.body  # type: ignore[assignment]  # an indented block holds the same statements as a module
    node: libcst.CSTNode = body[0]
    if isinstance(node, libcst.SimpleStatementLine):
        node = node.body[0]
    return Syntax(module, node, start - len(wrapper), cleaned)


def _parse(code: str) -> libcst.Module:
    try:
        with collector_paused(), room_to_recurse(SHALLOW):
            return libcst.parse_module(code)
    except libcst.ParserSyntaxError as error:
        raise Unparsable(f"libcst cannot read it: {error.message}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unparsable(f"libcst cannot read it: {error}") from None


def _indentation(text: str, start: int) -> int:
    """How many characters of white space stand between the start of the line and ``start``."""
    at = start
    while at > 0 and text[at - 1] in " \t":
        at -= 1
    return start - at


def _takes_too_long(text: str, start: int, end: int) -> bool:
    depth = 0
    while depth <= _MAX_BACKTRACKED and (word := _BACKTRACKED.search(text, start, end)):
        depth, start = _bracket_depth(text, word.end(), end)
    return depth > _MAX_BACKTRACKED


def _bracket_depth(text: str, start: int, end: int) -> tuple[int, int]:
    """The deepest nesting of brackets on the logical line from ``start`` on, brackets in strings counted too, and the
    end of that line."""
    depth = deepest = 0
    for at in range(start, end):
        character = text[at]
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
        elif character in "\r\n" and depth <= 0:
            return deepest, at
    return deepest, end


class Extent(NamedTuple):
    """How deeply libcst's nodes of a statement nest, and how many nodes of :mod:`ast` it has."""

    depth: int
    nodes: int


def syntax_extent(node: ast.AST, *, body: bool = True) -> Extent:
    """The extent of a statement, counted without recursion; without ``body``, that of its header."""
    nodes = 1
    deepest = 1 if (listed := _LISTED.get(type(node))) is None else 1 + listed(node)
    children = (child for child in ast.iter_child_nodes(node) if body or not isinstance(child, ast.stmt))
    pending = [(child, deepest + 1) for child in children]
    while pending:
        current, depth = pending.pop()
        nodes += 1
        if (levels := _LISTED.get(type(current))) is not None:
            depth += levels(current)
        deepest = max(deepest, depth)
        # What ast.iter_child_nodes() does, without a generator for each node.
        for name in current._fields:
            value = getattr(current, name, None)
            if isinstance(value, list):
                pending.extend([(child, depth + 1) for child in value if isinstance(child, ast.AST)])
            elif isinstance(value, ast.AST):
                pending.append((value, depth + 1))
    return Extent(deepest, nodes)


def _generators(node: Any) -> int:
    return len(node.generators) - 1


# The levels that libcst nests where ast lists, beyond the first.
_LISTED: Final[dict[type[ast.AST], Callable[[Any], int]]] = {
    ast.BoolOp: lambda node: len(node.values) - 1,
    ast.DictComp: _generators,
    ast.GeneratorExp: _generators,
    ast.ImportFrom: lambda node: (node.module or "").count("."),
    ast.ListComp: _generators,
    ast.SetComp: _generators,
    ast.alias: lambda node: node.name.count("."),
}
