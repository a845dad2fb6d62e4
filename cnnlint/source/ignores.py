"""Patterns as in ``.gitignore``: read leniently as git reads them, applied from the innermost file outwards."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from pathspec import GitIgnoreSpec


@dataclass(frozen=True, slots=True)
class Patterns:
    """The patterns of one ignore file, and the folder they are relative to (posix, with a closing slash)."""

    folder: str
    spec: GitIgnoreSpec


Ignores: TypeAlias = tuple[Patterns, ...]
"""The ignore files that apply somewhere, the outermost first."""


def ignored(path: str, is_folder: bool, ignores: Ignores) -> bool:
    """Whether an absolute posix path is ignored: the innermost file with a matching pattern decides."""
    for patterns in reversed(ignores):
        if path.startswith(patterns.folder):
            relative = path[len(patterns.folder) :]
            verdict = patterns.spec.check_file(f"{relative}/" if is_folder else relative).include
            if verdict is not None:
                return verdict
    return False


def patterns_of(lines: Iterable[str], folder: Path) -> Patterns:
    """Patterns relative to ``folder``. Raises :class:`ValueError` that names the first bad one."""
    lines = list(lines)
    for line in lines:
        if (problem := _problem(line)) is not None:
            raise ValueError(f"bad exclude pattern {line!r}: {problem}")
    return Patterns(slashed(folder), GitIgnoreSpec.from_lines(lines))


def ignore_file(folder: Path) -> Ignores:
    """The ``.gitignore`` of a folder, bad patterns left out; nothing where there is none that can be read."""
    try:
        text = (folder / ".gitignore").read_text("utf-8-sig", errors="replace")
    except (OSError, ValueError):
        return ()
    lines = [line for line in text.splitlines() if line.strip() and _problem(line) is None]
    return (Patterns(slashed(folder), GitIgnoreSpec.from_lines(lines)),)


def ignores_above(path: Path) -> Ignores:
    """The ignore files in the folders above an absolute path, from the root of the git repository that holds it."""
    if os.path.lexists(path / ".git"):
        return ()
    found: list[Ignores] = []
    for parent in path.parents:
        found.append(ignore_file(parent))
        if os.path.lexists(parent / ".git"):
            return tuple(_flat(reversed(found)))
    return ()


def slashed(folder: Path) -> str:
    """The posix path with a closing slash."""
    return f"{folder.as_posix().rstrip('/')}/"


def _flat(parts: Iterable[Ignores]) -> Iterator[Patterns]:
    for part in parts:
        yield from part


def _problem(line: str) -> str | None:
    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error) as error:
        return str(error)
    return None
