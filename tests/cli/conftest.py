"""A small project in a folder of its own, and a way to run the command in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from cnnlint.cli import run

NET = """\
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x):
        return self.bn(self.conv(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 1)
        self.blocks = nn.Sequential(*[Block(16) for _ in range(3)])

    def forward(self, x):
        return self.blocks(self.stem(x))
"""

PLUGIN = '''\
from cnnlint.graph.operations import Convolution
from cnnlint.rule import Applicability, Fix, Rule, SetArgument, Severity


class WideKernel(Rule):
    """A kernel wider than one pixel."""

    code, name, category, severity = "TST001", "wide-kernel", "test", Severity.WARNING

    def check(self, model):
        for node in model.nodes:
            if isinstance(node.op, Convolution) and node.op.kernel_size != (1, 1):
                fix = Fix((SetArgument(node.module.built_at, "kernel_size", "1", 2),), Applicability.SAFE)
                data = {"kernel": node.op.kernel_size}
                yield self.finding(node.module, "a wide kernel", help="use 1", data=data, fix=fix)


class Pointwise(Rule):
    """A kernel of one pixel."""

    code, name, category, severity = "TST002", "pointwise", "test", Severity.ADVICE

    def check(self, model):
        for node in model.nodes:
            if isinstance(node.op, Convolution) and node.op.kernel_size == (1, 1):
                yield self.finding(node.module, f"a pointwise kernel {node.module.name}")
'''


@dataclass
class Result:
    status: int
    out: str
    err: str


class Project:
    """A folder with ``net.py``, a plugin with two rules, and the configuration that loads it and nothing else."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        self.write("net.py", NET)
        self.write("plugin/rules.py", PLUGIN)
        self.write(
            "cnnlint.toml", 'plugins = ["plugin/rules.py"]\nselect = ["TST", "CNN000"]\nextend-exclude = ["plugin"]\n'
        )

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def run(self, *args: str) -> Result:
        status = run(list(args))
        captured = self._capsys.readouterr()
        return Result(status, captured.out, captured.err)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return Project(tmp_path, capsys)
