"""CNN203 dense-conv-to-separable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from cnnlint.graph.model import ModelGraph, Module, Node
from cnnlint.graph.operations import Convolution
from cnnlint.graph.queries.bottlenecks import wide_runs
from cnnlint.graph.queries.chains import stem_convolutions
from cnnlint.graph.queries.kernels import dense_kernel, stacked
from cnnlint.graph.queries.layers import layer_of
from cnnlint.graph.queries.shares import mac_shares
from cnnlint.graph.wording import number, percent, short
from cnnlint.rule import Category, Example, Finding, Fix, Rule, Severity
from cnnlint_rules.efficiency.replacements import convolution, replaced, sequence

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, {fan_in}, 3, 2, 1)
        self.conv = {conv}

    def forward(self, x):
        return self.conv(self.stem(x).relu())
"""


class DenseConvToSeparable(Rule):
    """A dense convolution costs eight to nine times what a depthwise separable one would.

    What it does
    ------------
    Finds dense convolutions with a kernel of 3 or more, at least 32 channels at both ends and at least 2 % of the
    model's MACs (options `min-channels`, `min-share`), and computes the cost of a depthwise convolution followed by a
    1×1. It is off unless `target = "mobile"` is set or it is selected; a layer that CNN201 or CNN202 speaks about is
    left to them.

    Why it matters
    --------------
    A dense kernel has `K²·Ci·Co` weights, a depthwise one and a 1×1 together `K²·Ci + Ci·Co`: a factor of
    `1/(1/Co + 1/K²)`, 8.41 for 3×3 from 64 to 128 channels, 8.69 from 256 to 256. MACs scale alike. (MobileNet,
    arXiv 1704.04861, section 3.1: "8 to 9 times less computation".) A bias of the depthwise convolution adds `Ci`: with
    all biases 64 to 128 channels have 73,856 parameters or 8,960, 8.24 times fewer.

    Example
    -------

        nn.Conv2d(64, 128, 3, padding=1)

    Use instead
    -----------

        nn.Conv2d(64, 64, 3, padding=1, groups=64, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.Conv2d(64, 128, 1),

    When not to worry
    -----------------
    On servers: depthwise convolutions are bound by memory and slow in the first stages of a network (EfficientNetV2,
    arXiv 2104.00298, uses dense ones there). Silent for the first convolution, for 1×1 and for grouped convolutions.

    References
    ----------
    MobileNet, arXiv 1704.04861, section 3.1; EfficientNetV2, arXiv 2104.00298.
    """

    code = "CNN203"
    name = "dense-conv-to-separable"
    category = Category.EFFICIENCY
    severity = Severity.ADVICE
    numbers = {
        "8.69": 1 / (1 / 256 + 1 / 9),
        "256": 256,
        "73,856": 9 * 64 * 128 + 128,
        "8,960": (9 * 64 + 64) + (64 * 128 + 128),
        "8.24": 73_856 / 8_960,
    }
    opt_in = True
    targets = frozenset({"mobile"})

    bad = (
        Example(
            _NET.format(fan_in=64, conv="nn.Conv2d(64, 128, 3, padding=1)"),
            (
                (
                    5,
                    (
                        "3×3 convolution 64→128: 73,728 weights, 18.9 M MACs (97.7 % of the model); depthwise "
                        "and 1×1 have 8,768 (8.41 times fewer)"
                    ),
                ),
            ),
            ("3x32x32",),
            "64 to 128 channels",
        ),
        Example(
            _NET.format(fan_in=32, conv="nn.Conv2d(32, 32, 3, 2, 1)"),
            (
                (
                    5,
                    (
                        "3×3 convolution 32→32: 9,216 weights, 590 k MACs (72.7 % of the model); depthwise and "
                        "1×1 have 1,312 (7.02 times fewer)"
                    ),
                ),
            ),
            ("3x32x32",),
            "strided",
        ),
    )
    good = (
        Example(_NET.format(fan_in=64, conv="nn.Conv2d(64, 128, 1)"), inputs=("3x32x32",), why="1×1"),
        Example(_NET.format(fan_in=64, conv="nn.Conv2d(64, 64, 3, groups=64)"), inputs=("3x32x32",), why="grouped"),
        Example(_NET.format(fan_in=16, conv="nn.Conv2d(16, 32, 3)"), inputs=("3x32x32",), why="narrow"),
        Example(_NET.format(fan_in=256, conv="nn.Conv2d(256, 256, 3, padding=1)"), inputs=("3x32x32",), why="CNN202's"),
        Example(_NET.format(fan_in=64, conv="nn.Conv2d(64, 64, 5)"), inputs=("3x32x32",), why="CNN201's"),
    )

    @dataclass(frozen=True)
    class Options:
        min_channels: int = 32
        """Least number of channels in front of and behind the convolution."""
        min_share: float = 0.02
        """Least part of the model's MACs."""

    options: Options

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each dense convolution that is worth it, whose calls count together."""
        shares = mac_shares(model)
        others = {node for run in wide_runs(model, 256) for node in run.nodes} | stem_convolutions(model)
        calls: dict[Module | Node, list[Node]] = {}
        for node in model.nodes:
            op = node.op
            if not isinstance(op, Convolution) or op.transposed or op.groups != 1 or not node.certain or node in others:
                continue
            kernel = dense_kernel(node)
            if kernel is None or stacked(kernel, 0.2) is None:
                calls.setdefault(layer_of(node), []).append(node)
        for nodes in calls.values():
            amounts = [shares.get(node, (0, 0.0)) for node in nodes]
            if sum(share for _, share in amounts) >= self.options.min_share:
                macs, share = sum(macs for macs, _ in amounts), sum(share for _, share in amounts)
                yield from self._judged(model, nodes[0], macs, share)

    def _judged(self, model: ModelGraph, node: Node, macs: int, share: float) -> Iterator[Finding]:
        op = node.op
        assert isinstance(op, Convolution)
        sizes = [size for size in (op.in_channels, op.out_channels, *op.kernel_size) if isinstance(size, int)]
        if len(sizes) != 2 + len(op.kernel_size):
            return
        fan_in, out, *kernel = sizes
        if min(kernel) < 3 or min(fan_in, out) < self.options.min_channels:
            return
        dense, separable = prod(kernel) * fan_in * out, prod(kernel) * fan_in + fan_in * out
        yield self.finding(
            layer_of(node),
            f"{'×'.join(map(str, kernel))} convolution {fan_in}→{out}: {number(dense)} weights, {short(macs)} MACs "
            f"({percent(share)} of the model); depthwise and 1×1 have {number(separable)} "
            f"({dense / separable:.2f} times fewer)",
            help=f"a depthwise convolution (groups={fan_in}) and a 1×1 to {out} channels: "
            f"{short(macs * separable / dense)} MACs",
            data={"weights": dense, "separable_weights": separable, "macs": macs},
            fix=_separated(model, node, op, fan_in, out),
        )


def _separated(model: ModelGraph, node: Node, op: Convolution, fan_in: int, out: int) -> Fix | None:
    """Depthwise without a bias, batch norm, ReLU and 1×1."""
    kernel = op.kernel_size[0]
    if not isinstance(kernel, int) or len({*op.kernel_size}) > 1 or op.padding_text:
        return None
    given = (("stride", op.stride, 1), ("padding", op.padding, 0), ("dilation", op.dilation, 1))
    arguments = [f"{name}={_written(values)}" for name, values, usual in given if set(values) != {usual}]
    depthwise = convolution(fan_in, fan_in, kernel, *arguments, f"groups={fan_in}", "bias=False")
    pointwise = convolution(fan_in, out, 1, "" if op.bias else "bias=False")
    return replaced(model, node, sequence([f"{depthwise}, torch.nn.BatchNorm2d({fan_in})", pointwise]))


def _written(values: tuple[object, ...]) -> str:
    return str(values[0]) if len(set(values)) == 1 else str(values)
