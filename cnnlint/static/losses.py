"""Which operations lie between a model's last layer and a loss in a script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import libcst as cst

from cnnlint.graph.dims import Dim, Shape
from cnnlint.graph.model import Evidence, EvidenceKind, ModelGraph, Node, Tensor
from cnnlint.graph.model import Value as Returned
from cnnlint.graph.operations import Activation, Attention, Convolution, Dense, MatrixProduct, Recurrent
from cnnlint.graph.script import LossApplied, Step
from cnnlint.static.running import Entry, run_entry
from cnnlint.static.scriptlog import SHAPING, LossCalled
from cnnlint.static.values import ModuleInstance, OutputStep, Site

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

_WEIGHTED = (Convolution, Dense, Recurrent, Attention, MatrixProduct)


class LossReader:
    """Runs each model whose output goes to a loss once, in training mode."""

    def __init__(self, it: Interpreter, symbolic_batch: bool) -> None:
        self._it = it
        self._symbolic_batch = symbolic_batch
        self._graphs: dict[int, ModelGraph] = {}

    def applied(self, entry: LossCalled, number: int) -> Iterator[LossApplied]:
        """The loss with what comes before it; nothing where the value cannot be followed."""
        model = entry.output.model
        if not model.initialised:
            return
        graph = self._graph(model, entry.site)
        chosen = _selected(graph.output, entry.output.steps)
        if chosen is None:
            return
        tensor, applied = chosen
        shape = tensor.shape
        outside: list[Step] = []
        for step in applied:
            shape = None if step.name in SHAPING else shape
            outside.append(_step(step, shape))
        inside, last = _chain(graph, tensor)
        callee = entry.callee.span if entry.callee is not None else None
        steps = (*reversed(outside), *inside)
        functional = entry.callee is not None and not isinstance(entry.callee.node, cst.Call)
        yield LossApplied(entry.loss, number, graph, steps, last, shape, entry.site.span, callee, functional)

    def _graph(self, model: ModuleInstance, site: Site) -> ModelGraph:
        found = self._graphs.get(id(model))
        if found is None:
            it = self._it
            log, it.script = it.script, None
            where = model.cls.statement
            span = where.stmt_span() if where is not None else site.span
            entry = Entry(model, model.cls.name, span, site, Evidence(EvidenceKind.NONE), training=True)
            try:
                found = run_entry(it, entry, symbolic_batch=self._symbolic_batch)
            finally:
                it.script = log
            self._graphs[id(model)] = found
        return found


def _selected(output: Returned, steps: tuple[OutputStep, ...]) -> tuple[Tensor, list[OutputStep]] | None:
    """The tensor that a script takes from what a model returned, and what it applies to it."""
    applied: list[OutputStep] = []
    for step in steps:
        if step.kind == "op":
            applied.append(step)
        elif applied or output is None or isinstance(output, Tensor):
            return None
        elif isinstance(output, Mapping):
            output = output.get(str(step.name))
        elif isinstance(step.name, int) and -len(output) <= step.name < len(output):
            output = output[step.name]
        else:
            return None
    return (output, applied) if isinstance(output, Tensor) else None


def _step(step: OutputStep, shape: Shape | None) -> Step:
    name = str(step.name)
    dim = step.dim if name not in SHAPING else None
    return Step(name, "Shape" if name in SHAPING else "Activation", dim, _along(shape, dim), shape, step.site.span)


def _along(shape: Shape | None, dim: int | None) -> Dim | None:
    return shape[dim] if dim is not None and shape is not None and -len(shape) <= dim < len(shape) else None


def _chain(graph: ModelGraph, tensor: Tensor) -> tuple[list[Step], Step | None]:
    """The operations from what is returned back to the last weighted layer, and that layer."""
    steps: list[Step] = []
    node = graph.producer(tensor)
    while node is not None and node.certain:
        step = _of_node(node)
        if isinstance(node.op, _WEIGHTED):
            return steps, step
        steps.append(step)
        if len({id(source) for source in node.inputs}) != 1:
            return steps, None
        node = graph.producer(node.inputs[0])
    return steps, None


def _of_node(node: Node) -> Step:
    op, shape = node.op, node.output.shape
    dim = op.dim if isinstance(op, Activation) else None
    return Step(op.name, type(op).__name__, dim, _along(shape, dim), shape, node.span, node.module.name)
