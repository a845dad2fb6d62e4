"""One traced process for many tests: importing torch is what costs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cnnlint.trace import Job, Limits, Tracer

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "corpus")]

from making_jobs import MakeJob, make_job  # noqa: E402 - found only now


@pytest.fixture(scope="session")
def tracer() -> Iterator[Tracer]:
    with Tracer(limits=Limits(seconds=60)) as found:
        yield found


@pytest.fixture(scope="module")
def one_process(tracer: Tracer) -> Iterator[None]:
    """All commands of a module share a traced process, where each would import torch anew."""
    run = Tracer.run

    def run_there(one: Tracer, job: Job) -> dict[str, Any]:
        tracer._told = one._told
        return run(tracer, job)

    patch = pytest.MonkeyPatch()
    patch.setattr(Tracer, "close", lambda _: None)
    patch.setattr(Tracer, "run", run_there)
    yield
    patch.undo()


@pytest.fixture
def job(tmp_path: Path) -> MakeJob:
    return partial(make_job, tmp_path)
