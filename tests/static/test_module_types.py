"""Element types of weights and inputs: a program fails here exactly where it does under torch."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from cnnlint.source.imports import Project
from cnnlint.static import expressions, statements  # noqa: F401 - they register their handlers
from cnnlint.static.program import run_program

X, X64 = "torch.randn(2, 4)", "torch.randn(2, 4, dtype=torch.float64)"
PROGRAMS = [
    f"nn.Linear(4, 4)({X})",
    f"nn.Linear(4, 4)({X64})",
    f"nn.Linear(4, 4, dtype=torch.float64)({X64})",
    f"nn.Linear(4, 4, dtype=torch.double)({X})",
    f"nn.Linear(4, 4).double()({X64})",
    f"nn.Linear(4, 4).to(torch.float64)({X64})",
    f"nn.Linear(4, 4).to({X64})({X64})",
    f"nn.Sequential(nn.Linear(4, 4), nn.ReLU()).double()({X})",
    f"nn.LayerNorm(4)({X}.half())",
    f"nn.BatchNorm1d(4)({X64})",
    f"nn.BatchNorm1d(4, dtype=torch.float64)({X64})",
    "nn.Conv1d(4, 4, 1)(torch.ones(2, 4, 3, dtype=torch.int64))",
    "nn.Embedding(4, 4)(torch.tensor([1, 2]))",
    f"nn.PReLU(4)({X64})",
    f"torch.set_default_dtype(torch.float64)\nnn.Linear(4, 4)({X})\ntorch.set_default_dtype(torch.float32)",
    f"with torch.autocast('cpu', dtype=torch.bfloat16):\n    y = nn.Linear(4, 4)({X})\nnn.Linear(4, 4)(y.float())",
]


def runs(program: str) -> bool:
    try:
        exec(program, {"torch": torch, "nn": nn})
    except (RuntimeError, TypeError):
        return False
    return True


@pytest.mark.parametrize("program", PROGRAMS)
def test_fails_where_torch_does(tmp_path: Path, program: str) -> None:
    path = tmp_path / "program.py"
    path.write_text(f"import torch\nfrom torch import nn\n{program}\n", encoding="utf-8")
    assert (run_program(Project([tmp_path]), path) is None) == runs(program)
