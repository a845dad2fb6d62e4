"""Why the first difference between two graphs is there: what the static reader assumed, and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from cnnlint.graph.dims import Sym, show
from cnnlint.graph.model import Call, ModelGraph, Node, Tensor
from cnnlint.graph.operations import Operation

_MOST_UNKNOWN = 3


def explain(
    static: ModelGraph, traced: ModelGraph, one: Call | None, two: Call | None, columns: Mapping[str, Any]
) -> tuple[str, ...]:
    """Sentences about the first row that differs; ``one`` and ``two`` are its calls, where the side has it."""
    return tuple(_sentences(static, traced, one, two, columns))


def _sentences(
    static: ModelGraph, traced: ModelGraph, one: Call | None, two: Call | None, columns: Mapping[str, Any]
) -> Iterator[str]:
    if one is not None and two is not None:
        yield from _both(static, traced, one, two, columns)
    elif one is not None:
        yield f"the static reader runs {_called(one)}, the trace does not: it took another branch, or fewer turns"
    elif two is not None:
        yield f"the trace runs {_called(two)}, which the static reader does not see"
    else:
        yield "every row is equal: the totals differ by parameters or functions outside leaf layers"
    for unknown in static.unknowns[:_MOST_UNKNOWN]:
        where = f" at {unknown.span.path}:{unknown.span.line}" if unknown.span else ""
        yield f"not known to the static reader: {unknown.reason}{where}"


def _both(static: ModelGraph, traced: ModelGraph, one: Call, two: Call, columns: Mapping[str, Any]) -> Iterator[str]:
    built = one.module.built_at
    made = f", built at {built.path}:{built.line}" if built else ""
    yield f"first difference: {_called(one)}{made}"
    if "parameters" in columns:
        yield f"the static reader gives it the parameters {_parameters(one)}, torch {_parameters(two)}"
    left, right = [[tensor_text(tensor) for tensor in call.inputs] for call in (one, two)]
    if left != right:
        yield f"it already receives something else: {', '.join(left)} in the source, {', '.join(right)} in the trace"
    pairs = zip(_nodes(static, one), _nodes(traced, two), strict=False)
    for ours, torchs in pairs:
        if ours.op != torchs.op:
            yield f"the static reader takes it for {facts(ours.op, torchs.op)}, torch ran {facts(torchs.op, ours.op)}"
            return
    if left == right and ("output" in columns or "macs" in columns):
        yield "both have the same arguments and inputs, so the static reader's formula for this layer is at fault"


def _nodes(graph: ModelGraph, call: Call) -> tuple[Node, ...]:
    return graph.nodes[call.start : call.stop]


def _called(call: Call) -> str:
    return f"{call.module.type} {call.module.name or '(the model)'} (called at {call.span.path}:{call.span.line})"


def _parameters(call: Call) -> str:
    texts = (f"{p.name} {_sizes(p.shape)}" for p in call.module.parameters)
    return ", ".join(texts) or "none"


def facts(op: Operation, other: Operation) -> str:
    """An operation with those of its facts that the other one does not share."""
    same_kind = type(op) is type(other)
    shown = [
        f"{field.name}={_text(getattr(op, field.name))}"
        for field in fields(op)
        if field.name != "name" and (not same_kind or getattr(op, field.name) != getattr(other, field.name))
    ]
    return f"{op.name}({', '.join(shown)})"


def tensor_text(tensor: Tensor) -> str:
    return _sizes(tensor.shape)


def _sizes(shape: tuple[Any, ...] | None) -> str:
    return "?" if shape is None else f"[{', '.join(map(_text, shape))}]"


def _text(value: Any) -> str:
    if isinstance(value, Sym):
        return show(value) or "?"
    if isinstance(value, tuple):
        return f"({', '.join(map(_text, value))}{',' if len(value) == 1 else ''})"
    return str(value)
