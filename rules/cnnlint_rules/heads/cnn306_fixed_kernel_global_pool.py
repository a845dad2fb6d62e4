"""CNN306 fixed-kernel-global-pool."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Dense, Pooling
from cnnlint.graph.queries.heads import flattened_input
from cnnlint.graph.queries.inputs import size_declared
from cnnlint.graph.queries.layers import built_only_by
from cnnlint.graph.queries.places import own_layer
from cnnlint.graph.wording import plain, times
from cnnlint.rule import (
    Applicability,
    Category,
    Edit,
    Example,
    Finding,
    Fix,
    ReplaceCallee,
    ReplaceSpan,
    Rule,
    Severity,
)  # fmt: skip

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, 2, 1)
        self.pool = {pool}
        self.fc = nn.Linear({features}, 10)

    def forward(self, x):
        x = self.pool(self.conv(x).relu())
        return self.fc(torch.flatten(x, 1))
"""


class FixedKernelGlobalPool(Rule):
    """An average pool as large as the map locks the network to one input size.

    What it does
    ------------
    Finds average pools whose window is the whole map, in front of a flatten and a linear layer. It needs an input size.

    Why it matters
    --------------
    With a window of the size of the map the pool is global average pooling, for this input size only: a larger input
    leaves several positions, and the linear layer refuses them; a smaller one does not fit the window.
    `nn.AdaptiveAvgPool2d(1)` gives the same values here, the mean over `H × W`, and takes any size.

    Example
    -------

        self.pool = nn.AvgPool2d(7)

    Use instead
    -----------

        self.pool = nn.AdaptiveAvgPool2d(1)

    When not to worry
    -----------------
    Some export targets know no adaptive pooling. Silent for windows smaller than the map, and for functions whose
    window is computed (`F.avg_pool2d(x, x.shape[2:])`).

    References
    ----------
    torch.nn.AvgPool2d, torch.nn.AdaptiveAvgPool2d.
    """

    code = "CNN306"
    name = "fixed-kernel-global-pool"
    category = Category.HEAD
    severity = Severity.ADVICE

    bad = (
        Example(
            _NET.format(pool="nn.AvgPool2d(16)", features=16),
            ((5, "AvgPool2d averages the whole map of 16×16: the network takes no other input size"),),
            ("3x32x32",),
            "a pool as large as the map",
        ),
        Example(
            _NET.format(pool="nn.AvgPool2d((16, 8), stride=1)", features=16),
            ((5, "AvgPool2d averages the whole map of 16×8: the network takes no other input size"),),
            ("3x32x16",),
            "a map that is not square",
        ),
        Example(
            _NET.format(pool="nn.Identity()", features=16).replace(
                "torch.flatten(x, 1)", "torch.flatten(nn.functional.avg_pool2d(x, 16), 1)"
            ),
            ((10, "avg_pool2d averages the whole map of 16×16: the network takes no other input size"),),
            ("3x32x32",),
            "the function",
        ),
    )
    good = (
        Example(
            _NET.format(pool="nn.Identity()", features=16).replace(
                "torch.flatten(x, 1)", "torch.flatten(nn.functional.avg_pool2d(x, x.size()[2:]), 1)"
            ),
            inputs=("3x32x32",),
            why="a window computed from the map takes any size",
        ),
        Example(_NET.format(pool="nn.AdaptiveAvgPool2d(1)", features=16), inputs=("3x32x32",), why="adaptive"),
        Example(_NET.format(pool="nn.AvgPool2d(8)", features=64), inputs=("3x32x32",), why="smaller than the map"),
        Example(_NET.format(pool="nn.AvgPool2d(16)", features=16), why="the map may be as large as 31×31"),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each such pool."""
        if not size_declared(model):
            return
        for node in model.nodes:
            if isinstance(node.op, Dense) and node.certain and node.problem is None:
                flat = flattened_input(model, node.inputs[0])
                pool = model.producer(flat.map) if flat is not None else None
                if pool is not None and _covers_map(pool):
                    yield self._finding(model, pool)

    def _finding(self, model: ModelGraph, pool: Node) -> Finding:
        sizes = (pool.inputs[0].shape or ())[2:]
        layer = own_layer(pool)
        name = layer.type if layer is not None else pool.op.name
        return self.finding(
            layer or pool,
            f"{name} averages the whole map of {times(sizes)}: the network takes no other input size",
            help=f"nn.AdaptiveAvgPool{len(sizes)}d(1)",
            data={"map": plain(sizes)},
            fix=_adaptive(model, pool, len(sizes)),
        )


def _adaptive(model: ModelGraph, pool: Node, axes: int) -> Fix | None:
    """Adaptive pooling to one position, which gives the same values for this input."""
    edit: Edit = ReplaceCallee(pool.span, f".adaptive_avg_pool{axes}d", "1")
    if own_layer(pool) is not None:
        place = built_only_by(model, pool)
        if place is None:
            return None
        edit = ReplaceSpan(place, f"torch.nn.AdaptiveAvgPool{axes}d(1)")
    return Fix((edit,), Applicability.SAFE)


def _covers_map(pool: Node) -> bool:
    op, shape = pool.op, pool.inputs[0].shape
    if not isinstance(op, Pooling) or op.kind != "avg" or op.computed or shape is None or any(op.padding):
        return False
    sizes = shape[-len(op.kernel_size) :]
    return tuple(op.kernel_size) == tuple(sizes) and any(size != 1 for size in sizes)
