"""CNN109 invalid-layer-arguments."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import Failure, ModelGraph, ProblemKind
from cnnlint.graph.operations import Normalisation
from cnnlint.graph.queries.places import own_layer, raising_place, refusal, refusals
from cnnlint.graph.wording import plain
from cnnlint.rule import Applicability, Category, Example, Finding, Fix, Related, RemoveArgument, Rule, Severity

_KINDS = frozenset({ProblemKind.ARGUMENT, ProblemKind.SIGNATURE, ProblemKind.INDEX})

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = {layer}

    def forward(self, x):
        return {result}
"""


class InvalidLayerArguments(Rule):
    """A layer or function is given arguments that torch does not accept.

    What it does
    ------------
    Reports values that torch refuses when a layer is built or called: pool padding above half the kernel,
    `output_padding` not below stride or dilation, `align_corners` with a mode that does not interpolate, an
    interpolation mode for another number of axes, channel counts that are not positive integers (`c / 2` where
    `c // 2` was meant), arguments that are missing or unknown, axes and positions that do not exist.

    Why it matters
    --------------
    The construction or call raises: "pad should be at most half of effective kernel size", "output padding must be
    smaller than either stride or dilation", "align_corners option can only be set with the interpolating modes"
    (torch.nn.MaxPool2d, torch.nn.ConvTranspose2d, torch.nn.functional.interpolate).

    Example
    -------

        nn.ConvTranspose2d(64, 32, 3, stride=2, output_padding=2)

    Use instead
    -----------

        nn.ConvTranspose2d(64, 32, 3, stride=2, padding=1, output_padding=1)

    When not to worry
    -----------------
    Never: the code does not run. Nothing is reported while an argument is not known.

    References
    ----------
    torch.nn and torch.nn.functional: the documentation of the layer or function that the message names.
    """

    code = "CNN109"
    name = "invalid-layer-arguments"
    category = Category.SHAPE
    severity = Severity.ERROR

    bad = (
        Example(
            _NET.format(layer="nn.MaxPool2d(2, padding=2)", result="self.layer(x)"),
            ((7, "MaxPool2d pads 2, which is more than half the kernel of 2"),),
            ("3x32x32",),
            "pool padding above half the kernel",
        ),
        Example(
            _NET.format(layer="nn.ConvTranspose2d(3, 8, 3, 2, output_padding=2)", result="self.layer(x)"),
            ((7, "ConvTranspose2d needs output_padding below stride or dilation, gets 2"),),
            why="output padding as large as the stride",
        ),
        Example(
            _NET.format(
                layer='nn.Upsample(scale_factor=2, mode="nearest", align_corners=True)', result="self.layer(x)"
            ),
            ((7, "Upsample takes align_corners with an interpolating mode only, not with mode 'nearest'"),),
            ("3x8x8",),
            "align_corners with nearest",
        ),
        Example(
            _NET.format(layer="nn.Conv2d(3, 9 / 2, 3)", result="self.layer(x)"),
            ((4, "Conv2d out_channels must be an integer, gets 4.5"),),
            why="channels that are no integer",
        ),
        Example(
            _NET.format(layer="nn.Conv2d(3, 0, 3)", result="self.layer(x)"),
            ((7, "Conv2d out_channels must be at least 1, gets 0"),),
            why="no channels at all",
        ),
        Example(
            _NET.format(layer="nn.Upsample(None, 2, 'area', False)", result="self.layer(x)"),
            ((7, "Upsample takes align_corners with an interpolating mode only, not with mode 'area'"),),
            ("3x8x8",),
            "align_corners with area, by position",
        ),
        Example(
            _NET.format(layer="nn.Upsample(scale_factor=2, mode='trilinear')", result="self.layer(x)"),
            ((7, "Upsample cannot resize a tensor with 4 axes with mode 'trilinear'"),),
            ("3x8x8",),
            "a mode for another number of axes",
        ),
        Example(
            _NET.format(layer="nn.ReLU()", result="nn.functional.interpolate(x, None, 2, 'nearest', True)"),
            ((7, "interpolate takes align_corners with an interpolating mode only, not with mode 'nearest'"),),
            ("3x8x8",),
            "the function",
        ),
    )
    good = (
        Example(_NET.format(layer="nn.MaxPool2d(3, padding=1)", result="self.layer(x)"), why="half the kernel"),
        Example(
            _NET.format(layer="nn.ConvTranspose2d(3, 8, 3, 2, 1, output_padding=1)", result="self.layer(x)"),
            why="output padding below the stride",
        ),
        Example(
            _NET.format(
                layer="nn.Upsample(scale_factor=2, mode='bilinear', align_corners=True)", result="self.layer(x)"
            ),
            inputs=("3x8x8",),
            why="align_corners with an interpolating mode",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """Torch's refusals of these kinds."""
        for failure in refusals(model):
            if failure.problem.kind in _KINDS and not _is_about_statistics(failure):
                yield self._finding(model, failure)

    def _finding(self, model: ModelGraph, failure: Failure) -> Finding:
        span, other = raising_place(model, failure)
        problem = failure.problem
        return self.finding(
            span,
            refusal(failure),
            layer=failure.module,
            data={"expected": plain(problem.expected), "got": plain(problem.got)},
            related=[Related(other, f"{failure.type} belongs to this")] if other is not None else [],
            fix=_without_corners(failure),
        )


def _is_about_statistics(failure: Failure) -> bool:
    """Whether a normalisation misses values to take statistics of, which is CNN608's."""
    return failure.node is not None and isinstance(failure.node.op, Normalisation)


def _without_corners(failure: Failure) -> Fix | None:
    if "takes align_corners" not in failure.problem.text or failure.node is None:
        return None
    layer = own_layer(failure.node)
    place, position = (layer.built_at, 3) if layer is not None and layer.built_at is not None else (failure.span, 4)
    return Fix((RemoveArgument(place, "align_corners", position),), Applicability.SAFE)
