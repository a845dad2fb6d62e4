"""CNN108 even-kernel-shift."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Convolution
from cnnlint.graph.queries.chains import ancestors
from cnnlint.graph.queries.padding import is_cropped, is_padded_before, spread
from cnnlint.graph.queries.places import own_layer
from cnnlint.rule import Category, Example, Finding, Rule, Severity

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            {first},
            nn.ReLU(),
            {second},
        )

    def forward(self, x):
        return self.body(x)
"""


class EvenKernelShift(Rule):
    """An even kernel at stride 1 has no centre: the map shifts by half a pixel, or changes its size.

    What it does
    ------------
    Finds convolutions of stride 1 whose taps span an odd number of pixels `d(K-1)`: with `padding='same'`, which pads
    one pixel more at the right and bottom (a warning), or with padding that makes the map one pixel larger or smaller
    (advice).

    Why it matters
    --------------
    The output pixel lies between two input pixels. Each such layer with `'same'` moves the map by half a pixel towards
    the top left, `n` of them by `n/2`; Wu et al. measure what this costs (arXiv 1903.08385). With symmetric padding
    `P = K/2` gives `W + 1` and `P = K/2 - 1` gives `W - 1` positions. Torch warns that `'same'` with an even kernel may
    copy its input.

    Example
    -------

        nn.Conv2d(64, 64, 4, padding="same")

    Use instead
    -----------

        nn.Conv2d(64, 64, 3, padding="same")

    When not to worry
    -----------------
    Silent for strided convolutions (4×4 stride 2, patches), pools, transposed and unpadded convolutions, where padding
    or cropping stands beside it (causal convolutions), and behind strided convolutions of the same even kernel, as at
    the end of a PatchGAN discriminator.

    References
    ----------
    Wu et al., "Convolution with even-sized kernels and symmetric padding", arXiv 1903.08385.
    """

    code = "CNN108"
    name = "even-kernel-shift"
    category = Category.SHAPE
    severity = Severity.ADVICE

    bad = (
        Example(
            _NET.format(first='nn.Conv2d(3, 8, 4, padding="same")', second='nn.Conv2d(8, 8, 4, padding="same")'),
            (
                (5, "kernel of 4 with padding='same' shifts the map by half a pixel"),
                (7, "kernel of 4 with padding='same' shifts the map by half a pixel, 2 such layers by 1 pixel"),
            ),
            why="'same'",
        ),
        Example(
            _NET.format(first="nn.Conv2d(3, 8, 4, padding=2)", second="nn.Conv2d(8, 8, 4, padding=1)"),
            (
                (5, "kernel of 4 with padding 2 makes the map 1 pixel larger: no centre pixel"),
                (7, "kernel of 4 with padding 1 makes the map 1 pixel smaller: no centre pixel"),
            ),
            why="one pixel more or less",
        ),
    )
    good = (
        Example(
            _NET.format(first="nn.Conv2d(3, 8, 4, 2, 1)", second="nn.Conv2d(8, 1, 4, 1, 1)"),
            why="strided, and the stride 1 tail of a PatchGAN",
        ),
        Example(
            _NET.format(first="nn.Conv2d(3, 8, 4, 4)", second="nn.Conv2d(8, 8, 3, padding=1)"),
            why="patches: kernel equal to stride",
        ),
        Example(
            _NET.format(first="nn.Conv1d(3, 8, 2)", second="nn.Conv1d(8, 8, 2, dilation=3)"),
            why="no padding",
        ),
        Example(
            _NET.format(first="nn.ConvTranspose2d(3, 8, 4, padding=1)", second="nn.Conv2d(8, 8, 3)"),
            why="a transposed convolution",
        ),
        Example(
            _NET.format(first="nn.ZeroPad2d((2, 1, 2, 1))", second="nn.Conv2d(3, 8, 4, padding=2)"),
            why="padding of its own stands in front",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each such layer, counted along the path."""
        shifting: set[Node] = set()
        for node in model.nodes:
            kernel = _even_kernel(node)
            if kernel is None or is_padded_before(model, node) or is_cropped(model, node.output):
                continue
            before = ancestors(model, node)
            if any(_is_strided(other, kernel) for other in before):
                continue
            assert isinstance(node.op, Convolution)
            if node.op.padding_text == "same":
                shifting.add(node)
                yield self._shifted(node, kernel, len(before & shifting) + 1)
            else:
                yield self._resized(node, node.op, kernel)

    def _shifted(self, node: Node, kernel: int, layers: int) -> Finding:
        total = "1 pixel" if layers == 2 else f"{layers / 2:g} pixels"
        return self.finding(
            own_layer(node) or node,
            f"kernel of {kernel} with padding='same' shifts the map by half a pixel"
            + (f", {layers} such layers by {total}" if layers > 1 else ""),
            severity=Severity.WARNING,
            help="an odd kernel",
            data={"kernel": kernel, "layers": layers},
        )

    def _resized(self, node: Node, op: Convolution, kernel: int) -> Finding:
        axis = next(axis for axis in range(len(op.kernel_size)) if op.kernel_size[axis] == kernel)
        padding, taps = op.padding[axis], spread(op, axis) or 0
        larger = isinstance(padding, int) and 2 * padding > taps
        return self.finding(
            own_layer(node) or node,
            f"kernel of {kernel} with padding {padding} makes the map 1 pixel {'larger' if larger else 'smaller'}: no "
            "centre pixel",
            help="an odd kernel",
            data={"kernel": kernel, "padding": padding},
        )


def _even_kernel(node: Node) -> int | None:
    """The kernel size of an axis along which a padded convolution of stride 1 has no centre."""
    op = node.op
    if not node.certain or node.problem or not isinstance(op, Convolution) or op.transposed or set(op.stride) != {1}:
        return None
    for axis, (kernel, padding) in enumerate(zip(op.kernel_size, op.padding, strict=True)):
        taps = spread(op, axis)
        if taps is None or taps % 2 == 0 or not isinstance(kernel, int) or not isinstance(padding, int):
            continue
        if op.padding_text == "same" or (padding > 0 and 2 * padding in (taps - 1, taps + 1)):
            return kernel
    return None


def _is_strided(node: Node, kernel: int) -> bool:
    op = node.op
    return isinstance(op, Convolution) and kernel in op.kernel_size and any(step != 1 for step in op.stride)
