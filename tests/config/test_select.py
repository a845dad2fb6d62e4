"""Which rules are on."""

from __future__ import annotations

import pytest

from cnnlint.rule import Rule, Severity
from cnnlint.select import Choice, SelectorError, Selectors, selected


def _rule(code: str, name: str, category: str, targets: str = "", opt_in: bool = False) -> type[Rule]:
    values = {"code": code, "name": name, "category": category, "severity": Severity.WARNING}
    return type(name, (Rule,), {**values, "opt_in": opt_in or bool(targets), "targets": frozenset(targets.split())})


RULES = {
    rule.code: rule
    for rule in (
        _rule("CNN101", "input-mismatch", "shape"),
        _rule("CNN102", "indivisible", "shape"),
        _rule("CNN201", "large-kernel", "efficiency"),
        _rule("CNN203", "separable", "efficiency", targets="mobile"),
        _rule("CNN502", "caveat", "resampling", opt_in=True),
    )
}
DEFAULT = Choice(("ALL",))


def on(configured: Choice = DEFAULT, given: Choice = Choice(), target: str = "server") -> str:
    return " ".join(sorted(code[3:] for code in selected(Selectors(RULES), configured, given, target)))


@pytest.mark.parametrize(
    ("configured", "given", "expected"),
    [
        (DEFAULT, Choice(), "101 102 201"),
        (Choice(("CNN1",)), Choice(), "101 102"),
        (Choice(("cnn101",)), Choice(), "101"),
        (Choice(("shape",)), Choice(), "101 102"),
        (Choice(("input-mismatch",)), Choice(), "101"),
        (Choice(("CNN1",), ignore=("CNN102",)), Choice(), "101"),
        (Choice(("CNN102",), ignore=("CNN1",)), Choice(), "102"),
        (Choice(("ALL",), ignore=("shape",)), Choice(), "201"),
        (Choice(("CNN101",), ignore=("CNN101",)), Choice(), ""),
        (DEFAULT, Choice(("CNN2",)), "201"),
        (DEFAULT, Choice(ignore=("CNN2",)), "101 102"),
        (DEFAULT, Choice(extend_select=("CNN502",)), "101 102 201 502"),
        (Choice(("CNN1",), extend_select=("CNN201",)), Choice(("CNN102",)), "102"),
        (Choice(("ALL",), ignore=("CNN101",)), Choice(("CNN101",)), "101"),
        (Choice(("ALL",), ignore=("CNN101",)), Choice(("ALL",)), "102 201"),
        (DEFAULT, Choice(("CNN5",)), ""),
        (DEFAULT, Choice(("caveat",)), "502"),
        (DEFAULT, Choice(("CNN203",)), "203"),
    ],
)
def test_the_closest_selector_decides(configured: Choice, given: Choice, expected: str) -> None:
    assert on(configured, given) == expected


def test_a_target_switches_its_rules_on() -> None:
    assert on(target="mobile") == "101 102 201 203"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CNN999", "no rule fits 'CNN999'"),
        ("CNN110", "did you mean 'CNN102'?"),
        ("input-mismach", "did you mean 'input-mismatch'?"),
        ("shapes", "did you mean 'shape'?"),
        ("", "no rule fits ''"),
    ],
)
def test_unknown_selectors_are_refused_with_the_nearest(text: str, message: str) -> None:
    with pytest.raises(SelectorError) as error:
        on(given=Choice((text,)))
    assert message in str(error.value)
    assert str(error.value).startswith("command line:")
