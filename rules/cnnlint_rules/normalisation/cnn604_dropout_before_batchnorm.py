"""CNN604 dropout-before-batchnorm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import (
    Activation,
    AdaptivePooling,
    Convolution,
    Dense,
    Dropout,
    Identity,
    Merge,
    MergeKind,
    Normalisation,
    NormKind,
    Pooling,
    Reshape,
)
from cnnlint.graph.queries.chains import behind
from cnnlint.graph.queries.constants import kept_in_eval
from cnnlint.graph.queries.layers import layer_of, place_of
from cnnlint.rule import Category, Example, Finding, Related, Rule, Severity


class DropoutBeforeBatchNorm(Rule):
    """Dropout in front of batch norm makes the statistics of training wrong for evaluation.

    What it does
    ------------
    Reports dropout with `p` above 0.1 (option `min-p`) from which a path of convolutions, linear layers, activations,
    pools and concatenations leads to a batch norm.

    Why it matters
    --------------
    In training dropout scales what it keeps by `1/(1 - p)`, so the variance that batch norm stores is that of the
    dropped values; in evaluation nothing is dropped and the variance is smaller:
    `Var_eval/Var_train = 1/((1 + m²/s²)/(1 - p) - m²/s²)` for mean `m` and deviation `s`, which is `1 - p` for a zero
    mean. Every layer behind then works on values of another scale than in training.

    Example
    -------

        nn.Sequential(nn.Dropout2d(0.25), nn.Conv2d(32, 64, 3), nn.BatchNorm2d(64))

    Use instead
    -----------
    Dropout behind the last batch norm, in front of the classifier.

    When not to worry
    -----------------
    Stochastic depth is something else. In very wide networks (Wide ResNet) the shift is small; the rule does not look
    through residual additions, and batch norm on another branch does not count.

    References
    ----------
    Li et al., Understanding the Disharmony between Dropout and Batch Normalization by Variance Shift,
    https://arxiv.org/abs/1801.05134
    """

    code = "CNN604"
    name = "dropout-before-batchnorm"
    category = Category.NORMALISATION
    severity = Severity.ADVICE

    @dataclass(frozen=True)
    class Options:
        """``min_p``: dropout up to this probability is left alone."""

        min_p: float = 0.1

    options: Options

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3),
            nn.ReLU(),
            nn.Dropout2d(0.25),
            nn.Conv2d(8, 8, 3, bias=False),
            nn.BatchNorm2d(8),
        )
""",
            (
                (
                    6,
                    "dropout of 25 % before BatchNorm2d: in evaluation the variance falls to 0.75 (zero mean)",
                ),
            ),
            why="a convolution between",
        ),
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8, bias=False)
        self.norm = nn.BatchNorm1d(8)

    def forward(self, x):
        return self.norm(self.fc(nn.functional.dropout(x, 0.5, self.training)))
""",
            (
                (
                    8,
                    "dropout of 50 % before BatchNorm1d: in evaluation the variance falls to 0.5 (zero mean)",
                ),
            ),
            inputs=("4x8",),
            why="functional dropout in a perceptron",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout2d(0.25), nn.Conv2d(8, 8, 1))
""",
            why="dropout behind the last batch norm",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 8, 3), nn.Dropout2d(0.1), nn.Conv2d(8, 8, 3, bias=False), nn.BatchNorm2d(8))
""",
            why="a small p",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm2d(8), nn.BatchNorm2d(8)

    def drop_path(self, x, p=0.3):
        if not self.training:
            return x
        return x * (torch.rand(x.shape[0], 1, 1, 1, device=x.device) >= p) / (1 - p)

    def forward(self, x):
        x = x + self.drop_path(torch.relu(self.norm1(self.conv1(x))))
        return x + self.drop_path(torch.relu(self.norm2(self.conv2(x))))
""",
            why="stochastic depth",
        ),
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)
        self.left = nn.Linear(8, 8)
        self.right = nn.Linear(8, 8, bias=False)
        self.norm = nn.BatchNorm1d(8)

    def forward(self, x):
        return self.left(self.drop(x)), self.norm(self.right(x))
""",
            why="batch norm on another branch",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each dropout."""
        for node in model.nodes:
            match node.op:
                case Dropout(p=float() | int() as p, always_on=False) if node.certain and self.options.min_p < p < 1:
                    norm = _batch_norm_behind(model, node)
                    if norm is not None:
                        yield self._finding(node, norm, p)

    def _finding(self, node: Node, norm: Node, p: float) -> Finding:
        name = norm.module.type if layer_of(norm) is norm.module else norm.op.name
        return self.finding(
            layer_of(node),
            f"dropout of {100 * p:.4g} % before {name}: in evaluation the variance falls to {1 - p:.4g} (zero mean)",
            help="move the dropout behind the last batch norm",
            data={"p": p, "variance_ratio": 1 - p},
            related=[Related(place_of(norm), f"{name} stores the variance of training")],
        )


def _batch_norm_behind(model: ModelGraph, node: Node) -> Node | None:
    for reader in behind(model, node.output, _carries_variance):
        if (
            isinstance(reader.op, Normalisation)
            and reader.op.kind is NormKind.BATCH
            and not kept_in_eval(model, reader)
        ):
            return reader
    return None


def _carries_variance(node: Node) -> bool:
    match node.op:
        case (
            Convolution() | Dense() | Activation() | Pooling() | AdaptivePooling() | Identity() | Reshape() | Dropout()
        ):
            return True
        case Merge(kind=MergeKind.CONCATENATE):
            return True
        case _:
            return False
