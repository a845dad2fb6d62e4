"""CNN501 transposed-conv-uneven-overlap."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Convolution
from cnnlint.graph.queries.layers import layer_of
from cnnlint.graph.queries.overlap import even_kernel, overlap_counts
from cnnlint.graph.queries.paths import convolutions_behind, is_low_pass_filtered
from cnnlint.graph.queries.taps import ENUMERABLE
from cnnlint.graph.queries.weights import has_fixed_weight
from cnnlint.graph.wording import times
from cnnlint.rule import Category, Example, Finding, Fix, Rule, SetArgument, Severity

# Positions of kernel_size, padding and output_padding behind the channels of a constructor.
_ARGUMENTS = {"kernel_size": 0, "padding": 2, "output_padding": 3}


class TransposedConvUnevenOverlap(Rule):
    """A transposed convolution writes more often into some output positions than into others: a checkerboard.

    What it does
    ------------
    Counts for each output position of a strided transposed convolution the kernel taps that write into it. Position
    `p` gets the taps `k` with `dilation * k = p (mod stride)`, so along one axis the counts are equal exactly when
    `gcd(dilation, stride) = 1` and the stride divides the kernel size. Padding and output padding shift and cut the
    pattern, they do not change it.

    Why it matters
    --------------
    Where the counts differ, the output has a built-in pattern with the period of the stride that the weights must
    learn to cancel: for an undilated kernel `ceil(K/S)` against `floor(K/S)` taps an axis, multiplied over the axes.
    Kernel 3 at stride 2 gives 1 to 4 taps in two dimensions. With a stride above the kernel size, or one that shares
    a factor with the dilation, some positions get nothing but the bias.

    Example
    -------

        nn.ConvTranspose2d(64, 32, 3, stride=2, padding=1, output_padding=1)

    Use instead
    -----------

        nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1)

    or resize, then convolve:

        nn.Sequential(nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(64, 32, 3, padding=1))

    When not to worry
    -----------------
    Where two or more convolutions follow at the new resolution, as in the decoders of segmentation networks, they can
    smooth the pattern: the finding is advice then. The rule is silent at stride 1, in front of a fixed low-pass
    filter (StyleGAN2), and for frozen weights such as a bilinear kernel.

    References
    ----------
    Odena, Dumoulin and Olah, Deconvolution and Checkerboard Artifacts, https://distill.pub/2016/deconv-checkerboard
    """

    code = "CNN501"
    name = "transposed-conv-uneven-overlap"
    category = Category.RESAMPLING
    severity = Severity.WARNING

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1),
            nn.Tanh(),
        )
""",
            ((4, "kernel 3×3 at stride 2×2 writes 1 to 4 taps into an output position, a ratio of 4"),),
            why="kernel 3 at stride 2",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.ConvTranspose1d(8, 4, 5, stride=2),
            nn.ReLU(),
            nn.ConvTranspose1d(4, 1, 2, stride=3),
        )
""",
            (
                (4, "kernel 5 at stride 2 writes 2 to 3 taps into an output position, a ratio of 1.5"),
                (6, "kernel 2 at stride 3 leaves 1 of 3 output positions without any input"),
            ),
            why="one axis; a stride above the kernel size leaves holes",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.ConvTranspose2d(8, 4, 4, stride=2, dilation=2),
            nn.Conv2d(4, 4, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(4, 1, 3, padding=1),
        )
""",
            ((4, "kernel 4×4 at stride 2×2, dilation 2×2 leaves 3 of 4 output positions without any input"),),
            why="a dilation that shares a factor with the stride; advice, since two convolutions follow",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.ConvTranspose2d(8, 4, 4, stride=2, padding=1),
            nn.ConvTranspose2d(4, 4, 2, stride=2),
            nn.ConvTranspose2d(4, 4, 4, stride=2, dilation=3),
        )
""",
            why="the stride divides the kernel size and shares no factor with the dilation",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.ConvTranspose2d(8, 4, 3), nn.ReLU())
""",
            why="stride 1",
        ),
        Example(
            """\
class Up(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.ConvTranspose2d(8, 4, 3, stride=2)
        self.register_buffer("blur", torch.ones(4, 1, 4, 4) / 16)

    def forward(self, x):
        return nn.functional.conv2d(self.up(x), self.blur, padding=1, groups=4)
""",
            why="a fixed low-pass filter follows",
        ),
        Example(
            """\
class Up(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.ConvTranspose2d(8, 8, 3, stride=2, groups=8, bias=False)
        self.up.weight.requires_grad = False

    def forward(self, x):
        return self.up(x)
""",
            why="frozen weights, set once to an interpolation kernel",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each uneven transposed convolution."""
        for node in model.nodes:
            match node.op:
                case Convolution(transposed=True) as conv if node.certain:
                    counts = _counts(conv)
                    if any(len(set(axis)) > 1 for axis in counts) and not _excused(model, node):
                        yield self._finding(model, node, conv, counts)

    def _finding(self, model: ModelGraph, node: Node, conv: Convolution, counts: list[tuple[int, ...]]) -> Finding:
        least, most = prod(map(min, counts)), prod(map(max, counts))
        positions = prod(map(len, counts))
        written = prod(sum(count > 0 for count in axis) for axis in counts)
        geometry = f"kernel {times(conv.kernel_size)} at stride {times(conv.stride)}"
        if any(step != 1 for step in conv.dilation):
            geometry += f", dilation {times(conv.dilation)}"
        if least:
            said = f"writes {least} to {most} taps into an output position, a ratio of {most / least:.4g}"
        else:
            said = f"leaves {positions - written} of {positions} output positions without any input"
        smoothed = convolutions_behind(model, node.output) >= 2
        even = _even(conv)
        return self.finding(
            layer_of(node),
            f"{geometry} {said}",
            severity=Severity.ADVICE if smoothed else None,
            help=_help(even),
            data={"least": least, "most": most, "positions": positions, "written": written},
            fix=_fix(node, conv, even) if _alike(model, node, conv) else None,
        )


def _counts(conv: Convolution) -> list[tuple[int, ...]]:
    """Overlap counts by axis; a single equal count where a number is unknown or absurdly large."""
    axes = zip(conv.kernel_size, conv.stride, conv.dilation, strict=True)
    return [
        overlap_counts(kernel, stride, dilation)
        if isinstance(kernel, int) and isinstance(stride, int) and isinstance(dilation, int)
        and 0 < stride <= ENUMERABLE and kernel <= ENUMERABLE
        else (1,)
        for kernel, stride, dilation in axes
    ]  # fmt: skip


def _excused(model: ModelGraph, node: Node) -> bool:
    return has_fixed_weight(model, node) or is_low_pass_filtered(model, node.output)


def _even(conv: Convolution) -> dict[str, tuple[int, ...]] | None:
    """The arguments that make the overlap even at the same output size; ``None`` for a dilated kernel."""
    axes = [
        even_kernel(kernel, stride, padding, extra)
        for kernel, stride, padding, extra, dilation in zip(
            conv.kernel_size, conv.stride, conv.padding, conv.output_padding, conv.dilation, strict=True
        )
        if isinstance(kernel, int) and isinstance(stride, int) and isinstance(padding, int) and isinstance(extra, int)
        if dilation == 1
    ]
    return dict(zip(_ARGUMENTS, zip(*axes, strict=True), strict=True)) if len(axes) == len(conv.kernel_size) else None


def _source(sizes: tuple[object, ...]) -> str:
    return str(sizes[0]) if len(set(sizes)) == 1 else f"({', '.join(map(str, sizes))})"


def _help(even: dict[str, tuple[int, ...]] | None) -> str:
    resize = "nn.Upsample(mode='nearest') and a convolution of odd kernel size"
    if even is None:
        return f"use {resize}"
    arguments = ", ".join(f"{name}={_source(sizes)}" for name, sizes in even.items())
    return f"{arguments} overlaps evenly and keeps the output size; or use {resize}"


def _alike(model: ModelGraph, node: Node, conv: Convolution) -> bool:
    """Whether all transposed convolutions that are built at the same place have the same numbers."""
    others = [other.op for other in model.nodes if other.module.built_at == node.module.built_at]
    numbers = [(op.kernel_size, op.stride, op.padding) for op in others if isinstance(op, Convolution)]
    return all(each == (conv.kernel_size, conv.stride, conv.padding) for each in numbers)


def _fix(node: Node, conv: Convolution, even: dict[str, tuple[int, ...]] | None) -> Fix | None:
    module = node.module
    if even is None or module.built_at is None or not module.builtin:
        return None
    channels = 1 if module.type.startswith("Lazy") else 2
    before = {"kernel_size": conv.kernel_size, "padding": conv.padding, "output_padding": conv.output_padding}
    return Fix(
        tuple(
            SetArgument(module.built_at, name, _source(sizes), channels + _ARGUMENTS[name])
            for name, sizes in even.items()
            if sizes != before[name]
        )
    )
