"""CNN902 head-not-trained."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.queries.scripts import Held, count, frozen, optimizers, place_in, trained, unfrozen_later
from cnnlint.graph.script import HeadReplaced, ModelRef, RequiresGrad, ScriptView
from cnnlint.graph.wording import number, plain
from cnnlint.rule import Category, Example, Finding, Related, Rule, Severity

_START = """\
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.fc = nn.Linear(8, 10)

    def forward(self, x):
        return self.fc(self.conv(x).relu().mean((2, 3)))

model = Net()
"""
_FREEZE = """\
for param in model.parameters():
    param.requires_grad = False
"""
_HEAD = "model.fc = nn.Linear(8, 5)\n"
_OPTIMIZER = "optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)\n"


class HeadNotTrained(Rule):
    """A new head is not trained: the optimizer was built before it, or everything was frozen after it.

    What it does
    ------------
    Finds, in program order: (a) an optimizer built over a model's parameters before a part of the model is replaced,
    whose new parameters no optimizer is given later; (b) parameters of a new part that are frozen together with all the
    rest, in a script that trains.

    Why it matters
    --------------
    An optimizer keeps the parameters it was given. (a) It goes on updating the old head, which the model no longer
    uses; the new one keeps its random weights, and the loss hardly falls. (b) Where nothing requires a gradient,
    `backward()` raises "element 0 of tensors does not require grad and does not have a grad_fn".

    Example
    -------

        optimizer = torch.optim.Adam(model.parameters())
        model.fc = nn.Linear(512, 5)

    Use instead
    -----------

        model.fc = nn.Linear(512, 5)
        optimizer = torch.optim.Adam(model.parameters())

    When not to worry
    -----------------
    A second optimizer, `add_param_group`, or unfreezing the head later puts things right and is not reported.

    References
    ----------
    torch.optim ("construct an Optimizer ... after"); the recipe in order:
    https://pgg1610.github.io/blog_fastpages/python/pytorch/machine-learning/2020/10/15/pytorch_transfer_learning_basics.html;
    reproduced by tests.
    """

    code = "CNN902"
    name = "head-not-trained"
    category = Category.TRANSFER
    severity = Severity.ERROR
    raises = False

    bad = (
        Example(
            _START + _OPTIMIZER + _HEAD,
            ((15, "the new fc (45 parameters) is not in the optimizer, which was built before"),),
            why="optimizer first",
        ),
        Example(
            _START + _HEAD + _FREEZE + _OPTIMIZER,
            (
                (
                    16,
                    (
                        "this freezes the new fc (45 parameters) with all the rest: backward() raises, since nothing "
                        "requires a gradient"
                    ),
                ),
            ),
            why="frozen last",
        ),
    )  # fmt: skip
    good = (
        Example(_START + _FREEZE + _HEAD + _OPTIMIZER, why="freeze, replace, optimize"),
        Example(_START + _OPTIMIZER + _HEAD + _OPTIMIZER, why="the optimizer is built again"),
        Example(
            _START + _OPTIMIZER + _HEAD + 'optimizer.add_param_group({"params": model.fc.parameters()})\n',
            why="add_param_group",
        ),
        Example(
            _START + _HEAD + _FREEZE + "model.fc.requires_grad_(True)\n" + _OPTIMIZER,
            why="the head is unfrozen later",
        ),
        Example(_START + _HEAD + _FREEZE, why="a frozen model that is not trained"),
    )

    def check_script(self, script: ScriptView) -> Iterator[Finding]:
        """One finding for each replaced part."""
        if not script.complete:
            return
        held = list(optimizers(script))
        models = {model.number: model for model in script.models if model.complete}
        for position, event in enumerate(script.events):
            if isinstance(event, HeadReplaced) and event.certain and event.model in models:
                kept = {ref.serial for ref in models[event.model].parameters}
                if event.added and all(ref.serial in kept for ref in event.added):
                    yield from self._forgotten(position, event, held)
                    yield from self._frozen(script, position, event, models[event.model], held)

    def _forgotten(self, position: int, head: HeadReplaced, held: list[Held]) -> Iterator[Finding]:
        """(a) No optimizer has the new parameters, and one that was built before has the old ones."""
        old, new = {ref.serial for ref in head.removed}, {ref.serial for ref in head.added}
        early = [one for one in held if one.position < position and old & one.serials]
        if not early or not all(one.closed for one in held) or any(new & one.serials for one in held):
            return
        amount = count(head.added)
        yield self.finding(
            head.span,
            f"the new {place_in(head)} ({number(amount)} parameters) is not in the optimizer, which was built before",
            help="replace the head first, then build the optimizer",
            data={"parameters": plain(amount)},
            related=[Related(early[-1].built.span, "the optimizer is built here")],
        )

    def _frozen(
        self, script: ScriptView, position: int, head: HeadReplaced, model: ModelRef, held: list[Held]
    ) -> Iterator[Finding]:
        """(b) All of the model is frozen in the end, and the head was frozen behind its replacement."""
        new = {ref.serial for ref in head.added}
        later = [
            event for event in script.events[position:]
            if isinstance(event, RequiresGrad) and any(ref.serial in new for ref in event.parameters)
        ]  # fmt: skip
        if not later or unfrozen_later(script, head.added, position):
            return
        if len(frozen(model.parameters, trained(script))) < len(model.parameters):
            return
        if not any(one.serials & {ref.serial for ref in model.parameters} for one in held):
            return
        amount = count(head.added)
        text = f"this freezes the new {place_in(head)} ({number(amount)} parameters) with all the rest"
        yield self.finding(
            later[0].span,
            f"{text}: backward() raises, since nothing requires a gradient",
            help="freeze first, then replace the head",
            data={"parameters": plain(amount)},
            related=[Related(head.span, "the head is replaced here")],
        )
