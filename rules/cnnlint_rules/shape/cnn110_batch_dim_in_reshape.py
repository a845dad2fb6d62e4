"""CNN110 batch-dim-in-reshape."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.dims import Dim, Shape, Sym, differ, product, same
from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Dense, Opaque, Reshape, ReshapeKind
from cnnlint.graph.queries.chains import behind, is_pointwise
from cnnlint.graph.queries.places import own_layer
from cnnlint.graph.wording import number, plain, shape
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
        self.flatten = nn.Flatten({start})
        self.fc = nn.Linear({features}, 10)

    def forward(self, x):
        x = self.conv(x)
        x = {reshape}
        return self.fc(x)
"""


class BatchDimInReshape(Rule):
    """A reshape in front of a linear layer can mix the samples of a batch.

    What it does
    ------------
    Finds, in front of a linear layer, `view` or `reshape` with `(-1, F)` and a fixed `F`, with a fixed batch size
    `(n, -1)`, and a flatten that starts at axis 0 (`torch.flatten(x)`, `x.view(-1)`). A fixed `F` that is just the
    size of one sample is advice only.

    Why it matters
    --------------
    `x.view(-1, F)` divides the elements of the whole batch into rows of `F`, whether or not a row is a sample: on
    `(100, 16, 6, 6)`, `view(-1, 400)` gives 144 rows without a word, and the loss complains about the number of rows
    or, worse, does not. `torch.flatten(x, 1)` keeps the batch and makes a wrong size an error at the linear layer.
    `torch.flatten` starts at axis 0 by default, `nn.Flatten` at axis 1.

    Example
    -------

        x = x.view(-1, 16 * 5 * 5)

    Use instead
    -----------

        x = torch.flatten(x, 1)

    When not to worry
    -----------------
    Silent where the result has three axes or more, where `F` is computed from the shape of the tensor, where `F` is
    the last axis or the last axes (frames or tokens merged into the batch), where the first axis becomes the batch
    again, and away from linear layers.

    References
    ----------
    torch.flatten, torch.nn.Flatten, torch.Tensor.view.
    """

    code = "CNN110"
    name = "batch-dim-in-reshape"
    category = Category.SHAPE
    severity = Severity.WARNING
    numbers = {"100": 100, "144": 100 * 16 * 6 * 6 / 400}

    bad = (
        Example(
            _NET.format(start="", features=400, reshape="x.view(-1, 400)"),
            ((10, "view(-1, 400) of (N, 16, 8, 8) makes rows of 400 elements from samples of 1,024"),),
            ("3x8x8",),
            "rows that are no samples",
        ),
        Example(
            _NET.format(start="", features=1024, reshape="x.reshape(-1, 16 * 8 * 8)"),
            (
                (
                    10,
                    (
                        "reshape(-1, 1024) of (N, 16, 8, 8) fits samples of 1,024 elements only; any other size "
                        "is split among rows"
                    ),
                ),
            ),
            ("3x8x8",),
            "fits by the choice of the input size (advice)",
        ),
        Example(
            _NET.format(start="", features=1024, reshape="x.view(8, -1)"),
            ((10, "view(8, -1) of (N, 16, 8, 8) fixes the batch size at 8"),),
            ("3x8x8",),
            "a fixed batch size",
        ),
        Example(
            _NET.format(start="", features=1024, reshape="torch.flatten(x)"),
            ((10, "flatten of (N, 16, 8, 8) from axis 0 joins the samples of a batch"),),
            ("3x8x8",),
            "torch.flatten, which starts at axis 0",
        ),
        Example(
            _NET.format(start="", features=1024, reshape="x.view(-1)"),
            ((10, "view of (N, 16, 8, 8) from axis 0 joins the samples of a batch"),),
            ("3x8x8",),
            "a view of one axis",
        ),
        Example(
            _NET.format(start="0", features=1024, reshape="self.flatten(x)"),
            ((5, "Flatten of (N, 16, 8, 8) from axis 0 joins the samples of a batch"),),
            ("3x8x8",),
            "a flatten from axis 0",
        ),
    )
    good = (
        Example(
            _NET.format(start="", features=1024, reshape="torch.flatten(x, 1)"), inputs=("3x8x8",), why="from axis 1"
        ),
        Example(
            _NET.format(start="", features=1024, reshape="x.view(x.size(0), -1)"),
            inputs=("3x8x8",),
            why="the batch is kept",
        ),
        Example(
            _NET.format(start="", features=16, reshape="x.permute(0, 2, 3, 1).reshape(-1, 16)"),
            inputs=("3x8x8",),
            why="pixels merged into the batch",
        ),
        Example(
            _NET.format(start="", features=8, reshape="x.view(-1, 64, 8)"), inputs=("3x8x8",), why="three axes remain"
        ),
        Example(
            _NET.format(start="", features=1024, reshape="x.view(-1, x.shape[1] * x.shape[2] * x.shape[3])"),
            inputs=("3x8x8",),
            why="a size computed from the shape",
        ),
        Example(
            _NET.format(start="", features=4096, reshape="x.view(-1, 4 * 16 * 8 * 8)").replace(
                "self.conv(x)\n", "self.conv(x.view(-1, 3, 8, 8))\n"
            ),
            inputs=("12x8x8",),
            why="four frames that were merged into the batch are split from it again",
        ),
        Example(
            _NET.format(start="", features=1024, reshape="x.view(-1, 1024)").replace("self.fc(x)", "x.softmax(1)"),
            inputs=("3x8x8",),
            why="no linear layer",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each reshape."""
        for node in model.nodes:
            before = node.inputs[0].shape if node.inputs else None
            if not node.certain or before is None or len(before) < 3 or not isinstance(node.op, Reshape):
                continue
            if _feeds_linear(model, node) and not _restores_batch(model, node):
                yield from self._judged(node, node.op, before)

    def _judged(self, node: Node, op: Reshape, before: Shape) -> Iterator[Finding]:
        sample = product(before[1:])
        match op.sizes:
            case (-1, int() as row) if row > 0 and not _merges_positions(before, row):
                # A size that is computed from the shape fits whatever the shape is.
                if op.literal or differ(sample, row):
                    yield self._rows(node, before, row, sample)
            case (int() as batch, -1) if batch > 0 and isinstance(before[0], Sym) and op.literal:
                yield self._finding(node, before, f"fixes the batch size at {batch}", {"batch": batch})
            case (-1,) | None if op.kind is ReshapeKind.FLATTEN and op.start == 0 and op.end == len(before) - 1:
                yield self._from_axis_0(node, before)

    def _rows(self, node: Node, before: Shape, row: int, sample: Dim) -> Finding:
        data = {"row": row, "sample": plain(sample)}
        if differ(sample, row):
            text = f"makes rows of {number(row)} elements from samples of {number(sample)}"
            return self._finding(node, before, text, data)
        text = f"fits samples of {number(row)} elements only; any other size is split among rows"
        return self._finding(node, before, text, data, Severity.ADVICE, same(sample, row))

    def _finding(
        self, node: Node, before: Shape, text: str, data: dict[str, object], severity: Severity | None = None,
        fits: bool = False,
    ) -> Finding:  # fmt: skip
        assert isinstance(node.op, Reshape)
        call = f"{node.op.name}({', '.join(map(str, node.op.sizes or ()))})"
        fix = Fix((ReplaceCallee(node.span, ".flatten", "1"),), Applicability.SAFE if fits else Applicability.UNSAFE)
        return self.finding(
            node, f"{call} of {shape(before)} {text}", severity=severity, help="torch.flatten(x, 1)", data=data, fix=fix
        )

    def _from_axis_0(self, node: Node, before: Shape) -> Finding:
        layer = own_layer(node)
        edit: Edit = ReplaceCallee(node.span, ".flatten", "1")
        if layer is not None and layer.built_at is not None:
            edit = SetArgument(layer.built_at, "start_dim", "1", 0)
        elif node.op.name == "flatten":
            edit = SetArgument(node.span, "start_dim", "1")
        return self.finding(
            layer or node,
            f"{layer.type if layer is not None else node.op.name} of {shape(before)} from axis 0 joins the samples of "
            "a batch",
            help="torch.flatten(x, 1)",
            data={"input": plain(before)},
            fix=Fix((edit,), Applicability.UNSAFE),
        )


def _merges_positions(before: Shape, row: int) -> bool:
    """Whether a row is the last axis or the last axes: tokens, pixels or frames become samples."""
    return any(same(row, product(before[k:])) for k in range(2, len(before)))


def _restores_batch(model: ModelGraph, node: Node) -> bool:
    """Whether the first axis is the model's batch again, after something that was merged into it."""
    before, after = node.inputs[0].shape or (), node.output.shape or ()
    batches = {tensor.shape[0] for tensor in model.inputs if tensor.shape}
    return len(before) > 0 and len(after) > 0 and after[0] in batches and before[0] not in batches


def _feeds_linear(model: ModelGraph, node: Node) -> bool:
    """Whether a linear layer reads the result; one whose input is not clear leaves an unknown operation."""
    return any(
        isinstance(reader.op, Dense) or (isinstance(reader.op, Opaque) and reader.op.name in ("linear", "Linear"))
        for reader in behind(model, node.output, is_pointwise)
    )
