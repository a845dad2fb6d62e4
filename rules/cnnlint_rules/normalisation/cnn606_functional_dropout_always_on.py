"""CNN606 functional-dropout-always-on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cnnlint.graph.model import ModelGraph, Module, Node
from cnnlint.graph.operations import Dropout
from cnnlint.rule import Category, Example, Finding, Fix, Rule, SetArgument, Severity


class FunctionalDropoutAlwaysOn(Rule):
    """Functional dropout without `training=` drops in evaluation too.

    What it does
    ------------
    Reports calls of the functional dropouts that drop although the model is in evaluation mode, because `training`
    is not given (its default is true) or is the literal true.

    Why it matters
    --------------
    `model.eval()` reaches layers only. A functional call that does not ask for `self.training` keeps dropping: every
    prediction is random and worse than it need be, and nothing says so.

    Example
    -------

        x = F.dropout(x, 0.5)

    Use instead
    -----------

        x = F.dropout(x, 0.5, training=self.training)

    When not to worry
    -----------------
    Monte Carlo dropout and the prenet of Tacotron drop in evaluation on purpose. The rule is silent in classes whose
    name says so (option `intended`).

    References
    ----------
    torch.nn.functional.dropout: "training: apply dropout if True. Default: True",
    https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html.
    https://github.com/pytorch/pytorch/issues/26338
    """

    code = "CNN606"
    name = "functional-dropout-always-on"
    category = Category.NORMALISATION
    severity = Severity.WARNING

    @dataclass(frozen=True)
    class Options:
        """``intended``: words in the name of a class, in lower case, that say that dropout stays on."""

        intended: tuple[str, ...] = ("mcdropout", "montecarlo", "monte_carlo", "bayes", "prenet")

    options: Options

    bad = (
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 2)

    def forward(self, x):
        return self.fc(nn.functional.dropout(x, 0.5))
""",
            ((7, "dropout drops 50 % in evaluation too: training is not self.training"),),
            inputs=("4x8",),
            why="the default",
        ),
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x):
        return nn.functional.dropout2d(self.conv(x), p=0.25, training=True)
""",
            ((7, "dropout2d drops 25 % in evaluation too: training is not self.training"),),
            why="a literal",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 2)

    def forward(self, x):
        x = nn.functional.dropout(x, 0.5, self.training)
        return self.fc(nn.functional.dropout(x, p=0.5, training=self.training))
""",
            inputs=("4x8",),
            why="asks for the mode",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(8, 2), nn.Dropout(0.5))
""",
            why="a layer knows its mode",
        ),
        Example(
            """\
class Prenet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 2)

    def forward(self, x):
        return nn.functional.dropout(torch.relu(self.fc(x)), 0.5, training=True)
""",
            why="the prenet of Tacotron drops in evaluation too",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each call."""
        for node in model.nodes:
            match node.op:
                case Dropout(always_on=True, p=float() | int() as p) if p > 0 and node.certain:
                    if not self._is_intended(model, node.module):
                        yield self._finding(node, p)

    def _is_intended(self, model: ModelGraph, module: Module) -> bool:
        names = f"{model.name} {module.type}".lower()
        return any(word in names for word in self.options.intended)

    def _finding(self, node: Node, p: float) -> Finding:
        return self.finding(
            node,
            f"{node.op.name} drops {100 * p:.4g} % in evaluation too: training is not self.training",
            help="pass training=self.training",
            data={"p": p},
            fix=Fix((SetArgument(node.span, "training", "self.training", 2),)),
        )
