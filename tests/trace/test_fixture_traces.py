"""Every fixture model: the trace says equal in every row, and fvcore counts what the static reader counts."""

from __future__ import annotations

import pytest
from fixture_models import FIXTURE_MODELS, MODELS, FixtureModel

from cnnlint.config import Resolver
from cnnlint.graph.model import ModelGraph
from cnnlint.graph.shapes import InputShape
from cnnlint.lint.targets import read_target
from cnnlint.lint.tracing import open_sizes, project_of, trace_graph
from cnnlint.trace import Tracer, compare

IDS = [fixture.target for fixture in FIXTURE_MODELS]


def _read(fixture: FixtureModel) -> ModelGraph:
    inputs = [InputShape(None, shape) for shape in fixture.inputs]
    found = read_target(str(MODELS / fixture.target), Resolver(isolated=True), inputs)
    return found[0]


@pytest.mark.parametrize("fixture", FIXTURE_MODELS, ids=IDS)
def test_equal_in_every_row(fixture: FixtureModel, tracer: Tracer) -> None:
    static = _read(fixture)
    _, project = project_of(str(MODELS / fixture.file), Resolver(isolated=True))
    traced = trace_graph(tracer, static, [static], project)
    comparison = compare(static, traced, {})
    assert [row for row in comparison.rows if row.differences] == []
    assert comparison.equal
    assert traced.device == "meta"
    assert traced.counts is not None
    assert dict(traced.counts.products) == {name: macs for name, macs in static.macs_by_op.items() if macs}
    assert sum(traced.counts.products.values()) == traced.macs


@pytest.mark.parametrize("file", ["alexnet.py", "resnet.py", "cifar10_cnn.py"])
def test_examples_of_a_main_guard_are_taken(file: str, tracer: Tracer) -> None:
    target = str(MODELS / file)
    graphs = read_target(target, Resolver(isolated=True))
    _, project = project_of(target, Resolver(isolated=True))
    compared = [
        compare(graph, trace_graph(tracer, graph, graphs, project), open_sizes(graph, graphs)) for graph in graphs
    ]
    assert [(comparison.target, comparison.explanation) for comparison in compared if not comparison.equal] == []
