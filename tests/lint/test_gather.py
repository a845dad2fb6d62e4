"""Rules that raise: one diagnostic each, worded alike for networks and scripts, and the run goes on."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph, Module
from cnnlint.graph.script import ScriptView
from cnnlint.graph.span import Span
from cnnlint.lint.gather import gather, gather_scripts
from cnnlint.rule import Finding, Rule, Severity

HERE = Span("net.py", 1, 1, 1, 2)


class Broken(Rule):
    """Raises at its second question."""

    code, name, category, severity = "ACME001", "broken", "shape", Severity.ADVICE

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        return self._answer()

    def check_script(self, script: ScriptView) -> Iterator[Finding]:
        return self._answer()

    def _answer(self) -> Iterator[Finding]:
        self.asked += 1
        if self.asked > 1:
            raise ValueError("no answer")
        yield self.finding(HERE, "said before it broke")


def graph() -> ModelGraph:
    return ModelGraph("net.py:Net", "Net", HERE, {"": Module("", "Net", "Net", (), (), HERE, builtin=False)})


def test_a_rule_that_raises_on_a_network() -> None:
    rule = Broken()
    found, failed = gather([graph()] * 4, [rule], "net.py")
    assert [raw.finding.message for raw in found] == ["said before it broke"]
    assert [each.message for each in failed] == [
        f"rule ACME001 broken ({__name__}) raised ValueError on net.py:Net: no answer"
    ]
    assert rule.asked == 2


def test_a_rule_that_raises_on_a_script() -> None:
    rule = Broken()
    found, failed = gather_scripts([ScriptView("net.py")] * 4, [rule], "net.py")
    assert [raw.finding.message for raw in found] == ["said before it broke"]
    assert [each.message for each in failed] == [
        f"rule ACME001 broken ({__name__}) raised ValueError on net.py: no answer"
    ]
    assert rule.asked == 2
