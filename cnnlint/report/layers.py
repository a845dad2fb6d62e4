"""Summaries of models: an aligned table, JSON (``schemas/summary.schema.json``) or Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from cnnlint.graph.sizes import Break
from cnnlint.graph.span import Span
from cnnlint.report.items import counted
from cnnlint.report.markdown import cell
from cnnlint.summary import LayerRow, ModelSummary, Size, TraceNote

_HEADINGS = ("Layer", "Type", "Output", "Parameters", "MACs", "Receptive field", "Stride")
_LEFT = 3  # the first columns are words, the others numbers
_UNKNOWN = "?"
_EVIDENCE = {
    "option": "given by --input",
    "configuration": "given by the configuration",
    "comment": "given by a comment",
    "example": "from an example call",
    "solved": "solved backwards from the features wanted",
    "layers": "channels from the layers, other sizes open; --input settles them",
    "none": "nothing is known about it",
}
_MOST_UNKNOWN = 20
_LONG_FORMULA = 20


def as_json(summaries: Sequence[ModelSummary]) -> str:
    """All models as one object."""
    document = {"schema": 1, "models": [summary.to_dict() for summary in summaries]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_text(summaries: Sequence[ModelSummary]) -> str:
    """For each model a table with totals under it, and what stayed unknown."""
    return "\n".join("\n".join(_text(summary)) + "\n" for summary in summaries)


def as_markdown(summaries: Sequence[ModelSummary]) -> str:
    """For each model a heading, its totals and a table."""
    return "\n".join(_markdown(summary) for summary in summaries)


WRITERS: dict[str, Callable[[Sequence[ModelSummary]], str]] = {
    "text": as_text,
    "json": as_json,
    "markdown": as_markdown,
}


def _text(summary: ModelSummary) -> Iterable[str]:
    headings = _headings(summary)
    rows = [_cells(row)[: len(headings)] for row in summary.layers]
    widths = [max(len(row[column]) for row in [headings, *rows]) for column in range(len(headings))]
    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    yield f"{summary.target}  ({summary.path}:{summary.line})"
    yield rule
    for row in [headings, None, *rows]:
        yield rule if row is None else _aligned(row, widths)
    yield rule
    yield from (f"{label + ':':<22}{value}" for label, value in _totals(summary))
    if summary.unknown:
        yield f"Unknown ({len(summary.unknown)}):"
        yield from (f"  {line}" for line in _unknown(summary))


def _markdown(summary: ModelSummary) -> str:
    head = f"### {cell(summary.target)}\n\n" + "".join(f"- {label}: {value}\n" for label, value in _totals(summary))
    headings = _headings(summary)
    table = f"\n| {' | '.join(headings)} |\n|{' --- |' * _LEFT}{' ---: |' * (len(headings) - _LEFT)}\n"
    rows = "".join(f"| {' | '.join(map(cell, _cells(row)[: len(headings)]))} |\n" for row in summary.layers)
    unknown = "".join(f"- {cell(line)}\n" for line in _unknown(summary))
    return head + table + rows + (f"\nUnknown:\n\n{unknown}" if unknown else "")


def _headings(summary: ModelSummary) -> tuple[str, ...]:
    """The last column is there where the model was run."""
    ran = summary.trace is not None and summary.trace.problem is None
    return (*_HEADINGS, "Measured") if ran else _HEADINGS


def _measured(row: LayerRow) -> str:
    """The multiply-adds of the run, after the output's sizes where these are not what was read."""
    if row.measured is None:
        return "not run"
    macs = number(row.measured.macs, dash=True)
    return macs if row.measured.output == row.output else f"{shape(row.measured.output)} {macs}"


def _cells(row: LayerRow) -> tuple[str, ...]:
    return (
        row.name or "(model)", row.type, shape(row.output), number(row.parameters, dash=True),
        _short(number(row.macs, dash=True)), _axes(row.receptive_field, "all"), _axes(row.effective_stride, "-"),
        _measured(row),
    )  # fmt: skip


def _short(text: str) -> str:
    """A long formula as ``f(N, H, W)``, so that a row stays a row; JSON has the formula itself."""
    names = dict.fromkeys(re.findall(r"[A-Za-z_]\w*", text))
    return f"f({', '.join(names)})" if names and len(text) > _LONG_FORMULA else text


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (
        text.ljust(width) if column < _LEFT else text.rjust(width)
        for column, (text, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(cells).rstrip()


def _totals(summary: ModelSummary) -> Iterable[tuple[str, str]]:
    inputs = ", ".join(shape(sizes) for sizes in summary.input_shapes) or _UNKNOWN
    yield "Input", f"{inputs} ({_EVIDENCE[summary.input_evidence]}{_at(summary.input_at)})"
    yield "Output", shape(summary.output)
    if summary.sizes is not None:
        yield "Input sizes", summary.sizes.text
        yield from ((f"  {each.size}", _break(each)) for each in summary.sizes.breaks)
    yield "Parameters", _with_unit(summary.parameters)
    if summary.trainable_parameters != summary.parameters:
        yield "Trainable", _with_unit(summary.trainable_parameters)
    yield "Multiply-adds (MACs)", _with_unit(summary.macs)
    if summary.batch is not None and summary.batch > 1 and isinstance(summary.macs, int):
        yield "MACs per sample", _with_unit(summary.macs // summary.batch)
    for name, amount in (summary.macs_by_op or {}).items():
        yield f"  {name}", _with_unit(amount) + _share(amount, summary.macs)
    if summary.trace is not None:
        yield "Trace", _run(summary.trace)
    if shares := _largest(summary):
        yield "Most parameters", shares


def _break(broken: Break) -> str:
    layer = f"{broken.layer} ({broken.type})" if broken.layer else broken.type
    return f"fails in {layer} at {broken.span.path}:{broken.span.line}: {broken.message}"


def _run(note: TraceNote) -> str:
    if note.problem is not None:
        return f"not run: {note.problem}"
    counted = "" if note.fvcore_macs is None else f"; fvcore counts {note.fvcore_macs:,} multiply-adds"
    return f"ran on the {note.device} device{counted}"


def _largest(summary: ModelSummary) -> str:
    """The three layers with the most parameters, with their share of all."""
    total = summary.parameters
    counted = {row.name: row for row in summary.layers if isinstance(row.parameters, int) and row.parameters}
    if not isinstance(total, int) or not total or len(counted) < 2:
        return ""
    rows = sorted(counted.values(), key=lambda row: -_int(row.parameters))[:3]
    return ", ".join(f"{row.name} {_int(row.parameters) / total:.1%}" for row in rows)


def _int(size: Size) -> int:
    return size if isinstance(size, int) else 0


def _cost(layers: int) -> str:
    return f" (leaves {counted(layers, 'layer')} open)" if layers else ""


def _unknown(summary: ModelSummary) -> list[str]:
    lines = [(f"{u.path}:{u.line}: {u.reason}" if u.path else u.reason) + _cost(u.layers) for u in summary.unknown]
    unique = list(dict.fromkeys(lines))
    more = len(unique) - _MOST_UNKNOWN
    return unique[:_MOST_UNKNOWN] + ([f"… and {more} more"] if more > 0 else [])


def _at(span: Span | None) -> str:
    return f" at {span.path}:{span.line}" if span else ""


def shape(output: Any) -> str:
    """Sizes as ``[1, 64, H//2, W//2]``; those of several tensors in turn."""
    if isinstance(output, dict):
        return "{" + ", ".join(f"{name}: {shape(item)}" for name, item in output.items()) + "}"
    if isinstance(output, list):
        inner = [shape(item) if isinstance(item, (list, dict)) else _word(item) for item in output]
        return f"[{', '.join(inner)}]"
    return _word(output)


def _word(size: Size) -> str:
    return _UNKNOWN if size is None else str(size)


def number(size: Size, *, dash: bool = False) -> str:
    """``1,000`` for a number, ``-`` for zero if asked, ``?`` for what is unknown."""
    if isinstance(size, int):
        return "-" if dash and size == 0 else f"{size:,}"
    return _word(size)


def _axes(sizes: Sequence[int | None] | None, unbounded: str) -> str:
    """One number where all axes agree."""
    if sizes is None:
        return "-"
    words = [unbounded if size is None else str(size) for size in sizes]
    return words[0] if words and len(set(words)) == 1 else "×".join(words)


def _with_unit(size: Size) -> str:
    if not isinstance(size, int):
        return _word(size)
    for limit, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if size >= limit:
            return f"{size:,} ({size / limit:.2f} {unit})"
    return f"{size:,}"


def _share(amount: Size, total: Size) -> str:
    if isinstance(amount, int) and isinstance(total, int) and total:
        return f", {amount / total:.1%}"
    return ""
