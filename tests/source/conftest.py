"""Helpers for tests that read source text."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cnnlint.source.index import FileIndex, Statement, index_source
from cnnlint.source.text import SourceText

# pytest runs in importlib mode: the texts beside the tests are found only so.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def index() -> Callable[[str], FileIndex]:
    """Indexes a text."""
    return lambda text: index_source(SourceText("net.py", text))


@pytest.fixture
def statement(index: Callable[[str], FileIndex]) -> Callable[[str], Statement]:
    """The last statement of a text."""
    return lambda text: index(text).scope.statements[-1]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes files below a temporary folder, given as path and text, and returns the folder."""

    def writer(*paths: str, **files: str) -> Path:
        for name, text in {**dict.fromkeys(paths, ""), **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return tmp_path

    return writer


GET = "pip download --no-deps torchvision==0.29.1, unzip it, CNNLINT_CORPUS=<that folder>"


@pytest.fixture(scope="session")
def torchvision() -> Path:
    """torchvision's source."""
    folder = os.environ.get("CNNLINT_CORPUS")
    if folder is None:
        pytest.skip(f"torchvision's source is not here: {GET}")  # not part of the repository, 7.4 MB to fetch
    return Path(folder).resolve() / "torchvision"
