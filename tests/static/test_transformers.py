"""``nn.Transformer`` and its parts against torch: parameters, shapes and refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from cnnlint.source.imports import Project
from cnnlint.source.text import SourceText
from cnnlint.static.program import Run, evaluate
from cnnlint.static.values import TensorValue

HEADER = "import torch\nfrom torch import nn\n"
LAYER = "nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)"
DECODER = "nn.TransformerDecoderLayer(16, 4, norm_first=True, activation='gelu')"
CAUSAL = "nn.Transformer.generate_square_subsequent_mask"


def run(source: str) -> Run:
    project = Project([Path.cwd()])
    project.add(SourceText("program.py", HEADER + source), Path.cwd() / "program.py")
    return evaluate(project, Path.cwd() / "program.py")


@pytest.mark.parametrize(
    ("module", "call"),
    [
        (LAYER, "m(torch.rand(2, 5, 16))"),
        (f"nn.TransformerEncoder({LAYER}, 3)", "m(torch.rand(2, 5, 16), mask=torch.zeros(5, 5))"),
        (f"nn.TransformerEncoder({LAYER}, num_layers=2, norm=nn.LayerNorm(16))", "m(torch.rand(2, 5, 16))"),
        (DECODER, "m(torch.rand(7, 2, 16), torch.rand(5, 2, 16))"),
        (f"nn.TransformerDecoder({DECODER}, 2)", f"m(torch.rand(7, 2, 16), torch.rand(5, 2, 16), {CAUSAL}(7))"),
        ("nn.Transformer(16, 2, 1, 2, 32)", "m(torch.rand(5, 3, 16), torch.rand(7, 3, 16))"),
        (
            "nn.Transformer(16, 2, 1, 1, 32, batch_first=True, bias=False)",
            "m(torch.rand(3, 5, 16), torch.rand(3, 7, 16))",
        ),
    ],
)
def test_parameters_and_shapes(module: str, call: str) -> None:
    found = run(f"m = {module}\ny = {call}\ncount = sum(p.numel() for p in m.parameters())\n")
    assert found.failure is None
    m = eval(module)
    output = found.names["y"]
    assert isinstance(output, TensorValue)
    assert output.shape == eval(call, {"torch": torch, "nn": nn, "m": m}).shape
    assert found.names["count"] == sum(p.numel() for p in m.parameters())


@pytest.mark.parametrize(
    ("module", "call", "line"),
    [
        ("nn.TransformerEncoderLayer(16, 3)", "m(torch.rand(5, 2, 16))", 3),
        ("nn.TransformerEncoderLayer(16, 2, heads=2)", "m(torch.rand(5, 2, 16))", 3),
        (LAYER, "m(torch.rand(2, 5, 12))", 4),
        (LAYER, "m(torch.rand(2, 5, 16), torch.zeros(4, 4))", 4),
        (LAYER, "m(torch.rand(2, 5, 16), src_key_padding_mask=torch.zeros(2, 4).bool())", 4),
        (f"nn.TransformerEncoder({LAYER}, 2)", "m(torch.rand(2, 5, 16), torch.rand(2, 5, 16), 1, 2, 3)", 4),
        (DECODER, "m(torch.rand(7, 2, 16))", 4),
        (DECODER, "m(torch.rand(7, 2, 16), torch.rand(5, 3, 16))", 4),
        ("nn.Transformer(16, 2, 1, 1, 32)", "m(torch.rand(5, 3, 16), torch.rand(7, 2, 16))", 4),
    ],
)
def test_refusals(module: str, call: str, line: int) -> None:
    found = run(f"m = {module}\ny = {call}\n")
    assert found.failure is not None
    assert found.failure.span.line == line
    with pytest.raises((RuntimeError, TypeError, AssertionError)):
        eval(call, {"torch": torch, "nn": nn, "m": eval(module)})
