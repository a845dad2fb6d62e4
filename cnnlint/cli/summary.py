"""``cnnlint summary``: the layer table of models."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnnlint.cli.options import Word, apply, config_options, input_option, trace_options
from cnnlint.cli.outputs import emit
from cnnlint.cli.progress import status
from cnnlint.cli.settings import python_setting, resolver, usable
from cnnlint.graph.shapes import InputShape

if TYPE_CHECKING:
    from cnnlint.summary import ModelSummary


@click.command("summary")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@apply(input_option)
@click.option("--trace", is_flag=True, help="Also run the model in its own process and show what that measures.")
@click.option("--sizes", is_flag=True, help="Also find out for which input sizes the forward pass works.")
@click.option("--train", is_flag=True, help="Read the model in training mode instead of evaluation mode.")
@apply(*trace_options)
@click.option("--output-format", type=Word(["text", "json", "markdown"]), default="text", show_default=True)
@apply(*config_options)
def command(
    targets: tuple[str, ...],
    inputs: tuple[InputShape, ...],
    trace: bool,
    sizes: bool,
    train: bool,
    python: Path | None,
    time_limit: float,
    memory_limit: float,
    output_limit: float,
    output_format: str,
    config: tuple[str, ...],
    isolated: bool,
) -> int:
    """Show the layer table of a model, computed without torch.

    TARGET is PATH.py, PATH.py:CALLABLE or PATH.py:CALLABLE(ARGS), where CALLABLE is a class or a function that builds
    the model. Without one every entry model of the file is shown.
    """
    # Imported here, since `summary --help` needs none of it.
    from cnnlint.lint.targets import summarize
    from cnnlint.report.layers import WRITERS

    if trace and (sizes or train):
        raise click.UsageError("--trace runs the model once, in evaluation mode: not together with --sizes or --train")
    found = resolver(config, isolated, python_setting(python))
    read = partial(summarize, resolver=found, inputs=inputs, sizes=sizes, training=train)
    with ExitStack() as stack:
        if trace:
            from cnnlint.lint.measuring import measure
            from cnnlint.lint.proving import TraceOptions
            from cnnlint.lint.tracing import Tracers

            told = stack.enter_context(status())
            tracers = stack.enter_context(Tracers(TraceOptions(time_limit, memory_limit, output_limit, told=told)))
            usable(lambda: tracers.prepare(targets, found))
            read = partial(measure, resolver=found, inputs=inputs, tracers=tracers)
        summaries = _read(targets, read)
    emit(WRITERS[output_format](summaries), for_people=output_format == "text")
    return 0


def _read(targets: tuple[str, ...], read: Callable[[str], list[ModelSummary]]) -> list[ModelSummary]:
    from cnnlint.static.target import TargetError

    try:
        return usable(lambda: [each for target in targets for each in read(target)])
    except TargetError as error:
        raise click.UsageError(str(error)) from error
