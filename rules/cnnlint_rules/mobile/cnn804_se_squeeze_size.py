"""CNN804 se-squeeze-size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cnnlint.graph.model import ModelGraph
from cnnlint.graph.queries.gates import Gate, channel_gates
from cnnlint.graph.queries.layers import layer_of
from cnnlint.rule import Category, Example, Finding, Rule, Severity

_UNBOUNDED = frozenset({None, "relu", "leaky_relu", "elu", "silu", "gelu", "mish"})


class SeSqueezeSize(Rule):
    """A squeeze-and-excitation gate with a width or an activation that does not do what gates are for.

    What it does
    ------------
    Looks at gates of the form global pool, squeeze from C to s, activation, excite from s to C, gate, product, and
    reports a width of 0 (an error), below 4 or above C/2, and a last activation other than sigmoid or hard sigmoid.

    Why it matters
    --------------
    The gate costs `2*C*s + s + C` parameters. `C // r` with a fixed `r` of 16 leaves 0 to 3 units in narrow stages,
    which can tell hardly anything apart, while a width above C/2 costs more than it gates. Without a sigmoid the
    factors are not between 0 and 1, so the gate scales without bound or flips signs.

    Example
    -------

        nn.Conv2d(32, 32 // 16, 1), nn.ReLU(), nn.Conv2d(32 // 16, 32, 1), nn.Sigmoid()

    Use instead
    -----------

        nn.Conv2d(32, max(8, 32 // 16), 1), nn.ReLU(), nn.Conv2d(max(8, 32 // 16), 32, 1), nn.Sigmoid()

    When not to worry
    -----------------
    EfficientNet takes s from the input of the block, so s may be a small part of C; widths from 4 on pass. ECA, GCNet
    and CBAM have other patterns.

    References
    ----------
    Hu et al., Squeeze-and-Excitation Networks, https://arxiv.org/abs/1709.01507 (r = 16)
    """

    code = "CNN804"
    name = "se-squeeze-size"
    category = Category.MOBILE
    severity = Severity.WARNING

    @dataclass(frozen=True)
    class Options:
        """``min_width``: the narrowest squeeze; ``max_share``: the widest, as a part of the channels."""

        min_width: int = 4
        max_share: float = 0.5

    options: Options

    bad = (
        Example(
            """\
class Gated(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 32, 3)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.squeeze = nn.Conv2d(32, 32 // 16, 1)
        self.excite = nn.Conv2d(32 // 16, 32, 1)

    def forward(self, x):
        x = self.conv(x)
        s = torch.relu(self.squeeze(self.pool(x)))
        return x * torch.sigmoid(self.excite(s))
""",
            ((6, "squeeze of 32 channels to 2 (r = 16): fewer than 4"),),
            inputs=("3x32x32",),
            why="a fixed ratio in a narrow stage",
        ),
        Example(
            """\
class SELayer(nn.Module):
    def __init__(self, channels=8, reduction=16):
        super().__init__()
        self.fc = nn.Sequential(
            nn.Linear(channels, channels // reduction),
            nn.ReLU(inplace=True),
            nn.Linear(channels // reduction, channels),
            nn.Sigmoid(),
        )

    def forward(self, x):
        n, c, _, _ = x.size()
        gate = self.fc(nn.functional.adaptive_avg_pool2d(x, 1).view(n, c)).view(n, c, 1, 1)
        return x * gate.expand_as(x)
""",
            ((5, "squeeze of 8 channels to 0: the gate is the same for every input"),),
            inputs=("8x16x16",),
            why="8 // 16 is 0",
        ),
        Example(
            """\
class Gated(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 32, 3)
        self.squeeze = nn.Linear(32, 24)
        self.excite = nn.Linear(24, 32)

    def forward(self, x):
        x = self.conv(x)
        s = torch.relu(self.squeeze(x.mean((2, 3))))
        return x * torch.relu(self.excite(s))[:, :, None, None]
""",
            (
                (5, "squeeze of 32 channels to 24 (r = 1.33): more than half, 1,592 parameters"),
                (5, "the gate ends in relu, so its factors are not between 0 and 1"),
            ),
            inputs=("3x32x32",),
            why="a wide squeeze, and a gate without a sigmoid",
        ),
    )
    good = (
        Example(
            """\
class Gated(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 96, 3)
        self.squeeze = nn.Conv2d(96, 4, 1)
        self.excite = nn.Conv2d(4, 96, 1)

    def forward(self, x):
        x = self.conv(x)
        s = nn.functional.silu(self.squeeze(x.mean((2, 3), keepdim=True)))
        return x * torch.sigmoid(self.excite(s))
""",
            inputs=("3x32x32",),
            why="as EfficientNet has it",
        ),
        Example(
            """\
class Gated(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 64, 3)
        self.squeeze = nn.Conv2d(64, 16, 1)
        self.excite = nn.Conv2d(16, 64, 1)

    def forward(self, x):
        x = self.conv(x)
        s = torch.relu(self.squeeze(x.mean((2, 3), keepdim=True)))
        return x * (nn.functional.relu6(self.excite(s) + 3) / 6)
""",
            inputs=("3x32x32",),
            why="a hard sigmoid written out",
        ),
        Example(
            """\
class Gated(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 32, 3)
        self.attend = nn.Conv1d(1, 1, 3, padding=1)

    def forward(self, x):
        x = self.conv(x)
        s = self.attend(x.mean((2, 3)).unsqueeze(1)).squeeze(1)
        return x * torch.sigmoid(s)[:, :, None, None]
""",
            inputs=("3x32x32",),
            why="ECA",
        ),
        Example(
            """\
class ContextBlock(nn.Module):
    def __init__(self, channels=64, ratio=32):
        super().__init__()
        self.mask = nn.Conv2d(channels, 1, 1)
        self.reduce = nn.Conv2d(channels, channels // ratio, 1)
        self.norm = nn.LayerNorm([channels // ratio, 1, 1])
        self.expand = nn.Conv2d(channels // ratio, channels, 1)

    def forward(self, x):
        n, c, h, w = x.shape
        weights = self.mask(x).view(n, 1, h * w).softmax(-1)
        context = torch.matmul(x.view(n, c, h * w), weights.transpose(1, 2)).unsqueeze(-1)
        return x + self.expand(torch.relu(self.norm(self.reduce(context))))
""",
            inputs=("64x16x16",),
            why="GCNet adds a context",
        ),
        Example(
            """\
class ChannelAttention(nn.Module):
    def __init__(self, channels=32, ratio=16):
        super().__init__()
        self.squeeze = nn.Conv2d(channels, channels // ratio, 1, bias=False)
        self.excite = nn.Conv2d(channels // ratio, channels, 1, bias=False)

    def forward(self, x):
        mean = self.excite(torch.relu(self.squeeze(nn.functional.adaptive_avg_pool2d(x, 1))))
        most = self.excite(torch.relu(self.squeeze(nn.functional.adaptive_max_pool2d(x, 1))))
        return x * torch.sigmoid(mean + most)
""",
            inputs=("32x16x16",),
            why="CBAM has one squeeze for two pools",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """Width first, then activation."""
        for gate in channel_gates(model):
            if gate.width < self.options.min_width or gate.width > self.options.max_share * gate.channels:
                yield self._width(gate)
            if gate.activation in _UNBOUNDED and not gate.scaled:
                yield self._activation(gate)

    def _width(self, gate: Gate) -> Finding:
        channels, width = gate.channels, gate.width
        parameters = 2 * channels * width + width + channels
        if width == 0:
            said = "the gate is the same for every input"
        elif width < self.options.min_width:
            said = f"fewer than {self.options.min_width}"
        else:
            said = f"more than half, {parameters:,} parameters"
        ratio = f" (r = {channels / width:.3g})" if width else ""
        return self.finding(
            layer_of(gate.squeeze),
            f"squeeze of {channels} channels to {width}{ratio}: {said}",
            severity=None if width else Severity.ERROR,
            help="a sixteenth to a quarter of the channels is usual, and at least 8",
            data={"channels": channels, "width": width, "parameters": parameters},
        )

    def _activation(self, gate: Gate) -> Finding:
        return self.finding(
            layer_of(gate.squeeze),
            f"the gate ends in {gate.activation or 'no activation'}, so its factors are not between 0 and 1",
            help="end the gate in a sigmoid or hard sigmoid",
            data={"activation": gate.activation},
        )
