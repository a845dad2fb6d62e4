"""CNN105 unread-input-positions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Convolution, Pooling
from cnnlint.graph.queries.heads import is_bound_to_size
from cnnlint.graph.queries.inputs import size_declared
from cnnlint.graph.queries.layers import argument_position, built_only_by, layer_of
from cnnlint.graph.queries.taps import ENUMERABLE, unread_count
from cnnlint.graph.wording import extent, percent, plural, times
from cnnlint.rule import Category, Example, Finding, Fix, Rule, SetArgument, Severity


class UnreadInputPositions(Rule):
    """The last rows or columns of a map are dropped because the windows do not fit.

    What it does
    ------------
    Reports convolutions and pools without `ceil_mode` whose windows leave at least 2 % of a map of known size unread:
    `1 - prod(1 - unread/W)` over the axes, where `unread` counts the positions that no tap reaches. For dilation 1 it
    is `max(0, ((W + 2P - K) mod S) - P)`. An output of no pixels at all is CNN103's, a stride above the kernel
    CNN504's.

    Why it matters
    --------------
    What stands in those rows and columns was computed by the layers before and never influences the output: a 2×2
    pool on a 7×7 map reads 6×6 of it and drops 13 of 49 positions, 26.5 %. Which border is lost depends on the input
    size, so a network can change its behaviour with a resolution.

    Example
    -------

        nn.MaxPool2d(2)                     # on a 7×7 map

    Use instead
    -----------

        nn.MaxPool2d(2, ceil_mode=True)

    When not to worry
    -----------------
    A remainder that only drops padding loses nothing (3×3 at stride 2 with padding 1 on an even size); the rule counts
    positions, not remainders. It speaks only for an input size that somebody gave.

    References
    ----------
    Output size and `ceil_mode`: https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
    """

    code = "CNN105"
    name = "unread-input-positions"
    category = Category.SHAPE
    severity = Severity.ADVICE
    numbers = {"13": 7 * 7 - 6 * 6, "49": 7 * 7}

    @dataclass(frozen=True)
    class Options:
        """``min_unread``: the least share of the map that must be lost."""

        min_unread: float = 0.02

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.MaxPool2d(2),
        )
""",
            ((5, "kernel 2×2 at stride 2×2 never reads 1 row and 1 column of the 7×7 map: 26.5 % of it"),),
            inputs=("3x7x7",),
            why="an even pool on an odd map",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 4, stride=4),
        )
""",
            ((4, "kernel 4×4 at stride 4×4 never reads 2 rows and 2 columns of the 30×30 map: 12.9 % of it"),),
            inputs=("3x30x30",),
            why="patches that do not fit",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 5), nn.MaxPool2d(2), nn.MaxPool2d(2))
        self.fc = nn.Linear(8 * 7 * 7, 10)

    def forward(self, x):
        return self.fc(torch.flatten(self.body(x), 1))
""",
            why="a size that is only solved from the linear layer: 32 fits, and reads all",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.Conv2d(8, 8, 7, stride=2, padding=3))
""",
            inputs=("3x32x32",),
            why="the remainder only drops padding",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.MaxPool2d(2, ceil_mode=True), nn.Conv2d(3, 8, 1))
""",
            inputs=("3x7x7",),
            why="ceil_mode reads the border",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 8, 3), nn.MaxPool2d(2))
""",
            why="no input size is known",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 8, 3, stride=2), nn.ReLU())
""",
            inputs=("3x224x224",),
            why="one row and one column of 224 are 0.9 % of the map",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 1, stride=2))
""",
            inputs=("3x7x7",),
            why="a stride above the kernel is another rule's",
        ),
    )

    options: Options

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each layer that drops a border."""
        if not size_declared(model):
            return
        for node in model.nodes:
            match node.op:
                case Convolution(transposed=False) | Pooling(kind="max" | "avg" | "lp", ceil_mode=False) as window:
                    axes = _axes(node, window)
                    if axes and node.certain:
                        yield from self._judged(model, node, window, axes)

    def _judged(
        self, model: ModelGraph, node: Node, window: Convolution | Pooling, axes: list[tuple[int, ...]]
    ) -> Iterator[Finding]:
        unread, sizes = [unread_count(*axis) or 0 for axis in axes], [axis[0] for axis in axes]
        share = 1 - prod(1 - lost / size for lost, size in zip(unread, sizes, strict=True))
        if share < self.options.min_unread:
            return
        name, value = _remedy(window, axes)
        place = built_only_by(model, node) if not is_bound_to_size(model) else None
        fix = SetArgument(place, name, value, argument_position(node.module, name)) if place and value else None
        yield self.finding(
            layer_of(node),
            f"kernel {times(window.kernel_size)} at stride {times(window.stride)} never reads {_named(unread)} of the "
            f"{extent(sizes)}: {percent(share)} of it",
            help=f"{name}={value}" if value else "pad the input, or choose a size that fits",
            data={"unread": unread, "share": share, "size": sizes},
            fix=Fix((fix,)) if fix is not None else None,
        )


def _remedy(window: Convolution | Pooling, axes: list[tuple[int, ...]]) -> tuple[str, str]:
    """The argument that makes the windows reach the border, and its value; no value if no padding does."""
    if isinstance(window, Pooling):
        return "ceil_mode", "True"
    enough = [
        next(
            (
                more
                for more in range(padding, min(kernel, 64))
                if unread_count(size, kernel, stride, more, dilation) == 0
            ),
            None,
        )
        for size, kernel, stride, padding, dilation in axes
    ]
    return "padding", "" if None in enough or window.padding_text else _per_axis(enough)


def _per_axis(values: Sequence[object]) -> str:
    return str(values[0]) if len(set(values)) == 1 else f"({', '.join(map(str, values))})"


def _axes(node: Node, window: Convolution | Pooling) -> list[tuple[int, ...]] | None:
    """Size, kernel, stride, padding and dilation by axis; ``None`` where one is unknown, the stride exceeds the kernel,
    or what is read cannot be counted."""
    shape = node.inputs[0].shape
    if shape is None:
        return None
    rank = len(window.kernel_size)
    axes: list[tuple[int, ...]] = []
    for row in zip(shape[-rank:], window.kernel_size, window.stride, window.padding, window.dilation, strict=False):
        known = tuple(value for value in row if isinstance(value, int))
        if len(known) < len(row) or known[2] > known[1] or known[1] > ENUMERABLE or unread_count(*known) is None:
            return None
        axes.append(known)
    return axes


def _named(unread: list[int]) -> str:
    if len(unread) != 2:
        return " and ".join(
            f"{plural(lost, 'position')}" + (f" on axis {axis}" if len(unread) > 1 else "")
            for axis, lost in enumerate(unread)
            if lost
        )
    return " and ".join(plural(lost, noun) for lost, noun in zip(unread, ("row", "column"), strict=True) if lost)
