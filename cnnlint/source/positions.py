"""Where the nodes of a libcst tree stand, by one pass of libcst's own code generation over the tree.

The positions are those of libcst's ``PositionProvider`` (without surrounding white space, comments and parentheses), as
offsets into the generated text, which is the parsed text.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Final

import libcst
from libcst._nodes.internal import CodegenState  # libcst offers no public way to positions without copying the tree

_TRIVIA: Final = frozenset(
    {
        libcst.Comma, libcst.Comment, libcst.Dot, libcst.EmptyLine, libcst.Newline, libcst.ParenthesizedWhitespace,
        libcst.SimpleWhitespace, libcst.TrailingWhitespace,
    }
)  # fmt: skip


class _Record:
    """Notes the stretch that code generation covers while it is entered."""

    __slots__ = ("end_node", "node", "start", "start_node", "state")

    def __init__(
        self, state: _State, node: libcst.CSTNode, start_node: libcst.CSTNode | None, end_node: libcst.CSTNode | None
    ) -> None:
        self.state = state
        self.node = node
        self.start_node = start_node
        self.end_node = end_node

    def __enter__(self) -> None:
        self.start = self.state.offset

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ranges = self.state.ranges
        start = self.start if self.start_node is None else ranges[id(self.start_node)][0]
        end = self.state.offset if self.end_node is None else ranges[id(self.end_node)][1]
        ranges[id(self.node)] = (start, end)


class _State(CodegenState):
    """Counts what would be written instead of writing it."""

    __slots__ = ("offset", "ranges", "starts")

    def __init__(self, default_indent: str, default_newline: str) -> None:
        super().__init__(default_indent, default_newline)
        self.offset = 0
        self.starts: list[int] = []
        self.ranges: dict[int, tuple[int, int]] = {}

    def add_token(self, value: str) -> None:
        self.offset += len(value)

    def add_indent_tokens(self) -> None:
        for token in self.indent_tokens:
            self.offset += len(token)

    def before_codegen(self, node: libcst.CSTNode) -> None:
        self.starts.append(self.offset)

    def after_codegen(self, node: libcst.CSTNode) -> None:
        start = self.starts.pop()
        if type(node) not in _TRIVIA:
            self.ranges.setdefault(id(node), (start, self.offset))

    def record_syntactic_position(  # type: ignore[override]  # a plain context manager is cheaper than a generator
        self,
        node: libcst.CSTNode,
        *,
        start_node: libcst.CSTNode | None = None,
        end_node: libcst.CSTNode | None = None,
    ) -> _Record:
        return _Record(self, node, start_node, end_node)


def ranges(module: libcst.Module) -> Mapping[int, tuple[int, int]]:
    """``id(node)`` to the start and end offsets of all nodes of a module, which hold as long as the module lives."""
    state = _State(module.default_indent, module.default_newline)
    for node in (*module.header, *module.body):
        node._codegen(state)
    return state.ranges
