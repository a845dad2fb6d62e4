"""CNN901 frozen-params-in-optimizer."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.queries.scripts import (
    Held,
    count,
    frozen,
    model_of,
    named,
    optimizers,
    rate,
    trained,
    unfrozen_later,
)
from cnnlint.graph.script import Group, ScriptView
from cnnlint.graph.wording import number, plain
from cnnlint.rule import Category, Example, Finding, Fix, InsertLine, Rule, Severity, WrapArgument

_START = """\
import torch
from torch import nn
from torchvision import models

model = models.resnet50(weights="DEFAULT")
"""
_FREEZE = """\
for param in model.parameters():
    param.requires_grad = False
"""
_HEAD = "model.fc = nn.Linear(model.fc.in_features, 5)\n"
_GROUPS = """\
optimizer = torch.optim.AdamW([
    {"params": model.layer4.parameters(), "lr": 5e-4},
    {"params": model.fc.parameters(), "lr": 1e-3},
])
"""


class FrozenParamsInOptimizer(Rule):
    """An optimizer is given parameters that were frozen before: they are never updated.

    What it does
    ------------
    Follows `requires_grad` through a script. An optimizer or a parameter group all of whose parameters are frozen when
    it is made, and that nothing unfreezes later, is reported; so is, as advice, `parameters()` of a whole model of
    which a part is frozen.

    Why it matters
    --------------
    A frozen parameter gets no gradient, and torch.optim passes over parameters without one: the group's learning rate
    does nothing. Usually two recipes were mixed, such as freezing a whole ResNet-50 and then listing its stages with
    learning rates of their own: 215,808 parameters of layer1 up to 14,964,736 of layer4 stay as they are, and only the
    new head learns.

    Example
    -------

        for p in model.parameters():
            p.requires_grad = False
        optimizer = torch.optim.AdamW([{"params": model.layer4.parameters(), "lr": 5e-4}])

    Use instead
    -----------

        for p in model.layer4.parameters():
            p.requires_grad = True
        optimizer = torch.optim.AdamW([{"params": model.layer4.parameters(), "lr": 5e-4}])

    When not to worry
    -----------------
    Stages that are unfrozen later, in the script or anywhere else in the file, are left alone, and so are parameters
    filtered by `p.requires_grad`. `parameters()` of a partly frozen model costs little and is a documented practice;
    hence advice.

    References
    ----------
    https://github.com/pytorch/pytorch/issues/1266 (older versions raised here "to avoid silly mistakes"),
    https://github.com/pytorch/pytorch/issues/7419.
    """

    code = "CNN901"
    name = "frozen-params-in-optimizer"
    category = Category.TRANSFER
    severity = Severity.WARNING
    numbers = {
        # Three bottlenecks, the first with 64 inputs and a projection.
        "215,808": 3 * (9 * 64 * 64 + 64 * 256 + 2 * (64 + 64 + 256)) + (64 + 2 * 256) * 64 + 64 * 256 + 2 * 256
    }

    bad = (
        Example(
            _START + _FREEZE + _HEAD + _GROUPS,
            ((10, "group 1 of 2 (lr=0.0005) is never updated: its 14,964,736 parameters are frozen (layer4)"),),
            why="a frozen group",
        ),
        Example(
            _START + "model.requires_grad_(False)\noptimizer = torch.optim.SGD(model.parameters(), lr=0.01)\n",
            ((7, "the optimizer (lr=0.01) updates nothing: its 25,557,032 parameters are frozen (the whole model)"),),
            why="everything is frozen",
        ),
        Example(
            _START + _FREEZE + _HEAD + "optimizer = torch.optim.SGD(model.parameters(), lr=0.01)\n",
            ((9, "23,508,032 of the optimizer's 23,518,277 parameters are frozen and never updated"),),
            why="the whole of a partly frozen model",
        ),
    )
    good = (
        Example(
            _START + _FREEZE + _HEAD + "model.layer4.requires_grad_(True)\n" + _GROUPS,
            why="unfrozen before",
        ),
        Example(
            _START + _FREEZE + _HEAD + _GROUPS + "for epoch in range(10):\n    if epoch == 5:\n"
            "        model.layer4.requires_grad_(True)\n",
            why="staged unfreezing",
        ),
        Example(
            _START + _FREEZE + _HEAD + _GROUPS + "\n\ndef unfreeze(module):\n    for p in module.parameters():\n"
            "        p.requires_grad = True\n",
            why="unfreezing in another function",
        ),
        Example(
            _START + _FREEZE + _HEAD
            + "optimizer = torch.optim.SGD(filter(lambda p: p.requires_grad, model.parameters()), lr=0.01)\n",
            why="filtered by requires_grad",
        ),
        Example(
            "import sys\n" + _START + "if len(sys.argv) > 1:\n    model.requires_grad_(False)\n" + _HEAD + _GROUPS,
            why="frozen in a branch that may not be taken",
        ),
    )  # fmt: skip

    def check_script(self, script: ScriptView) -> Iterator[Finding]:
        """One finding for each group, or for an optimizer without groups."""
        if not script.complete:
            return
        for held in optimizers(script):
            if held.built.certain:
                for position, group in enumerate(held.groups):
                    yield from self._group(script, held, position, group)

    def _group(self, script: ScriptView, held: Held, position: int, group: Group) -> Iterator[Finding]:
        model = model_of(script, group.parameters)
        if not group.known or model is None:
            return
        dead = frozen(group.parameters, trained(script, held.position))
        if not dead or unfrozen_later(script, dead, held.position):
            return
        what, amount = named(dead, model), count(dead)
        lr = f" (lr={rate(group.lr)})" if group.lr is not None else ""
        data = {
            "group": position + 1,
            "lr": group.lr,
            "frozen": plain(amount),
            "parameters": plain(count(group.parameters)),
        }
        if len(dead) == len(group.parameters):
            many = len(held.groups) > 1
            one = f"group {position + 1} of {len(held.groups)}{lr} is never updated"
            subject = one if many else f"the optimizer{lr} updates nothing"
            text = f"{subject}: its {number(amount)} parameters are frozen ({what})"
            fix = _unfrozen(held, group)
            yield self.finding(group.span, text, help="unfreeze it before, or leave it out", data=data, fix=fix)
        elif held.built.single:
            total = number(count(group.parameters))
            text = f"{number(amount)} of the optimizer's {total} parameters are frozen and never updated"
            help = "give it the parameters that require a gradient"
            fix = _filtered(held, group)
            yield self.finding(group.span, text, severity=Severity.ADVICE, help=help, data=data, fix=fix)


def _unfrozen(held: Held, group: Group) -> Fix | None:
    """The group's module trained again, where the program names it."""
    if not group.receiver:
        return None
    return Fix((InsertLine(held.built.span, f"{group.receiver}.requires_grad_(True)"),))


def _filtered(held: Held, group: Group) -> Fix | None:
    if not group.receiver:
        return None
    return Fix((WrapArgument(held.built.span, 0, "filter(lambda p: p.requires_grad, ", ")"),))
