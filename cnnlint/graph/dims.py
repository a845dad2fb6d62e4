"""Dimensions: integers, or polynomials over named sizes with exact floor division.

A dimension is a plain ``int`` whenever its value is known, so most arithmetic costs what Python's does. Otherwise
it is a :class:`Sym`: a polynomial with integer coefficients over atoms, where an atom is a named size (``H``) or a
floor quotient (``(H + 1)//2``). Sums, differences and products are kept in normal form, nested floor quotients are
flattened (``floor((floor(a/m) + b)/n) = floor((a + b*m)/(m*n))``), so two equal sizes are equal objects.

Nothing here answers a comparison that the values could still decide either way: the questions return ``True`` only
for what holds for every value the names can take.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from math import gcd
from typing import TypeAlias, Union

__all__ = [
    "BATCH", "Dim", "Shape", "Sym", "ceil_div", "differ", "is_known", "less", "lower", "opaque", "product", "same",
    "show", "substitute", "symbol", "symbols", "upper",
]  # fmt: skip

_serial = count()


@dataclass(frozen=True, slots=True)
class Name:
    """A named size. ``low`` is the least value it can take; ``serial`` tells unknown sizes apart."""

    text: str
    low: int = 1
    serial: int = -1

    @property
    def opaque(self) -> bool:
        return self.serial >= 0


@dataclass(frozen=True, slots=True)
class Floor:
    """``numerator // divisor``, kept whole because it is not exact."""

    numerator: Sym
    divisor: Dim


Atom: TypeAlias = Name | Floor
Monomial: TypeAlias = tuple[tuple[Atom, int], ...]
Terms: TypeAlias = dict[Monomial, int]


class Sym:
    """A size that is not an integer yet: a polynomial over atoms, never constant. Immutable and hashable."""

    __slots__ = ("_hash", "terms")

    terms: tuple[tuple[Monomial, int], ...]

    def __init__(self, terms: tuple[tuple[Monomial, int], ...]) -> None:
        self.terms = terms
        self._hash = hash(frozenset(terms))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Sym):
            return self is other or (self._hash == other._hash and dict(self.terms) == dict(other.terms))
        return False

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"Sym({show(self) or '?'})"

    def __add__(self, other: Dim) -> Dim:
        return _sum(self, other, 1) if _is_dim(other) else NotImplemented

    __radd__ = __add__

    def __sub__(self, other: Dim) -> Dim:
        return _sum(self, other, -1) if _is_dim(other) else NotImplemented

    def __rsub__(self, other: Dim) -> Dim:
        return _sum(-self, other, 1) if _is_dim(other) else NotImplemented

    def __neg__(self) -> Dim:
        return Sym(tuple((mono, -factor) for mono, factor in self.terms))

    def __mul__(self, other: Dim) -> Dim:
        return _product(self, other) if _is_dim(other) else NotImplemented

    __rmul__ = __mul__

    def __floordiv__(self, other: Dim) -> Dim:
        return _floor_div(self, other) if _is_dim(other) else NotImplemented

    def __rfloordiv__(self, other: Dim) -> Dim:
        return _floor_div(other, self) if _is_dim(other) else NotImplemented

    def __mod__(self, other: Dim) -> Dim:
        return self - other * (self // other) if _is_dim(other) else NotImplemented

    def __rmod__(self, other: Dim) -> Dim:
        return other - self * (other // self) if _is_dim(other) else NotImplemented

    def __pow__(self, power: int) -> Dim:
        if not isinstance(power, int) or not 0 <= power <= 8:
            return NotImplemented
        result: Dim = 1
        for _ in range(power):
            result = result * self
        return result


Dim: TypeAlias = Union[int, "Sym"]
Shape: TypeAlias = tuple[Dim, ...]

# Polynomials that grow past this are given up for a fresh unknown: no real size needs them.
_MAX_TERMS = 64


def symbol(name: str, low: int = 1) -> Sym:
    """The size called ``name``, at least ``low``. Equal names with equal bounds are the same size."""
    return _atom(Name(name, low))


def opaque(low: int = 0) -> Sym:
    """A size nothing is known about: equal to itself only. Prints as unknown."""
    return _atom(Name("?", low, next(_serial)))


BATCH: Sym
"""The batch size where no evidence gives one. At least 2, so that nothing is concluded from a batch of one."""


def _atom(atom: Atom) -> Sym:
    return Sym(((((atom, 1),), 1),))


BATCH = symbol("N", 2)


def _is_dim(value: object) -> bool:
    return isinstance(value, Sym) or (isinstance(value, int) and not isinstance(value, bool))


def _terms(value: Dim) -> Terms:
    if isinstance(value, Sym):
        return dict(value.terms)
    return {(): value} if value else {}


def _make(terms: Terms) -> Dim:
    terms = {mono: factor for mono, factor in terms.items() if factor}
    if not terms:
        return 0
    if len(terms) == 1 and () in terms:
        return terms[()]
    if len(terms) > _MAX_TERMS:
        return opaque()
    return Sym(tuple(terms.items()))


def _sum(left: Dim, right: Dim, sign: int) -> Dim:
    terms = _terms(left)
    for mono, factor in _terms(right).items():
        terms[mono] = terms.get(mono, 0) + sign * factor
    return _make(terms)


def _product(left: Dim, right: Dim) -> Dim:
    terms: Terms = {}
    for mono_l, factor_l in _terms(left).items():
        for mono_r, factor_r in _terms(right).items():
            mono = _times(mono_l, mono_r)
            terms[mono] = terms.get(mono, 0) + factor_l * factor_r
    return _make(terms)


def _times(left: Monomial, right: Monomial) -> Monomial:
    if not left or not right:
        return left or right
    powers = dict(left)
    for atom, power in right:
        powers[atom] = powers.get(atom, 0) + power
    return tuple(sorted(powers.items(), key=_atom_order))


def _atom_order(item: tuple[Atom, int]) -> tuple[str, int]:
    atom = item[0]
    return (atom.text, atom.serial) if isinstance(atom, Name) else ("~" + _show_floor(atom), hash(atom))


def _over(mono: Monomial, divisor: Monomial) -> Monomial | None:
    powers = dict(mono)
    for atom, power in divisor:
        left = powers.get(atom, 0) - power
        if left < 0:
            return None
        if left:
            powers[atom] = left
        else:
            del powers[atom]
    return tuple(sorted(powers.items(), key=_atom_order))


def _floor_div(value: Dim, divisor: Dim) -> Dim:
    if isinstance(divisor, Sym):
        return _floor_div_by_sym(value, divisor)
    if divisor == 0:
        raise ZeroDivisionError("integer division or modulo by zero")
    if divisor < 0:
        return _floor_div(-value, -divisor)
    whole: Terms = {}
    rest: Terms = {}
    for mono, factor in _terms(value).items():
        quotient, remainder = divmod(factor, divisor)
        whole[mono] = quotient
        rest[mono] = remainder
    common = gcd(divisor, *(factor for mono, factor in rest.items() if mono))
    inner = _make({mono: factor // common for mono, factor in rest.items()})
    divisor //= common
    if isinstance(inner, Sym):
        return _make(whole) + _quotient(inner, divisor)
    return _make(whole) + inner // divisor


def _quotient(inner: Sym, divisor: int) -> Dim:
    """``inner // divisor`` with a flat numerator: a single floor quotient inside it is folded in."""
    terms = dict(inner.terms)
    floors = [mono for mono in terms if any(isinstance(atom, Floor) for atom, _ in mono)]
    if len(floors) == 1 and terms[floors[0]] == 1:
        match floors[0]:
            case ((Floor(numerator, int() as by), 1),):
                del terms[floors[0]]
                return _floor_div(numerator + by * _make(terms), by * divisor)
    return _atom(Floor(inner, divisor))


def _floor_div_by_sym(value: Dim, divisor: Sym) -> Dim:
    exact = _exact_quotient(value, divisor)
    if exact is not None:
        return exact
    if not isinstance(value, Sym):
        if value >= 0 and lower(divisor) > value:
            return 0
        return opaque() if value >= 0 else opaque(-(10**9))
    return _atom(Floor(value, divisor))


def _exact_quotient(value: Dim, divisor: Sym) -> Dim | None:
    """Polynomial long division; ``None`` unless the remainder is zero."""
    rest = _terms(value)
    lead_mono, lead_factor = max(divisor.terms, key=lambda term: (_degree(term[0]), repr(term[0])))
    quotient: Terms = {}
    for _ in range(_MAX_TERMS):
        if not rest:
            return _make(quotient)
        mono, factor = max(rest.items(), key=lambda term: (_degree(term[0]), repr(term[0])))
        step = _over(mono, lead_mono)
        if step is None or factor % lead_factor:
            return None
        scale = factor // lead_factor
        quotient[step] = quotient.get(step, 0) + scale
        for d_mono, d_factor in divisor.terms:
            product = _times(step, d_mono)
            rest[product] = rest.get(product, 0) - scale * d_factor
        rest = {mono: factor for mono, factor in rest.items() if factor}
    return None


def _degree(mono: Monomial) -> int:
    return sum(power for _, power in mono)


def ceil_div(value: Dim, divisor: Dim) -> Dim:
    """``ceil(value / divisor)`` for a positive divisor."""
    if isinstance(divisor, int):
        return (value + (divisor - 1)) // divisor
    return -((-value) // divisor)


# ---- questions -----------------------------------------------------------------------------------------------


def lower(value: Dim) -> float:
    """The greatest bound that ``value`` is proven not to fall below; ``-inf`` when there is none."""
    return _bounds(value)[0]


def upper(value: Dim) -> float:
    """The least bound that ``value`` is proven not to exceed; ``inf`` when there is none."""
    return _bounds(value)[1]


def _bounds(value: Dim) -> tuple[float, float]:
    if not isinstance(value, Sym):
        return value, value
    low = high = 0.0
    for mono, factor in value.terms:
        mono_low, mono_high = _monomial_bounds(mono)
        ends = (factor * mono_low, factor * mono_high)
        low, high = low + min(ends), high + max(ends)
    return low, high


def _monomial_bounds(mono: Monomial) -> tuple[float, float]:
    low = high = 1.0
    for atom, power in mono:
        atom_low, atom_high = _atom_bounds(atom)
        if atom_low < 0:
            return float("-inf"), float("inf")
        low, high = low * atom_low**power, high * atom_high**power
    return low, high


def _atom_bounds(atom: Atom) -> tuple[float, float]:
    if isinstance(atom, Name):
        return atom.low, float("inf")
    low, high = _bounds(atom.numerator)
    if isinstance(atom.divisor, int):
        floors = (value // atom.divisor if abs(value) != float("inf") else value for value in (low, high))
        return next(floors), next(floors)
    return (0 if low >= 0 and lower(atom.divisor) > 0 else float("-inf")), float("inf")


def is_known(value: Dim) -> bool:
    """Whether the size can be named: an integer, or an expression without an unknown in it."""
    return not isinstance(value, Sym) or not any(name.opaque for name in symbols(value))


def product(sizes: Iterable[Dim]) -> Dim:
    """The number of elements of a shape."""
    total: Dim = 1
    for size in sizes:
        total = total * size
    return total


def same(left: Dim, right: Dim) -> bool:
    """Whether the two sizes are equal for every value their names can take."""
    return left == right


def differ(left: Dim, right: Dim) -> bool:
    """Whether the two sizes are unequal for every value their names can take."""
    if type(left) is int and type(right) is int:
        return left != right
    gap = left - right
    if isinstance(gap, Sym):
        low, high = _bounds(gap)
        return low > 0 or high < 0 or _never_zero(gap)
    return gap != 0


def _never_zero(gap: Sym) -> bool:
    """A sum of multiples of g plus a constant that g does not divide is never zero."""
    constant = 0
    common = 0
    for mono, factor in gap.terms:
        if mono:
            common = gcd(common, factor)
        else:
            constant = factor
    return constant % common != 0


def less(left: Dim, right: Dim) -> bool:
    """Whether ``left < right`` for every value their names can take."""
    if type(left) is int and type(right) is int:
        return left < right
    return upper(left - right) < 0


def symbols(value: Dim) -> frozenset[Name]:
    """The names a size depends on."""
    if not isinstance(value, Sym):
        return frozenset()
    found: set[Name] = set()
    for mono, _ in value.terms:
        for atom, _ in mono:
            if isinstance(atom, Name):
                found.add(atom)
            else:
                found |= symbols(atom.numerator) | symbols(atom.divisor)
    return frozenset(found)


def substitute(value: Dim, values: Mapping[str, Dim]) -> Dim:
    """``value`` with the named sizes replaced. Unknown sizes stay unknown."""
    if not isinstance(value, Sym):
        return value
    total: Dim = 0
    for mono, factor in value.terms:
        product: Dim = factor
        for atom, power in mono:
            product = product * _substitute_atom(atom, values) ** power
        total = total + product
    return total


def _substitute_atom(atom: Atom, values: Mapping[str, Dim]) -> Dim:
    if isinstance(atom, Name):
        return values.get(atom.text, _atom(atom)) if not atom.opaque else _atom(atom)
    numerator, divisor = substitute(atom.numerator, values), substitute(atom.divisor, values)
    return numerator // divisor


# ---- printing ------------------------------------------------------------------------------------------------


def show(value: Dim) -> str | None:
    """The size as a person writes it (``"64"``, ``"(H + 1)//2"``); ``None`` where it is unknown."""
    if not isinstance(value, Sym):
        return str(value)
    if not is_known(value):
        return None
    ordered = sorted(value.terms, key=lambda term: (not term[0], -_degree(term[0]), term[1] < 0, _show_mono(term[0])))
    parts: list[str] = []
    for mono, factor in ordered:
        text = _show_term(mono, abs(factor))
        sign = "-" if factor < 0 else "+"
        parts.append(f" {sign} {text}" if parts else (f"-{text}" if factor < 0 else text))
    return "".join(parts)


def _show_term(mono: Monomial, factor: int) -> str:
    if not mono:
        return str(factor)
    text = _show_mono(mono)
    if factor == 1:
        return text
    return f"{factor}*({text})" if "//" in text else f"{factor}*{text}"


def _show_mono(mono: Monomial) -> str:
    parts: list[str] = []
    for atom, power in mono:
        text = atom.text if isinstance(atom, Name) else _show_floor(atom)
        if isinstance(atom, Floor) and (power > 1 or len(mono) > 1):
            text = f"({text})"
        parts.append(text if power == 1 else f"{text}**{power}")
    return "*".join(parts)


def _show_floor(atom: Floor) -> str:
    numerator, divisor = show(atom.numerator) or "?", show(atom.divisor) or "?"
    if len(atom.numerator.terms) > 1:
        numerator = f"({numerator})"
    if isinstance(atom.divisor, Sym):
        divisor = f"({divisor})"
    return f"{numerator}//{divisor}"
