"""The tester of rules lets nothing pass that is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from cnnlint.graph.model import ModelGraph
from cnnlint.graph.operations import Dense
from cnnlint.rule import Applicability, Example, Finding, Fix, Rule, SetArgument, Severity
from cnnlint.testing import problems_of

SOURCE = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 4)

    def forward(self, x):
        return self.fc(x)
"""
BAD = Example(SOURCE, ((4, "a bias"),), ("3",))
GOOD = Example(SOURCE.replace("4)", "4, bias=False)"), (), ("3",))


class NoBias(Rule):
    """A linear layer has a bias.

    What it does
    ------------
    Finds it.

    Why it matters
    --------------
    It does not.

    Example
    -------
        nn.Linear(1, 1)

    Use instead
    -----------
        nn.Linear(1, 1, bias=False)

    When not to worry
    -----------------
    Ever.

    References
    ----------
    None.
    """

    code, name, category, severity = "TST100", "no-bias", "test", Severity.ADVICE
    value = "False"
    bad = (BAD, replace(BAD, source="from torch import nn\n" + BAD.source, expect=((5, "a bias"),)))
    good = (GOOD, replace(GOOD, source="import torch.nn as nn\n" + GOOD.source))

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        for node in model.nodes:
            if isinstance(node.op, Dense) and node.op.bias and node.module.built_at:
                fix = Fix((SetArgument(node.module.built_at, "bias", self.value, 2),), Applicability.SAFE)
                yield self.finding(node.module, "a bias", fix=fix)


def variant(**changes: object) -> type[Rule]:
    return type("Variant", (NoBias,), {"__doc__": NoBias.__doc__, **changes})


def test_a_rule_that_is_right_passes() -> None:
    assert problems_of(NoBias) == []


def raising(self: Rule, model: ModelGraph) -> Iterator[Finding]:
    raise ValueError("oops")


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (variant(__doc__="Summary.\n\nWhat it does\n------------\nIt.\n"), "says nothing under 'Why it matters'"),
        (variant(__doc__=None), "no summary line"),
        (variant(bad=(BAD,)), "it has 1 bad examples and needs at least 2"),
        (variant(good=()), "it has 0 good examples"),
        (variant(good=(GOOD, GOOD)), "example 4 stands there twice"),
        (variant(bad=(BAD, replace(BAD, source="def f(:\n"))), "bad example 2: is not Python"),
        (variant(bad=(BAD, replace(GOOD, why="x"))), "bad example 2 (x): expects no finding"),
        (variant(good=(GOOD, BAD)), "good example 2: expects findings"),
        (variant(good=(GOOD, replace(BAD, expect=()))), "good example 2: line 4: not expected: a bias"),
        (variant(bad=(NoBias.bad[1], replace(BAD, expect=((1, "a bias"),)))), "line 1: expected and not found: a bias"),
        (variant(bad=(NoBias.bad[1], replace(BAD, expect=((4, "a Bias"),)))), "line 4: not expected: a bias"),
        (variant(good=(GOOD, Example("x = 1\n"))), "holds no model"),
        (variant(value="True"), "its fix does not silence it"),
        (variant(value="("), "its fix leaves code that does not parse"),
        (variant(check=raising), "raised ValueError"),
    ],
)
def test_each_fault_is_found(rule: type[Rule], problem: str) -> None:
    assert any(problem in found for found in problems_of(rule))
