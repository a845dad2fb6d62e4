"""CNN004 layer-constructed-in-forward."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.facts import MadeInForward
from cnnlint.graph.model import ModelGraph
from cnnlint.graph.wording import number, plain
from cnnlint.rule import Category, Example, Finding, Rule, Severity

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x):
        x = self.conv(x)
        {rest}
"""


class LayerConstructedInForward(Rule):
    """A layer is built anew each time the model is called.

    What it does
    ------------
    Finds layers and parameters that are constructed while `forward` runs and not kept. With parameters it is an error;
    dropout and batch norm are a warning, other layers without state advice.

    Why it matters
    --------------
    Weights of such a layer are drawn at random in every call and are in no `parameters()`: they are never trained,
    saved or moved. A new module is always in training mode, so `model.eval()` does not reach a dropout or batch norm
    made there (`nn.Dropout().training` is `True`).

    Example
    -------

        def forward(self, x):
            return nn.Linear(64, 10)(x)

    Use instead
    -----------

        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(64, 10)

        def forward(self, x):
            return self.fc(x)

    When not to worry
    -----------------
    Silent for layers that are made once and kept (`if self.fc is None: self.fc = ...`) and for losses. Functions such
    as `F.relu` do for layers without state.

    References
    ----------
    torch.nn.Module; torch.nn.Dropout.
    """

    code = "CNN004"
    name = "layer-constructed-in-forward"
    category = Category.HYGIENE
    severity = Severity.ERROR

    bad = (
        Example(
            _NET.format(rest="return nn.Conv2d(8, 8, 1)(x)"),
            ((8, "Conv2d is built in forward: 72 parameters drawn anew in every call and never trained"),),
            why="with parameters",
        ),
        Example(
            _NET.format(rest="return nn.Dropout(0.5)(x)"),
            ((8, "Dropout is built in forward: always in training mode, eval() does not reach it"),),
            why="dropout (warning)",
        ),
        Example(
            _NET.format(rest="return nn.ReLU()(x)"),
            ((8, "ReLU is built in forward, in every call"),),
            why="without state (advice)",
        ),
    )
    good = (
        Example(_NET.format(rest="return nn.functional.relu(x)"), why="a function"),
        Example(
            _NET.format(
                rest="return nn.functional.conv2d(x, self.conv.weight.mean(0)[None].repeat(1, 1, 1, 1)[:, :1])"
            ).replace("nn.Conv2d(3, 8, 3)", "nn.Conv2d(1, 1, 3)"),
            why="a convolution with computed weights",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each construction."""
        for made in model.facts.made_in_forward:
            if not made.kept and not made.type.endswith("Loss"):
                yield self._finding(made)

    def _finding(self, made: MadeInForward) -> Finding:
        severity, text = Severity.ADVICE, ", in every call"
        if made.stateful:
            severity, text = Severity.WARNING, ": always in training mode, eval() does not reach it"
        elif made.parameters != 0:
            count = number(made.parameters)
            severity, text = Severity.ERROR, f": {count} parameters drawn anew in every call and never trained"
        return self.finding(
            made.span,
            f"{made.type} is built in forward{text}",
            severity=severity,
            help="build it in __init__",
            data={"parameters": plain(made.parameters)},
        )
