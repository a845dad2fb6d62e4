"""What long work is doing, on a terminal only: a bar, or a line that is taken away at the end."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

_WORTH_A_BAR = 20  # files; fewer are done before a bar could be read


@contextmanager
def progress(files: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Gives a function that takes the number of files just done."""
    if quiet or files < _WORTH_A_BAR or not _on_terminal():
        yield lambda done: None
        return
    with click.progressbar(length=files, label="Linting", file=sys.stderr) as bar:
        yield bar.update


@contextmanager
def status(*, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Gives a function that shows what is being waited for."""
    if quiet or not _on_terminal():
        yield lambda text: None
        return
    room = shutil.get_terminal_size().columns - 1

    def show(text: str) -> None:
        sys.stderr.write(f"\r{text[:room].ljust(room)}\r")
        sys.stderr.flush()

    try:
        yield lambda text: show(f"{text} ...")
    finally:
        show("")


def _on_terminal() -> bool:
    return sys.stderr.isatty()
