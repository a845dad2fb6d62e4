"""CNN504 stride-exceeds-kernel."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Attention, Convolution, MatrixProduct, Merge, Pooling, Reshape, Slice
from cnnlint.graph.queries.chains import behind, is_pointwise
from cnnlint.graph.queries.layers import built_only_by, layer_of
from cnnlint.graph.queries.paths import leads_into_unknown
from cnnlint.graph.queries.taps import ENUMERABLE
from cnnlint.graph.wording import percent, times
from cnnlint.rule import Category, Example, Finding, Fix, Rule, SetArgument, Severity

_STRIDE_POSITIONS = {Convolution: 3, Pooling: 1}


class StrideExceedsKernel(Rule):
    """A window that moves further than it reaches leaves positions between its steps unread.

    What it does
    ------------
    Reports convolutions and pools over two or more axes whose taps do not reach every position in the interior: a
    stride above the kernel size, or a stride that shares a factor with the dilation. Position `p` is read if some tap
    `k` has `k*d = p + P (mod S)`.

    Why it matters
    --------------
    The unread positions were computed by the layers before for nothing; along an axis only `min(1, K/S)` of them is
    read, over all axes the product. Patterns between the windows are invisible.

    Example
    -------

        nn.MaxPool2d(2, stride=3)

    Use instead
    -----------

        nn.MaxPool2d(3, stride=3)

    When not to worry
    -----------------
    Signals along one axis are sampled with a hop on purpose, and attention may do with few keys and values; the rule
    leaves both alone. Strided convolutions of kernel size 1 are CNN503's.

    References
    ----------
    Output size and windows: https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """

    code = "CNN504"
    name = "stride-exceeds-kernel"
    category = Category.RESAMPLING
    severity = Severity.WARNING

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.MaxPool2d(2, stride=3),
        )
""",
            ((5, "kernel 2×2 at stride 3×3 reads 44.4 % of the map, never rows 2, 5, 8, …"),),
            why="a pool that skips every third row and column",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3, stride=2, padding=2, dilation=2),
        )
""",
            ((4, "kernel 3×3 at stride 2×2, dilation 2×2 reads 25.0 % of the map, never rows 1, 3, 5, …"),),
            why="a dilation that shares a factor with the stride",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3, stride=2, padding=1),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 8, 3, stride=3),
            nn.Conv2d(8, 8, 3, stride=2, padding=3, dilation=3),
        )
""",
            why="every position is read",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv1d(1, 16, 64, stride=160), nn.ReLU())
""",
            why="the hop of a signal",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(64, 128, 3, stride=2, padding=1)
        self.shortcut = nn.Conv2d(64, 128, 1, stride=2)

    def forward(self, x):
        return self.conv(x) + self.shortcut(x)
""",
            why="kernel size 1 is CNN503's",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each layer that skips positions."""
        for node in model.nodes:
            match node.op:
                case Convolution(transposed=False) | Pooling() as window if node.certain:
                    residues = _residues(window)
                    skips = residues is not None and any(len(read) < step for read, step in residues)
                    if residues is not None and skips and not _feeds_attention(model, node):
                        yield self._finding(model, node, window, residues)

    def _finding(
        self, model: ModelGraph, node: Node, window: Convolution | Pooling, residues: list[tuple[set[int], int]]
    ) -> Finding:
        coverage = prod(len(read) / step for read, step in residues)
        axis, (read, step) = next((i, pair) for i, pair in enumerate(residues) if len(pair[0]) < pair[1])
        padding = window.padding[axis]
        first = [p for p in range(3 * step) if (p + padding) % step not in read][:3] if isinstance(padding, int) else []
        kind = ("rows", "columns")[axis] if len(residues) == 2 else f"positions on axis {axis}"
        dilation = f", dilation {times(window.dilation)}" if any(d != 1 for d in window.dilation) else ""
        return self.finding(
            layer_of(node),
            f"kernel {times(window.kernel_size)} at stride {times(window.stride)}{dilation} reads {percent(coverage)} "
            f"of the map, never {kind} {', '.join(map(str, first))}, …",
            help="use a kernel that is at least as large as the stride",
            data={"coverage": coverage, "unread": first, "axis": axis},
            fix=None if dilation else _stride_as_kernel(model, node, window),
        )


def _feeds_attention(model: ModelGraph, node: Node) -> bool:
    """Whether the result may only be used as keys or values, which may be few (pooling attention)."""
    if leads_into_unknown(model, node.output, _rearranges):
        return True
    return any(isinstance(each.op, MatrixProduct | Attention) for each in behind(model, node.output, _rearranges))


def _rearranges(node: Node) -> bool:
    return is_pointwise(node) or isinstance(node.op, Reshape | Slice | Merge)


def _residues(window: Convolution | Pooling) -> list[tuple[set[int], int]] | None:
    """By axis, the positions modulo the stride that some tap reads, and the stride; ``None`` for signals, kernels of
    size 1 and numbers that are unknown or absurdly large."""
    if len(window.kernel_size) < 2 or all(kernel == 1 for kernel in window.kernel_size):
        return None
    result = []
    for kernel, stride, dilation in zip(window.kernel_size, window.stride, window.dilation, strict=True):
        if not isinstance(kernel, int) or not isinstance(stride, int) or not isinstance(dilation, int):
            return None
        if not 0 < stride <= ENUMERABLE or kernel > ENUMERABLE:
            return None
        result.append(({tap * dilation % stride for tap in range(kernel)}, stride))
    return result


def _stride_as_kernel(model: ModelGraph, node: Node, window: Convolution | Pooling) -> Fix | None:
    place = built_only_by(model, node)
    if place is None:
        return None
    kernel = window.kernel_size
    text = str(kernel[0]) if len(set(kernel)) == 1 else f"({', '.join(map(str, kernel))})"
    return Fix((SetArgument(place, "stride", text, _STRIDE_POSITIONS[type(window)]),))
