"""Sizes and counts as messages print them."""

from __future__ import annotations

from collections.abc import Sequence

from cnnlint.graph.dims import Dim, Sym, show, substitute

_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def number(value: Dim | None) -> str:
    """``102,764,544``; a size that is not an integer by its name, an unknown one as ``?``."""
    if isinstance(value, int):
        return f"{value:,}"
    return "?" if value is None else show(value) or "?"


def times(sizes: Sequence[Dim]) -> str:
    """``512×7×7``, ``16×(H//2)×(W//2)``."""
    texts = (show(size) or "?" for size in sizes)
    return "×".join(f"({text})" if not text.isalnum() and text != "?" else text for text in texts)


def extent(sizes: Sequence[Dim]) -> str:
    """``7×7 map``; over one axis ``signal of 7``."""
    return f"{times(sizes)} map" if len(sizes) > 1 else f"signal of {times(sizes)}"


def shape(sizes: Sequence[Dim] | None) -> str:
    """``(N, 512, 7, 7)``."""
    if sizes is None:
        return "(?)"
    return "(" + ", ".join(show(size) or "?" for size in sizes) + ("," if len(sizes) == 1 else "") + ")"


def plural(count: Dim, noun: str) -> str:
    """``1 channel``, ``2,048 channels``."""
    return f"{number(count)} {noun}" if count == 1 else f"{number(count)} {noun}s"


def short(amount: float) -> str:
    """Three significant digits with a unit: ``1.23 G``, ``456 M``, ``12``."""
    for unit, letter in _UNITS:
        if amount >= unit * 0.9995:
            value = amount / unit
            digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
            return f"{value:.{digits}f} {letter}"
    return f"{amount:,.0f}"


def percent(share: float) -> str:
    """``74.3 %``."""
    return f"{100 * share:.1f} %"


def plain(value: object) -> object:
    """A size, a shape or a text as JSON has it."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return show(value) if isinstance(value, Sym) else value


def per_sample(amount: Dim) -> Dim:
    """An amount for a batch of the symbolic size N as that of one sample."""
    return substitute(amount, {"N": 1})
