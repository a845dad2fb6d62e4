"""CNN401 receptive-field-too-small."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.queries.layers import layer_of
from cnnlint.graph.queries.pools import head_pools, is_map
from cnnlint.graph.queries.resolution import downsamplings, image_size
from cnnlint.graph.receptive import Field, receptive_fields
from cnnlint.graph.wording import times
from cnnlint.rule import Category, Example, Finding, Rule, Severity


class ReceptiveFieldTooSmall(Rule):
    """The positions that a decision is made from cannot see all of what they should decide about.

    What it does
    ------------
    For a known input size, reports a classifier whose receptive field at its global pool is smaller than the input
    along an axis. With the option `target-size` (pixels), also reports map outputs (segmentation, detection) whose
    receptive field is smaller than that.

    Why it matters
    --------------
    Each convolution or pool adds `d * (K - 1) * j` to the receptive field, with `j` the product of the strides before
    it. A position in front of the pool that sees `r` pixels can recognise no pattern larger than `r`; the pool only
    averages such local votes. The part of `r` that carries weight is smaller still.

    Example
    -------

        nn.Sequential(nn.Conv2d(3, 64, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))

    Use instead
    -----------
    More depth or earlier strides: at stride `j` one more 3×3 convolution adds `2j` pixels, dilation `d` adds
    `2(d - 1)j`, and one more stride of 2 doubles what all later layers add.

    When not to worry
    -----------------
    Texture classifiers, BagNets, PatchGAN discriminators and denoisers are local on purpose. The rule is silent
    without a declared input size and where attention or squeeze-and-excitation lets every position know all of the
    map.

    References
    ----------
    Araujo et al., Computing Receptive Fields, https://doi.org/10.23915/distill.00021. Luo et al., Understanding the
    Effective Receptive Field, NeurIPS 2016. BagNet: https://arxiv.org/abs/1904.00760
    """

    code = "CNN401"
    name = "receptive-field-too-small"
    category = Category.RECEPTIVE_FIELD
    severity = Severity.ADVICE

    @dataclass(frozen=True)
    class Options:
        """``target_size``: pixels that a position of a map output must see; 0 asks nothing of map outputs."""

        target_size: int = 0

    options: Options

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(32, 10),
        )
""",
            ((9, "the receptive field in front of the global pool is 8×8 px, the input 32×32 px: 24×24 px too small"),),
            inputs=("3x32x32",),
            why="two convolutions and a pool",
        ),
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(1, 16, 9, stride=4)
        self.conv2 = nn.Conv1d(16, 32, 9, stride=4)
        self.fc = nn.Linear(32, 10)

    def forward(self, x):
        x = torch.relu(self.conv2(torch.relu(self.conv1(x))))
        return self.fc(x.mean(dim=2))
""",
            ((10, "the receptive field in front of the global pool is 41 px, the input 1000 px: 959 px too small"),),
            inputs=("1x1x1000",),
            why="a signal of a thousand samples",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 16, 3, padding=1),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(32, 10),
        )
""",
            inputs=("3x8x8",),
            why="the receptive field is the input",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 16, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))
""",
            why="no declared input size",
        ),
        Example(
            """\
class Denoiser(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 3, 3, padding=1))
""",
            inputs=("3x64x64",),
            why="a map output, with no target size asked for",
        ),
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1)
        self.gate = nn.Conv2d(16, 16, 1)
        self.fc = nn.Linear(16, 10)

    def forward(self, x):
        x = torch.relu(self.conv(x))
        x = x * torch.sigmoid(self.gate(x.mean((2, 3), keepdim=True)))
        return self.fc(x.mean((2, 3)))
""",
            inputs=("3x64x64",),
            why="a gate tells every position about all of the map",
        ),
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1)
        self.attention = nn.MultiheadAttention(16, 4, batch_first=True)
        self.fc = nn.Linear(16, 10)

    def forward(self, x):
        x = self.conv(x).flatten(2).transpose(1, 2)
        return self.fc(self.attention(x, x, x)[0].mean(1))
""",
            inputs=("3x64x64",),
            why="attention lets every position see all",
        ),
        Example(
            """\
class PatchDiscriminator(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 64, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(64, 128, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(128, 1, 4, padding=1),
        )
""",
            inputs=("3x256x256",),
            why="a discriminator that judges patches",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """Pools in front of classifiers, then map outputs."""
        sizes = image_size(model)
        if sizes is None:
            return
        fields = receptive_fields(model)
        for pool in head_pools(model):
            field = fields.get(pool.inputs[0])
            if field is not None and _too_small(field, sizes):
                yield self._before_pool(model, pool, field, sizes)
        target = (self.options.target_size,) * len(sizes)
        for node in model.nodes:
            field = fields.get(node.outputs[0]) if node.outputs else None
            if field is not None and node.certain and _is_map_output(model, node) and _too_small(field, target):
                yield self._of_output(model, node, field, target)

    def _before_pool(self, model: ModelGraph, pool: Node, field: Field, sizes: tuple[int, ...]) -> Finding:
        size = _pixels(field)
        missing = tuple(max(wanted - got, 0) for wanted, got in zip(sizes, size, strict=True))
        return self.finding(
            layer_of(pool),
            f"the receptive field in front of the global pool is {times(size)} px, the input {times(sizes)} px: "
            f"{times(missing)} px too small",
            help=_ways(field),
            data={"input": list(sizes), "missing": list(missing), **_figures(model, field)},
        )

    def _of_output(self, model: ModelGraph, node: Node, field: Field, target: tuple[int, ...]) -> Finding:
        return self.finding(
            layer_of(node),
            f"the receptive field of the output is {times(_pixels(field))} px, smaller than the target of "
            f"{times(target)} px",
            help=_ways(field),
            data={"target": list(target), **_figures(model, field)},
        )


def _figures(model: ModelGraph, field: Field) -> dict[str, object]:
    """The receptive field and effective stride there, and where each stride is reached first."""
    fields = receptive_fields(model)
    stages = [
        {"stride": step, "receptive_field": list(fields[node.output].size)} for node, step in downsamplings(model)
    ]
    return {"receptive_field": list(_pixels(field)), "effective_stride": list(_strides(field)), "stages": stages}


def _ways(field: Field) -> str:
    """The cheapest ways to see more (formula F5)."""
    stride = max(_strides(field))
    gain = 2 * stride
    return (
        f"at effective stride {stride} one more 3×3 convolution adds {gain} px, dilation d adds {gain}(d - 1) px, one "
        "more stride of 2 doubles what follows; the effective field is only a part of it"
    )


def _too_small(field: Field, sizes: tuple[int, ...]) -> bool:
    if field.gated or field.unbounded or len(field.axes) != len(sizes):
        return False
    return any(axis.r_max < size for axis, size in zip(field.axes, sizes, strict=True))


def _pixels(field: Field) -> tuple[int, ...]:
    return tuple(int(axis.r_max) for axis in field.axes)


def _strides(field: Field) -> tuple[int, ...]:
    return tuple(int(axis.j_max) for axis in field.axes)


def _is_map_output(model: ModelGraph, node: Node) -> bool:
    return any(tensor in model.returned and is_map(tensor) for tensor in node.outputs)
