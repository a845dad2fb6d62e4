"""CNN106 same-padding-strided."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import Failure, ModelGraph, Module, ProblemKind
from cnnlint.graph.operations import Convolution
from cnnlint.graph.queries.layers import argument_position
from cnnlint.graph.queries.places import own_layer, raising_place, refusal, refusals
from cnnlint.graph.wording import plain
from cnnlint.rule import Applicability, Category, Example, Finding, Fix, Related, Rule, SetArgument, Severity

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = {conv}

    def forward(self, x):
        return self.conv(x)
"""


class SamePaddingStrided(Rule):
    """`padding='same'` stands on a convolution with a stride, or on a transposed convolution.

    What it does
    ------------
    Reports convolutions with `padding='same'` and a stride other than 1, and transposed convolutions whose padding is
    a word.

    Why it matters
    --------------
    Torch pads `d(K-1)` pixels for `'same'`, which keeps the size only at stride 1, and refuses the rest: a layer with
    a `ValueError` when it is built, `F.conv2d` with a `RuntimeError`. A transposed convolution is built without
    complaint and holds `('s', 'a', 'm', 'e')`; its first call raises a `TypeError`. For an odd kernel
    `padding = d(K-1)/2` gives `ceil(W/S)` (torch.nn.Conv2d).

    Example
    -------

        nn.Conv2d(64, 128, 3, stride=2, padding="same")

    Use instead
    -----------

        nn.Conv2d(64, 128, 3, stride=2, padding=1)

    When not to worry
    -----------------
    Never: the code does not run. TensorFlow's SAME pads the right and bottom more where the total is odd, so weights
    ported from there see a map that is shifted by a pixel with symmetric padding; `F.pad` before the convolution gives
    the same values.

    References
    ----------
    torch.nn.Conv2d; pytorch issues 67551, 3867 and 95123.
    """

    code = "CNN106"
    name = "same-padding-strided"
    category = Category.SHAPE
    severity = Severity.ERROR

    bad = (
        Example(
            _NET.format(conv='nn.Conv2d(3, 8, 3, stride=2, padding="same")'),
            (
                (
                    4,
                    ("Conv2d cannot combine padding='same' with stride (2, 2); padding=1 gives ceil(W/2)"),
                ),
            ),
            why="a layer, refused when it is built",
        ),
        Example(
            _NET.format(conv='nn.Conv2d(3, 8, (3, 5), 2, "same", dilation=2)'),
            (
                (
                    4,
                    ("Conv2d cannot combine padding='same' with stride (2, 2); padding=(2, 4) gives ceil(W/2)"),
                ),
            ),
            why="two kernel sizes and a dilation",
        ),
        Example(
            _NET.format(conv='nn.ConvTranspose2d(3, 8, 2, stride=2, padding="same")'),
            ((7, "ConvTranspose2d needs padding in pixels: a transposed convolution does not know 'same'"),),
            why="a transposed convolution, refused when it is called",
        ),
    )
    good = (
        Example(_NET.format(conv='nn.Conv2d(3, 8, 3, padding="same")'), why="stride 1"),
        Example(_NET.format(conv="nn.Conv2d(3, 8, 3, stride=2, padding=1)"), why="padding in pixels"),
        Example(_NET.format(conv='nn.Conv2d(3, 8, 3, stride=2, padding="valid")'), why="'valid' takes any stride"),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """Torch's refusals of this kind."""
        for failure in refusals(model):
            if failure.problem.kind is ProblemKind.SAME_PADDING:
                yield self._finding(model, failure)

    def _finding(self, model: ModelGraph, failure: Failure) -> Finding:
        op, module = _convolution(model, failure)
        padding = _padding(op) if op is not None else None
        span, other = raising_place(model, failure)
        remedy = f"; padding={padding} gives {_result(op)}" if op is not None and padding is not None else ""
        return self.finding(
            span,
            f"{refusal(failure)}{remedy}",
            layer=failure.module,
            help=f"padding={padding}" if padding is not None else "",
            data={"stride": plain(failure.problem.got), "padding": padding},
            related=[Related(other, f"{failure.type} is built here")] if other is not None else [],
            fix=_with_padding(module, padding),
        )


def _convolution(model: ModelGraph, failure: Failure) -> tuple[Convolution | None, Module | None]:
    """The refused convolution and the layer that it belongs to, as far as they are known."""
    if failure.node is not None:
        op, module = failure.node.op, own_layer(failure.node)
        return (op if isinstance(op, Convolution) else None), module
    if not failure.module:
        return None, None
    for node in model.nodes:
        if node.module.name == failure.module and isinstance(node.op, Convolution):
            return node.op, node.module
    return None, model.modules.get(failure.module)


def _padding(op: Convolution) -> str | None:
    """The padding that gives ``ceil(W/S)``, as source: one number where the axes agree."""
    pixels = []
    for kernel, dilation in zip(op.kernel_size, op.dilation, strict=True):
        if not isinstance(kernel, int) or not isinstance(dilation, int) or kernel % 2 == 0 or op.transposed:
            return None
        pixels.append(dilation * (kernel - 1) // 2)
    return str(pixels[0]) if len(set(pixels)) == 1 else str(tuple(pixels))


def _result(op: Convolution) -> str:
    steps = {str(plain(stride)) for stride in op.stride}
    return f"ceil(W/{steps.pop()})" if len(steps) == 1 else "ceil(W/S)"


def _with_padding(module: Module | None, padding: str | None) -> Fix | None:
    if module is None or module.built_at is None or padding is None or not module.builtin:
        return None
    position = argument_position(module, "padding")
    return Fix((SetArgument(module.built_at, "padding", padding, position),), Applicability.UNSAFE)
