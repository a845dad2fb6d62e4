"""CNN303 sigmoid-loss-pairing."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.queries.scripts import decisive, layer_of, losses
from cnnlint.graph.script import LossApplied, ScriptView, Step
from cnnlint.graph.span import Span
from cnnlint.rule import (
    Applicability,
    Category,
    Example,
    Finding,
    Fix,
    Related,
    ReplaceCallee,
    Rule,
    Severity,
)  # fmt: skip

_LOGITS = "binary_cross_entropy_with_logits"
_LAYERS = frozenset({"Dense", "Convolution"})

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.fc = nn.Linear(8, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        x = self.fc(self.conv(x).relu().mean((2, 3)))
        return {result}


def train(loader):
    model = Net()
    criterion = {loss}
    for images, labels in loader:
        loss = criterion({value}, labels)
        loss.backward()
"""


def _net(result: str = "self.sigmoid(x)", loss: str = "nn.BCEWithLogitsLoss()", value: str = "model(images)") -> str:
    return _NET.format(result=result, loss=loss, value=value)


class SigmoidLossPairing(Rule):
    """A binary cross-entropy is given what it does not expect: probabilities for logits, or logits for probabilities.

    What it does
    ------------
    Follows what a model returns to the losses of the file. A sigmoid in front of `BCEWithLogitsLoss` is a warning, a
    layer's bare output in front of `BCELoss` an error, a sigmoid in front of `BCELoss` advice.

    Why it matters
    --------------
    `BCEWithLogitsLoss` applies a sigmoid itself. A sigmoid before it confines the second one to (0.5, 0.731): the loss
    of a positive cannot fall below 0.313 = ln(1 + 1/e), that of a negative below 0.693 = ln 2. `BCELoss` reads
    probabilities and raises "all elements of input should be between 0 and 1" for logits. `BCELoss` on a sigmoid is the
    same function as `BCEWithLogitsLoss` without one, but less exact for large logits, and it raises under autocast on
    CUDA.

    Example
    -------

        return self.sigmoid(self.fc(x))     # and nn.BCEWithLogitsLoss() on it

    Use instead
    -----------

        return self.fc(x)                   # and nn.BCEWithLogitsLoss()

    When not to worry
    -----------------
    A sigmoid that runs only outside training is not reported; nor is `BCELoss` on anything but a bare layer's output:
    mixtures and products of probabilities are left alone. The advice may be ignored where autocast is never used.

    References
    ----------
    torch.nn.BCEWithLogitsLoss ("more numerically stable"), torch.nn.BCELoss;
    https://github.com/pytorch/pytorch/issues/61098.
    """

    code = "CNN303"
    name = "sigmoid-loss-pairing"
    category = Category.HEAD
    severity = Severity.WARNING

    bad = (
        Example(
            _net(),
            ((10, ("sigmoid before binary_cross_entropy_with_logits confines it to (0.5, 0.731): the loss cannot fall "
              "below 0.313 for a positive, 0.693 for a negative")),),
            why="two sigmoids",
        ),
        Example(
            _net(result="x", loss="nn.BCELoss()"),
            ((17, "binary_cross_entropy is given logits and raises: all elements of input should be between 0 and 1"),),
            why="no sigmoid",
        ),
        Example(
            _net(loss="nn.BCELoss()"),
            ((17, ("sigmoid and binary_cross_entropy are less stable apart than binary_cross_entropy_with_logits, and "
              "raise under CUDA autocast")),),
            why="a sigmoid and BCELoss",
        ),
        Example(
            _net(result="x", value="model(images).sigmoid().squeeze(1)"),
            ((17, ("sigmoid before binary_cross_entropy_with_logits confines it to (0.5, 0.731): the loss cannot fall "
              "below 0.313 for a positive, 0.693 for a negative")),),
            why="two sigmoids, one in the training loop",
        ),
    )  # fmt: skip
    good = (
        Example(_net(result="x"), why="logits"),
        Example(_net(result="x if self.training else self.sigmoid(x)"), why="outside training only"),
        Example(
            _net(result="1 - (1 - self.sigmoid(x)) * (1 - self.sigmoid(-x))", loss="nn.BCELoss()"),
            why="a noisy or of probabilities",
        ),
        Example(_net(result="x.clamp(0, 1)", loss="nn.BCELoss()"), why="kept between 0 and 1"),
    )

    def check_script(self, script: ScriptView) -> Iterator[Finding]:
        """One finding for each loss."""
        for loss in losses(script):
            step = decisive(loss)
            if loss.loss == _LOGITS and step is not None and step.name == "sigmoid":
                yield self._twice(script, loss, step)
            elif loss.loss == "binary_cross_entropy" and step is not None and step.name == "sigmoid":
                text = (
                    f"sigmoid and binary_cross_entropy are less stable apart than {_LOGITS}, "
                    "and raise under CUDA autocast"
                )
                yield self._finding(loss.span, loss, text, step.span, Severity.ADVICE)
            elif loss.loss == "binary_cross_entropy" and step is None and loss.last and loss.last.kind in _LAYERS:
                text = (
                    "binary_cross_entropy is given logits and raises: all elements of input should be between 0 and 1"
                )
                yield self._finding(loss.span, loss, text, loss.last.span, Severity.ERROR)

    def _twice(self, script: ScriptView, loss: LossApplied, step: Step) -> Finding:
        here = step.span.path == script.path
        place, other = (step.span, loss.span) if here else (loss.span, step.span)
        layer = layer_of(loss, step)
        fix = None
        if layer is not None and layer.built_at is not None:
            fix = Fix((ReplaceCallee(layer.built_at, ".Identity"),), Applicability.UNSAFE)
        text = (
            f"sigmoid before {_LOGITS} confines it to (0.5, 0.731): "
            "the loss cannot fall below 0.313 for a positive, 0.693 for a negative"
        )
        return self._finding(place, loss, text, other, fix=fix)

    def _finding(
        self, place: Span, loss: LossApplied, text: str, other: Span, severity: Severity | None = None,
        fix: Fix | None = None,
    ) -> Finding:  # fmt: skip
        return self.finding(
            place,
            text,
            severity=severity,
            help="BCEWithLogitsLoss on the logits, without a sigmoid",
            data={"loss": loss.loss},
            related=[Related(other, "the other half of the pair")],
            fix=fix,
        )
