"""CNN607 deep-stack-without-normalisation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Activation, Convolution, Merge, MergeKind, Normalisation
from cnnlint.graph.queries.depth import Run, longest_run
from cnnlint.graph.queries.layers import layer_of, place_of
from cnnlint.graph.queries.pools import is_map
from cnnlint.rule import Category, Example, Finding, Related, Rule, Severity


class DeepStackWithoutNormalisation(Rule):
    """Many convolutions in a row with neither normalisation nor a shortcut are hard to train from scratch.

    What it does
    ------------
    Reports ten or more convolutions (option `min-depth`) on one path without a normalisation or a residual addition
    between them.

    Why it matters
    --------------
    The scale of activations and gradients is multiplied layer by layer; a factor of 0.9 a layer is 0.35 after ten.
    Normalisation sets the scale anew, a shortcut passes the gradient on. Without either, the first layers learn
    slowly and the result depends on the initial weights. The threshold is a choice: VGG-16 has 13.

    Example
    -------

        nn.Sequential(*[m for _ in range(12) for m in (nn.Conv2d(64, 64, 3, padding=1), nn.ReLU())])

    Use instead
    -----------

        nn.Sequential(*[
            m for _ in range(12) for m in (nn.Conv2d(64, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU())
        ])

    When not to worry
    -----------------
    With pretrained weights (VGG, SqueezeNet). Restoration and super-resolution networks leave normalisation out on
    purpose; the rule is silent for networks that return images, with SELU, and with weight or spectral norm.

    References
    ----------
    Lim et al., EDSR, https://arxiv.org/abs/1707.02921, section 3.1, for the exception
    """

    code = "CNN607"
    name = "deep-stack-without-normalisation"
    category = Category.NORMALISATION
    severity = Severity.ADVICE
    numbers = {"0.9": 0.9, "0.35": 0.9**10}

    @dataclass(frozen=True)
    class Options:
        """``min_depth``: how many convolutions in a row are reported."""

        min_depth: int = 10

    options: Options

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        layers = []
        for _ in range(12):
            layers += [nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()]
        super().__init__(
            nn.Conv2d(3, 8, 3),
            *layers,
            nn.Flatten(),
        )
""",
            ((7, "13 convolutions in a row without normalisation or a shortcut"),),
            why="a deep plain stack",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Conv2d(8, 8, 3),
            *(nn.Conv2d(8, 8, 3, padding=1) for _ in range(9)),
            nn.Flatten(),
        )
""",
            ((7, "10 convolutions in a row without normalisation or a shortcut"),),
            why="counted from the last normalisation on",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        layers = []
        for _ in range(12):
            layers += [nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU()]
        super().__init__(*layers, nn.Flatten())
""",
            why="batch norm",
        ),
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(8, 8, 3, padding=1) for _ in range(12))

    def forward(self, x):
        for conv in self.convs:
            x = x + torch.relu(conv(x))
        return x.mean((2, 3))
""",
            inputs=("8x16x16",),
            why="shortcuts",
        ),
        Example(
            """\
class Denoiser(nn.Sequential):
    def __init__(self):
        layers = []
        for _ in range(12):
            layers += [nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()]
        super().__init__(nn.Conv2d(3, 8, 3, padding=1), *layers, nn.Conv2d(8, 3, 3, padding=1))
""",
            why="a restoration network returns an image",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        layers = []
        for _ in range(12):
            layers += [nn.Conv2d(8, 8, 3, padding=1), nn.SELU()]
        super().__init__(*layers, nn.Flatten())
""",
            why="SELU normalises itself",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        layers = []
        for _ in range(6):
            layers += [nn.utils.weight_norm(nn.Conv2d(8, 8, 3, padding=1)), nn.ReLU()]
            layers += [nn.utils.spectral_norm(nn.Conv2d(8, 8, 3, padding=1)), nn.ReLU()]
        super().__init__(*layers, nn.Flatten())
""",
            why="weights that are normalised themselves",
        ),
        Example(
            """\
class ScaledConv(nn.Conv2d):
    def forward(self, x):
        weight = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
        weight = weight / weight.std((1, 2, 3), keepdim=True)
        return nn.functional.conv2d(x, weight, self.bias, padding=1)


class Net(nn.Sequential):
    def __init__(self):
        super().__init__(*(m for _ in range(12) for m in (ScaledConv(8, 8, 3), nn.ReLU())), nn.Flatten())
""",
            why="weight standardisation, as in normaliser-free networks",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """At most one finding, at the first layer of the longest stack."""
        if any(is_map(tensor) and _is_image(tensor.shape) for tensor in model.returned):
            return
        run = longest_run(model, _helps, lambda node: isinstance(node.op, Convolution) and node.certain)
        if run is not None and run.length >= self.options.min_depth:
            yield self._finding(run)

    def _finding(self, run: Run) -> Finding:
        return self.finding(
            layer_of(run.first),
            f"{run.length} convolutions in a row without normalisation or a shortcut",
            help="put a normalisation behind each convolution, or residual additions around pairs of them",
            data={"depth": run.length, "first": run.first.module.name, "last": run.last.module.name},
            related=[Related(place_of(run.last), "the last of them")],
        )


def _is_image(shape: tuple[object, ...] | None) -> bool:
    return shape is not None and isinstance(shape[1], int) and shape[1] <= 4


def _helps(node: Node) -> bool:
    """Whether the node sets the scale anew: a normalisation, a shortcut, SELU, or weights normalised themselves."""
    match node.op:
        case Normalisation() | Merge(kind=MergeKind.ADD) | Activation(name="selu"):
            return True
        case Convolution():
            names = {parameter.name for parameter in node.module.parameters}
            return len(node.inputs) > 1 or not names <= {"weight", "bias"}
        case _:
            return False
