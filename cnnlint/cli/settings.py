"""Configuration as commands need it: its errors are usage errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from cnnlint.config import Resolved, Resolver
from cnnlint.errors import UserError
from cnnlint.source.paths import absolute

T = TypeVar("T")


def resolver(config: tuple[str, ...], isolated: bool, options: Mapping[str, Any] | None = None) -> Resolver:
    """The settings of a run; ``options`` are those that the command line gives, by configuration key."""
    return usable(lambda: Resolver(config=config, options=options or {}, isolated=isolated))


def root_settings(config: tuple[str, ...], isolated: bool) -> Resolved:
    """The settings that hold in the working directory."""
    return usable(lambda: resolver(config, isolated).root)


def discovery_settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that the options for finding files give; those that are not given are left out."""
    found: dict[str, Any] = {
        name.replace("_", "-"): list(options[name]) for name in ("exclude", "extend_exclude") if options[name]
    }
    if options["force_exclude"]:
        found["force-exclude"] = True
    if options["no_respect_gitignore"]:
        found["respect-gitignore"] = False
    return found


def python_setting(python: Path | None) -> dict[str, Any]:
    """The setting that ``--python`` gives: models run under that interpreter, and the packages installed for it are
    the ones whose source is read."""
    return {} if python is None else {"python": str(absolute(python))}


def usable(work: Callable[[], T]) -> T:
    """The result of ``work``; what the user has to mend ends the command with status 2."""
    try:
        return work()
    except UserError as error:
        raise click.UsageError(str(error)) from error
