"""CNN805 nonlinear-bottleneck-projection."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Activation, Convolution, Merge, MergeKind
from cnnlint.graph.queries.chains import behind, is_pointwise, is_transparent, source
from cnnlint.graph.queries.depth import is_depthwise, is_pointwise_conv
from cnnlint.graph.queries.layers import built_only_by, layer_of, place_of
from cnnlint.rule import Category, Example, Finding, Fix, Related, ReplaceCallee, Rule, Severity

_RELU_FAMILY = frozenset({"relu", "relu6", "leaky_relu", "prelu", "hardswish", "silu"})


class NonlinearBottleneckProjection(Rule):
    """A ReLU behind the projection of an inverted residual destroys what the narrow map holds.

    What it does
    ------------
    Finds inverted residuals (1×1 expansion to at least twice the channels, depthwise convolution, 1×1 projection to
    fewer channels) whose projection is followed by an activation of the ReLU family.

    Why it matters
    --------------
    A ReLU sets about half of the values to zero. In the wide expanded space other channels still carry them; in the
    narrow projected one they are lost. Leaving the projection linear gave MobileNetV2 "several percent".

    Example
    -------

        nn.Conv2d(192, 32, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU6()

    Use instead
    -----------

        nn.Conv2d(192, 32, 1, bias=False), nn.BatchNorm2d(32)

    When not to worry
    -----------------
    MobileNetV1 does not expand, and the last 1×1 convolution before the pool widens again; the rule is silent there.

    References
    ----------
    Sandler et al., MobileNetV2, https://arxiv.org/abs/1801.04381, section 3.2
    """

    code = "CNN805"
    name = "nonlinear-bottleneck-projection"
    category = Category.MOBILE
    severity = Severity.ADVICE

    bad = (
        Example(
            """\
class Block(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(32, 192, 1, bias=False),
            nn.BatchNorm2d(192),
            nn.ReLU6(),
            nn.Conv2d(192, 192, 3, padding=1, groups=192, bias=False),
            nn.BatchNorm2d(192),
            nn.ReLU6(),
            nn.Conv2d(192, 32, 1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU6(),
        )
""",
            ((12, "relu6 behind the projection 192→32 of an inverted residual"),),
            why="an activation behind every layer",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.expand = nn.Conv2d(16, 64, 1)
        self.depthwise = nn.Conv2d(64, 64, 3, padding=1, groups=64)
        self.project = nn.Conv2d(64, 16, 1)

    def forward(self, x):
        y = torch.relu(self.depthwise(torch.relu(self.expand(x))))
        return x + torch.relu(self.project(y))
""",
            ((10, "relu behind the projection 64→16 of an inverted residual"),),
            why="in front of the addition",
        ),
    )
    good = (
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.expand = nn.Conv2d(16, 64, 1)
        self.depthwise = nn.Conv2d(64, 64, 3, padding=1, groups=64)
        self.project = nn.Conv2d(64, 16, 1)

    def forward(self, x):
        return x + self.project(torch.relu(self.depthwise(torch.relu(self.expand(x)))))
""",
            why="a linear projection",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(16, 32, 1), nn.ReLU(),
            nn.Conv2d(32, 32, 3, padding=1, groups=32), nn.ReLU(),
            nn.Conv2d(32, 64, 1), nn.ReLU(),
        )
""",
            why="MobileNetV1 does not narrow",
        ),
        Example(
            """\
class FusedMBConv(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(24, 96, 3, padding=1), nn.BatchNorm2d(96), nn.SiLU(),
            nn.Conv2d(96, 24, 1), nn.BatchNorm2d(24), nn.SiLU(),
        )
""",
            why="a fused block has no depthwise convolution",
        ),
        Example(
            """\
class Head(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(80, 160, 1), nn.ReLU6(),
            nn.Conv2d(160, 160, 3, padding=1, groups=160), nn.ReLU6(),
            nn.Conv2d(160, 1280, 1), nn.ReLU6(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, 10),
        )
""",
            why="the last 1×1 convolution in front of the pool widens",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each such block."""
        for node in model.nodes:
            if not is_depthwise(node) or not node.certain or not _is_expanded(model, node):
                continue
            for project in behind(model, node.output, _is_inside):
                activation = _activation(model, node, project)
                if activation is not None:
                    yield self._finding(model, project, activation)

    def _finding(self, model: ModelGraph, project: Node, activation: Node) -> Finding:
        fan_in, out = (tensor.shape[1] if tensor.shape else "?" for tensor in (project.inputs[0], project.output))
        place = built_only_by(model, activation)
        return self.finding(
            layer_of(activation),
            f"{activation.op.name} behind the projection {fan_in}→{out} of an inverted residual",
            help="leave the projection linear",
            data={"in": fan_in, "out": out, "activation": activation.op.name},
            related=[Related(place_of(project), "the projection")],
            fix=Fix((ReplaceCallee(place, ".Identity"),)) if place is not None else None,
        )


def _is_expanded(model: ModelGraph, node: Node) -> bool:
    """Whether a 1×1 convolution in front at least doubles the channels."""
    expand = source(model, node.inputs[0], is_pointwise)
    match expand.op if expand is not None and is_pointwise_conv(expand) else None:
        case Convolution(in_channels=int() as fan_in, out_channels=int() as out):
            return out >= 2 * fan_in
        case _:
            return False


def _is_inside(node: Node) -> bool:
    """Pointwise operations, and the product of a gate."""
    return is_pointwise(node) or (isinstance(node.op, Merge) and node.op.kind is MergeKind.MULTIPLY)


def _activation(model: ModelGraph, depthwise: Node, project: Node) -> Node | None:
    """The activation behind a 1×1 convolution that narrows again."""
    match project.op if is_pointwise_conv(project) else None, depthwise.op:
        case Convolution(out_channels=int() as out), Convolution(out_channels=int() as wide) if 2 * out <= wide:
            readers = behind(model, project.output, is_transparent)
        case _:
            return None
    found = [each for each in readers if isinstance(each.op, Activation) and each.op.name in _RELU_FAMILY]
    return found[0] if len(readers) == len(found) == 1 and found[0].certain else None
