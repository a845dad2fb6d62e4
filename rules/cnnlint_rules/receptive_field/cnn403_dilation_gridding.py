"""CNN403 dilation-gridding."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd, prod

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.queries.gridding import AxisReads, Reads, final_reads, hdc_distance
from cnnlint.graph.queries.layers import layer_of
from cnnlint.graph.wording import percent
from cnnlint.rule import Category, Example, Finding, Rule, Severity


class DilationGridding(Rule):
    """Dilated convolutions on top of each other skip positions that none of them reads: gridding.

    What it does
    ------------
    For each stretch of layers at one resolution that holds two or more dilated convolutions in a row, computes the
    set of offsets at which the last map reads the first one: each convolution adds `d*(k - (K-1)/2)` to every offset,
    branches that meet join their sets. A hole between the outermost offsets is a position that no weight can reach.
    Undilated convolutions and skip connections at that resolution count; what they fill is no hole.

    Why it matters
    --------------
    Dilations with a common factor `g` read one position in `g` along each axis, `1/g**2` of the area, and neighbouring
    outputs depend on disjoint inputs. Three 3×3 convolutions with dilation 2 read 7 of 13 positions an axis: 29 % of
    the window they seem to cover. The condition of hybrid dilated convolution, `M_2 <= K`, is neither necessary nor
    sufficient: (2, 2, 2) meets it with holes, (1, 3, 2) misses it without any; the set decides.

    Example
    -------

        nn.Sequential(
            nn.Conv2d(64, 64, 3, padding=2, dilation=2), nn.ReLU(),
            nn.Conv2d(64, 64, 3, padding=2, dilation=2), nn.ReLU(),
        )

    Use instead
    -----------
    Rates that rise like a sawtooth, such as 1, 2, 5 or 1, 2, 3:

        nn.Sequential(
            nn.Conv2d(64, 64, 3, padding=1, dilation=1), nn.ReLU(),
            nn.Conv2d(64, 64, 3, padding=2, dilation=2), nn.ReLU(),
        )

    When not to worry
    -----------------
    Parallel branches of one dilated convolution each (ASPP), doubling dilations from 1 (WaveNet) and dilated ResNets,
    whose undilated layers come first, have no holes or no stack; the rule is silent. Where what happens before at
    this resolution is not known, only dilations with a common factor are reported, as advice.

    References
    ----------
    Wang et al., Understanding Convolution for Semantic Segmentation, https://arxiv.org/abs/1702.08502, section 3.2.
    Yu et al., Dilated Residual Networks, https://arxiv.org/abs/1705.09914
    """

    code = "CNN403"
    name = "dilation-gridding"
    category = Category.RECEPTIVE_FIELD
    severity = Severity.WARNING

    bad = (
        Example(
            """\
class Context(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 16, 3, stride=2, padding=1),
            nn.Conv2d(16, 16, 3, padding=2, dilation=2),
            nn.ReLU(),
            nn.Conv2d(16, 16, 3, padding=2, dilation=2),
            nn.ReLU(),
            nn.Conv2d(16, 16, 3, padding=2, dilation=2),
        )
""",
            ((9, "dilations 2, 2, 2 read 7 of 13 positions along each axis: 29.0 % of the window"),),
            why="a common factor of 2",
        ),
        Example(
            """\
class Context(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 16, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 16, 3, padding=2, dilation=2),
            nn.ReLU(),
            nn.Conv2d(16, 16, 3, padding=9, dilation=9),
        )
""",
            ((8, "dilations 1, 2, 9 read 21 of 25 positions along each axis: 70.6 % of the window"),),
            why="a last step that is too long for what the layers before it cover",
        ),
    )
    good = (
        Example(
            """\
class Context(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 16, 3, padding=1),
            nn.Conv2d(16, 16, 3, padding=2, dilation=2),
            nn.Conv2d(16, 16, 3, padding=5, dilation=5),
        )
""",
            why="a sawtooth",
        ),
        Example(
            """\
class ASPP(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, stride=2, padding=1)
        self.branches = nn.ModuleList(nn.Conv2d(16, 16, 3, padding=d, dilation=d) for d in (6, 12, 18))
        self.project = nn.Conv2d(48, 16, 1)

    def forward(self, x):
        x = self.stem(x)
        return self.project(torch.cat([branch(x) for branch in self.branches], 1))
""",
            why="parallel branches with one dilated convolution each",
        ),
        Example(
            """\
class WaveNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.entry = nn.Conv1d(1, 8, 1)
        self.layers = nn.ModuleList(nn.Conv1d(8, 8, 2, dilation=2 ** i) for i in range(6))

    def forward(self, x):
        x = self.entry(x)
        for layer in self.layers:
            x = torch.tanh(layer(nn.functional.pad(x, (layer.dilation[0], 0))))
        return x
""",
            inputs=("1x1x100",),
            why="doubling dilations read every position",
        ),
        Example(
            """\
class DilatedResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=2, dilation=2)
        self.conv3 = nn.Conv2d(8, 8, 3, padding=2, dilation=2)

    def forward(self, x):
        x = self.conv1(x)
        return x + self.conv3(torch.relu(self.conv2(x)))
""",
            why="undilated layers come first",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for the last dilated convolution of each stretch that leaves holes."""
        reported: set[Node] = set()
        for reads in final_reads(model):
            gridded = [axis for axis in reads if axis.holes and axis.dilated >= 2]
            if not gridded:
                continue
            last, exact = gridded[0].last, all(axis.exact for axis in reads)
            if last is None or last in reported or not last.certain or not (exact or _common_factor(gridded[0]) > 1):
                continue
            reported.add(last)
            yield self._finding(last, reads, gridded[0], Severity.WARNING if exact else Severity.ADVICE)

    def _finding(self, last: Node, reads: Reads, axis: AxisReads, severity: Severity) -> Finding:
        distance = hdc_distance(axis.layers)
        coverage = prod(each.read / each.span for each in reads)
        rates = ", ".join(map(str, axis.dilations)) if len(axis.dilations) <= 8 else f"up to {max(axis.dilations)}"
        alike = len({(each.read, each.span) for each in reads}) == 1 and len(reads) > 1
        where = "along each axis" if alike else "along this axis" if len(reads) > 1 else "of the signal"
        window = "" if len(reads) == 1 else f": {percent(coverage)} of the window"
        return self.finding(
            layer_of(last),
            f"dilations {rates} read {axis.read} of {axis.span} positions {where}{window}",
            severity=severity,
            help="let the dilations rise like a sawtooth without a common factor, such as 1, 2, 5 or 1, 2, 3; "
            f"M_2 = {distance} of hybrid dilated convolution does not decide it",
            data={
                "dilations": list(axis.dilations), "read": axis.read, "span": axis.span, "coverage": round(coverage, 4),
                "hdc_distance": distance,
            },
        )  # fmt: skip


def _common_factor(axis: AxisReads) -> int:
    return gcd(*(dilation for dilation in axis.dilations if dilation > 1))
