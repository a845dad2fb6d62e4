"""The numbers in a rule's docstring: each is recomputed.

A number counts as recomputed if the rule's own findings on its examples state it, in a message or in their data, if it
is the default of an option, or if the rule's ``numbers`` compute it. What only a source can vouch for stands in
``quoted``. Whole numbers below ten (axes, counts), sizes (32×32), those in names (ResNet-50, cuda:1) and those that say
where to look something up (section 2.3, arXiv 1409.1556) claim nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cnnlint.docs import RuleDoc, options
from cnnlint.findings import Finding
from cnnlint.rule import Rule

CLAIMING = ("What it does", "Why it matters", "When not to worry")
"""The sections whose numbers are claims; the others hold code and sources."""

_NUMBER = re.compile(r"(?<![\w.,:])(?<!\w-)\d[\d,]*(?:\.\d+)?(?:e-?\d+)?(?:\s?%)?")
_SIZE = re.compile(r"\d+(?:×\d+)+")
_SOURCE = re.compile(r"https?://\S+|(?:arXiv|section|sections|table|tables|torch|doi)[ :]\d[\d./]*|#\d+", re.IGNORECASE)
_EVIDENT = 10


@dataclass(frozen=True)
class Number:
    """A number as written: ``28.0 %`` is 0.28 to within 0.0005."""

    text: str

    @property
    def value(self) -> float:
        written = float(self.text.rstrip("% \n").replace(",", ""))
        return written / 100 if self.text.endswith("%") else written

    @property
    def tolerance(self) -> float:
        """Half a unit of the last digit written. A whole number, or one of a single digit (0.1), is meant exactly."""
        mantissa, _, exponent = self.text.rstrip("% \n").partition("e")
        digits = len(mantissa.partition(".")[2])
        if not digits or len(mantissa.replace(".", "").lstrip("0")) < 2:
            return 1e-12
        return 0.5 * 10.0 ** (int(exponent or 0) - digits - (2 if self.text.endswith("%") else 0))

    @property
    def evident(self) -> bool:
        """Whether it is too small a whole number to claim anything."""
        return self.text.isdigit() and self.value < _EVIDENT

    def states(self, value: float) -> bool:
        """Whether this is ``value``, to as many digits as are written."""
        return abs(self.value - value) <= self.tolerance * (1 + 1e-9)


def numbers_in(text: str) -> list[Number]:
    """The numbers of a text, sources and sizes left out."""
    found = (match.group().rstrip(",") for match in _NUMBER.finditer(_SIZE.sub(" ", _SOURCE.sub(" ", text))))
    return [Number(" ".join(number.split())) for number in found]


def number_problems(rule: type[Rule], findings: Iterable[Finding]) -> Iterator[str]:
    """What is wrong with the numbers of the docstring. ``findings`` are those on the examples."""
    doc = RuleDoc.of(rule)
    stated = numbers_in("\n".join([doc.summary, *(doc.sections.get(heading, "") for heading in CLAIMING)]))
    texts = {number.text for number in stated}
    for text, value in rule.numbers.items():
        if text not in texts:
            yield f"its numbers compute {text!r}, which its docstring does not state"
        elif not Number(text).states(value):
            yield f"its docstring states {text}, its numbers compute {value:.10g}"
    for text, source in rule.quoted.items():
        if text not in texts:
            yield f"it quotes {text!r}, which its docstring does not state"
        elif source not in " ".join(doc.sections.get("References", "").split()):
            yield f"it quotes {text} from {source!r}, which its references do not name"
    known = [*_values(options(rule)), *_said(findings)]
    for number in dict.fromkeys(stated):
        covered = number.evident or number.text in rule.numbers or number.text in rule.quoted
        if not covered and not any(number.states(value) for value in known):
            yield f"its docstring states {number.text}, which neither its examples' findings nor its numbers give"


def _said(findings: Iterable[Finding]) -> Iterator[float]:
    for finding in findings:
        yield from (number.value for number in numbers_in(f"{finding.message} {finding.help}"))
        yield from _values(finding.data)


def _values(value: Any) -> Iterator[float]:
    """The numbers in an option's default or a finding's data."""
    match value:
        case bool():
            return
        case int() | float():
            yield value
        case Mapping():
            for item in value.values():
                yield from _values(item)
        case list() | tuple():
            for item in value:
                yield from _values(item)
