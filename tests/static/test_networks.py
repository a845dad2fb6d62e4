"""Networks written in ways that need evaluation: rows, parameters and multiply-adds are torch's."""

from __future__ import annotations

import sys
from textwrap import dedent
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from cnnlint.summary import summary_of

if TYPE_CHECKING:
    from conftest import ReadNet

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"
SHAPE = (1, 3, 32, 32)

NETS = {
    "a constructor that tries layers out": """
        class Net(nn.Module):
            def __init__(self, size=32):
                super().__init__()
                self.features = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU())
                with torch.no_grad():
                    training = self.features.training
                    self.features.eval()
                    found = self.features(torch.zeros(1, 3, size, size)).shape[-2:]
                    self.features.train(training)
                self.grid = nn.Parameter(torch.zeros(1, 8, *found))
                self.head = nn.Linear(self._numel(size), 10)
            def _numel(self, size):
                return self.features(torch.zeros(2, 3, size, size)).flatten(1).size(1)
            def forward(self, x):
                return self.head((self.features(x) + self.grid).flatten(1))
        """,
    "a cache by device": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.bias = nn.Parameter(torch.zeros(8, 4))
                self.register_buffer("index", torch.arange(4).view(2, 2))
                self.proj = nn.Conv2d(3, 8, 16, 16)
                self.cache = {}
            def biases(self, device):
                key = str(device)
                if key not in self.cache:
                    self.cache[key] = self.bias[:, self.index]
                return self.cache[key]
            def forward(self, x):
                x = self.proj(x)
                if x.device.type != "cuda":
                    return x + self.biases(x.device)
                return x.sum() @ x
        """,
    "a switch in the environment": """
        import os
        FUSED = True
        if "CNNLINT_NO_SUCH_SWITCH" in os.environ:
            FUSED = os.environ["CNNLINT_NO_SUCH_SWITCH"] == "1"
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv, self.other = nn.Conv2d(3, 8, 3), nn.Conv2d(3, 8, 3)
            def forward(self, x): return self.conv(x) if FUSED else self.other(x)
        """,
    "weights that are loaded": """
        class Net(nn.Module):
            def __init__(self, pretrained=False):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)
                found = self.load_state_dict(self.state_dict(), strict=False)
                if found.missing_keys:
                    print(found.missing_keys, found.unexpected_keys)
                missing, unexpected = self.load_state_dict(self.state_dict())
            def forward(self, x): return self.conv(x)
        """,
}


def torch_facts(source: str) -> tuple[int, list[int], list[Any], int]:
    """What ``Net()`` holds and does under torch: parameters, output shape, rows of the leaves, multiply-adds."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    module = ModuleType("cnnlint_test_network")
    sys.modules[module.__name__] = module
    exec(compile(HEAD + dedent(source), "program.py", "exec", dont_inherit=True), module.__dict__)
    model = module.Net().eval().requires_grad_(False)
    rows: list[Any] = []
    for name, child in model.named_modules():
        if next(child.children(), None) is None:
            own = sum(parameter.numel() for parameter in child.parameters())
            child.register_forward_hook(
                lambda m, args, out, name=name, own=own: rows.append([name, type(m).__name__, list(out.shape), own])
            )
    with FlopCounterMode(display=False) as counter:
        output = model(torch.zeros(SHAPE))
    return sum(p.numel() for p in model.parameters()), list(output.shape), rows, counter.get_total_flops() // 2


@pytest.mark.parametrize("name", NETS)
def test_networks(read_net: ReadNet, name: str) -> None:
    found = summary_of(read_net(HEAD + dedent(NETS[name]), "x".join(map(str, SHAPE))))
    assert found.complete
    rows = [[row.name, row.type, row.output, row.parameters] for row in found.layers]
    assert (found.parameters, found.output, rows, found.macs) == torch_facts(NETS[name])
