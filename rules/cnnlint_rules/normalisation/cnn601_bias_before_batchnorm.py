"""CNN601 bias-before-batchnorm."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.dims import Dim
from cnnlint.graph.model import ModelGraph, Module, Node
from cnnlint.graph.operations import Convolution, Dense
from cnnlint.graph.queries.constants import cancelling_norm
from cnnlint.graph.queries.layers import place_of
from cnnlint.graph.wording import plain, plural
from cnnlint.rule import Applicability, Category, Example, Finding, Fix, Related, Rule, SetArgument, Severity

# Where ``bias`` stands among the positional parameters of a constructor.
_POSITIONS = {"Linear": 2, "LazyLinear": 1, "LazyConv": 6, "Conv": 7}


class BiasBeforeBatchNorm(Rule):
    """A bias directly in front of a normalisation that subtracts the mean of each channel does nothing.

    What it does
    ------------
    Finds convolutions, transposed convolutions and linear layers with a bias whose output is read by one
    normalisation only: batch norm or instance norm with any settings, or group norm with one channel a group. Max
    pooling, average pooling without padding, adaptive pooling and interpolation may stand between.

    Why it matters
    --------------
    The normalisation computes `(y + b) - mean(y + b) = y - mean(y)`: a constant added to a channel is taken away
    again, whether the normalisation is affine or not. The bias gets no gradient but rounding noise and the output
    does not depend on it; its `out_channels` parameters, their gradient and their optimizer state are dead weight.
    The shift of an affine normalisation does what the bias was meant for.

    Example
    -------

        nn.Sequential(nn.Conv2d(3, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU())

    Use instead
    -----------

        nn.Sequential(nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU())

    When not to worry
    -----------------
    Where checkpoints hold the key of the bias, as those of torchvision's `vgg16_bn` do, keep it: in a file that loads
    weights the fix counts as unsafe. The rule is silent
    when something else reads the output too, when the normalisation is frozen or kept in evaluation mode (stored
    statistics do not follow the bias), and for layer norm and group norm with several channels a group, which do not
    cancel it.

    References
    ----------
    PyTorch performance tuning guide, "Disable bias for convolutions directly followed by a batch norm":
    https://pytorch.org/tutorials/recipes/recipes/tuning_guide.html
    """

    code = "CNN601"
    name = "bias-before-batchnorm"
    category = Category.NORMALISATION
    severity = Severity.WARNING

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 64, 3, padding=1),
            nn.BatchNorm2d(64),
            nn.ReLU(),
        )
""",
            ((4, "the bias of Conv2d has no effect, BatchNorm2d subtracts it again: 64 dead parameters"),),
            why="a convolution directly in front of batch norm",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 16, 3),
            nn.MaxPool2d(2),
            nn.BatchNorm2d(16, affine=False, track_running_stats=False),
        )
""",
            ((4, "the bias of Conv2d has no effect, BatchNorm2d subtracts it again: 16 dead parameters"),),
            why="a maximum grows by the same constant; the means are subtracted without affine parameters too",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.ConvTranspose2d(8, 4, 2, 2),
            nn.InstanceNorm2d(4),
            nn.Conv2d(4, 8, 1),
            nn.GroupNorm(8, 8),
            nn.Flatten(),
            nn.Linear(512, 10),
            nn.BatchNorm1d(10),
        )
""",
            (
                (4, "the bias of ConvTranspose2d has no effect, InstanceNorm2d subtracts it again: 4 dead parameters"),
                (6, "the bias of Conv2d has no effect, GroupNorm subtracts it again: 8 dead parameters"),
                (9, "the bias of Linear has no effect, BatchNorm1d subtracts it again: 10 dead parameters"),
            ),
            inputs=("8x4x4",),
            why="instance norm, group norm with one channel a group, a linear layer",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU())
""",
            why="no bias",
        ),
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.norm = nn.BatchNorm2d(8)

    def forward(self, x):
        y = self.conv(x)
        return self.norm(y) * y.sigmoid()
""",
            why="the output of the convolution has another consumer",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8), nn.Flatten(), nn.Linear(8, 4), nn.LayerNorm(4))
""",
            inputs=("3x3x3",),
            why="groups of four channels and layer norm do not cancel a bias",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.BatchNorm2d(8))
""",
            why="an activation between",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 8, 3), nn.AvgPool2d(3, 1, 1), nn.BatchNorm2d(8))
""",
            why="an average that counts padding does not grow by the bias at the border",
        ),
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.norm = nn.BatchNorm2d(8)
        self.norm.requires_grad_(False)

    def forward(self, x):
        return self.norm(self.conv(x))
""",
            why="a frozen normalisation works with stored statistics",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each layer whose every call is cancelled."""
        calls: dict[Module, list[Node]] = {}
        for node in model.nodes:
            if isinstance(node.op, Convolution | Dense) and node.op.bias:
                calls.setdefault(node.module, []).append(node)
        dead = {module: norms for module, nodes in calls.items() if (norms := _cancelling(model, module, nodes))}
        places = {module.built_at for module in calls if module not in dead}
        for module, norms in dead.items():
            yield self._finding(module, norms[0], fixable=module.built_at not in places)

    def _finding(self, module: Module, norm: Node, *, fixable: bool) -> Finding:
        count = _bias(module)
        related = [Related(place_of(norm), f"{norm.module.type} subtracts the mean of each channel")]
        return self.finding(
            module,
            f"the bias of {module.type} has no effect, {norm.module.type} subtracts it again: "
            f"{plural(count, 'dead parameter')}",
            help="build the layer with bias=False",
            data={"dead_parameters": plain(count), "norm": norm.module.name},
            related=related,
            fix=_without_bias(module) if fixable else None,
        )


def _cancelling(model: ModelGraph, module: Module, nodes: list[Node]) -> list[Node]:
    """The normalisations behind every call of ``module``; none if one call has none."""
    norms = [cancelling_norm(model, node) if node.certain else None for node in nodes]
    found = [norm for norm in norms if norm is not None]
    return found if len(found) == len(nodes) and _bias(module) and module.built_at else []


def _bias(module: Module) -> Dim:
    """The size of the layer's bias; 0 if it has none of its own or does not train it."""
    counts = [p.count for p in module.parameters if p.name == "bias" and p.trainable and module.leaf]
    return counts[0] or 0 if counts else 0


def _without_bias(module: Module) -> Fix | None:
    if module.built_at is None or not module.builtin:
        return None
    position = next((place for start, place in _POSITIONS.items() if module.type.startswith(start)), None)
    edit, count = SetArgument(module.built_at, "bias", "False", position), _bias(module)
    saves = count if isinstance(count, int) else None
    return Fix((edit,), Applicability.SAFE, drops_parameters=True, saves=saves)
