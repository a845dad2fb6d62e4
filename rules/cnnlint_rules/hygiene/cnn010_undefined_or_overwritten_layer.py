"""CNN010 undefined-or-overwritten-layer."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.facts import Overwritten
from cnnlint.graph.model import Failure, ModelGraph, ProblemKind
from cnnlint.graph.queries.places import refusal, refusals
from cnnlint.graph.wording import number, plain
from cnnlint.rule import Category, Example, Finding, Related, Rule, Severity

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3)
        self.{name} = nn.Conv2d(8, 8, 3)

    def forward(self, x):
        return {result}
"""


class UndefinedOrOverwrittenLayer(Rule):
    """`forward` reads a layer that nothing assigns, or a layer is assigned twice and the first is lost.

    What it does
    ------------
    Reports attributes and names that do not exist where they are read (an error, with the nearest name), and layers
    whose attribute is assigned again before anything reads it (a warning).

    Why it matters
    --------------
    Reading an attribute that nothing assigned raises `AttributeError`. Assigning `self.conv` twice keeps the second
    layer only: the first one's parameters are not in the model, and both calls in `forward` use the second.

    Example
    -------

        self.conv2 = nn.Conv2d(8, 16, 3)
        self.conv2 = nn.Conv2d(16, 32, 3)  # conv3 was meant

    Use instead
    -----------

        self.conv2 = nn.Conv2d(8, 16, 3)
        self.conv3 = nn.Conv2d(16, 32, 3)

    When not to worry
    -----------------
    Silent where names are computed (`setattr`, `add_module`, `__getattr__`), for bases that are not read, for
    assignments in branches of which one runs or in a subclass, and where the first layer has no parameters
    (`self.shortcut = nn.Identity()`).

    References
    ----------
    torch.nn.Module.
    """

    code = "CNN010"
    name = "undefined-or-overwritten-layer"
    category = Category.HYGIENE
    severity = Severity.ERROR

    bad = (
        Example(
            _NET.format(name="conv2", result="self.conv3(self.conv1(x))"),
            ((8, "raises AttributeError: 'Net' object has no attribute 'conv3'"),),
            why="an attribute that nothing assigns",
        ),
        Example(
            _NET.format(name="conv1", result="self.conv1(x)").replace("nn.Conv2d(8, 8", "nn.Conv2d(3, 8"),
            ((5, "conv1 is assigned again before anything reads it: 224 parameters are lost"),),
            why="an attribute assigned twice (warning)",
        ),
    )
    good = (
        Example(_NET.format(name="conv2", result="self.conv2(self.conv1(x))"), why="both are used"),
        Example(
            _NET.format(name="conv2", result="self.conv3(self.conv1(x))").replace(
                "        self.conv1",
                '        setattr(self, "conv" + str(3), nn.Conv2d(8, 8, 1))\n        self.conv1',
                1,
            ),
            why="a computed name",
        ),
        Example(
            _NET.format(name="conv2", result="self.conv3(self.conv1(x))").replace(
                "        self.conv1", '        self.add_module(f"conv{3}", nn.Conv2d(8, 8, 1))\n        self.conv1', 1
            ),
            why="added by name",
        ),
        Example(
            _NET.format(name="conv2", result="self.scale * self.conv1(x)") + "\n    def __getattr__(self, name):\n"
            "        return 2.0 if name == 'scale' else super().__getattr__(name)\n",
            why="a __getattr__ of its own",
        ),
        Example(
            "from elsewhere import Heads\nfrom torch import nn\n\n\n"
            + _NET.replace("nn.Module", "Heads, nn.Module").format(name="conv2", result="self.head(self.conv1(x))"),
            why="a mixin that is not read",
        ),
        Example(
            _NET.format(name="conv2", result="self.conv2(self.conv1(x))")
            .replace("(self)", "(self, wide=True)")
            .replace(
                "        self.conv2 = nn.Conv2d(8, 8, 3)\n",
                "        self.conv2 = nn.Conv2d(8, 8, 1)\n"
                "        if wide:\n            self.conv2 = nn.Conv2d(8, 8, 3)\n",
            ),
            why="replaced under a condition",
        ),
        Example(
            _NET.format(name="fc", result="self.fc(self.conv1(x))") + "\n\nclass Other(Net):\n"
            "    def __init__(self):\n"
            "        super().__init__()\n"
            "        self.fc = nn.Conv2d(8, 2, 1)\n",
            why="replaced by a subclass",
        ),
        Example(
            _NET.format(name="conv2", result="self.conv2(self.conv1(x))").replace(
                "        self.conv2", "        self.conv2 = nn.Identity()\n        self.conv2", 1
            ),
            why="what is replaced has no parameters",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """Names that do not exist, and lost layers."""
        for failure in refusals(model):
            if failure.problem.kind is ProblemKind.ATTRIBUTE:
                yield self._undefined(failure)
        for overwritten in model.facts.overwritten:
            if overwritten.parameters != 0:
                yield self._lost(overwritten)

    def _undefined(self, failure: Failure) -> Finding:
        nearest = failure.problem.expected
        return self.finding(
            failure,
            refusal(failure),
            help=f"did you mean {nearest}?" if nearest else "",
            data={"attribute": plain(failure.problem.got), "nearest": plain(nearest)},
        )

    def _lost(self, overwritten: Overwritten) -> Finding:
        count = overwritten.parameters
        return self.finding(
            overwritten.second,
            f"{overwritten.attribute} is assigned again before anything reads it: {number(count)} parameters are lost",
            severity=Severity.WARNING,
            help="another name, or one assignment",
            data={"parameters": plain(count)},
            related=[Related(overwritten.first, "first assigned here")],
        )
