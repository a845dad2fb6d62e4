"""CNN905 learning-rate-order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cnnlint.graph.queries.scripts import ADAPTIVE, Held, model_of, named, optimizers, rate, trained
from cnnlint.graph.script import Group, ModelRef, OptimizerUsed, ScriptView
from cnnlint.rule import Category, Example, Finding, Rule, Severity

_STEADY = frozenset({
    "StepLR", "MultiStepLR", "ExponentialLR", "ReduceLROnPlateau", "CosineAnnealingLR", "CosineAnnealingWarmRestarts",
    "PolynomialLR",
})  # fmt: skip
"""Schedulers that start from the rates given."""

_START = """\
import torch
from torch import nn
from torchvision import models

model = models.resnet50({weights})
model.fc = nn.Linear(model.fc.in_features, 5)
"""
_PRETRAINED = _START.format(weights='weights="DEFAULT"')


def _groups(body: str, head: str, first: str = "layer3", second: str = "layer4") -> str:
    return (
        "optimizer = torch.optim.AdamW([\n"
        f'    {{"params": model.{first}.parameters(), "lr": {body}}},\n'
        f'    {{"params": model.{second}.parameters(), "lr": {head}}},\n])\n'
    )


class LearningRateOrder(Rule):
    """Pretrained layers learn faster than the new head, or early ones faster than late ones, or all at one high rate.

    What it does
    ------------
    For an optimizer over a pretrained model with known learning rates: a part of the backbone with a higher rate than
    the new head, or than a deeper part (warning); one rate for backbone and new head that is high for fine-tuning, at
    least 1e-3 for Adam and its kin, 1e-2 for SGD (advice).

    Why it matters
    --------------
    The new head starts from random weights and needs large steps; the backbone holds features that large steps destroy,
    the more so while the head's gradients are still noise. Early layers hold the most general features and need the
    smallest changes. ULMFiT divides the rate by 2.6 from each layer to the one below it; rates such as 1e-5 for the
    first stage up to 1e-3 for the head are usual.

    Example
    -------

        [{"params": model.layer4.parameters(), "lr": 1e-2}, {"params": model.fc.parameters(), "lr": 1e-3}]

    Use instead
    -----------

        [{"params": model.layer4.parameters(), "lr": 1e-4}, {"params": model.fc.parameters(), "lr": 1e-3}]

    When not to worry
    -----------------
    Models trained from scratch, a frozen backbone, and schedulers that set rates of their own (warm-up, one-cycle,
    range tests) are left alone.

    References
    ----------
    Howard and Ruder, Universal Language Model Fine-tuning, arXiv 1801.06146, section 3.2 (discriminative fine-tuning).
    """

    code = "CNN905"
    name = "learning-rate-order"
    category = Category.TRANSFER
    severity = Severity.WARNING
    quoted = {"2.6": "arXiv 1801.06146"}

    @dataclass(frozen=True)
    class Options:
        """The rates from which one rate for all is high."""

        adaptive: float = 1e-3
        sgd: float = 1e-2

    bad = (
        Example(
            _PRETRAINED + _groups("1e-2", "1e-3", "layer4", "fc"),
            ((8, "learning rate 0.01 for the pretrained layer4, 0.001 for the new fc"),),
            why="the backbone is faster than the head",
        ),
        Example(
            _PRETRAINED + _groups("1e-3", "1e-4"),
            ((8, "the learning rate falls with depth: 0.001 for layer3, 0.0001 for layer4"),),
            why="the rate falls with depth",
        ),
        Example(
            _PRETRAINED + "optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)\n",
            ((7, "one learning rate, 0.001 (Adam), for the pretrained backbone and the new fc"),),
            why="one high rate",
        ),
    )
    good = (
        Example(_PRETRAINED + _groups("1e-4", "1e-3", "layer4", "fc"), why="the head is faster"),
        Example(_PRETRAINED + _groups("1e-5", "1e-4"), why="the rate rises with depth"),
        Example(_PRETRAINED + "optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)\n", why="one low rate"),
        Example(
            _START.format(weights="weights=None") + "optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)\n",
            why="from scratch",
        ),
        Example(
            _PRETRAINED + "optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)\n"
            "scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-4, 100)\n",
            why="a scheduler that sets its own rates",
        ),
        Example(
            _PRETRAINED.replace("model.fc =", "model.requires_grad_(False)\nmodel.fc =")
            + "optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)\n",
            why="a frozen backbone",
        ),
        Example(
            _START.format(weights='weights="DEFAULT"').replace("model.fc =", "model.requires_grad_(False)\nmodel.fc =")
            + 'model.layer1.add_module("adapter", nn.Conv2d(256, 256, 1))\n'
            "model.layer4 = nn.Sequential(model.layer4, nn.Conv2d(2048, 2048, 1))\n"
            "optimizer = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), lr=1e-3)\n",
            why="adapters in a frozen backbone are new too",
        ),
    )  # fmt: skip

    options: Options

    def check_script(self, script: ScriptView) -> Iterator[Finding]:
        """At most one finding for each optimizer."""
        if not script.complete:
            return
        for held in optimizers(script):
            model = model_of(script, [ref for group in held.groups for ref in group.parameters])
            if model is None or model.pretrained is not True or not held.closed or _rescaled(script, held):
                continue
            new = set(model.later)
            state = trained(script)
            body = [
                group for group in held.groups
                if group.parameters and not any(ref.serial in new for ref in group.parameters)
                and any(state.get(ref.serial, True) is True for ref in group.parameters)
            ]  # fmt: skip
            found = self._faster(held, model, body, new) or self._falling(held, model, body)
            found = found or self._single(held, model, new, state)
            if found is not None:
                yield found

    def _faster(self, held: Held, model: ModelRef, body: list[Group], new: set[int]) -> Finding | None:
        """A pretrained group above the head's rate."""
        heads = [g for g in held.groups if g.parameters and all(ref.serial in new for ref in g.parameters)]
        for group in body:
            for head in heads:
                if group.lr is not None and head.lr is not None and group.lr > head.lr:
                    whole = len(group.parameters) + len(new) >= len(model.parameters)
                    body_name = "backbone" if whole else named(group.parameters, model)
                    text = (
                        f"learning rate {rate(group.lr)} for the pretrained {body_name}, {rate(head.lr)} for the new "
                        f"{named(head.parameters, model)}"
                    )
                    return self._finding(held, model, group, text)
        return None

    def _falling(self, held: Held, model: ModelRef, body: list[Group]) -> Finding | None:
        """A group above the rate of one that lies wholly behind it."""
        places = {ref.serial: position for position, ref in enumerate(model.parameters)}
        for group in body:
            for deeper in body:
                ends = [places.get(ref.serial, -1) for ref in group.parameters]
                starts = [places.get(ref.serial, -1) for ref in deeper.parameters]
                if group.lr is None or deeper.lr is None or -1 in (*ends, *starts) or max(ends) >= min(starts):
                    continue
                if group.lr > deeper.lr:
                    text = (
                        f"the learning rate falls with depth: {rate(group.lr)} for {named(group.parameters, model)}, "
                        f"{rate(deeper.lr)} for {named(deeper.parameters, model)}"
                    )
                    return self._finding(held, model, group, text)
        return None

    def _single(self, held: Held, model: ModelRef, new: set[int], state: dict[int, bool | None]) -> Finding | None:
        """One high rate for everything."""
        rates = {group.lr for group in held.groups}
        lr = next(iter(rates))
        body = [
            ref for ref in model.parameters
            if ref.serial in held.serials and ref.serial not in new and state.get(ref.serial, True) is True
        ]  # fmt: skip
        kind = held.built.type
        limit = self.options.adaptive if kind in ADAPTIVE else self.options.sgd if kind == "SGD" else None
        if len(rates) != 1 or lr is None or limit is None or lr < limit or not body or not new & held.serials:
            return None
        head = named([ref for ref in model.parameters if ref.serial in new], model)
        text = f"one learning rate, {rate(lr)} ({kind}), for the pretrained backbone and the new {head}"
        return self._finding(held, model, held.groups[0], text, Severity.ADVICE)

    def _finding(
        self, held: Held, model: ModelRef, group: Group, text: str, severity: Severity | None = None
    ) -> Finding:
        rates = [(named(each.parameters, model), each.lr) for each in _by_depth(held.groups, model)]
        listing = ", ".join(f"{name} {rate(lr)}" for name, lr in rates if lr is not None)
        help = "give early layers low rates and the head the highest, such as 1e-5 up to 1e-3"
        if len(rates) > 2:
            help = f"{help}; here, in depth order: {listing}"
        return self.finding(group.span, text, severity=severity, help=help, data={"rates": [lr for _, lr in rates]})


def _by_depth(groups: Sequence[Group], model: ModelRef) -> list[Group]:
    """The groups in the order in which the model runs their first parameters."""
    places = {ref.serial: position for position, ref in enumerate(model.parameters)}
    return sorted(groups, key=lambda group: min((places.get(ref.serial, 0) for ref in group.parameters), default=0))


def _rescaled(script: ScriptView, held: Held) -> bool:
    """Whether something that may set other rates has the optimizer."""
    return any(
        isinstance(event, OptimizerUsed) and event.optimizer == held.built.number
        and event.by.rpartition(".")[2] not in _STEADY
        for event in script.events
    )  # fmt: skip
