"""``cnnlint trace``: run models in a process of their own and compare them with what was read from source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnnlint.cli.options import (
    Word,
    apply,
    color_option,
    config_options,
    grad_option,
    input_option,
    trace_options,
    wants_color,
)
from cnnlint.cli.outputs import emit
from cnnlint.cli.progress import status
from cnnlint.cli.settings import python_setting, resolver, usable
from cnnlint.graph.shapes import InputShape

if TYPE_CHECKING:
    from cnnlint.config import Resolver
    from cnnlint.lint.tracing import Tracers
    from cnnlint.report.comparison import Result

EQUAL, DIFFERS, FAILED = 0, 1, 2


@click.command("trace")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@apply(input_option, *trace_options, grad_option)
@click.option("--output-format", type=Word(["text", "json", "markdown"]), default="text", show_default=True)
@apply(*config_options, color_option)
def command(
    targets: tuple[str, ...],
    inputs: tuple[InputShape, ...],
    python: Path | None,
    time_limit: float,
    memory_limit: float,
    output_limit: float,
    grad: bool,
    output_format: str,
    config: tuple[str, ...],
    isolated: bool,
    color: str,
) -> int:
    """Run a model and compare it, layer by layer, with what was read from its source.

    The model runs in a process of its own under --python, which needs torch and fvcore: on the meta device where it
    can, else on the CPU. Exit status: 0 everything is equal, 1 something differs, 2 a model could not be run.
    """
    # Imported here, since `trace --help` needs none of it.
    from cnnlint.lint.proving import TraceOptions
    from cnnlint.lint.targets import TargetError
    from cnnlint.lint.tracing import Tracers
    from cnnlint.report import Style
    from cnnlint.report.comparison import WRITERS, Failed

    found = resolver(config, isolated, python_setting(python))
    with status() as told, Tracers(TraceOptions(time_limit, memory_limit, output_limit, told=told)) as tracers:
        try:
            usable(lambda: tracers.prepare(targets, found))
            results = usable(
                lambda: [each for target in targets for each in _results(target, found, inputs, tracers, grad)]
            )
        except TargetError as error:
            raise click.UsageError(str(error)) from error
    emit(WRITERS[output_format](results, Style(color=wants_color(color))), for_people=output_format == "text")
    if any(isinstance(result, Failed) for result in results):
        return FAILED
    return EQUAL if all(not isinstance(result, Failed) and result.equal for result in results) else DIFFERS


def _results(
    target: str, found: Resolver, inputs: tuple[InputShape, ...], tracers: Tracers, grad: bool
) -> list[Result]:
    from cnnlint.lint.targets import read_target
    from cnnlint.lint.tracing import open_sizes, project_of, trace_graph
    from cnnlint.report.comparison import Failed
    from cnnlint.trace import TraceError, compare

    graphs = read_target(target, found, inputs)
    resolved, project = project_of(target, found)
    results: list[Result] = []
    for graph in graphs:
        try:
            traced = trace_graph(tracers.of(resolved), graph, graphs, project, gradients=grad)
        except TraceError as error:
            results.append(Failed(graph.target, error))
        else:
            results.append(compare(graph, traced, open_sizes(graph, graphs)))
    return results
