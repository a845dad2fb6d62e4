"""``--trace`` in a lint run: each network is run, and its findings graded by what that shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cnnlint.findings import Diagnostic
from cnnlint.graph.model import ModelGraph
from cnnlint.graph.script import ScriptView
from cnnlint.graph.span import Span
from cnnlint.lint.gather import Raw, gather, gather_scripts, raw_of
from cnnlint.rule import Finding, Proof, Rule
from cnnlint.source.paths import shown

if TYPE_CHECKING:
    from cnnlint.lint.patch import Patch
    from cnnlint.lint.session import Context
    from cnnlint.trace import Traced, TraceError


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """Limits for one model: seconds, gigabytes of memory, megabytes of results and of any file that it writes; whether
    a backward pass is run too; ``told`` hears what is being waited for. The interpreter is the setting ``python``."""

    seconds: float = 60.0
    gigabytes: float = 4.0
    megabytes: float = 256.0
    gradients: bool = False
    told: Callable[[str], None] = lambda text: None


class Prover:
    """Runs models and grades findings. One traced process serves all files that have the same interpreter."""

    def __init__(self, options: TraceOptions) -> None:
        from cnnlint.lint.tracing import Tracers

        self._tracers = Tracers(options)
        self._gradients = options.gradients

    def close(self) -> None:
        """End the traced processes."""
        self._tracers.close()

    def prove(
        self, graphs: Sequence[ModelGraph], raws: Sequence[Raw], rules: Sequence[Rule], context: Context
    ) -> tuple[list[Raw], list[Diagnostic], list[str]]:
        """The findings of one file's networks with their grades and what the runs found beside; the models that failed;
        notes on those that could not be tried, since their input is not known, and on parameters without gradient."""
        from cnnlint.trace.proof import prove

        results = [(graph, self._run(graph, graphs, context)) for graph in graphs]
        graded: list[Raw] = []
        failed: list[Diagnostic] = []
        notes: list[str] = []
        for number, (graph, result) in enumerate(results):
            own = [raw for raw in raws if raw.network[1] == number]
            proven = prove(
                graph,
                [raw.finding for raw in own],
                result,
                lambda g: [raw.finding for raw in gather([g], rules, g.span.path)[0]],
            )
            graded += [replace(raw, finding=f) for raw, f in zip(own, proven.findings, strict=True)]
            network = own[0].network if own else (graph.span.path, number)
            graded += [raw_of(finding, graph, network) for finding in proven.found_by_trace]
            notes += _without_gradient(result, graph)
            if isinstance(result, Exception) and not proven.explained:
                if result.kind == "input":
                    notes.append(f"{graph.span.path}:{graph.span.line}: {result.text}")
                else:
                    failed.append(_diagnostic(result, graph))
        graded, left_out = self._try_fixes(graded, results, context)
        if left_out:
            what = "1 fix was" if left_out == 1 else f"{left_out} fixes were"
            notes.append(f"{graphs[0].span.path}: {what} not tried on the running model")
        return graded, failed, notes

    def _run(
        self, graph: ModelGraph, graphs: Sequence[ModelGraph], context: Context, patch: Patch | None = None
    ) -> Traced | TraceError:
        from cnnlint.lint.tracing import trace_graph
        from cnnlint.trace import TraceError

        try:
            tracer = self._tracers.of(context.resolved)
            return trace_graph(tracer, graph, graphs, context.project, gradients=self._gradients, patch=patch)
        except TraceError as error:
            return error

    def _try_fixes(
        self, raws: Sequence[Raw], results: Sequence[tuple[ModelGraph, Traced | TraceError]], context: Context
    ) -> tuple[list[Raw], int]:
        from cnnlint.lint.trials import tried

        graphs = [graph for graph, _ in results]
        return tried(raws, results, context.project, lambda graph, patch: self._run(graph, graphs, context, patch))

    def prove_scripts(
        self, scripts: Sequence[ScriptView], raws: Sequence[Raw], rules: Sequence[Rule], context: Context
    ) -> tuple[list[Raw], list[str]]:
        """The findings of one file's scripts with their grades, and why scripts could not be watched. What a script
        does to models is run only where a finding is about that."""
        from cnnlint.lint.tracing import watch_script
        from cnnlint.trace import TraceError
        from cnnlint.trace.scripts import grade, measurable

        grades: dict[tuple[str, Span, str], Proof] = {}
        notes: list[str] = []
        for script in scripts:
            check = partial(_check_script, rules)
            if not check(measurable(script)):
                continue
            try:
                facts = watch_script(self._tracers.of(context.resolved), script, context.project)
            except TraceError as error:
                notes.append(f"{script.path}:{error.line or 1}: not run: {error.text}")
                continue
            findings = check(script)
            for finding, proof in zip(findings, grade(script, findings, facts, check), strict=True):
                grades[finding.code, finding.span, finding.message] = proof
        return [_graded(raw, grades) for raw in raws], notes


def _check_script(rules: Sequence[Rule], script: ScriptView) -> list[Finding]:
    return [raw.finding for raw in gather_scripts([script], rules, script.path)[0]]


def _graded(raw: Raw, grades: Mapping[tuple[str, Span, str], Proof]) -> Raw:
    finding = raw.finding
    proof = grades.get((finding.code, finding.span, finding.message), finding.proof)
    return replace(raw, finding=replace(finding, proof=proof))


def _without_gradient(result: Traced | TraceError, graph: ModelGraph) -> list[str]:
    names = None if isinstance(result, Exception) else result.without_gradient
    return (
        [f"{graph.span.path}:{graph.span.line}: no gradient reaches {', '.join(names)} ({graph.target})"]
        if names
        else []
    )


def _diagnostic(error: TraceError, graph: ModelGraph) -> Diagnostic:
    path = shown(Path(error.path)) if error.path else graph.span.path
    return Diagnostic("trace-error", path, error.line or graph.span.line, 1, error.text)
