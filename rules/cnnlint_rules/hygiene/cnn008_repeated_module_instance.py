"""CNN008 repeated-module-instance."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.dims import opaque
from cnnlint.graph.facts import Repeated
from cnnlint.graph.model import ModelGraph
from cnnlint.graph.queries.repeats import repetitions
from cnnlint.graph.span import Span
from cnnlint.graph.wording import number, plain
from cnnlint.rule import Applicability, BuildEach, Category, Example, Finding, Fix, Related, Rule, Severity

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
    Finds `nn.Sequential`, `nn.ModuleList` and plain lists that `forward` reads in which entries at equal distances
    are one and the same module with parameters, as `[nn.Conv2d(...)] * n` makes them.

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
        Example(
            _NET.format(layers="nn.Sequential(*(2 * [nn.Conv2d(3, 3, 1), nn.ReLU()]))"),
            ((4, "2 entries of layers are one Conv2d: 12 parameters, not 24"),),
            why="two layers in turns",
        ),
        Example(
            _NET.format(layers="[nn.Conv2d(3, 3, 1)] * 2"),
            ((4, "2 entries of layers are one Conv2d: 12 parameters, not 24"),),
            why="a plain list that forward calls",
        ),
    )
    good = (
        Example(_NET.format(layers="nn.ModuleList([nn.Conv2d(3, 3, 3) for _ in range(6)])"), why="six layers"),
        Example(_NET.format(layers="nn.ModuleList([nn.ReLU()] * 6)"), why="without parameters"),
        Example(
            _NET.format(layers="nn.ModuleList([self.a, nn.ReLU(), self.a, nn.Tanh()])").replace(
                "        self.layers", "        self.a = nn.Conv2d(3, 3, 3)\n        self.layers"
            ),
            why="a layer that comes back under a name of its own",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each repeated module."""
        for each in repetitions(model):
            module, at = each.module, each.container.built_at
            if each.parameters != 0 and module.built_at is not None:
                copy = Repeated(module.type, each.entries, each.parameters, module.built_at)
                yield self._finding(copy, each.container.name or "the container", module.name, at)
        for hidden in model.facts.hidden:
            name = f"{hidden.owner}.{hidden.attribute}" if hidden.owner else hidden.attribute
            for copy in hidden.repeated if hidden.read_in_forward else ():
                if copy.parameters != 0:
                    yield self._finding(copy, hidden.attribute, name, hidden.span)

    def _finding(self, copy: Repeated, owner: str, layer: str, held: Span | None) -> Finding:
        elsewhere = held is not None and held.line != copy.span.line
        one = copy.parameters if copy.parameters is not None else opaque()
        return self.finding(
            copy.span,
            f"{copy.entries} entries of {owner.rpartition('.')[2]} are one {copy.type}: {number(one)} parameters, not "
            f"{number(one * copy.entries)}",
            layer=layer,
            help="a comprehension builds a layer for each entry: [... for _ in range(n)]",
            data={"entries": copy.entries, "parameters": plain(one)},
            related=[Related(held, "the entries are here")] if held is not None and elsewhere else [],
            fix=Fix((BuildEach(copy.span, held),), Applicability.UNSAFE),
        )
