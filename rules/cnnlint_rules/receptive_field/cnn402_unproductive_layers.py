"""CNN402 unproductive-layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cnnlint.graph.dims import Dim, product
from cnnlint.graph.model import ModelGraph, Node, Tensor
from cnnlint.graph.operations import Convolution
from cnnlint.graph.queries.layers import layer_of
from cnnlint.graph.queries.pools import is_map
from cnnlint.graph.queries.resolution import image_size
from cnnlint.graph.receptive import UNBOUNDED, Field, receptive_fields
from cnnlint.graph.wording import number, per_sample, percent, plain, short, times
from cnnlint.rule import Category, Example, Finding, Rule, Severity


class UnproductiveLayers(Rule):
    """Convolutions that come after every position already sees the whole input: they cannot add larger context.

    What it does
    ------------
    For a known input size, finds the first convolution with a kernel above 1 whose input already has a receptive
    field of at least the input along every axis on all paths, and counts it and those behind it. The least receptive
    field over all paths decides, so that shortcuts, which carry small ones on, rescue the layers of a residual network.

    Why it matters
    --------------
    Past that border a layer can only recombine what its input saw; measured on trained networks it adds little or no
    accuracy, yet it costs parameters and multiply-adds, often most of them.

    Example
    -------
    VGG-16 on 32×32 images: from its tenth convolution on, every position sees more than the image.

    Use instead
    -----------
    Drop the layers, take out an early stride or pool so that they work on larger maps, or enlarge the input.

    When not to worry
    -----------------
    Where the network is meant for larger inputs than the declared one. The rule is silent without a declared size,
    for 1×1 convolutions, for networks that return maps, and behind attention.

    References
    ----------
    Richter et al., Should You Go Deeper? Optimizing Convolutional Neural Network Architectures without Training by
    Receptive Field Analysis, https://arxiv.org/abs/2106.12307
    """

    code = "CNN402"
    name = "unproductive-layers"
    category = Category.RECEPTIVE_FIELD
    severity = Severity.ADVICE

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 5, stride=2, padding=2),
            nn.Conv2d(8, 8, 5, stride=2, padding=2),
            nn.Conv2d(8, 8, 3, padding=1),
            nn.Conv2d(8, 8, 3, padding=1),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(8, 10),
        )
""",
            (
                (
                    7,
                    (
                        "every position already sees the 16×16 px input: 1 convolution from here on, "
                        "584 parameters (16.8 % of the model), 9.22 k MACs"
                    ),
                ),
            ),
            inputs=("3x16x16",),
            why="three convolutions see 21 pixels",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv1d(1, 4, 33, bias=False),
            nn.Conv1d(4, 4, 3, padding=1, bias=False),
            nn.Conv1d(4, 4, 1, bias=False),
            nn.Conv1d(4, 4, 3, padding=1, bias=False),
            nn.Flatten(),
        )
""",
            (
                (
                    5,
                    (
                        "every position already sees the 33 px input: 2 convolutions from here on, "
                        "96 parameters (39.3 % of the model), 96 MACs"
                    ),
                ),
            ),
            inputs=("1x1x33",),
            why="a first kernel as long as the signal; the 1×1 convolution is not counted",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 5, stride=2, padding=2),
            nn.Conv2d(8, 8, 5, stride=2, padding=2),
            nn.Conv2d(8, 8, 3, padding=1),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(8, 10),
        )
""",
            inputs=("3x16x16",),
            why="the last convolution is the one that reaches the border",
        ),
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.convs = nn.ModuleList(nn.Conv2d(8, 8, 3, padding=1) for _ in range(8))
        self.fc = nn.Linear(8, 10)

    def forward(self, x):
        x = self.stem(x)
        for conv in self.convs:
            x = x + torch.relu(conv(x))
        return self.fc(x.mean((2, 3)))
""",
            inputs=("3x16x16",),
            why="shortcuts carry small receptive fields on",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(*(nn.Conv2d(3, 3, 7, padding=3) for _ in range(6)))
""",
            inputs=("3x16x16",),
            why="a network that returns maps is used on larger inputs",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding at the first such layer of a classifier."""
        sizes = image_size(model)
        if sizes is None or any(map(is_map, model.returned)):
            return
        fields = receptive_fields(model)
        late = [node for node in model.nodes if node.certain and _is_unproductive(node, fields, sizes)]
        if late:
            yield self._finding(model, late, sizes)

    def _finding(self, model: ModelGraph, late: list[Node], sizes: tuple[int, ...]) -> Finding:
        layers = {layer_of(node): node.op for node in late if isinstance(node.op, Convolution)}
        parameters = _sum(map(_parameters, layers.values()))
        macs = _sum(per_sample(amount) for node in late for amount in node.macs.values())
        total = model.parameters
        share = ""
        if isinstance(total, int) and isinstance(parameters, int) and total:
            share = f" ({percent(parameters / total)} of the model)"
        count = f"{len(late)} convolution{'s' if len(late) > 1 else ''}"
        return self.finding(
            layer_of(late[0]),
            f"every position already sees the {times(sizes)} px input: {count} from here on, "
            f"{number(parameters)} parameters{share}, {short(macs) if isinstance(macs, int) else '?'} MACs",
            help="drop these layers, take out an early stride, or enlarge the input",
            data={
                "layers": list(dict.fromkeys(node.module.name for node in late)),
                "parameters": plain(parameters),
                "macs": plain(macs),
                "input": list(sizes),
            },
        )


def _is_unproductive(node: Node, fields: Mapping[Tensor, Field], sizes: tuple[int, ...]) -> bool:
    conv, before = node.op, fields.get(node.inputs[0]) if node.inputs else None
    if not isinstance(conv, Convolution) or conv.transposed or before is None or len(before.axes) != len(sizes):
        return False
    if all(kernel == 1 for kernel in conv.kernel_size):
        return False
    after = fields[node.output]
    return all(
        size <= axis.r_min < UNBOUNDED and size < wider.r_max
        for axis, wider, size in zip(before.axes, after.axes, sizes, strict=True)
    )


def _parameters(conv: Convolution) -> Dim:
    """``Co * (Ci / G) * K`` weights and ``Co`` biases."""
    fan_in = conv.in_channels // conv.groups
    return conv.out_channels * (product((fan_in, *conv.kernel_size)) + conv.bias)


def _sum(amounts: Iterable[Dim]) -> Dim:
    total: Dim = 0
    for amount in amounts:
        total = total + amount
    return total
