"""CNN001 missing-super-init."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import Failure, ModelGraph, ProblemKind
from cnnlint.graph.queries.places import refusals
from cnnlint.rule import Applicability, Category, Example, Finding, Fix, InsertFirst, MoveFirst, Related, Rule, Severity

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
    Plain attributes (numbers, strings, lists) may be assigned before. Silent for classes with a base that is not read,
    and for modules without layers, parameters and buffers, which fail at their first call only.

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
            ((3, "raises AttributeError: cannot assign module before Module.__init__() call"),),
            why="without",
        ),
        Example(
            _NET.format(body="        self.conv = nn.Conv2d(3, 8, 3)\n        super().__init__()"),
            ((3, "raises AttributeError: cannot assign module before Module.__init__() call"),),
            why="before",
        ),
        Example(
            _NET.format(body="        self.conv = nn.Parameter(torch.ones(3))").replace(
                "self.conv(x)", "self.conv * x"
            ),
            ((3, "raises AttributeError: cannot assign parameters before Module.__init__() call"),),
            ("2x3",),
            why="a parameter",
        ),
        Example(
            _NET.format(
                body="        for i in range(2):\n            self.add_module(f'conv{i}', nn.Conv2d(3, 3, 3))"
            ).replace("conv(", "conv0("),
            ((4, "raises AttributeError: 'Net' object has no attribute '_modules'"),),
            why="registered in a loop",
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
        Example(
            "from lightning import Base\nfrom torch import nn\n\n\n"
            + _NET.replace("nn.Module", "Base").format(body="        self.conv = nn.Conv2d(3, 8, 3)")
            + "\n\nclass Other(nn.Conv2d):\n    pass\n",
            why="a base that is not read",
        ),
        Example(
            "from dataclasses import dataclass\n\nfrom torch import nn\n\n\n"
            "@dataclass(eq=False)\n"
            "class Net(nn.Module):\n"
            "    width: int = 8\n\n"
            "    def __post_init__(self):\n"
            "        super().__init__()\n"
            "        self.conv = nn.Conv2d(3, self.width, 3)\n\n"
            "    def forward(self, x):\n"
            "        return self.conv(x)\n",
            why="the __init__ of a dataclass sets plain attributes",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """Torch's refusals of this kind, the first of each class."""
        seen = set()
        for failure in refusals(model):
            if failure.problem.kind is ProblemKind.UNINITIALISED and failure.type not in seen:
                seen.add(failure.type)
                yield self._finding(failure)

    def _finding(self, failure: Failure) -> Finding:
        late = failure.other
        edit = InsertFirst(failure.span, "super().__init__()") if late is None else MoveFirst(late)
        return self.finding(
            failure,
            f"raises AttributeError: {failure.problem.text}",
            help="call super().__init__() first in __init__",
            related=[Related(late, "too late: nn.Module.__init__ runs here")] if late is not None else [],
            fix=Fix((edit,), Applicability.SAFE),
        )
