"""CNN112 pointwise-conv-pointless-args."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Convolution
from cnnlint.graph.queries.heads import is_bound_to_size
from cnnlint.graph.queries.layers import argument_position, built_only_by
from cnnlint.graph.queries.places import own_layer
from cnnlint.rule import (
    Applicability,
    Category,
    Edit,
    Example,
    Finding,
    Fix,
    RemoveArgument,
    Rule,
    SetArgument,
    Severity,
)  # fmt: skip

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = {conv}

    def forward(self, x):
        return self.conv(x)
"""


class PointwiseConvPointlessArgs(Rule):
    """A 1×1 convolution has padding, which adds a constant border, or dilation, which does nothing.

    What it does
    ------------
    Finds convolutions with a kernel of 1 on every axis and padding above 0 (a warning) or dilation above 1 (advice).

    Why it matters
    --------------
    A kernel of 1 reads one pixel. Padding `P` makes the map `2P` larger (`O = W + 2P`), by a border that holds nothing
    but the bias; it is usually left over from a 3×3 kernel. Dilation spreads taps, and one tap has nothing to spread:
    `d(K-1) = 0` (torch.nn.Conv2d).

    Example
    -------

        nn.Conv2d(64, 128, 1, padding=1)

    Use instead
    -----------

        nn.Conv2d(64, 128, 1)

    When not to worry
    -----------------
    Silent for kernels that are 1 on some axes only (1×7 needs its padding).

    References
    ----------
    torch.nn.Conv2d.
    """

    code = "CNN112"
    name = "pointwise-conv-pointless-args"
    category = Category.SHAPE
    severity = Severity.WARNING

    bad = (
        Example(
            _NET.format(conv="nn.Conv2d(3, 8, 1, padding=1)"),
            ((4, "1×1 convolution with padding 1 makes the map 2 pixels larger, by a border of bias values"),),
            why="padding with a bias",
        ),
        Example(
            _NET.format(conv="nn.Conv2d(3, 8, kernel_size=1, dilation=2)"),
            ((4, "dilation 2 has no effect on a 1×1 convolution"),),
            why="dilation",
        ),
        Example(
            _NET.format(conv="nn.Conv1d(3, 8, 1, 1, 2, bias=False)"),
            ((4, "convolution of 1 with padding 2 makes the map 4 pixels larger, by a border of zeros"),),
            why="padding without a bias",
        ),
    )
    good = (
        Example(_NET.format(conv="nn.Conv2d(3, 8, 1)"), why="neither"),
        Example(_NET.format(conv="nn.Conv2d(3, 8, (1, 3), padding=(0, 1))"), why="1 on one axis only"),
        Example(_NET.format(conv='nn.Conv2d(3, 8, 1, padding="same")'), why="'same' pads nothing here"),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each argument without a point."""
        for node in model.nodes:
            op = node.op
            if not isinstance(op, Convolution) or op.transposed or not node.certain or set(op.kernel_size) != {1}:
                continue
            padding = max((pixels for pixels in op.padding if isinstance(pixels, int)), default=0)
            if padding > 0:
                border = "a border of " + ("bias values" if op.bias else "zeros")
                text = f"{_named(op)} with padding {padding} makes the map {2 * padding} pixels larger, by {border}"
                data = {"padding": padding, "growth": 2 * padding}
                yield self._finding(model, node, "padding", "0", text, data)
            dilation = max((step for step in op.dilation if isinstance(step, int)), default=1)
            if dilation > 1:
                text = f"dilation {dilation} has no effect on a {_named(op)}"
                yield self._finding(model, node, "dilation", "1", text, {"dilation": dilation})

    def _finding(
        self, model: ModelGraph, node: Node, name: str, value: str, text: str, data: dict[str, int]
    ) -> Finding:
        place, safe = built_only_by(model, node), name == "dilation"
        position = argument_position(node.module, name)
        fix = None
        if place is not None and (safe or not is_bound_to_size(model)):
            edit: Edit = RemoveArgument(place, name, position) if safe else SetArgument(place, name, value, position)
            fix = Fix((edit,), Applicability.SAFE if safe else Applicability.UNSAFE)
        return self.finding(
            own_layer(node) or node,
            text,
            severity=Severity.ADVICE if safe else None,
            help=f"{name}={value}",
            data=data,
            fix=fix,
        )


def _named(op: Convolution) -> str:
    axes = len(op.kernel_size)
    return "convolution of 1" if axes == 1 else "×".join("1" * axes) + " convolution"
