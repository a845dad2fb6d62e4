"""CNN605 dropout-rank."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Convolution, Dropout, Pooling
from cnnlint.graph.queries.chains import is_pointwise, source
from cnnlint.graph.queries.layers import layer_of
from cnnlint.graph.queries.pools import is_map
from cnnlint.graph.wording import shape
from cnnlint.rule import Category, Example, Finding, Fix, ReplaceCallee, Rule, Severity


class DropoutRank(Rule):
    """Dropout of the wrong kind for the number of axes: of single pixels on a map, or of maps where there are none.

    What it does
    ------------
    Reports element-wise dropout on a map that convolutions made (advice), and `Dropout2d` on a tensor of two axes,
    which torch deprecates, or of three, which it takes for `(N, C, L)` and drops whole rows of (warning).

    Why it matters
    --------------
    Neighbouring pixels of a map are strongly correlated: what one drops, the others tell. Dropping single pixels then
    regularises little and mostly lowers the effective learning rate; `Dropout2d` drops whole channels.

    Example
    -------

        nn.Sequential(nn.Conv2d(3, 64, 3), nn.ReLU(), nn.Dropout(0.3))

    Use instead
    -----------

        nn.Sequential(nn.Conv2d(3, 64, 3), nn.ReLU(), nn.Dropout2d(0.3))

    When not to worry
    -----------------
    Behind global pooling or a flatten, on attention weights and in transformer blocks element-wise dropout is the
    right one; the rule is silent there. Dropout that stays on in evaluation (Monte Carlo dropout) is left alone.

    References
    ----------
    torch.nn.Dropout2d: "adjacent pixels within feature maps are strongly correlated",
    https://pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html
    """

    code = "CNN605"
    name = "dropout-rank"
    category = Category.NORMALISATION
    severity = Severity.ADVICE

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3),
            nn.ReLU(),
            nn.Dropout(0.3),
        )
""",
            ((6, "element-wise dropout on a map (N, 8, 30, 30): neighbouring pixels are correlated"),),
            inputs=("3x32x32",),
            why="single pixels of a map",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Linear(20, 8),
            nn.Dropout2d(0.3),
        )
""",
            ((5, "dropout2d gets (N, 8), which has no channels of maps to drop"),),
            why="no map at all",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Dropout2d(0.3), nn.Conv2d(8, 8, 3))
""",
            why="whole channels of a map",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Dropout(0.3), nn.Flatten(), nn.Dropout(0.3), nn.Linear(8, 2)
        )
""",
            why="behind global pooling and a flatten",
        ),
        Example(
            """\
class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.1)

    def forward(self, q, k, v):
        return self.drop(torch.softmax(q @ k.transpose(-2, -1), dim=-1)) @ v
""",
            inputs=("q=2x4x16x8", "k=2x4x16x8", "v=2x4x16x8"),
            why="attention weights",
        ),
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x):
        return nn.functional.dropout(self.conv(x), 0.5, training=True)
""",
            why="Monte Carlo dropout",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each dropout of the wrong kind."""
        for node in model.nodes:
            sizes = node.inputs[0].shape if node.inputs else None
            match node.op:
                case Dropout(channelwise=False, always_on=False, p=p) if sizes is not None and node.certain and p != 0:
                    if len(sizes) in (4, 5) and is_map(node.inputs[0]) and _made_by_convolution(model, node):
                        yield self._pixels(node, len(sizes) - 2)
                case Dropout(name="dropout2d", p=p) if sizes is not None and node.certain and p != 0:
                    if len(sizes) in (2, 3):
                        yield self._no_maps(node, len(sizes))

    def _pixels(self, node: Node, axes: int) -> Finding:

        place = node.module.built_at if _is_plain(node) else None
        return self.finding(
            layer_of(node),
            f"element-wise dropout on a map {shape(node.inputs[0].shape)}: neighbouring pixels are correlated",
            help=f"drop whole channels with Dropout{axes}d",
            fix=Fix((ReplaceCallee(place, f".Dropout{axes}d"),)) if place is not None else None,
        )

    def _no_maps(self, node: Node, axes: int) -> Finding:
        meaning = "has no channels of maps to drop" if axes == 2 else "it takes for (N, C, L)"
        return self.finding(
            layer_of(node),
            f"dropout2d gets {shape(node.inputs[0].shape)}, which {meaning}",
            severity=Severity.WARNING,
            help="use Dropout for features, Dropout1d for signals",
            data={"axes": axes},
        )


def _made_by_convolution(model: ModelGraph, node: Node) -> bool:
    maker = source(model, node.inputs[0], is_pointwise)
    return maker is not None and isinstance(maker.op, Convolution | Pooling)


def _is_plain(node: Node) -> bool:
    """Whether the dropout is torch's own layer, so that the name of its class can be replaced."""
    return node.module.path == "torch.nn.Dropout"
