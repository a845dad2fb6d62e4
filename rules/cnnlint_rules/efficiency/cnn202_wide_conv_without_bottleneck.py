"""CNN202 wide-conv-without-bottleneck."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cnnlint.graph.model import ModelGraph
from cnnlint.graph.operations import Convolution
from cnnlint.graph.queries.bottlenecks import WideRun, wide_runs
from cnnlint.graph.queries.places import own_layer
from cnnlint.graph.wording import number
from cnnlint.rule import Applicability, Category, Edit, Example, Finding, Fix, Related, Rule, Severity
from cnnlint_rules.efficiency.replacements import convolution, replaced, same_padding, sequence

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, {fan_in}, 7, 2, 3)
        self.body = nn.Sequential(
            {body},
        )

    def forward(self, x):
        return self.body(self.stem(x).relu())
"""


class WideConvWithoutBottleneck(Rule):
    """Wide dense 3×3 convolutions cost several times what bottlenecks of the same ends would.

    What it does
    ------------
    Finds dense 3×3 convolutions of stride 1 with at least 256 channels at both ends (option `min-channels`) that do
    not stand between 1×1 convolutions, and computes what bottlenecks of `m = Co/4` inner channels would cost. Layers
    that follow each other are one finding, at the first.

    Why it matters
    --------------
    A 3×3 convolution has `9·Ci·Co` weights; 1×1 to `m` channels, 3×3 among them, and 1×1 back to `Co` have
    `m(Ci + 9m + Co)`. For `Ci = Co` that is 144/17 = 8.47 times less (589,824 to 69,632 at 256 channels), for
    `Ci = Co/2` 4.8 times less. MACs scale alike. (ResNet, arXiv 1512.03385, section 4.1.)

    Example
    -------

        nn.Conv2d(256, 256, 3, padding=1)

    Use instead
    -----------

        nn.Conv2d(256, 64, 1), nn.ReLU(), nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 256, 1)

    When not to worry
    -----------------
    It is a trade-off: ResNet-18 and ResNet-34 keep the wide layers, ResNet-50 does not, and pretrained weights do not
    carry over. With batch norm the three layers add `4m + 2Co` parameters. Silent inside bottlenecks, in decoders
    behind upsampling, in heads that predict for each position, and where the bottleneck would have fewer than 32
    channels inside (option `min-width`).

    References
    ----------
    ResNet, arXiv 1512.03385, section 4.1.
    """

    code = "CNN202"
    name = "wide-conv-without-bottleneck"
    category = Category.EFFICIENCY
    severity = Severity.ADVICE
    numbers = {"144": 9 * 4 * 4, "17": 4 + 9 + 4}  # in units of m², with Ci = Co = 4m

    bad = (
        Example(
            _NET.format(fan_in=256, body="nn.Conv2d(256, 256, 3, padding=1)"),
            (
                (
                    6,
                    (
                        "3×3 convolution 256→256: 589,824 weights; a bottleneck 256→64→64→256 has 69,632 (8.47 "
                        "times fewer)"
                    ),
                ),
            ),
            why="equal ends",
        ),
        Example(
            _NET.format(fan_in=256, body="nn.Conv2d(256, 512, 3, padding=1)"),
            (
                (
                    6,
                    (
                        "3×3 convolution 256→512: 1,179,648 weights; a bottleneck 256→128→128→512 has 245,760 "
                        "(4.80 times fewer)"
                    ),
                ),
            ),
            why="half as many channels in front",
        ),
        Example(
            _NET.format(
                fan_in=256,
                body="nn.Conv2d(256, 256, 3),\n            nn.ReLU(),\n            nn.Conv2d(256, 512, 3)",
            ),
            (
                (
                    6,
                    (
                        "2 dense 3×3 convolutions in a row (256→256 to 256→512): 1,769,472 weights; bottlenecks "
                        "of a quarter of the width have 315,392 (5.61 times fewer)"
                    ),
                ),
            ),
            why="one finding for a run",
        ),
    )
    good = (
        Example(_NET.format(fan_in=128, body="nn.Conv2d(128, 256, 3)"), why="128 channels in front"),
        Example(
            _NET.format(
                fan_in=1024,
                body="nn.Conv2d(1024, 256, 1),\n            nn.ReLU(),\n            nn.Conv2d(256, 256, 3),\n"
                "            nn.ReLU(),\n            nn.Conv2d(256, 1024, 1)",
            ),
            why="the middle of a bottleneck",
        ),
        Example(
            _NET.format(fan_in=256, body="nn.Upsample(scale_factor=2),\n            nn.Conv2d(256, 256, 3)"),
            why="a decoder",
        ),
        Example(_NET.format(fan_in=256, body="nn.Conv2d(256, 256, 3, groups=256)"), why="depthwise"),
        Example(
            _NET.format(
                fan_in=256,
                body="nn.Conv2d(256, 256, 3, padding=1),\n            nn.ReLU(),\n            nn.Conv2d(256, 9, 1)",
            ),
            inputs=("3x64x64",),
            why="a head that predicts for each position",
        ),
        Example(
            _NET.format(fan_in=256, body="nn.Conv2d(256, 256, 3, stride=2, padding=1)"),
            why="strided",
        ),
    )

    @dataclass(frozen=True)
    class Options:
        min_channels: int = 256
        """Least number of channels in front of and behind the convolution."""
        min_width: int = 32
        """Least number of channels inside the bottleneck."""

    options: Options

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each run."""
        for run in wide_runs(model, self.options.min_channels, self.options.min_width):
            yield self._finding(model, run)

    def _finding(self, model: ModelGraph, run: WideRun) -> Finding:
        ratio = run.weights / run.bottlenecks
        first, last = run.kernels[0], run.kernels[-1]
        width = first.out // 4
        if len(run.nodes) == 1:
            text = (
                f"3×3 convolution {first.fan_in}→{first.out}: {number(run.weights)} weights; a bottleneck "
                f"{first.fan_in}→{width}→{width}→{first.out} has {number(run.bottlenecks)}"
            )
        else:
            text = (
                f"{len(run.nodes)} dense 3×3 convolutions in a row ({first.fan_in}→{first.out} to "
                f"{last.fan_in}→{last.out}): {number(run.weights)} weights; bottlenecks of a quarter of the width have "
                f"{number(run.bottlenecks)}"
            )
        places = {layer.built_at for node in run.nodes[1:] if (layer := own_layer(node)) is not None}
        start = own_layer(run.nodes[0])
        related = [
            Related(place, "of the same run")
            for place in sorted(place for place in places if place is not None)
            if start is None or place != start.built_at
        ]
        norms = sum(4 * (kernel.out // 4) + 2 * kernel.out for kernel in run.kernels)
        return self.finding(
            start or run.nodes[0],
            f"{text} ({ratio:.2f} times fewer)",
            help=f"1×1 to a quarter of the channels, 3×3, 1×1 back; batch norms add {number(norms)} parameters",
            data={"layers": len(run.nodes), "weights": run.weights, "bottleneck_weights": run.bottlenecks},
            related=related,
            fix=_bottlenecks(model, run),
        )


def _bottlenecks(model: ModelGraph, run: WideRun) -> Fix | None:
    """A bottleneck in place of each layer of the run."""
    edits: list[Edit] = []
    for node, kernel in zip(run.nodes, run.kernels, strict=True):
        assert isinstance(node.op, Convolution)
        keeps, width = same_padding(node.op), kernel.out // 4
        bias = "" if kernel.bias else "bias=False"
        layers = [
            convolution(kernel.fan_in, width, 1, bias),
            convolution(width, width, 3, "padding=1" if keeps else "", bias),
            convolution(width, kernel.out, 1, bias),
        ]
        fix = replaced(model, node, sequence(layers))
        if fix is None or keeps is None:
            return None
        edits += fix.edits
    return Fix(tuple(edits), Applicability.UNSAFE)
