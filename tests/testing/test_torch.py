"""Torch's word on examples: `cnnlint test --trace`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from cnnlint.cli import cli
from cnnlint.graph.model import ModelGraph
from cnnlint.rule import Example, Finding, Rule, Severity
from cnnlint.testing.examples import run
from cnnlint.testing.torch import torch_problem
from cnnlint.trace import TraceError, Tracer

SOURCE = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        x = self.conv(x)
        return {result}
"""
RUNS = Example(SOURCE.format(result="self.fc(x.mean((2, 3)))"), inputs=("3x8x8",))
RAISES = Example(SOURCE.format(result="self.fc(x.mean(3))"), inputs=("3x8x8",))


class At(Rule):
    """Reports a line, whatever stands there."""

    code, name, category, severity = "TST100", "at", "test", Severity.ERROR
    line: int

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        for node in model.nodes:
            if node.span.line - 2 == self.line:
                yield self.finding(node, "raises")
                return


def at(line: int, **changes: object) -> type[Rule]:
    return type("Variant", (At,), {"line": line, **changes})


@pytest.fixture(scope="module")
def tracer() -> Iterator[Tracer]:
    with Tracer() as tracer:
        yield tracer


@pytest.mark.parametrize(
    ("rule", "example", "problem"),
    [
        (at(9), RAISES, None),
        (at(8), RAISES, "torch raises elsewhere than in line 8: example.py:Net raises RuntimeError"),
        (at(9), RUNS, "torch runs it"),
        (at(0), RUNS, None),
        (at(0), RAISES, "torch does not run it: example.py:Net raises RuntimeError"),
        (at(0), replace(RUNS, inputs=()), None),
        (at(0), replace(RUNS, source=f"import elsewhere\nfrom torch import nn\n{RUNS.source}"), None),
        (at(9, raises=False), RUNS, None),
        (at(9, severity=Severity.WARNING), RUNS, None),
    ],
)
def test_torch_problem(rule: type[Rule], example: Example, problem: str | None, tracer: Tracer) -> None:
    found = torch_problem(rule, example, run(rule(), example), tracer)
    assert (found is None) if problem is None else (found or "").startswith(problem)


def test_an_interpreter_without_torch(tmp_path: Path) -> None:
    with Tracer(tmp_path / "python") as tracer, pytest.raises(TraceError):
        torch_problem(at(9), RAISES, run(at(9)(), RAISES), tracer)


def test_the_command() -> None:
    result = CliRunner().invoke(cli, ["test", "--trace", "CNN102", "CNN601"])
    assert (result.exit_code, result.stdout.split()[::3]) == (0, ["ok", "ok"])
    assert CliRunner().invoke(cli, ["test", "--trace", "--python", "/none", "CNN102"]).exit_code == 2
