"""CNN001 missing-super-init."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph, ProblemKind
from cnnlint.graph.queries.places import refusals
from cnnlint.rule import Applicability, Category, Example, Finding, Fix, InsertLine, Rule, Severity

_NET = """\
class Net(nn.Module):
    def __init__(self):
{body}

    def forward(self, x):
        return self.conv(x)
"""


class MissingSuperInit(Rule):
    """A module assigns layers to itself before, or without, `super().__init__()`.

    What it does
    ------------
    Reports the first assignment of a layer or parameter to a module whose `nn.Module.__init__` has not run.

    Why it matters
    --------------
    `nn.Module.__init__` makes the tables that layers and parameters are registered in. Without them the assignment
    raises "AttributeError: cannot assign module before Module.__init__() call" (torch.nn.Module).

    Example
    -------

        class Net(nn.Module):
            def __init__(self):
                self.conv = nn.Conv2d(3, 8, 3)

    Use instead
    -----------

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

    When not to worry
    -----------------
    Plain attributes (numbers, strings, lists) may be assigned before. Silent for classes with a base that is not read.

    References
    ----------
    torch.nn.Module.
    """

    code = "CNN001"
    name = "missing-super-init"
    category = Category.HYGIENE
    severity = Severity.ERROR

    bad = (
        Example(
            _NET.format(body="        self.conv = nn.Conv2d(3, 8, 3)"),
            ((3, "Net cannot assign module before Module.__init__() call"),),
            why="without",
        ),
        Example(
            _NET.format(body="        self.conv = nn.Conv2d(3, 8, 3)\n        super().__init__()"),
            ((3, "Net cannot assign module before Module.__init__() call"),),
            why="before",
        ),
    )
    good = (
        Example(_NET.format(body="        super().__init__()\n        self.conv = nn.Conv2d(3, 8, 3)"), why="in order"),
        Example(
            _NET.format(
                body="        self.width = 8\n        super().__init__()\n        self.conv = nn.Conv2d(3, 8, 3)"
            ),
            why="a plain attribute may come first",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """Torch's refusals of this kind, the first of each class."""
        seen = set()
        for failure in refusals(model):
            if failure.problem.kind is ProblemKind.UNINITIALISED and failure.type not in seen:
                seen.add(failure.type)
                later = failure.problem.got is not None
                fix = Fix((InsertLine(failure.span, "super().__init__()"),), Applicability.SAFE)
                yield self.finding(
                    failure,
                    f"{failure.type} {failure.problem.text}",
                    help="move super().__init__() in front" if later else "super().__init__() first in __init__",
                    fix=None if later else fix,
                )
