"""Shared test settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("repeatable", derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile("repeatable")

SEED = int(os.environ.setdefault("CNNLINT_SEED", "20261123"))
PROGRAMS = int(os.environ.setdefault("CNNLINT_PROGRAMS", "150"))
"""Which random programs tests/generated writes, and how many."""

GET = "pip download --no-deps torchvision==0.29.1, unzip it, CNNLINT_CORPUS=<that folder>"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The seed, so that a failure can be repeated."""
    terminalreporter.write_line(f"random programs: CNNLINT_SEED={SEED} CNNLINT_PROGRAMS={PROGRAMS}")


@pytest.fixture(scope="session")
def corpus_source() -> Path:
    """The folder that holds torchvision/; tests that ask for it are skipped where there is none, all in one line."""
    folder = os.environ.get("CNNLINT_CORPUS")
    if folder is None:
        pytest.skip(f"torchvision's source is not here: {GET}")  # not part of the repository, 7.4 MB to fetch
    source = Path(folder).resolve()
    assert (source / "torchvision" / "models").is_dir(), f"CNNLINT_CORPUS={folder} holds no torchvision/models"
    return source
