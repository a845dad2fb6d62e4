"""CNN305 softmax-over-one-channel."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.dims import Dim, Shape, same
from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Activation, Dense, Loss, MatrixProduct
from cnnlint.graph.queries.chains import is_pointwise, source
from cnnlint.graph.queries.places import own_layer
from cnnlint.graph.queries.scripts import decisive, losses
from cnnlint.graph.script import ScriptView
from cnnlint.graph.wording import plain, shape
from cnnlint.rule import Category, Example, Finding, Related, Rule, Severity

_SOFT = frozenset({"softmax", "log_softmax", "softmin"})

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, {outputs}, 3)

    def forward(self, x):
        return {result}


def train(loader):
    model = Net()
    criterion = {loss}
    for images, labels in loader:
        loss = criterion(model(images), labels)
        loss.backward()
"""


def _net(outputs: int = 1, result: str = "self.conv(x)", loss: str = "nn.CrossEntropyLoss()") -> str:
    return _NET.format(outputs=outputs, result=result, loss=loss)


class SoftmaxOverOneChannel(Rule):
    """A softmax, or a cross-entropy, over an axis of size 1.

    What it does
    ------------
    Finds softmax and log-softmax over a class axis that holds one class, and cross-entropy of scores with one class.

    Why it matters
    --------------
    exp(x) / exp(x) = 1: the softmax of a single score is 1 whatever the score, its logarithm and the cross-entropy are
    0, and so is every gradient: nothing is learned. The label 1 raises "Target 1 is out of bounds".

    Example
    -------

        self.head = nn.Conv2d(64, 1, 1)      # and nn.CrossEntropyLoss()

    Use instead
    -----------

        self.head = nn.Conv2d(64, 1, 1)      # and nn.BCEWithLogitsLoss()

    When not to worry
    -----------------
    Never: the output is a constant. Only sizes that are certainly 1 are reported.

    References
    ----------
    torch.nn.Softmax, torch.nn.CrossEntropyLoss; reproduced by tests.
    """

    code = "CNN305"
    name = "softmax-over-one-channel"
    category = Category.HEAD
    severity = Severity.ERROR
    raises = False

    bad = (
        Example(
            _net(result="torch.softmax(self.conv(x), dim=1)", loss="nn.MSELoss()"),
            ((7, "softmax over axis 1 of (N, 1, H - 2, W - 2), of size 1: the output is always 1"),),
            why="a map with one channel",
        ),
        Example(
            _net(result="self.conv(x).mean((2, 3)).log_softmax(-1)", loss="nn.NLLLoss()"),
            ((7, "log_softmax over axis 1 of (N, 1), of size 1: the output is always 0"),),
            why="one score",
        ),
        Example(
            _net(
                result="self.score(self.conv(x).flatten(2).transpose(1, 2)).softmax(-1)", outputs=8, loss="nn.MSELoss()"
            ).replace("\n\n    def forward", "\n        self.score = nn.Linear(8, 1)\n\n    def forward", 1),
            ((8, "softmax over axis 2 of (N, H*W - 2*H - 2*W + 4, 1), of size 1: the output is always 1"),),
            why="attention scores normalised over the wrong axis",
        ),
        Example(
            _net(),
            ((14, "cross_entropy of (N, 1, H - 2, W - 2), one class: the loss and its gradient are always 0"),),
            why="cross-entropy of one class",
        ),
    )
    good = (
        Example(_net(outputs=2), why="two classes"),
        Example(
            "class Net(nn.Module):\n"
            "    def __init__(self):\n"
            "        super().__init__()\n"
            "        self.mask = nn.Conv2d(8, 1, 1)\n\n"
            "    def forward(self, x):\n"
            "        weights = self.mask(x).flatten(1).softmax(dim=1)\n"
            "        return torch.einsum('ncp,np->nc', x.flatten(2), weights)\n",
            inputs=("8x1x1",),
            why="weights of positions, of which a small input has one",
        ),
        Example(_net(loss="nn.BCEWithLogitsLoss()"), why="one score and a binary loss"),
        Example(_net(outputs=2, result="torch.softmax(self.conv(x), dim=1)", loss="nn.MSELoss()"), why="two channels"),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each softmax, and for each cross-entropy that a model computes itself."""
        for node in model.nodes:
            sizes = node.inputs[0].shape if node.inputs else None
            if not sizes or not node.certain:
                continue
            if isinstance(node.op, Activation) and node.op.name in _SOFT and _is_constant(model, node, node.op, sizes):
                constant = 0 if node.op.name == "log_softmax" else 1
                where = f"{node.op.name} over axis {(node.op.dim or 0) % len(sizes)} of {shape(sizes)}"
                text = f"{where}, of size 1: the output is always {constant}"
                yield self.finding(own_layer(node) or node, text, help=_HELP, data={"input": plain(sizes)})
            elif isinstance(node.op, Loss) and node.op.name == "cross_entropy" and _single(sizes, 1):
                text = f"cross_entropy of {shape(sizes)}, one class: the loss and its gradient are always 0"
                yield self.finding(own_layer(node) or node, text, help=_HELP, data={"input": plain(sizes)})

    def check_script(self, script: ScriptView) -> Iterator[Finding]:
        """One finding for each cross-entropy."""
        for loss in losses(script):
            step = decisive(loss)
            scores = loss.shape
            if loss.loss != "cross_entropy" or not scores or not _single(scores, 1) or (step and step.name in _SOFT):
                continue
            text = f"cross_entropy of {shape(scores)}, one class: the loss and its gradient are always 0"
            related = [Related(loss.last.span, "the scores come from here")] if loss.last else []
            yield self.finding(loss.span, text, help=_HELP, data={"input": plain(scores)}, related=related)


def _weighs(model: ModelGraph, node: Node) -> bool:
    """Whether the result weighs positions in a matrix product: one position is one pixel of a small input."""
    return any(isinstance(reader.op, MatrixProduct) for reader in model.consumers.get(node.output, ()))


_HELP = "BCEWithLogitsLoss for one score, or two outputs"


def _is_constant(model: ModelGraph, node: Node, op: Activation, sizes: Shape) -> bool:
    """Whether a softmax runs over an axis of size 1: the class axis, or the last one of what a linear layer with one
    output gives. Other axes may have that size for the declared input only."""
    if _single(sizes, op.dim):
        return not _weighs(model, node)
    maker = source(model, node.inputs[0], is_pointwise)
    last = op.dim is not None and op.dim % len(sizes) == len(sizes) - 1
    return last and maker is not None and isinstance(maker.op, Dense) and same(maker.op.out_features, 1)


def _single(sizes: Shape, dim: int | None) -> bool:
    """Whether ``dim`` is the class axis (the second, or the last of two) and holds one class."""
    if dim is None or len(sizes) < 2 or not -len(sizes) <= dim < len(sizes):
        return False
    size: Dim = sizes[dim]
    return dim % len(sizes) == 1 and isinstance(size, int) and size == 1
