"""CNN002 modules-in-plain-container."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.facts import HiddenModules
from cnnlint.graph.model import ModelGraph
from cnnlint.graph.wording import number, plain
from cnnlint.rule import Category, Example, Finding, Rule, Severity

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
            ((4, "list of 4 modules in layers: 336 parameters invisible to parameters(), .to() and state_dict()"),),
            why="a list",
        ),
        Example(
            _NET.format(layers="self.layers = (nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3))", read="self.layers"),
            ((4, "tuple of 2 modules in layers: 18 parameters invisible to parameters(), .to() and state_dict()"),),
            why="a tuple",
        ),
        Example(
            _NET.format(layers="self.layers = {'a': nn.Conv2d(3, 3, 1)}", read="self.layers.values()"),
            ((4, "dict of 1 module in layers: 12 parameters invisible to parameters(), .to() and state_dict()"),),
            why="a dict",
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
        Example(_NET.format(layers="self.layers = [nn.ReLU(), nn.Tanh()]", read="self.layers"), why="no parameters"),
        Example(_NET.format(layers="self.layers = [torch.relu, torch.tanh]", read="self.layers"), why="functions"),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each container."""
        for hidden in model.facts.hidden:
            if hidden.read_in_forward and hidden.parameters != 0 and hidden.count:
                yield self._finding(hidden)

    def _finding(self, hidden: HiddenModules) -> Finding:
        modules = "1 module" if hidden.count == 1 else f"{hidden.count} modules"
        registered = "nn.ModuleDict" if hidden.container == "dict" else "nn.ModuleList"
        return self.finding(
            hidden.span,
            f"{hidden.container} of {modules} in {hidden.attribute}: {number(hidden.parameters)} parameters invisible "
            "to parameters(), .to() and state_dict()",
            layer=f"{hidden.owner}.{hidden.attribute}" if hidden.owner else hidden.attribute,
            severity=Severity.ADVICE if hidden.frozen else None,
            help=registered,
            data={"modules": hidden.count, "parameters": plain(hidden.parameters)},
        )
