"""CNN404 dead-kernel-taps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cnnlint.graph.model import ModelGraph, Module, Node, Tensor
from cnnlint.graph.operations import Convolution
from cnnlint.graph.queries.layers import layer_of
from cnnlint.graph.queries.taps import dead_taps
from cnnlint.graph.receptive import receptive_fields
from cnnlint.graph.wording import extent, number, percent
from cnnlint.rule import Category, Example, Finding, Rule, Severity


@dataclass(frozen=True, slots=True)
class _Dead:
    """A layer some of whose taps read nothing but padding."""

    node: Node
    taps: int
    total: int
    weights: int

    @property
    def dead_weights(self) -> int:
        return self.weights // self.total * self.taps


class DeadKernelTaps(Rule):
    """Taps of a kernel that only ever read padding: their weights do nothing and are never trained.

    What it does
    ------------
    For a known input size, counts the taps of each zero-padded convolution that read a position of the map in none
    of its windows, and reports layers in which at least a third of them (option `min-dead`) do not. Along each axis
    tap `k` is alive if some output `i` has `0 <= i*S - P + k*d < W`.

    Why it matters
    --------------
    A 3×3 convolution with padding 1 on a 1×1 map is a 1×1 convolution with nine times the weights; a dilation that
    reaches past the map leaves the centre tap alone. The dead weights get a gradient of exactly zero. An ImageNet
    network on small images is full of them: ResNet-18 on 32×32 pixels has 6,946,816 dead weights of 11,689,512.

    Example
    -------

        nn.Conv2d(512, 512, 3, padding=1)  # on a map of 1×1

    Use instead
    -----------
    Fewer strided layers for small inputs, or a kernel and dilation that fit the map:

        nn.Conv2d(512, 512, 1)

    When not to worry
    -----------------
    Where the network is trained on larger inputs than the declared one, as the ASPP of DeepLab is. The rule is silent
    without a declared input size, behind pooling to a fixed size, and for padding that repeats pixels; parallel
    branches on one map are reported once.

    References
    ----------
    Chen et al., Rethinking Atrous Convolution, https://arxiv.org/abs/1706.05587, section 3.3: "the number of valid
    filter weights ... becomes smaller".
    """

    code = "CNN404"
    name = "dead-kernel-taps"
    category = Category.RECEPTIVE_FIELD
    severity = Severity.WARNING
    numbers = {
        # The 3×3 convolutions of the last stage: three work on one position, the first on four with a stride.
        "6,946,816": 3 * 8 * 512 * 512 + 5 * 256 * 512,
        "11,689,512": (147 * 64 + 128) + 4 * (9 * 64 * 64 + 128) + (512 * 1000 + 1000)
        + sum(9 * c * c // 2 + 3 * 9 * c * c + c * c // 2 + 5 * 2 * c for c in (128, 256, 512)),
    }  # fmt: skip

    @dataclass(frozen=True)
    class Options(Rule.Options):
        """``min_dead``: the least share of dead taps in a layer that is reported."""

        min_dead: float = 1 / 3

    options: Options

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3, stride=4, padding=1),
            nn.Conv2d(8, 8, 3, stride=2, padding=1),
            nn.Conv2d(8, 16, 3, padding=1),
        )
""",
            (
                (5, "4 of 9 taps ever read the 2×2 map: 320 of 576 weights see only padding"),
                (6, "1 of 9 taps ever reads the 1×1 map: 1,024 of 1,152 weights see only padding"),
            ),
            inputs=("3x8x8",),
            why="maps of four pixels and of one",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3, stride=2, padding=1),
            nn.Conv2d(8, 8, 3, padding=12, dilation=12),
        )
""",
            ((5, "1 of 9 taps ever reads the 12×12 map: 512 of 576 weights see only padding"),),
            inputs=("3x24x24",),
            why="a dilation as long as the map",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3, stride=2, padding=1),
            nn.Conv2d(8, 8, 3, padding=12, dilation=12),
        )
""",
            why="no declared input size",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3, stride=2, padding=1),
            nn.Conv2d(8, 8, 3, padding=1),
            nn.Conv2d(8, 8, 3, padding=3, dilation=3, padding_mode="reflect"),
        )
""",
            inputs=("3x8x8",),
            why="every tap reads the map somewhere; reflected padding holds pixels",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(8, 8, 3, padding=1),
        )
""",
            inputs=("3x32x32",),
            why="behind a pool to a fixed size, whatever the input",
        ),
        Example(
            """\
class ASPP(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=16, padding=1)
        self.branches = nn.ModuleList(nn.Conv2d(8, 8, 3, padding=d, dilation=d) for d in (6, 12))

    def forward(self, x):
        x = self.stem(x)
        return torch.cat([branch(x) for branch in self.branches], 1)
""",
            inputs=("3x513x513",),
            why="ASPP on the crops that it is made for",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each layer, and for each map that several reported layers read."""
        if not model.evidence.gives_size:
            return
        layers = list(_with_dead_taps(model))
        in_all = {"dead_weights_in_all": sum(layer.dead_weights for layer in layers), "parameters": model.parameters}
        by_map: dict[tuple[Tensor, ...], list[_Dead]] = {}
        for layer in layers:
            if layer.taps >= self.options.min_dead * layer.total:
                by_map.setdefault(layer.node.inputs[:1], []).append(layer)
        for readers in by_map.values():
            yield self._finding(max(readers, key=lambda layer: layer.taps / layer.total), len(readers), in_all)

    def _finding(self, layer: _Dead, branches: int, in_all: dict[str, Any]) -> Finding:
        live = layer.total - layer.taps
        place = extent((layer.node.inputs[0].shape or ())[2:])
        more = f" (worst of {branches} branches)" if branches > 1 else ""
        dead, whole = in_all["dead_weights_in_all"], in_all["parameters"]
        share = f" of {whole:,} parameters ({percent(dead / whole)})" if isinstance(whole, int) and whole else ""
        return self.finding(
            layer_of(layer.node),
            f"{live} of {layer.total} taps ever {'reads' if live == 1 else 'read'} the {place}: "
            f"{number(layer.dead_weights)} of {number(layer.weights)} weights see only padding{more}",
            help=f"use fewer strided layers or a smaller kernel; dead weights in the model: {dead:,}{share}",
            data={"live": live, "taps": layer.total, "dead_weights": layer.dead_weights, **in_all},
        )


def _with_dead_taps(model: ModelGraph) -> Iterator[_Dead]:
    fields = receptive_fields(model)
    calls: dict[Module | Node, list[Node]] = {}
    for node in model.nodes:
        if isinstance(node.op, Convolution) and node.certain and node.problem is None:
            calls.setdefault(layer_of(node), []).append(node)
    for nodes in calls.values():
        field = fields.get(nodes[0].inputs[0])
        dead = dead_taps(nodes)
        weights = _weights(nodes[0].op)
        if dead and dead[0] and weights and field is not None and not field.unbounded:
            yield _Dead(nodes[0], *dead, weights)


def _weights(conv: object) -> int | None:
    """``Co * (Ci / G)`` weights for each tap."""
    match conv:
        case Convolution(in_channels=int() as fan_in, out_channels=int() as out, groups=int() as groups):
            total = out * (fan_in // groups)
            for size in conv.kernel_size:
                total *= size if isinstance(size, int) else 0
            return total
        case _:
            return None
