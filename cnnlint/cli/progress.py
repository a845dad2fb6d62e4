"""A progress bar on long work, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

_WORTH_A_BAR = 20  # files; fewer are done before a bar could be read


@contextmanager
def progress(files: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Gives a function that takes the number of files just done."""
    if quiet or files < _WORTH_A_BAR or not sys.stderr.isatty():
        yield lambda done: None
        return
    with click.progressbar(length=files, label="Linting", file=sys.stderr) as bar:
        yield bar.update
