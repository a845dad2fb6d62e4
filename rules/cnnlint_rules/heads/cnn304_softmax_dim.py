"""CNN304 softmax-dim."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph, Node, Tensor
from cnnlint.graph.operations import Activation, MatrixProduct, Merge
from cnnlint.graph.queries.chains import behind, is_pointwise, is_spatial, reaches_output, source
from cnnlint.graph.queries.places import own_layer
from cnnlint.graph.wording import plain, shape
from cnnlint.rule import Applicability, Category, Example, Finding, Fix, Rule, SetArgument, Severity

_NAMES = frozenset({"softmax", "log_softmax", "softmin"})

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 10, 1)

    def forward(self, x):
        x = self.conv(x)
        return {result}
"""


class SoftmaxDim(Rule):
    """A softmax runs over an axis that torch chose, or over one that does not hold the classes.

    What it does
    ------------
    Finds softmax and log-softmax without `dim`, over axis 0 of a batched result, and over the width of a class map
    `(N, C, H, W)` that the model returns.

    Why it matters
    --------------
    Without `dim` torch takes axis 0 for tensors of 0, 1 or 3 axes and axis 1 for all others, with a deprecation
    warning (torch.nn.functional.softmax): a sequence `(N, T, C)` is normalised over its batch. Over axis 0 the
    probabilities of one sample depend on the others in the batch; over the width of a class map they add up to 1 along
    each row of pixels.

    Example
    -------

        self.out = nn.Softmax()

    Use instead
    -----------

        self.out = nn.Softmax(dim=1)

    When not to worry
    -----------------
    Attention normalises over keys with `dim=-1`; only class maps that come from a convolution and are returned are
    judged. A tensor with one axis is left alone.

    References
    ----------
    torch.nn.Softmax, torch.nn.functional.softmax.
    """

    code = "CNN304"
    name = "softmax-dim"
    category = Category.HEAD
    severity = Severity.WARNING

    bad = (
        Example(
            _NET.format(result="torch.nn.functional.softmax(x.mean((2, 3)))"),
            ((8, "softmax without dim takes axis 1 of (N, 10)"),),
            why="dim left to torch",
        ),
        Example(
            _NET.format(result="nn.Softmax()(x.mean(3))"),
            ((8, "Softmax without dim takes axis 0 of (N, 10, H), the batch"),),
            why="dim left to torch, which takes the batch",
        ),
        Example(
            _NET.format(result="torch.log_softmax(x.mean((2, 3)), 0)"),
            ((8, "log_softmax over axis 0 of (N, 10) mixes the samples of a batch"),),
            why="over the batch",
        ),
        Example(
            _NET.format(result="x.softmax(dim=-1)"),
            ((8, "softmax over axis 3 of a class map (N, 10, H, W): the classes are axis 1"),),
            why="over the width of a class map",
        ),
    )
    good = (
        Example(_NET.format(result="x.softmax(dim=1)"), why="over the classes"),
        Example(_NET.format(result="x.mean((2, 3)).softmax(-1)"), why="the last axis holds the classes"),
        Example(
            _NET.format(
                result="(x.flatten(2).transpose(1, 2) @ x.flatten(2)).softmax(-1) @ x.flatten(2).transpose(1, 2)"
            ),
            why="attention over keys",
        ),
        Example(
            _NET.format(
                result="(x.mean((2, 3))[:, :1].softmax(0) * x.mean((2, 3))).sum(0), x.mean((2, 3))[:, :1].softmax(0)"
            ).replace(
                "return (", "w = x.mean((2, 3))[:, :1].softmax(0)\n        return (w * x.mean((2, 3))).sum(0), w  # ("
            ),
            why="attention over the samples of a bag",
        ),
        Example(_NET.format(result="x.mean((0, 2, 3)).softmax(0)"), why="one axis only"),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each softmax."""
        batches = {tensor.shape[0] for tensor in model.inputs if tensor.shape is not None and len(tensor.shape) > 1}
        for node in model.nodes:
            op, sizes = node.op, node.inputs[0].shape if node.inputs else None
            if (
                not isinstance(op, Activation)
                or op.name not in _NAMES
                or not node.certain
                or not sizes
                or len(sizes) < 2
            ):
                continue
            if op.implicit:
                yield self._implicit(node, op)
            elif op.dim == 0 and sizes[0] in batches and _is_result(model, node):
                yield self._finding(node, f"{op.name} over axis 0 of {shape(sizes)} mixes the samples of a batch", 0)
            elif op.dim == 3 and len(sizes) == 4 and _is_class_map(model, node.inputs[0], node.output):
                text = f"{op.name} over axis 3 of a class map {shape(sizes)}: the classes are axis 1"
                yield self._finding(node, text, 3)

    def _implicit(self, node: Node, op: Activation) -> Finding:
        layer = own_layer(node)
        name = layer.type if layer is not None else op.name
        place = layer.built_at if layer is not None else node.span
        # Axis 0 is the batch, which nobody means: what is meant cannot be known.
        fix = None
        if place is not None and op.dim != 0:
            fix = Fix((SetArgument(place, "dim", str(op.dim), 0 if layer else 1),), Applicability.SAFE)
        return self.finding(
            layer or node,
            f"{name} without dim takes axis {op.dim} of {shape(node.inputs[0].shape)}"
            + (", the batch" * (op.dim == 0)),
            help=f"dim={op.dim} if that is meant" if op.dim != 0 else "dim=1 or dim=-1",
            data={"dim": op.dim, "input": plain(node.inputs[0].shape)},
            fix=fix,
        )

    def _finding(self, node: Node, text: str, dim: int) -> Finding:
        data = {"dim": dim, "input": plain(node.inputs[0].shape)}
        return self.finding(own_layer(node) or node, text, help="dim=1", data=data)


def _is_result(model: ModelGraph, node: Node) -> bool:
    """Whether the model returns the probabilities, and does not weigh anything with them, as attention over the
    samples of a bag does."""
    weighs = any(isinstance(each.op, Merge | MatrixProduct) for each in behind(model, node.output, is_pointwise))
    return not weighs and reaches_output(model, node.output, is_pointwise)


def _is_class_map(model: ModelGraph, scores: Tensor, result: Tensor) -> bool:
    """Whether the scores are a convolution's and the model returns what the softmax makes of them."""
    maker = source(model, scores, is_pointwise)
    return maker is not None and is_spatial(maker) and reaches_output(model, result, is_pointwise)
