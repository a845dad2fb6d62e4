"""Where an interpreter keeps its installed packages, found from the folder layout, never by running it."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

from cnnlint.source.paths import absolute, is_folder

_VERSION = re.compile(r"(\d+)\.(\d+)")
_LAYOUTS = (
    "lib/py*/site-packages", "lib64/py*/site-packages", "lib/py*/dist-packages", "local/lib/py*/dist-packages",
    "lib/python3/dist-packages", "Lib/site-packages",
)  # fmt: skip
_SCRIPT_FOLDERS = frozenset({"bin", "Scripts"})
_LARGEST_PTH = 1 << 20


def site_packages(python: Path) -> list[Path]:
    """The folders from which ``python`` (an interpreter, or the folder of an environment) imports installed packages.

    Those that ``.pth`` files add (editable installs) follow. Empty where the layout is not one of CPython's or PyPy's.
    """
    found: dict[Path, None] = {}
    for prefix, version in _prefixes(absolute(python)):
        for folder in _installed(prefix, version):
            found[folder] = None
    for folder in tuple(found):
        for added in _added(folder):
            found[added] = None
    return list(found)


def _prefixes(python: Path) -> Iterator[tuple[Path, str | None]]:
    """The installation folders to look in, with the version where it is known, as ``3.12``."""
    prefix = _prefix(python)
    settings = _settings(prefix / "pyvenv.cfg")
    if not settings:
        yield prefix, _short_version(python.name)
        # An alias such as ~/bin/python leads to the installation; one inside an environment leads out of it.
        resolved = Path(os.path.realpath(python))
        if (real := _prefix(resolved)) != prefix:
            yield real, _short_version(resolved.name)
        return
    version = _short_version(settings.get("version", settings.get("version_info", "")))
    yield prefix, version
    if settings.get("include-system-site-packages", "").lower() == "true" and "home" in settings:
        yield _prefix(Path(settings["home"]) / "python"), version


def _prefix(python: Path) -> Path:
    if is_folder(python):
        return python.parent if python.name in _SCRIPT_FOLDERS else python
    return python.parent.parent if python.parent.name in _SCRIPT_FOLDERS else python.parent


def _short_version(text: str) -> str | None:
    match = _VERSION.search(text)
    return match[0] if match else None


def _settings(path: Path) -> dict[str, str]:
    """The settings of a ``pyvenv.cfg``; empty if there is none."""
    pairs = (line.partition("=") for line in _read_lines(path))
    return {key.strip().lower(): value.strip() for key, equals, value in pairs if equals}


def _installed(prefix: Path, version: str | None) -> Iterator[Path]:
    for layout in _LAYOUTS:
        folders = [folder for folder in prefix.glob(layout) if is_folder(folder)]
        for folder in sorted(folders, key=_newest_first):
            own = _short_version(folder.parent.name)
            if version is None or own is None or own == version:
                yield folder


def _newest_first(folder: Path) -> tuple[int, int, str]:
    match = _VERSION.search(folder.parent.name)
    major, minor = (int(match[1]), int(match[2])) if match else (0, 0)
    return -major, -minor, folder.as_posix()


def _added(folder: Path) -> Iterator[Path]:
    """The folders that the ``.pth`` files of a folder add to it."""
    for file in sorted(folder.glob("*.pth")):
        for line in _read_lines(file):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            if line.startswith(("import ", "import\t")):
                yield from _mapped(folder, line)
                continue
            added = absolute(folder / line)
            if is_folder(added):
                yield added


def _mapped(folder: Path, line: str) -> Iterator[Path]:
    """The folders that hold the packages of setuptools' editable finder, which lists them in a dictionary."""
    match = re.match(r"import\s+(__editable__\w+_finder)\b", line)
    if match is None:
        return
    for text in _read_lines(folder / f"{match[1]}.py"):
        assigned = re.match(r"MAPPING\b[^=]*=\s*(\{.*\})\s*$", text)
        if assigned is None:
            continue
        try:
            mapping = ast.literal_eval(assigned[1])
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return
        for name, place in mapping.items():
            package = Path(str(place))
            if package.name == name and is_folder(package.parent):
                yield package.parent


def _read_lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > _LARGEST_PTH:
            return []
        return path.read_text("utf-8-sig", errors="replace").splitlines()
    except (OSError, ValueError):
        return []
