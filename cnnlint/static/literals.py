"""Which sizes the source writes down as numbers, rather than computing or looking them up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import libcst as cst

from cnnlint.graph.operations import Operation, Pooling, Reshape
from cnnlint.static.values import Site


def with_literals(op: Operation, site: Site) -> Operation:
    """``op`` as it is, but for a reshape whose call names its sizes as numbers and a pool whose call computes its
    kernel size: that is written down."""
    if not isinstance(site.node, cst.Call):
        return op
    match op:
        case Reshape(sizes=sizes) if sizes:
            return replace(op, literal=_are_numbers([argument.value for argument in site.node.args], len(sizes)))
        case Pooling() if (kernel := _kernel(site.node)) is not None:
            return replace(op, computed=not _are_numbers([kernel], 1))
        case _:
            return op


def _kernel(call: cst.Call) -> cst.BaseExpression | None:
    """The kernel size in a functional pool's call; a layer's call has its input only."""
    for position, argument in enumerate(call.args):
        if argument.keyword.value == "kernel_size" if argument.keyword is not None else position == 1:
            return argument.value
    return None


def _are_numbers(arguments: Sequence[cst.BaseExpression], count: int) -> bool:
    """Whether the last ``count`` arguments, or the items of the last one, are numbers."""
    if arguments and isinstance(last := arguments[-1], cst.Tuple | cst.List):
        arguments = [element.value for element in last.elements]
    return len(arguments) >= count and all(map(_is_number, arguments[-count:]))


def _is_number(node: cst.BaseExpression) -> bool:
    """``400``, ``-1``, ``16 * 5 * 5``."""
    pending = [node]
    while pending:
        match pending.pop():
            case cst.Integer():
                pass
            case cst.UnaryOperation(expression=inner):
                pending.append(inner)
            case cst.BinaryOperation(left=left, right=right):
                pending += [left, right]
            case _:
                return False
    return True
