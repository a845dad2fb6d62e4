"""Everything a first forward pass on the meta device imports and sets up, done once before jobs are forked."""

from __future__ import annotations

import torch
from torch import nn

from .job import run_job  # noqa: F401 - its imports are what is paid for
from .loading import Loaded
from .measuring import counted, trace


def warm_up() -> None:
    """Traces and counts a small network."""
    with torch.device("meta"):
        model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3))
        loaded = Loaded(model, (torch.randn(1, 3, 4, 4),), {})
    trace(loaded)
    counted(loaded, "meta")
