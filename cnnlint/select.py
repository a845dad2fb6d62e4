"""Which rules are on: selectors, and how settings and options combine.

A selector is a code, a prefix of codes, a rule's name, a category or ``ALL``. The closest selector decides: a code or
name beats a prefix, a longer prefix a shorter one, any prefix a category, and that ``ALL``. Between equally close
ones the command line beats the configuration, and there ``ignore`` beats ``select``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cnnlint.errors import UserError
from cnnlint.nearest import did_you_mean
from cnnlint.rule import Rule

_EXACT = 100


class SelectorError(UserError):
    """A selector that fits no rule; the message gives the nearest word."""


@dataclass(frozen=True)
class Choice:
    """What ``--select``, ``--extend-select`` and ``--ignore`` say; ``select`` is ``None`` where it is not given."""

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True)
class Selector:
    """One selector: the rules it fits, and how close it comes."""

    text: str
    codes: frozenset[str]
    closeness: int


@dataclass(frozen=True)
class Selectors:
    """Reads selectors against the known rules."""

    rules: Mapping[str, type[Rule]]
    _known: dict[str, Selector] = field(default_factory=dict, init=False)

    def parse(self, text: str, source: str) -> Selector:
        """The selector that ``text`` stands for. Raises :class:`SelectorError`, naming ``source``."""
        if text not in self._known:
            self._known[text] = self._parse(text, source)
        return self._known[text]

    def _parse(self, text: str, source: str) -> Selector:
        code = text.upper()
        rules = self.rules.values()
        if code == "ALL":
            return Selector(text, frozenset(self.rules), 0)
        if named := {rule.code for rule in rules if code == rule.code or text == rule.name}:
            return Selector(text, frozenset(named), _EXACT)
        if prefixed := {rule.code for rule in rules if code and rule.code.startswith(code)}:
            return Selector(text, frozenset(prefixed), 1 + len(code))
        if of_category := {rule.code for rule in rules if text == rule.category}:
            return Selector(text, frozenset(of_category), 1)
        words = {word for rule in rules for word in (rule.code, rule.name, str(rule.category))} | {"ALL"}
        raise SelectorError(f"{source}: no rule fits {text!r}{did_you_mean(text, sorted(words))}")

    def codes(self, texts: Iterable[str], source: str) -> frozenset[str]:
        """The codes that any of ``texts`` fits."""
        return frozenset().union(*(self.parse(text, source).codes for text in texts))


def selected(
    selectors: Selectors, configured: Choice, given: Choice, target: str, source: str = "configuration"
) -> frozenset[str]:
    """The codes of the rules that are on, for the setting ``target``.

    ``given`` stands for the command line; a ``select`` there replaces the configured one and ``extend-select``."""
    if given.select is not None:
        configured = Choice(None, (), configured.ignore)
    layers = ((configured, source), (given, "command line"))
    directives: list[tuple[Selector, int, bool]] = []
    for rank, (choice, place) in enumerate(layers):
        wanted: Sequence[str] = (*(choice.select or ()), *choice.extend_select)
        directives += [(selectors.parse(text, place), rank, True) for text in wanted]
        directives += [(selectors.parse(text, place), rank, False) for text in choice.ignore]
    return frozenset(code for code, rule in selectors.rules.items() if _is_on(rule, directives, target))


def _is_on(rule: type[Rule], directives: Iterable[tuple[Selector, int, bool]], target: str) -> bool:
    fitting = [
        (selector.closeness, rank, not wanted)
        for selector, rank, wanted in directives
        if rule.code in selector.codes and not (wanted and _needs_naming(rule, target) and selector.closeness < _EXACT)
    ]
    return bool(fitting) and not max(fitting)[2]


def _needs_naming(rule: type[Rule], target: str) -> bool:
    return rule.opt_in and target not in rule.targets
