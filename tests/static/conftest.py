"""Reading programs written in a test, and what Python and torch themselves make of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from cnnlint.graph.model import ModelGraph
from cnnlint.graph.shapes import parse_shape
from cnnlint.source.imports import Project
from cnnlint.static.imports import file_name, open_file
from cnnlint.static.interpreter import Interpreter
from cnnlint.static.reader import Reader, ReadOptions, _deep_stack
from cnnlint.static.recorder import Recorder

sys.path.insert(0, str(Path(__file__).parent))

ReadNet = Callable[..., ModelGraph]
ReadFile = Callable[..., tuple[ModelGraph, ...]]
Answer = Callable[[str], Any]


@pytest.fixture
def answer(tmp_path: Path) -> Answer:
    """The value of the name ``answer`` in a program, as the static reader evaluates it."""

    def read(source: str) -> Any:
        path = tmp_path / "program.py"
        path.write_text(dedent(source), encoding="utf-8")
        recorder = Recorder()
        it = Interpreter(Project([tmp_path]), recorder)
        recorder.interpreter = it
        env = open_file(it, path)
        assert env is not None
        with _deep_stack():
            return file_name(it, env, "answer")

    return read


@pytest.fixture
def read_net(tmp_path: Path) -> ReadNet:
    """The graph of ``Net()`` in a program, on inputs of the given shapes."""

    def read(source: str, *shapes: str, training: bool = False, target: str = "Net()") -> ModelGraph:
        path = tmp_path / "program.py"
        path.write_text(dedent(source), encoding="utf-8")
        options = ReadOptions(inputs=tuple(map(parse_shape, shapes)), training=training)
        (graph,) = Reader(Project([tmp_path]), options=options).read_target(f"{path}:{target}")
        return graph

    return read


@pytest.fixture
def read_file(tmp_path: Path) -> ReadFile:
    """The graphs of every entry model of a program; other files of the project by name."""

    def read(source: str, *shapes: str, **files: str) -> tuple[ModelGraph, ...]:
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(dedent(text), encoding="utf-8")
        path = tmp_path / "program.py"
        path.write_text(dedent(source), encoding="utf-8")
        options = ReadOptions(inputs=tuple(map(parse_shape, shapes)))
        reading = Reader(Project([tmp_path]), options=options).read_file(path)
        assert reading.problems == ()
        return reading.graphs

    return read
