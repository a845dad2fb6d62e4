"""Two graphs of one model set side by side: what the static reader read and what the trace measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any, TypeAlias

from cnnlint.graph.dims import Dim, Shape, Sym, show, substitute
from cnnlint.graph.model import Call, ModelGraph, Tensor, Value, sum_macs
from cnnlint.graph.span import Span
from cnnlint.trace.explain import explain
from cnnlint.trace.graph import Traced

Cell: TypeAlias = Any
"""A number, a text, or the sizes of an output as JSON has them."""

_SINGLE = ("conv", "linear")
PRODUCTS = "matrix products"


class Status(StrEnum):
    EQUAL = "equal"
    DIFFERS = "differs"
    STATIC_ONLY = "static only"
    TRACED_ONLY = "traced only"


@dataclass(frozen=True, slots=True)
class Row:
    """One call of a leaf module, or the own work of a module that also has children. ``differences`` maps the columns
    that disagree to the static and the traced value."""

    status: Status
    name: str
    type: str
    output: Cell
    parameters: Cell
    macs: Cell
    differences: Mapping[str, tuple[Cell, Cell]]
    span: Span

    def to_dict(self) -> dict[str, Any]:
        differences = {key: {"static": left, "traced": right} for key, (left, right) in self.differences.items()}
        return {
            "status": str(self.status), "name": self.name, "type": self.type, "output": self.output,
            "parameters": self.parameters, "macs": self.macs, "differences": differences,
            "called_at": {"path": self.span.path, "line": self.span.line, "column": self.span.column},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Total:
    """One figure of the whole model: the static one, the traced one, and fvcore's own where it has one."""

    name: str
    static: Cell
    traced: Cell
    fvcore: int | None = None

    @property
    def equal(self) -> bool:
        return bool(self.static == self.traced)

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name, "static": self.static, "traced": self.traced, "fvcore": self.fvcore,
            "equal": self.equal,
        }  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """The rows in order of execution, the totals, and why the first difference is there."""

    target: str
    static: ModelGraph
    traced: Traced
    rows: tuple[Row, ...]
    totals: tuple[Total, ...]
    explanation: tuple[str, ...]

    @property
    def equal(self) -> bool:
        return all(row.status is Status.EQUAL for row in self.rows) and all(total.equal for total in self.totals)


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of one side."""

    name: str
    type: str
    output: Cell
    parameters: Cell
    macs: Cell
    span: Span
    call: Call


def compare(static: ModelGraph, traced: Traced, sizes: Mapping[str, Dim]) -> Comparison:
    """``sizes`` are what the trace took for sizes that the static graph leaves open."""
    left, right = list(_lines(static, sizes)), list(_lines(traced.graph, {}))
    rows, pairs = _aligned(left, right)
    totals = tuple(_totals(static, traced, sizes))
    first = next((i for i, row in enumerate(rows) if row.status is not Status.EQUAL), None)
    explanation: tuple[str, ...] = ()
    if first is not None:
        one, two = pairs[first]
        columns = rows[first].differences
        explanation = explain(static, traced.graph, one.call if one else None, two.call if two else None, columns)
    elif any(not total.equal for total in totals):
        explanation = explain(static, traced.graph, None, None, {})
    return Comparison(static.target, static, traced, tuple(rows), totals, explanation)


def _lines(graph: ModelGraph, sizes: Mapping[str, Dim]) -> Iterator[_Line]:
    for call in graph.calls:
        nodes = graph.nodes[call.start : call.stop]
        own = nodes if call.module.leaf else tuple(node for node in nodes if node.module is call.module)
        macs = sum_macs(own)
        if call.module.leaf or macs:
            total: Dim = 0
            for amount in macs.values():
                total = total + amount
            yield _Line(
                call.module.name, call.module.type, output_sizes(call.output, sizes), _parameters(call),
                cell(total, sizes), call.span, call,
            )  # fmt: skip


def _parameters(call: Call) -> Cell:
    total: Dim = 0
    for parameter in call.module.parameters:
        if parameter.count is None:
            return None
        total = total + parameter.count
    return cell(total, {})


def cell(value: Dim | None, sizes: Mapping[str, Dim]) -> Cell:
    """A size as it is shown: a number, the text of a formula, ``None``."""
    if isinstance(value, Sym):
        value = substitute(value, sizes)
    return show(value) if isinstance(value, Sym) else value


def output_sizes(value: Value, sizes: Mapping[str, Dim]) -> Cell:
    """The sizes of what a module returns: a list for a tensor, lists and objects of such for several."""
    if isinstance(value, Tensor):
        shape: Shape | None = value.shape
        return None if shape is None else [cell(size, sizes) for size in shape]
    if isinstance(value, tuple):
        return [output_sizes(item, sizes) for item in value]
    if isinstance(value, Mapping):
        return {name: output_sizes(item, sizes) for name, item in value.items()}
    return None


# ---- rows -------------------------------------------------------------------------------------------------------

_Pair: TypeAlias = tuple[_Line | None, _Line | None]


def _aligned(left: Sequence[_Line], right: Sequence[_Line]) -> tuple[list[Row], list[_Pair]]:
    """Rows of equal names in the same order belong together, whatever stands between them on one side only."""
    matcher = SequenceMatcher(None, [line.name for line in left], [line.name for line in right], autojunk=False)
    pairs: list[_Pair] = []
    for kind, i, i_end, j, j_end in matcher.get_opcodes():
        if kind == "equal":
            pairs += zip(left[i:i_end], right[j:j_end], strict=True)
        else:
            pairs += [(line, None) for line in left[i:i_end]]
            pairs += [(None, line) for line in right[j:j_end]]
    return [_row(one, two) for one, two in pairs], pairs


def _row(one: _Line | None, two: _Line | None) -> Row:
    if one is None or two is None:
        line = one or two
        assert line is not None
        status = Status.STATIC_ONLY if two is None else Status.TRACED_ONLY
        return Row(status, line.name, line.type, line.output, line.parameters, line.macs, {}, line.span)
    differences = {
        column: (getattr(one, column), getattr(two, column))
        for column in ("type", "output", "parameters", "macs")
        if getattr(one, column) != getattr(two, column)
    }
    status = Status.DIFFERS if differences else Status.EQUAL
    return Row(status, two.name, two.type, two.output, two.parameters, two.macs, differences, one.span)


def measured_rows(static: ModelGraph, traced: ModelGraph) -> list[tuple[Cell, Cell] | None]:
    """For each leaf call of ``static``, in order, the output sizes and multiply-adds of its traced counterpart."""
    left = [line for line in _lines(static, {}) if line.call.module.leaf]
    right = [line for line in _lines(traced, {}) if line.call.module.leaf]
    _, pairs = _aligned(left, right)
    return [(two.output, two.macs) if two is not None else None for one, two in pairs if one is not None]


# ---- totals -----------------------------------------------------------------------------------------------------


def _totals(static: ModelGraph, traced: Traced, sizes: Mapping[str, Dim]) -> Iterator[Total]:
    graph = traced.graph
    yield Total("parameters", cell(static.parameters, sizes), cell(graph.parameters, {}))
    yield Total("trainable parameters", cell(static.trainable_parameters, sizes), cell(graph.trainable_parameters, {}))
    yield Total("output", output_sizes(static.output, sizes), output_sizes(graph.output, {}))
    fvcore = _grouped(traced.counts.products) if traced.counts else {}
    left, right = _grouped(static.macs_by_op), _grouped(graph.macs_by_op)
    for name in (*_SINGLE, PRODUCTS):
        if left.get(name) or right.get(name) or fvcore.get(name):
            counted = fvcore.get(name, 0) if traced.counts else None
            value = cell(left.get(name, 0), sizes)
            yield Total(f"MACs: {name}", value, right.get(name, 0), counted if isinstance(counted, int) else None)


def _grouped(macs: Mapping[str, Dim]) -> dict[str, Dim]:
    """Convolutions, linear layers, and all other products together: fvcore has several names for one of those."""
    found: dict[str, Dim] = {}
    for name, amount in macs.items():
        group = name if name in _SINGLE else PRODUCTS
        found[group] = found.get(group, 0) + amount
    return found
