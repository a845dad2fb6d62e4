"""Channel gates, as people write them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cnnlint.graph.model import ModelGraph
from cnnlint.graph.queries.gates import channel_gates

GraphOf = Callable[..., ModelGraph]

_POOL = "self.p = nn.AdaptiveAvgPool2d(1)"
_CONVS = f"self.c = nn.Conv2d(3, 16, 3)\n{_POOL}\nself.s = nn.Conv2d(16, 4, 1)\nself.e = nn.Conv2d(4, 16, 1)"
_DENSE = "self.c = nn.Conv2d(3, 16, 3)\nself.s = nn.Linear(16, 4)\nself.e = nn.Linear(4, 16)"

_SILU = "x = self.c(x)\ng = self.e(F.silu(self.s(self.p(x))))\nreturn F.hardsigmoid(g) * x"
_WRITTEN_OUT = "x = self.c(x)\ng = self.e(F.relu(self.s(self.p(x))))\nreturn x * (F.relu6(g + 3) / 6)"
_INDEXED = "x = self.c(x)\ng = self.e(F.relu(self.s(x.mean((2, 3)))))\nreturn x * torch.sigmoid(g)[:, :, None, None]"
_VIEWED = """\
x = self.c(x)
n, c, _, _ = x.shape
g = F.adaptive_avg_pool2d(x, 1).view(n, c)
g = torch.sigmoid(self.e(F.relu(self.s(g)))).view(n, c, 1, 1)
return x * g.expand_as(x)"""


@pytest.mark.parametrize(
    ("init", "forward", "gates"),
    [
        (_CONVS, "x = self.c(x)\nreturn x * torch.sigmoid(self.e(F.relu(self.s(self.p(x)))))", [("sigmoid", False)]),
        (_CONVS, _SILU, [("hardsigmoid", False)]),
        (_CONVS, _WRITTEN_OUT, [("relu6", True)]),
        (_CONVS, "x = self.c(x)\nreturn x * self.e(self.s(self.p(x)))", [(None, False)]),
        (_DENSE, _INDEXED, [("sigmoid", False)]),
        (_DENSE, _VIEWED, [("sigmoid", False)]),
        (_CONVS, "y = self.c(x)\nreturn torch.tanh(y) * torch.sigmoid(self.e(F.relu(self.s(self.p(y)))))", []),
        (_CONVS, "x = self.c(x)\nreturn x + torch.sigmoid(self.e(F.relu(self.s(self.p(x)))))", []),
        (_CONVS, "x = self.c(x)\nreturn x * torch.sigmoid(x)", []),
    ],
)
def test_gates(graph_of: GraphOf, init: str, forward: str, gates: list[tuple[str | None, bool]]) -> None:
    found = list(channel_gates(graph_of(init, forward, "3x12x12")))
    assert [(gate.activation, gate.scaled) for gate in found] == gates
    assert all((gate.channels, gate.width) == (16, 4) for gate in found)
