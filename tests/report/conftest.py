"""A report with everything in it that formats must cope with."""

from __future__ import annotations

import pytest

from cnnlint.findings import Diagnostic, Finding, Report, TextEdit, TextFix
from cnnlint.graph.dims import symbol
from cnnlint.graph.span import Span
from cnnlint.rule import Applicability, Related, Rule, Severity
from cnnlint.source.text import SourceText

SOURCE = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.ü𝒳 = nn.Conv2d(3, 64, 3)
\tself.bn = nn.BatchNorm2d(
            64,
        )
"""


class BiasRule(Rule):
    """A bias that the norm cancels.

    What it does
        Finds a bias in front of a norm.

    Why it matters
        It is dead weight.
    """

    code, name, category, severity = "CNN601", "bias-before-batchnorm", "normalisation", Severity.WARNING


def finding(span: Span, code: str = "CNN601", severity: Severity = Severity.WARNING, message: str = "") -> Finding:
    return Finding(
        code, BiasRule.name, BiasRule.category, severity, message or "the bias of 64 numbers is cancelled",
        span, model="Net", layer="ü𝒳", help="pass bias=False", data={"dead": 64, "size": symbol("H"), "pair": (1, 2)},
        related=(Related(Span(span.path, 8, 2, 8, 9), "normalised here"),), fingerprint="f" * 32, scope="Net.ü𝒳",
        text_fix=TextFix(Applicability.SAFE, (TextEdit(7, 36, 7, 36, ", bias=False"),)),
    )  # fmt: skip


@pytest.fixture
def report() -> Report:
    path = "models/a net.py"
    return Report(
        findings=(
            finding(Span(path, 7, 19, 7, 37)),
            finding(Span(path, 8, 12, 10, 10), "CNN101", Severity.ERROR, "100% <wrong>, so:\r\nyes | no \x07\ud800"),
        ),
        diagnostics=(Diagnostic("syntax-error", "broken.py", 3, 5, "invalid syntax"),),
        suppressed=(finding(Span(path, 7, 9, 7, 13)),),
        checked=3,
        with_models=1,
        texts={path: SourceText(path, SOURCE)},
        rules={"CNN601": BiasRule},
    )
