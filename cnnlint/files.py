"""The files of a run, found under the configuration that holds where each path leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cnnlint.config import ConfigError, Resolved, Resolver
from cnnlint.errors import UserError
from cnnlint.findings import Diagnostic
from cnnlint.source.discovery import Discovery, discover
from cnnlint.source.paths import absolute, shown


class PathError(UserError):
    """A path that the user named and that cannot be linted."""


@dataclass(frozen=True)
class Found:
    """The files to lint, sorted and without repetition, and the folders among them that cannot be read."""

    files: tuple[Path, ...]
    problems: tuple[Diagnostic, ...] = ()


def find_files(paths: Sequence[Path], resolver: Resolver) -> Found:
    """The Python files at and below ``paths``.

    Raises :class:`PathError` for a path that does not exist, :class:`~cnnlint.config.ConfigError` for settings that
    cannot be used."""
    files: dict[Path, Path] = {}
    problems: list[Diagnostic] = []
    for path in paths:
        found = _discover(path, resolver)
        for missing in found.missing:
            if missing.path == path:
                raise PathError(f"{path}: {missing.reason}")
            problems.append(Diagnostic("read-error", shown(missing.path), 1, 1, missing.reason))
        for file in found.files:
            files.setdefault(absolute(file), file)
    return Found(tuple(files[key] for key in sorted(files)), tuple(dict.fromkeys(problems)))


def _discover(path: Path, resolver: Resolver) -> Discovery:
    resolved = resolver.for_folder(absolute(path)) if path.is_dir() else resolver.for_file(path)
    settings = resolved.settings
    try:
        return discover(
            [path],
            exclude=settings.exclude,
            extend_exclude=settings.extend_exclude,
            force_exclude=settings.force_exclude,
            respect_gitignore=settings.respect_gitignore,
            root=_root(resolved, resolver),
        )
    except ValueError as error:
        raise ConfigError(f"{resolved.origin('extend-exclude')}: {error}") from error


def _root(resolved: Resolved, resolver: Resolver) -> Path:
    """What patterns are relative to: the file that holds them, or the working directory for those of an option."""
    from_options = "command line" in (resolved.origin("exclude"), resolved.origin("extend-exclude"))
    return resolver.cwd if from_options else resolved.folder
