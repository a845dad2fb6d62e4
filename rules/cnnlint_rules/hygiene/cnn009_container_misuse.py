"""CNN009 container-misuse."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import Failure, ModelGraph, ProblemKind
from cnnlint.graph.queries.places import refusal, refusals
from cnnlint.rule import Applicability, Category, Example, Finding, Fix, Rule, Severity, WrapArgument

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = {body}

    def forward(self, x):
        {forward}
"""


class ContainerMisuse(Rule):
    """`nn.Sequential` is given a list, or an `nn.ModuleList` is called.

    What it does
    ------------
    Reports containers that torch refuses: `nn.Sequential([...])` with one list in place of layers, and the call of an
    `nn.ModuleList` or `nn.ModuleDict`, which has no `forward`.

    Why it matters
    --------------
    `nn.Sequential` takes layers one by one, or one `OrderedDict`: a list raises "TypeError: list is not a Module
    subclass". A `ModuleList` only holds layers: calling it raises "NotImplementedError: Module [ModuleList] is missing
    the required forward function".

    Example
    -------

        self.body = nn.Sequential([nn.Conv2d(3, 8, 3), nn.ReLU()])

    Use instead
    -----------

        self.body = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())

    or `nn.Sequential(*layers)`; a loop over a `ModuleList`.

    When not to worry
    -----------------
    Subclasses that define `forward` may be called, and `nn.Sequential(OrderedDict(...))` is fine.

    References
    ----------
    torch.nn.Sequential, torch.nn.ModuleList.
    """

    code = "CNN009"
    name = "container-misuse"
    category = Category.HYGIENE
    severity = Severity.ERROR

    bad = (
        Example(
            _NET.format(body="nn.Sequential([nn.Conv2d(3, 8, 3), nn.ReLU()])", forward="return self.body(x)"),
            ((4, "raises TypeError: list is not a Module subclass"),),
            why="a list",
        ),
        Example(
            _NET.format(body="nn.ModuleList([nn.Conv2d(3, 8, 3)])", forward="return self.body(x)"),
            ((7, 'raises NotImplementedError: Module [ModuleList] is missing the required "forward" function'),),
            why="a ModuleList called",
        ),
        Example(
            _NET.format(body="nn.ModuleDict({'conv': nn.Conv2d(3, 8, 3)})", forward="return self.body(x)"),
            ((7, 'raises NotImplementedError: Module [ModuleDict] is missing the required "forward" function'),),
            why="a ModuleDict called",
        ),
        Example(
            _NET.format(body="nn.Sequential(nn.Conv2d(3, 3, 3) for _ in range(2))", forward="return self.body(x)"),
            ((4, "raises TypeError: generator is not a Module subclass"),),
            why="a generator",
        ),
        Example(
            _NET.format(body="nn.Sequential(nn.Conv2d(3, 3, 3), nn.ReLU)", forward="return self.body(x)"),
            ((4, "raises TypeError: torch.nn.ReLU is not a Module subclass"),),
            why="a class that is not called",
        ),
    )
    good = (
        Example(
            _NET.format(body="nn.Sequential(*[nn.Conv2d(3, 8, 3), nn.ReLU()])", forward="return self.body(x)"),
            why="the list is spread",
        ),
        Example(
            _NET.format(
                body="nn.ModuleList([nn.Conv2d(3, 8, 3)])",
                forward="for layer in self.body:\n            x = layer(x)\n        return x",
            ),
            why="a loop over it",
        ),
        Example(
            "from collections import OrderedDict\n\nfrom torch import nn\n\n\n"
            + _NET.format(
                body='nn.Sequential(OrderedDict([("conv", nn.Conv2d(3, 8, 3))]))', forward="return self.body(x)"
            ),
            why="an OrderedDict",
        ),
        Example(
            "class Chain(nn.ModuleList):\n"
            "    def forward(self, x):\n"
            "        for layer in self:\n"
            "            x = layer(x)\n"
            "        return x\n\n\n"
            + _NET.format(body="Chain([nn.Conv2d(3, 8, 3), nn.ReLU()])", forward="return self.body(x)"),
            why="a subclass that defines forward",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """Torch's refusals of this kind."""
        for failure in refusals(model):
            if failure.problem.kind is ProblemKind.CONTAINER:
                yield self._finding(failure)

    def _finding(self, failure: Failure) -> Finding:
        given = failure.problem.got
        if given not in ("list", "tuple", "generator"):
            built = f"build it: {given}()" if isinstance(given, str) and "." in given else "give it layers"
            remedy = built if failure.problem.text.startswith("raises TypeError") else "loop over its layers"
            return self.finding(failure, refusal(failure), help=remedy, data={"got": given})
        before, after = ("*(", ")") if given == "generator" else ("*", "")
        fix = Fix((WrapArgument(failure.span, 0, before, after),), Applicability.SAFE)
        remedy = "put * in front: nn.Sequential(*layers)"
        return self.finding(failure, refusal(failure), help=remedy, data={"got": given}, fix=fix)
