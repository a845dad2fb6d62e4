"""Questions about syntax trees, answered by a plain walk over the node types concerned."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst


def yields(body: cst.CSTNode) -> bool:
    """Whether a function body contains ``yield`` outside nested functions and classes."""
    stack: list[cst.CSTNode] = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, cst.Yield):
            return True
        if node is body or not isinstance(node, cst.FunctionDef | cst.ClassDef | cst.Lambda):
            stack.extend(node.children)
    return False


def names_in(node: cst.CSTNode) -> Iterator[str]:
    """The names that a tree mentions, those of attributes too."""
    stack: list[cst.CSTNode] = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, cst.Name):
            yield current.value
        stack.extend(current.children)


def statements_of(body: cst.BaseSuite) -> Iterator[cst.BaseStatement | cst.BaseSmallStatement]:
    """The statements of a block, lines with several of them taken apart."""
    for item in body.body:
        if type(item) is cst.SimpleStatementLine:
            yield from item.body
        else:
            yield item


def dotted_name(node: cst.BaseExpression | None) -> str | None:
    """``a.b.c`` for names and attributes of names; ``None`` for anything else."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return None
    return ".".join(reversed([*parts, node.value]))


def only_raises(body: cst.BaseSuite) -> bool:
    """Whether a block does nothing but raise, perhaps after preparing a message or a warning."""
    last: cst.CSTNode | None = None
    for last in statements_of(body):
        if isinstance(last, cst.If | cst.For | cst.While | cst.Try | cst.With | cst.Return):
            return False
    return isinstance(last, cst.Raise)
