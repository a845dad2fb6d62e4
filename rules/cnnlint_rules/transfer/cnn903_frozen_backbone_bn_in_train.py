"""CNN903 frozen-backbone-bn-in-train."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnnlint.graph.queries.scripts import frozen, indexed, learns, optimizers, parts, trained
from cnnlint.graph.script import ModelRef, ModeSet, NormRef, RequiresGrad, ScriptView, Stepped
from cnnlint.graph.span import Span
from cnnlint.graph.wording import plural
from cnnlint.rule import Category, Example, Finding, Fix, InsertLine, Related, Rule, Severity

_TWIN = re.compile(r"_[km]$|momentum|teacher|target|(?:^|_)ema(?:_|$)", re.IGNORECASE)
"""Names of the slow copies that self-supervised training keeps."""

_SCRIPT = """\
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 8, 3), {norm}, nn.ReLU())
        self.fc = nn.Linear(8, 10)

    def forward(self, x):
        return self.fc(self.backbone(x).mean((2, 3)))

model = Net()
model.backbone.requires_grad_(False)
optimizer = torch.optim.SGD(model.fc.parameters(), lr=0.1)


def train(model, loader, optimizer):
    model.train()
    {mode}
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()

train(model, torch.load("batches.pt"), optimizer)
"""


_FIXED = "from torchvision.ops import FrozenBatchNorm2d\n"


def _script(mode: str = "pass", norm: str = "nn.BatchNorm2d(8)") -> str:
    return _SCRIPT.format(mode=mode, norm=norm)


class FrozenBackboneBnInTrain(Rule):
    """A frozen backbone is trained with its batch normalisation in training mode: its statistics drift.

    What it does
    ------------
    At each `optimizer.step()` of a script, looks for batch normalisation whose parameters, like those of the part of
    the model around it, are frozen, and which is in training mode.

    Why it matters
    --------------
    `requires_grad = False` keeps weight and bias, not `running_mean` and `running_var`: these are buffers, which every
    forward pass in training mode moves by the momentum, 0.1, towards the statistics of the batch. After n batches
    1 - 0.9^n of the old statistics is gone: 27.1 % after 3, 65.1 % after 10. The frozen features are no longer those
    that were learned.

    Example
    -------

        model.backbone.requires_grad_(False)
        model.train()

    Use instead
    -----------

        model.backbone.requires_grad_(False)
        model.train()
        model.backbone.eval()

    When not to worry
    -----------------
    Where the backbone is put in `eval()` after the last `train()`, or a class overrides `train()`, nothing is reported;
    nor for layers without running statistics, for FrozenBatchNorm2d, GroupNorm and LayerNorm, or for the slow copies of
    self-supervised methods (MoCo, DINO). Adapting the statistics to new images on purpose is what this warns of.

    References
    ----------
    torch.nn.BatchNorm2d; https://github.com/pytorch/pytorch/issues/86590, /9046, /66073;
    https://github.com/lightly-ai/lightly/issues/1438;
    https://www.tensorflow.org/guide/keras/transfer_learning ("will destroy what the model has learned").
    """

    code = "CNN903"
    name = "frozen-backbone-bn-in-train"
    category = Category.TRANSFER
    severity = Severity.WARNING
    numbers = {"0.1": 0.1, "0.9": 1 - 0.1, "27.1 %": 1 - 0.9**3, "65.1 %": 1 - 0.9**10, "10": 10}

    bad = (
        Example(
            _script(),
            ((19, "1 frozen BatchNorm layer is left in training mode: its running statistics drift"),),
            why="train() on the whole model",
        ),
        Example(
            """\
import torch
from torch import nn
from torchvision import models

model = models.resnet18(weights="DEFAULT")
for param in model.parameters():
    param.requires_grad = False
model.fc = nn.Linear(512, 5)
optimizer = torch.optim.Adam(model.fc.parameters())
for x, y in torch.load("batches.pt"):
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
""",
            ((7, "20 frozen BatchNorm layers are left in training mode: their running statistics drift"),),
            why="training mode is what a model starts in",
        ),
    )
    good = (
        Example(_script(mode="model.backbone.eval()"), why="the backbone in eval()"),
        Example(_script(norm="nn.GroupNorm(2, 8)"), why="group normalisation"),
        Example(_script(norm="nn.BatchNorm2d(8, track_running_stats=False)"), why="no running statistics"),
        Example(
            _script().replace(
                "    def forward",
                "    def train(self, mode=True):\n        super().train(mode)\n        self.backbone.eval()\n"
                "        return self\n\n    def forward",
            ),
            why="train() is overridden",
        ),
        Example(_script().replace("backbone", "encoder_k"), why="the slow copy of a self-supervised method"),
        Example(_script(norm="FrozenBatchNorm2d(8)").replace("import nn\n", "import nn\n" + _FIXED), why="constants"),
        Example(_script(norm="nn.LayerNorm([8, 30, 30])"), why="layer normalisation"),
        Example(
            _script().replace("model.fc.parameters()", "model.parameters()").replace("model.backbone.req", "model.req"),
            why="nothing is trained at all: CNN901 says so",
        ),
        Example(_script().replace("model.backbone.requires_grad_(False)\n", ""), why="nothing is frozen"),
    )

    def check_script(self, script: ScriptView) -> Iterator[Finding]:
        """One finding for each model that is trained."""
        held = {one.built.number: one for one in optimizers(script)}
        done: set[int] = set()
        for position, event in enumerate(script.events):
            if not isinstance(event, Stepped):
                continue
            for model in script.models:
                mine = {ref.serial for ref in model.parameters}
                one = held.get(event.optimizer)
                if model.number in done or model.keeps_mode or one is None or not mine & one.serials:
                    continue
                if learns(script, one, position):
                    for finding in self._drifting(script, position, model, event.span):
                        done.add(model.number)
                        yield finding

    def _drifting(self, script: ScriptView, position: int, model: ModelRef, step: Span) -> Iterator[Finding]:
        state = trained(script, position)
        still = {ref.serial for ref in frozen(model.parameters, state)}
        norms = [norm for norm in model.norms if norm.parameters <= still and _frozen_around(norm, model, still)]
        moving = [norm for norm in norms if _training(script, position, model, norm)]
        layers = sum(norm.count for norm in moving)
        if not moving or all(_TWIN.search(norm.name.split(".")[0]) for norm in moving):
            return
        place = _last_train(script, position, model)
        left, whose = ("is left", "its") if layers == 1 else ("are left", "their")
        yield self.finding(
            place.span if place is not None else _freezing(script, position, moving) or step,
            f"{plural(layers, 'frozen BatchNorm layer')} {left} in training mode: {whose} running statistics drift",
            help="put the frozen part in eval() after each train(), or override train()",
            data={"layers": layers},
            related=[Related(step, "the model is trained here")],
            fix=_kept_in_eval(place, model, moving) if place is not None else None,
        )


def _frozen_around(norm: NormRef, model: ModelRef, still: set[int]) -> bool:
    """Whether the part that holds the normalisation is frozen as a whole, not only its normalisations."""
    owner = norm.name.rpartition(".")[0]
    around = [ref for ref in model.parameters if ref.serial not in norm.parameters and ref.name.startswith(f"{owner}.")]
    norms = frozenset[int]().union(*(other.parameters for other in model.norms))
    others = [ref for ref in (around if owner else model.parameters) if ref.serial not in norms]
    return any(ref.serial in still for ref in others) if others else norm.count > 1 or not owner


def _training(script: ScriptView, position: int, model: ModelRef, norm: NormRef) -> bool:
    """Whether the layer is certainly in training mode, which it starts in."""
    mode: bool | None = True
    for event in script.events[:position]:
        if isinstance(event, ModeSet) and event.model == model.number and _within(norm.name, event.target):
            mode = event.training if event.certain or event.training is False or mode is event.training else None
    return mode is True


def _within(name: str, part: str) -> bool:
    return not part or name == part or name.startswith(f"{part}.")


def _last_train(script: ScriptView, position: int, model: ModelRef) -> ModeSet | None:
    found = [
        event for event in script.events[:position]
        if isinstance(event, ModeSet) and event.model == model.number and event.training
        and event.span.path == script.path
    ]  # fmt: skip
    return found[-1] if found else None


def _kept_in_eval(place: ModeSet, model: ModelRef, moving: list[NormRef]) -> Fix | None:
    """``eval()`` on the frozen parts, behind ``train()`` on the model that holds them."""
    names = parts([norm.name for norm in moving], [norm.name for norm in model.norms])
    below = [name.removeprefix(f"{place.target}.") for name in names if _within(name, place.target)]
    if not place.receiver or len(below) != len(names):
        return None
    owners = [f"{place.receiver}.{indexed(name)}" for name in below]
    text = f"{owners[0]}.eval()" if len(owners) == 1 else f"for part in ({', '.join(owners)}): part.eval()"
    return Fix((InsertLine(place.span, text, behind=True),))


def _freezing(script: ScriptView, position: int, norms: list[NormRef]) -> Span | None:
    serials = frozenset[int]().union(*(norm.parameters for norm in norms))
    found = [
        event.span for event in script.events[:position]
        if isinstance(event, RequiresGrad) and any(ref.serial in serials for ref in event.parameters)
    ]  # fmt: skip
    return found[-1] if found else None
