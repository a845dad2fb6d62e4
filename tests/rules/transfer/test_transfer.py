"""CNN901 to CNN907: the script of the ninth question, longer cases, and the figures recomputed by torch."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from cnnlint import check_source
from cnnlint.fix.apply import edited
from cnnlint.rule import Severity
from cnnlint.source.text import SourceText

FIXTURE = Path(__file__).parents[3] / "fixtures" / "scripts" / "transfer_learning.py"
RULES = ["CNN901", "CNN902", "CNN903", "CNN904", "CNN905", "CNN906", "CNN907"]


def found(source: str, *select: str) -> list[tuple[str, str]]:
    findings = check_source(source, "script.py", select=select or RULES, isolated=True)
    return [(finding.code, finding.message) for finding in findings]


def test_ninth_question() -> None:
    """Strategy 1 freezes everything, so the four stages of strategy 2 never learn; nothing else is wrong."""
    findings = check_source(FIXTURE.read_text(), "script.py", select=RULES, isolated=True)
    assert [(f.code, f.severity) for f in findings] == [("CNN901", Severity.WARNING)] * 4
    assert [f.data["frozen"] for f in findings] == [215_808, 1_219_584, 7_098_368, 14_964_736]
    assert [f.data["lr"] for f in findings] == [1e-5, 5e-5, 1e-4, 5e-4]
    assert len({f.line for f in findings}) == 4


def test_ninth_question_without_freezing() -> None:
    """The groups of strategy 2 alone leave out the stem: 9,408 + 128 parameters."""
    text = FIXTURE.read_text()
    start, end = text.index("# Strategy 1"), text.index("# Replace")
    assert found(text[:start] + text[end:]) == [
        ("CNN904", "the groups leave out conv1 and bn1: 9,536 trainable parameters are never updated")
    ]


def test_ninth_question_trained() -> None:
    """With a loop behind it, the frozen network's batch normalisation drifts as well."""
    loop = "\nfor x, y in torch.load('b.pt'):\n    nn.functional.cross_entropy(model(x), y).backward()\n    optimizer.step()\n"
    messages = [message for code, message in found(FIXTURE.read_text() + loop) if code == "CNN903"]
    assert messages == ["53 frozen BatchNorm layers are left in training mode: their running statistics drift"]


HEAD = "import torch\nfrom torch import nn\nfrom torchvision import models\n"


@pytest.mark.parametrize(
    "source",
    [
        # The published recipe: freeze, replace, train the head only.
        ("def build(n):\n    m = models.resnet18(weights='DEFAULT')\n    for p in m.parameters():\n"
        "        p.requires_grad = False\n    m.fc = nn.Linear(m.fc.in_features, n)\n"
        "    return m, torch.optim.SGD(m.fc.parameters(), lr=0.001)\n"),
        # A flag decides.
        ("def build(n, feature_extract):\n    m = models.resnet18(weights='DEFAULT')\n    if feature_extract:\n"
        "        for p in m.parameters():\n            p.requires_grad = False\n    m.fc = nn.Linear(512, n)\n"
        "    return torch.optim.SGD([{'params': m.layer4.parameters()}, {'params': m.fc.parameters()}], lr=1e-3)\n"),
        # Something that is not read is handed the model.
        ("from helpers import freeze\nm = models.resnet18(weights='DEFAULT')\nm.requires_grad_(False)\nfreeze(m)\n"
        "o = torch.optim.SGD(m.parameters(), lr=1e-4)\n"),
        # Names of parameters in blocks that are known by their size only.
        ("m = models.densenet121(weights='DEFAULT')\nfor n, p in m.named_parameters():\n"
        "    if 'denseblock4' not in n:\n        p.requires_grad = False\n"
        "o = torch.optim.SGD(m.features.parameters(), lr=1e-4)\n"),
        # Weight decay split over the whole model.
        ("m = models.resnet18()\ndecay = [p for n, p in m.named_parameters() if p.ndim > 1]\n"
        "rest = [p for n, p in m.named_parameters() if p.ndim <= 1]\n"
        "o = torch.optim.SGD([{'params': decay, 'weight_decay': 1e-4}, {'params': rest, 'weight_decay': 0}], lr=0.1)\n"),
        # A head of several layers.
        ("m = models.vgg16(weights='DEFAULT')\n"
        "m.classifier = nn.Sequential(nn.Linear(25088, 256), nn.ReLU(), nn.Linear(256, 5))\n"),
        # A frozen network with adapters, and one whose normalisations alone are put in eval().
        ("m = models.resnet18(weights='DEFAULT')\nm.requires_grad_(False)\n"
        "m.layer4 = nn.Sequential(m.layer4, nn.Conv2d(512, 512, 1))\nm.fc = nn.Linear(512, 3)\n"
        "o = torch.optim.Adam((p for p in m.parameters() if p.requires_grad), lr=1e-3)\n"),
        ("def still(m):\n    if isinstance(m, nn.BatchNorm2d):\n        m.eval()\n\nm = models.resnet18(weights='DEFAULT')\n"
        "m.requires_grad_(False)\nm.fc = nn.Linear(512, 3)\no = torch.optim.SGD(m.fc.parameters(), lr=1e-3)\n"
        "for x in torch.load('b'):\n    m.train()\n    m.apply(still)\n    m(x).sum().backward()\n    o.step()\n"),
        # Two optimizers in turn, one network still while the other learns.
        ("G, D = nn.Sequential(nn.Linear(8, 4), nn.BatchNorm1d(4)), nn.Linear(4, 1)\n"
        "g, d = (torch.optim.Adam(m.parameters(), lr=1e-3) for m in (G, D))\n\n"
        "def switch(m, on):\n    for p in m.parameters():\n        p.requires_grad = on\n\n"
        "for x in torch.load('b'):\n    switch(G, False)\n    switch(D, True)\n    D(G(x)).sum().backward()\n    d.step()\n"
        "    switch(G, True)\n    switch(D, False)\n    D(G(x)).sum().backward()\n    g.step()\n"),
        # A callback unfreezes.
        ("import pytorch_lightning as pl\n\nclass Thaw(pl.Callback):\n    def on_train_epoch_start(self, trainer, net):\n"
        "        for p in net.body.parameters():\n            p.requires_grad = True\n\n"
        "class Lit(pl.LightningModule):\n    def __init__(self):\n        super().__init__()\n"
        "        self.body = models.vgg11(weights='DEFAULT')\n        self.body.requires_grad_(False)\n"
        "        self.head = nn.Linear(1000, 3)\n\n    def configure_optimizers(self):\n        return torch.optim.Adam([\n"
        "            {'params': self.body.parameters(), 'lr': 1e-5}, {'params': self.head.parameters(), 'lr': 1e-4}])\n"),
        "m = models.vgg16(weights='DEFAULT')\nm.classifier[3] = nn.Linear(4096, 64)\nm.classifier[6] = nn.Linear(64, 5)\n",
        "m = models.inception_v3(weights='DEFAULT')\nm.AuxLogits.fc = nn.Linear(768, 5)\nm.fc = nn.Linear(2048, 5)\n",
    ],
)  # fmt: skip
def test_silent(source: str) -> None:
    assert found(HEAD + source) == []


def test_parts_of_a_network_in_a_class_that_keeps_them_still() -> None:
    """The stages belong to the class that overrides train(), not to the network they come from."""
    source = (
        HEAD + "class Frozen(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        net = models.resnet18(weights='DEFAULT')\n        self.stem = nn.Sequential(net.conv1, net.bn1)\n"
        "        self.layer1, self.fc = net.layer1, nn.Linear(64, 3)\n        self._freeze()\n\n"
        "    def _freeze(self):\n        for part in (self.stem, self.layer1):\n            part.eval()\n"
        "            for p in part.parameters():\n                p.requires_grad = False\n\n{override}"
        "    def forward(self, x):\n        return self.fc(self.layer1(self.stem(x)).mean((2, 3)))\n\n"
        "m = Frozen()\no = torch.optim.SGD(m.fc.parameters(), lr=0.1)\n"
        "m.train()\nfor x in torch.load('b'):\n    m(x).sum().backward()\n    o.step()\n"
    )
    override = "    def train(self, mode=True):\n        super().train(mode)\n        self._freeze()\n\n"
    assert found(source.format(override=override)) == []
    assert [code for code, _ in found(source.format(override=""))] == ["CNN903"]


def test_in_a_lightning_module() -> None:
    source = (
        "import pytorch_lightning as pl\n" + HEAD + "class Lit(pl.LightningModule):\n    def __init__(self, classes):\n"
        "        super().__init__()\n        self.net = models.resnet18(pretrained=True)\n"
        "        self.net.fc = nn.Linear(512, classes)\n        self.net.requires_grad_(False)\n\n"
        "    def configure_optimizers(self):\n        return torch.optim.Adam(self.parameters(), lr=1e-3)\n"
    )
    assert [code for code, _ in found(source, "CNN902")] == ["CNN902"]


def test_a_lightning_trainer_trains() -> None:
    source = (
        "import pytorch_lightning as pl\n" + HEAD + "class Lit(pl.LightningModule):\n    def __init__(self):\n"
        "        super().__init__()\n        self.body = models.resnet18(weights='DEFAULT')\n"
        "        self.body.requires_grad_(False)\n        self.head = nn.Linear(1000, 3)\n\n"
        "    def training_step(self, batch, index):\n        return self.head(self.body(batch[0])).sum()\n\n"
        "    def configure_optimizers(self):\n        return torch.optim.Adam([\n"
        "            {'params': self.body.parameters(), 'lr': 1e-5}, {'params': self.head.parameters(), 'lr': 1e-4}])\n\n"
        "if __name__ == '__main__':\n    pl.Trainer(max_epochs=3).fit(Lit())\n"
    )
    assert [code for code, _ in found(source)] == ["CNN903", "CNN901"]


# ---- what torch says ------------------------------------------------------------------------------------------------


def test_frozen_parameters_are_passed_over() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))
    model[0].requires_grad_(False)
    before = model[0].weight.clone()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    model(torch.ones(2, 4)).sum().backward()
    optimizer.step()
    assert torch.equal(model[0].weight, before)


def test_nothing_requires_a_gradient() -> None:
    model = nn.Linear(4, 2).requires_grad_(False)
    with pytest.raises(RuntimeError, match="element 0 of tensors does not require grad"):
        model(torch.ones(2, 4)).sum().backward()


def test_statistics_of_a_frozen_layer_drift() -> None:
    """After n batches 1 - 0.9^n of the old statistics is gone."""
    norm = nn.BatchNorm1d(1).requires_grad_(False)
    for _ in range(3):
        norm(torch.full((4, 1), 1.0))
    assert round(norm.running_mean.item(), 3) == round(1 - 0.9**3, 3) == 0.271
    for _ in range(7):
        norm(torch.full((4, 1), 1.0))
    assert round(norm.running_mean.item(), 3) == round(1 - 0.9**10, 3) == 0.651


def test_an_attribute_is_not_a_method() -> None:
    model = nn.Linear(4, 2)
    model.requires_grad = False
    assert all(parameter.requires_grad for parameter in model.parameters())


# ---- what torch says of the fixes -----------------------------------------------------------------------------------


def fixed(source: str, *select: str) -> str:
    """``source`` with every fix of its findings, unsafe ones too."""
    findings = check_source(source, "script.py", select=select, isolated=True)
    fixes = [finding.text_fix for finding in findings]
    assert fixes
    assert None not in fixes
    return edited(SourceText("script.py", source), sorted({edit for fix in fixes if fix for edit in fix.edits}))


NET = """\
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU())
        self.fc = nn.Linear(8, 10)

    def forward(self, x):
        return self.fc(self.backbone(x).mean((2, 3)))

torch.manual_seed(0)
model = Net()
model.backbone.requires_grad_(False)
before = [tensor.clone() for tensor in model.backbone.state_dict().values()]
"""
LOOP = """\
for _ in range(3):
    model.train()
    for x, y in [(torch.randn(4, 3, 8, 8), torch.randint(0, 10, (4,)))]:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
moved = [name for (name, tensor), old in zip(model.backbone.state_dict().items(), before) if not tensor.equal(old)]
"""
GROUPS = (
    "optimizer = torch.optim.SGD([{'params': model.backbone.parameters(), 'lr': 0.1}, "
    "{'params': model.fc.parameters(), 'lr': 0.2}])\n"
)
HEAD_ONLY = "optimizer = torch.optim.SGD(model.fc.parameters(), lr=0.1)\n"
STATISTICS = ["1.running_mean", "1.running_var", "1.num_batches_tracked"]
LEARNED = ["0.weight", "0.bias", "1.weight", "1.bias"]


def moved(source: str) -> list[str]:
    names: dict[str, list[str]] = {"__name__": "example"}  # type: ignore[dict-item]
    exec(compile(source, "script.py", "exec"), names)
    return names["moved"]


def test_a_frozen_group_learns_after_the_fix() -> None:
    source = NET + GROUPS + LOOP
    assert not set(moved(source)) & set(LEARNED)
    assert set(LEARNED) <= set(moved(fixed(source, "CNN901")))


def test_frozen_statistics_stay_after_the_fix() -> None:
    source = NET + HEAD_ONLY + LOOP
    assert moved(source) == STATISTICS
    assert moved(fixed(source, "CNN903")) == []


def test_filtered_parameters() -> None:
    source = NET + "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
    assert fixed(source, "CNN901").endswith("SGD(filter(lambda p: p.requires_grad, model.parameters()), lr=0.1)\n")


@pytest.mark.parametrize(
    ("assignment", "corrected"),
    [
        ("model.fc = nn.Linear(1280, 5)", "model.classifier[1] = nn.Linear(1280, 5)"),
        ("model.fc = nn.Linear(2048, 5)  # five", "model.classifier[1] = nn.Linear(1280, 5)  # five"),
        (
            "model.classifier[1] = nn.Linear(\n    512,\n    5,\n)",
            "model.classifier[1] = nn.Linear(\n    1280,\n    5,\n)",
        ),
        ("model.fc = nn.Sequential(nn.Linear(1280, 5))", "model.classifier[1] = nn.Sequential(nn.Linear(1280, 5))"),
    ],
)
def test_heads_are_put_in_their_place(assignment: str, corrected: str) -> None:
    start = HEAD + "model = models.efficientnet_b0(weights='DEFAULT')\n"
    assert fixed(f"{start}{assignment}\n", "CNN906") == f"{start}{corrected}\n"
