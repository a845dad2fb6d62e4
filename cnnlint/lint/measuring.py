"""``summary --trace``: the layer table with what running the model measures beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cnnlint.config import Resolver
from cnnlint.graph.model import ModelGraph
from cnnlint.graph.shapes import InputShape
from cnnlint.lint.targets import read_target
from cnnlint.lint.tracing import Tracers, project_of, trace_graph
from cnnlint.summary import Measured, ModelSummary, TraceNote, summary_of
from cnnlint.trace import Traced, TraceError
from cnnlint.trace.compare import measured_rows


def measure(target: str, resolver: Resolver, inputs: Sequence[InputShape], tracers: Tracers) -> list[ModelSummary]:
    """The numbers of the networks that ``target`` names, read and measured. A model that cannot be run keeps the
    numbers read. Raises as :func:`~cnnlint.lint.targets.read_target` does."""
    graphs = read_target(target, resolver, inputs)
    resolved, project = project_of(target, resolver)
    summaries = []
    for graph in graphs:
        try:
            traced = trace_graph(tracers.of(resolved), graph, graphs, project)
        except TraceError as error:
            summaries.append(replace(summary_of(graph), trace=TraceNote(problem=error.text)))
        else:
            summaries.append(_with_measurements(graph, traced))
    return summaries


def _with_measurements(graph: ModelGraph, traced: Traced) -> ModelSummary:
    summary = summary_of(graph)
    found = [row and Measured(*row) for row in measured_rows(graph, traced.graph)]
    layers = tuple(replace(layer, measured=each) for layer, each in zip(summary.layers, found, strict=True))
    counted = sum(traced.counts.products.values()) if traced.counts is not None else None
    return replace(summary, layers=layers, trace=TraceNote(traced.device, counted))
