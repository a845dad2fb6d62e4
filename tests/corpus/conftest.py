"""Lets the corpus tests import the helper modules beside them (pytest runs in importlib mode), and finds the corpus."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

if TYPE_CHECKING:
    from compare import Corpus

GET = "pip download --no-deps torchvision==0.29.1, unzip it, CNNLINT_CORPUS=<that folder>"


@pytest.fixture(scope="session")
def corpus_source() -> Path:
    """The folder that holds torchvision/; tests that ask for it are skipped where there is none, all in one line."""
    folder = os.environ.get("CNNLINT_CORPUS")
    if folder is None:
        pytest.skip(f"torchvision's source is not here: {GET}")  # not part of the repository, 7.4 MB to fetch
    source = Path(folder).resolve()
    assert (source / "torchvision" / "models").is_dir(), f"CNNLINT_CORPUS={folder} holds no torchvision/models"
    return source


@pytest.fixture(scope="session")
def corpus(corpus_source: Path, tmp_path_factory: pytest.TempPathFactory) -> "Corpus":
    from compare import Corpus

    return Corpus(corpus_source, tmp_path_factory.mktemp("corpus"))
