"""Each distinct block once: the graph is the same as where every block is evaluated."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from cnnlint.graph.dims import show
from cnnlint.graph.model import ModelGraph, Tensor, Value
from cnnlint.graph.shapes import parse_shape
from cnnlint.source.imports import Project
from cnnlint.static import calls, classes, modules, replay, templates
from cnnlint.static.reader import Reader, ReadOptions

_UNKNOWN = re.compile(r"Sym\([^)]*\?[^)]*\)")
TESTS = Path(__file__).parents[1]
MODELS = TESTS.parent / "fixtures" / "models"
sys.path.insert(0, str(TESTS / "generated"))

TARGETS = [
    ("alexnet.py:AlexNet()", "3x227x227"),
    ("cifar10_cnn.py:CIFAR10CNN()", "3x32x32"),
    ("deeplab.py:DeepLab()", "3x129x129"),
    ("efficientnet_b0.py:efficientnet_b0()", "3x224x224"),
    ("inception.py:googlenet()", "3x224x224"),
    ("mobilenet.py:mobilenet_v2()", "3x224x224"),
    ("resnet.py:resnet50()", "3x224x224"),
    ("unet.py:UNetTransposed()", "1x572x572"),
    ("vgg16.py:vgg16_bn()", "3x224x224"),
    ("wavenet.py:WaveNet()", "1x256x4000"),
]

PITFALLS = {
    "buffers filled in place": """
        class Block(nn.Module):
            def __init__(self, size, other=None):
                super().__init__()
                self.conv = nn.Conv2d(3, 3, 1)
                self.register_buffer("index", torch.empty(size * size, dtype=torch.long))
                self.index.copy_(torch.tensor([i % 2 for i in range(size * size)]))
                if other is not None:
                    other.add_(1)
            def forward(self, x): return self.conv(x)[:, :, self.index]
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                steps = torch.zeros(1)
                self.blocks = nn.Sequential(*[Block(2) for _ in range(4)], *[Block(3, steps) for _ in range(3)])
                self.head = nn.Conv2d(3, int(steps.item()), 1)
            def forward(self, x): return self.head(self.blocks(x))
        """,
    "blocks that share layers given in a list": """
        class Block(nn.Module):
            def __init__(self, shared):
                super().__init__()
                self.conv = nn.Conv2d(3, 3, 1)
                self.shared = shared[0]
            def forward(self, x): return self.shared(self.conv(x))
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm2d(3)
                self.blocks = nn.Sequential(*[Block([self.norm]) for _ in range(4)])
            def forward(self, x): return self.blocks(x)
        """,
    "a forward chosen when it is built": """
        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 3, 1)
                self.forward = self.forward_twice
            def forward_twice(self, x): return self.conv(self.conv(x))
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.blocks = nn.Sequential(*[nn.Sequential(Block(), nn.ReLU()) for _ in range(4)])
            def forward(self, x): return self.blocks(x)
        """,
    "blocks that count their calls": """
        class Block(nn.Module):
            made = 0
            def __init__(self):
                super().__init__()
                Block.made += 1
                self.conv = nn.Conv2d(3 * Block.made, 3 * Block.made + 3, 1)
            def forward(self, x): return self.conv(x)
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.blocks = nn.ModuleList([Block() for _ in range(4)])
            def forward(self, x):
                for block in self.blocks: x = block(x)
                return x
        """,
    "blocks that append to a list they are given": """
        class Block(nn.Module):
            def __init__(self, seen):
                super().__init__()
                seen.append(8)
                self.conv = nn.Conv2d(3, len(seen), 1)
            def forward(self, x): return self.conv(x)
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                seen = []
                self.blocks = nn.ModuleList([Block(seen) for _ in range(4)])
            def forward(self, x):
                return torch.cat([block(x) for block in self.blocks], 1)
        """,
    "a forward pass that remembers": """
        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 3, 3)
                self.steps = 0
            def forward(self, x):
                self.steps += 1
                return self.conv(x)[:, :, self.steps:]
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.a, self.b = nn.Sequential(Block()), nn.Sequential(Block())
            def forward(self, x):
                return self.a(self.a(self.b(self.a(x))))
        """,
    "blocks that differ by an attribute set later": """
        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 3, 3)
                self.stride = 1
            def forward(self, x): return self.conv(x)[:, :, ::self.stride]
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.blocks = nn.ModuleList([Block() for _ in range(4)])
                self.blocks[2].stride = 2
                self.blocks[3].conv = nn.Conv2d(3, 5, 1)
            def forward(self, x):
                for block in self.blocks: x = block(x)
                return x
        """,
    "one block used many times": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                block = nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU())
                self.blocks = nn.Sequential(*[block] * 4)
                self.tail = block
            def forward(self, x): return self.tail(self.blocks(x)) + x
        """,
    "the same tensor twice or two tensors": """
        class Add(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 3, 1)
            def forward(self, x, y): return self.conv(x) if x is y else self.conv(x) + y
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.adds = nn.ModuleList([Add() for _ in range(4)])
            def forward(self, x):
                a = self.adds[0](x, x)
                b = self.adds[1](a, x)
                c = self.adds[2](b, b)
                return self.adds[3](c, a)
        """,
    "in place": """
        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 3, 1)
            def forward(self, x):
                x += 1
                return self.conv(x)
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.blocks = nn.ModuleList([Block() for _ in range(3)])
            def forward(self, x):
                y = x
                for block in self.blocks: y = block(y)
                return x + y
        """,
    "a feature list kept outside": """
        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 3, 1)
            def forward(self, x, kept=None):
                y = self.conv(x)
                features.append(y)
                return y
        features = []
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.blocks = nn.ModuleList([Block() for _ in range(3)])
            def forward(self, x):
                for block in self.blocks: x = block(x)
                return torch.cat(features, 1)
        """,
    "lazy layers take their sizes from the first input": """
        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.LazyConv2d(8, 3, padding=1)
            def forward(self, x): return self.conv(x)
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.blocks = nn.Sequential(*[Block() for _ in range(4)])
            def forward(self, x): return self.blocks(self.blocks[0](x)[:, :3])
        """,
    "a list inside a block that grows between two calls": """
        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 3, 1)
                self.seen = [1]
            def forward(self, x): return self.conv(x)[:, :, len(self.seen):]
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.a, self.b = Block(), Block()
            def forward(self, x):
                x = self.b(self.a(x))
                self.a.seen.append(2)
                return self.b(self.a(x))
        """,
    "a failure in each": """
        class Block(nn.Module):
            def __init__(self, n):
                super().__init__()
                self.a, self.b = nn.Conv2d(3, 4, 1), nn.Conv2d(n, 3, 1)
            def forward(self, x): return self.b(self.a(x))
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.blocks = nn.Sequential(*[Block(5) for _ in range(3)])
            def forward(self, x): return self.blocks(x)
        """,
}


def read(path: Path, name: str, shape: str) -> list[Any]:
    options = ReadOptions(inputs=(parse_shape(shape),))
    (graph,) = Reader(Project([path.parent]), options=options).read_target(f"{path}:{name}")
    return described(graph)


def described(graph: ModelGraph) -> list[Any]:
    """All that a graph says, with tensors by number."""
    numbers: dict[Tensor, int] = {}

    def edge(tensor: Tensor) -> object:
        # An unknown size equals itself only, so two readings can agree no further than in what they print.
        shape = None if tensor.shape is None else tuple(map(show, tensor.shape))
        return numbers.setdefault(tensor, len(numbers)), shape, tensor.dtype, tensor.origin, tensor.name

    def value(found: Value) -> object:
        if isinstance(found, Tensor):
            return edge(found)
        if isinstance(found, tuple):
            return [value(item) for item in found]
        return {key: value(item) for key, item in found.items()} if found is not None else None

    return [
        [(m.name, m.type, m.parameters, m.children, m.built_at) for m in graph.modules.values()],
        [edge(tensor) for tensor in graph.inputs],
        [
            (
                _UNKNOWN.sub("?", repr(n.op)),
                [*map(edge, n.inputs)],
                [*map(edge, n.outputs)],
                n.module.name,
                n.span,
                {k: show(v) for k, v in n.macs.items()},
                n.certain,
            )
            for n in graph.nodes
        ],
        [
            (c.module.name, [*map(edge, c.inputs)], value(c.output), c.span, c.start, c.stop, c.parent, c.certain)
            for c in graph.calls
        ],
        value(graph.output),
        [(_UNKNOWN.sub("?", repr(f.problem)), f.span, f.type, f.module, f.certain) for f in graph.failures],
        graph.unknowns,
        graph.facts,
    ]


@pytest.fixture
def forget(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Turns the memory off: every construction and every call is evaluated."""

    def off() -> None:
        for place in (calls, classes, modules, replay, templates):
            if hasattr(place, "replayed"):
                monkeypatch.setattr(place, "replayed", lambda it, module, args, kwargs, evaluate: evaluate())
            if hasattr(place, "built"):
                monkeypatch.setattr(place, "built", lambda it, cls, args, kwargs, site, build: build())

    return off


@pytest.mark.parametrize(("target", "shape"), TARGETS)
def test_fixture_models(target: str, shape: str, forget: Any) -> None:
    file, _, name = target.partition(":")
    remembered = read(MODELS / file, name, shape)
    forget()
    assert_same(remembered, read(MODELS / file, name, shape))


@pytest.mark.parametrize("name", PITFALLS)
def test_blocks_that_only_look_equal(name: str, tmp_path: Path, forget: Any) -> None:
    from textwrap import dedent

    path = tmp_path / "net.py"
    path.write_text("import torch\nfrom torch import nn\n" + dedent(PITFALLS[name]))
    remembered = read(path, "Net()", "3x16x16")
    forget()
    assert_same(remembered, read(path, "Net()", "3x16x16"))


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_generated_programs(start: int, tmp_path: Path, forget: Any) -> None:
    from programs.program import generate

    programs = [generate(f"memo:{number}") for number in range(start, start + 20)]
    found = [_graphs(tmp_path, number, program.source) for number, program in enumerate(programs)]
    forget()
    for number, program in enumerate(programs):
        assert_same(found[number], _graphs(tmp_path, number, program.source))


def _graphs(folder: Path, number: int, source: str) -> list[Any]:
    path = folder / f"net{number}.py"
    path.write_text(source)
    return [part for graph in Reader(Project([folder])).read_file(path).graphs for part in described(graph)]


def assert_same(remembered: list[Any], evaluated: list[Any]) -> None:
    assert len(remembered) == len(evaluated)
    for one, other in zip(remembered, evaluated, strict=True):
        if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
            for first, second in zip(one, other, strict=True):
                assert first == second
        assert one == other
