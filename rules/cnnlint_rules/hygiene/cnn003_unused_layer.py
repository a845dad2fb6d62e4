"""CNN003 unused-layer."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.facts import UnreadModule
from cnnlint.graph.model import ModelGraph
from cnnlint.graph.wording import number, percent, plain
from cnnlint.rule import Category, Example, Finding, Rule, Severity

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.unused = {layer}

    def forward(self, x):
        {forward}
"""


class UnusedLayer(Rule):
    """A layer is built and never used.

    What it does
    ------------
    Finds registered layers whose attribute neither `forward` nor anything else in the file reads, and says how many
    parameters they hold.

    Why it matters
    --------------
    The parameters take memory, optimizer state and checkpoint space and never get a gradient. Distributed training
    fails over them: "Expected to have finished reduction in the prior iteration before starting a new one"
    (torch.nn.parallel.DistributedDataParallel, `find_unused_parameters`). Often it is a layer that `forward` was meant
    to call.

    Example
    -------

        self.bn2 = nn.BatchNorm2d(64)  # forward uses bn1 twice

    Use instead
    -----------

        x = self.bn2(self.conv2(x))

    When not to worry
    -----------------
    Silent where the class reads attributes by computed name (`getattr`, `self.children()`, `self._modules`) or hands
    itself to a function that is not read, where any other code of the file, or of a file of the project that names the
    class or imports its file, names the attribute (auxiliary heads under `if self.training`), and for classes without a
    `forward`. Layers without parameters are advice only.

    References
    ----------
    torch.nn.parallel.DistributedDataParallel; pytorch issues 43259 and 57473.
    """

    code = "CNN003"
    name = "unused-layer"
    category = Category.HYGIENE
    severity = Severity.WARNING

    bad = (
        Example(
            _NET.format(layer="nn.Linear(8, 10)", forward="return self.conv(x)"),
            ((5, "self.unused (Linear) is never used: 90 parameters (28.7 % of the model) without a gradient"),),
            why="a layer with parameters",
        ),
        Example(
            _NET.format(layer="nn.ReLU()", forward="return torch.relu(self.conv(x))"),
            ((5, "self.unused (ReLU) is never used"),),
            why="without parameters (advice)",
        ),
    )
    good = (
        Example(_NET.format(layer="nn.ReLU()", forward="return self.unused(self.conv(x))"), why="used"),
        Example(
            _NET.format(layer="nn.Conv2d(8, 8, 1)", forward="return getattr(self, 'un' + 'used')(self.conv(x))"),
            why="read by a computed name",
        ),
        Example(
            _NET.format(
                layer="nn.Conv2d(8, 8, 1)",
                forward="x = self.conv(x)\n        return (x, self.unused(x)) if self.training else x",
            ),
            why="read in training only",
        ),
        Example(
            _NET.format(layer="nn.Conv2d(8, 8, 1)", forward="return self._modules['un' + 'used'](self.conv(x))"),
            why="read from the table of modules",
        ),
        Example(
            _NET.format(
                layer="nn.Conv2d(8, 8, 1)",
                forward="for end in ('conv', 'unused'):\n            x = getattr(self, f'{end}')(x)\n        return x",
            ),
            why="read by an f-string",
        ),
        Example(
            _NET.format(layer="nn.Linear(8, 8)", forward="return self.conv(x)")
            + "\n\ndef project(net: Net, x):\n    return net.unused(net(x).mean((2, 3)))\n",
            why="read by other code of the file",
        ),
        Example(
            _NET.format(layer="nn.Linear(8, 8)", forward="return self.conv(x)").partition("\n\n    def forward")[0]
            + "\n"
            "\n\nclass Other(nn.Module):\n    def forward(self, x):\n        return x\n",
            why="a class without forward",
        ),
        Example(
            "from elsewhere import heads\nfrom torch import nn\n\n\n"
            + _NET.format(layer="nn.Linear(8, 8)", forward="return heads(self, self.conv(x))"),
            why="given to a function that is not read",
        ),
        Example(
            _NET.format(
                layer="nn.Conv2d(8, 8, 1)",
                forward="for layer in self.children():\n            x = layer(x)\n        return x",
            ),
            why="the children are walked",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each layer. A forward pass that breaks off says nothing of what it would have read."""
        if model.failures:
            return
        for unread in model.facts.unread:
            if not unread.mentioned and not unread.dynamic:
                yield self._finding(model, unread)

    def _finding(self, model: ModelGraph, unread: UnreadModule) -> Finding:
        total, own = model.parameters, unread.parameters
        share = ""
        if isinstance(own, int) and isinstance(total, int) and total:
            share = f" ({percent(own / total)} of the model)"
        amount = "" if own == 0 else f": {number(own)} parameters{share} without a gradient"
        return self.finding(
            unread.span,
            f"self.{unread.attribute} ({unread.type}) is never used{amount}",
            layer=unread.name,
            severity=Severity.ADVICE if own == 0 else None,
            help="call it in forward, or take it out"
            + ("" if own == 0 else "; distributed training waits for its gradients and raises"),
            data={"parameters": plain(own)},
        )
