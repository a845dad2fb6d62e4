"""Every number in a rule's docstring is recomputed, so a wrong one is found."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from cnnlint import registry
from cnnlint.docs import RuleDoc
from cnnlint.rule import Rule
from cnnlint.testing import problems_of
from cnnlint.testing.examples import run
from cnnlint.testing.numbers import CLAIMING, Number, number_problems, numbers_in

RULES = [rule for rule in registry.load().rules.values() if rule.__module__.startswith(registry.BUILTIN)]


class Base(Rule):
    """Summary."""

    code, name, category, severity = "TST100", "numbers", "test", "advice"


def rule_that_says(text: str, **changes: object) -> type[Rule]:
    heads = ("Why it matters", text), ("References", "A table, arXiv 1409.1556.")
    sections = "".join(f"\n\n{head}\n{'-' * len(head)}\n{body}" for head, body in heads)
    return type("Variant", (Base,), {"__doc__": f"Summary.{sections}\n", **changes})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("28.0 % of 102,764,544 weights, or 1e-5", ["28.0 %", "102,764,544", "1e-5"]),
        ("a 32×32 image, 3×3 kernels, ResNet-50 on CIFAR-10, cuda:1, conv2d, layer1", []),
        ("arXiv 1409.1556, section 2.3, table 2, https://a.b/12, pytorch#666", []),
        ("`9·256·256 = 589,824`, (1, 2, 9)", ["9", "256", "256", "589,824", "1", "2", "9"]),
    ],
)  # fmt: skip
def test_what_counts_as_a_number(text: str, found: list[str]) -> None:
    assert [number.text for number in numbers_in(text)] == found


@pytest.mark.parametrize(
    ("text", "value", "states"),
    [
        ("28.0 %", 0.28, True), ("28.0 %", 0.2804, True), ("28.0 %", 0.2806, False), ("8.47", 144 / 17, True),
        ("8.46", 144 / 17, False), ("1,000", 1000, True), ("1,000", 1000.4, False), ("1e-5", 0.00001, True),
        ("1e-5", 0.00002, False), ("2 %", 0.02, True), ("2 %", 0.03, False),
    ],
)  # fmt: skip
def test_to_as_many_digits_as_are_written(text: str, value: float, states: bool) -> None:
    assert Number(text).states(value) is states


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (rule_that_says("It saves 44.9 %."), "states 44.9 %, which neither its examples' findings nor"),
        (rule_that_says("It saves 44.9 %.", numbers={"44.9 %": 1 - 18 / 25}), "44.9 %, its numbers compute 0.28"),
        (rule_that_says("It saves.", numbers={"44.9 %": 1 - 27 / 49}), "compute '44.9 %', which its docstring"),
        (rule_that_says("It saves.", quoted={"44.9 %": "a table"}), "it quotes '44.9 %', which its docstring does not"),
        (rule_that_says("It saves 44.9 %.", quoted={"44.9 %": "a book"}), "from 'a book', which its references do not"),
    ],
)  # fmt: skip
def test_each_fault_is_found(rule: type[Rule], problem: str) -> None:
    assert any(problem in found for found in problems_of(rule))


@pytest.mark.parametrize(
    "rule",
    [
        rule_that_says("It saves 44.9 % with 3 layers.", numbers={"44.9 %": 1 - 27 / 49}),
        rule_that_says("It saves 44.9 %.", quoted={"44.9 %": "arXiv 1409.1556"}),
    ],
)
def test_what_is_computed_or_quoted_passes(rule: type[Rule]) -> None:
    assert list(number_problems(rule, [])) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_wrong_number_fails(rule: type[Rule]) -> None:
    """Each number of the built-in rules is found wrong with another last digit. Another number of its size may happen
    to be true of something: two of the nine pass for that."""
    findings = [finding for example in rule.bad for finding in run(rule(), example).findings]
    doc = RuleDoc.of(rule)
    claims = [doc.summary, *(doc.sections.get(heading, "") for heading in CLAIMING)]
    for number in {number for text in claims for number in numbers_in(text) if not number.evident}:
        variants = [type("Variant", (rule,), {"__doc__": text}) for text in wrong_texts(rule, number.text)]
        passing = [variant for variant in variants if not list(number_problems(variant, findings))]
        assert len(passing) <= 2, f"{number.text} may be anything"


def wrong_texts(rule: type[Rule], number: str) -> Iterator[str]:
    """The docstring with another last digit in a number: ``28.5 %`` for ``28.0 %``, ``6e-5`` for ``1e-5``."""
    end = re.search(r"(?=e|\s?%|$)", number)
    assert end is not None
    assert rule.__doc__ is not None
    at = end.start() - 1
    for digit in set("0123456789") - {number[at]}:
        yield rule.__doc__.replace(number, number[:at] + digit + number[at + 1 :])
