"""What a trace means for findings: the same rules run on the traced graph.

A finding that they make again is ``confirmed``; one they do not make is ``refuted``, unless it rests on what only the
source shows. Where torch raises, a finding of error severity at that place is confirmed with torch's own words, and
what comes later in the forward pass stays as it is, since the trace did not get there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from cnnlint.graph.facts import Facts
from cnnlint.graph.model import ModelGraph
from cnnlint.graph.span import Span
from cnnlint.rule import Finding, Proof, Related, Severity
from cnnlint.source.paths import shown
from cnnlint.trace.graph import Traced, failed_layer, graph_of
from cnnlint.trace.job import TraceError
from cnnlint.trace.places import Places

Check: TypeAlias = Callable[[ModelGraph], Sequence[Finding]]
"""All rules that are on, applied to one graph."""

FOUND_BY_TRACE = "found_by_trace"
"""Marks, in a finding's ``data``, what the static reader did not see."""


@dataclass(frozen=True, slots=True)
class Proven:
    """The static findings of one model with their grades, in order, and what only the trace found. ``explained`` is
    whether an exception of the run is accounted for by a finding."""

    findings: tuple[Finding, ...]
    found_by_trace: tuple[Finding, ...] = ()
    explained: bool = False


def prove(static: ModelGraph, findings: Sequence[Finding], result: Traced | TraceError, check: Check) -> Proven:
    """Grades ``findings``, which the rules made on ``static``, by what running the model gave."""
    if isinstance(result, TraceError):
        return _at_exception(static, findings, result, check)
    again = check(result.graph)
    met = Places(again)
    provable = Places(check(_measurable(static)))
    graded = tuple(_graded(finding, met, provable) for finding in findings)
    known = Places(findings)
    only = tuple(_marked(finding) for finding in again if finding not in known)
    return Proven(graded, only)


def _measurable(static: ModelGraph) -> ModelGraph:
    """The graph with only those facts that a run shows too."""
    facts = static.facts
    return replace(static, facts=Facts(hidden=facts.hidden, unread=facts.unread, made_in_forward=facts.made_in_forward))


def _graded(finding: Finding, met: Places, provable: Places) -> Finding:
    if finding in met:
        return replace(finding, proof=Proof.CONFIRMED)
    return replace(finding, proof=Proof.REFUTED) if finding in provable else finding


def _marked(finding: Finding) -> Finding:
    return replace(finding, proof=Proof.CONFIRMED, data={**finding.data, FOUND_BY_TRACE: True})


def _at_exception(static: ModelGraph, findings: Sequence[Finding], error: TraceError, check: Check) -> Proven:
    facts = error.facts or {}
    before = Places(check(graph_of(facts, static).graph) if "events" in facts else ())
    explained = False
    graded = []
    for finding in findings:
        if finding.severity is Severity.ERROR and _is_at(finding, error):
            explained = True
            finding = _in_torchs_words(finding, error)
        elif finding in before:
            finding = replace(finding, proof=Proof.CONFIRMED)
        graded.append(finding)
    return Proven(tuple(graded), explained=explained)


def _is_at(finding: Finding, error: TraceError) -> bool:
    """Whether torch raised at the finding's place, or at one that it names as related; or in the layer that it is
    about, which may have been built wrongly elsewhere."""
    if error.kind != "raises" or error.path is None or error.line is None:
        return False
    path = shown(Path(error.path))
    spans = [finding.span, *(related.span for related in finding.related)]
    if any(span.path == path and span.line <= error.line <= span.end_line for span in spans):
        return True
    return bool(finding.layer) and finding.layer == failed_layer(error.facts or {})


def _in_torchs_words(finding: Finding, error: TraceError) -> Finding:
    assert error.path is not None
    assert error.line is not None
    line = error.line
    said = Related(Span(shown(Path(error.path)), line, 1, line, 1), f"torch raises {error.error}")
    return replace(
        finding, proof=Proof.CONFIRMED, related=(*finding.related, said), data={**finding.data, "torch": error.error}
    )
