"""Lets the corpus tests import the helper modules beside them (pytest runs in importlib mode), and finds the corpus."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

if TYPE_CHECKING:
    from compare import Corpus


@pytest.fixture(scope="session")
def corpus(corpus_source: Path, tmp_path_factory: pytest.TempPathFactory) -> "Corpus":
    from compare import Corpus

    return Corpus(corpus_source, tmp_path_factory.mktemp("corpus"))
