"""CNN006 shared-stateful-layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnnlint.graph.dims import Dim
from cnnlint.graph.model import ModelGraph, Module, Node
from cnnlint.graph.operations import Convolution, Dense, Normalisation
from cnnlint.graph.queries.chains import depends_on, is_pointwise, source
from cnnlint.graph.queries.places import own_layer
from cnnlint.graph.queries.repeats import repetitions
from cnnlint.graph.wording import number, plain
from cnnlint.rule import Category, Example, Finding, Related, Rule, Severity

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3)
        self.conv2 = nn.Conv2d(8, 8, 3)
        self.norm = {norm}

    def forward(self, x):
        {forward}
"""


class SharedStatefulLayer(Rule):
    """One normalisation or weight layer is used at several depths of a network.

    What it does
    ------------
    Finds layers that one call of their owner uses twice or more, one use behind the other: batch norm with running
    statistics (a warning), also in a loop over different layers; convolutions, linear layers and other normalisations
    at different places of the source (advice).

    Why it matters
    --------------
    A batch norm keeps one running mean and variance for each channel. Used behind two convolutions it is trained with
    the statistics of each and evaluated with a mixture that fits neither (torch.nn.BatchNorm2d,
    `running = (1 - momentum)·running + momentum·batch`, in turns). Shared weights are tied: every place gets the same
    filters.

    Example
    -------

        x = F.relu(self.bn(self.conv1(x)))
        x = F.relu(self.bn(self.conv2(x)))

    Use instead
    -----------

        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))

    When not to worry
    -----------------
    Silent for layers without state, for twin branches and heads that are shared by several maps (the uses do not feed
    each other), and for loops that apply the same layers again (recurrent and iterative networks).

    References
    ----------
    torch.nn.BatchNorm2d.
    """

    code = "CNN006"
    name = "shared-stateful-layer"
    category = Category.HYGIENE
    severity = Severity.WARNING

    bad = (
        Example(
            _NET.format(
                norm="nn.BatchNorm2d(8)",
                forward="x = self.norm(self.conv1(x)).relu()\n        return self.norm(self.conv2(x)).relu()",
            ),
            ((6, "BatchNorm2d norm is used 2 times in a row: its running statistics mix 2 distributions"),),
            why="batch norm behind two convolutions",
        ),
        Example(
            _NET.format(
                norm="nn.GroupNorm(2, 8)",
                forward="x = self.norm(self.conv1(x)).relu()\n        return self.norm(self.conv2(x)).relu()",
            ),
            ((6, "GroupNorm norm is used 2 times in a row: 16 parameters serve 2 places"),),
            why="group norm (advice)",
        ),
        Example(
            _NET.format(
                norm="nn.BatchNorm2d(8, affine=False)",
                forward="x = self.conv1(x)\n        for conv in (self.conv2, self.conv2):\n"
                "            x = self.norm(x).relu()\n            x = conv(x)\n        return x",
            ),
            ((6, "BatchNorm2d norm is used 2 times in a row: its running statistics mix 2 distributions"),),
            why="in a loop, behind different layers, without parameters",
        ),
        Example(
            _NET.format(
                norm="nn.ReLU()", forward="x = self.norm(self.conv2(self.conv1(x)))\n        return self.conv2(x)"
            ),
            ((5, "Conv2d conv2 is used 2 times in a row: 584 parameters serve 2 places"),),
            why="a convolution at two depths (advice)",
        ),
    )
    good = (
        Example(
            _NET.format(norm="nn.ReLU()", forward="return self.norm(self.conv2(self.norm(self.conv1(x))))"),
            why="without state",
        ),
        Example(
            _NET.format(
                norm="nn.BatchNorm2d(8)", forward="x = self.conv1(x)\n        return self.norm(x) + self.norm(-x)"
            ),
            why="twin branches",
        ),
        Example(
            _NET.format(
                norm="nn.Identity()",
                forward="for _ in range(3):\n            x = self.conv2(x)\n        return x",
            ),
            why="a convolution in a loop, as in iterative networks",
        ),
        Example(
            _NET.format(
                norm="nn.BatchNorm2d(8)",
                forward="x = self.conv1(x)\n        for _ in range(3):\n            x = self.norm(self.conv2(x))\n"
                "        return x",
            ),
            why="an iterative network with its norm in the loop",
        ),
        Example(
            _NET.format(
                norm="nn.BatchNorm2d(8)",
                forward="levels = [self.conv1(x), self.conv1(x[..., ::2, ::2])]\n"
                "        return [self.norm(self.conv2(level)) for level in levels]",
            ),
            why="a head shared by the levels of a pyramid",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each layer."""
        copies = {repetition.module for repetition in repetitions(model)}
        for module, nodes in _uses(model).items():
            if module not in copies:
                uses = _in_a_row(model, nodes)
                if len(uses) > 1:
                    yield from self._judged(model, module, uses)

    def _judged(self, model: ModelGraph, module: Module, uses: Sequence[Node]) -> Iterator[Finding]:
        op, places = uses[0].op, {node.span: None for node in uses}
        total = _total(module)
        if isinstance(op, Normalisation) and op.tracks_running_stats and not _is_iterated(model, uses):
            text, severity = f"its running statistics mix {len(uses)} distributions", Severity.WARNING
        elif len(places) > 1 and module.parameters:
            text, severity = f"{number(total)} parameters serve {len(uses)} places", Severity.ADVICE
        else:
            return
        yield self.finding(
            module,
            f"{module.type} {module.name.rpartition('.')[2]} is used {len(uses)} times in a row: {text}",
            severity=severity,
            help="a layer for each place",
            data={"uses": len(uses), "parameters": plain(total)},
            related=[Related(span, "used here") for span in places],
        )


def _uses(model: ModelGraph) -> dict[Module, list[Node]]:
    """The calls of each layer inside the first call of its owner, if they are all certain."""
    calls: dict[Module, dict[int, list[Node]]] = {}
    for call in model.calls:
        if call.stop == call.start + 1 and call.certain and call.parent >= 0:
            node = model.nodes[call.start]
            if own_layer(node) is call.module and isinstance(node.op, Normalisation | Convolution | Dense):
                calls.setdefault(call.module, {}).setdefault(call.parent, []).append(node)
    return {module: next(iter(by_owner.values())) for module, by_owner in calls.items()}


def _in_a_row(model: ModelGraph, nodes: Sequence[Node]) -> list[Node]:
    """The first node and those that depend on the one before."""
    chain = list(nodes[:1])
    for node in nodes[1:]:
        if depends_on(model, node, chain[-1]):
            chain.append(node)
    return chain


def _is_iterated(model: ModelGraph, uses: Sequence[Node]) -> bool:
    """Whether a loop applies one and the same layer and normalisation again and again, as iterative networks do."""
    makers = [source(model, node.inputs[0], is_pointwise) for node in uses]
    layers = {maker.module for maker in makers if maker is not None}
    return len({node.span for node in uses}) == 1 and len(layers) == 1 and None not in makers


def _total(module: Module) -> Dim:
    total: Dim = 0
    for parameter in module.parameters:
        total = total + (parameter.count or 0)
    return total
