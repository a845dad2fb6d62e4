"""Numbers and shapes as messages print them."""

from __future__ import annotations

import pytest

from cnnlint.graph.dims import BATCH, opaque, symbol
from cnnlint.graph.wording import number, per_sample, percent, plain, plural, shape, short, times


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.00 k"),
        (999_499, "999 k"),
        (999_500, "1.00 M"),
        (1_234_000_000, "1.23 G"),
        (12_340_000_000, "12.3 G"),
        (123_400_000_000, "123 G"),
        (9_996_000, "10.0 M"),
        (2e12, "2.00 T"),
    ],
)
def test_short(amount: float, text: str) -> None:
    assert short(amount) == text


def test_numbers() -> None:
    assert number(102_764_544) == "102,764,544"
    assert number(symbol("H") // 2) == "H//2"
    assert number(opaque()) == number(None) == "?"
    assert (plural(1, "channel"), plural(2048, "channel")) == ("1 channel", "2,048 channels")
    assert percent(0.7432) == "74.3 %"


def test_shapes() -> None:
    sizes = (BATCH, 512, symbol("H") // 2, opaque())
    assert shape(sizes) == "(N, 512, H//2, ?)"
    assert times(sizes) == "N×512×(H//2)×?"
    assert (shape((3,)), shape(()), shape(None)) == ("(3,)", "()", "(?)")
    assert plain((1, symbol("H"))) == [1, "H"]


def test_per_sample() -> None:
    assert per_sample(12 * BATCH) == 12
    assert per_sample(7) == 7
