"""CNN101 input-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.dims import product, same
from cnnlint.graph.model import Failure, ModelGraph, Node, ProblemKind
from cnnlint.graph.operations import Activation, Convolution, Dense, Normalisation
from cnnlint.graph.queries.chains import is_pointwise, is_spatial, is_transparent, reaches_output, source
from cnnlint.graph.queries.heads import flattened_input
from cnnlint.graph.queries.places import own_layer, raising_place, refusal, refusals
from cnnlint.graph.wording import plain, shape
from cnnlint.rule import Category, Example, Finding, Related, Rule, Severity

_KINDS = frozenset({ProblemKind.CHANNELS, ProblemKind.RANK, ProblemKind.MATRIX, ProblemKind.DTYPE})

_ONE = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential({layers})

    def forward(self, x):
        return self.body(x)
"""

_NO_FLATTEN = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.fc = nn.Linear(32, 10)

    def forward(self, x):
        return self.fc(self.conv(x))
"""


class InputMismatch(Rule):
    """A layer is given an input whose channels, features, number of axes or element type it does not accept.

    What it does
    ------------
    Follows the shape of every tensor and reports each layer or function that torch refuses to run on what it is
    given: the channels of a convolution or normalisation, the features of a linear layer, the inner sizes of a matrix
    product, the number of axes, the element type. A linear layer behind a flatten is CNN104's. A linear layer that
    does run, on a map `(N, C, H, W)` whose width happens to be `in_features`, is a warning.

    Why it matters
    --------------
    The call raises: a convolution needs `x.shape[1] == in_channels`, a linear layer `x.shape[-1] == in_features`
    (torch.nn.Conv2d, torch.nn.Linear). A linear layer applied along the width of a map mixes pixels of a row, for
    each channel and row alike, which is hardly ever meant in front of the output.

    Example
    -------

        self.conv1 = nn.Conv2d(3, 16, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)  # conv1 gives 16 channels

    Use instead
    -----------

        self.conv1 = nn.Conv2d(3, 16, 3)
        self.conv2 = nn.Conv2d(16, 64, 3)

    When not to worry
    -----------------
    Only what fails for every value of the sizes that are not known is reported; lazy layers take the channels they
    are given, a convolution takes `(C, H, W)` without a batch, and a permuted map with channels last fits a linear
    layer. An instance norm without parameters takes any number of channels (torch warns only). A mismatch in one of
    several branches is not reported.

    References
    ----------
    torch.nn.Conv2d and torch.nn.Linear; Jhoo et al., "A Static Analyzer for Detecting Tensor Shape Errors in Deep
    Neural Network Training Code", arXiv 2112.09037.
    """

    code = "CNN101"
    name = "input-mismatch"
    category = Category.SHAPE
    severity = Severity.ERROR

    bad = (
        Example(
            "class Net(nn.Module):\n"
            "    def __init__(self):\n"
            "        super().__init__()\n"
            "        self.conv1 = nn.Conv2d(3, 16, 3)\n"
            "        self.conv2 = nn.Conv2d(32, 64, 3)\n\n"
            "    def forward(self, x):\n"
            "        return self.conv2(self.conv1(x))\n",
            ((8, "Conv2d expects 32 input channels, gets 16"),),
            why="channels",
        ),
        Example(
            "class Net(nn.Module):\n"
            "    def __init__(self):\n"
            "        super().__init__()\n"
            "        self.body = nn.Sequential(\n"
            "            nn.Conv2d(3, 8, 3),\n"
            "            nn.BatchNorm2d(16),\n"
            "        )\n\n"
            "    def forward(self, x):\n"
            "        return self.body(x)\n",
            ((6, "BatchNorm2d expects 16 channels, gets 8"),),
            why="features of a normalisation in a container",
        ),
        Example(
            _ONE.format(layers="nn.Conv2d(3, 8, 3), nn.BatchNorm1d(8)"),
            ((4, "BatchNorm1d expects a tensor with 2 or 3 axes, gets 4 axes: (N, 8, H - 2, W - 2)"),),
            why="the number of axes",
        ),
        Example(
            _ONE.format(layers="nn.Conv2d(3, 8, 3), nn.GroupNorm(4, 16)"),
            ((4, "GroupNorm expects 16 channels, gets 8"),),
            why="group norm",
        ),
        Example(
            _ONE.format(layers="nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Linear(8, 10)"),
            ((4, "Linear expects 8 input features, gets 1"),),
            ("3x32x32",),
            why="a pooled map that is not flattened",
        ),
        Example(
            _NO_FLATTEN,
            ((8, "Linear is applied along the width of a (N, 8, 32, 32) map: missing flatten?"),),
            ("3x32x32",),
            "no flatten",
        ),
    )
    good = (
        Example(
            "class Net(nn.Module):\n"
            "    def __init__(self):\n"
            "        super().__init__()\n"
            "        self.conv1 = nn.Conv2d(3, 16, 3)\n"
            "        self.conv2 = nn.LazyConv2d(64, 3)\n\n"
            "    def forward(self, x):\n"
            "        return self.conv2(self.conv1(x))\n",
            why="a lazy layer takes the channels it is given",
        ),
        Example(
            "class Net(nn.Module):\n"
            "    def __init__(self):\n"
            "        super().__init__()\n"
            "        self.conv = nn.Conv2d(3, 32, 7, padding=3)\n"
            "        self.fc = nn.Linear(32, 64)\n\n"
            "    def forward(self, x):\n"
            "        return self.fc(self.conv(x).permute(0, 2, 3, 1))\n",
            inputs=("3x32x32",),
            why="channels last, as ConvNeXt has them",
        ),
        Example(
            "class Net(nn.Module):\n"
            "    def __init__(self):\n"
            "        super().__init__()\n"
            "        self.conv = nn.Conv2d(3, 8, 3)\n\n"
            "    def forward(self, x):\n"
            "        return self.conv(x[0])\n",
            inputs=("2x3x32x32",),
            why="an image without a batch",
        ),
        Example(
            _ONE.format(layers="nn.Conv2d(3, 8, 3), nn.InstanceNorm2d(16)"),
            why="an instance norm without parameters takes any channels: torch warns only",
        ),
        Example(
            _NO_FLATTEN.replace("self.fc(self.conv(x))", "self.fc(self.conv(x)).mean((1, 2))"),
            inputs=("3x32x32",),
            why="rows of pixels that are combined later",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """Torch's refusals, and linear layers along the width of a map."""
        for failure in refusals(model):
            if failure.problem.kind in _KINDS and not _behind_flatten(model, failure):
                yield self._refusal(model, failure)
        for node in model.nodes:
            if node.certain and _along_width(model, node):
                yield self._missing_flatten(node)

    def _refusal(self, model: ModelGraph, failure: Failure) -> Finding:
        span, other = raising_place(model, failure)
        problem = failure.problem
        related = (
            [Related(other, f"{failure.type} is {'called' if span != failure.span else 'built'} here")] if other else []
        )
        return self.finding(
            span,
            refusal(failure),
            layer=failure.module,
            help=_remedy(failure),
            data={"expected": plain(problem.expected), "got": plain(problem.got), "axis": problem.axis},
            related=[*related, *_producer(model, failure)],
        )

    def _missing_flatten(self, node: Node) -> Finding:
        sizes = node.inputs[0].shape or ()
        return self.finding(
            node,
            f"Linear is applied along the width of a {shape(sizes)} map: missing flatten?",
            severity=Severity.WARNING,
            help="flatten the map first: torch.flatten(x, 1)",
            data={"in_features": plain(sizes[-1]), "input": [plain(size) for size in sizes]},
        )


def _remedy(failure: Failure) -> str:
    """What makes the two agree, where channels or features do not."""
    node, problem = failure.node, failure.problem
    if node is None or problem.kind is not ProblemKind.CHANNELS or not isinstance(problem.got, int):
        return ""
    match node.op:
        case Dense(in_features=features) if (sizes := node.inputs[0].shape) and same(product(sizes[1:]), features):
            return "flatten first: torch.flatten(x, 1)"
        case Dense():
            return f"in_features={problem.got}, or {problem.expected} features before"
        case Convolution():
            return f"in_channels={problem.got}, or {problem.expected} channels before"
        case Normalisation():
            return f"{problem.got} channels here, or {problem.expected} before"
        case _:
            return ""


def _behind_flatten(model: ModelGraph, failure: Failure) -> bool:
    """Whether this is a linear layer that gets a flattened map, which is CNN104's."""
    node = failure.node
    return (
        node is not None
        and isinstance(node.op, Dense)
        and failure.problem.kind is ProblemKind.CHANNELS
        and flattened_input(model, node.inputs[0]) is not None
    )


def _producer(model: ModelGraph, failure: Failure) -> Iterator[Related]:
    """Where the refused tensor got its channels."""
    node = failure.node
    if node is None or not node.inputs or failure.problem.kind is not ProblemKind.CHANNELS:
        return
    maker = source(model, node.inputs[0], lambda each: is_transparent(each) or isinstance(each.op, Activation))
    if maker is not None:
        layer = own_layer(maker)
        name = layer.type if layer is not None else maker.op.name
        place = layer.built_at if layer is not None and layer.built_at is not None else maker.span
        yield Related(place, f"{name} gives {shape(maker.output.shape)}")


def _along_width(model: ModelGraph, node: Node) -> bool:
    """Whether a linear layer reads a map with channels first and only pointwise or linear operations follow."""
    sizes = node.inputs[0].shape if node.inputs else None
    if not isinstance(node.op, Dense) or node.problem or sizes is None or len(sizes) != 4:
        return False
    maker = source(model, node.inputs[0], is_pointwise)
    if maker is None or not is_spatial(maker) or not same(sizes[-1], node.op.in_features):
        return False
    return reaches_output(model, node.output, lambda each: is_pointwise(each) or isinstance(each.op, Dense))
