"""CNN307 adaptive-pool-upsamples."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.dims import less, product
from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import AdaptivePooling, Dense
from cnnlint.graph.queries.heads import flattened_input
from cnnlint.graph.queries.inputs import size_declared
from cnnlint.graph.queries.places import own_layer
from cnnlint.graph.wording import number, plain, times
from cnnlint.rule import Category, Example, Finding, Rule, Severity

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, 8, 1)
        self.pool = {pool}
        self.fc = nn.Linear(16 * 7 * 7, 10)

    def forward(self, x):
        x = self.pool(self.conv(x).relu())
        return self.fc(torch.flatten(x, 1))
"""


class AdaptivePoolUpsamples(Rule):
    """An adaptive pool is asked for more positions than the map has, and repeats values.

    What it does
    ------------
    Finds adaptive pools whose output is larger than their input on an axis. It needs an input size.

    Why it matters
    --------------
    Output position `i` of `O` reads the positions from `floor(i·W/O)` to `ceil((i+1)·W/O)`; with `O > W` neighbours
    read the same ones. VGG-16 on 32×32 images has a map of 1×1 in front of its 7×7 pool: the 25,088 features of its
    first linear layer hold 512 different numbers, and 48 of 49 of that layer's weights are redundant.

    Example
    -------

        # VGG-16 fed with 3x32x32
        self.avgpool = nn.AdaptiveAvgPool2d(7)

    Use instead
    -----------

        self.avgpool = nn.AdaptiveAvgPool2d(1)

    or resize the images, or take out downsampling steps.

    When not to worry
    -----------------
    Silent for the bins of pyramid pooling, where several adaptive pools read one map, and without an input size.

    References
    ----------
    torch.nn.AdaptiveAvgPool2d.
    """

    code = "CNN307"
    name = "adaptive-pool-upsamples"
    category = Category.HEAD
    severity = Severity.WARNING
    numbers = {"25,088": 512 * 7 * 7, "512": 512, "48": 7 * 7 - 1, "49": 7 * 7}

    bad = (
        Example(
            _NET.format(pool="nn.AdaptiveAvgPool2d(7)"),
            (
                (
                    5,
                    (
                        "AdaptiveAvgPool2d makes 7×7 of a 4×4 map by repeating values: the 784 features of "
                        "Linear hold 256 numbers"
                    ),
                ),
            ),
            ("3x32x32",),
            "a head made for larger images",
        ),
        Example(
            _NET.format(pool="nn.AdaptiveMaxPool2d((7, 7))").replace("self.fc(torch.flatten(x, 1))", "x"),
            ((5, "AdaptiveMaxPool2d makes 7×7 of a 2×8 map by repeating values"),),
            ("3x16x64",),
            "one axis",
        ),
    )
    good = (
        Example(_NET.format(pool="nn.AdaptiveAvgPool2d(7)"), inputs=("3x64x64",), why="the map is larger"),
        Example(_NET.format(pool="nn.AdaptiveAvgPool2d(7)"), why="no input size"),
        Example(
            "class Net(nn.Module):\n"
            "    def __init__(self):\n"
            "        super().__init__()\n"
            "        self.bins = nn.ModuleList([nn.AdaptiveAvgPool2d(n) for n in (1, 2, 6)])\n\n"
            "    def forward(self, x):\n"
            "        return [pool(x) for pool in self.bins]\n",
            inputs=("3x4x4",),
            why="the bins of pyramid pooling",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each such pool."""
        if not size_declared(model):
            return
        for node in model.nodes:
            if isinstance(node.op, AdaptivePooling) and node.certain and node.inputs[0].shape is not None:
                sizes = node.inputs[0].shape[-len(node.op.output_size) :]
                pools = [each for each in model.consumers[node.inputs[0]] if isinstance(each.op, AdaptivePooling)]
                if len(pools) == 1 and any(map(less, sizes, node.op.output_size)):
                    yield self._finding(model, node, node.op)

    def _finding(self, model: ModelGraph, node: Node, op: AdaptivePooling) -> Finding:
        before = (node.inputs[0].shape or ())[-len(op.output_size) :]
        layer = own_layer(node)
        name = layer.type if layer is not None else node.op.name
        return self.finding(
            layer or node,
            f"{name} makes {times(op.output_size)} of a {times(before)} map by repeating values"
            f"{_features(model, node)}",
            help="a larger input, fewer downsampling steps or a smaller output size",
            data={"map": plain(before), "output_size": plain(op.output_size)},
        )


def _features(model: ModelGraph, pool: Node) -> str:
    """How many different values a linear layer behind the pool gets at most."""
    for node in model.nodes[pool.index :]:
        if isinstance(node.op, Dense):
            flat = flattened_input(model, node.inputs[0])
            if flat is not None and flat.map in pool.outputs:
                distinct = number(product((pool.inputs[0].shape or ())[1:]))
                return f": the {number(node.op.in_features)} features of Linear hold {distinct} numbers"
    return ""
