"""What ``[tool.cnnlint]`` may hold."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, Struct

from cnnlint.graph.shapes import parse_shape

FailOn = Literal["error", "warning", "advice", "never"]
Level = Literal["error", "warning", "advice"]
Target = Literal["server", "mobile", "tensor-core"]
Budget = Annotated[str, Meta(pattern=r"^\d+(\.\d+)?\s*[kKMGT]?$", description='a count such as "25M"')]
Percentage = Annotated[str, Meta(pattern=r"^\d+(\.\d+)?\s*%$", description='a share such as "5%"')]

FAIL_ON: tuple[str, ...] = get_args(FailOn)
TARGETS: tuple[str, ...] = get_args(Target)


class ModelSettings(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """An entry model, under ``models."path/to/file.py:Callable"``: how it is built, what it is fed, what it may
    cost."""

    args: str = ""
    input: tuple[str, ...] = ()
    max_parameters: Budget | int | None = None
    max_macs: Budget | int | None = None
    max_parameters_increase: Percentage | None = None
    max_macs_increase: Percentage | None = None

    def __post_init__(self) -> None:
        _check_shapes(self.input)


class Settings(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """``[tool.cnnlint]`` of a ``pyproject.toml``, or the whole of a ``cnnlint.toml``. Paths and globs are relative to
    the file's folder."""

    extend: str | None = None
    select: tuple[str, ...] = ("ALL",)
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: dict[str, tuple[str, ...]] = {}
    severity: dict[str, Level] = {}
    fail_on: FailOn = "warning"
    target: Target = "server"
    input: tuple[str, ...] = ()
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    respect_gitignore: bool = True
    output_format: str = "full"
    python: str | None = None
    plugins: tuple[str, ...] = ()
    rules: dict[str, dict[str, Any]] = {}
    models: dict[str, ModelSettings] = {}

    def __post_init__(self) -> None:
        _check_shapes(self.input)


def _check_shapes(texts: tuple[str, ...]) -> None:
    for text in texts:
        parse_shape(text)
