"""CNN503 strided-pointwise-conv."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Convolution, Merge, MergeKind, Pooling
from cnnlint.graph.queries.chains import Passes, behind, is_pointwise, source
from cnnlint.graph.queries.layers import built_only_by, layer_of
from cnnlint.graph.queries.merges import pointwise_in
from cnnlint.graph.queries.paths import leads_into_unknown
from cnnlint.graph.queries.weights import has_fixed_weight
from cnnlint.graph.wording import percent, times
from cnnlint.rule import Category, Example, Finding, Fix, Rule, SetArgument, Severity


class StridedPointwiseConv(Rule):
    """A 1×1 convolution with a stride never reads most of its input.

    What it does
    ------------
    Reports convolutions of kernel size 1 with a stride of 2 or more on a main path. With the option `shortcuts`, also
    projections beside a residual branch, as advice.

    Why it matters
    --------------
    With kernel 1 every window is one position, so all but one in `S` along each axis are computed by the layers
    before and then dropped: 75 % of a map at stride 2. The same stride on a 3×3 convolution reads everything.

    Example
    -------

        nn.Sequential(nn.Conv2d(256, 64, 1, stride=2), nn.ReLU(), nn.Conv2d(64, 64, 3, padding=1))

    Use instead
    -----------

        nn.Sequential(nn.Conv2d(256, 64, 1), nn.ReLU(), nn.Conv2d(64, 64, 3, stride=2, padding=1))

    When not to worry
    -----------------
    On the shortcut of a residual block whose branch reads everything, and behind an average pool or a blur, which
    have mixed the positions before; the rule is silent there.

    References
    ----------
    He et al., Bag of Tricks, https://arxiv.org/abs/1812.01187, section 4: "ignores three-quarters of the input
    feature map"
    """

    code = "CNN503"
    name = "strided-pointwise-conv"
    category = Category.RESAMPLING
    severity = Severity.WARNING

    @dataclass(frozen=True)
    class Options:
        """``shortcuts``: whether to report projection shortcuts too."""

        shortcuts: bool = False

    options: Options

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 64, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(64, 16, 1, stride=2),
            nn.ReLU(),
            nn.Conv2d(16, 64, 3, padding=1),
        )
""",
            ((6, "a 1×1 kernel at stride 2×2 never reads 75.0 % of its input"),),
            why="the first layer of a bottleneck of the original ResNet",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv1d(1, 16, 9),
            nn.ReLU(),
            nn.Conv1d(16, 32, 1, stride=4),
            nn.Flatten(),
        )
""",
            ((6, "a 1 kernel at stride 4 never reads 75.0 % of its input"),),
            why="one axis",
        ),
    )
    good = (
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(64, 128, 3, stride=2, padding=1)
        self.shortcut = nn.Conv2d(64, 128, 1, stride=2)

    def forward(self, x):
        return torch.relu(self.conv(x) + self.shortcut(x))
""",
            why="a shortcut whose branch reads everything",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 64, 3), nn.AvgPool2d(2, stride=1), nn.Conv2d(64, 16, 1, stride=2))
""",
            why="behind an average pool",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 16, 1), nn.Conv2d(16, 16, 3, stride=2, padding=1))
""",
            why="the stride on the 3×3 convolution",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each strided 1×1 convolution."""
        passes = pointwise_in(model)
        for node in model.nodes:
            match node.op:
                case Convolution(transposed=False) as conv if node.certain and _is_strided_pointwise(conv):
                    if leads_into_unknown(model, node.output, passes):
                        continue
                    shortcut = _is_shortcut(model, node, passes)
                    if not _is_smoothed(model, node) and (self.options.shortcuts or not shortcut):
                        yield self._finding(model, node, conv, shortcut=shortcut)

    def _finding(self, model: ModelGraph, node: Node, conv: Convolution, *, shortcut: bool) -> Finding:
        steps = [step for step in conv.stride if isinstance(step, int)]
        unread = 1 - 1 / prod(steps)
        return self.finding(
            layer_of(node),
            f"a {times(conv.kernel_size)} kernel at stride {times(conv.stride)} never reads {percent(unread)} of its "
            "input",
            severity=Severity.ADVICE if shortcut else None,
            help="give the stride to the next convolution with a larger kernel, or average-pool before",
            data={"unread": unread},
            fix=None if shortcut else _moved_stride(model, node, conv),
        )


def _is_strided_pointwise(conv: Convolution) -> bool:
    steps = [step for step in conv.stride if isinstance(step, int)]
    return len(steps) == len(conv.stride) and max(steps) > 1 and all(kernel == 1 for kernel in conv.kernel_size)


def _is_shortcut(model: ModelGraph, node: Node, passes: Passes) -> bool:
    """Whether another branch reads all of the input, or nothing but pointwise operations lies between the convolution
    and an addition."""
    others = [other.op for other in model.consumers.get(node.inputs[0], ()) if other is not node]
    if any(not (isinstance(op, Convolution) and _is_strided_pointwise(op)) for op in others):
        return True
    readers = behind(model, node.output, passes)
    return any(isinstance(reader.op, Merge) and reader.op.kind is MergeKind.ADD for reader in readers)


def _is_smoothed(model: ModelGraph, node: Node) -> bool:
    maker = source(model, node.inputs[0])
    if maker is None:
        return False
    if isinstance(maker.op, Pooling):
        return maker.op.kind == "avg"
    return isinstance(maker.op, Convolution) and has_fixed_weight(model, maker)


def _moved_stride(model: ModelGraph, node: Node, conv: Convolution) -> Fix | None:
    """The stride on the one convolution that follows, if that has a larger kernel and none yet."""
    readers = behind(model, node.output, is_pointwise)
    if len(readers) != 1 or not isinstance(readers[0].op, Convolution):
        return None
    after = readers[0].op
    if after.transposed or any(step != 1 for step in after.stride) or any(kernel == 1 for kernel in after.kernel_size):
        return None
    places = [built_only_by(model, each) for each in (node, readers[0])]
    if None in places or len(after.stride) != len(conv.stride):
        return None
    source_text = str(conv.stride[0]) if len(set(conv.stride)) == 1 else str(conv.stride)
    return Fix(
        tuple(
            SetArgument(span, "stride", text, 3)
            for span, text in zip(places, ("1", source_text), strict=True)
            if span is not None
        )
    )
