"""Strides: where they are known they are torch's, and a view that torch refuses is refused."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import torch

from cnnlint.source.imports import Project
from cnnlint.source.text import SourceText
from cnnlint.static.layout import view_strides
from cnnlint.static.program import evaluate, run_program
from cnnlint.static.values import TensorValue

HEADER = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"
SOURCES = {
    "in order": "x = torch.randn(2, 4, 6, 8)",
    "channels last": "x = torch.randn(2, 6, 8, 4).permute(0, 3, 1, 2)",
    "heads": "x = torch.randn(2, 6, 4, 8).transpose(1, 2)",
    "expanded": "x = torch.randn(2, 4, 1, 8).expand(2, 4, 6, 8)",
}
OPERATIONS = """\
x.permute(0, 2, 3, 1)
x.transpose(-1, -2)
x.transpose(1, 2).contiguous()
x.flatten(2)
x.flatten(1).t()
x.reshape(2, 24, 8)
x.reshape(8, 48).T
x.unsqueeze(1)
x.unsqueeze(1).squeeze(1)
x.chunk(2, dim=1)[1]
torch.split(x, 2, dim=3)[0]
x @ x.transpose(-2, -1)
x.flatten(1) @ x.flatten(1).t()
torch.softmax(x, dim=1)
x.log_softmax(-1)
F.relu(x)
nn.GELU()(x)
nn.Dropout(0.5)(x)
x.clone()
x * 2
x + x
x + torch.randn(8)
torch.cat([x, x], dim=1)
torch.stack([x, x])
nn.Linear(8, 5)(x)
nn.Conv2d(4, 3, 3)(x)
nn.BatchNorm2d(4)(x)
nn.LayerNorm(8)(x)
nn.MaxPool2d(2)(x)
nn.AdaptiveAvgPool2d((2, 2))(x)
x.mean(dim=1)
x.sum(dim=-1, keepdim=True)
x.float()
x.masked_fill(x > 0, 0.0)
nn.Flatten()(x)
torch.bmm(x.flatten(0, 1), x.flatten(0, 1).transpose(1, 2))
""".splitlines()


def names(source: str) -> dict[str, object]:
    """What the program binds at its end."""
    project = Project([Path.cwd()])
    project.add(SourceText("program.py", HEADER + source + "\n"), Path.cwd() / "program.py")
    return evaluate(project, Path.cwd() / "program.py").names


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_known_strides_are_those_of_torch(source: str) -> None:
    bound = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional}
    exec(source, bound)
    known = 0
    for operation in OPERATIONS:
        found = names(f"{source}\ny = {operation}")["y"]
        assert isinstance(found, TensorValue)
        if found.strides is not None:
            assert found.strides == eval(operation, bound).stride(), operation
            known += 1
    assert known >= 5


@pytest.mark.parametrize("seed", range(20))
def test_views_are_those_of_torch(seed: int) -> None:
    random = Random(seed)
    for _ in range(50):
        tensor = torch.empty([random.choice([1, 2, 3, 4]) for _ in range(random.randint(1, 4))])
        if random.random() < 0.6:
            tensor = tensor.permute(random.sample(range(tensor.ndim), tensor.ndim))
        if random.random() < 0.3:
            tensor = tensor[..., : max(1, tensor.shape[-1] - 1)]
        if random.random() < 0.2:
            tensor = tensor.unsqueeze(0).expand(3, *tensor.shape)
        wanted = _factors(tensor.numel(), random)
        found = view_strides(tuple(tensor.shape), tensor.stride(), wanted)
        try:
            strides = tensor.view(wanted).stride()
        except RuntimeError:
            assert found is None
        else:
            assert found is not None
            pairs = zip(wanted, found, strides, strict=True)
            assert all(size == 1 or own == theirs for size, own, theirs in pairs)


def _factors(number: int, random: Random) -> tuple[int, ...]:
    sizes = [1] * random.randint(0, 2)
    while number > 1:
        sizes.append(random.choice([size for size in range(2, number + 1) if number % size == 0]))
        number //= sizes[-1]
    random.shuffle(sizes)
    return tuple(sizes)


@pytest.mark.parametrize(
    ("source", "fails"),
    [
        ("torch.randn(2, 3, 4).transpose(1, 2).view(2, 12)", True),
        ("torch.randn(2, 3, 4).permute(1, 0, 2).view(6, 4)", True),
        ("torch.randn(2, 3, 4).transpose(0, 1).view(3, 2, 2, 2)", False),
        ("torch.randn(2, 3, 4).transpose(1, 2).reshape(2, 12)", False),
        ("torch.randn(2, 3, 4).transpose(1, 2).contiguous().view(2, 12)", False),
        ("torch.randn(2, 1, 4).transpose(1, 2).view(2, 4)", False),
    ],
)
def test_views_that_torch_refuses(source: str, fails: bool) -> None:
    project = Project([Path.cwd()])
    project.add(SourceText("program.py", f"{HEADER}y = {source}\n"), Path.cwd() / "program.py")
    failure = run_program(project, Path.cwd() / "program.py")
    assert (failure is not None) is fails
    try:
        eval(source)
    except RuntimeError:
        assert fails
    else:
        assert not fails
