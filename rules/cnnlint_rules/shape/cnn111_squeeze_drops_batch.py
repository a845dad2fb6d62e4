"""CNN111 squeeze-drops-batch."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.dims import BATCH, same
from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import AdaptivePooling, Dense, Pooling, Reduction, Reshape, ReshapeKind
from cnnlint.graph.queries.chains import behind, is_pointwise, reaches_output, source
from cnnlint.graph.wording import plain, shape
from cnnlint.rule import (
    Applicability,
    Category,
    Edit,
    Example,
    Finding,
    Fix,
    ReplaceCallee,
    Rule,
    SetArgument,
    Severity,
)  # fmt: skip

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(16, 10)

    def forward(self, x):
        x = self.pool(self.conv(x))
        return {result}
"""


class SqueezeDropsBatch(Rule):
    """`squeeze()` without an axis also takes away the batch when there is one sample in it.

    What it does
    ------------
    Finds `squeeze` without `dim` on a batched tensor behind a pool, or in front of a linear layer or of what the model
    returns.

    Why it matters
    --------------
    `squeeze()` removes every axis of size 1. On `(N, C, 1, 1)` that is right until the last batch of an epoch, or a
    single image at inference, has `N = 1`: the result is `(C,)`, and loss, `argmax(1)` or concatenation then fail or
    count something else. The documentation of torch.squeeze warns of this.

    Example
    -------

        x = self.pool(x).squeeze()

    Use instead
    -----------

        x = self.pool(x).flatten(1)

    When not to worry
    -----------------
    Silent where axes are named and for inputs without a batch.

    References
    ----------
    torch.squeeze ("if the tensor has a batch dimension of size 1, then squeeze(input) will also remove the batch
    dimension").
    """

    code = "CNN111"
    name = "squeeze-drops-batch"
    category = Category.SHAPE
    severity = Severity.WARNING

    bad = (
        Example(
            _NET.format(result="self.fc(x.squeeze())"),
            ((10, "squeeze() of (N, 16, 1, 1) takes the batch axis too when N is 1: (16,) instead of (1, 16)"),),
            why="in front of a linear layer",
        ),
        Example(
            _NET.format(result="torch.squeeze(x)"),
            ((10, "squeeze() of (N, 16, 1, 1) takes the batch axis too when N is 1: (16,) instead of (1, 16)"),),
            why="returned",
        ),
        Example(
            _NET.format(result="self.conv.weight.mean() * x.squeeze()[:, :5]"),
            ((10, "squeeze() of (N, 16, 1, 1) takes the batch axis too when N is 1: (16,) instead of (1, 16)"),),
            why="behind a pool",
        ),
        Example(
            _NET.format(result="self.fc(x.flatten(1))[:, :1].sigmoid().squeeze()"),
            ((10, "squeeze() of (N, 1) takes the batch axis too when N is 1: () instead of (1,)"),),
            why="one score a sample",
        ),
    )
    good = (
        Example(_NET.format(result="self.fc(x.squeeze(-1).squeeze(-1))"), why="axes named"),
        Example(_NET.format(result="self.fc(x.flatten(1))"), why="flatten keeps the batch"),
        Example(_NET.format(result="self.fc(x.squeeze((2, 3)))"), why="several axes named"),
        Example(
            _NET.format(result="self.fc(x.squeeze())").replace("self.conv(x)", "self.conv(x[None])"),
            why="an image without a batch, which gets one for the convolution",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each such call."""
        batches = {tensor.shape[0] for tensor in model.inputs if tensor.shape}
        for node in model.nodes:
            sizes = node.inputs[0].shape if node.inputs else None
            if not node.certain or not _takes_all(node) or sizes is None or len(sizes) < 2 or sizes[0] not in batches:
                continue
            lost = tuple(axis for axis in range(1, len(sizes)) if same(sizes[axis], 1))
            if lost and _matters(model, node):
                yield self._finding(node, lost)

    def _finding(self, node: Node, lost: tuple[int, ...]) -> Finding:
        sizes = node.inputs[0].shape or ()
        kept = tuple(size for size in sizes[1:] if not same(size, 1))
        axes = str(lost[0]) if len(lost) == 1 else str(lost)
        # One row a sample: flatten says it for every version of torch, squeeze takes several axes from 2.0 on.
        flat = lost == tuple(range(2, len(sizes)))
        edits: tuple[Edit, ...] = (SetArgument(node.span, "dim", axes),)
        if flat:
            edits = (ReplaceCallee(node.span, ".flatten"), SetArgument(node.span, "start_dim", "1"))
        return self.finding(
            node,
            f"squeeze() of {shape((BATCH, *sizes[1:]))} takes the batch axis too when N is 1: {shape(kept)} instead of "
            f"{shape((1, *kept))}",
            help="flatten(1)" if flat else f"squeeze({axes})",
            data={"input": plain(sizes), "axes": list(lost)},
            fix=Fix(edits, Applicability.SAFE),
        )


def _takes_all(node: Node) -> bool:
    op = node.op
    return (
        isinstance(op, Reshape) and op.kind is ReshapeKind.SQUEEZE and op.name.startswith("squeeze") and op.axes is None
    )


def _matters(model: ModelGraph, node: Node) -> bool:
    """Whether the tensor is pooled, a linear layer reads the result, or the model returns it."""
    maker = source(model, node.inputs[0], is_pointwise)
    if maker is not None and isinstance(maker.op, AdaptivePooling | Pooling | Reduction):
        return True
    readers = behind(model, node.output, is_pointwise)
    return any(isinstance(each.op, Dense) for each in readers) or reaches_output(model, node.output, is_pointwise)
