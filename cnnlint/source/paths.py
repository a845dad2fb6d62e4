"""Paths as files are known by, and as users see them."""

from __future__ import annotations

import os
from pathlib import Path


def absolute(path: Path) -> Path:
    """The absolute path without ``.`` and ``..``; symbolic links stay, so that a file keeps the place its user sees."""
    return Path(os.path.abspath(path))  # noqa: PTH100  # Path.resolve() would follow symbolic links


def shown(path: Path) -> str:
    """How users see a path: relative to the working directory if it lies below that, in posix form."""
    whole = absolute(path)
    here = Path.cwd()
    return (whole.relative_to(here) if whole.is_relative_to(here) else whole).as_posix()


def is_file(path: Path) -> bool:
    """Whether this is a file, ``False`` too for what may not be looked at or cannot be a path (``Path.is_file``
    raises there)."""
    return os.path.isfile(path)  # noqa: PTH113  # see above


def is_folder(path: Path) -> bool:
    """Whether this is a folder, as :func:`is_file`."""
    return os.path.isdir(path)  # noqa: PTH112  # see above
