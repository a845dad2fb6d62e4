"""CNN505 representational-bottleneck."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from cnnlint.graph.model import ModelGraph, Node, Tensor
from cnnlint.graph.operations import Convolution, Pooling
from cnnlint.graph.queries.chains import ancestors, reaches_output
from cnnlint.graph.queries.layers import layer_of
from cnnlint.graph.queries.paths import convolutions_behind
from cnnlint.graph.queries.pools import is_map
from cnnlint.graph.queries.resolution import is_downsampling, is_upsampling
from cnnlint.graph.receptive import receptive_fields
from cnnlint.rule import Category, Example, Finding, Rule, Severity


@dataclass(frozen=True, slots=True)
class _Step:
    """A downsampling step: channels before and after it, and the effective stride before it."""

    node: Node
    before: int
    after: int
    stride: int


class RepresentationalBottleneck(Rule):
    """The map shrinks twice in a row without more channels to hold what it loses.

    What it does
    ------------
    Past the stem (effective stride 4) reports two consecutive downsampling steps of at least 2 after which the map
    has no more channels than before them, if convolutions follow.

    Why it matters
    --------------
    A stride of 2 quarters the number of values of a map; twice as many channels halve the loss. Two steps without
    more channels keep one value in 16, and no later layer can bring back what was dropped.

    Example
    -------

        nn.Sequential(
            nn.Conv2d(128, 128, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(128, 128, 3, stride=2, padding=1), nn.ReLU(),
        )

    Use instead
    -----------

        nn.Sequential(
            nn.Conv2d(128, 256, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(256, 512, 3, stride=2, padding=1), nn.ReLU(),
        )

    When not to worry
    -----------------
    In the stem, in the last stage before the head, in the extra levels of detection networks and in autoencoders,
    which squeeze on purpose. The rule is silent there.

    References
    ----------
    Szegedy et al., Rethinking the Inception Architecture, https://arxiv.org/abs/1512.00567, section 2: "Avoid
    representational bottlenecks, especially early in the network"
    """

    code = "CNN505"
    name = "representational-bottleneck"
    category = Category.RESAMPLING
    severity = Severity.ADVICE

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 64, 7, stride=4, padding=3),
            nn.ReLU(),
            nn.Conv2d(64, 64, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(64, 64, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(64, 64, 3, padding=1),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(64, 10),
        )
""",
            ((8, "two downsampling steps keep 64 of 64 channels: the map holds 1/16 of its values"),),
            why="channels that never grow",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 64, 7, stride=4, padding=3),
            nn.MaxPool2d(2),
            nn.Conv2d(64, 32, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 128, 3),
            nn.Flatten(),
        )
""",
            ((8, "two downsampling steps keep 32 of 64 channels: the map holds 1/32 of its values"),),
            why="fewer channels",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 64, 7, stride=4, padding=3),
            nn.Conv2d(64, 128, 3, stride=2, padding=1),
            nn.Conv2d(128, 256, 3, stride=2, padding=1),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.Flatten(),
        )
""",
            why="channels double",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 64, 7, stride=4, padding=3),
            nn.Conv2d(64, 64, 3, stride=2, padding=1),
            nn.Conv2d(64, 64, 3, stride=2, padding=1),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
""",
            why="the last stage",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 64, 7, stride=2, padding=3),
            nn.MaxPool2d(3, stride=2, padding=1),
            nn.Conv2d(64, 128, 3, padding=1),
            nn.Flatten(),
        )
""",
            why="the stem",
        ),
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 64, 3, stride=2, padding=1)
        self.fuse = nn.Conv2d(67, 64, 3, padding=1)

    def forward(self, x):
        image = x
        for _ in range(4):
            image = nn.functional.avg_pool2d(image, 3, 2, 1)
        features = nn.functional.adaptive_avg_pool2d(self.stem(x), image.shape[-2:])
        return self.fuse(torch.cat([features, image], 1)).mean((2, 3))
""",
            inputs=("3x64x64",),
            why="the image itself made smaller, as ESPNet feeds it to each stage",
        ),
        Example(
            """\
class SSD(nn.Module):
    def __init__(self):
        super().__init__()
        self.base = nn.Sequential(nn.Conv2d(3, 64, 7, stride=4, padding=3), nn.ReLU(), nn.Conv2d(64, 128, 3, 2, 1))
        self.extra1 = nn.Conv2d(128, 128, 3, stride=2, padding=1)
        self.extra2 = nn.Conv2d(128, 128, 3, stride=2, padding=1)
        self.boxes = nn.ModuleList(nn.Conv2d(128, 24, 3, padding=1) for _ in range(3))

    def forward(self, x):
        maps = [self.base(x)]
        maps.append(torch.relu(self.extra1(maps[-1])))
        maps.append(torch.relu(self.extra2(maps[-1])))
        return torch.cat([boxes(each).permute(0, 2, 3, 1).flatten(1) for boxes, each in zip(self.boxes, maps)], 1)
""",
            inputs=("3x224x224",),
            why="the extra levels of a detection network: each map goes to the output by itself",
        ),
        Example(
            """\
class Autoencoder(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 64, 7, stride=4, padding=3),
            nn.Conv2d(64, 64, 3, stride=2, padding=1),
            nn.Conv2d(64, 64, 3, stride=2, padding=1),
            nn.Conv2d(64, 64, 3, padding=1),
            nn.Upsample(scale_factor=16),
            nn.Conv2d(64, 3, 3, padding=1),
        )
""",
            why="an autoencoder squeezes on purpose",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each second step."""
        if any(map(is_upsampling, model.nodes)) or sum(map(is_map, model.returned)) > 1:
            return
        for first, second in _consecutive(model):
            kept = reaches_output(model, first.node.output, lambda node: not is_downsampling(node))
            if (
                kept
                or first.stride < 4
                or second.after > first.before
                or not _is_made_by_convolution(model, first.node)
            ):
                continue
            if convolutions_behind(model, second.node.output):
                yield self._finding(first, second)

    def _finding(self, first: _Step, second: _Step) -> Finding:
        share = second.after / first.before / prod((*_strides(first.node), *_strides(second.node)))
        return self.finding(
            layer_of(second.node),
            f"two downsampling steps keep {second.after} of {first.before} channels: the map holds "
            f"1/{round(1 / share, 1):g} of its values",
            help="double the channels with each stride of 2, or put layers that widen the map between",
            data={"channels_before": first.before, "channels_after": second.after, "share": share},
        )


def _is_made_by_convolution(model: ModelGraph, node: Node) -> bool:
    """Whether the map is one of features, not the image itself made smaller."""
    return any(isinstance(each.op, Convolution) for each in (node, *ancestors(model, node)))


def _consecutive(model: ModelGraph) -> Iterator[tuple[_Step, _Step]]:
    """The downsampling steps of at least 2 along each axis, each with the one before it on its path."""
    fields = receptive_fields(model)
    last: dict[Tensor, _Step] = {}
    for node in model.nodes:
        known = [last[tensor] for tensor in node.inputs if tensor in last]
        step = max(known, key=lambda each: each.node.index) if known else None
        if is_downsampling(node):
            before = step
            field = fields.get(node.inputs[0])
            step = _step(node, max((j for j in field.stride if j), default=1)) if field is not None else None
            if before is not None and step is not None:
                yield before, step
        if step is not None:
            last.update(dict.fromkeys(node.outputs, step))


def _step(node: Node, stride: int) -> _Step | None:
    before, after = node.inputs[0].shape, node.output.shape
    if before is None or after is None or len(before) < 3 or not node.certain or min(_strides(node)) < 2:
        return None
    if isinstance(node.op, Convolution) and node.op.groups != 1:
        return None  # the wide middle of an inverted residual is not what the map keeps
    return (
        _Step(node, before[1], after[1], stride) if isinstance(before[1], int) and isinstance(after[1], int) else None
    )


def _strides(node: Node) -> tuple[int, ...]:
    strides = node.op.stride if isinstance(node.op, Convolution | Pooling) else (1,)
    return tuple(step if isinstance(step, int) else 1 for step in strides)
