"""Torch's word on a rule's examples: what is reported as an error raises at that place, what is not runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from cnnlint.graph.shapes import parse_shape
from cnnlint.rule import Example, Rule, Severity
from cnnlint.testing.examples import Run, source_of
from cnnlint.trace import Input, Job, TraceError, Tracer
from cnnlint.trace.job import CPU_ONLY

BATCH = 2
SHAPES = (
    (2, 3, 32, 32), (2, 3, 64, 64), (2, 3, 28, 28), (2, 1, 28, 28), (2, 12, 16, 16), (2, 3, 64), (2, 2, 16), (2, 3),
)  # fmt: skip
"""Inputs to try where an example names none."""


def torch_problem(rule: type[Rule], example: Example, result: Run, tracer: Tracer) -> str | None:
    """Where torch disagrees with what the rule found in an example, the last model of which is run on the CPU.

    Raises :class:`~cnnlint.trace.TraceError` if the interpreter has no torch."""
    if rule.severity is not Severity.ERROR or not rule.raises or not result.models:
        return None
    outcomes = _outcomes(example, result, tracer)
    errors = [finding for finding in result.findings if finding.severity is Severity.ERROR]
    if not errors:
        return _runs(outcomes)
    first = errors[0]
    places = {first.line, *(related.span.line for related in first.related)}
    return _raises(outcomes, {line - result.shift for line in places})


def _runs(outcomes: Iterable[TraceError | None]) -> str | None:
    errors = []
    for error in outcomes:
        if error is None:
            return None
        errors.append(error)
    return f"torch does not run it: {errors[0]}" if errors else None


def _raises(outcomes: Iterable[TraceError | None], lines: set[int]) -> str | None:
    """Whether torch raises in one of ``lines`` of the example, for one of the inputs at least."""
    errors = []
    for error in outcomes:
        if error is None:
            return "torch runs it"
        if error.line in lines:
            return None
        errors.append(error)
    wanted = " or ".join(map(str, sorted(lines)))
    return f"torch raises elsewhere than in line {wanted}: {errors[0]}" if errors else None


def _outcomes(example: Example, result: Run, tracer: Tracer) -> Iterator[TraceError | None]:
    """What torch raises, for each input that the example may be called with; ``None`` where it runs. Lines are those
    of the example. A model that the traced process cannot take, or whose imports are missing, says nothing."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "example.py"
        path.write_text(source_of(example), encoding="utf-8")
        for shapes in _inputs(example):
            job = Job(
                f"{path.name}:{result.models[-1]}", path, path.stem, (path.parent,), result.models[-1],
                inputs=tuple(map(Input, shapes)), devices=CPU_ONLY,
            )  # fmt: skip
            try:
                tracer.run(job)
                yield None
            except TraceError as error:
                if error.kind == "python":
                    raise
                if error.kind == "raises" and not error.error.startswith(ModuleNotFoundError.__name__):
                    error.line = error.line and error.line - result.shift
                    yield error


def _inputs(example: Example) -> list[tuple[tuple[int, ...], ...]]:
    """The shapes to call it with: as given, and with a batch in front."""
    given = tuple(parse_shape(text).sizes for text in example.inputs)
    if not given:
        return [(shape,) for shape in SHAPES]
    if all(len(sizes) == 3 for sizes in given):
        return [tuple((BATCH, *sizes) for sizes in given), given]
    return [given]
