"""A model in numbers: the layer table and its totals, read off a :class:`~cnnlint.graph.model.ModelGraph`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from cnnlint.graph.dims import Dim, Shape, show
from cnnlint.graph.model import Call, ModelGraph, Tensor, Value, sum_macs, tensors_in
from cnnlint.graph.receptive import Field, receptive_fields
from cnnlint.graph.sizes import SizeRange
from cnnlint.graph.span import Span

__all__ = ["LayerRow", "Measured", "ModelSummary", "Size", "TraceNote", "UnknownPlace", "summary_of"]

Size: TypeAlias = int | str | None
"""An integer, the text of a symbolic size, or ``None`` where it is unknown."""
Axes: TypeAlias = tuple[int | None, ...] | None
Output: TypeAlias = Any
"""The sizes of a tensor, or lists and objects of them, as JSON has them."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run of the model gave for one call: sizes of the output, multiply-adds."""

    output: Output
    macs: Size

    def to_dict(self) -> dict[str, Any]:
        return {"output": self.output, "macs": self.macs}


@dataclass(frozen=True, slots=True)
class TraceNote:
    """How a model was run: on which device, with what count of multiply-adds by fvcore; or why it could not be."""

    device: str | None = None
    fvcore_macs: int | None = None
    problem: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {"device": self.device, "fvcore_macs": self.fvcore_macs, "problem": self.problem}


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One call of a leaf module. ``parameters`` are its own, ``macs`` those of this call; ``receptive_field`` (the
    largest over all paths) and ``effective_stride`` hold pixels for each spatial axis; ``None`` in them stands for the
    whole input, or where positions are gone."""

    name: str
    type: str
    output: Output
    parameters: Size
    macs: Size
    receptive_field: Axes
    effective_stride: Axes
    built_at: Span | None
    called_at: Span
    measured: Measured | None = None

    def to_dict(self) -> dict[str, Any]:
        measured = {} if self.measured is None else {"measured": self.measured.to_dict()}
        return {
            "name": self.name,
            "type": self.type,
            "output": self.output,
            "parameters": self.parameters,
            "macs": self.macs,
            "receptive_field": _list(self.receptive_field),
            "effective_stride": _list(self.effective_stride),
            "built_at": _place(self.built_at),
            "called_at": _place(self.called_at),
            **measured,
        }


@dataclass(frozen=True, slots=True)
class UnknownPlace:
    """Something that could not be found out, and where. ``layers`` counts the rows whose output it leaves open: those
    from its place up to the next unknown's."""

    reason: str
    path: str | None
    line: int | None
    layers: int = 0

    def to_dict(self) -> dict[str, Any]:
        return {"reason": self.reason, "path": self.path, "line": self.line, "layers": self.layers}


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """One network in numbers. ``macs`` are multiply-adds of convolutions, linear layers and matrix products for the
    batch as given; a total that something unknown is part of is ``None``."""

    target: str
    name: str
    path: str
    line: int
    complete: bool
    input_shapes: tuple[Output, ...]
    input_evidence: str
    input_at: Span | None
    output: Output
    parameters: Size
    trainable_parameters: Size
    macs: Size
    macs_by_op: Mapping[str, Size] | None
    unknown: tuple[UnknownPlace, ...]
    layers: tuple[LayerRow, ...]
    trace: TraceNote | None = None
    sizes: SizeRange | None = None

    @property
    def batch(self) -> int | None:
        """The batch size, where it is a number."""
        first = self.input_shapes[0] if self.input_shapes else None
        return first[0] if isinstance(first, list) and first and isinstance(first[0], int) else None

    def to_dict(self) -> dict[str, Any]:
        """The summary as JSON gives it; see ``report/schemas/summary.schema.json``."""
        return {
            "target": self.target,
            "name": self.name,
            "path": self.path,
            "line": self.line,
            "complete": self.complete,
            "input": {"shapes": list(self.input_shapes), "evidence": self.input_evidence},
            "output": self.output,
            "parameters": self.parameters,
            "trainable_parameters": self.trainable_parameters,
            "macs": self.macs,
            "macs_by_op": None if self.macs_by_op is None else dict(self.macs_by_op),
            "unknown": [unknown.to_dict() for unknown in self.unknown],
            "layers": [layer.to_dict() for layer in self.layers],
            **({} if self.trace is None else {"trace": self.trace.to_dict()}),
            **({} if self.sizes is None else {"sizes": self.sizes.to_dict()}),
        }


def summary_of(graph: ModelGraph) -> ModelSummary:
    """The numbers of one network."""
    fields = receptive_fields(graph)
    macs = graph.macs_by_op if _all_counted(graph) else None
    return ModelSummary(
        target=graph.target,
        name=graph.name,
        path=graph.span.path,
        line=graph.span.line,
        complete=graph.complete,
        input_shapes=tuple(_sizes(tensor.shape) for tensor in graph.inputs),
        input_evidence=str(graph.evidence.kind),
        input_at=graph.evidence.span,
        output=_output(graph.output),
        parameters=_size(graph.parameters),
        trainable_parameters=_size(graph.trainable_parameters),
        macs=None if macs is None else _size(_sum(macs)),
        macs_by_op=None if macs is None else {name: _size(amount) for name, amount in macs.items()},
        unknown=tuple(_unknown_places(graph)),
        layers=tuple(_row(graph, call, fields) for call in graph.calls if call.module.leaf),
        sizes=graph.sizes,
    )


def _unknown_places(graph: ModelGraph) -> Iterator[UnknownPlace]:
    open_rows = [call.start for call in graph.calls if call.module.leaf and not _is_known(call.output)]
    ends = [*(unknown.at for unknown in graph.unknowns[1:]), len(graph.nodes) + 1]
    for unknown, end in zip(graph.unknowns, ends, strict=False):
        cost = sum(unknown.at <= start < end for start in open_rows)
        path, line = (unknown.span.path, unknown.span.line) if unknown.span else (None, None)
        yield UnknownPlace(unknown.reason, path, line, cost)


def _all_counted(graph: ModelGraph) -> bool:
    """Whether the sum over the nodes is the whole: nothing was unknown, and the model was run at all."""
    return graph.complete and bool(graph.calls)


def _row(graph: ModelGraph, call: Call, fields: Mapping[Tensor, Field]) -> LayerRow:
    module = call.module
    nodes = graph.nodes[call.start : call.stop]
    tensor = next(tensors_in(call.output), None)
    field = None if tensor is None else fields.get(tensor)
    return LayerRow(
        name=module.name,
        type=module.type,
        output=_output(call.output),
        parameters=_size(_sum_counts([parameter.count for parameter in module.parameters])),
        macs=_size(_sum(sum_macs(nodes))) if _is_known(call.output) else None,
        receptive_field=None if field is None else field.size,
        effective_stride=None if field is None else field.stride,
        built_at=module.built_at,
        called_at=call.span,
    )


def _is_known(output: Value) -> bool:
    """Whether the call gave tensors of known rank, so that what it computed was counted."""
    tensors = list(tensors_in(output))
    return bool(tensors) and all(tensor.shape is not None for tensor in tensors)


def _sum(macs: Mapping[str, Dim]) -> Dim:
    total: Dim = 0
    for amount in macs.values():
        total = total + amount
    return total


def _sum_counts(counts: list[Dim | None]) -> Dim | None:
    total: Dim = 0
    for count in counts:
        if count is None:
            return None
        total = total + count
    return total


def _size(value: Dim | None) -> Size:
    if value is None or isinstance(value, int):
        return value
    return show(value)


def _sizes(shape: Shape | None) -> list[Size] | None:
    return None if shape is None else [_size(size) for size in shape]


def _output(value: Value) -> Output:
    """The sizes of what a module returns: a list for a tensor, lists and objects of such for several."""
    if isinstance(value, Tensor):
        return _sizes(value.shape)
    if isinstance(value, tuple):
        return [_output(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _output(item) for name, item in value.items()}
    return None


def _list(values: Axes) -> list[int | None] | None:
    return None if values is None else list(values)


def _place(span: Span | None) -> dict[str, Any] | None:
    return None if span is None else {"path": span.path, "line": span.line, "column": span.column}
