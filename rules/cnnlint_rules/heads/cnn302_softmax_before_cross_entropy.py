"""CNN302 softmax-before-cross-entropy."""

from __future__ import annotations

import math
from collections.abc import Iterator
from math import e, log

from cnnlint.graph.queries.scripts import decisive, losses, places
from cnnlint.graph.script import LossApplied, ScriptView, Step
from cnnlint.rule import Applicability, Category, Example, Finding, Fix, Related, Rule, Severity
from cnnlint_rules.heads.removal import without

_NET = """\
class Net(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.fc = nn.Linear(8, classes)
        self.softmax = {layer}

    def forward(self, x):
        x = self.fc(self.conv(x).relu().mean((2, 3)))
        return {result}


def train(loader):
    model = Net({classes})
    criterion = {loss}
    for images, labels in loader:
        loss = criterion({value}, labels)
        loss.backward()
"""


def _net(
    layer: str = "nn.Softmax(dim=1)",
    result: str = "self.softmax(x)",
    loss: str = "nn.CrossEntropyLoss()",
    value: str = "model(images)",
    classes: str = "",
) -> str:
    return _NET.format(layer=layer, result=result, loss=loss, value=value, classes=classes)


class SoftmaxBeforeCrossEntropy(Rule):
    """What goes into a cross-entropy has already been through a softmax.

    What it does
    ------------
    Follows what a model returns to the losses of the file: a softmax over the classes in front of cross-entropy or of
    `nll_loss`, and a log-softmax in front of cross-entropy (as advice).

    Why it matters
    --------------
    Cross-entropy applies log-softmax itself, so it must be given logits. Probabilities lie between 0 and 1; of K
    classes the best they can say is 1 for the right one, and the loss of that is ln(e + K - 1) - 1: 1.461 for 10
    classes, 3.622 for 100, 5.909 for 1,000. It never comes near 0 and its gradient is small. `nll_loss` of
    probabilities is their mean with a minus, between -1 and 0. A log-softmax is harmless (it changes nothing the second
    time) and redundant.

    Example
    -------

        return self.softmax(self.fc(x))     # and nn.CrossEntropyLoss() on it

    Use instead
    -----------

        return self.fc(x)                   # softmax where probabilities are wanted

    When not to worry
    -----------------
    A softmax that runs only outside training, in a method for prediction, in attention, or on the targets is not
    reported; nor is one in front of `kl_div`.

    References
    ----------
    torch.nn.CrossEntropyLoss ("unnormalized logits"); https://discuss.pytorch.org/t/43814.
    """

    code = "CNN302"
    name = "softmax-before-cross-entropy"
    category = Category.HEAD
    severity = Severity.WARNING
    numbers = {"5.909": log(e + 1000 - 1) - 1, "1,000": 1000}

    bad = (
        Example(
            _net(),
            ((10, "softmax before cross_entropy: the loss of 10 classes cannot fall below 1.461"),),
            why="a layer of the model",
        ),
        Example(
            _net(layer="nn.Identity()", result="x", value="torch.softmax(model(images), dim=1)", classes="100"),
            ((17, "softmax before cross_entropy: the loss of 100 classes cannot fall below 3.622"),),
            why="in the training loop",
        ),
        Example(
            _net(layer="nn.LogSoftmax(dim=1)"),
            ((10, "log_softmax before cross_entropy is redundant: the loss applies it itself"),),
            why="log-softmax",
        ),
        Example(
            _net(loss="nn.NLLLoss()"),
            ((10, "nll_loss reads log-probabilities: after softmax it lies between -1 and 0"),),
            why="softmax and nll_loss",
        ),
        Example(
            _net(layer="nn.Identity()", result="torch.softmax(x, dim=-1)", loss="torch.nn.functional.cross_entropy"),
            ((10, "softmax before cross_entropy: the loss of 10 classes cannot fall below 1.461"),),
            why="functions",
        ),
    )
    good = (
        Example(_net(layer="nn.Identity()", result="x"), why="logits"),
        Example(_net(layer="nn.LogSoftmax(dim=1)", loss="nn.NLLLoss()"), why="the pair that belongs together"),
        Example(_net(result="x if self.training else self.softmax(x)"), why="outside training only"),
        Example(
            _net(result="x") + "\n\ndef predict(model: Net, images):\n    return torch.softmax(model(images), dim=1)\n",
            why="a function for prediction",
        ),
        Example(
            _net(
                result="(x[:, None] @ self.softmax(x[:, :, None] @ x[:, None])).squeeze(1)", layer="nn.Softmax(dim=-1)"
            ),
            why="attention",
        ),
        Example(_net(result="x").replace(", labels)", ", torch.softmax(labels, dim=1))"), why="softmaxed targets"),
        Example(_net(layer="nn.LogSoftmax(dim=1)", loss="nn.KLDivLoss()"), why="distillation"),
    )

    def check_script(self, script: ScriptView) -> Iterator[Finding]:
        """One finding for each loss."""
        for loss in losses(script):
            step = decisive(loss)
            if step is None or step.name not in ("softmax", "log_softmax") or not _over_classes(step):
                continue
            if loss.loss == "cross_entropy" and step.name == "log_softmax":
                text = "log_softmax before cross_entropy is redundant: the loss applies it itself"
                yield self._finding(script, loss, step, text, Severity.ADVICE)
            elif loss.loss == "cross_entropy":
                yield self._finding(script, loss, step, f"softmax before cross_entropy: {_floor(step)}")
            elif loss.loss == "nll_loss" and step.name == "softmax":
                text = "nll_loss reads log-probabilities: after softmax it lies between -1 and 0"
                yield self._finding(script, loss, step, text)

    def _finding(
        self, script: ScriptView, loss: LossApplied, step: Step, text: str, severity: Severity | None = None
    ) -> Finding:
        place, other, what = places(script, loss, step)
        edits = without(loss, step) if loss.loss == "cross_entropy" else ()
        return self.finding(
            place,
            text,
            severity=severity,
            layer=step.layer,
            help="return the logits; apply softmax where probabilities are wanted",
            data={"loss": loss.loss, "classes": step.size if isinstance(step.size, int) else None},
            related=[Related(other, what)],
            fix=Fix(edits, Applicability.UNSAFE) if edits else None,
        )


def _over_classes(step: Step) -> bool:
    """Axis 1, or the last of two."""
    if step.dim is None:
        return False
    rank = len(step.shape) if step.shape is not None else None
    return step.dim == 1 or (step.dim == -1 and rank in (2, None)) or (rank is not None and step.dim == 1 - rank)


def _floor(step: Step) -> str:
    if not isinstance(step.size, int) or step.size < 2:
        return "the loss applies softmax itself and cannot come near 0"
    return f"the loss of {step.size:,} classes cannot fall below {math.log(math.e + step.size - 1) - 1:.3f}"
