"""CNN204 channels-not-multiple-of-8."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Activation, Convolution, Dense
from cnnlint.graph.queries.chains import is_pointwise, reaches_output, stem_convolutions
from cnnlint.graph.queries.places import own_layer
from cnnlint.graph.queries.shares import mac_shares
from cnnlint.graph.wording import percent, short
from cnnlint.rule import Category, Example, Finding, Rule, Severity

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, {fan_in}, 3, 2, 1)
        self.conv = {conv}
        self.head = nn.Linear({out}, 10)

    def forward(self, x):
        x = self.conv(self.stem(x).relu()).relu()
        return self.head(x.mean((2, 3)))
"""


class ChannelsNotMultipleOf8(Rule):
    """Channel counts that are no multiple of 8 leave part of a tensor core idle.

    What it does
    ------------
    Finds dense convolutions and linear layers with at least 1 % of the model's MACs (option `min-share`) whose input
    or output channels are no multiple of 8 (option `multiple`; 4 for TF32), and computes the part of the padded
    arithmetic that is wasted. It is off unless `target = "tensor-core"` is set or it is selected.

    Why it matters
    --------------
    Tensor cores work on tiles; in FP16 and BF16 channels are taken in eights. `Ci × Co` channels cost as much as
    `8⌈Ci/8⌉ × 8⌈Co/8⌉`, so the part `1 - Ci·Co / (8⌈Ci/8⌉ · 8⌈Co/8⌉)` is wasted, or the fast kernel is not taken at
    all. (NVIDIA, Convolutional Layers User's Guide: "divisible by 8 (FP16) or 4 (TF32)".)

    Example
    -------

        nn.Conv2d(60, 100, 3)

    Use instead
    -----------

        nn.Conv2d(64, 104, 3)

    When not to worry
    -----------------
    On CPUs and where cuDNN pads by itself: measure. There is no fix: the layers that read the result change too.
    Silent for the input side of the first convolution, the layer that gives the output, maps of one position (squeeze
    and excitation) and depthwise and grouped convolutions.

    References
    ----------
    https://docs.nvidia.com/deeplearning/performance/dl-performance-convolutional/
    """

    code = "CNN204"
    name = "channels-not-multiple-of-8"
    category = Category.EFFICIENCY
    severity = Severity.ADVICE
    opt_in = True
    targets = frozenset({"tensor-core"})

    bad = (
        Example(
            _NET.format(fan_in=64, conv="nn.Conv2d(64, 100, 3)", out=100),
            ((5, "64→100 channels are computed as 64→104: 3.8 % of 11.7 M MACs are padding"),),
            ("3x32x32",),
            "output channels",
        ),
        Example(
            _NET.format(fan_in=60, conv="nn.Conv2d(60, 100, 1)", out=100),
            (
                (4, "output of 60 channels is computed as 64: 6.2 % of 442 k MACs are padding"),
                (5, "60→100 channels are computed as 64→104: 9.9 % of 1.70 M MACs are padding"),
            ),
            ("3x32x32",),
            "both, and the output of the stem",
        ),
        Example(
            _NET.format(fan_in=64, conv="nn.Conv2d(64, 64, 3)", out=64)
            .replace(
                "nn.Linear(64, 10)",
                "nn.Sequential(nn.Flatten(), nn.Linear(64, 5000), nn.ReLU(), nn.Linear(5000, 1001))",
            )
            .replace("nn.Linear(5000, 1001)", "nn.Linear(5000, 2050), nn.ReLU(), nn.Linear(2050, 10)"),
            ((6, "5000→2050 channels are computed as 5000→2056: 0.3 % of 10.3 M MACs are padding"),),
            ("3x32x32",),
            "a linear layer; the output layer is left alone",
        ),
    )
    good = (
        Example(_NET.format(fan_in=64, conv="nn.Conv2d(64, 96, 3)", out=96), inputs=("3x32x32",), why="multiples of 8"),
        Example(
            _NET.format(fan_in=3, conv="nn.Conv2d(3, 64, 3)", out=64).replace(
                "nn.Conv2d(3, 3, 3, 2, 1)", "nn.Identity()"
            ),
            inputs=("3x32x32",),
            why="the three channels of an image",
        ),
        Example(
            _NET.format(fan_in=64, conv="nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(64, 20, 1))", out=20),
            inputs=("3x32x32",),
            why="a squeeze on a map of one position",
        ),
        Example(
            _NET.format(fan_in=64, conv="nn.Conv2d(64, 100, 3, groups=4)", out=100),
            inputs=("3x32x32",),
            why="grouped",
        ),
    )

    @dataclass(frozen=True)
    class Options:
        multiple: int = 8
        """What channel counts should be a multiple of: 8 for FP16 and BF16, 4 for TF32."""
        min_share: float = 0.01
        """Least part of the model's MACs."""

    options: Options

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each layer that pays."""
        shares, stems = mac_shares(model), stem_convolutions(model)
        for node, (macs, share) in shares.items():
            if share < self.options.min_share or not node.certain or _is_output(model, node) or _one_position(node):
                continue
            ends = _channels(node)
            if ends is not None:
                yield from self._judged(node, ends, macs, node in stems)

    def _judged(self, node: Node, ends: tuple[int, int], macs: int, stem: bool) -> Iterator[Finding]:
        fan_in, out = ends
        wide_in = fan_in if stem else self._padded(fan_in)
        wide_out = self._padded(out)
        if (wide_in, wide_out) == ends:
            return
        waste = 1 - fan_in * out / (wide_in * wide_out)
        change = (
            f"output of {out} channels is computed as {wide_out}"
            if stem
            else f"{fan_in}→{out} channels are computed as {wide_in}→{wide_out}"
        )
        yield self.finding(
            own_layer(node) or node,
            f"{change}: {percent(waste)} of {short(macs / (1 - waste))} MACs are padding",
            help=f"multiples of {self.options.multiple}",
            data={
                "in_channels": fan_in,
                "out_channels": out,
                "padded_in": wide_in,
                "padded_out": wide_out,
                "macs": macs,
            },
        )

    def _padded(self, channels: int) -> int:
        return -(-channels // self.options.multiple) * self.options.multiple


def _channels(node: Node) -> tuple[int, int] | None:
    match node.op:
        case Convolution(in_channels=int() as fan_in, out_channels=int() as out, groups=1):
            return fan_in, out
        case Dense(in_features=int() as fan_in, out_features=int() as out):
            return fan_in, out
        case _:
            return None


def _is_output(model: ModelGraph, node: Node) -> bool:
    return reaches_output(model, node.output, lambda each: is_pointwise(each) and isinstance(each.op, Activation))


def _one_position(node: Node) -> bool:
    """Whether a convolution works on a map of one position, as in squeeze and excitation."""
    shape = node.output.shape
    return isinstance(node.op, Convolution) and shape is not None and all(size == 1 for size in shape[2:])
