"""CNN602 linear-stack."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Convolution
from cnnlint.graph.queries.layers import layer_of, place_of
from cnnlint.graph.queries.linear import LinearPair, linear_pairs
from cnnlint.graph.wording import times
from cnnlint.rule import Category, Example, Finding, Related, Rule, Severity


class LinearStack(Rule):
    """Two linear layers with nothing nonlinear between compute what one of them could.

    What it does
    ------------
    Finds a convolution or linear layer whose only reader, through batch norm, dropout, identity and average pools, is
    another one of its kind.

    Why it matters
    --------------
    A linear map of a linear map is one linear map. Away from padding the pair equals one convolution of kernel
    `K_A + (K_B - 1) * S_A`, so the second layer adds parameters and time but no power to represent; an activation
    between is what makes depth count. Usually it was forgotten.

    Example
    -------

        nn.Sequential(nn.Conv2d(3, 64, 3), nn.Conv2d(64, 64, 3), nn.ReLU())

    Use instead
    -----------

        nn.Sequential(nn.Conv2d(3, 64, 3), nn.ReLU(), nn.Conv2d(64, 64, 3), nn.ReLU())

    When not to worry
    -----------------
    A narrow middle is a low-rank factorisation and saves parameters (linear bottlenecks of MobileNetV2, SVD heads);
    depthwise, grouped and `1×n` with `n×1` pairs factorise too. The rule is silent there and where anything else
    reads the value in between.

    References
    ----------
    Sandler et al., MobileNetV2, https://arxiv.org/abs/1801.04381, section 3.2
    """

    code = "CNN602"
    name = "linear-stack"
    category = Category.NORMALISATION
    severity = Severity.WARNING

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 64, 3),
            nn.Conv2d(64, 64, 3),
            nn.ReLU(),
        )
""",
            (
                (
                    5,
                    (
                        "nothing nonlinear between Conv2d and Conv2d: one 5×5 convolution 3→64 of 4,864 parameters "
                        "does what these 38,720 do"
                    ),
                ),
            ),
            why="a forgotten activation",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Linear(20, 64),
            nn.BatchNorm1d(64),
            nn.Dropout(0.2),
            nn.Linear(64, 30),
        )
""",
            (
                (
                    7,
                    (
                        "nothing nonlinear between Linear and Linear: one map 20→30 of 630 parameters does what these "
                        "3,294 do"
                    ),
                ),
            ),
            why="linear layers; batch norm is linear once it is trained",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 64, 3), nn.ReLU(), nn.Conv2d(64, 64, 3), nn.ReLU())
""",
            why="an activation between",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(96, 16, 1),
            nn.BatchNorm2d(16),
            nn.Conv2d(16, 96, 1),
            nn.ReLU6(),
            nn.Flatten(),
            nn.Linear(96, 8),
            nn.Linear(8, 50),
        )
""",
            inputs=("96x1x1",),
            why="a low rank: the middle is narrower than both ends",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(8, 8, 3, groups=8), nn.Conv2d(8, 32, 1), nn.ReLU())
""",
            why="a depthwise-separable pair",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(8, 16, (1, 3)), nn.Conv2d(16, 16, (3, 1)), nn.ReLU())
""",
            why="a kernel factorised into a row and a column",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 12, 3), nn.PixelShuffle(2), nn.Conv2d(3, 3, 3), nn.ReLU())
""",
            why="a pixel shuffle between",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv3 = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.conv1 = nn.Conv2d(8, 8, 1, bias=False)
        self.norm3, self.norm1 = nn.BatchNorm2d(8), nn.BatchNorm2d(8)

    def forward(self, x):
        return torch.relu(self.norm3(self.conv3(x)) + self.norm1(self.conv1(x)) + x)


class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 8, 3), nn.ReLU(), Block(), Block())
""",
            why="parallel branches that are merged for deployment (RepVGG)",
        ),
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(20, 64)
        self.head = nn.Linear(64, 100)

    def forward(self, x):
        embedding = self.embed(x)
        return embedding, self.head(embedding)
""",
            why="a projection that is returned as an embedding",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding at the second layer of each pair."""
        for pair in linear_pairs(model):
            if pair.middle > min(pair.fan_in, pair.out) and not _is_factorised(pair):
                yield self._finding(pair)

    def _finding(self, pair: LinearPair) -> Finding:
        first, second = (node.module.type if layer_of(node) is node.module else node.op.name for node in _nodes(pair))
        one = f"{times(pair.kernel)} convolution" if pair.kernel else "map"
        counts = f" of {pair.after:,} parameters" if pair.kernel or not _is_conv(pair) else ""
        return self.finding(
            layer_of(pair.second),
            f"nothing nonlinear between {first} and {second}: one {one} {pair.fan_in}→{pair.out}{counts} does what "
            f"these {pair.before:,} do",
            help="put an activation between, or keep one layer",
            data={"kernel": list(pair.kernel), "parameters": pair.before, "merged_parameters": pair.after},
            related=[Related(place_of(pair.first), f"{first} in front of it")],
        )


def _nodes(pair: LinearPair) -> tuple[Node, Node]:
    return pair.first, pair.second


def _is_conv(pair: LinearPair) -> bool:
    return isinstance(pair.first.op, Convolution)


def _is_factorised(pair: LinearPair) -> bool:
    """Whether the two kernels run along different axes, or a 1-D kernel follows another."""
    shapes = [node.op.kernel_size for node in _nodes(pair) if isinstance(node.op, Convolution)]
    if len(shapes) != 2:
        return False
    lines = [sum(size != 1 for size in shape) for shape in shapes]
    return len(shapes[0]) > 1 and lines == [1, 1] and [s != 1 for s in shapes[0]] != [s != 1 for s in shapes[1]]
