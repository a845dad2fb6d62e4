"""CNN704 relu-before-residual-add."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Activation, Convolution, Dropout, Identity
from cnnlint.graph.queries.chains import source
from cnnlint.graph.queries.layers import place_of
from cnnlint.graph.queries.merges import additions, residual
from cnnlint.rule import Category, Example, Finding, Related, Rule, Severity

_NOT_NEGATIVE = frozenset({"relu", "relu6", "sigmoid", "hardsigmoid", "softplus"})


class ReluBeforeResidualAdd(Rule):
    """A residual branch that ends in a ReLU can only add, never subtract.

    What it does
    ------------
    Reports additions of a convolutional branch to its own input where the branch ends in ReLU, ReLU6, sigmoid or
    softplus.

    Why it matters
    --------------
    The branch is never negative then, so along a stack of blocks the stream can only grow and a block cannot correct
    what an earlier one added. On CIFAR-10 a ResNet-110 with the ReLU before the addition has an error of 7.84 %, with
    the ReLU behind it 6.61 %.

    Example
    -------

        return x + torch.relu(self.bn2(self.conv2(out)))

    Use instead
    -----------

        return torch.relu(x + self.bn2(self.conv2(out)))

    When not to worry
    -----------------
    Pre-activation blocks end in a convolution, gates multiply, DenseNet concatenates: the rule is silent there.

    References
    ----------
    He et al., Identity Mappings in Deep Residual Networks, https://arxiv.org/abs/1603.05027, section 4.1
    """

    code = "CNN704"
    name = "relu-before-residual-add"
    category = Category.RESIDUAL
    severity = Severity.ADVICE
    quoted = {"7.84 %": "1603.05027", "6.61 %": "1603.05027"}

    bad = (
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(8, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x):
        x = self.conv1(x)
        return x + torch.relu(self.conv2(x))
""",
            ((9, "the branch ends in relu, so the addition can only increase the stream"),),
            why="a ReLU at the end of the branch",
        ),
        Example(
            """\
class Block(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU6())

    def forward(self, x):
        x = torch.tanh(super().forward(x))
        return super().forward(x) + x
""",
            ((7, "the branch ends in relu6, so the addition can only increase the stream"),),
            why="the branch as the left operand",
        ),
    )
    good = (
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(8, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x):
        x = self.conv1(x)
        return torch.relu(x + self.conv2(torch.relu(x)))
""",
            why="the ReLU behind the addition, a branch that ends in a convolution",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(8, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x):
        x = self.conv1(x)
        return torch.cat([x * torch.sigmoid(self.conv2(x)), torch.relu(self.conv2(x))], 1)
""",
            why="a gate and a concatenation",
        ),
        Example(
            """\
class Merge(nn.Module):
    def __init__(self):
        super().__init__()
        self.left = nn.Conv2d(8, 8, 3, padding=1)
        self.right = nn.Conv2d(8, 8, 1)

    def forward(self, x):
        return torch.relu(self.left(x)) + torch.relu(self.right(x))
""",
            why="no identity path",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each addition."""
        for node in additions(model):
            block = residual(model, node)
            if block is None or not any(isinstance(each.op, Convolution) for each in block.branch):
                continue
            last = source(model, block.main, lambda each: isinstance(each.op, Dropout | Identity))
            if last is not None and isinstance(last.op, Activation) and last.op.name in _NOT_NEGATIVE and last.certain:
                yield self._finding(node, last)

    def _finding(self, node: Node, last: Node) -> Finding:
        return self.finding(
            node,
            f"the branch ends in {last.op.name}, so the addition can only increase the stream",
            help=f"apply {last.op.name} behind the addition",
            data={"activation": last.op.name},
            related=[Related(place_of(last), f"{last.op.name} at the end of the branch")],
        )
