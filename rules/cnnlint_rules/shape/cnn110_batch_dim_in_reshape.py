"""CNN110 batch-dim-in-reshape."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.dims import Dim, Shape, Sym, differ, same
from cnnlint.graph.model import EvidenceKind, ModelGraph, Node
from cnnlint.graph.operations import Dense, Opaque, Reshape, ReshapeKind
from cnnlint.graph.queries.chains import behind, is_pointwise
from cnnlint.graph.queries.places import own_layer
from cnnlint.graph.wording import number, plain, product, shape
from cnnlint.rule import Applicability, Category, Example, Finding, Fix, Rule, SetArgument, Severity

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
    Silent where the result has three axes or more, where `F` is the last axis or the last axes (frames or tokens
    merged into the batch), and away from linear layers.

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
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each reshape."""
        for node in model.nodes:
            before = node.inputs[0].shape if node.inputs else None
            if node.certain and before is not None and len(before) >= 3 and _feeds_linear(model, node):
                yield from self._judged(model, node, before)

    def _judged(self, model: ModelGraph, node: Node, before: Shape) -> Iterator[Finding]:
        op = node.op
        if not isinstance(op, Reshape):
            return
        sample = product(before[1:])
        match op.sizes:
            case (-1, int() as row) if row > 0 and not any(
                same(row, product(before[k:])) for k in range(2, len(before))
            ):
                # A size solved backwards makes every row fit, one that is computed from the shape too.
                if not (same(sample, row) and model.evidence.kind is EvidenceKind.SOLVED):
                    yield self._rows(node, before, row, sample)
            case (int() as batch, -1) if batch > 0 and isinstance(before[0], Sym):
                yield self._finding(node, before, f"fixes the batch size at {batch}", {"batch": batch})
            case (-1,) | None if op.kind is ReshapeKind.FLATTEN and op.start == 0 and op.end == len(before) - 1:
                yield self._from_axis_0(node, before)

    def _rows(self, node: Node, before: Shape, row: int, sample: Dim) -> Finding:
        data = {"row": row, "sample": plain(sample)}
        if not differ(sample, row):
            text = f"fits samples of {number(row)} elements only; any other size is split among rows"
            return self._finding(node, before, text, data, Severity.ADVICE)
        return self._finding(
            node, before, f"makes rows of {number(row)} elements from samples of {number(sample)}", data
        )

    def _finding(
        self, node: Node, before: Shape, text: str, data: dict[str, object], severity: Severity | None = None
    ) -> Finding:
        assert isinstance(node.op, Reshape)
        call = f"{node.op.name}({', '.join(map(str, node.op.sizes or ()))})"
        return self.finding(
            node, f"{call} of {shape(before)} {text}", severity=severity, help="torch.flatten(x, 1)", data=data
        )

    def _from_axis_0(self, node: Node, before: Shape) -> Finding:
        layer = own_layer(node)
        name = layer.type if layer is not None else node.op.name
        fix = None
        if layer is not None and layer.built_at is not None:
            fix = Fix((SetArgument(layer.built_at, "start_dim", "1", 0),), Applicability.UNSAFE)
        return self.finding(
            layer or node,
            f"{name} of {shape(before)} from axis 0 joins the samples of a batch",
            help="torch.flatten(x, 1)",
            data={"input": plain(before)},
            fix=fix,
        )


def _feeds_linear(model: ModelGraph, node: Node) -> bool:
    """Whether a linear layer reads the result; one whose input is not clear leaves an unknown operation."""
    return any(
        isinstance(reader.op, Dense) or (isinstance(reader.op, Opaque) and reader.op.name in ("linear", "Linear"))
        for reader in behind(model, node.output, is_pointwise)
    )
