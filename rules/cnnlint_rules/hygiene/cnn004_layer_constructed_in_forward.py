"""CNN004 layer-constructed-in-forward."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from cnnlint.graph.facts import MadeInForward
from cnnlint.graph.model import ModelGraph
from cnnlint.graph.wording import number, plain
from cnnlint.rule import Applicability, BuildOnce, Category, Example, Finding, Fix, Rule, Severity

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
    Finds layers and parameters that are constructed while `forward`, or a method that it calls, runs and not kept. With
    parameters it is an error; dropout and batch norm are a warning, other layers without state advice. The fix moves
    the construction to the end of `__init__`, if it reads nothing that only `forward` knows.

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
    raises = False

    bad = (
        Example(
            _NET.format(rest="return nn.Conv2d(8, 8, 1)(x)"),
            ((8, "Conv2d is built in forward: 72 parameters drawn anew in every call and never trained"),),
            why="with parameters",
        ),
        Example(
            _NET.format(rest="w = nn.Parameter(torch.ones(8, 1, 1))\n        return x * w"),
            ((8, "Parameter is built in forward: 8 parameters drawn anew in every call and never trained"),),
            why="a parameter",
        ),
        Example(
            _NET.format(rest="return nn.Dropout(0.5)(x)"),
            ((8, "Dropout is built in forward: always in training mode, eval() does not reach it"),),
            why="dropout (warning)",
        ),
        Example(
            _NET.format(rest="return nn.BatchNorm2d(8)(x)"),
            ((8, "BatchNorm2d is built in forward: always in training mode, eval() does not reach it"),),
            why="batch norm (warning)",
        ),
        Example(
            _NET.format(rest="return nn.ReLU()(x)"),
            ((8, "ReLU is built in forward, in every call"),),
            why="without state (advice)",
        ),
        Example(
            _NET.format(rest="return self.head(x)\n\n    def head(self, x):\n        return nn.Linear(30, 2)(x)"),
            ((11, "Linear is built in forward: 62 parameters drawn anew in every call and never trained"),),
            ("3x32x32",),
            why="in a method that forward calls",
        ),
    )
    good = (
        Example(_NET.format(rest="return nn.functional.relu(x)"), why="a function"),
        Example(
            _NET.format(
                rest="if self.norm is None:\n            self.norm = nn.BatchNorm2d(8)\n        return self.norm(x)"
            ).replace("self.conv =", "self.norm = None\n        self.conv ="),
            why="made once and kept",
        ),
        Example(
            _NET.format(
                rest="if not hasattr(self, 'head'):\n            self.head = nn.Linear(x.shape[-1], 10)\n"
                "        return self.head(x)"
            ),
            why="made once and kept, as hasattr tells",
        ),
        Example(
            _NET.format(rest="return x, nn.CrossEntropyLoss()(x, x.argmax(1))"),
            why="a loss",
        ),
        Example(
            _NET.format(
                rest="return nn.functional.conv2d(x, self.conv.weight.mean(0)[None].repeat(1, 1, 1, 1)[:, :1])"
            ).replace("nn.Conv2d(3, 8, 3)", "nn.Conv2d(1, 1, 3)"),
            why="a convolution with computed weights, as in a hypernetwork",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each construction."""
        taken = {name.rpartition(".")[2] for name in model.modules}
        seen = set()
        for made in model.facts.made_in_forward:
            if not made.kept and not made.type.endswith("Loss") and made.span not in seen:
                seen.add(made.span)
                name = next(
                    each for n in count(1) if (each := f"{made.type.lower()}{f'_{n}' if n > 1 else ''}") not in taken
                )
                taken.add(name)
                yield self._finding(made, name)

    def _finding(self, made: MadeInForward, name: str) -> Finding:
        severity, text = Severity.ADVICE, ", in every call"
        if made.stateful:
            severity, text = Severity.WARNING, ": always in training mode, eval() does not reach it"
        elif made.parameters != 0:
            parameters = number(made.parameters)
            severity, text = Severity.ERROR, f": {parameters} parameters drawn anew in every call and never trained"
        safe = severity is Severity.ADVICE
        return self.finding(
            made.span,
            f"{made.type} is built in forward{text}",
            severity=severity,
            help="build it in __init__" + (", or call the function of torch.nn.functional" if safe else ""),
            data={"parameters": plain(made.parameters)},
            fix=Fix((BuildOnce(made.span, name),), Applicability.SAFE if safe else Applicability.UNSAFE),
        )
