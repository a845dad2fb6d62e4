"""What ``cnnlint trace`` shows: the static and the traced reading of a model, as a table, JSON or Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnnlint.report import Style
from cnnlint.report.layers import number, shape
from cnnlint.report.markdown import cell
from cnnlint.report.paint import Paint
from cnnlint.rule import Severity
from cnnlint.trace import Comparison, TraceError
from cnnlint.trace.compare import Row, Status, Total

_HEADINGS = ("Status", "Layer", "Type", "Output", "Parameters", "MACs")
_LEFT = 4  # the first columns are words, the others numbers
_MOST_NAMES = 12


@dataclass(frozen=True)
class Failed:
    """A model that could not be run."""

    target: str
    error: TraceError


Result = Comparison | Failed


def as_text(results: Sequence[Result], style: Style = Style()) -> str:
    """For each model a table, totals under it, and what the trace saw beside."""
    paint = Paint(style)
    return "\n".join("\n".join(_text(result, paint)) + "\n" for result in results)


def as_json(results: Sequence[Result], style: Style = Style()) -> str:
    """All models as one object."""
    return json.dumps({"schema": 1, "models": [_plain(r) for r in results]}, indent=2, ensure_ascii=False) + "\n"


def as_markdown(results: Sequence[Result], style: Style = Style()) -> str:
    """For each model a heading, its verdict and a table."""
    return "\n".join(_markdown(result) for result in results)


WRITERS: dict[str, Callable[..., str]] = {
    "text": as_text,
    "json": as_json,
    "markdown": as_markdown,
}


# ---- text -------------------------------------------------------------------------------------------------------


def _text(result: Result, paint: Paint) -> Iterator[str]:
    if isinstance(result, Failed):
        yield f"{paint.bold(result.target)}: {paint.severity(Severity.ERROR, 'not traced')}: {_reason(result)}"
        return
    rows = [_cells(row) for row in result.rows]
    widths = [max(len(row[column]) for row in [_HEADINGS, *rows]) for column in range(len(_HEADINGS))]
    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    yield f"{paint.bold(result.target)}: {verdict(result)}"
    yield rule
    yield _aligned(_HEADINGS, widths)
    yield rule
    for row, cells in zip(result.rows, rows, strict=True):
        line = _aligned(cells, widths)
        yield line if row.status is Status.EQUAL else paint.severity(Severity.WARNING, line)
    yield rule
    yield from (f"{name + ':':<24}{value}" for name, value in _facts(result))
    yield from (f"  {line}" for line in result.explanation)


def _reason(failed: Failed) -> str:
    """The error without the target, which stands before it."""
    return failed.error.text.removeprefix(failed.target).strip()


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (
        text.ljust(width) if column < _LEFT else text.rjust(width)
        for column, (text, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(cells).rstrip()


def verdict(comparison: Comparison) -> str:
    """``equal in 60 rows (meta device)``, or how many rows differ."""
    where = f"({comparison.traced.device} device)"
    counts = {status: sum(row.status is status for row in comparison.rows) for status in Status}
    others = [f"{counts[status]} {status}" for status in Status if status is not Status.EQUAL and counts[status]]
    others += [f"{total.name} differs" for total in comparison.totals if not total.equal]
    if not others:
        return f"equal in {counts[Status.EQUAL]} rows {where}"
    return f"{', '.join(others)}, {counts[Status.EQUAL]} rows equal {where}"


def _cells(row: Row) -> tuple[str, ...]:
    def shown(column: str, value: Any, word: Callable[[Any], str]) -> str:
        if column in row.differences:
            left, right = row.differences[column]
            return f"{word(left)} → {word(right)}"
        return word(value)

    return (
        str(row.status), row.name or "(model)", shown("type", row.type, str), shown("output", row.output, shape),
        shown("parameters", row.parameters, _count), shown("macs", row.macs, _count),
    )  # fmt: skip


def _count(value: Any) -> str:
    return number(value, dash=True)


def _facts(comparison: Comparison) -> Iterator[tuple[str, str]]:
    traced = comparison.traced
    for total in comparison.totals:
        yield total.name.capitalize() if not total.name.startswith("MACs") else total.name, _total(total)
    if traced.counts is not None:
        yield "fvcore does not count", _tally(traced.counts.uncounted) or "nothing"
    if traced.uncalled:
        yield "Never called", _names(traced.uncalled)
    if traced.dead:
        yield "Result not used", f"{_names(traced.dead)} (fvcore leaves that out)"
    if traced.without_gradient is not None:
        yield "Without gradient", _names(traced.without_gradient) or "nothing"
    for note in traced.notes:
        yield "Note", note


def _total(total: Total) -> str:
    shown = shape if isinstance(total.static, list | dict) or isinstance(total.traced, list | dict) else number
    text = shown(total.traced) if total.equal else f"{shown(total.static)} → {shown(total.traced)}"
    if total.fvcore is not None:
        text += " (fvcore the same)" if total.fvcore == total.traced else f" (fvcore: {total.fvcore:,})"
    return text


def _tally(calls: Mapping[str, int]) -> str:
    return _names([f"{name} × {times}" if times > 1 else name for name, times in calls.items()])


def _names(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join([*names[:_MOST_NAMES], *([f"and {more} more"] if more > 0 else [])])


# ---- JSON -------------------------------------------------------------------------------------------------------


def _plain(result: Result) -> dict[str, Any]:
    if isinstance(result, Failed):
        error = result.error
        return {
            "target": result.target, "status": "failed",
            "error": {"kind": error.kind, "message": error.text, "path": error.path, "line": error.line},
        }  # fmt: skip
    traced, counts = result.traced, result.traced.counts
    return {
        "target": result.target, "status": "equal" if result.equal else "differs", "device": traced.device,
        "rows": [row.to_dict() for row in result.rows], "totals": [total.to_dict() for total in result.totals],
        "explanation": list(result.explanation), "macs": traced.macs,
        "fvcore": counts and {
            "by_operator": dict(counts.by_operator), "by_module": {k: dict(v) for k, v in counts.by_module.items()},
            "uncounted": dict(counts.uncounted),
        },
        "uncalled_modules": list(traced.uncalled), "unused_results": list(traced.dead),
        "parameters_without_gradient": None if traced.without_gradient is None else list(traced.without_gradient),
        "notes": list(traced.notes),
    }  # fmt: skip


# ---- Markdown ---------------------------------------------------------------------------------------------------


def _markdown(result: Result) -> str:
    if isinstance(result, Failed):
        return f"### {cell(result.target)}\n\nNot traced: {cell(_reason(result))}\n"
    head = f"### {cell(result.target)}\n\n{cell(verdict(result))}\n\n"
    table = f"| {' | '.join(_HEADINGS)} |\n|{' --- |' * _LEFT}{' ---: |' * (len(_HEADINGS) - _LEFT)}\n"
    rows = "".join(f"| {' | '.join(map(cell, _cells(row)))} |\n" for row in result.rows)
    facts = "".join(f"- {cell(line)}\n" for line in _lines(result))
    return f"{head}{table}{rows}\n{facts}"


def _lines(comparison: Comparison) -> Iterable[str]:
    yield from (f"{name}: {value}" for name, value in _facts(comparison))
    yield from comparison.explanation
