"""CNN803 grouped-convs-never-mix."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Convolution, Pooling
from cnnlint.graph.queries.chains import behind, is_pointwise
from cnnlint.graph.queries.depth import is_depthwise
from cnnlint.graph.queries.layers import layer_of, place_of
from cnnlint.rule import Category, Example, Finding, Related, Rule, Severity


class GroupedConvsNeverMix(Rule):
    """Grouped convolutions on top of each other with the same groups keep the groups apart.

    What it does
    ------------
    Reports two or more grouped (not depthwise) convolutions with the same number of groups in a row without an
    ungrouped convolution, a channel shuffle or a merge between them; with two groups, three or more convolutions.

    Why it matters
    --------------
    Group k of the second reads group k of the first only, so after any number of such layers an output depends on
    `Ci/G` of the input channels: the network is `G` narrow networks side by side.

    Example
    -------

        nn.Sequential(nn.Conv2d(64, 64, 3, groups=4), nn.ReLU(), nn.Conv2d(64, 64, 3, groups=4))

    Use instead
    -----------

        nn.Sequential(nn.Conv2d(64, 64, 3, groups=4), nn.ReLU(), nn.ChannelShuffle(4), nn.Conv2d(64, 64, 3, groups=4))

    When not to worry
    -----------------
    The two towers of AlexNet, ResNeXt with 1×1 convolutions around each grouped one, and shuffles written with reshape
    and transpose; the rule is silent there.

    References
    ----------
    Zhang et al., ShuffleNet, https://arxiv.org/abs/1707.01083, section 3.1: "blocks information flow between channel
    groups"
    """

    code = "CNN803"
    name = "grouped-convs-never-mix"
    category = Category.MOBILE
    severity = Severity.WARNING

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 64, 3),
            nn.Conv2d(64, 64, 3, groups=4),
            nn.ReLU(),
            nn.Conv2d(64, 128, 3, groups=4),
        )
""",
            ((7, "2 grouped convolutions in a row keep 4 groups apart: each output sees 16 of 64 channels"),),
            why="two in a row",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(64, 64, 1, groups=8),
            nn.BatchNorm2d(64),
            nn.Conv2d(64, 64, 3, groups=8),
            nn.MaxPool2d(2),
            nn.Conv2d(64, 64, 1, groups=8),
        )
""",
            ((8, "3 grouped convolutions in a row keep 8 groups apart: each output sees 8 of 64 channels"),),
            why="three in a row",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(16, 32, 3, groups=2),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, groups=2),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, groups=2),
        )
""",
            ((8, "3 grouped convolutions in a row keep 2 groups apart: each output sees 8 of 16 channels"),),
            why="two towers that never meet",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(64, 64, 3, groups=4), nn.ChannelShuffle(4), nn.Conv2d(64, 64, 3, groups=4),
            nn.Conv2d(64, 64, 1), nn.Conv2d(64, 64, 3, groups=4),
        )
""",
            why="a shuffle, a 1×1 convolution",
        ),
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(64, 64, 3, groups=4)
        self.second = nn.Conv2d(64, 64, 3, groups=4)

    def forward(self, x):
        x = self.first(x)
        n, c, h, w = x.shape
        x = x.view(n, 4, c // 4, h, w).transpose(1, 2).reshape(n, c, h, w)
        return self.second(x)
""",
            inputs=("64x16x16",),
            why="a shuffle written out",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(384, 384, 3, groups=2), nn.ReLU(), nn.Conv2d(384, 256, 3, groups=2))
""",
            why="the two towers of AlexNet",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(*(
            nn.Sequential(nn.Conv2d(64, 64, 1), nn.ReLU(), nn.Conv2d(64, 64, 3, padding=1, groups=32), nn.ReLU())
            for _ in range(3)
        ))

    def forward(self, x):
        return self.layers(x)
""",
            why="ResNeXt has a 1×1 convolution around each grouped one",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding at the last convolution of each chain."""
        before: dict[Node, Node] = {}
        for node in model.nodes:
            if _groups(node):
                before |= {reader: node for reader in behind(model, node.output, _passes) if _continues(node, reader)}
        ends = [node for node in before if node not in set(before.values())]
        for last in ends:
            chain = [last]
            while chain[-1] in before:
                chain.append(before[chain[-1]])
            if _groups(last) > 2 or len(chain) > 2:
                yield self._finding(last, chain[-1], len(chain))

    def _finding(self, last: Node, first: Node, length: int) -> Finding:
        channels, groups = (first.inputs[0].shape or (0, 0))[1], _groups(last)
        seen = channels // groups if isinstance(channels, int) else "?"
        return self.finding(
            layer_of(last),
            f"{length} grouped convolutions in a row keep {groups} groups apart: each output sees {seen} of {channels} "
            "channels",
            help=f"put nn.ChannelShuffle({groups}) or an ungrouped 1×1 convolution between them",
            data={"groups": groups, "length": length},
            related=[Related(place_of(first), "the first of them")],
        )


def _groups(node: Node) -> int:
    """The groups of a grouped convolution that is not depthwise; 0 for anything else."""
    match node.op:
        case Convolution(groups=int() as groups, transposed=False) if groups > 1 and node.certain:
            return 0 if is_depthwise(node) else groups
        case _:
            return 0


def _continues(node: Node, reader: Node) -> bool:
    return _groups(reader) == _groups(node)


def _passes(node: Node) -> bool:
    return is_pointwise(node) or isinstance(node.op, Pooling)
