"""CNN502 even-upsampler-caveat."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.dims import ceil_div
from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Activation, Convolution, PixelShuffle
from cnnlint.graph.queries.chains import is_pointwise, reaches_output, source
from cnnlint.graph.queries.layers import built_only_by, layer_of
from cnnlint.graph.wording import times
from cnnlint.rule import Category, Example, Finding, Fix, ReplaceSpan, Rule, Severity


class EvenUpsamplerCaveat(Rule):
    """An upsampler without built-in checkerboard can still learn one, or draws a frame at the border.

    What it does
    ------------
    Reports transposed convolutions with an even overlap whose kernel is larger than their stride and that make the
    image the model returns (at most four channels), and pixel shuffles directly behind a convolution.

    Why it matters
    --------------
    Even overlap holds in the interior only: the outer `(ceil(K/S) - 1) * S - P` positions get fewer taps. And each
    output phase has weights of its own, here as in a convolution before a pixel shuffle, so independent random
    weights start with a checkerboard that training may keep.

    Example
    -------

        nn.Sequential(nn.Conv2d(64, 12, 3, padding=1), nn.PixelShuffle(2))

    Use instead
    -----------

        nn.Sequential(nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(64, 3, 3, padding=1))

    or give all phases the same initial weights (ICNR).

    When not to worry
    -----------------
    Off by default. The 4×4 kernels at stride 2 and padding 1 of DCGAN-style generators, kernels equal to the stride
    (U-Net) and class scores are left alone.

    References
    ----------
    Odena et al., https://distill.pub/2016/deconv-checkerboard: "models with even overlap often learn kernels that
    cause similar artifacts". ICNR: https://arxiv.org/abs/1707.02937
    """

    code = "CNN502"
    name = "even-upsampler-caveat"
    category = Category.RESAMPLING
    severity = Severity.ADVICE
    opt_in = True

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.ConvTranspose2d(8, 3, 6, stride=2, padding=2),
            nn.Tanh(),
        )
""",
            ((4, "kernel 6×6 at stride 2×2 overlaps evenly but for a border of 2×2 px of the returned image"),),
            why="the last layer of a generator",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(8, 12, 3, padding=1),
            nn.PixelShuffle(2),
        )
""",
            ((5, "each of 4 output phases has its own weights in Conv2d: independent ones start as a checkerboard"),),
            why="a pixel shuffle behind a convolution",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.ConvTranspose2d(8, 3, 4, stride=2, padding=1), nn.Tanh())
""",
            why="the standard layer of DCGAN",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.ConvTranspose2d(8, 8, 2, stride=2), nn.ReLU(), nn.Conv2d(8, 3, 3, padding=1))
""",
            why="a kernel equal to the stride",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.ConvTranspose2d(21, 21, 16, stride=8, padding=4))
""",
            why="class scores",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """Transposed convolutions that make images, and pixel shuffles."""
        for node in model.nodes:
            match node.op:
                case Convolution(transposed=True, out_channels=int() as out) if node.certain and out <= 4:
                    border = _border(node.op)
                    if border and any(border) and reaches_output(model, node.output, is_pointwise):
                        yield self._transposed(model, node, node.op, border)
                case PixelShuffle(inverse=False, factor=int() as factor) if node.certain:
                    maker = source(model, node.inputs[0], lambda each: isinstance(each.op, Activation))
                    if maker is not None and isinstance(maker.op, Convolution) and not maker.op.transposed:
                        yield self._shuffle(node, maker, factor)

    def _transposed(self, model: ModelGraph, node: Node, conv: Convolution, border: tuple[int, ...]) -> Finding:
        return self.finding(
            layer_of(node),
            f"kernel {times(conv.kernel_size)} at stride {times(conv.stride)} overlaps evenly but for a border of "
            f"{times(border)} px of the returned image",
            help="use nn.Upsample(mode='nearest') and a convolution of odd kernel size",
            data={"border": list(border)},
            fix=_resized(model, node, conv),
        )

    def _shuffle(self, node: Node, maker: Node, factor: int) -> Finding:
        phases = factor**2
        return self.finding(
            layer_of(node),
            f"each of {phases} output phases has its own weights in {maker.module.type}: "
            "independent ones start as a checkerboard",
            help="copy the initial weights of the first phase to all others (ICNR)",
            data={"phases": phases},
        )


def _resized(model: ModelGraph, node: Node, conv: Convolution) -> Fix | None:
    """Nearest upsampling and a convolution of odd kernel size, where that gives a map of the same size."""
    place = built_only_by(model, node)
    numbers = {*zip(conv.kernel_size, conv.stride, conv.padding, conv.output_padding or (0, 0), strict=True)}
    if place is None or node.module.type != "ConvTranspose2d" or conv.groups != 1 or len(numbers) != 1:
        return None
    kernel, stride, padding, extra = numbers.pop()
    if not isinstance(kernel, int) or kernel - 2 * padding + extra != stride:
        return None
    odd = kernel - 1 + kernel % 2
    bias = "" if conv.bias else ", bias=False"
    layers = (
        f'torch.nn.Upsample(scale_factor={stride}, mode="nearest")',
        f"torch.nn.Conv2d({conv.in_channels}, {conv.out_channels}, {odd}, padding={odd // 2}{bias})",
    )
    return Fix((ReplaceSpan(place, f"torch.nn.Sequential({', '.join(layers)})"),))


def _border(conv: Convolution) -> tuple[int, ...] | None:
    """The width of the uneven border by axis; ``None`` for an uneven interior, a kernel no larger than the stride, and
    the standard 4, 2, 1."""
    widths = []
    for numbers in zip(conv.kernel_size, conv.stride, conv.padding, conv.dilation, strict=True):
        kernel, stride, padding, dilation = (number if isinstance(number, int) else 0 for number in numbers)
        if not kernel > stride > 1 or dilation != 1 or kernel % stride:
            return None
        rim = ceil_div(kernel, stride) * stride - stride - padding
        widths.append(max(rim, 0) if isinstance(rim, int) and (kernel, stride, padding) != (4, 2, 1) else 0)
    return tuple(widths)
