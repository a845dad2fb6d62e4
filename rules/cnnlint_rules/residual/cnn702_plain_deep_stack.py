"""CNN702 plain-deep-stack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Convolution, Merge, MergeKind, Opaque
from cnnlint.graph.queries.depth import Run, is_depthwise, longest_run
from cnnlint.graph.queries.layers import layer_of, place_of
from cnnlint.rule import Category, Example, Finding, Related, Rule, Severity


class PlainDeepStack(Rule):
    """Twenty and more convolutions in a row without any shortcut train worse than fewer.

    What it does
    ------------
    Reports a path over at least 20 convolutions (option `min-depth`; a depthwise one counts together with its
    pointwise one) on which no addition or concatenation joins another branch.

    Why it matters
    --------------
    Plain networks degrade with depth even with batch norm: on ImageNet a plain network of 34 layers has 28.54 % top-1
    error, one of 18 layers 27.94 %. With shortcuts around every two convolutions it is 25.03 % against 27.88 %.

    Example
    -------
    A `Sequential` of thirty `Conv2d`, `BatchNorm2d`, `ReLU` groups.

    Use instead
    -----------

        x = torch.relu(x + self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))))

    When not to worry
    -----------------
    Any addition or concatenation on the path starts the count anew. Where a block is not understood the rule counts
    from there on only.

    References
    ----------
    He et al., Deep Residual Learning, https://arxiv.org/abs/1512.03385, table 2
    """

    code = "CNN702"
    name = "plain-deep-stack"
    category = Category.RESIDUAL
    severity = Severity.ADVICE
    quoted = dict.fromkeys(("34", "18", "28.54 %", "27.94 %", "25.03 %", "27.88 %"), "1512.03385, table 2")

    @dataclass(frozen=True)
    class Options:
        """``min_depth``: how many convolutions in a row are reported."""

        min_depth: int = 20

    options: Options

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        layers = [nn.Conv2d(3, 8, 3, padding=1)]
        for _ in range(20):
            layers += [nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1, bias=False)]
        super().__init__(*layers)
""",
            ((3, "21 convolutions in a row without a shortcut"),),
            why="a plain stack with batch norm",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        layers = [nn.Conv2d(3, 8, 3)]
        for _ in range(19):
            layers += [nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.ReLU(), nn.Conv2d(8, 8, 1), nn.ReLU()]
        super().__init__(*layers)
""",
            ((3, "20 convolutions in a row without a shortcut"),),
            why="depthwise and pointwise count as one",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(8, 8, 3, padding=1) for _ in range(24))

    def forward(self, x):
        for i in range(0, 24, 2):
            x = x + self.convs[i + 1](torch.relu(self.convs[i](x)))
        return x
""",
            inputs=("8x16x16",),
            why="shortcuts around pairs",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        layers = []
        for _ in range(16):
            layers += [nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()]
        super().__init__(*layers)
""",
            why="as deep as VGG-19",
        ),
        Example(
            """\
class DenseNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3 + 2 * i, 2, 3, padding=1) for i in range(24))

    def forward(self, x):
        for conv in self.convs:
            x = torch.cat([x, torch.relu(conv(x))], 1)
        return x
""",
            inputs=("3x16x16",),
            why="concatenations",
        ),
        Example(
            """\
from torch import nn
from somewhere import Block


class Net(nn.Sequential):
    def __init__(self):
        layers = [nn.Conv2d(3, 8, 3, padding=1)]
        for _ in range(6):
            layers += [Block(8), *(nn.Conv2d(8, 8, 3, padding=1) for _ in range(5))]
        super().__init__(*layers)
""",
            why="blocks that are not known may hold shortcuts",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """At most one finding, at the first layer of the longest stack."""
        run = longest_run(model, _joins, _counts)
        if run is not None and run.length >= self.options.min_depth:
            yield self._finding(run)

    def _finding(self, run: Run) -> Finding:
        return self.finding(
            layer_of(run.first),
            f"{run.length} convolutions in a row without a shortcut",
            help="add the input of every second or third convolution to the output",
            data={"depth": run.length, "first": run.first.module.name, "last": run.last.module.name},
            related=[Related(place_of(run.last), "the last of them")],
        )


def _joins(node: Node) -> bool:
    return isinstance(node.op, Opaque) or (isinstance(node.op, Merge) and node.op.kind is not MergeKind.MULTIPLY)


def _counts(node: Node) -> bool:
    return isinstance(node.op, Convolution) and node.certain and not is_depthwise(node)
