"""The files around a file: where else its classes may be used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cnnlint.source.discovery import DEFAULT_EXCLUDES

_MOST_FOLDERS: Final = 200
_MOST_FILES: Final = 1000
_LARGEST: Final = 1_000_000
"""Bytes; larger files are generated ones."""


def texts_around(folder: Path, package: str) -> dict[Path, str]:
    """The Python files of ``folder`` and all of those below its folder ``package``, at most a thousand, those nearest
    to the top. Without a package, all below ``folder``."""
    files = dict.fromkeys((*_files(folder, 1), *_files(folder / package, _MOST_FOLDERS)))
    return {file: _text(file) for file in list(files)[:_MOST_FILES]}


def _files(top: Path, folders: int) -> Iterator[Path]:
    pending = [top]
    for _ in range(folders):
        if not pending:
            return
        try:
            entries = sorted(os.scandir(pending.pop(0)), key=lambda entry: entry.name)
        except OSError:
            continue
        yield from (Path(entry.path) for entry in entries if entry.name.endswith(".py") and entry.is_file())
        pending += [Path(entry.path) for entry in entries if _is_searched(entry)]


def _is_searched(entry: os.DirEntry[str]) -> bool:
    return entry.name not in DEFAULT_EXCLUDES and entry.is_dir(follow_symlinks=False)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace") if file.stat().st_size <= _LARGEST else ""
    except OSError:
        return ""
