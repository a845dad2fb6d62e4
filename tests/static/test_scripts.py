"""What scripts do to models: program order, frozen parameters, optimizers, losses."""

from __future__ import annotations

from math import prod
from pathlib import Path

import pytest

from cnnlint.graph.architectures import architectures
from cnnlint.graph.queries.scripts import count, frozen, named, optimizers, parts, trained
from cnnlint.graph.script import (
    HeadReplaced,
    LossApplied,
    ModeSet,
    ModuleFlagSet,
    RequiresGrad,
    ScriptView,
    Stepped,
)  # fmt: skip
from cnnlint.source.imports import Project
from cnnlint.source.text import SourceText
from cnnlint.static.interpreter import Interpreter
from cnnlint.static.modules import named_parameters
from cnnlint.static.pretrained import build_network
from cnnlint.static.reader import Reader, ReadOptions
from cnnlint.static.recorder import Recorder
from cnnlint.static.values import Site

HEADER = "import torch\nfrom torch import nn, optim\nfrom torchvision import models\nimport torch.nn.functional as F\n"
RESNET = 'model = models.resnet18(weights="DEFAULT")\n'


def views(source: str, **files: str) -> tuple[ScriptView, ...]:
    project = Project([Path.cwd()])
    for name, text in {"script": HEADER + source, **files}.items():
        project.add(SourceText(f"{name}.py", text), Path.cwd() / f"{name}.py")
    reading = Reader(project, options=ReadOptions(symbolic_batch=True)).read_file(
        Path.cwd() / "script.py", scripts=True
    )
    assert reading.problems == ()
    return reading.scripts


def view(source: str, **files: str) -> ScriptView:
    (found,) = views(source, **files)
    return found


def frozen_parts(script: ScriptView) -> tuple[str, ...]:
    (model,) = script.models
    names = [ref.name for ref in model.parameters]
    return parts((ref.name for ref in frozen(model.parameters, trained(script))), names)


FREEZING = {
    "for p in model.parameters():\n    p.requires_grad = False\n": (
        "conv1", "bn1", "layer1", "layer2", "layer3", "layer4", "fc",
    ),
    "model.layer1.requires_grad_(False)\n": ("layer1",),
    "for p in model.layer1.parameters():\n    p.requires_grad_(False)\n": ("layer1",),
    "for name, p in model.named_parameters():\n    if not name.startswith(('layer', 'fc')):\n"
    "        p.requires_grad = False\n": ("conv1", "bn1"),
    "for name, p in model.named_parameters():\n    p.requires_grad = 'layer4' in name or 'fc' in name\n": (
        "conv1", "bn1", "layer1", "layer2", "layer3",
    ),
    "for child in list(model.children())[:5]:\n    for p in child.parameters():\n        p.requires_grad = False\n": (
        "conv1", "bn1", "layer1",
    ),
    "def freeze(m, on):\n    for p in m.parameters():\n        p.requires_grad = not on\n\nfreeze(model.layer2, True)\n": (
        "layer2",
    ),
    "model.requires_grad_(False)\nmodel.fc = nn.Linear(512, 3)\nmodel.layer4.requires_grad_(True)\n": (
        "conv1", "bn1", "layer1", "layer2", "layer3",
    ),
    "import sys\nif len(sys.argv) > 1:\n    model.requires_grad_(False)\n": (),
    "set_up(model.layer1)\nmodel.layer1.requires_grad_(False)\n": ("layer1",),
}  # fmt: skip


@pytest.mark.parametrize("code", FREEZING)
def test_what_is_frozen(code: str) -> None:
    if code.startswith("set_up"):
        code = "from somewhere import set_up\n" + code
    assert frozen_parts(view(RESNET + code)) == FREEZING[code.removeprefix("from somewhere import set_up\n")]


@pytest.mark.parametrize(
    ("code", "groups"),
    [
        ("optim.SGD(model.parameters(), lr=0.1)", [(11_689_512, 0.1)]),
        ("optim.Adam(model.fc.parameters())", [(513_000, 1e-3)]),
        ("optim.AdamW([{'params': model.layer1.parameters(), 'lr': 1e-5}, {'params': model.fc.parameters()}], 1e-3)",
         [(147_968, 1e-5), (513_000, 1e-3)]),
        ("optim.SGD([p for n, p in model.named_parameters() if 'fc' in n], lr=0.1)", [(513_000, 0.1)]),
        ("optim.SGD(list(model.conv1.parameters()) + list(model.bn1.parameters()), lr=0.1)", [(9_536, 0.1)]),
        ("optim.SGD(filter(lambda p: p.requires_grad, model.layer1.parameters()), lr=rate())", [(147_968, None)]),
    ],
)  # fmt: skip
def test_groups(code: str, groups: list[tuple[int, float | None]]) -> None:
    (held,) = optimizers(view(f"from somewhere import rate\n{RESNET}opt = {code}\n"))
    assert held.closed
    assert [(count(group.parameters), group.lr) for group in held.groups] == groups


def test_add_param_group_and_rates() -> None:
    script = view(RESNET + "opt = optim.SGD(model.fc.parameters(), lr=0.1)\n"
                  "opt.add_param_group({'params': model.layer4.parameters(), 'lr': 0.01})\n")  # fmt: skip
    (held,) = optimizers(script)
    assert [named(group.parameters, script.models[0]) for group in held.groups] == ["fc", "layer4"]


def test_program_order() -> None:
    script = view(
        RESNET
        + "for p in model.parameters():\n    p.requires_grad = False\nmodel.fc = nn.Linear(model.fc.in_features, 5)\n"
        "model.train()\nmodel.layer1.eval()\n"
    )
    kinds = [type(event) for event in script.events if not isinstance(event, RequiresGrad)]
    assert kinds == [HeadReplaced, ModeSet, ModeSet]
    head = next(event for event in script.events if isinstance(event, HeadReplaced))
    assert (head.attribute, head.in_features, head.expected, head.existed) == ("fc", 512, 512, True)
    assert count(head.added) == 5 * 512 + 5
    assert frozen(head.added, trained(script)) == []


def test_functions_are_entered_once() -> None:
    script = view(
        "def main(args):\n    model = models.vgg16(weights='DEFAULT')\n    model.features.requires_grad_(False)\n"
        "    model.classifier[6] = nn.Linear(4096, args.classes)\n    run(model)\n\n"
        "def run(model):\n    return optim.Adam(model.classifier.parameters(), lr=1e-4)\n"
    )
    (model,) = script.models
    assert (model.architecture, model.pretrained) == ("vgg16", True)
    assert count(frozen(model.parameters, trained(script))) == 14_714_688


def test_lightning() -> None:
    script = view(
        "import lightning as L\n\nclass Lit(L.LightningModule):\n    def __init__(self, classes):\n"
        "        super().__init__()\n        self.net = nn.Sequential(nn.Flatten(), nn.Linear(12, 1), nn.Sigmoid())\n"
        "        self.net.requires_grad = False\n\n    def forward(self, x):\n        return self.net(x)\n\n"
        "    def training_step(self, batch, index):\n        x, y = batch\n        loss = F.binary_cross_entropy(self(x), y)\n"
        "        self.log('loss', loss)\n        return loss\n\n    def configure_optimizers(self):\n"
        "        return optim.Adam(self.parameters(), lr=self.hparams.lr)\n"
    )
    assert [type(event).__name__ for event in script.events] == [
        "ModuleFlagSet", "OptimizerBuilt", "LossApplied", "Stepped",
    ]  # fmt: skip
    flag = next(event for event in script.events if isinstance(event, ModuleFlagSet))
    assert (flag.receiver, flag.parameters) == ("self.net", 13)
    loss = next(event for event in script.events if isinstance(event, LossApplied))
    assert [step.name for step in loss.steps] == ["sigmoid"]


LIT = """
class Lit(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(4, 3)
        {more}

    def training_step(self, batch, index):
        return F.cross_entropy(self.net(batch[0]), batch[1])

    def configure_optimizers(self):
        optimizer = optim.SGD(self.net.parameters(), lr=0.1)
        return [optimizer], [optim.lr_scheduler.StepLR(optimizer, 3)]

"""
STEPS = {
    "optimizer.step()": 1,
    "scaler = torch.cuda.amp.GradScaler()\nscaler.scale(loss).backward()\nscaler.step(optimizer)\nscaler.update()": 1,
    "scaler = torch.amp.GradScaler('cuda')\nscaler.unscale_(optimizer)\nscaler.step(optimizer)": 1,
    "from accelerate import Accelerator\nacc = Accelerator()\nmodel, optimizer = acc.prepare(model, optimizer)\n"
    "acc.backward(loss)\noptimizer.step()": 1,
    "from lightning import Fabric\nmodel, optimizer = Fabric().setup(model, optimizer)\noptimizer.step()": 1,
    "optimizer.zero_grad()": 0,
}


@pytest.mark.parametrize("code", STEPS)
def test_steps(code: str) -> None:
    script = view(f"{RESNET}optimizer = optim.SGD(model.parameters(), lr=0.1)\nloss = torch.load('loss')\n{code}\n")
    assert sum(isinstance(event, Stepped) for event in script.events) == STEPS[code]
    assert script.models[0].complete


@pytest.mark.parametrize(
    ("more", "trainer", "steps", "complete"),
    [
        ("pass", "pl.Trainer(max_epochs=3)", 1, True),
        ("pass", "pl.Trainer(callbacks=[pl.callbacks.EarlyStopping('loss')])", 1, True),
        ("pass", "pl.Trainer(callbacks=[pl.callbacks.BackboneFinetuning()])", 1, False),
        ("pass", "pl.Trainer(callbacks=[Mine()])", 1, False),
        ("self.automatic_optimization = False", "pl.Trainer()", 0, True),
    ],
)
def test_lightning_trains(more: str, trainer: str, steps: int, complete: bool) -> None:
    """A trainer makes the optimizers and steps; a callback that is not Lightning's own may change the model."""
    source = f"import pytorch_lightning as pl\nfrom somewhere import Mine\n{LIT.format(more=more)}"
    script = view(f"{source}if __name__ == '__main__':\n    {trainer}.fit(Lit(), None)\n")
    assert [type(e).__name__ for e in script.events if isinstance(e, LossApplied)] == []
    assert sum(isinstance(event, Stepped) for event in script.events) == steps
    assert script.models[0].complete is complete


@pytest.mark.parametrize("wrapper", ["nn.DataParallel", "nn.parallel.DistributedDataParallel"])
def test_wrapped_models(wrapper: str) -> None:
    script = view(f"{RESNET}model = {wrapper}(model)\nopt = optim.SGD(model.module.fc.parameters(), lr=0.1)\n")
    (held,) = optimizers(script)
    assert [named(group.parameters, script.models[0]) for group in held.groups] == ["fc"]


DONORS = {
    "made outside": "base = models.resnet18()\nmodel = Net(base)\n",
    "made inside": "model = Net()\n",
}


@pytest.mark.parametrize("built", DONORS.values(), ids=DONORS)
def test_parts_belong_to_the_network_they_end_up_in(built: str) -> None:
    """What is taken from one network and put into another is the second one's, whichever was made first."""
    net = "class Net(nn.Module):\n    def __init__(self, base=None):\n        super().__init__()\n" \
          "        base = base or models.resnet18()\n        self.stem = nn.Sequential(base.conv1, base.bn1)\n" \
          "        self.body = base.layer1\n        self.head = nn.Linear(64, 3)\n\n"  # fmt: skip
    script = view(f"{net}{built}optim.SGD([*model.stem.parameters(), *model.head.parameters()], lr=0.1)\n")
    (held,) = optimizers(script)
    owner = next(model for model in script.models if model.architecture == "Net")
    assert {ref.model for group in held.groups for ref in group.parameters} == {owner.number}
    assert named([ref for group in held.groups for ref in group.parameters], owner) == "stem and head"
    assert count(owner.parameters) == 9_536 + 147_968 + 195


def test_two_networks_of_one_class() -> None:
    """Each keeps its name, also where only a part of it is touched and the variable is bound anew."""
    code = "net = models.vit_b_16()\nnet.heads.head = nn.Linear(768, 3)\nnet = models.vit_b_16()\nnet.heads.head = nn.Linear(768, 4)\n"
    heads = [event for event in view(code).events if isinstance(event, HeadReplaced)]
    assert [(head.owner, head.architecture) for head in heads] == [("heads", "vit_b_16")] * 2
    assert len({head.model for head in heads}) == 2


NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)
        self.drop = nn.Dropout()

    def forward(self, x):
        out = self.drop(self.fc(x))
        return {"scores": out, "soft": (out.softmax(1), x)} if self.training else None

model = Net()
"""


@pytest.mark.parametrize(
    ("call", "steps"),
    [
        ("nn.CrossEntropyLoss()(model(x)['scores'], y)", ["dropout"]),
        ("F.cross_entropy(model(x)['soft'][0], y)", ["softmax", "dropout"]),
        ("F.cross_entropy(model(x)['scores'].float().sigmoid(), y)", ["sigmoid", "float", "dropout"]),
        ("F.nll_loss(torch.log_softmax(model(x)['scores'], 1), y)", ["log_softmax", "dropout"]),
        ("F.cross_entropy(model(x)['scores'] * 2, y)", None),
        ("F.cross_entropy(model(x), y)", None),
        ("F.cross_entropy(y, model(x)['scores'])", None),
    ],
)
def test_losses(call: str, steps: list[str] | None) -> None:
    source = NET + f"def train(loader):\n    for x, y in loader:\n        loss = {call}\n"
    losses = [event for script in views(source) for event in script.events if isinstance(event, LossApplied)]
    assert [[step.name for step in loss.steps] for loss in losses] == ([steps] if steps is not None else [])
    assert all(loss.last is not None and loss.last.name == "linear" for loss in losses)


def test_models_of_other_files() -> None:
    net = "from torch import nn\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n" \
          "        self.fc = nn.Linear(4, 3)\n\n    def forward(self, x):\n        return self.fc(x).relu()\n"  # fmt: skip
    source = "from net import Net\n\nmodel = Net()\nloss = F.cross_entropy(model(torch.zeros(2, 4)), torch.zeros(2))\n"
    (event,) = view(source, net=net).events
    assert isinstance(event, LossApplied)
    assert [step.name for step in event.steps] == ["relu"]


@pytest.mark.parametrize(
    ("made", "steps"),
    [
        ("net = models.resnet18()\nnet.fc = nn.Sequential(nn.Linear(512, 3), nn.Softmax(dim=1))\n", ["softmax"]),
        ("net = models.vgg16()\nnet.classifier[6] = nn.Sequential(nn.Linear(4096, 3), nn.ReLU())\n", ["relu"]),
        ("net = models.convnext_tiny()\nnet.classifier[2] = nn.Sequential(nn.Linear(768, 3), nn.Sigmoid())\n", ["sigmoid"]),
        ("net = models.densenet121()\n", []),
        ("net = models.inception_v3()\n", None),
        ("base = models.resnet50()\nnet = nn.Sequential(*list(base.children())[:-1], nn.Flatten(), nn.Linear(2048, 3), "
         "nn.Softmax(1))\n", ["softmax"]),
        ("base = models.efficientnet_b0()\nbase.classifier = nn.Identity()\n"
         "net = nn.Sequential(base, nn.Linear(1280, 3), nn.Dropout())\n", ["dropout"]),
    ],
)  # fmt: skip
def test_heads_of_networks_that_are_not_installed(made: str, steps: list[str] | None) -> None:
    """Of a network of the table the forward pass is not known, but it ends in its head."""
    (script,) = views(made + "loss = F.cross_entropy(net(torch.zeros(2, 3, 64, 64)), torch.zeros(2))\n")
    losses = [event for event in script.events if isinstance(event, LossApplied)]
    found = [[step.name for step in loss.steps] for loss in losses if loss.last is not None]
    assert found == ([steps] if steps is not None else [])


def test_files_without_training_are_passed_over() -> None:
    assert views(NET) == ()


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("resnet18", 11_689_512), ("resnet50", 25_557_032), ("resnext50_32x4d", 25_028_904), ("wide_resnet50_2", 68_883_240),
     ("vgg16", 138_357_544), ("efficientnet_b0", 5_288_548), ("vit_b_16", 86_567_656), ("squeezenet1_0", 1_248_424)],
)  # fmt: skip
def test_networks_of_the_table(name: str, parameters: int) -> None:
    """Totals as torchvision documents them."""
    recorder = Recorder()
    it = recorder.interpreter = Interpreter(Project([Path.cwd()]), recorder)
    project = Project([Path.cwd()])
    project.add(SourceText("here.py", "0\n"), Path.cwd() / "here.py")
    statement = project.load(Path.cwd() / "here.py").scope.statements[0]
    model = build_network(it, architectures()[name], 1000, Site(statement, statement.parse()))
    shapes = [parameter.shape for _, parameter in named_parameters(it, model)]
    assert sum(prod(size for size in shape or () if isinstance(size, int)) for shape in shapes) == parameters
