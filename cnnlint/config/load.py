"""Reads one configuration file, with those it extends, into a table of settings and where each came from."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from cnnlint.config.model import ModelSettings, Settings
from cnnlint.errors import UserError
from cnnlint.nearest import did_you_mean
from cnnlint.source.paths import absolute

FILE_NAMES = ("cnnlint.toml", "pyproject.toml")
TABLES = frozenset({"models", "per-file-ignores", "rules", "severity"})
"""Settings that are merged entry by entry when one file extends another."""

_MAX_EXTENDS = 20


class ConfigError(UserError):
    """A configuration that cannot be used; the message names the file and the key."""


@dataclass(frozen=True)
class Layer:
    """Settings as TOML gives them, and for each key the file or option that it came from."""

    values: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)

    def over(self, base: Layer) -> Layer:
        """This layer's settings on top of those of ``base``."""
        merged = dict(base.values)
        for key, value in self.values.items():
            old = merged.get(key)
            both_tables = key in TABLES and isinstance(old, dict) and isinstance(value, dict)
            merged[key] = _merge(old, value) if both_tables else value
        return Layer(merged, {**base.origins, **self.origins})


def _merge(base: Any, top: Any) -> Any:
    if isinstance(base, dict) and isinstance(top, dict):
        return base | {key: _merge(base.get(key), value) for key, value in top.items()}
    return top


def configuration_in(folder: Path) -> Path | None:
    """The configuration file of ``folder`` itself."""
    for name in FILE_NAMES:
        path = folder / name
        if path.is_file() and _table(path) is not None:
            return path
    return None


def _table(path: Path) -> dict[str, Any] | None:
    """The settings in ``path``; ``None`` for a ``pyproject.toml`` that has none."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from error
    if path.name != "pyproject.toml":
        return document
    tools = document.get("tool")
    table = tools.get("cnnlint") if isinstance(tools, dict) else None
    if table is None or isinstance(table, dict):
        return table
    raise ConfigError(f"{path}: tool.cnnlint must be a table")


def load(path: Path, depth: int = 0) -> Layer:
    """The settings of ``path`` and of the files it extends. Raises :class:`ConfigError`."""
    table = _table(path)
    if table is None:
        raise ConfigError(f"{path}: has no [tool.cnnlint] table")
    check_keys(table, str(path))
    layer = Layer(with_absolute_paths(table, path.parent), dict.fromkeys(table, str(path)))
    base = table.get("extend")
    if not isinstance(base, str):
        return layer
    if depth == _MAX_EXTENDS:
        raise ConfigError(f"{path}: extend goes round in a circle")
    base_path = absolute(path.parent / Path(base).expanduser())
    if not base_path.is_file():
        raise ConfigError(f"{path}: extend names {base!r}, which is no file")
    return layer.over(load(base_path, depth + 1))


def with_absolute_paths(table: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """``table`` with the paths in ``plugins`` and ``models`` made independent of the file they stand in."""
    values = dict(table)
    if isinstance(plugins := values.get("plugins"), list):
        values["plugins"] = [
            str(absolute(folder / item)) if isinstance(item, str) and _is_path(item) else item for item in plugins
        ]
    if isinstance(models := values.get("models"), dict):
        values["models"] = {str(absolute(folder / target)): model for target, model in models.items()}
    return values


def _is_path(plugin: str) -> bool:
    return plugin.endswith(".py") or "/" in plugin or "\\" in plugin


def check_keys(table: Mapping[str, Any], source: str) -> None:
    """Refuses unknown keys, with the nearest known one."""
    _refuse_unknown(table, _keys(Settings), source, "")
    models = table.get("models")
    for target, model in models.items() if isinstance(models, dict) else ():
        if isinstance(model, dict):
            _refuse_unknown(model, _keys(ModelSettings), source, f" in models.{target!r}")


def _keys(struct: type[msgspec.Struct]) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(struct)]


def _refuse_unknown(table: Mapping[str, Any], known: list[str], source: str, where: str) -> None:
    for key in table:
        if key not in known:
            raise ConfigError(f"{source}: unknown setting {key!r}{where}{did_you_mean(key, known)}")
