"""Findings graded by a run: confirmed, refuted, found by the trace, in torch's words; the static results stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from making_jobs import make_job

from cnnlint.config import Resolver
from cnnlint.graph.model import Evidence, EvidenceKind, Failure, ModelGraph, Problem, ProblemKind
from cnnlint.graph.operations import Activation, Convolution
from cnnlint.lint.targets import read_target
from cnnlint.lint.tracing import project_of, trace_graph
from cnnlint.rule import Category, Finding, Proof, Rule, Severity
from cnnlint.trace import Traced, TraceError, Tracer
from cnnlint.trace.proof import FOUND_BY_TRACE, Proven, prove


class BigKernel(Rule):
    """A kernel above 3."""

    code, name, category, severity = "T1", "big-kernel", Category.EFFICIENCY, Severity.ADVICE

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        for node in model.nodes:
            if isinstance(node.op, Convolution) and node.op.kernel_size[0] > 3:  # type: ignore[operator]  # ints here
                yield self.finding(node.module, "big")


class WithoutActivation(Rule):
    """No activation at all."""

    code, name, category, severity = "T2", "no-activation", Category.EFFICIENCY, Severity.WARNING

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        if not any(isinstance(node.op, Activation) for node in model.nodes):
            yield self.finding(model.span, "linear throughout")


class Raises(Rule):
    """Torch raises."""

    code, name, category, severity = "T3", "raises", Category.SHAPE, Severity.ERROR

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        for failure in model.failures:
            yield self.finding(failure, failure.problem.text)


class FromSource(Rule):
    """What only the source shows."""

    code, name, category, severity = "T4", "device", Category.HYGIENE, Severity.WARNING

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        for device in model.facts.devices:
            yield self.finding(device.span, f"device {device.text}")


RULES = (BigKernel(), WithoutActivation(), Raises(), FromSource())

NET = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(3, 4, 5)
            self.b = nn.Conv2d({channels}, 4, 7)

        def forward(self, x):
            x = self.a(x)
            return {body}

    if __name__ == "__main__":
        Net()(torch.randn(1, 3, 16, 16))
"""


def _check(graph: ModelGraph) -> list[Finding]:
    return [finding for rule in RULES for finding in rule.check(graph)]


def _run(tracer: Tracer, folder: Path, channels: int = 4, body: str = "self.b(x)") -> tuple[ModelGraph, object]:
    job = make_job(folder, NET.replace("{channels}", str(channels)).replace("{body}", body))
    resolver = Resolver(folder, isolated=True)
    graphs = read_target(str(job.path), resolver)
    try:
        return graphs[0], trace_graph(tracer, graphs[0], graphs, project_of(str(job.path), resolver)[1])
    except TraceError as error:
        return graphs[0], error


def _grades(proven: Proven) -> list[tuple[str, str, str]]:
    return [(finding.code, finding.layer, str(finding.proof)) for finding in proven.findings]


def test_what_is_found_again_is_confirmed(tracer: Tracer, tmp_path: Path) -> None:
    static, traced = _run(tracer, tmp_path)
    assert isinstance(traced, Traced)
    proven = prove(static, _check(static), traced, _check)
    assert _grades(proven) == [("T1", "a", "confirmed"), ("T1", "b", "confirmed"), ("T2", "", "confirmed")]
    assert proven.found_by_trace == ()


def test_what_the_run_contradicts_is_refuted(tracer: Tracer, tmp_path: Path) -> None:
    static, traced = _run(tracer, tmp_path, body="torch.relu(self.b(x))")
    assert isinstance(traced, Traced)
    wrong = WithoutActivation().finding(static.span, "linear throughout")
    misread = replace(static, nodes=tuple(n for n in static.nodes if not isinstance(n.op, Activation)))
    proven = prove(misread, [*_check(static), wrong], traced, _check)
    assert _grades(proven)[-1] == ("T2", "", "refuted")


def test_a_failure_that_does_not_happen_is_refuted(tracer: Tracer, tmp_path: Path) -> None:
    static, traced = _run(tracer, tmp_path)
    assert isinstance(traced, Traced)
    failure = Failure(Problem(ProblemKind.CHANNELS, "misses a channel"), static.nodes[1].span, "Conv2d", "b")
    misread = replace(static, failures=(failure,))
    proven = prove(misread, _check(misread), traced, _check)
    assert ("T3", "b", "refuted") in _grades(proven)


def test_what_only_the_trace_finds_is_reported_as_such(tracer: Tracer, tmp_path: Path) -> None:
    static, traced = _run(tracer, tmp_path)
    assert isinstance(traced, Traced)
    unread = replace(static, nodes=static.nodes[:1])
    proven = prove(unread, _check(unread), traced, _check)
    (finding,) = proven.found_by_trace
    assert (finding.code, finding.layer, finding.proof) == ("T1", "b", Proof.CONFIRMED)
    assert finding.data[FOUND_BY_TRACE] is True


def test_an_error_is_confirmed_in_torchs_words(tracer: Tracer, tmp_path: Path) -> None:
    static, error = _run(tracer, tmp_path, channels=8)
    assert isinstance(error, TraceError)
    proven = prove(static, _check(static), error, _check)
    found = {(finding.code, finding.layer): finding for finding in proven.findings}
    raised = found["T3", "b"]
    assert proven.explained
    assert raised.proof is Proof.CONFIRMED
    assert "expected input[1, 4, 12, 12] to have 8 channels, but got 4 channels" in raised.data["torch"]
    assert raised.related[-1].message.startswith("torch raises RuntimeError: Given groups=1")
    assert raised.related[-1].span.line == raised.span.line
    # The first layer ran; the second did not, so nothing is known about it.
    assert (found["T1", "a"].proof, found["T1", "b"].proof) == (Proof.CONFIRMED, Proof.STATIC)


def test_the_cpu_decides_where_torch_is_expected_to_raise(tracer: Tracer, tmp_path: Path) -> None:
    """The meta device accepts this output padding."""
    body = "F.conv_transpose2d(self.b(x), torch.ones(4, 2, 3, 3), stride=2, output_padding=2)"
    static, error = _run(tracer, tmp_path, body=body)
    assert [failure.type for failure in static.failures] == ["conv_transpose2d"]
    assert isinstance(error, TraceError)
    proven = prove(static, _check(static), error, _check)
    assert ("T3", "", "confirmed") in _grades(proven)


@pytest.mark.parametrize("kind", ["time", "memory", "crash", "exit", "input", "python"])
def test_static_results_stand_where_the_model_does_not_run(kind: str, tracer: Tracer, tmp_path: Path) -> None:
    static, _ = _run(tracer, tmp_path)
    proven = prove(static, _check(static), TraceError(kind, "did not run"), _check)
    assert {finding.proof for finding in proven.findings} == {Proof.STATIC}
    assert not proven.explained


def test_what_only_the_source_shows_stays_static(tracer: Tracer, tmp_path: Path) -> None:
    static, traced = _run(tracer, tmp_path)
    assert isinstance(traced, Traced)
    from cnnlint.graph.facts import DeviceLiteral, Facts

    known = replace(static, facts=Facts(devices=(DeviceLiteral("cuda", "to", True, static.span),)))
    proven = prove(known, _check(known), traced, _check)
    assert ("T4", "", "static") in _grades(proven)


def test_evidence_of_the_inputs_is_kept(tracer: Tracer, tmp_path: Path) -> None:
    static, traced = _run(tracer, tmp_path)
    assert isinstance(traced, Traced)
    assert traced.graph.evidence == Evidence(EvidenceKind.EXAMPLE, static.evidence.span)
