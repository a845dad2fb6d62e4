"""``cnnlint summary``: the layer table of models."""

from __future__ import annotations

import click

from cnnlint.cli.options import Word, apply, config_options, input_option
from cnnlint.cli.outputs import emit
from cnnlint.cli.settings import resolver, usable
from cnnlint.graph.shapes import InputShape


@click.command("summary")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@apply(input_option)
@click.option("--output-format", type=Word(["text", "json", "markdown"]), default="text", show_default=True)
@apply(*config_options)
def command(
    targets: tuple[str, ...],
    inputs: tuple[InputShape, ...],
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
    try:
        summaries = usable(lambda: [each for target in targets for each in summarize(target, found, inputs)])
    except TargetError as error:
        raise click.UsageError(str(error)) from error
    emit(WRITERS[output_format](summaries), for_people=output_format == "text")
    return 0
