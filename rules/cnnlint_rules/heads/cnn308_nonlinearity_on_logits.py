"""CNN308 nonlinearity-on-logits."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp

from cnnlint.graph.queries.scripts import decisive, losses, places
from cnnlint.graph.script import LossApplied, ScriptView, Step
from cnnlint.rule import Applicability, Category, Example, Finding, Fix, Related, Rule, Severity
from cnnlint_rules.heads.removal import without

_LOSSES = frozenset({"cross_entropy", "binary_cross_entropy_with_logits"})
_SAYS = {
    "relu": "makes every logit at least 0, and logits below 0 get no gradient",
    "relu6": "confines every logit to [0, 6], and logits outside get no gradient",
    "dropout": "sets class scores to 0 at random",
    "batch_norm": "centres each class score over the batch",
}

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.fc = nn.Linear(8, 10)
        self.extra = {layer}

    def forward(self, x):
        x = self.conv(x).relu().mean((2, 3))
        return {result}


def train(loader):
    model = Net()
    criterion = {loss}
    for images, labels in loader:
        loss = criterion(model(images), labels)
        loss.backward()
"""


def _net(layer: str = "nn.ReLU()", result: str = "self.extra(self.fc(x))", loss: str = "nn.CrossEntropyLoss()") -> str:
    return _NET.format(layer=layer, result=result, loss=loss)


class NonlinearityOnLogits(Rule):
    """A ReLU, dropout or batch normalisation stands between the last layer and the loss.

    What it does
    ------------
    Follows what a model returns to cross-entropy and `BCEWithLogitsLoss`: the last thing that changes values must be
    the last linear or convolutional layer.

    Why it matters
    --------------
    These losses read logits, any real numbers. Behind a ReLU a logit cannot be negative, so a binary probability cannot
    fall below sigmoid(0) = 0.5, and a score below 0 gets no gradient to move it. Dropout sets scores of classes to 0
    and scales the others. Batch normalisation ties each score to the other samples of the batch.

    Example
    -------

        return self.relu(self.fc(x))        # and nn.CrossEntropyLoss()

    Use instead
    -----------

        return self.fc(x)

    When not to worry
    -----------------
    Dropout before the last layer belongs there. Regression of positive values may end in a ReLU: other losses are not
    looked at. Maps that are averaged after a ReLU, as in Network in Network and SqueezeNet, are left alone.

    References
    ----------
    torch.nn.CrossEntropyLoss ("unnormalized logits"); torch.nn.BCEWithLogitsLoss.
    """

    code = "CNN308"
    name = "nonlinearity-on-logits"
    category = Category.HEAD
    severity = Severity.WARNING
    numbers = {"0.5": 1 / (1 + exp(0))}

    bad = (
        Example(
            _net(),
            ((10, ("relu between the last layer and cross_entropy makes every logit at least 0, and logits below 0 get "
              "no gradient")),),
            why="ReLU",
        ),
        Example(
            _net(layer="nn.Dropout(0.5)", loss="nn.BCEWithLogitsLoss()"),
            ((10, ("dropout between the last layer and binary_cross_entropy_with_logits sets class scores to 0 at "
              "random")),),
            why="dropout",
        ),
        Example(
            _net(layer="nn.BatchNorm1d(10)"),
            ((10, "batch_norm between the last layer and cross_entropy centres each class score over the batch"),),
            why="batch normalisation",
        ),
        Example(
            _net(result="torch.relu(self.fc(x))"),
            ((10, ("relu between the last layer and cross_entropy makes every logit at least 0, and logits below 0 get "
              "no gradient")),),
            why="a function",
        ),
        Example(
            _net(layer="nn.ReLU6()"),
            ((10, ("relu6 between the last layer and cross_entropy confines every logit to [0, 6], and logits outside "
              "get no gradient")),),
            why="ReLU6",
        ),
    )  # fmt: skip
    good = (
        Example(_net(layer="nn.Dropout(0.5)", result="self.fc(self.extra(x))"), why="dropout before the last layer"),
        Example(_net(loss="nn.MSELoss()"), why="regression of positive values"),
        Example(_net().partition("\n\ndef")[0] + "\n", why="the loss is not known"),
        Example(
            _net(layer="nn.Conv2d(3, 10, 1)", result="torch.relu(self.extra(x.new_zeros(2, 3, 4, 4))).mean((2, 3))"),
            why="class maps averaged after a ReLU",
        ),
    )

    def check_script(self, script: ScriptView) -> Iterator[Finding]:
        """One finding for each loss."""
        for loss in losses(script):
            step = decisive(loss)
            if loss.loss in _LOSSES and loss.last is not None and step is not None and step.name in _SAYS:
                yield self._finding(script, loss, step)

    def _finding(self, script: ScriptView, loss: LossApplied, step: Step) -> Finding:
        place, other, what = places(script, loss, step)
        edits = without(loss, step)
        return self.finding(
            place,
            f"{step.name} between the last layer and {loss.loss} {_SAYS[step.name]}",
            layer=step.layer,
            help="give the loss what the last layer returns",
            data={"loss": loss.loss, "operation": step.name},
            related=[Related(other, what)],
            fix=Fix(edits, Applicability.UNSAFE) if edits else None,
        )
