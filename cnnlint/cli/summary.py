"""``cnnlint summary``: the layer table of models."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from cnnlint.cli.options import Word, apply, config_options, input_option, trace_options
from cnnlint.cli.outputs import emit
from cnnlint.cli.settings import resolver, usable
from cnnlint.graph.shapes import InputShape


@click.command("summary")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@apply(input_option)
@click.option("--trace", is_flag=True, help="Also run the model in its own process and show what that measures.")
@apply(*trace_options)
@click.option("--output-format", type=Word(["text", "json", "markdown"]), default="text", show_default=True)
@apply(*config_options)
def command(
    targets: tuple[str, ...],
    inputs: tuple[InputShape, ...],
    trace: bool,
    python: Path | None,
    time_limit: float,
    memory_limit: float,
    output_format: str,
    config: tuple[str, ...],
    isolated: bool,
) -> int:
    """Show the layer table of a model, computed without torch.

    TARGET is PATH.py, PATH.py:CALLABLE or PATH.py:CALLABLE(ARGS), where CALLABLE is a class or a function that builds
    the model. Without one every entry model of the file is shown.
    """
    # Imported here, since `summary --help` needs none of it.
    from cnnlint.lint.targets import TargetError, summarize
    from cnnlint.report.layers import WRITERS

    found = resolver(config, isolated)
    read = partial(summarize, resolver=found, inputs=inputs)
    if trace:
        from cnnlint.lint.measuring import measure
        from cnnlint.lint.proving import TraceOptions

        options = TraceOptions(python, time_limit, memory_limit)
        read = partial(measure, resolver=found, inputs=inputs, options=options)
    try:
        summaries = usable(lambda: [each for target in targets for each in read(target)])
    except TargetError as error:
        raise click.UsageError(str(error)) from error
    emit(WRITERS[output_format](summaries), for_people=output_format == "text")
    return 0
