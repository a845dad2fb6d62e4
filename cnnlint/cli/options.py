"""Options that several commands share; the same word means the same thing everywhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from cnnlint.graph.shapes import InputShape, parse_shape
from cnnlint.nearest import did_you_mean

F = TypeVar("F", bound=Callable[..., Any])


class Shape(click.ParamType[InputShape]):
    """``3x224x224``, ``1x3x224x224`` or ``name=3x224x224``."""

    name = "shape"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> InputShape:
        if isinstance(value, InputShape):
            return value
        try:
            return parse_shape(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Word(click.Choice[str]):
    """One of a few words; a wrong one is answered with the nearest."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in self.choices:
            words = ", ".join(self.choices)
            self.fail(f"{value!r} is none of {words}{did_you_mean(str(value), self.choices)}", param, ctx)
        return str(value)


def split_commas(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """``A,B`` given once and ``A`` and ``B`` given apart mean the same."""
    return tuple(part.strip() for text in value for part in text.split(",") if part.strip())


config_options = (
    click.option("--config", multiple=True, metavar="FILE|KEY=VALUE", help="Use this file, or change one setting."),
    click.option("--isolated", is_flag=True, help="Ignore all configuration files."),
)
discovery_options = (
    click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out files; replaces the default list."),
    click.option("--extend-exclude", multiple=True, metavar="GLOB", help="Leave out more files."),
    click.option("--force-exclude", is_flag=True, help="Leave out excluded files even if they are named."),
    click.option("--no-respect-gitignore", is_flag=True, help="Lint files that .gitignore leaves out."),
)
selection_options = tuple(
    click.option(name, multiple=True, callback=split_commas, metavar="RULES", help=text)
    for name, text in (
        ("--select", "Rules to use: codes, prefixes, names, categories or ALL, separated by commas."),
        ("--extend-select", "Rules to use besides those selected."),
        ("--ignore", "Rules not to use."),
    )
)
input_option = click.option(
    "--input", "inputs", multiple=True, type=Shape(), metavar="SHAPE",
    help="Input shape: 3x224x224, 1x3x224x224 or name=...; repeatable, in the order of forward's arguments.",
)  # fmt: skip
python_option = click.option(
    "--python", type=click.Path(path_type=Path), metavar="PATH",
    help="Interpreter (or environment folder) that models run under, with torch and fvcore; its packages are read.",
)  # fmt: skip
trace_options = (
    python_option,
    *(
        click.option(
            name,
            type=click.FloatRange(min=0, min_open=True),
            default=default,
            show_default=True,
            metavar=unit,
            help=text,
        )
        for name, default, unit, text in (
            ("--time-limit", 60.0, "SECONDS", "Time for one model."),
            ("--memory-limit", 4.0, "GB", "Memory for one model."),
            ("--output-limit", 256.0, "MB", "Results of one model, and any file that it writes."),
        )
    ),
)
grad_option = click.option(
    "--grad", is_flag=True, help="With a trace, one backward pass too; --trace=grad is short for both."
)
color_option = click.option(
    "--color", type=Word(["auto", "always", "never"]), default="auto", show_default=True, help="Colours in the output."
)


def apply(*options: Callable[[F], F]) -> Callable[[F], F]:
    """The options as one decorator, in the order given."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def wants_color(choice: str) -> bool:
    """Whether to colour standard output: as told, else ``NO_COLOR``, ``FORCE_COLOR``, and whether it is a terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty()
