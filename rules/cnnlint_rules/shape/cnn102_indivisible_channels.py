"""CNN102 indivisible-channels."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import Failure, ModelGraph, Problem, ProblemKind
from cnnlint.graph.queries.places import raising_place, refusal, refusals
from cnnlint.graph.wording import plain
from cnnlint.rule import Category, Example, Finding, Related, Rule, Severity

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = {layer}

    def forward(self, x):
        return self.layer(x)
"""


class IndivisibleChannels(Rule):
    """A number of channels or pixels is not a multiple of what it is divided into.

    What it does
    ------------
    Reports grouped convolutions whose `in_channels` or `out_channels` is no multiple of `groups`, group norm with
    channels that its groups do not divide, pixel shuffle with channels that are no multiple of `r²`, pixel unshuffle
    of a map whose sides are no multiple of `r`, channel shuffle, attention heads, and splits into equal parts.

    Why it matters
    --------------
    Each group takes `C/G` channels, a whole number. Torch refuses the rest: convolutions and group norm when they are
    built ("in_channels must be divisible by groups", torch.nn.Conv2d), shuffles when they are called.

    Example
    -------

        nn.GroupNorm(32, 80)

    Use instead
    -----------

        nn.GroupNorm(16, 80)

    When not to worry
    -----------------
    Never: the code does not run. Nothing is reported while one of the numbers is not known.

    References
    ----------
    torch.nn.Conv2d ("in_channels and out_channels must both be divisible by groups"), torch.nn.GroupNorm,
    torch.nn.PixelShuffle.
    """

    code = "CNN102"
    name = "indivisible-channels"
    category = Category.SHAPE
    severity = Severity.ERROR

    bad = (
        Example(
            _NET.format(layer="nn.Conv2d(10, 16, 3, groups=4)"),
            ((4, "Conv2d needs in_channels divisible by groups (4), gets 10: remainder 2, nearest 8 and 12"),),
            why="a grouped convolution",
        ),
        Example(
            _NET.format(layer="nn.GroupNorm(32, 80)"),
            (
                (
                    4,
                    (
                        "GroupNorm needs num_channels divisible by num_groups (32), gets 80: remainder 16, "
                        "nearest 64 and 96"
                    ),
                ),
            ),
            why="group norm",
        ),
        Example(
            _NET.format(layer="nn.Sequential(nn.Conv2d(3, 10, 3), nn.PixelShuffle(2))"),
            (
                (
                    4,
                    (
                        "PixelShuffle needs the number of channels divisible by upscale_factor squared (4), gets 10: "
                        "remainder 2, nearest 8 and 12"
                    ),
                ),
            ),
            why="pixel shuffle, refused when it is called",
        ),
        Example(
            _NET.format(layer="nn.Conv2d(4, 10, 3, groups=4)"),
            ((4, "Conv2d needs out_channels divisible by groups (4), gets 10: remainder 2, nearest 8 and 12"),),
            why="output channels of a grouped convolution",
        ),
        Example(
            _NET.format(layer="nn.Sequential(nn.Conv2d(3, 10, 3), nn.ChannelShuffle(4))"),
            (
                (
                    4,
                    (
                        "ChannelShuffle needs the number of channels divisible by groups (4), gets 10: remainder 2, "
                        "nearest 8 and 12"
                    ),
                ),
            ),
            why="channel shuffle",
        ),
        Example(
            _NET.format(layer="nn.PixelUnshuffle(4)"),
            (
                (
                    7,
                    (
                        "PixelUnshuffle needs the height divisible by downscale_factor (4), gets 30: remainder 2, "
                        "nearest 28 and 32"
                    ),
                ),
            ),
            ("3x30x32",),
            "pixel unshuffle of a map whose height does not fit",
        ),
    )
    good = (
        Example(_NET.format(layer="nn.GroupNorm(16, 80)"), inputs=("80x4x4",), why="16 groups of 5"),
        Example(_NET.format(layer="nn.Conv2d(12, 16, 3, groups=4)"), why="both are multiples"),
        Example(_NET.format(layer="nn.PixelUnshuffle(4)"), why="an input size that is not known"),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """Torch's refusals of this kind."""
        for failure in refusals(model):
            if failure.problem.kind is ProblemKind.INDIVISIBLE:
                yield self._finding(model, failure)

    def _finding(self, model: ModelGraph, failure: Failure) -> Finding:
        span, other = raising_place(model, failure)
        problem = failure.problem
        return self.finding(
            span,
            f"{refusal(failure)}{_nearest(problem)}",
            layer=failure.module,
            data={"divisor": plain(problem.expected), "value": plain(problem.got)},
            related=[Related(other, f"{failure.type} belongs to this")] if other is not None else [],
        )


def _nearest(problem: Problem) -> str:
    value, divisor = problem.got, problem.expected
    if not isinstance(value, int) or not isinstance(divisor, int) or divisor < 1:
        return ""
    below, rest = value // divisor * divisor, value % divisor
    nearest = f"{below} and {below + divisor}" if below else f"{divisor}"
    return f": remainder {rest}, nearest {nearest}"
