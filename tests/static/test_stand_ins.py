"""What the reader has its own stand-ins for (types, functions, arrays) fails nowhere where Python does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnlint.source.imports import Project
from cnnlint.static import expressions, statements  # noqa: F401 - they register their handlers
from cnnlint.static.program import run_program

RIGHT = [
    "x = int | None",
    "x = list[int] | str | None",
    "x = torch.Tensor | tuple[torch.Tensor, ...]",
    "assert isinstance(3, int | str) and isinstance(None, int | None) and not isinstance('', int | float)",
    "print(__doc__, __package__, __spec__, __file__, __name__)",
    "def f(): pass\nf.calls = 0\nf.calls += 1\nprint(f.__code__, f.__globals__, len.__doc__)",
    "def f(): pass\ng = types.FunctionType(f.__code__, globals())",
    "seen = {}\nnet = nn.Linear(2, 2)\nnet.register_forward_hook(lambda m, i, o: seen.update(y=o))\n"
    "net(torch.ones(1, 2))\nx = seen['y'].shape",
    "seen = {}\nx = torch.ones(2, requires_grad=True)\nx.register_hook(lambda g: seen.update(g=g))\n"
    "x.sum().backward()\nx = seen['g'].shape",
    "x = np.array([1, 2]).astype(np.float32)",
    "x = np.array(['a', None])",
    "x = np.asarray([[1.0, 2.0]]) - [1, 2]",
    "x = np.transpose(np.ones((2, 3)))",
    "x = np.array(np.zeros(3), copy=True).ctypes",
    "x = np.linspace(0, 1, 5).cumsum().tolist()",
    "x = torch.from_numpy(np.arange(6).reshape(2, 3)).float() @ torch.ones(3, 4)",
    "x = np.concatenate([np.ones((2, 3)), np.ones((2, 3))], axis=0).max(axis=1)",
    "x = torch.rand(2, 3).numpy().round(2).astype('int64')",
    "x = torch.rand(2, 3).detach().cpu().numpy()\nx[x > 0.5] = 0\nx = torch.from_numpy(x.copy()) @ torch.ones(3, 1)",
    "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    "        self.widths = np.array([8, 16]).astype(int)\nnet = Net()",
]
WRONG = [
    "x = 1 + 'a'",
    "x = None < 3",
    "x = torch.ones(3).astype('float32')",
    "x = torch.tensor(np.array([1, 2, 3])) + torch.ones(4)",
    "x = torch.from_numpy(torch.rand(2, 3).numpy()) @ torch.ones(2, 1)",
    "class Empty: pass\nx = Empty(3)",
]


def runs(program: str) -> bool:
    try:
        exec(program, {"__name__": "__main__", "__file__": "program.py", "__package__": None, "__spec__": None})
    except (AttributeError, RuntimeError, TypeError):
        return False
    return True


@pytest.mark.parametrize(("body", "right"), [*((body, True) for body in RIGHT), *((body, False) for body in WRONG)])
def test_fails_where_python_does(tmp_path: Path, body: str, right: bool) -> None:
    program = f"import types\nimport numpy as np\nimport torch\nfrom torch import nn\n{body}\n"
    path = tmp_path / "program.py"
    path.write_text(program, encoding="utf-8")
    assert runs(f"__doc__ = None\n{program}") == right
    assert (run_program(Project([tmp_path]), path) is None) == right
