"""From a stretch of a file to a libcst tree: cutting a statement out so that it parses alone, byte for byte."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Final

import libcst

from cnnlint.source.positions import ranges

MAX_DEPTH: Final = 150
"""Deepest nesting of a statement's syntax that libcst is given."""
_WRAPPER: Final = "if 1:\n"


class Unparsable(Exception):  # noqa: N818  # an answer about a statement, not a failure of the program
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


class Syntax:
    """A libcst statement and where it came from. ``node`` is the statement; offsets are those of the file."""

    def __init__(self, module: libcst.Module, node: libcst.CSTNode, origin: int, depth: int) -> None:
        self._module = module
        self._origin = origin
        self._depth = depth
        self.node = node

    @cached_property
    def _ranges(self) -> Mapping[int, tuple[int, int]]:
        return ranges(self._module, self._depth)

    def find(self, node: libcst.CSTNode) -> tuple[int, int] | None:
        """The file offsets between which ``node`` stands; nothing if it is no node of this tree."""
        place = self._ranges.get(id(node))
        return None if place is None else (place[0] + self._origin, place[1] + self._origin)


def parse_slice(text: str, start: int, end: int, *, compound: bool, depth: int, suffix: str = "") -> Syntax:
    """The statement that stands between two offsets of ``text``, followed by ``suffix``.

    An indented compound statement is put under an ``if`` with its indentation kept, since its other lines are indented
    relative to it. Raises :class:`Unparsable`.
    """
    wrapper = ""
    if compound and (indent := _indentation(text, start)):
        wrapper = _WRAPPER
        start -= indent
    code = wrapper + text[start:end] + suffix + "\n"
    module = _parse(code)
    body = module.body
    if wrapper:
        block = body[0]
        assert isinstance(block, libcst.If)
        body = block.body.body  # type: ignore[assignment]  # an indented block holds the same statements as a module
    node: libcst.CSTNode = body[0]
    if isinstance(node, libcst.SimpleStatementLine):
        node = node.body[0]
    return Syntax(module, node, start - len(wrapper), depth)


def _parse(code: str) -> libcst.Module:
    try:
        with collector_paused():
            return libcst.parse_module(code)
    except libcst.ParserSyntaxError as error:
        raise Unparsable(f"libcst cannot read it: {error.message}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unparsable(f"libcst cannot read it: {error}") from None


def _indentation(text: str, start: int) -> int:
    """How many characters of white space stand between the start of the line and ``start``."""
    at = start
    while at > 0 and text[at - 1] in " \t\f":
        at -= 1
    return start - at


def syntax_depth(node: ast.AST, *, body: bool = True) -> int:
    """How deeply the nodes below ``node`` nest, counted without recursion; without ``body``, those of its header."""
    deepest = 0
    level: list[ast.AST] = [node]
    while level:
        deepest += 1
        level = [child for parent in level for child in ast.iter_child_nodes(parent)]
        if deepest == 1 and not body:
            level = [child for child in level if not isinstance(child, ast.stmt)]
    return deepest
