"""CNN008 repeated-module-instance."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.dims import Dim
from cnnlint.graph.model import ModelGraph, Module
from cnnlint.graph.wording import number, plain
from cnnlint.rule import Category, Example, Finding, Rule, Severity

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = {layers}

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
"""


class RepeatedModuleInstance(Rule):
    """A list of layers multiplied by a number holds one layer several times.

    What it does
    ------------
    Finds `nn.Sequential` and `nn.ModuleList` in which neighbouring entries are one and the same module with
    parameters, as `[nn.Conv2d(...)] * n` makes them.

    Why it matters
    --------------
    `[layer] * n` copies the reference, not the layer: `n` entries share one set of weights, and the model has `P`
    parameters instead of `n·P`. `state_dict()` lists all `n`, so that the checkpoint hides it.

    Example
    -------

        self.layers = nn.ModuleList([nn.Linear(64, 64)] * 6)

    Use instead
    -----------

        self.layers = nn.ModuleList([nn.Linear(64, 64) for _ in range(6)])

    When not to worry
    -----------------
    Silent for layers without parameters and for a layer shared under different names. Weights that are tied on purpose
    deserve a suppression comment that says so.

    References
    ----------
    torch.nn.ModuleList.
    """

    code = "CNN008"
    name = "repeated-module-instance"
    category = Category.HYGIENE
    severity = Severity.WARNING

    bad = (
        Example(
            _NET.format(layers="nn.ModuleList([nn.Conv2d(3, 3, 3)] * 6)"),
            ((4, "6 entries of layers are one Conv2d: 84 parameters, not 504"),),
            why="a list multiplied",
        ),
        Example(
            _NET.format(layers="nn.Sequential(*[nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU())] * 3)"),
            ((4, "3 entries of layers are one Sequential: 12 parameters, not 36"),),
            why="a block multiplied",
        ),
    )
    good = (
        Example(_NET.format(layers="nn.ModuleList([nn.Conv2d(3, 3, 3) for _ in range(6)])"), why="six layers"),
        Example(_NET.format(layers="nn.ModuleList([nn.ReLU()] * 6)"), why="without parameters"),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each repeated module."""
        copies: dict[str, int] = {}
        for alias, first in model.facts.aliases.items():
            owner, _, key = first.rpartition(".")
            alias_owner, _, alias_key = alias.rpartition(".")
            if owner == alias_owner and key.isdigit() and alias_key.isdigit():
                copies[first] = copies.get(first, 1) + 1
        for name, count in copies.items():
            module = model.modules.get(name)
            parameters = _parameters(model, name)
            if module is not None and parameters != 0 and _adjacent(model, name):
                yield self._finding(module, count, parameters)

    def _finding(self, module: Module, count: int, parameters: Dim) -> Finding:
        owner = module.name.rpartition(".")[0].rpartition(".")[2] or "the container"
        return self.finding(
            module,
            f"{count} entries of {owner} are one {module.type}: {number(parameters)} parameters, not "
            f"{number(parameters * count)}",
            help="a comprehension builds a layer for each entry: [... for _ in range(n)]",
            data={"entries": count, "parameters": plain(parameters)},
        )


def _adjacent(model: ModelGraph, name: str) -> bool:
    """Whether the entry behind the first is the same module, rather than one that returns later."""
    owner, _, key = name.rpartition(".")
    return model.facts.aliases.get(f"{owner}.{int(key) + 1}" if owner else str(int(key) + 1)) == name


def _parameters(model: ModelGraph, name: str) -> Dim:
    """The parameters of a module and all below it; unknown ones count as none."""
    total: Dim = 0
    for each, module in model.modules.items():
        if each == name or each.startswith(name + "."):
            for parameter in module.parameters:
                total = total + (parameter.count or 0)
    return total
