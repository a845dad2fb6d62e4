"""CNN904 trainable-params-not-in-optimizer."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.queries.scripts import Held, count, listed, model_of, optimizers, parts, trained
from cnnlint.graph.script import ParameterRef, ScriptView
from cnnlint.graph.wording import number, plain
from cnnlint.rule import Category, Example, Finding, Rule, Severity

_START = """\
import torch
from torch import nn
from torchvision import models

model = models.resnet50(weights="DEFAULT")
model.fc = nn.Linear(model.fc.in_features, 5)
"""
_STAGES = """\
optimizer = torch.optim.AdamW([
    {"params": model.layer1.parameters(), "lr": 1e-5},
    {"params": model.layer2.parameters(), "lr": 5e-5},
    {"params": model.layer3.parameters(), "lr": 1e-4},
    {"params": model.layer4.parameters(), "lr": 5e-4},
    {"params": model.fc.parameters(), "lr": 1e-3},
])
"""
_REST = '{"params": [*model.conv1.parameters(), *model.bn1.parameters()], "lr": 1e-5}'


class TrainableParamsNotInOptimizer(Rule):
    """Parameter groups that list a model's parts leave one out.

    What it does
    ------------
    Where an optimizer is given two or more groups of one model's parameters, all of them known, finds the trainable
    parameters that no group holds.

    Why it matters
    --------------
    What is in no group is never updated, though its gradient is computed and kept: here nobody decided to freeze it.
    The five groups of the usual ResNet-50 recipe (layer1 to layer4, fc) leave out conv1 and bn1, 9,408 + 128 = 9,536
    parameters.

    Example
    -------

        torch.optim.AdamW([{"params": m.layer1.parameters()}, ..., {"params": m.fc.parameters()}])

    Use instead
    -----------

        stem = [*m.conv1.parameters(), *m.bn1.parameters()]
        torch.optim.AdamW([{"params": stem}, {"params": m.layer1.parameters()}, ...])

    When not to worry
    -----------------
    Where the rest is frozen, where a second optimizer or `add_param_group` takes it, and for models of which a part is
    not known, nothing is reported; nor for an optimizer with a single group, which often trains only a head on purpose.

    References
    ----------
    torch.optim ("per-parameter options"); a case: https://github.com/zjunlp/HVPNeT/issues/5.
    """

    code = "CNN904"
    name = "trainable-params-not-in-optimizer"
    category = Category.TRANSFER
    severity = Severity.WARNING
    numbers = {"9,408": 64 * 3 * 7 * 7, "128": 2 * 64}

    bad = (
        Example(
            _START + _STAGES,
            ((7, "the groups leave out conv1 and bn1: 9,536 trainable parameters are never updated"),),
            why="the stem is forgotten",
        ),
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d(3, 8, 3)
        self.neck = nn.Conv2d(8, 8, 1)
        self.head = nn.Linear(8, 10)


def main():
    net = Net()
    return torch.optim.SGD([{"params": net.body.parameters()}, {"params": net.head.parameters(), "lr": 0.1}], lr=0.01)
""",
            ((11, "the groups leave out neck: 72 trainable parameters are never updated"),),
            why="the neck is forgotten",
        ),
    )
    good = (
        Example(_START + _STAGES.replace("[\n", f"[\n    {_REST},\n"), why="every part has a group"),
        Example(
            _START + "for p in [*model.conv1.parameters(), *model.bn1.parameters()]:\n    p.requires_grad = False\n"
            + _STAGES,
            why="the rest is frozen",
        ),
        Example(_START + _STAGES + f"optimizer.add_param_group({_REST})\n", why="a group added later"),
        Example(
            _START
            + _STAGES
            + "stem = torch.optim.SGD([*model.conv1.parameters(), *model.bn1.parameters()], lr=1e-4)\n",
            why="a second optimizer",
        ),
        Example(_START + "optimizer = torch.optim.SGD(model.fc.parameters(), lr=1e-3)\n", why="only the head"),
        Example(
            _START.replace("models.resnet50(", "models.load_my_own(") + _STAGES,
            why="a model that is not known",
        ),
    )  # fmt: skip

    def check_script(self, script: ScriptView) -> Iterator[Finding]:
        """One finding for each optimizer with groups."""
        held = list(optimizers(script))
        if not script.complete or not all(one.closed for one in held):
            return
        for one in held:
            if len(one.built.groups) >= 2:
                yield from self._left_out(script, one, held)

    def _left_out(self, script: ScriptView, one: Held, held: list[Held]) -> Iterator[Finding]:
        given = [ref for group in one.groups for ref in group.parameters]
        model = model_of(script, given)
        if model is None or any(not group.parameters for group in one.groups):
            return
        mine = {ref.serial for ref in model.parameters}
        if not one.serials <= mine or any(other.serials & mine for other in held if other is not one):
            return
        state = trained(script)
        missing: list[ParameterRef] = [
            ref for ref in model.parameters if ref.serial not in one.serials and state.get(ref.serial, True) is True
        ]
        if not missing or any(state.get(serial, True) is None for serial in mine):
            return
        names = parts((ref.name for ref in missing), (ref.name for ref in model.parameters))
        amount = count(missing)
        text = f"the groups leave out {listed(names)}: {number(amount)} trainable parameters are never updated"
        yield self.finding(
            one.built.span, text, help="give them a group, or freeze them",
            data={"parts": list(names), "parameters": plain(amount)},
        )  # fmt: skip
