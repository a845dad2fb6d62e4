"""CNN104 flatten-size-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.dims import Dim, product
from cnnlint.graph.model import Failure, ModelGraph, Module, ProblemKind
from cnnlint.graph.operations import Dense
from cnnlint.graph.queries.heads import Flattened, flattened_input
from cnnlint.graph.queries.inputs import fitting_inputs, square
from cnnlint.graph.queries.places import own_layer, raising_place, refusal, refusals
from cnnlint.graph.wording import number, plain, shape, times
from cnnlint.rule import Applicability, Category, Example, Finding, Fix, Related, Rule, SetArgument, Severity

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Linear({features}, 10)

    def forward(self, x):
        x = self.pool(self.conv(x).relu())
        x = {flatten}
        return self.fc(x)
"""


class FlattenSizeMismatch(Rule):
    """The linear layer behind a flattened map expects another number of features than the map has.

    What it does
    ------------
    Compares `in_features` of a linear layer with the channels, height and width of the map that is flattened in front
    of it, and says which input sizes would fit. A `view` or `reshape` that cannot hold the elements of its tensor is
    reported too: it raises one line earlier for the same reason.

    Why it matters
    --------------
    A map `(N, C, H, W)` has `C·H·W` features, and torch refuses any other `in_features`: "mat1 and mat2 shapes cannot
    be multiplied". `H` and `W` follow from the input size: each convolution or pool makes `W` to
    `floor((W + 2P - d(K-1) - 1)/S) + 1` (torch.nn.Conv2d). Code copied from a data set with another image size fails
    here.

    Example
    -------

        # CIFAR-10, 3x32x32: two poolings leave 8x8
        self.fc = nn.Linear(16 * 7 * 7, 10)

    Use instead
    -----------

        self.fc = nn.Linear(16 * 8 * 8, 10)

    or make the head independent of the input size with `nn.AdaptiveAvgPool2d(1)`.

    When not to worry
    -----------------
    The rule is silent while the input size is not known, unless no input size at all can fit. Behind an adaptive pool
    the number of features is fixed, whatever the input.

    References
    ----------
    torch.nn.Linear; torch.nn.Conv2d for the output size; arXiv 2112.09037 for the frequency of this fault.
    """

    code = "CNN104"
    name = "flatten-size-mismatch"
    category = Category.SHAPE
    severity = Severity.ERROR

    bad = (
        Example(
            _NET.format(features=3136, flatten="torch.flatten(x, 1)"),
            (
                (
                    11,
                    "Linear expects 3,136 features, gets 4,096 = 16×16×16; 3,136 would fit an input of 28×28 to 29×29",
                ),
            ),
            ("3x32x32",),
            "the input size of another data set",
        ),
        Example(
            _NET.format(features=400, flatten="x.view(x.size(0), -1)"),
            ((11, "Linear expects 400 features, gets 4,096 = 16×16×16; 400 would fit an input of 10×10 to 11×11"),),
            ("3x32x32",),
            "flattened by view",
        ),
        Example(
            _NET.format(features=3000, flatten="torch.flatten(x, 1)"),
            ((11, "Linear expects 3,000 features, gets 16×(H//2)×(W//2); no input size gives 3,000"),),
            why="16 channels never make 3,000 features, so the input size need not be known",
        ),
        Example(
            _NET.format(features=400, flatten="x.view(-1, 400)") + "\n\nNet()(torch.randn(2, 3, 32, 32))\n",
            ((10, "view cannot give 8192 elements of shape (2, 16, 16, 16) the shape (-1, 400)"),),
            why="a view that cannot hold the elements",
        ),
    )
    good = (
        Example(_NET.format(features=4096, flatten="torch.flatten(x, 1)"), inputs=("3x32x32",), why="fits"),
        Example(_NET.format(features=3136, flatten="torch.flatten(x, 1)"), why="fits an input of 28×28: size unknown"),
        Example(
            _NET.format(features=16, flatten="torch.flatten(nn.functional.adaptive_avg_pool2d(x, 1), 1)"),
            inputs=("3x32x32",),
            why="an adaptive pool frees the head of the input size",
        ),
        Example(
            _NET.format(features=10, flatten="torch.flatten(x, 1)").replace("nn.Linear(10,", "nn.LazyLinear("),
            inputs=("3x32x32",),
            why="a lazy layer takes the features it is given",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """Linear layers that refuse a flattened map, and views that do not hold their elements."""
        for failure in refusals(model):
            if failure.problem.kind is ProblemKind.RESHAPE:
                yield self._reshape(failure)
            elif failure.problem.kind is ProblemKind.CHANNELS and failure.node and isinstance(failure.node.op, Dense):
                flat = flattened_input(model, failure.node.inputs[0])
                if flat is not None:
                    yield self._dense(model, failure, failure.node.op.in_features, flat)

    def _dense(self, model: ModelGraph, failure: Failure, wanted: Dim, flat: Flattened) -> Finding:
        got = product(flat.shape)
        fits = _fitting(model, flat, wanted)
        features = " * ".join(map(str, flat.shape)) if isinstance(got, int) else ""
        span, other = raising_place(model, failure)
        made_of = f"{number(got)} = {times(flat.shape)}" if isinstance(got, int) else times(flat.shape)
        related = [Related(flat.node.span, f"{shape(flat.map.shape)} is flattened here")]
        if other is not None:
            related.append(Related(other, f"{failure.type} belongs to this"))
        return self.finding(
            span,
            f"{failure.type} expects {number(wanted)} features, gets {made_of}; {fits}",
            layer=failure.module,
            help=f"in_features={features}" if features else "",
            data={"expected": plain(wanted), "got": plain(got), "map": plain(flat.shape)},
            related=related,
            fix=_in_features(own_layer(failure.node), features) if failure.node is not None else None,
        )

    def _reshape(self, failure: Failure) -> Finding:
        problem = failure.problem
        data = {"expected": plain(problem.expected), "got": plain(problem.got)}
        return self.finding(failure, refusal(failure), data=data)


def _fitting(model: ModelGraph, flat: Flattened, wanted: Dim) -> str:
    """The input sizes for which the map has ``wanted`` features, in words."""
    channels, axes, nothing = flat.shape[0], len(flat.shape) - 1, f"no input size gives {number(wanted)}"
    if not isinstance(channels, int) or not isinstance(wanted, int) or wanted % channels:
        return nothing
    found = fitting_inputs(model, flat.map, wanted // channels)
    if found is None:
        return nothing
    low, high = (square(size, axes) for size in found)
    return f"{number(wanted)} would fit an input of {low}" + (f" to {high}" if low != high else "")


def _in_features(layer: Module | None, features: str) -> Fix | None:
    if layer is None or layer.built_at is None or layer.type != "Linear" or not features:
        return None
    return Fix((SetArgument(layer.built_at, "in_features", features, 0),), Applicability.UNSAFE)
