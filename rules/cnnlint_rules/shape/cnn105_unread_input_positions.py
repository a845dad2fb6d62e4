"""CNN105 unread-input-positions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Convolution, Pooling
from cnnlint.graph.queries.layers import built_only_by, layer_of
from cnnlint.graph.queries.taps import outputs, unread_positions
from cnnlint.graph.wording import percent, plural, times
from cnnlint.rule import Category, Example, Finding, Fix, Rule, SetArgument, Severity

_LARGEST = 1_000_000
"""Taps an axis may have over all its windows; beyond that no map is real."""


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
    positions, not remainders. It speaks only for a known input size.

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
        if not model.evidence.gives_size:
            return
        for node in model.nodes:
            match node.op:
                case Convolution(transposed=False) | Pooling(ceil_mode=False) as window if node.certain:
                    axes = _axes(node, window)
                    if axes is not None:
                        yield from self._judged(model, node, window, axes)

    def _judged(
        self, model: ModelGraph, node: Node, window: Convolution | Pooling, axes: list[tuple[int, ...]]
    ) -> Iterator[Finding]:
        unread = [len(unread_positions(*axis)) for axis in axes]
        sizes = [axis[0] for axis in axes]
        share = 1 - prod(1 - lost / size for lost, size in zip(unread, sizes, strict=True))
        if share < self.options.min_unread:
            return
        place = built_only_by(model, node) if isinstance(window, Pooling) else None
        yield self.finding(
            layer_of(node),
            f"kernel {times(window.kernel_size)} at stride {times(window.stride)} never reads {_named(unread)} of the "
            f"{times(sizes)} map: {percent(share)} of it",
            help="ceil_mode=True" if isinstance(window, Pooling) else "pad the input, or choose a size that fits",
            data={"unread": unread, "share": share, "size": sizes},
            fix=Fix((SetArgument(place, "ceil_mode", "True"),)) if place is not None else None,
        )


def _axes(node: Node, window: Convolution | Pooling) -> list[tuple[int, ...]] | None:
    """Size, kernel, stride, padding and dilation by axis; ``None`` where one is unknown or absurdly large, the stride
    exceeds the kernel or not one window fits."""
    shape = node.inputs[0].shape
    if shape is None:
        return None
    rank = len(window.kernel_size)
    axes: list[tuple[int, ...]] = []
    for row in zip(shape[-rank:], window.kernel_size, window.stride, window.padding, window.dilation, strict=False):
        known = tuple(value for value in row if isinstance(value, int))
        if len(known) < len(row):
            return None
        size, kernel, stride, padding, dilation = known
        windows = outputs(size, kernel, stride, padding, dilation)
        if stride > kernel or not 0 < windows * kernel <= _LARGEST:
            return None
        axes.append(known)
    return axes


def _named(unread: list[int]) -> str:
    if len(unread) != 2:
        return " and ".join(f"{plural(lost, 'position')} on axis {axis}" for axis, lost in enumerate(unread) if lost)
    return " and ".join(plural(lost, noun) for lost, noun in zip(unread, ("row", "column"), strict=True) if lost)
