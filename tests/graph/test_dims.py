"""Symbolic sizes: arithmetic is integer arithmetic once the names have values, and no answer is ever wrong."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlint.graph.dims import (
    BATCH,
    Dim,
    Sym,
    ceil_div,
    differ,
    is_known,
    less,
    lower,
    opaque,
    same,
    show,
    substitute,
    symbol,
    symbols,
    upper,
)

H, W, C = symbol("H"), symbol("W"), symbol("C")
SIZES: dict[str, Dim] = {"H": H, "W": W, "C": C}
VALUES = st.fixed_dictionaries({name: st.integers(1, 300) for name in SIZES})

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "//": operator.floordiv, "%": operator.mod,
    "ceil": lambda left, right: ceil_div(left, right),
}  # fmt: skip


@dataclass(frozen=True)
class Expression:
    """A formula over sizes, to be computed with symbols or with integers."""

    operator: str
    left: Expression | str | int
    right: Expression | str | int

    def compute(self, values: dict[str, Any]) -> Any:
        left, right = (_compute(side, values) for side in (self.left, self.right))
        return OPERATORS[self.operator](left, right)


def _compute(part: Expression | str | int, values: dict[str, Any]) -> Any:
    if isinstance(part, Expression):
        return part.compute(values)
    return values[part] if isinstance(part, str) else part


def _grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Expression]:
    """Sums and products of anything; quotients by positive integers and by names, which are positive."""
    plain = st.builds(Expression, st.sampled_from(["+", "-", "*"]), inner, inner)
    divisors = st.one_of(st.integers(1, 9), st.sampled_from(sorted(SIZES)))
    return st.one_of(plain, st.builds(Expression, st.sampled_from(["//", "%", "ceil"]), inner, divisors))


PARTS = st.one_of(st.sampled_from(sorted(SIZES)), st.integers(-12, 40))
POLYNOMIALS = st.recursive(
    PARTS, lambda inner: st.builds(Expression, st.sampled_from(["+", "-", "*"]), inner, inner), max_leaves=6
)
FORMULAS = st.recursive(PARTS, _grown, max_leaves=6)


@given(FORMULAS, VALUES)
@settings(max_examples=400)
def test_arithmetic_is_integer_arithmetic_after_substitution(formula: Expression | str | int, values: Any) -> None:
    value = _compute(formula, SIZES)
    if is_known(value):
        assert substitute(value, values) == _compute(formula, values)


@given(FORMULAS, st.integers(0, 3), VALUES)
@settings(max_examples=80)
def test_powers(formula: Expression | str | int, power: int, values: Any) -> None:
    value = _compute(formula, SIZES)
    if is_known(value):
        assert substitute(value**power, values) == _compute(formula, values) ** power


@given(FORMULAS, FORMULAS, VALUES)
@settings(max_examples=400)
def test_no_answer_is_wrong(left: Any, right: Any, values: Any) -> None:
    one, other = _compute(left, SIZES), _compute(right, SIZES)
    a, b = _compute(left, values), _compute(right, values)
    if same(one, other):
        assert a == b
    if differ(one, other):
        assert a != b
    if less(one, other):
        assert a < b
    assert lower(one) <= a <= upper(one)


@given(FORMULAS)
@settings(max_examples=150)
def test_a_size_equals_itself_however_it_is_reached(formula: Any) -> None:
    value = _compute(formula, SIZES)
    again = 3 + value * 2 - value - 3
    assert again == value
    assert hash(again) == hash(value)
    assert value - value == 0
    assert not differ(value, value)


@given(POLYNOMIALS, st.lists(st.tuples(st.integers(-3, 9), st.integers(1, 9)), min_size=2, max_size=4))
@settings(max_examples=150)
def test_a_chain_of_floors_is_one_floor(formula: Any, steps: list[tuple[int, int]]) -> None:
    """As in sizes behind strided layers, step by step or at once."""
    value = numerator = _compute(formula, SIZES)
    divisor = 1
    for shift, stride in steps:
        value = (value + shift) // stride
        numerator, divisor = numerator + shift * divisor, divisor * stride
    assert value == numerator // divisor


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (H + W, W + H),
        (H * W * C, C * W * H),
        ((H + 1) ** 2, H * H + 2 * H + 1),
        (2 * H // 2, H),
        ((4 * H + 6) // 4, H + 1),
        ((H // 2 + 1) // 2, (H + 2) // 4),
        (((H - 1) // 2 + 1 - 1) // 2 + 1, (H - 1) // 4 + 1),
        (H * W // W, H),
        ((H * W + H) // (W + 1), H),
        (H % 1, 0),
        (4 * H % 2, 0),
        (ceil_div(H, 2), (H + 1) // 2),
        (symbol("H"), H),
        (5 // (H + 5), 0),
    ],
    ids=str,
)
def test_equal_sizes_are_equal_objects(left: Dim, right: Dim) -> None:
    assert left == right
    assert hash(left) == hash(right)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (64, "64"),
        (H, "H"),
        (BATCH, "N"),
        (2 * H + 1, "2*H + 1"),
        (H - 1, "H - 1"),
        (1 - H, "-H + 1"),
        (H * W, "H*W"),
        (H * H, "H**2"),
        (16 * H * W, "16*H*W"),
        (H // 2, "H//2"),
        ((H + 1) // 2, "(H + 1)//2"),
        ((H + 5) // 2, "(H + 1)//2 + 2"),
        (2 * (H // 2), "2*(H//2)"),
        (H // 2 * W, "W*(H//2)"),
        ((H // 2) ** 2, "(H//2)**2"),
        (H // W, "H//(W)"),
        (opaque(), None),
        (opaque() + H, None),
    ],
    ids=str,
)
def test_sizes_print_as_people_write_them(size: Dim, text: str | None) -> None:
    assert show(size) == text


@given(FORMULAS, VALUES)
@settings(max_examples=150)
def test_what_is_printed_is_the_formula(formula: Any, values: Any) -> None:
    value = _compute(formula, SIZES)
    text = show(value)
    if text is not None:
        assert eval(text, {}, values) == _compute(formula, values)


@pytest.mark.parametrize(
    ("question", "left", "right", "answer"),
    [
        (differ, H, H + 1, True),
        (differ, 2 * H, 2 * W + 1, True),
        (differ, H, W, False),
        (differ, H, 1, False),
        (differ, H, 0, True),
        (differ, BATCH, 1, True),
        (differ, 3, 4, True),
        (differ, opaque(), opaque(), False),
        (less, H // 2, H, False),  # true, but not found: silence is allowed
        (less, 0, H, True),
        (less, H, H + 1, True),
        (less, H, W, False),
        (less, 1, H, False),
        (same, H, W, False),
        (same, opaque(), opaque(), False),
    ],
)
def test_only_what_holds_for_every_value_is_true(
    question: Callable[[Dim, Dim], bool], left: Dim, right: Dim, answer: bool
) -> None:
    assert question(left, right) is answer


@pytest.mark.parametrize(
    ("size", "low", "high"),
    [
        (7, 7, 7),
        (H, 1, float("inf")),
        (symbol("K", 3) * 2 - 1, 5, float("inf")),
        (4 - H, float("-inf"), 3),
        ((H + 7) // 4, 2, float("inf")),
        (opaque(2), 2, float("inf")),
    ],
    ids=str,
)
def test_bounds(size: Dim, low: float, high: float) -> None:
    assert (lower(size), upper(size)) == (low, high)


def test_division_by_zero_is_an_error() -> None:
    with pytest.raises(ZeroDivisionError):
        H // 0


@pytest.mark.parametrize("other", [1.5, "x", None, True])
def test_only_integers_and_sizes_compute(other: object) -> None:
    with pytest.raises(TypeError):
        H + other  # type: ignore[operator]


def test_unknown_sizes_stay_unknown() -> None:
    unknown = opaque()
    assert unknown == unknown
    assert unknown != opaque()
    assert substitute(unknown, {"?": 3}) == unknown
    assert not is_known(unknown * 2)


def test_the_names_in_a_size() -> None:
    assert {name.text for name in symbols((H + W // 2) * 3)} == {"H", "W"}
    assert symbols(5) == frozenset()


def test_sizes_that_grow_past_all_bounds_become_unknown() -> None:
    grown: Dim = 0
    for number in range(100):
        grown = grown + symbol(f"s{number}")
    assert isinstance(grown, Sym)
    assert not is_known(grown)
