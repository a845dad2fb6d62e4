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
    torch.nn.Linear.
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


def documented(old: str, new: str, **changes: object) -> type[Rule]:
    """A variant whose docstring says ``new`` in place of ``old``."""
    assert NoBias.__doc__ is not None
    assert old in NoBias.__doc__
    return variant(__doc__=NoBias.__doc__.replace(old, new), **changes)


def raising(self: Rule, model: ModelGraph) -> Iterator[Finding]:
    raise ValueError("oops")


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (variant(__doc__="Summary.\n\nWhat it does\n------------\nIt.\n"), "says nothing under 'Why it matters'"),
        (variant(__doc__=None), "no summary line"),
        (documented("    torch.nn.Linear.", "    It is well known."), "its references name no source"),
        (documented("nn.Linear(1, 1)\n", "nn.Linear(1, 1\n"), "the code under 'Example' is not Python"),
        (documented("1, bias=False)", "1, bias=False))"), "the code under 'Use instead' is not Python"),
        (variant(bad=(BAD,)), "it has 1 bad examples and needs at least 2"),
        (variant(good=()), "it has 0 good examples"),
        (variant(good=(GOOD, GOOD)), "good example 2 stands there twice"),
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


def test_a_fix_must_change_the_code() -> None:
    rule = variant(value="True", bad=(replace(BAD, source=SOURCE.replace("4)", "4, bias=True)")), NoBias.bad[1]))
    assert "bad example 1: line 4: its fix changes nothing" in problems_of(rule)


class WrongLayer(NoBias):
    __doc__ = NoBias.__doc__

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """Offers to take the bias of another layer."""
        layers = [node.module for node in model.nodes if isinstance(node.op, Dense) and node.op.bias]
        for layer, other in zip(layers, layers[::-1], strict=True):
            assert other.built_at is not None
            yield self.finding(layer, f"bias of {layer.name}", fix=Fix((SetArgument(other.built_at, "bias", "False"),)))


def test_a_fix_must_silence_its_own_finding() -> None:
    layers = "nn.Linear(3, 4), nn.Linear(4, 5)"
    source = f"class Net(nn.Sequential):\n    def __init__(self):\n        super().__init__({layers})\n"
    example = Example(source, ((3, "bias of 0"), (3, "bias of 1")), ("3",))
    rule = type("Variant", (WrongLayer,), {"__doc__": NoBias.__doc__, "bad": (example, BAD)})
    assert problems_of(rule)[:2] == ["bad example 1: line 3: its fix does not silence it"] * 2
