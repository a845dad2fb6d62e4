"""CNN107 padding-not-scaled-with-dilation."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Convolution
from cnnlint.graph.queries.heads import is_bound_to_size
from cnnlint.graph.queries.layers import argument_position, built_only_by
from cnnlint.graph.queries.padding import is_cropped, is_padded_before, spread
from cnnlint.graph.queries.places import own_layer
from cnnlint.rule import Applicability, Category, Example, Finding, Fix, Rule, SetArgument, Severity

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = {conv}

    def forward(self, x):
        return {result}
"""


class PaddingNotScaledWithDilation(Rule):
    """A dilated convolution is padded as if it were not dilated, so the map shrinks.

    What it does
    ------------
    Finds dilated convolutions of stride 1 with an odd kernel whose padding is `(K-1)/2`, the value that keeps the size
    without dilation.

    Why it matters
    --------------
    The taps of a dilated kernel span `d(K-1) + 1` pixels, so "same" needs `P = d(K-1)/2`; with `(K-1)/2` each layer
    takes `(d-1)(K-1)` pixels off the map (`O = W + 2P - d(K-1)` at stride 1, torch.nn.Conv2d). A 3×3 kernel with
    dilation 2 and padding 1 makes 32 to 30. Additions and concatenations with other branches then fail or are cropped.

    Example
    -------

        nn.Conv2d(64, 64, 3, padding=1, dilation=2)

    Use instead
    -----------

        nn.Conv2d(64, 64, 3, padding=2, dilation=2)

    When not to worry
    -----------------
    Silent without padding, where a pad layer or `F.pad` stands in front (causal convolutions), and where the result,
    or what it is joined with, is cropped.

    References
    ----------
    torch.nn.Conv2d; Yu and Koltun, "Multi-Scale Context Aggregation by Dilated Convolutions", arXiv 1511.07122.
    """

    code = "CNN107"
    name = "padding-not-scaled-with-dilation"
    category = Category.SHAPE
    severity = Severity.WARNING
    numbers = {"32": 32, "30": 32 + 2 * 1 - 2 * (3 - 1)}

    bad = (
        Example(
            _NET.format(conv="nn.Conv2d(3, 8, 3, padding=1, dilation=2)", result="self.conv(x)"),
            ((4, "3×3 kernel with dilation 2 and padding 1 takes 2 pixels off the map; 'same' needs padding 2"),),
            why="3×3 with dilation 2",
        ),
        Example(
            _NET.format(conv="nn.Conv1d(3, 8, 5, 1, 2, 4)", result="self.conv(x)"),
            ((4, "kernel of 5 with dilation 4 and padding 2 takes 12 pixels off the map; 'same' needs padding 8"),),
            why="one axis",
        ),
        Example(
            _NET.format(conv="nn.Conv2d(3, 8, 3, padding=1, dilation=(1, 3))", result="self.conv(x)"),
            (
                (
                    4,
                    (
                        "3×3 kernel with dilation (1, 3) and padding 1 takes (0, 4) pixels off the map; 'same' needs "
                        "padding (1, 3)"
                    ),
                ),
            ),
            why="one axis of two",
        ),
    )
    good = (
        Example(_NET.format(conv="nn.Conv2d(3, 8, 3, padding=2, dilation=2)", result="self.conv(x)"), why="scaled"),
        Example(_NET.format(conv="nn.Conv2d(3, 8, 3, dilation=2)", result="self.conv(x)"), why="no padding at all"),
        Example(
            _NET.format(
                conv="nn.Conv1d(3, 8, 3, padding=1, dilation=2)", result="self.conv(nn.functional.pad(x, (2, 0)))"
            ),
            why="padded in front, as a causal convolution is",
        ),
        Example(
            _NET.format(conv="nn.Conv2d(3, 3, 3, padding=1, dilation=2)", result="self.conv(x) + x[:, :, 1:-1, 1:-1]"),
            why="what it is added to is cropped",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each such convolution."""
        seen = set()
        for node in model.nodes:
            if node.certain and node.problem is None and isinstance(node.op, Convolution) and node.module not in seen:
                padding = _same_padding(node.op)
                exempt = padding is None or is_padded_before(model, node) or is_cropped(model, node.output)
                if padding is not None and not exempt:
                    seen.add(node.module)
                    yield self._finding(model, node, node.op, padding)

    def _finding(self, model: ModelGraph, node: Node, op: Convolution, padding: tuple[int, ...]) -> Finding:
        sizes = tuple(p for p in op.padding if isinstance(p, int))
        lost = tuple(2 * (wanted - given) for wanted, given in zip(padding, sizes, strict=True))
        kernel = tuple(k for k in op.kernel_size if isinstance(k, int))
        shown = f"kernel of {kernel[0]}" if len(kernel) == 1 else "×".join(map(str, kernel)) + " kernel"
        layer = own_layer(node)
        return self.finding(
            layer or node,
            f"{shown} with dilation {_one(op.dilation)} and padding {_one(sizes)} takes {_one(lost)} pixels off "
            f"the map; 'same' needs padding {_one(padding)}",
            help=f"padding={_one(padding)}",
            data={"padding": list(sizes), "same_padding": list(padding), "lost": list(lost)},
            fix=_with_padding(model, node, _one(padding)),
        )


def _same_padding(op: Convolution) -> tuple[int, ...] | None:
    """The padding that keeps the size, if the given one would do so only without dilation."""
    if op.transposed or op.padding_text is not None or set(op.stride) != {1}:
        return None
    wanted: list[int] = []
    for axis, (kernel, padding) in enumerate(zip(op.kernel_size, op.padding, strict=True)):
        taps = spread(op, axis)
        if taps is None or not isinstance(kernel, int) or kernel % 2 == 0 or padding != (kernel - 1) // 2:
            return None
        wanted.append(taps // 2)
    return tuple(wanted) if tuple(wanted) != op.padding else None


def _one(values: tuple[object, ...]) -> str:
    """One number where all are equal."""
    return str(values[0]) if len(set(values)) == 1 else "(" + ", ".join(map(str, values)) + ")"


def _with_padding(model: ModelGraph, node: Node, padding: str) -> Fix | None:
    """The padding written where the layer is built, if that builds no other and no linear layer depends on the size."""
    place = built_only_by(model, node)
    if place is None or is_bound_to_size(model):
        return None
    edit = SetArgument(place, "padding", padding, argument_position(node.module, "padding"))
    return Fix((edit,), Applicability.UNSAFE)
