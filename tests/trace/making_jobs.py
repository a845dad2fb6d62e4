"""What the tests of this folder share: source with the usual imports, and jobs on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

from cnnlint.trace import Input, Job

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"

MakeJob = Callable[..., Job]


def write(folder: Path, source: str) -> Path:
    """The file ``net.py`` with the usual imports before ``source``, which starts in line 4."""
    path = folder / "net.py"
    path.write_text(HEAD + dedent(source).lstrip("\n"), encoding="utf-8")
    return path


def make_job(folder: Path, source: str, *shapes: tuple[int, ...], **more: Any) -> Job:
    """A job for the class ``Net`` of a source, on one small image unless shapes are given."""
    path = write(folder, source)
    inputs = tuple(Input(shape) for shape in shapes or ((1, 3, 8, 8),))
    return Job("net.py:Net()", path, "net", (path.parent,), "Net", inputs=inputs, **more)
