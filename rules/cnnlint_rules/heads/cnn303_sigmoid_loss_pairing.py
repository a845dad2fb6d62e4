"""CNN303 sigmoid-loss-pairing."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.queries.scripts import decisive, losses, places
from cnnlint.graph.script import LossApplied, ScriptView
from cnnlint.graph.span import Span
from cnnlint.rule import (
    Applicability,
    Category,
    Edit,
    Example,
    Finding,
    Fix,
    Related,
    ReplaceCallee,
    Rule,
    Severity,
)  # fmt: skip
from cnnlint_rules.heads.removal import without

_LOGITS = "binary_cross_entropy_with_logits"
_LAYERS = frozenset({"Dense", "Convolution"})
_TWICE = (
    f"sigmoid before {_LOGITS} confines it to (0.5, 0.731): the loss cannot fall below 0.313 for a positive, 0.693 for "
    "a negative"
)
_BARE = "binary_cross_entropy is given logits and raises: all elements of input should be between 0 and 1"
_APART = f"sigmoid and binary_cross_entropy are less stable apart than {_LOGITS}, and raise under CUDA autocast"

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
            _net(result="x", loss="torch.nn.functional.binary_cross_entropy"),
            ((17, "binary_cross_entropy is given logits and raises: all elements of input should be between 0 and 1"),),
            why="no sigmoid, and the function",
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
            if step is not None and step.name == "sigmoid" and loss.loss == _LOGITS:
                place, other, what = places(script, loss, step)
                yield self._finding(place, loss, _TWICE, Related(other, what), None, without(loss, step))
            elif step is not None and step.name == "sigmoid" and loss.loss == "binary_cross_entropy":
                removed, taken = without(loss, step), _logits_loss(loss)
                edits = (*removed, *taken) if removed and taken else ()
                related = Related(step.span, "sigmoid is applied here")
                yield self._finding(loss.span, loss, _APART, related, Severity.ADVICE, edits)
            elif step is None and loss.loss == "binary_cross_entropy" and loss.last and loss.last.kind in _LAYERS:
                related = Related(loss.last.span, "the logits come from here")
                yield self._finding(loss.span, loss, _BARE, related, Severity.ERROR, _logits_loss(loss))

    def _finding(
        self, place: Span, loss: LossApplied, text: str, related: Related, severity: Severity | None,
        edits: tuple[Edit, ...],
    ) -> Finding:  # fmt: skip
        return self.finding(
            place,
            text,
            severity=severity,
            help="BCEWithLogitsLoss on the logits, without a sigmoid",
            data={"loss": loss.loss},
            related=[related],
            fix=Fix(edits, Applicability.UNSAFE) if edits else None,
        )


def _logits_loss(loss: LossApplied) -> tuple[Edit, ...]:
    """The loss of logits in place of that of probabilities."""
    if loss.callee is None:
        return ()
    return (ReplaceCallee(loss.callee, f".{_LOGITS}" if loss.functional else ".BCEWithLogitsLoss"),)
