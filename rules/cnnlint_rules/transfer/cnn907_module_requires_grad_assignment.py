"""CNN907 module-requires-grad-assignment."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.queries.scripts import total_of
from cnnlint.graph.script import ModuleFlagSet, ScriptView
from cnnlint.graph.wording import number, plain
from cnnlint.rule import Category, Example, Finding, Fix, ReplaceSpan, Rule, Severity

_START = """\
import torch
from torch import nn
from torchvision import models

model = models.resnet18(weights="DEFAULT")
"""
_OPTIMIZER = "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Conv2d(3, 8, 3)
        {freeze}

    def forward(self, x):
        return self.features(x)
"""


class ModuleRequiresGradAssignment(Rule):
    """`requires_grad` is assigned on a module: that sets a plain attribute, and its parameters stay as they are.

    What it does
    ------------
    Finds `module.requires_grad = True` and `= False` where the target is certainly an `nn.Module`.

    Why it matters
    --------------
    `requires_grad` is an attribute of tensors. A module has none: the assignment makes one that nothing reads, and
    every parameter of the module goes on being trained. `nn.Module.requires_grad_(False)`, with an underscore, is the
    method that sets it on all of them.

    Example
    -------

        model.backbone.requires_grad = False

    Use instead
    -----------

        model.backbone.requires_grad_(False)

    When not to worry
    -----------------
    Where the target's type is not known, where it is a parameter or tensor, or where a class defines such a property,
    nothing is reported; nor where a module keeps such an attribute of its own (`self.requires_grad`).

    References
    ----------
    torch.nn.Module.requires_grad_; a case: https://github.com/CSCYQJ/MICCAI23-ProtoContra-SFDA/issues/18. TorchFix's
    TOR002 covers only the misspelling `require_grad`.
    """

    code = "CNN907"
    name = "module-requires-grad-assignment"
    category = Category.TRANSFER
    severity = Severity.WARNING

    bad = (
        Example(
            _START + "model.layer1.requires_grad = False\n",
            ((6, "sets an attribute of Sequential that nothing reads: its 147,968 parameters stay trainable"),),
            why="a stage",
        ),
        Example(
            _NET.format(freeze="self.features.requires_grad = False")
            + "\n\nmodel = Net()\noptimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n",
            ((5, "sets an attribute of Conv2d that nothing reads: its 224 parameters stay trainable"),),
            why="in a constructor",
        ),
        Example(
            _START + "for child in list(model.children())[:-1]:\n    child.requires_grad = False\n",
            ((7, "sets an attribute of 6 modules that nothing reads: their 11,176,512 parameters stay trainable"),),
            why="all children but the head",
        ),
    )
    good = (
        Example(_START + "model.layer1.requires_grad_(False)\n", why="the method"),
        Example(_START + "model.conv1.weight.requires_grad = False\n", why="a parameter"),
        Example(
            _START.replace("resnet18", "load_my_own") + "model.layer1.requires_grad = False\n" + _OPTIMIZER,
            why="the type is not known",
        ),
        Example(
            _NET.format(freeze="self.requires_grad = False") + "\n\nmodel = Net()\nmodel.requires_grad_(False)\n",
            why="an attribute of its own",
        ),
        Example(
            _NET.format(freeze="pass")
            + "\n    @property\n    def requires_grad(self):\n        return self.features.weight.requires_grad\n\n"
            "    @requires_grad.setter\n    def requires_grad(self, value):\n        self.requires_grad_(value)\n\n\n"
            "model = Net()\nmodel.requires_grad = False\n" + _OPTIMIZER,
            why="a property",
        ),
    )

    def check_script(self, script: ScriptView) -> Iterator[Finding]:
        """One finding for each assignment, however many modules a loop brings to it."""
        flags = [event for event in script.events if isinstance(event, ModuleFlagSet) and event.parameters != 0]
        places = dict.fromkeys(event.span for event in flags if event.span.path == script.path)
        for place in places:
            yield self._finding([event for event in flags if event.span == place])

    def _finding(self, flags: list[ModuleFlagSet]) -> Finding:
        first = flags[0]
        total = total_of(flag.parameters for flag in flags)
        target, owner = (f"of {first.type}", "its") if len(flags) == 1 else (f"of {len(flags)} modules", "their")
        state = "are not changed" if first.value else "stay trainable"
        call = f"{first.receiver}.requires_grad_({first.value})"
        return self.finding(
            first.span,
            f"sets an attribute {target} that nothing reads: {owner} {number(total)} parameters {state}",
            help=call,
            data={"parameters": plain(total)},
            fix=Fix((ReplaceSpan(first.statement, call),)) if first.statement is not None else None,
        )
