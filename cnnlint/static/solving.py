"""Input sizes solved backwards: what height and width make a flattened map fit the linear layer behind it.

400 features of 16 channels are 5 x 5 pixels, and 5 x 5 behind LeNet's convolutions is 32 x 32 in front of them. The
400 may stand in the linear layer or in the ``view(-1, 400)`` that flattens.
"""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.dims import Dim, Sym, is_known, less, product, substitute, symbols
from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Dense, Reshape, ReshapeKind
from cnnlint.graph.span import Span

COMMON_SIZES = (
    224, 32, 28, 64, 128, 256, 96, 112, 160, 192, 227, 299, 48, 56, 84, 100, 200, 240, 260, 288, 300, 320, 331, 380,
    384, 400, 416, 448, 456, 480, 512, 528, 550, 600, 640, 768, 800, 1000, 1024,
)  # fmt: skip
"""Sizes that data sets and published networks use, the commonest first."""
LARGEST = {"H": 1024, "L": 16384}


def solve_sizes(graph: ModelGraph) -> tuple[dict[str, Dim], Span] | None:
    """Sizes by name that satisfy every linear layer and flattening of the graph, and the one that decided; ``None``
    if nothing depends on the input size or no square size fits."""
    constraints = list(_constraints(graph))
    if not constraints:
        return None
    names = {name.text for _, got, _ in constraints for name in symbols(got)}
    if not names <= {"H", "W", "L"}:
        return None
    for size in _candidates("L" if "L" in names else "H"):
        values: dict[str, Dim] = {"L": size} if "L" in names else {"H": size, "W": size}
        if all(substitute(got, values) == wanted for _, got, wanted in constraints) and _positive(graph, values):
            return values, constraints[0][0].span
    return None


def _constraints(graph: ModelGraph) -> Iterator[tuple[Node, Dim, int]]:
    """Nodes that fit one number of elements only: the node, the number that arrives, the number that fits."""
    for node in graph.nodes:
        shape = node.inputs[0].shape if node.inputs else None
        if not shape or not node.certain:
            continue
        match node.op:
            case Dense(in_features=int() as wanted):
                got = shape[-1]
            case Reshape(kind=ReshapeKind.VIEW, sizes=(-1, int() as wanted)) if isinstance(shape[-1], Sym):
                # Rows are samples where the last axis is a map's, not where it holds the features of each position.
                got = product(shape[1:])
            case _:
                continue
        if isinstance(got, Sym) and is_known(got):
            yield node, got, wanted


def _candidates(name: str) -> Iterator[int]:
    yield from COMMON_SIZES
    yield from (size for size in range(1, LARGEST[name] + 1) if size not in COMMON_SIZES)


def _positive(graph: ModelGraph, values: dict[str, Dim]) -> bool:
    """Whether no layer would be left without pixels."""
    return not any(
        less(substitute(dim, values), 1) for node in graph.nodes for out in node.outputs for dim in out.shape or ()
    )
