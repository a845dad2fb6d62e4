"""Which settings hold for a file: the nearest configuration, changed by the command line."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from cnnlint.config.load import ConfigError, Layer, check_keys, configuration_in, load, with_absolute_paths
from cnnlint.config.model import Settings
from cnnlint.nearest import did_you_mean
from cnnlint.source.paths import absolute

__all__ = ["ConfigError", "Resolved", "Resolver"]

_COMMAND_LINE = "command line"


@dataclass(frozen=True)
class Resolved:
    """Settings, the configuration file they come from, the folder that globs are relative to, and for each setting
    that is not the default where it was set."""

    settings: Settings
    folder: Path
    file: Path | None = None
    origins: Mapping[str, str] = field(default_factory=dict)

    def origin(self, key: str) -> str:
        """The file or option that set ``key``; ``default`` for one that nothing sets."""
        return self.origins.get(key, "default")


class Resolver:
    """Finds the settings of files. One instance serves a whole run and reads each configuration once.

    ``config`` holds the values of ``--config``: file names and ``KEY=VALUE`` pairs; ``options`` the settings that
    other options give, by configuration key. Raises :class:`ConfigError` for what it cannot use."""

    def __init__(
        self,
        cwd: Path | None = None,
        *,
        config: Sequence[str] = (),
        options: Mapping[str, Any] | None = None,
        isolated: bool = False,
    ) -> None:
        self.cwd = absolute(cwd or Path.cwd())
        self._isolated = isolated
        self._file, self._top = _command_line(self.cwd, config, options or {})
        self._by_folder: dict[Path, Path | None] = {}
        self._by_file: dict[Path | None, Resolved] = {}

    @property
    def root(self) -> Resolved:
        """The settings that hold in the working directory."""
        return self.for_folder(self.cwd)

    def for_file(self, path: Path) -> Resolved:
        """The settings of one file."""
        return self.for_folder(absolute(path).parent)

    def for_folder(self, folder: Path) -> Resolved:
        """The settings of the files in ``folder``."""
        if self._isolated or self._file is not None:
            return self._resolved(self._file)
        return self._resolved(self._nearest(folder))

    def _nearest(self, folder: Path) -> Path | None:
        if folder not in self._by_folder:
            own = configuration_in(folder)
            above = self._nearest(folder.parent) if own is None and folder.parent != folder else None
            self._by_folder[folder] = own or above
        return self._by_folder[folder]

    def _resolved(self, file: Path | None) -> Resolved:
        if file not in self._by_file:
            layer = self._top if file is None else self._top.over(load(file))
            self._by_file[file] = Resolved(_convert(layer), file.parent if file else self.cwd, file, layer.origins)
        return self._by_file[file]


def _command_line(cwd: Path, config: Sequence[str], options: Mapping[str, Any]) -> tuple[Path | None, Layer]:
    """The file that ``--config`` names, and the settings that options give."""
    file: Path | None = None
    top = Layer()
    for text in config:
        path = cwd / text
        if path.is_file():
            file = absolute(path)
        elif "=" in text:
            top = _pair(text, cwd).over(top)
        else:
            raise ConfigError(f"--config: {text!r} is neither a file nor KEY=VALUE")
    return file, Layer(options, dict.fromkeys(options, _COMMAND_LINE)).over(top)


def _pair(text: str, cwd: Path) -> Layer:
    source = f"--config {text!r}"
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source}: is not valid TOML (strings need quotes): {error}") from error
    check_keys(values, source)
    return Layer(with_absolute_paths(values, cwd), dict.fromkeys(values, _COMMAND_LINE))


def _convert(layer: Layer) -> Settings:
    try:
        return msgspec.convert(dict(layer.values), Settings)
    except msgspec.ValidationError as error:
        raise ConfigError(_explain(layer, str(error))) from error


def _explain(layer: Layer, message: str) -> str:
    """msgspec's message with the file, the key and the nearest accepted value."""
    text, _, place = message.rpartition(" - at `$.")
    if not text:
        files = dict.fromkeys(layer.origins.values())
        return f"{', '.join(files) or 'configuration'}: {message}"
    place = place.rstrip("`")
    key = place.split(".")[0].split("[")[0]
    text = text[:1].lower() + text[1:]
    value = layer.values.get(key)
    hint = did_you_mean(value, _choices(key)) if isinstance(value, str) else ""
    return f"{layer.origins.get(key, 'configuration')}: setting {place!r}: {text}{hint}"


def _choices(key: str) -> Sequence[str]:
    from cnnlint.config.model import FAIL_ON, TARGETS

    return {"fail-on": FAIL_ON, "target": TARGETS}.get(key, ())
