"""Graphs of models written in a test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cnnlint.graph.model import ModelGraph
from cnnlint.graph.shapes import parse_shape
from cnnlint.source.imports import Project
from cnnlint.source.text import SourceText
from cnnlint.static.reader import Reader, ReadOptions

_HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n\n"
_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        {init}

    def forward(self, x):
        {forward}
"""

GraphOf = Callable[..., ModelGraph]


@pytest.fixture
def graph_of(tmp_path: Path) -> GraphOf:
    """The graph of a class ``Net`` made of the statements ``init`` and ``forward``, one in a line."""

    def read(init: str, forward: str, *inputs: str) -> ModelGraph:
        text = _HEAD + _NET.format(init=init.replace("\n", "\n        "), forward=forward.replace("\n", "\n        "))
        path = tmp_path / "net.py"
        project = Project([tmp_path])
        project.add(SourceText("net.py", text), path)
        options = ReadOptions(inputs=tuple(map(parse_shape, inputs)), symbolic_batch=True)
        (graph,) = Reader(project, options=options).read_file(path).graphs
        return graph

    return read
