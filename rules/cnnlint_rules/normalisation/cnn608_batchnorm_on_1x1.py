"""CNN608 batchnorm-on-1x1."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Normalisation, NormKind
from cnnlint.graph.queries.constants import kept_in_eval
from cnnlint.graph.queries.layers import layer_of
from cnnlint.graph.wording import shape
from cnnlint.rule import Category, Example, Finding, Rule, Severity


class BatchNormOn1x1(Rule):
    """Batch norm on a map of one position has one value a channel and sample: a batch of one cannot be trained.

    What it does
    ------------
    Reports batch norm whose input has a height and width of 1, as behind global pooling, and, as an error, instance
    norm there, which raises for every batch.

    Why it matters
    --------------
    With one sample there is one value to take mean and variance of, and torch raises "Expected more than 1 value per
    channel when training". It happens when the last batch of an epoch holds one sample, hours into training. With a
    few samples the statistics are noise.

    Example
    -------

        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(512, 256, 1, bias=False), nn.BatchNorm2d(256), nn.ReLU())

    Use instead
    -----------

        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(512, 256, 1), nn.ReLU())

    or group norm, or `drop_last=True` in the data loader.

    When not to worry
    -----------------
    Where the data loader drops the last batch, or the batch norm is frozen (then the rule is silent).

    References
    ----------
    https://github.com/pytorch/vision/issues/1667, https://github.com/open-mmlab/mmsegmentation/issues/272
    """

    code = "CNN608"
    name = "batchnorm-on-1x1"
    category = Category.NORMALISATION
    severity = Severity.WARNING

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(64, 32, 1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
        )
""",
            ((6, "BatchNorm2d gets (N, 32, 1, 1): a training batch of one sample raises"),),
            inputs=("64x7x7",),
            why="the image branch of an ASPP",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3, stride=4, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Conv2d(8, 8, 2, bias=False),
            nn.BatchNorm2d(8),
        )
""",
            ((8, "BatchNorm2d gets (N, 8, 1, 1): a training batch of one sample raises"),),
            inputs=("3x8x8",),
            why="a map that shrank to one position",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(64, 32, 1, bias=False),
            nn.InstanceNorm2d(32),
        )
""",
            ((6, "InstanceNorm2d gets (N, 32, 1, 1) and raises: one value a channel has no variance"),),
            inputs=("64x7x7",),
            why="instance norm raises for every batch",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 8, 1))
""",
            inputs=("3x8x8",),
            why="in front of the pool",
        ),
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(64, 32, 1, bias=False)
        self.norm = nn.BatchNorm2d(32)
        self.norm.requires_grad_(False)

    def forward(self, x):
        return self.norm(self.conv(x.mean((2, 3), keepdim=True)))
""",
            inputs=("64x7x7",),
            why="a frozen batch norm",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.AdaptiveAvgPool2d(1), nn.Conv2d(64, 32, 1), nn.GroupNorm(4, 32), nn.ReLU())
""",
            inputs=("64x7x7",),
            why="group norm",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each batch norm."""
        for node in model.nodes:
            match node.op:
                case Normalisation(kind=NormKind.BATCH) if _is_one_position(node) and not kept_in_eval(model, node):
                    yield self._finding(node)
                case Normalisation(kind=NormKind.INSTANCE, tracks_running_stats=False) if _is_one_position(node):
                    yield self._refused(node)

    def _finding(self, node: Node) -> Finding:
        return self.finding(
            layer_of(node),
            f"{_name(node)} gets {shape(node.inputs[0].shape)}: a training batch of one sample raises",
            help="leave it out there, use GroupNorm, or load with drop_last=True",
        )

    def _refused(self, node: Node) -> Finding:
        return self.finding(
            layer_of(node),
            f"{_name(node)} gets {shape(node.inputs[0].shape)} and raises: one value a channel has no variance",
            severity=Severity.ERROR,
            help="leave it out there, or use GroupNorm with several channels a group",
        )


def _is_one_position(node: Node) -> bool:
    sizes = node.inputs[0].shape if node.certain and node.inputs else None
    return sizes is not None and len(sizes) > 2 and all(size == 1 for size in sizes[2:])


def _name(node: Node) -> str:
    return node.module.type if layer_of(node) is node.module else node.op.name
