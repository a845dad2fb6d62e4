"""Short programs, a construct each: where torch raises, there is an error, and none where it does not."""

from __future__ import annotations

import pytest
from program_oracle import errors, raises

HEADER = """\
import argparse
import contextlib
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset, TensorDataset, random_split
"""

RUNS = [
    # data
    "for x, y in DataLoader(TensorDataset(torch.rand(7, 3), torch.arange(7)), batch_size=3):\n    nn.Linear(3, 2)(x)",
    "a, b = random_split(TensorDataset(torch.rand(10, 3)), [7, 3])\nassert len(a) == 7 and len(DataLoader(b, 2)) == 2",
    "a, b = random_split(TensorDataset(torch.rand(10, 3)), [0.75, 0.25])\nassert (len(a), len(b)) == (8, 2)",
    "for x, n in DataLoader([(torch.rand(3), i) for i in range(5)], batch_size=5):\n    F.cross_entropy(x, n % 3)",
    "for batch in DataLoader([{'y': 0.5}] * 4, batch_size=2):\n    assert batch['y'].dtype == torch.float64",
    # arrays
    "x = torch.from_numpy(np.random.rand(4, 3).astype(np.float32))\nnn.Linear(3, 2)(x)",
    "x = torch.tensor(np.zeros((4, 3)), dtype=torch.float32)\nnn.Linear(3, 2)(x)",
    "nn.Linear(3, 2).double()(torch.from_numpy(np.ones((4, 3))))",
    # arguments
    "p = argparse.ArgumentParser()\np.add_argument('--n-in', type=int, default=4)\nnn.Linear(p.parse_args().n_in, 4)",
    # optimizers
    "o = torch.optim.Adam(nn.Linear(2, 2).parameters(), lr=1e-3)\no.zero_grad()\no.step()",
    "o = torch.optim.SGD([torch.rand(2)])\ns = torch.optim.lr_scheduler.StepLR(o, step_size=3)\no.step()\ns.step()",
    # losses and gradients
    "F.cross_entropy(torch.rand(4, 3, requires_grad=True), torch.tensor([0, 1, 2, 0])).backward()",
    "nn.Linear(3, 2)(torch.rand(4, 3)).backward(torch.ones(4, 2))",
    "w = torch.ones(2, requires_grad=True)\nw.sum().backward()\nprint(w.grad.shape)",
    # python
    "print('%.2f and %s' % (torch.ones(1), torch.rand(2)))",
    "try:\n    torch.ones(2) + torch.ones(3)\nexcept RuntimeError:\n    pass",
    "with contextlib.suppress(RuntimeError):\n    torch.ones(2) @ torch.ones(3)",
    "x = torch.ones(2)\nx.note = 'mine'\nprint(x.note)",
    "a = nn.Linear(2, 3)\nb = nn.Linear(2, 3)\nb.load_state_dict(a.state_dict())",
    "with torch.autocast('cpu'):\n    nn.Linear(3, 2)(torch.rand(4, 3))",
    "nn.init.xavier_uniform_(nn.Linear(3, 2).weight)",
    "m = nn.BatchNorm1d(3)\nm.eval()\nm(torch.rand(1, 3))",
    "for i in range(100000):\n    if i > 2:\n        break",
]
RAISES = [
    # data
    ("data = TensorDataset(torch.rand(7, 3), torch.arange(8))", 1),
    ("a, b = random_split(TensorDataset(torch.rand(10, 3)), [7, 2])", 1),
    ("loader = DataLoader(TensorDataset(torch.rand(7, 3)), batch=3)", 1),
    ("for x, y in DataLoader(TensorDataset(torch.rand(7, 3)), batch_size=3):\n    pass", 1),
    ("for (x,) in DataLoader(TensorDataset(torch.rand(7, 3)), batch_size=4):\n    x.view(4, 3)", 2),
    ("class D(Dataset):\n    __len__ = lambda self: 3\n    __getitem__ = lambda self, i: self.x[i]\nD()[0]", 3),
    ("nn.Linear(3, 2)(torch.from_numpy(np.random.rand(4, 3)))", 1),
    ("p = argparse.ArgumentParser()\np.add_argument('--lr', type=float, default=0.1)\nprint(p.parse_args().rate)", 3),
    ("torch.optim.Adam(nn.Linear(2, 2).parameters(), beta=0.9)", 1),
    ("torch.optim.SGD(nn.ReLU().parameters(), lr=0.1)", 1),
    ("o = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1)\no.zerograd()", 2),
    ("torch.optim.lr_scheduler.StepLR(torch.optim.SGD(nn.Linear(2, 2).parameters()))", 1),
    ("F.cross_entropy(torch.rand(4, 3), torch.rand(4))", 1),
    ("F.cross_entropy(torch.rand(4, 3), torch.tensor([0, 1, 3, 0]))", 1),
    ("nn.BCELoss()(torch.rand(4, 1), torch.ones(4))", 1),
    ("nn.Linear(3, 2)(torch.rand(4, 3)).backward()", 1),
    ("nn.Linear(3, 2)(torch.rand(4, 3)).item()", 1),
    ("nn.CrossEntropy()", 1),
    ("F.soft_max(torch.rand(3))", 1),
    ("torch.rand(3).flaten()", 1),
    ("F.relu(nn.Linear(3, 2))", 1),
    ("nn.Conv2d(3, 8, **{'kernel_size': 3}, kernel_size=3)", 1),
    ("nn.Linear(2, 3).load_state_dict(nn.Linear(3, 3).state_dict())", 1),
    ("nn.Sequential().add_module('act', nn.ReLU)", 1),
    ("nn.init.kaiming_normal_(nn.Linear(3, 2).bias)", 1),
    ("m = nn.BatchNorm1d(3)\nm(torch.rand(1, 3))", 2),
    ("m = nn.Linear(3, 2)\nm.bias = torch.zeros(2)", 2),
    ("nn.LSTM(3, 4)(torch.rand(5, 2, 3).double())", 1),
    ("print(later)\nlater = 3", 1),
    ("x, y = nn.Linear(3, 3)(torch.rand(3, 3))", 1),
]  # fmt: skip


@pytest.mark.parametrize("source", RUNS)
def test_no_error_where_torch_runs(source: str) -> None:
    assert raises(HEADER + source + "\n") is None
    assert errors(HEADER + source + "\n") == []


@pytest.mark.parametrize(("source", "line"), RAISES)
def test_the_line_that_raises(source: str, line: int) -> None:
    raised = raises(HEADER + source + "\n")
    assert raised is not None
    expected = line + HEADER.count("\n")
    assert raised[0][0] == expected, raised[1]
    assert expected in {finding.line for finding in errors(HEADER + source + "\n")}
