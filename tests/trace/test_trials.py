"""A finding with a fix says what running the model with the fix gave, and whether that is what it claims."""

from __future__ import annotations

import compileall
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from making_jobs import HEAD, write

from cnnlint.cli import run
from cnnlint.trace import Tracer

pytestmark = pytest.mark.usefixtures("one_process")

BLOCKS = """
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(
                4,
                4,
                3,
                padding=1,
            )
            self.bn = nn.BatchNorm2d(4)

        def forward(self, x):
            return self.bn(self.conv(x)).relu()


    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Conv2d(3, 4, 1)
            self.blocks = nn.Sequential(Block(), Block())

        def forward(self, x):
            return self.blocks(self.stem(x))

    if __name__ == "__main__":
        Net()(
            torch.randn(1, 3, 8, 8)
        )
"""
PER_BLOCK = 4 * 4 * 9 + 4 + 2 * 4

HEAD_ON_MAP = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 32, 3, padding=1)
            self.pool = nn.AdaptiveAvgPool2d(7)
            self.fc = nn.Linear(32 * 7 * 7, 100)

        def forward(self, x):
            return self.fc(self.pool(self.conv(x).relu()).flatten(1))

    if __name__ == "__main__":
        Net()(torch.randn(2, 3, 16, 16))
"""

PLAIN = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)
            self.fc = nn.Linear({features}, 10)

        def forward(self, x):
            return self.fc(torch.flatten(self.conv(x), 1))

    if __name__ == "__main__":
        Net()(torch.randn(2, 3, 8, 8))
"""

KERNEL = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Conv2d(3, 32, 3, padding=1)
            self.conv = nn.Conv2d(32, 64, 5, padding=2, bias={bias})

        def forward(self, x):
            return self.conv(self.stem(x).relu()).relu()

    if __name__ == "__main__":
        Net()(torch.randn(1, 3, 32, 32))
"""

# A rule that offers a change of each convolution and says what it saves.
PLUGIN = """
from cnnlint.graph.operations import Convolution
from cnnlint.rule import Category, Fix, Rule, SetArgument, Severity


class Offer(Rule):
    code, name, category, severity = "ACME001", "offer", Category.EFFICIENCY, Severity.WARNING

    def check(self, model):
        for node in model.nodes:
            if isinstance(node.op, Convolution) and node.module.built_at:
                fix = Fix((SetArgument(node.module.built_at, "{name}", "{value}"),), saves={saves})
                yield self.finding(node.module, "there is an offer", fix=fix)
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _found(capsys: pytest.CaptureFixture[str], code: str, *options: str) -> dict[str, Any]:
    run(["check", "net.py", "--trace", "--output-format", "json", "--select", code, *options])
    report = json.loads(capsys.readouterr().out)
    schema = json.loads(files("cnnlint.report.schemas").joinpath("findings.schema.json").read_text())
    jsonschema.validate(report, schema)
    finding: dict[str, Any]
    (finding,) = report["findings"]
    return finding


def _offer(folder: Path, name: str, value: str, saves: int | None) -> None:
    plugin = PLUGIN.replace("{name}", name).replace("{value}", value).replace("{saves}", str(saves))
    (folder / "offers.py").write_text(plugin)
    (folder / "cnnlint.toml").write_text('plugins = ["offers.py"]\n')


def test_what_all_layers_of_one_construction_save(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The fix makes the call a line longer, so the example call is elsewhere in the text that runs."""
    text = write(tmp_path, BLOCKS).read_text()
    finding = _found(capsys, "CNN601", "--isolated")
    before = 2 * PER_BLOCK + 16
    macs = (2 * 16 * 9 + 12) * 64
    assert finding["data"]["measured"] == {
        "parameters": [before, before - 8], "macs": [macs, macs], "claimed": 8, "as_claimed": True,
    }  # fmt: skip
    note = finding["related"][-1]
    assert note["message"] == f"with the fix Net has {before - 8} parameters instead of {before}, as claimed"
    assert (tmp_path / "net.py").read_text() == text
    assert [path.name for path in tmp_path.iterdir()] == ["net.py"]


def test_a_head_that_pools_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, HEAD_ON_MAP)
    finding = _found(capsys, "CNN301", "--isolated")
    assert "156,900 parameters" in finding["message"]
    assert "leaves 3,300" in finding["message"]
    measured = finding["data"]["measured"]
    assert (measured["claimed"], measured["as_claimed"]) == (156_900 - 3_300, True)
    assert measured["macs"][0] - measured["macs"][1] == 2 * (32 * 49 - 32) * 100


def test_a_claim_that_does_not_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, PLAIN.replace("{features}", "144"))
    _offer(tmp_path, "bias", "False", 5)
    finding = _found(capsys, "ACME001")
    assert finding["data"]["measured"]["as_claimed"] is False
    assert "1,558 parameters instead of 1,562, not 5 fewer" in finding["related"][-1]["message"]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("padding", "0", "with the fix Net has the same parameters, MACs and output"),
        ("padding", "1", "with the fix Net raises RuntimeError: mat1 and mat2 shapes cannot be multiplied"),
        ("stride", "leave()", "with the fix Net raises NameError: name 'leave' is not defined"),
    ],
)
def test_fixes_that_claim_nothing(
    name: str, value: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, PLAIN.replace("{features}", "144"))
    _offer(tmp_path, name, value, None)
    finding = _found(capsys, "ACME001")
    assert finding["related"][-1]["message"].startswith(says)
    assert "claimed" not in finding["data"]["measured"]


def test_a_model_that_only_runs_with_the_fix(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, PLAIN.replace("{features}", "100"))
    finding = _found(capsys, "CNN104", "--isolated")
    assert finding["proof"] == "confirmed"
    assert finding["related"][-1]["message"] == "with the fix Net runs"
    assert finding["data"]["measured"] == {"parameters": [None, 1562], "macs": [None, 2 * (36 * 108 + 1440)]}


def test_a_fix_in_another_file_of_the_package(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A compiled copy of the file is there, too."""
    package = tmp_path / "pack"
    package.mkdir()
    block, _, net = BLOCKS.replace("\n    ", "\n").partition("class Net")
    (package / "__init__.py").touch()
    (package / "block.py").write_text(HEAD + block)
    (package / "net.py").write_text(f"{HEAD}from .block import Block\n\n\nclass Net{net}")
    compileall.compile_dir(package, quiet=1)
    run(["check", "pack", "--isolated", "--trace", "--output-format", "json", "--select", "CNN601"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [(finding["path"], finding["data"]["measured"]["as_claimed"]) for finding in findings] == [
        ("pack/block.py", True)
    ]


def test_no_more_fixes_are_tried_than_a_file_may_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    norm = "self.bn = nn.BatchNorm2d(4)"
    source = BLOCKS.replace(norm, f"{norm}; self.other = nn.Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4))")
    write(tmp_path, source.replace("(self.conv(x))", "(self.conv(self.other(x)))"))
    monkeypatch.setattr("cnnlint.lint.trials.MOST_TRIALS", 1)
    run(["check", "net.py", "--isolated", "--trace", "--verbose", "--output-format", "json", "--select", "CNN601"])
    out, err = capsys.readouterr()
    assert sorted("measured" in finding["data"] for finding in json.loads(out)["findings"]) == [False, True]
    assert "1 fix was not tried on the running model" in err


def test_nothing_is_tried_without_a_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Tracer, "run", None)
    write(tmp_path, BLOCKS)
    run(["check", "net.py", "--isolated", "--output-format", "json", "--select", "CNN601"])
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert "measured" not in finding["data"]


@pytest.mark.parametrize("bias", [True, False])
def test_a_stack_of_small_kernels_saves_what_it_claims(
    bias: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, KERNEL.format(bias=bias))
    measured = _found(capsys, "CNN201", "--isolated")["data"]["measured"]
    assert measured["claimed"] == 32 * 64 * 25 - 9 * 32 * (32 + 64) - 32 * bias
    assert measured["as_claimed"]
