"""CNN703 bottleneck-not-narrow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Convolution, Merge, MergeKind
from cnnlint.graph.queries.chains import Passes, behind, is_pointwise, source
from cnnlint.graph.queries.depth import is_pointwise_conv
from cnnlint.graph.queries.layers import layer_of
from cnnlint.graph.queries.merges import pointwise_in
from cnnlint.rule import Category, Example, Finding, Rule, Severity


class BottleneckNotNarrow(Rule):
    """A bottleneck block whose middle is as wide as its ends costs more than the plain layer it replaces.

    What it does
    ------------
    Looks at residual branches of a 1×1, an ungrouped 3×3 and a 1×1 convolution with widths Ci, m, m and Co, and
    reports a middle that is at least as wide as both ends, or narrower than a sixteenth of the output.

    Why it matters
    --------------
    The block has `m(Ci + 9m + Co)` weights. With `m = C/4` that is `17/16 C²`, an eighth of the `9C²` of a plain 3×3
    convolution; with `m = C` it is `11C²`, more than that. A middle of less than `C/16` lets too little through.

    Example
    -------

        conv1x1(256, 256), conv3x3(256, 256), conv1x1(256, 256)

    Use instead
    -----------

        conv1x1(256, 64), conv3x3(64, 64), conv1x1(64, 256)

    When not to worry
    -----------------
    Inverted residuals are wide in the middle on purpose, where the convolution is depthwise or grouped; Wide ResNet
    and ResNeXt use `m = Co/2`. The rule is silent there.

    References
    ----------
    He et al., Deep Residual Learning, https://arxiv.org/abs/1512.03385, section 4.1
    """

    code = "CNN703"
    name = "bottleneck-not-narrow"
    category = Category.RESIDUAL
    severity = Severity.ADVICE
    numbers = {"17": 4 + 9 + 4, "16": 4 * 4, "11": 1 + 9 + 1}  # in units of m² where m = C/4, and of C²

    @dataclass(frozen=True)
    class Options:
        """``least``: the narrowest middle, as a part of the output channels."""

        least: float = 1 / 16

    options: Options

    bad = (
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.reduce = nn.Conv2d(256, 256, 1)
        self.conv = nn.Conv2d(256, 256, 3, padding=1)
        self.expand = nn.Conv2d(256, 256, 1)

    def forward(self, x):
        out = torch.relu(self.conv(torch.relu(self.reduce(x))))
        return torch.relu(x + self.expand(out))
""",
            ((5, "bottleneck 256→256→256 is not narrow: 720,896 weights, a plain 3×3 convolution has 589,824"),),
            why="as wide in the middle as at the ends",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.reduce = nn.Conv2d(512, 16, 1)
        self.conv = nn.Conv2d(16, 16, 3, padding=1)
        self.expand = nn.Conv2d(16, 512, 1)

    def forward(self, x):
        out = torch.relu(self.conv(torch.relu(self.reduce(x))))
        return torch.relu(x + self.expand(out))
""",
            ((5, "bottleneck 512→16→512 narrows to 1/32 of its output channels"),),
            why="too narrow",
        ),
    )
    good = (
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.reduce = nn.Conv2d(256, 64, 1)
        self.conv = nn.Conv2d(64, 64, 3, padding=1)
        self.expand = nn.Conv2d(64, 256, 1)

    def forward(self, x):
        out = torch.relu(self.conv(torch.relu(self.reduce(x))))
        return torch.relu(x + self.expand(out))
""",
            why="a quarter",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.expand = nn.Conv2d(32, 192, 1)
        self.depthwise = nn.Conv2d(192, 192, 3, padding=1, groups=192)
        self.project = nn.Conv2d(192, 32, 1)

    def forward(self, x):
        return x + self.project(torch.relu(self.depthwise(torch.relu(self.expand(x)))))
""",
            why="an inverted residual",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self, groups):
        super().__init__()
        self.reduce = nn.Conv2d(256, 128, 1)
        self.conv = nn.Conv2d(128, 128, 3, padding=1, groups=groups)
        self.expand = nn.Conv2d(128, 256, 1)

    def forward(self, x):
        return torch.relu(x + self.expand(torch.relu(self.conv(torch.relu(self.reduce(x))))))


class Net(nn.Sequential):
    def __init__(self):
        super().__init__(Block(groups=1), Block(groups=32))
""",
            why="half of the output, as in Wide ResNet and ResNeXt",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(64, 64, 1), nn.ReLU(), nn.Conv2d(64, 64, 3), nn.ReLU(), nn.Conv2d(64, 64, 1)
        )
""",
            why="not in a residual block",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding at the 3×3 convolution of each such block."""
        passes = pointwise_in(model)
        for node in model.nodes:
            widths = _widths(model, node, passes) if node.certain else None
            if widths is not None:
                fan_in, middle, out = widths
                if middle >= max(fan_in, out) or middle < self.options.least * out:
                    yield self._finding(node, fan_in, middle, out)

    def _finding(self, node: Node, fan_in: int, middle: int, out: int) -> Finding:
        block, plain = middle * (fan_in + 9 * middle + out), 9 * fan_in * out
        name = f"bottleneck {fan_in}→{middle}→{out}"
        if middle >= max(fan_in, out):
            said = f"{name} is not narrow: {block:,} weights, a plain 3×3 convolution has {plain:,}"
        else:
            said = f"{name} narrows to 1/{out / middle:.4g} of its output channels"
        return self.finding(
            layer_of(node),
            said,
            help=f"a quarter of the output is usual: {out // 4} channels",
            data={"in": fan_in, "middle": middle, "out": out, "weights": block, "plain_weights": plain},
        )


def _widths(model: ModelGraph, node: Node, passes: Passes) -> tuple[int, int, int] | None:
    """Ci, m and Co of the block around a 3×3 convolution; ``None`` where it is none."""
    match node.op:
        case Convolution(
            kernel_size=(3, 3), groups=1, transposed=False, in_channels=int() as m, out_channels=int() as n
        ):
            before, after = source(model, node.inputs[0], is_pointwise), behind(model, node.output, is_pointwise)
        case _:
            return None
    if m != n or before is None or not is_pointwise_conv(before) or len(after) != 1 or not is_pointwise_conv(after[0]):
        return None
    joined = behind(model, after[0].output, passes)
    if not any(isinstance(each.op, Merge) and each.op.kind is MergeKind.ADD for each in joined):
        return None
    match before.op, after[0].op:
        case Convolution(in_channels=int() as fan_in), Convolution(out_channels=int() as out):
            return fan_in, m, out
        case _:
            return None
