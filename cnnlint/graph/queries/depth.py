"""The longest run of convolutions on a path without something that would help it train."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cnnlint.graph.model import ModelGraph, Node, Tensor
from cnnlint.graph.operations import Convolution


@dataclass(frozen=True, slots=True)
class Run:
    """``length`` convolutions one after the other, from ``first`` to ``last``."""

    length: int
    first: Node
    last: Node


def longest_run(model: ModelGraph, ends: Callable[[Node], bool], counts: Callable[[Node], bool]) -> Run | None:
    """The longest sequence of nodes that ``counts`` accepts on one path, without a node that ``ends`` accepts."""
    runs: dict[Tensor, Run] = {}
    longest: Run | None = None
    for node in model.nodes:
        if ends(node):
            continue
        before = [runs[tensor] for tensor in node.inputs if tensor in runs]
        run = max(before, key=lambda each: each.length, default=None)
        if counts(node):
            run = Run(run.length + 1, run.first, node) if run is not None else Run(1, node, node)
            if longest is None or run.length > longest.length:
                longest = run
        if run is not None:
            runs.update(dict.fromkeys(node.outputs, run))
    return longest


def is_depthwise(node: Node) -> bool:
    """Whether a convolution has a group of its own for each input channel."""
    match node.op:
        case Convolution(groups=int() as groups, in_channels=int() as channels, transposed=False):
            return groups == channels > 1
        case _:
            return False


def is_pointwise_conv(node: Node) -> bool:
    """Whether this is an ungrouped convolution of kernel size 1."""
    match node.op:
        case Convolution(groups=1, transposed=False, kernel_size=kernel):
            return all(size == 1 for size in kernel)
        case _:
            return False
