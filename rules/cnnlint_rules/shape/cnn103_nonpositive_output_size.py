"""CNN103 nonpositive-output-size."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import Failure, ModelGraph, Node, ProblemKind
from cnnlint.graph.operations import Convolution, Pooling
from cnnlint.graph.queries.inputs import size_trail, smallest_input, square
from cnnlint.graph.queries.places import raising_place, refusals
from cnnlint.graph.queries.resolution import sizes_of
from cnnlint.graph.wording import plain, times
from cnnlint.rule import Category, Example, Finding, Related, Rule, Severity

_DEEP = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 7, stride=2)
        self.pool = nn.MaxPool2d(3, 2)
        self.head = nn.Conv2d(8, 10, {kernel})

    def forward(self, x):
        x = self.pool(self.pool(self.conv(x)))
        return self.head(x)
"""


class NonpositiveOutputSize(Rule):
    """A convolution or pool is left with no output position.

    What it does
    ------------
    Reports windows that do not fit into their input, names the sizes that the map goes through, and says how large
    the input must be at least.

    Why it matters
    --------------
    The output has `floor((W + 2P - d(K-1) - 1)/S) + 1` positions (torch.nn.Conv2d); torch raises "Kernel size can't be
    greater than actual input size" or "Output size is too small" where that is not positive, that is where
    `W + 2P < d(K-1) + 1`. The smallest input follows backwards: `W ← (W - 1)S + d(K-1) + 1 - 2P`, from 1. Networks
    made for 224×224 fail this way on small images.

    Example
    -------

        # fed with 3x32x32: conv1 leaves 13x13, the pools 6x6 and 2x2
        self.head = nn.Conv2d(8, 10, 3)

    Use instead
    -----------

        self.head = nn.Conv2d(8, 10, 3, padding=1)

    or a larger input, or fewer downsampling steps.

    When not to worry
    -----------------
    Never, if the input size given is the real one: the code does not run. Nothing is reported for sizes that are not
    known, unless none can do.

    References
    ----------
    torch.nn.Conv2d, torch.nn.MaxPool2d, torch.nn.ConvTranspose2d.
    """

    code = "CNN103"
    name = "nonpositive-output-size"
    category = Category.SHAPE
    severity = Severity.ERROR

    bad = (
        Example(
            _DEEP.format(kernel=3),
            (
                (
                    10,
                    (
                        "Conv2d has no room for a window of 3 in 2×2: 32×32 → 13×13 → 6×6 → 2×2; the smallest input is "
                        "35×35"
                    ),
                ),
            ),
            ("3x32x32",),
            "a convolution at the end of three downsampling steps",
        ),
        Example(
            "class Net(nn.Module):\n"
            "    def __init__(self):\n"
            "        super().__init__()\n"
            "        self.body = nn.Sequential(\n"
            "            nn.AvgPool1d(4),\n"
            "            nn.AvgPool1d(8),\n"
            "        )\n\n"
            "    def forward(self, x):\n"
            "        return self.body(x)\n",
            ((6, "AvgPool1d has no room for a window of 8 in 4: 16 → 4; the smallest input is length 32"),),
            ("1x2x16",),
            "a pool over one axis",
        ),
        Example(
            _DEEP.replace("nn.Conv2d(8, 10, {kernel})", "nn.ConvTranspose2d(8, 10, 2, padding={kernel})").format(
                kernel=3
            ),
            (
                (
                    10,
                    (
                        "ConvTranspose2d gives an output of size -3 on axis 2 from 2 (input (2, 2)): 32×32 → 13×13 → "
                        "6×6 → 2×2"
                    ),
                ),
            ),
            ("3x32x32",),
            "a transposed convolution that crops more than it makes",
        ),
    )
    good = (
        Example(
            _DEEP.format(kernel=3).replace(
                "return self.head(x)", "return self.head(x) if min(x.shape[2:]) >= 3 else x.mean((2, 3))"
            ),
            inputs=("3x32x32",),
            why="a branch on the size",
        ),
        Example(_DEEP.format(kernel=3), inputs=("3x35x35",), why="the smallest input that does"),
        Example(_DEEP.format(kernel="3, padding=1"), inputs=("3x32x32",), why="padding makes room"),
        Example(_DEEP.format(kernel=3), why="the input size is not known"),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """Torch's refusals of this kind."""
        for failure in refusals(model):
            if failure.problem.kind is ProblemKind.OUTPUT_SIZE:
                yield self._finding(model, failure)

    def _finding(self, model: ModelGraph, failure: Failure) -> Finding:
        span, other = raising_place(model, failure)
        trail = [times(sizes) for sizes in size_trail(model, failure.node)] if failure.node is not None else []
        least = smallest_input(model, failure.node.output) if failure.node is not None else None
        axes = len(failure.node.inputs[0].shape or ()) - 2 if failure.node is not None and failure.node.inputs else 2
        parts = [": " + " → ".join(trail)] if len(trail) > 1 else []
        parts += [f"; the smallest input is {square(least, axes)}"] if least is not None else []
        return self.finding(
            span,
            f"{failure.type} {_fact(failure, failure.node)}{''.join(parts)}",
            layer=failure.module,
            help="a larger input, padding, or fewer downsampling steps",
            data={
                "window": plain(failure.problem.expected),
                "size": plain(failure.problem.got),
                "sizes": trail,
                "smallest_input": least,
            },
            related=[Related(other, f"{failure.type} belongs to this")] if other is not None else [],
        )


def _fact(failure: Failure, node: Node | None) -> str:
    sizes = sizes_of(node.inputs[0]) if node is not None and node.inputs else None
    if node is None or not sizes or not isinstance(node.op, Convolution | Pooling) or _is_transposed(node):
        return failure.problem.text
    return f"has no room for a window of {plain(failure.problem.expected)} in {times(sizes)}"


def _is_transposed(node: Node) -> bool:
    return isinstance(node.op, Convolution) and node.op.transposed
