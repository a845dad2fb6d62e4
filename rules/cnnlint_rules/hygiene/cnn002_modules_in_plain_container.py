"""CNN002 modules-in-plain-container."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.facts import HiddenModules
from cnnlint.graph.model import ModelGraph
from cnnlint.graph.wording import number, plain, plural
from cnnlint.rule import Applicability, Category, Example, Finding, Fix, Rule, Severity, WrapValue

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        {layers}

    def forward(self, x):
        for layer in {read}:
            x = layer(x)
        return x
"""


class ModulesInPlainContainer(Rule):
    """Layers in a plain list, tuple or dict are invisible to the module that holds them.

    What it does
    ------------
    Finds attributes that are plain containers of layers which `forward` reads, with the number of layers and of the
    parameters that nobody sees.

    Why it matters
    --------------
    `nn.Module` registers layers that are assigned as attributes, not those inside a list. `parameters()` does not list
    them, so an optimizer never trains them; `.to(device)` leaves them behind; `state_dict()` does not save them
    (torch.nn.ModuleList: "can be indexed like a regular Python list, but modules it contains are properly registered").

    Example
    -------

        self.layers = [nn.Linear(64, 64) for _ in range(4)]

    Use instead
    -----------

        self.layers = nn.ModuleList([nn.Linear(64, 64) for _ in range(4)])

    When not to worry
    -----------------
    Silent for lists that are only handed to `nn.Sequential(*layers)` or `nn.ModuleList(layers)`, for layers registered
    under another name too, and for lists of classes or functions. A frozen teacher that is hidden on purpose is advice
    only.

    References
    ----------
    torch.nn.ModuleList; pytorch issues 666, 715 and 38639.
    """

    code = "CNN002"
    name = "modules-in-plain-container"
    category = Category.HYGIENE
    severity = Severity.WARNING

    bad = (
        Example(
            _NET.format(layers="self.layers = [nn.Conv2d(3, 3, 3) for _ in range(4)]", read="self.layers"),
            (
                (
                    4,
                    "self.layers is a plain list of 4 modules: parameters(), to() and state_dict() miss 336 parameters",
                ),
            ),
            why="a list",
        ),
        Example(
            _NET.format(layers="self.layers = (nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3))", read="self.layers"),
            (
                (
                    4,
                    "self.layers is a plain tuple of 2 modules: parameters(), to() and state_dict() miss 18 parameters",
                ),
            ),
            why="a tuple",
        ),
        Example(
            _NET.format(layers="self.layers = {'a': nn.Conv2d(3, 3, 1)}", read="self.layers.values()"),
            (
                (
                    4,
                    "self.layers is a plain dict of 1 module: parameters(), to() and state_dict() miss 12 parameters",
                ),
            ),
            why="a dict",
        ),
        Example(
            _NET.format(
                layers="self.layers = []\n        for _ in 'ab':\n            self.layers.append(nn.Conv2d(3, 3, 1))",
                read="self.layers",
            ),
            (
                (
                    4,
                    "self.layers is a plain list of 2 modules: parameters(), to() and state_dict() miss 24 parameters",
                ),
            ),
            why="appended one by one",
        ),
        Example(
            _NET.format(
                layers="teacher = nn.Conv2d(3, 3, 1).requires_grad_(False)\n        self.layers = [teacher]",
                read="self.layers",
            ),
            (
                (
                    5,
                    "self.layers is a plain list of 1 module: parameters(), to() and state_dict() miss 12 parameters",
                ),
            ),
            why="a frozen teacher, hidden on purpose: it is not moved either (advice)",
        ),
    )
    good = (
        Example(
            _NET.format(layers="self.layers = nn.ModuleList([nn.Conv2d(3, 3, 3)])", read="self.layers"),
            why="a ModuleList registers them",
        ),
        Example(
            _NET.format(
                layers="self.layers = [nn.Conv2d(3, 3, 3)]\n        self.body = nn.Sequential(*self.layers)",
                read="self.layers",
            ),
            why="registered under another name too",
        ),
        Example(
            _NET.format(
                layers="layers = [nn.Conv2d(3, 3, 3), nn.ReLU()]\n        self.layers = nn.Sequential(*layers)",
                read="self.layers",
            ),
            why="a list that is only spread into a Sequential",
        ),
        Example(
            _NET.format(
                layers="self.layers = [nn.Conv2d(3, 3, 3)]\n        self.add_module('first', self.layers[0])",
                read="self.layers",
            ),
            why="registered by add_module",
        ),
        Example(
            _NET.format(layers="self.kinds = [nn.ReLU, nn.Tanh]", read="[kind() for kind in self.kinds]"),
            why="a list of classes",
        ),
        Example(_NET.format(layers="self.layers = [nn.ReLU(), nn.Tanh()]", read="self.layers"), why="no parameters"),
        Example(_NET.format(layers="self.layers = [torch.relu, torch.tanh]", read="self.layers"), why="functions"),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each container."""
        for hidden in model.facts.hidden:
            if hidden.read_in_forward and hidden.parameters != 0 and hidden.count:
                yield self._finding(hidden)

    def _finding(self, hidden: HiddenModules) -> Finding:
        registered = "nn.ModuleDict" if hidden.container in ("dict", "OrderedDict") else "nn.ModuleList"
        fix = Fix((WrapValue(hidden.span, f"torch.{registered}("),), Applicability.UNSAFE)
        return self.finding(
            hidden.span,
            f"self.{hidden.attribute} is a plain {hidden.container} of {plural(hidden.count, 'module')}: "
            f"parameters(), to() and state_dict() miss {number(hidden.parameters)} parameters",
            layer=f"{hidden.owner}.{hidden.attribute}" if hidden.owner else hidden.attribute,
            severity=Severity.ADVICE if hidden.frozen else None,
            help=f"wrap it in {registered}",
            data={"modules": hidden.count, "parameters": plain(hidden.parameters)},
            fix=fix if hidden.flat and not hidden.frozen else None,
        )
