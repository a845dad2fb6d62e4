"""CNN506 pool-after-every-conv."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Convolution, Pooling
from cnnlint.graph.queries.chains import is_pointwise, source
from cnnlint.graph.queries.layers import layer_of
from cnnlint.graph.queries.resolution import sizes_of
from cnnlint.graph.receptive import receptive_fields
from cnnlint.graph.wording import times
from cnnlint.rule import Category, Example, Finding, Rule, Severity


class PoolAfterEveryConv(Rule):
    """A pool behind every single convolution shrinks the map faster than features can form.

    What it does
    ------------
    For a known input size, reports three or more consecutive units of exactly one convolution and a pool of stride 2,
    in a network of more than three convolutions, if they end at a map of at most 4 pixels a side.

    Why it matters
    --------------
    Each pool drops three quarters of the positions. With one convolution in between, a position has seen one 3×3
    pattern of the level before when its neighbours are merged away; two or three convolutions a level (VGG) build
    larger patterns before the map shrinks.

    Example
    -------

        nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), ...)  # four times

    Use instead
    -----------
    Two or three convolutions for each pool:

        nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), ...
        )

    When not to worry
    -----------------
    In networks of at most three convolutions, which are small on purpose. The rule is silent without a declared size.

    References
    ----------
    NeuraLint rules f025 and f026, https://doi.org/10.1145/3470006
    """

    code = "CNN506"
    name = "pool-after-every-conv"
    category = Category.RESAMPLING
    severity = Severity.ADVICE

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(),
        )
""",
            ((7, "4 units of one convolution and a pool leave a 2×2 map that saw 46×46 px"),),
            inputs=("3x32x32",),
            why="four units",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(),
        )
""",
            ((9, "3 units of one convolution and a pool leave a 4×4 map that saw 48×48 px"),),
            inputs=("3x64x64",),
            why="three units behind two convolutions",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(),
        )
""",
            inputs=("3x32x32",),
            why="three convolutions in all",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(),
        )
""",
            inputs=("3x32x32",),
            why="two convolutions in between",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.shortcut = nn.Conv2d(channels, channels, 1, stride=2)

    def forward(self, x):
        return torch.relu(self.conv2(torch.relu(self.conv1(x))) + self.shortcut(x))


class Net(nn.Sequential):
    def __init__(self):
        super().__init__(*(Block(8) for _ in range(4)), nn.Flatten())
""",
            inputs=("8x32x32",),
            why="strided convolutions in residual blocks",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
        )
""",
            inputs=("3x256x256",),
            why="the map stays large",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding at the pool that ends the longest run of units."""
        convolutions = sum(isinstance(node.op, Convolution) for node in model.nodes)
        if not model.evidence.gives_size or convolutions <= 3:
            return
        run: dict[Node, int] = {}
        for node in model.nodes:
            if _halves(node) and (before := _unit_start(model, node)) is not _NO_UNIT:
                run[node] = 1 + (run.get(before, 0) if isinstance(before, Node) else 0)
        last = max(run, key=lambda node: (run[node], node.index), default=None)
        if last is not None and run[last] >= 3 and max(sizes_of(last.output) or (5,)) <= 4:
            yield self._finding(model, last, run[last])

    def _finding(self, model: ModelGraph, last: Node, units: int) -> Finding:
        field = receptive_fields(model).get(last.output)
        size = [pixels or 0 for pixels in field.size] if field is not None else []
        left = sizes_of(last.output) or ()
        return self.finding(
            layer_of(last),
            f"{units} units of one convolution and a pool leave a {times(left)} map that saw {times(size)} px",
            help="put two or three convolutions before each pool",
            data={"units": units, "map": list(left), "receptive_field": size},
        )


_NO_UNIT = object()


def _halves(node: Node) -> bool:
    return isinstance(node.op, Pooling) and node.certain and all(step == 2 for step in node.op.stride)


def _unit_start(model: ModelGraph, pool: Node) -> object:
    """What stands before the one convolution that the pool follows; ``_NO_UNIT`` where no such convolution is."""
    conv = source(model, pool.inputs[0], is_pointwise)
    if conv is None or not isinstance(conv.op, Convolution) or any(step != 1 for step in conv.op.stride):
        return _NO_UNIT
    before = source(model, conv.inputs[0], is_pointwise)
    return _NO_UNIT if before is not None and isinstance(before.op, Convolution) else before
