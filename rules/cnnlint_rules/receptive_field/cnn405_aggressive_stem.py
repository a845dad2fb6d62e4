"""CNN405 aggressive-stem."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cnnlint.graph.dims import same
from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Convolution, Pooling
from cnnlint.graph.queries.heads import is_bound_to_size
from cnnlint.graph.queries.layers import argument_position, built_only_by, layer_of
from cnnlint.graph.queries.resolution import downsamplings, image_size, sizes_of
from cnnlint.graph.wording import times
from cnnlint.rule import Category, Edit, Example, Finding, Fix, ReplaceSpan, Rule, SetArgument, Severity


class AggressiveStem(Rule):
    """A stem made for large images throws most of a small image away before the network has looked at it.

    What it does
    ------------
    For a declared input of at most 64 pixels (option `max-input`), reports networks that reach an effective stride of
    4 with their first two downsampling steps, with one convolution at full resolution at most, and end at a stride of
    more than a quarter of the input.

    Why it matters
    --------------
    The stem of ImageNet networks (7×7 at stride 2, then a pool at stride 2) leaves 8×8 positions of a 32×32 image,
    and their last stage works on a single one. Taking both strides out has been reported to cut the CIFAR-10 error of
    a ResNet from 25 % to about 5 %.

    Example
    -------

        nn.Sequential(nn.Conv2d(3, 64, 7, stride=2, padding=3), nn.MaxPool2d(3, stride=2, padding=1), ...)

    Use instead
    -----------

        model.conv1 = nn.Conv2d(3, 64, 3, stride=1, padding=1, bias=False)
        model.maxpool = nn.Identity()

    When not to worry
    -----------------
    With pretrained weights and images that are scaled up before. The rule is silent without a declared size and for
    stems that cut the image into patches (a kernel that is a multiple of the stride, 4×4 at stride 4 or 2).

    References
    ----------
    https://github.com/twosixlabs/armory/issues/1689, https://github.com/weiaicunzai/pytorch-cifar100/issues/29
    """

    code = "CNN405"
    name = "aggressive-stem"
    category = Category.RECEPTIVE_FIELD
    severity = Severity.WARNING
    quoted = {"25 %": "armory/issues/1689", "5 %": "armory/issues/1689"}

    @dataclass(frozen=True)
    class Options:
        """``max_input``: the largest input, in pixels, that counts as small."""

        max_input: int = 64

    options: Options

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 7, stride=2, padding=3),
            nn.MaxPool2d(3, stride=2, padding=1),
            nn.Conv2d(8, 16, 3, stride=2, padding=1),
            nn.Conv2d(16, 32, 3, stride=2, padding=1),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(32, 10),
        )
""",
            ((4, "the stem leaves 8×8 of 32×32 px, the last map has 2×2 (effective stride 16)"),),
            inputs=("3x32x32",),
            why="an ImageNet stem on CIFAR images",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 11, stride=4, padding=2),
            nn.MaxPool2d(3, stride=2),
            nn.Conv2d(8, 16, 3, stride=2, padding=1),
            nn.Conv2d(16, 16, 3, stride=2, padding=1),
            nn.Flatten(),
            nn.Linear(64, 10),
        )
""",
            ((4, "the stem leaves 7×7 of 64×64 px, the last map has 2×2 (effective stride 32)"),),
            inputs=("3x64x64",),
            why="the stem of AlexNet",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 7, stride=2, padding=3),
            nn.MaxPool2d(3, stride=2, padding=1),
            nn.Conv2d(8, 16, 3, stride=2, padding=1),
            nn.Conv2d(16, 32, 3, stride=2, padding=1),
        )

    def forward(self, x):
        return self.body(nn.functional.interpolate(x, size=(224, 224))).mean((2, 3))
""",
            inputs=("3x32x32",),
            why="images that are scaled up for pretrained weights",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.Conv2d(8, 16, 3, stride=2, padding=1),
            nn.Conv2d(16, 32, 3, stride=2, padding=1),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(32, 10),
        )
""",
            inputs=("3x32x32",),
            why="ends at a quarter of the input's size per stride",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 7, stride=2, padding=3),
            nn.MaxPool2d(3, stride=2, padding=1),
            nn.Conv2d(8, 16, 3, stride=2, padding=1),
            nn.Conv2d(16, 32, 3, stride=2, padding=1),
        )
""",
            inputs=("3x224x224",),
            why="a large input",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 4, stride=4),
            nn.Conv2d(8, 16, 2, stride=2),
            nn.Conv2d(16, 32, 2, stride=2),
        )
""",
            inputs=("3x32x32",),
            why="patches",
        ),
        Example(
            """\
class Encoder(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 32, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 64, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(64, 64, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(64, 64, 4, stride=2, padding=1),
            nn.Flatten(),
            nn.Linear(256, 16),
        )
""",
            inputs=("3x32x32",),
            why="overlapping patches all the way, as DCGAN and its encoders have them for just this size",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 7, stride=2, padding=3),
            nn.MaxPool2d(3, stride=2, padding=1),
            nn.Conv2d(8, 16, 3, stride=2, padding=1),
            nn.Conv2d(16, 32, 3, stride=2, padding=1),
        )
""",
            why="no declared size",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """At most one finding, at the first downsampling step."""
        sizes = image_size(model)
        steps = list(downsamplings(model))
        if sizes is None or max(sizes) > self.options.max_input or len(steps) < 2 or model.failures:
            return
        total = steps[-1][1]
        if steps[1][1] >= 4 and total > max(sizes) / 4 and steps[0][0].certain and _is_stem(model, steps[0][0]):
            yield self._finding(model, [node for node, _ in steps], sizes, total)

    def _finding(self, model: ModelGraph, steps: list[Node], sizes: tuple[int, ...], total: int) -> Finding:
        stages = [sizes_of(node.output) or () for node in steps]
        return self.finding(
            layer_of(steps[0]),
            f"the stem leaves {times(stages[1])} of {times(sizes)} px, the last map has {times(stages[-1])} "
            f"(effective stride {total})",
            help="a 3×3 convolution at stride 1 and no pool, or stride 1 in the first layers",
            data={"input": list(sizes), "stages": [list(stage) for stage in stages], "effective_stride": total},
            fix=_small_stem(model, *steps[:2]),
        )


def _is_stem(model: ModelGraph, first: Node) -> bool:
    """Whether at most one convolution works at full resolution, and the first step does not cut patches: kernels that
    are multiples of the stride, as in transformers and in DCGAN, are chosen for the size of the images."""
    before = [node for node in model.nodes[: first.index] if _mixes(node)]
    window = first.op
    patches = isinstance(window, Convolution) and all(
        same(kernel % stride, 0) for kernel, stride in zip(window.kernel_size, window.stride, strict=True)
    )
    return not patches and len(before) + _mixes(first) <= 1


def _mixes(node: Node) -> bool:
    return isinstance(node.op, Convolution) and any(kernel != 1 for kernel in node.op.kernel_size)


def _small_stem(model: ModelGraph, first: Node, second: Node) -> Fix | None:
    """A 3×3 convolution of stride 1 and no pool, as CIFAR versions of ResNet have it, in place of a large convolution
    and a pool; stride 1 in both steps where they are anything else and their padding keeps the size then."""
    places = [built_only_by(model, node) for node in (first, second)]
    if places[0] is None or places[1] is None or is_bound_to_size(model):
        return None
    if _is_large(first) and isinstance(second.op, Pooling):
        new = {"kernel_size": "3", "stride": "1", "padding": "1"}
        edits: list[Edit] = [
            SetArgument(places[0], name, value, argument_position(first.module, name)) for name, value in new.items()
        ]
        return Fix((*edits, ReplaceSpan(places[1], "torch.nn.Identity()")))
    if not all(map(_keeps_size, (first, second))):
        return None
    pairs = zip(places, (first, second), strict=True)
    return Fix(
        tuple(SetArgument(at, "stride", "1", argument_position(node.module, "stride")) for at, node in pairs if at)
    )


def _is_large(node: Node) -> bool:
    """Whether this is a dense convolution over two axes with a kernel of 5 or more."""
    op = node.op
    return isinstance(op, Convolution) and len(op.kernel_size) == 2 and all(k in (5, 7, 9, 11) for k in op.kernel_size)


def _keeps_size(node: Node) -> bool:
    """Whether the padding keeps the size at stride 1."""
    window = node.op
    if not isinstance(window, Convolution | Pooling):
        return False
    axes = zip(window.kernel_size, window.padding, window.dilation, strict=True)
    return all(2 * pad == dilation * (kernel - 1) for kernel, pad, dilation in axes)
