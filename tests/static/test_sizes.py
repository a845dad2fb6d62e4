"""For which input sizes a forward pass works, and what breaks just outside: the table, and torch at every size."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import torch

from cnnlint.cli import run
from cnnlint.graph.model import ModelGraph
from cnnlint.graph.shapes import parse_shape
from cnnlint.source.imports import Project
from cnnlint.static.reader import Reader, ReadOptions

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "fixtures" / "models"
SCHEMA = ROOT / "cnnlint" / "report" / "schemas" / "summary.schema.json"

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n\n"
NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        {init}

    def forward(self, x):
        {forward}
"""

CASES = [
    ("any size from 1", "self.a = nn.Conv2d(3, 4, 3, padding=1)", "return self.a(x)"),
    ("7 and up", "self.a = nn.Conv2d(3, 4, 7)", "return self.a(x)"),
    ("10 and up", "self.a = nn.Conv2d(3, 3, 3)\nself.p = nn.MaxPool2d(2)", "return self.p(self.a(self.p(self.a(x))))"),
    ("exactly 28×28", "self.a = nn.Linear(3 * 28 * 28, 10)", "return self.a(x.flatten(1))"),
    (
        "32 to 35",
        "self.a = nn.Conv2d(3, 6, 5)\nself.b = nn.Conv2d(6, 16, 5)\nself.f = nn.Linear(400, 10)",
        "x = F.max_pool2d(self.a(x), 2)\nx = F.max_pool2d(self.b(x), 2)\nreturn self.f(x.flatten(1))",
    ),
    (
        "multiples of 4",
        "self.d = nn.Conv2d(3, 3, 2, 2)\nself.u = nn.ConvTranspose2d(3, 3, 2, 2)",
        "return x + self.u(self.u(self.d(self.d(x))))",
    ),
    (
        "multiples of 6",
        "self.d = nn.AvgPool2d(6)\nself.u = nn.Upsample(scale_factor=6)",
        "return torch.cat([x, self.u(self.d(x))], 1)",
    ),
    ("multiples of 8", "self.a = nn.Identity()", "n, c, h, w = x.shape\nreturn x.reshape(n, c, h // 8, 8, w // 8, 8)"),
    (
        "3 more than a multiple of 4, from 7",
        "self.d = nn.Conv2d(3, 3, 3, 2)\nself.u = nn.ConvTranspose2d(3, 3, 3, 2)",
        "y = self.d(x)\nreturn x + self.u(self.u(self.d(y)) if y.shape[-1] > 0 else y)",
    ),
    ("32 and up", "self.p = nn.MaxPool2d(32)\nself.f = nn.AdaptiveAvgPool2d(1)", "return self.f(self.p(x))"),
    ("no size found that works", "self.a = nn.Conv2d(3, 4, 3)\nself.b = nn.Conv2d(5, 4, 3)", "return self.b(self.a(x))"),
    ("not known: part of the forward pass is not known", "self.a = nn.Conv2d(3, 4, 3)", "import unheard_of\nreturn unheard_of.f(self.a(x))"),
]  # fmt: skip


def net(init: str, forward: str) -> str:
    return HEAD + NET.format(init=init.replace("\n", "\n        "), forward=forward.replace("\n", "\n        "))


def read(path: Path, target: str, *shapes: str) -> ModelGraph:
    options = ReadOptions(inputs=tuple(map(parse_shape, shapes)), sizes=True)
    (graph,) = Reader(Project([path.parent]), options=options).read_target(f"{path}:{target}")
    return graph


@pytest.mark.parametrize(("text", "init", "forward"), CASES, ids=[case[0] for case in CASES])
def test_sizes_of_small_nets(tmp_path: Path, text: str, init: str, forward: str) -> None:
    path = tmp_path / "net.py"
    path.write_text(net(init, forward))
    found = read(path, "Net()", "3x48x48").sizes
    assert found is not None
    assert found.text == text


@pytest.mark.parametrize(("text", "init", "forward"), CASES[:-2], ids=[case[0] for case in CASES[:-2]])
def test_torch_runs_at_these_sizes_and_no_other(tmp_path: Path, text: str, init: str, forward: str) -> None:
    path = tmp_path / "net.py"
    path.write_text(net(init, forward))
    found = read(path, "Net()", "3x48x48").sizes
    assert found is not None
    assert found.minimum is not None
    names: dict[str, type[torch.nn.Module]] = {}
    exec(net(init, forward), names)
    model = names["Net"]().eval()
    runs = [size for size in range(1, 50) if _runs(model, size)]
    assert runs == list(range(found.minimum, min(50, (found.maximum or 50) + 1), found.multiple_of))
    assert all(each.size not in runs for each in found.breaks)


def _runs(model: torch.nn.Module, size: int) -> bool:
    try:
        model(torch.zeros(1, 3, size, size))
    except RuntimeError:
        return False
    return True


@pytest.mark.parametrize(
    ("target", "inputs", "text", "layers"),
    [
        ("vgg16.py:vgg16()", ["3x224x224"], "32 and up", ["features.30"]),
        ("resnet.py:resnet18()", [], "any size from 1", []),
        ("cifar10_cnn.py:CIFAR10CNN()", ["3x32x32"], "8 and up", ["features.22"]),
        ("unet.py:UNetTransposed()", ["1x64x64"], "16 and up", ["pool"]),
    ],
)
def test_sizes_of_known_models(target: str, inputs: list[str], text: str, layers: list[str]) -> None:
    found = read(MODELS / target.partition(":")[0], target.partition(":")[2], *inputs).sizes
    assert found is not None
    assert found.text == text
    assert [each.layer for each in found.breaks] == layers


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    path = tmp_path / "net.py"
    path.write_text(net("self.a = nn.Conv2d(3, 4, 7)", "return F.dropout(self.a(x), training=self.training)"))
    return path


def test_json_has_them_when_asked(documents: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["summary", f"{documents}:Net()", "--sizes", "--output-format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))
    sizes = document["models"][0]["sizes"]
    assert {name: sizes[name] for name in ("text", "minimum", "maximum", "multiple_of")} == {
        "text": "7 and up", "minimum": 7, "maximum": None, "multiple_of": 1,
    }  # fmt: skip
    assert [(each["size"], each["layer"], each["type"]) for each in sizes["breaks"]] == [(6, "a", "Conv2d")]


def test_text_has_them_when_asked(documents: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["summary", f"{documents}:Net()", "--sizes"]) == 0
    assert "Input sizes:          7 and up\n  6:                  fails in a (Conv2d)" in capsys.readouterr().out
    assert run(["summary", f"{documents}:Net()"]) == 0
    assert "Input sizes" not in capsys.readouterr().out


def test_not_together_with_a_run(documents: Path) -> None:
    assert run(["summary", f"{documents}:Net()", "--sizes", "--trace"]) == 2


def test_training_mode_on_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.py"
    path.write_text(net("self.a = nn.Conv2d(3, 4, 7)", "y = self.a(x)\nreturn (y, x) if self.training else y"))
    outputs = []
    for option in ([], ["--train"]):
        assert run(["summary", f"{path}:Net()", "--input", "3x8x8", "--output-format", "json", *option]) == 0
        outputs.append(json.loads(capsys.readouterr().out)["models"][0]["output"])
    assert outputs == [[1, 4, 2, 2], [[1, 4, 2, 2], [1, 3, 8, 8]]]
