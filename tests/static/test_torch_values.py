"""Values that torch computes while a model is built: every program leaves in ``answer`` what it leaves under torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from python_oracle import python

Answer = Callable[[str], Any]

PROGRAMS = {
    "devices": """
        import torch
        from torch import nn
        cuda = torch.device("cuda:1")
        layer = nn.Conv2d(3, 4, 1)
        cache = {str(layer.weight.device): "here"}
        answer = [
            cuda.type, cuda.index, str(cuda), f"{cuda}", torch.device("cuda", 1) == cuda, torch.device(cuda) == cuda,
            torch.device("cpu").index, isinstance(cuda, torch.device), isinstance("cuda", torch.device),
            isinstance(layer, torch.device), layer.weight.device.type != "meta", cache.get("cpu"),
            list(torch.zeros(2, device=torch.device("cpu")).to(torch.device("cpu")).shape),
        ]
        """,
    "fan in and fan out": """
        from torch import nn
        from torch.nn.init import _calculate_correct_fan, _calculate_fan_in_and_fan_out, calculate_gain
        layers = nn.Conv2d(4, 6, 3, groups=2), nn.Linear(5, 7), nn.Conv1d(2, 3, 5)
        answer = [
            [_calculate_fan_in_and_fan_out(layer.weight) for layer in layers],
            _calculate_correct_fan(layers[0].weight, "fan_in"), _calculate_correct_fan(layers[0].weight, "fan_out"),
            [calculate_gain(name) for name in ("linear", "conv2d", "relu", "tanh", "selu", "sigmoid", "leaky_relu")],
            calculate_gain("leaky_relu", 0.2),
        ]
        """,
    "no fan of a vector": """
        from torch import nn
        from torch.nn.init import _calculate_fan_in_and_fan_out
        try:
            answer = _calculate_fan_in_and_fan_out(nn.BatchNorm2d(3).weight)
        except ValueError:
            answer = "refused"
        """,
    "different widths and how often": """
        import torch
        widths = torch.tensor([96, 96, 216, 216, 216, 96])
        once, counts = torch.unique(widths, return_counts=True)
        runs, lengths = torch.unique_consecutive(widths, return_counts=True)
        answer = [once.tolist(), counts.tolist(), runs.tolist(), lengths.tolist(), len(torch.unique(widths.float()))]
        """,
    "widths on a quantised line": """
        import math
        import torch
        def widths(slope, initial, mult, depth, quant=8):
            line = torch.arange(depth, dtype=torch.float32) * slope + initial
            steps = torch.round(torch.log(line / initial) / math.log(mult))
            whole = torch.round((initial * torch.pow(mult, steps)) / quant) * quant
            return whole.int().tolist(), len(torch.unique(whole)), int(steps.max().item()) + 1
        answer = [widths(31.41, 96, 2.24, 22), widths(24.48, 24, 2.54, 14)]
        """,
    "limits of numbers": """
        import torch
        kinds = torch.float16, torch.bfloat16, torch.float32, torch.float64
        answer = [[(i.max, i.min, i.eps, i.tiny, i.smallest_normal) for i in map(torch.finfo, kinds)]]
        x = torch.zeros(2, 3).masked_fill(torch.zeros(3).bool(), -torch.finfo(torch.zeros(1).dtype).max)
        answer += [list(x.shape), torch.finfo().max, torch.get_default_dtype() == torch.float32]
        answer += [torch.get_default_device().type, torch.compiler.is_exporting(), torch.jit.is_scripting()]
        """,
    "complex numbers": """
        import torch
        x = torch.tensor(-1j, dtype=torch.complex64) * torch.pi * torch.arange(4)[None, :]
        answer = list(torch.exp(x / 8).real.shape), x.is_complex()
        """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(answer: Answer, name: str) -> None:
    assert repr(answer(PROGRAMS[name])) == repr(python(PROGRAMS[name]))
