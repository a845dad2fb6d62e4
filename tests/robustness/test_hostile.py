"""Programs that would take for ever, fill memory or recurse without end are read as far as the budget goes."""

from __future__ import annotations

from textwrap import indent

import pytest

import cnnlint
from cnnlint.static import recorder
from cnnlint.static.interpreter import MAX_STEPS, Interpreter

PROGRAM = """\
import copy, itertools
import torch
from torch import nn
from torch.nn import functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
{init}
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
{forward}
        return self.conv(x)

Net()(torch.randn(1, 3, 32, 32))
"""

BUILDING = {
    "a list in itself": "s = [1]\ns.append(s)\nself.s = s\ns == copy.deepcopy(s)\nstr(s)\nnn.ModuleList(s)",
    "a dict in itself": "d = {}\nd['d'] = d\nself.d = d\nd == copy.deepcopy(d)\nf'{d}'\nnn.ModuleDict(d)",
    "a module in itself": "self.a = nn.Sequential()\nself.a.append(self.a)\nself.a.append(self)",
    "a tuple of tuples": "t = ()\nfor _ in range(20000): t = (t,)\nself.t = t\nt == copy.deepcopy(t)\nisinstance(3, t)",
    "a super() of no instance": "super(Net, True).train()\nsuper(3, self)\n(lambda a: super().train())(3)",
    "numbers": "n = 10**10**8\nm = 1 << 10**11\nk = 3\nfor _ in range(99): k **= k\nint('9' * 10**5)",
    "texts": "s = 'ab' * 10**10\nt = 'a'\nfor _ in range(60): t = f'{t}{t}'\nf'{3:1000000000}'\n'%*d' % (10**9, 3)",
    "lists": "s = [0] * 10**10\nt = [1]\nfor _ in range(60): t.extend(t)\nlist(range(10**12))",
    "endless iterators": "list(itertools.count())\nlist(itertools.product(range(999), repeat=9))",
    "an endless loop": "while True: pass",
    "copies of copies": "b = nn.Sequential(nn.ReLU())\nfor _ in range(30): b = nn.Sequential(b, copy.deepcopy(b))",
}

RUNNING = {
    "an endless loop": "while True: x = self.conv(x)",
    "one layer thousands of times": "for _ in range(2400): x = self.conv(x)",
    "a forward pass that calls itself": "x = self.forward(self.conv(x))",
    "two to the thirtieth calls": "b = nn.Sequential(self.conv)\nfor _ in range(30): b = nn.Sequential(b, b)\nx = b(x)",
    "lists of tensors that double": "l = [x]\nfor _ in range(25): l = l + [self.conv(t) for t in l]",
    "sums of sums": "for _ in range(300): x = x + x",
    "residual paths": "for _ in range(80): x = x + self.conv(x)",
    "branches nobody can decide": "\n".join(f"if x.sum() > {i}: x = self.conv(x)" for i in range(40)),
    "sizes beyond all memory": "for _ in range(2000): x = F.interpolate(x, scale_factor=2)",
    "axes": "for _ in range(20000): x = x.unsqueeze(0)",
    "pieces": "torch.zeros(10**9, 3).split(1)\nfor e in torch.zeros(10**8): x = x + e",
    "enormous kernels": "x = nn.Conv2d(3, 3, 10**9, padding=10**9, stride=10**8)(x)",
    "enormous dilations": "x = nn.Conv2d(3, 3, 3, padding=10**9, dilation=10**9)(x)",
    "an enormous stride": "x = nn.Conv2d(3, 3, 3, stride=10**9, padding=1)(x)",
    "an enormous transposed kernel": "x = nn.ConvTranspose2d(3, 3, 10**8, stride=10**7)(x)",
}


@pytest.fixture(autouse=True)
def small_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the usual, so that the end of it comes soon."""
    monkeypatch.setitem(Interpreter.__init__.__kwdefaults__, "steps", MAX_STEPS // 10)
    monkeypatch.setattr(recorder, "MAX_NODES", recorder.MAX_NODES // 10)
    monkeypatch.setattr(recorder, "MAX_CALLS", recorder.MAX_CALLS // 10)


def check(init: str = "pass", forward: str = "pass") -> None:
    source = PROGRAM.format(init=indent(init, " " * 8), forward=indent(forward, " " * 8))
    findings = cnnlint.check_source(source, "net.py")
    assert all(finding.code.startswith("CNN") for finding in findings)


@pytest.mark.parametrize("text", BUILDING.values(), ids=BUILDING)
def test_building(text: str) -> None:
    check(init=text)


@pytest.mark.parametrize("text", RUNNING.values(), ids=RUNNING)
def test_running(text: str) -> None:
    check(forward=text)
