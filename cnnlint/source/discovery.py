"""Which files a run looks at: folders are searched, ignore files respected, named files taken as they are."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cnnlint.source.ignores import Ignores, Patterns, ignore_file, ignored, ignores_above, patterns_of, slashed
from cnnlint.source.paths import absolute, is_file, is_folder

DEFAULT_EXCLUDES: Final = (
    ".bzr", ".direnv", ".eggs", ".git", ".git-rewrite", ".hg", ".ipynb_checkpoints", ".mypy_cache", ".nox",
    ".pants.d", ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode", "__pycache__",
    "__pypackages__", "_build", "buck-out", "build", "dist", "node_modules", "site-packages", "venv",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Missing:
    """A path that cannot be searched or read, and why, for the user."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a search found: ``files`` sorted by absolute path and without repetition, each as the user would write
    it, and ``missing``."""

    files: tuple[Path, ...]
    missing: tuple[Missing, ...] = ()


def discover(
    paths: Sequence[Path | str],
    *,
    exclude: Sequence[str] | None = None,
    extend_exclude: Sequence[str] = (),
    force_exclude: bool = False,
    respect_gitignore: bool = True,
    root: Path | None = None,
) -> Discovery:
    """The Python files at and below ``paths``.

    ``exclude`` (:data:`DEFAULT_EXCLUDES` if it is ``None``) and ``extend_exclude`` are patterns as in ``.gitignore``,
    relative to ``root`` (the working directory if it is ``None``). What ``paths`` names itself is taken whatever it is
    called, unless ``force_exclude`` applies patterns and ignore files to it too. Raises :class:`ValueError` for a bad
    pattern.
    """
    patterns = [*(DEFAULT_EXCLUDES if exclude is None else exclude), *extend_exclude]
    search = _Search(patterns_of(patterns, absolute(root or Path.cwd())), respect_gitignore)
    for path in map(Path, paths):
        search.take(path, force_exclude=force_exclude)
    missing = sorted(set(search.missing), key=lambda entry: (entry.path, entry.reason))
    return Discovery(tuple(search.files[key] for key in sorted(search.files)), tuple(missing))


class _Search:
    def __init__(self, excludes: Patterns, respect_gitignore: bool) -> None:
        self.files: dict[Path, Path] = {}
        self.missing: list[Missing] = []
        self._excludes = excludes
        self._respect_gitignore = respect_gitignore

    def take(self, path: Path, *, force_exclude: bool) -> None:
        """Take a file, or search a folder, that the user named."""
        whole = absolute(path)
        searched = is_folder(whole)
        if not searched and not is_file(whole):
            reason = "is neither a file nor a folder" if os.path.lexists(whole) else "no such file or folder"
            self.missing.append(Missing(path, reason))
            return
        excludes, ignores = self._excludes, ignores_above(whole) if self._respect_gitignore else ()
        excluded = ignored(whole.as_posix(), searched, (excludes,))
        if force_exclude and (excluded or ignored(whole.as_posix(), searched, ignores)):
            return
        if not searched:
            self._add(path, whole)
            return
        # Patterns that leave out the named folder as a whole say nothing about what to take in it.
        if excluded or not slashed(whole).startswith(excludes.folder):
            excludes = Patterns(slashed(whole), excludes.spec)
        if ignored(whole.as_posix(), True, ignores):
            ignores = ()
        self._search(path, whole, excludes, ignores)

    def _add(self, path: Path, whole: Path) -> None:
        # One file named in two ways is shown the same whichever comes first.
        self.files[whole] = min(path, self.files.get(whole, path), key=lambda name: (len(name.parts), name))

    def _search(self, path: Path, whole: Path, excludes: Patterns, ignores: Ignores) -> None:
        pending = [(path, whole, ignores)]
        while pending:
            path, whole, ignores = pending.pop()
            try:
                with os.scandir(whole) as listing:
                    entries = list(listing)
            except OSError as error:
                self.missing.append(Missing(path, f"cannot read the folder: {error.strerror or error}"))
                continue
            if self._respect_gitignore and any(entry.name == ".gitignore" for entry in entries):
                ignores = (*ignores, *ignore_file(whole))
            for entry, searched in _wanted(entries, slashed(whole), excludes, ignores):
                if searched:
                    pending.append((path / entry.name, whole / entry.name, ignores))
                else:
                    self._add(path / entry.name, whole / entry.name)


def _wanted(
    entries: Sequence[os.DirEntry[str]], folder: str, excludes: Patterns, ignores: Ignores
) -> Iterator[tuple[os.DirEntry[str], bool]]:
    for entry in entries:
        searched = _is_folder(entry)
        if searched or (entry.name.endswith(".py") and _is_file(entry)):
            whole = folder + entry.name
            if not ignored(whole, searched, (excludes,)) and not ignored(whole, searched, ignores):
                yield entry, searched


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Links to folders are not followed (as in ruff), so that none can lead in circles."""
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether this is a file with content: a pipe that ends in ``.py`` would be waited on for ever."""
    try:
        return entry.is_file()
    except OSError:
        return False
