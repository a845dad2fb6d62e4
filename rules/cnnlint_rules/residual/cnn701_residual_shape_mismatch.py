"""CNN701 residual-shape-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.dims import Dim, same
from cnnlint.graph.model import Failure, ModelGraph, Node, Origin, ProblemKind, Tensor
from cnnlint.graph.operations import AdaptivePooling, Merge, MergeKind, Reduction
from cnnlint.graph.queries.chains import ancestors, is_pointwise, source
from cnnlint.graph.queries.layers import place_of
from cnnlint.graph.queries.merges import additions, projection, residual
from cnnlint.graph.queries.places import refusal, refusals
from cnnlint.graph.queries.weights import is_computed_from_input
from cnnlint.graph.receptive import receptive_fields
from cnnlint.graph.wording import plain, shape
from cnnlint.rule import Category, Example, Finding, Related, Rule, Severity

_KINDS = (ProblemKind.BROADCAST, ProblemKind.CONCATENATE)


class ResidualShapeMismatch(Rule):
    """The branches of an addition or concatenation do not have the same shape.

    What it does
    ------------
    Reports element-wise operations whose operands cannot be broadcast to one shape and concatenations of tensors
    that differ off the joined axis (an error: torch raises there), and additions of two maps of which one has a
    single channel that is silently spread over all channels of the other (a warning).

    Why it matters
    --------------
    A residual addition needs equal shapes. Where the main path changes the number of channels or the resolution, an
    identity shortcut no longer fits; the shortcut needs `Conv2d(Ci, Co, 1, stride=S)`, which has `Ci * Co` weights.
    In a U-Net each halving rounds down, so a skip connection only meets a map of its own size again if the input is
    a multiple of two to the number of halvings. A broadcast of one channel does not raise; it adds the same map to
    every channel.

    Example
    -------

        out = self.conv2(F.relu(self.conv1(x)))  # conv1 = Conv2d(64, 128, 3, stride=2, padding=1)
        return out + x

    Use instead
    -----------

        return out + self.shortcut(x)  # Conv2d(64, 128, 1, stride=2)

    When not to worry
    -----------------
    Vectors and gates of shape `(N, C, 1, 1)`, products, learned positional tensors, pooled strips and maps that were
    reduced to one channel on purpose are broadcast by design; the rule is silent there. Pad, crop or interpolate
    before the operation where sizes cannot be made equal.

    References
    ----------
    He et al., Deep Residual Learning, https://arxiv.org/abs/1512.03385, section 3.2. Ronneberger et al., U-Net,
    https://arxiv.org/abs/1505.04597 ("an even x- and y-size").
    """

    code = "CNN701"
    name = "residual-shape-mismatch"
    category = Category.RESIDUAL
    severity = Severity.ERROR

    bad = (
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(64, 128, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(128, 128, 3, padding=1)

    def forward(self, x):
        out = self.conv2(torch.relu(self.conv1(x)))
        return out + x
""",
            ((9, "add gets shapes (N, 128, 28, 28) and (N, 64, 56, 56), which do not broadcast on axis 1"),),
            inputs=("64x56x56",),
            why="an identity shortcut around a block that changes channels and resolution",
        ),
        Example(
            """\
class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(1, 8, 3, padding=1)
        self.deep = nn.Conv2d(8, 8, 3, padding=1)
        self.up = nn.ConvTranspose2d(8, 8, 2, stride=2)

    def forward(self, x):
        skip = torch.relu(self.down(x))
        x = torch.relu(self.deep(nn.functional.max_pool2d(skip, 2)))
        return torch.cat([skip, self.up(x)], dim=1)
""",
            (
                (
                    11,
                    "cat joins shapes (N, 8, 65, 65) and (N, 8, 64, 64) along axis 1, but tensor 1 differs on axis 2",
                ),
            ),
            inputs=("1x65x65",),
            why="an odd size does not come back after halving and doubling",
        ),
        Example(
            """\
class Denoiser(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 64, 3, padding=1)
        self.conv2 = nn.Conv2d(64, 64, 3, padding=1)

    def forward(self, x):
        return x + self.conv2(torch.relu(self.conv1(x)))
""",
            ((8, "add spreads 1 channel over 64: (N, 1, 40, 40) and (N, 64, 40, 40)"),),
            inputs=("1x40x40",),
            why="a broadcast that does not raise",
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
        return self.conv(x) + self.shortcut(x)
""",
            inputs=("64x56x56",),
            why="a projection",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(64, 128, 3, stride=2, padding=1)

    def forward(self, x):
        shortcut = nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 32, 32))
        return self.conv(x) + shortcut
""",
            inputs=("64x56x56",),
            why="an option-A shortcut: slices and zero channels",
        ),
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 64, 3, padding=1)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.context = nn.Conv2d(64, 64, 1)
        self.position = nn.Parameter(torch.zeros(1, 1, 32, 32))

    def forward(self, x):
        x = self.conv(x) + self.position
        x = x + self.context(self.pool(x))
        return x * x.mean(dim=1, keepdim=True) + x.amax(dim=1, keepdim=True)
""",
            inputs=("3x32x32",),
            why="vectors by channel, a learned position, a gate and a map reduced to one channel on purpose",
        ),
        Example(
            """\
class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(1, 8, 3, padding=1)
        self.up = nn.ConvTranspose2d(8, 8, 2, stride=2)

    def forward(self, x):
        skip = self.down(x)
        x = self.up(nn.functional.max_pool2d(skip, 2))
        x = nn.functional.interpolate(x, size=skip.shape[-2:])
        return torch.cat([skip, x], dim=1)
""",
            inputs=("1x65x65",),
            why="sizes aligned before the concatenation",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """Torch's refusals, then silent broadcasts."""
        for failure in refusals(model):
            if failure.problem.kind in _KINDS:
                yield self._refusal(model, failure)
        for node in additions(model):
            sizes = _spread(model, node)
            if sizes is not None and node.problem is None:
                yield self._broadcast(node, sizes)

    def _refusal(self, model: ModelGraph, failure: Failure) -> Finding:
        problem, node = failure.problem, failure.node
        return self.finding(
            failure,
            refusal(failure),
            help=_remedy(model, node) if node is not None else "",
            data={"expected": plain(problem.expected), "got": plain(problem.got), "axis": problem.axis},
            related=_producers(model, node) if node is not None else (),
        )

    def _broadcast(self, node: Node, channels: Dim) -> Finding:
        left, right = node.inputs
        return self.finding(
            node,
            f"{node.op.name} spreads 1 channel over {channels}: {shape(left.shape)} and {shape(right.shape)}",
            severity=Severity.WARNING,
            help="give both operands the same number of channels, or write the broadcast out with expand",
            data={"channels": channels},
        )


def _spread(model: ModelGraph, node: Node) -> int | None:
    """The channels that a single channel is added to, where two maps of one size meet."""
    shapes = [tensor.shape for tensor in node.inputs]
    if None in shapes or any(len(sizes) < 3 for sizes in shapes if sizes is not None):
        return None
    left, right = (sizes for sizes in shapes if sizes is not None)
    if len(left) != len(right) or not all(map(same, left[2:], right[2:])) or all(size == 1 for size in left[2:]):
        return None
    if 1 not in (left[1], right[1]) or any(_meant_to_spread(model, tensor) for tensor in node.inputs):
        return None
    channels = max((size for size in (left[1], right[1]) if isinstance(size, int)), default=1)
    return channels if channels > 1 and isinstance(left[1], int) and isinstance(right[1], int) else None


def _meant_to_spread(model: ModelGraph, tensor: Tensor) -> bool:
    if not is_computed_from_input(model, tensor):
        return True
    if tensor.origin is Origin.INPUT or tensor.shape is None or tensor.shape[1] != 1:
        return False
    maker = source(model, tensor, is_pointwise)
    return maker is not None and isinstance(maker.op, Reduction | AdaptivePooling)


def _remedy(model: ModelGraph, node: Node) -> str:
    """What would make the operands fit: a projection, or an input of another size."""
    if isinstance(node.op, Merge) and node.op.kind is MergeKind.ADD and (found := residual(model, node)):
        needed = projection(found.shortcut, found.main)
        if needed is not None and node.inputs[0].shape != node.inputs[1].shape:
            return f"the shortcut needs a projection: {needed.text}, {needed.weights:,} weights"
    multiple = _needed_multiple(model, node)
    return f"input sizes that are multiples of {multiple} keep the branches alike" if multiple else ""


def _needed_multiple(model: ModelGraph, node: Node) -> int | None:
    """The product of all halvings above ``node``, if the input is no multiple of it."""
    fields = receptive_fields(model)
    steps = [
        step
        for above in ancestors(model, node)
        if above.output in fields
        for step in fields[above.output].stride
        if step is not None
    ]
    multiple = max(steps, default=1)
    sizes = [size for tensor in model.inputs if tensor.shape for size in tensor.shape[2:]]
    return multiple if any(isinstance(size, int) and size % multiple for size in sizes) else None


def _producers(model: ModelGraph, node: Node) -> list[Related]:
    makers = [(tensor, source(model, tensor, is_pointwise)) for tensor in node.inputs]
    return [Related(place_of(maker), f"{shape(tensor.shape)} comes from here") for tensor, maker in makers if maker]
