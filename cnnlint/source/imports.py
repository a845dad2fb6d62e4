"""The files of a project: read and indexed once each, and found from the import statements that name them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cnnlint.source.environments import site_packages
from cnnlint.source.index import FileIndex, index_source
from cnnlint.source.neighbours import texts_around
from cnnlint.source.paths import absolute, is_file, is_folder, shown
from cnnlint.source.text import SourceProblem, SourceText, read_source

__all__ = ["Project", "site_packages"]

_NOT_SOURCE = frozenset(sys.stdlib_module_names) | {"torch"}
_PACKAGE_FILE = "__init__.py"


class Project:
    """The source files that one run can see.

    ``roots`` are the folders of the user's own code: absolute imports are looked up in the folders between the
    importing file and its root. ``environments`` are ``site-packages`` folders, looked up last. Nothing is imported.
    """

    def __init__(self, roots: Sequence[Path], environments: Sequence[Path] = ()) -> None:
        self.roots = tuple(dict.fromkeys(absolute(root) for root in roots))
        self.environments = tuple(dict.fromkeys(absolute(folder) for folder in environments))
        self._files: dict[Path, FileIndex | SourceProblem] = {}
        self._texts: dict[Path, SourceText] = {}
        self._names: dict[Path, tuple[str, Path]] = {}
        self._entries: dict[Path, tuple[Path, ...]] = {}
        self._found: dict[tuple[Path | tuple[Path, ...], str], Path | None] = {}
        self._around: dict[tuple[Path, str], Mapping[Path, str]] = {}

    def add(self, text: SourceText, path: Path) -> None:
        """Take ``text`` for the content of the file at ``path``, whatever is on disk."""
        path = absolute(path)
        self._texts[path] = text
        self._files.pop(path, None)
        self._found.clear()

    def load(self, path: Path) -> FileIndex:
        """The index of a file. Raises :class:`~cnnlint.source.text.SourceProblem`, the same each time.

        The file is shown to users relative to the working directory if it lies below that, else absolute, so that
        its name does not depend on who asks first.
        """
        path = absolute(path)
        known = self._files.get(path)
        if known is None:
            known = self._files[path] = self._read(path)
        if isinstance(known, SourceProblem):
            raise known.with_traceback(None)
        return known

    def text(self, path: Path) -> str:
        """What a file holds, without an index of it; nothing where it cannot be read."""
        try:
            return self._source(absolute(path)).text
        except SourceProblem:
            return ""

    def _source(self, path: Path) -> SourceText:
        return self._texts.get(path) or read_source(path, shown(path))

    def _read(self, path: Path) -> FileIndex | SourceProblem:
        try:
            return index_source(self._source(path))
        except SourceProblem as problem:
            return problem

    def around(self, path: Path) -> Mapping[Path, str]:
        """The texts of the files in which the classes of the file at ``path`` may be used: its package's, those beside
        the package, and itself; none for a text that is no file. See
        :func:`~cnnlint.source.neighbours.texts_around`."""
        if not is_file(path):
            return {}
        name, folder = self.module_name(path)
        key = (folder, name.partition(".")[0] if "." in name else "")
        if key not in self._around:
            self._around[key] = texts_around(*key)
        return self._around[key]

    def module_name(self, path: Path) -> tuple[str, Path]:
        """The dotted name of the module at ``path`` and the folder that it is imported from.

        A file outside any package is its own stem, imported from its folder; a folder without ``__init__.py``
        (namespace package) goes by its own name.
        """
        path = absolute(path)
        known = self._names.get(path)
        if known is None:
            known = self._names[path] = self._name(path)
        return known

    def _name(self, path: Path) -> tuple[str, Path]:
        parts: list[str] = []
        if path.name != _PACKAGE_FILE:
            parts.append(path.name.removesuffix(".py"))
        folder = path.parent
        while self._is_file(folder / _PACKAGE_FILE) and folder.parent != folder:
            parts.append(folder.name)
            folder = folder.parent
        return ".".join(reversed(parts)) or path.stem, folder

    def resolve(self, module: str, level: int, importer: Path) -> Path | None:
        """The file that ``from <level dots><module> import ...`` or ``import module`` names, seen from ``importer``.

        A folder stands for a namespace package. Nothing for the standard library, for torch, and for what is neither
        in the project nor in an environment.
        """
        importer = absolute(importer)
        if level > 0:
            folder = importer.parent
            for _ in range(level - 1):
                if folder.parent == folder:
                    return None
                folder = folder.parent
            return self._lookup(folder, module)
        if not module or module.partition(".")[0] in _NOT_SOURCE:
            return None
        found = self._lookup(self._search_path(importer), module)
        if found is None or not self._is_around(found, importer, module):
            return found
        found_in = ((entry, self._lookup((entry,), module)) for entry in self._search_path(importer))
        others = tuple(entry for entry, at in found_in if at is None or not self._is_around(at, importer, module))
        return self._lookup(others, module)

    def _is_around(self, found: Path, importer: Path, module: str) -> bool:
        """Whether ``found`` is the importing file itself, or a package around it that goes by a longer name: a file of
        ``loggers/wandb/`` imports the library of that name."""
        if found.name != _PACKAGE_FILE or not importer.is_relative_to(found.parent):
            return found == importer
        return self.module_name(found)[0] != module

    def import_folders(self, importer: Path) -> tuple[Path, ...]:
        """The folders of the user's own code that absolute imports of a file are looked up in, first to last."""
        return tuple(folder for folder in self._search_path(absolute(importer)) if folder not in self.environments)

    def _search_path(self, importer: Path) -> tuple[Path, ...]:
        """The folders that absolute imports of a file are looked up in."""
        folder = importer.parent
        known = self._entries.get(folder)
        if known is None:
            own = (self.module_name(importer)[1], folder, *self._up_to_root(folder))
            entries = [*own, *(entry / "src" for entry in own), *self.environments]
            known = self._entries[folder] = tuple(dict.fromkeys(entries))
        return known

    def _up_to_root(self, folder: Path) -> Iterator[Path]:
        holding = [root for root in self.roots if folder.is_relative_to(root)]
        if holding:
            highest = min(holding, key=lambda root: len(root.parts))
            yield from (parent for parent in folder.parents if parent.is_relative_to(highest))

    def _lookup(self, where: Path | tuple[Path, ...], module: str) -> Path | None:
        key = (where, module)
        if key not in self._found:
            folders = (where,) if isinstance(where, Path) else where
            self._found[key] = self._descend(folders, module.split(".") if module else [])
        return self._found[key]

    def _descend(self, folders: tuple[Path, ...], parts: Sequence[str]) -> Path | None:
        """Python's own order: a package before a module before a namespace package, whichever folder has it first."""
        found: Path | None = None
        if not parts:
            return self._package(folders[0])
        for position, part in enumerate(parts, 1):
            if not _plain(part):
                return None
            found = self._regular(folders, part)
            if found is None:
                folders = tuple(folder / part for folder in folders if is_folder(folder / part))
                if not folders:
                    return None
                found = folders[0]
            elif found.name == _PACKAGE_FILE and found.parent.name == part:
                folders = (found.parent,)
            elif position < len(parts):
                return None
        return found

    def _regular(self, folders: tuple[Path, ...], part: str) -> Path | None:
        for folder in folders:
            for candidate in (folder / part / _PACKAGE_FILE, folder / f"{part}.py"):
                if self._is_file(candidate):
                    return candidate
        return None

    def _package(self, folder: Path) -> Path | None:
        file = folder / _PACKAGE_FILE
        if self._is_file(file):
            return file
        return folder if is_folder(folder) else None

    def _is_file(self, path: Path) -> bool:
        return path in self._texts or is_file(path)


def _plain(part: str) -> bool:
    return bool(part) and part not in (".", "..") and not any(mark in part for mark in "/\\\0:")
