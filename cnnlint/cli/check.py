"""``cnnlint check``: lint files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cnnlint.cli.options import (
    Word,
    apply,
    color_option,
    config_options,
    discovery_options,
    grad_option,
    input_option,
    selection_options,
    trace_options,
    wants_color,
)
from cnnlint.cli.settings import discovery_settings, python_setting, resolver, usable
from cnnlint.config.model import FAIL_ON
from cnnlint.graph.shapes import InputShape
from cnnlint.report import FORMATS, Style

if TYPE_CHECKING:
    from cnnlint.lint.proving import TraceOptions


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@apply(*selection_options)
@click.option("--fail-on", type=Word(FAIL_ON), help="Least severity that makes the status 1 [default: warning].")
@click.option("--exit-zero", is_flag=True, help="Status 0 whatever is found.")
@click.option("--output-format", type=Word(list(FORMATS)), help="How findings are written [default: full].")
@click.option(
    "-o", "--output-file", "outputs", multiple=True, metavar="[FORMAT:]DEST",
    help="Write to DEST (- is standard output); repeatable.",
)  # fmt: skip
@click.option("--fix", is_flag=True, help="Change files: carry out safe fixes.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: unsafe fixes too.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option("--add-ignore", is_flag=True, help="Change files: silence what is found with comments.")
@click.option("--trace", is_flag=True, help="Run the models in a process of their own and prove what is found.")
@apply(input_option, *trace_options, grad_option, *config_options, *discovery_options)
@click.option("--stdin-filename", type=click.Path(path_type=Path), help="Name of the file that `-` stands for.")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Number of processes [default: as pays].")
@click.option("--statistics", is_flag=True, help="Count findings by rule instead of listing them.")
@click.option("-v", "--verbose", is_flag=True, help="Say what stayed unknown, and why; show refuted findings.")
@click.option("-q", "--quiet", is_flag=True, help="Nothing but findings.")
@apply(color_option)
def command(
    paths: tuple[Path, ...],
    inputs: tuple[InputShape, ...],
    config: tuple[str, ...],
    isolated: bool,
    fail_on: str | None,
    output_format: str | None,
    stdin_filename: Path | None,
    **options: Any,
) -> int:
    """Find what is wrong or wasteful in the models of PATHS: files, folders, or `-`; the current folder by default."""
    # Imported here, since `check --help` needs none of it.
    from cnnlint.cli.checking import STDIN, Request, check
    from cnnlint.select import Choice

    if stdin_filename is not None and STDIN not in paths:
        raise click.UsageError("--stdin-filename goes with -, which reads standard input")
    if STDIN in paths and len(paths) > 1:
        raise click.UsageError("- stands alone: it cannot be linted together with files")
    if STDIN in paths and options["trace"]:
        raise click.UsageError("--trace needs files: a model on standard input cannot be imported")
    settings = discovery_settings(options) | python_setting(options["python"])
    given = {"fail-on": fail_on, "output-format": output_format}
    settings |= {key: value for key, value in given.items() if value is not None}
    request = Request(
        paths=paths or (Path(),),
        resolver=resolver(config, isolated, settings),
        inputs=inputs,
        stdin_filename=stdin_filename,
        choice=Choice(options["select"] or None, options["extend_select"], options["ignore"]),
        outputs=options["outputs"],
        style=Style(color=wants_color(options["color"])),
        trace=_tracing(options),
        **{name: options[name] for name in _PLAIN},
    )
    return usable(lambda: check(request))


def _tracing(options: Mapping[str, Any]) -> TraceOptions | None:
    """How models are run, if ``--trace`` is given."""
    from cnnlint.lint.proving import TraceOptions

    if not options["trace"]:
        return None
    return TraceOptions(options["time_limit"], options["memory_limit"], options["output_limit"], options["grad"])


_PLAIN = ("exit_zero", "fix", "unsafe_fixes", "diff", "add_ignore", "jobs", "statistics", "verbose", "quiet")
