"""CNN801 depthwise-without-pointwise."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Dense
from cnnlint.graph.queries.depth import is_depthwise
from cnnlint.graph.queries.layers import layer_of, place_of
from cnnlint.graph.queries.mixing import is_returned_unmixed, mixes_all_channels, next_unmixed
from cnnlint.graph.queries.weights import has_fixed_weight
from cnnlint.rule import Category, Example, Finding, Related, Rule, Severity


class DepthwiseWithoutPointwise(Rule):
    """A depthwise convolution whose channels are not mixed before the next one, or at all.

    What it does
    ------------
    Reports depthwise convolutions (groups equal to the input channels) behind which the next depthwise convolution,
    or the output, is reached through an activation but without an ungrouped convolution, a linear layer, a channel
    shuffle or attention.

    Why it matters
    --------------
    A depthwise convolution looks at one channel at a time. Without a pointwise convolution behind it, each channel
    goes through the layers alone and no feature can combine two of them; half of a depthwise-separable convolution
    is missing.

    Example
    -------

        nn.Sequential(nn.Conv2d(32, 32, 3, padding=1, groups=32), nn.BatchNorm2d(32), nn.ReLU())

    Use instead
    -----------

        nn.Sequential(
            nn.Conv2d(32, 32, 3, padding=1, groups=32, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
            nn.Conv2d(32, 64, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
        )

    When not to worry
    -----------------
    Fixed blur filters, the linear layers of ConvNeXt, and several depthwise convolutions without an activation
    between them in front of one pointwise convolution (large-kernel networks); the rule is silent there.

    References
    ----------
    torch.nn.Conv2d, "depthwise convolution": https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html. Howard
    et al., MobileNets, https://arxiv.org/abs/1704.04861, section 3.1
    """

    code = "CNN801"
    name = "depthwise-without-pointwise"
    category = Category.MOBILE
    severity = Severity.WARNING

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 32, 3),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, groups=32),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, groups=32),
            nn.ReLU(),
            nn.Conv2d(32, 10, 1),
        )
""",
            ((6, "nothing mixes the 32 channels between this depthwise convolution and the next"),),
            why="two in a row",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 16, 3),
            nn.ReLU(),
            nn.Conv2d(16, 16, 3, groups=16),
            nn.ReLU(),
        )
""",
            ((6, "nothing mixes the 16 channels between this depthwise convolution and the output"),),
            why="the last layer",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 16, 3), nn.Conv2d(16, 16, 3, groups=16), nn.ReLU(), nn.Conv2d(16, 32, 1))
""",
            why="a pointwise convolution follows",
        ),
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3)
        self.register_buffer("blur", torch.ones(16, 1, 3, 3) / 9)

    def forward(self, x):
        return nn.functional.conv2d(torch.relu(self.conv(x)), self.blur, groups=16)
""",
            why="a fixed blur filter",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 4, stride=4)
        self.depthwise = nn.Conv2d(16, 16, 7, padding=3, groups=16)
        self.norm = nn.LayerNorm(16)
        self.expand = nn.Linear(16, 64)
        self.project = nn.Linear(64, 16)

    def forward(self, x):
        x = self.stem(x)
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.project(nn.functional.gelu(self.expand(y)))
        return x + y.permute(0, 3, 1, 2)
""",
            why="the linear layers of ConvNeXt",
        ),
        Example(
            """\
class LargeKernelAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(16, 16, 5, padding=2, groups=16)
        self.spread = nn.Conv2d(16, 16, 7, padding=9, dilation=3, groups=16)
        self.mix = nn.Conv2d(16, 16, 1)

    def forward(self, x):
        return x * self.mix(self.spread(self.conv(x)))
""",
            why="a large kernel taken apart, with one pointwise convolution at its end",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each depthwise convolution."""
        mixes = any(isinstance(node.op, Dense) or mixes_all_channels(node) for node in model.nodes)
        for node in model.nodes:
            if not is_depthwise(node) or not node.certain or has_fixed_weight(model, node):
                continue
            after = next_unmixed(model, node)
            if after is not None:
                yield self._finding(node, "the next", [Related(place_of(after), "the next depthwise convolution")])
            elif mixes and is_returned_unmixed(model, node):
                yield self._finding(node, "the output", [])

    def _finding(self, node: Node, end: str, related: list[Related]) -> Finding:
        channels = (node.output.shape or (0, "?"))[1]
        return self.finding(
            layer_of(node),
            f"nothing mixes the {channels} channels between this depthwise convolution and {end}",
            help="put a 1×1 convolution behind it",
            data={"channels": channels},
            related=related,
        )
