"""CNN802 suspicious-groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Convolution
from cnnlint.graph.queries.chains import behind, is_pointwise, stem_convolutions
from cnnlint.graph.queries.depth import is_pointwise_conv
from cnnlint.graph.queries.layers import layer_of
from cnnlint.rule import Category, Example, Finding, Rule, Severity


class SuspiciousGroups(Rule):
    """A number of groups that is neither a grouped nor a depthwise convolution as people mean them.

    What it does
    ------------
    Reports (a) groups that leave fewer than four input channels to each output although they are not as many as the
    input channels, above all groups equal to the output channels; and, as advice, (b) depthwise convolutions with
    several outputs a channel that no 1×1 convolution follows.

    Why it matters
    --------------
    An output of a grouped convolution sees `Ci/G` channels and has `(Ci/G) * K**2` weights. `groups=out_channels` is a
    common slip for `groups=in_channels`; the code runs, but each output sees a few channels only and the layer is
    neither cheap nor mixing.

    Example
    -------

        nn.Conv2d(64, 32, 3, groups=32)

    Use instead
    -----------

        nn.Conv2d(64, 64, 3, groups=64), nn.Conv2d(64, 32, 1)

    When not to worry
    -----------------
    Cardinalities such as the 32 groups of ResNeXt leave four and more channels each. Depth multipliers in a stem or in
    front of a 1×1 convolution are meant; the rule is silent there.

    References
    ----------
    torch.nn.Conv2d: "when groups == in_channels and out_channels == K * in_channels ... depthwise convolution",
    https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """

    code = "CNN802"
    name = "suspicious-groups"
    category = Category.MOBILE
    severity = Severity.WARNING

    @dataclass(frozen=True)
    class Options:
        """``min_channels``: the fewest input channels of a group that pass for a grouped convolution."""

        min_channels: int = 4

    options: Options

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 64, 3),
            nn.Conv2d(64, 32, 3, groups=32),
        )
""",
            ((5, "groups=32 leaves 2 of 64 input channels to each output (18 weights): did you mean groups=64?"),),
            why="groups equal to the output channels",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 32, 3),
            nn.Conv2d(32, 64, 3, groups=32),
            nn.ReLU(),
            nn.Conv2d(64, 64, 3),
        )
""",
            ((5, "depthwise convolution with 2 outputs a channel: 64 outputs of 9 weights"),),
            why="a depth multiplier that nothing mixes",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 128, 3), nn.Conv2d(128, 128, 3, groups=32), nn.Conv2d(128, 128, 3, groups=128))
""",
            why="the cardinality of ResNeXt and a depthwise convolution",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 6, 3, groups=3), nn.Conv2d(6, 12, 3, groups=6), nn.ReLU(), nn.Conv2d(12, 32, 1))
""",
            why="depth multipliers in the stem and in front of a 1×1 convolution",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each grouped convolution of that kind."""
        stems = stem_convolutions(model)
        for node in model.nodes:
            match node.op:
                case (
                    Convolution(
                        groups=int() as groups, in_channels=int() as fan_in, out_channels=int() as out, transposed=False
                    ) as conv
                ) if node.certain and groups > 1 and fan_in % groups == 0:
                    if groups != fan_in and fan_in // groups < self.options.min_channels:
                        yield self._narrow(node, conv, fan_in, groups)
                    elif groups == fan_in and out > fan_in and node not in stems and not _is_mixed(model, node):
                        yield self._multiplier(node, conv, fan_in, out)

    def _narrow(self, node: Node, conv: Convolution, fan_in: int, groups: int) -> Finding:
        weights = fan_in // groups * _taps(conv)
        return self.finding(
            layer_of(node),
            f"groups={groups} leaves {fan_in // groups} of {fan_in} input channels to each output ({weights} weights): "
            f"did you mean groups={fan_in}?",
            help=f"groups={fan_in} and a 1×1 convolution behind, or groups with at least "
            f"{self.options.min_channels} channels each",
            data={"groups": groups, "channels_per_group": fan_in // groups, "weights_per_output": weights},
        )

    def _multiplier(self, node: Node, conv: Convolution, fan_in: int, out: int) -> Finding:
        return self.finding(
            layer_of(node),
            f"depthwise convolution with {out // fan_in} outputs a channel: {out} outputs of {_taps(conv)} weights",
            severity=Severity.ADVICE,
            help="let a 1×1 convolution follow, or use an ungrouped convolution",
            data={"multiplier": out // fan_in},
        )


def _taps(conv: Convolution) -> int:
    return prod(size for size in conv.kernel_size if isinstance(size, int))


def _is_mixed(model: ModelGraph, node: Node) -> bool:
    return any(is_pointwise_conv(reader) for reader in behind(model, node.output, is_pointwise))
