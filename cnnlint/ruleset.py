"""The rules of one configuration: which are on, with their options and severities."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from cnnlint import registry
from cnnlint.config import ConfigError, Resolved
from cnnlint.findings import Diagnostic
from cnnlint.nearest import did_you_mean
from cnnlint.rule import Rule, Severity
from cnnlint.select import Choice, Selectors, selected


@dataclass(frozen=True)
class RuleSet:
    """The rules that are on, in the order of their codes; severities that the configuration changes; the selectors to
    read others with; what is wrong with plugins."""

    rules: tuple[Rule, ...]
    severities: Mapping[str, Severity]
    selectors: Selectors
    codes: frozenset[str]
    problems: tuple[Diagnostic, ...] = ()


def build(resolved: Resolved, given: Choice) -> RuleSet:
    """The rules for ``resolved`` and what the command line selects.

    Raises :class:`~cnnlint.errors.UserError` for an unknown selector, rule or option."""
    settings = resolved.settings
    known = registry.load(settings.plugins)
    selectors = Selectors(known.rules)
    configured = Choice(settings.select, settings.extend_select, settings.ignore)
    codes = selected(selectors, configured, given, settings.target, resolved.origin("select"))
    severities = {
        code: Severity(level)
        for text, level in settings.severity.items()
        for code in selectors.parse(text, resolved.origin("severity")).codes
    }
    for texts in settings.per_file_ignores.values():
        selectors.codes(texts, resolved.origin("per-file-ignores"))
    options = {_rule_named(known, name, resolved).code: (name, given) for name, given in settings.rules.items()}
    rules = tuple(_instance(known.rules[code], options.get(code), resolved) for code in sorted(codes))
    return RuleSet(rules, severities, selectors, codes, known.problems)


def _rule_named(known: registry.Registry, name: str, resolved: Resolved) -> type[Rule]:
    rule = known.find(name)
    if rule is None:
        place = resolved.origin("rules")
        raise ConfigError(f"{place}: settings for an unknown rule {name!r}{did_you_mean(name, known.words)}")
    return rule


def _instance(rule: type[Rule], options: tuple[str, Mapping[str, Any]] | None, resolved: Resolved) -> Rule:
    if options is None:
        return rule()
    name, values = options
    place = f"{resolved.origin('rules')}: rules.{name}"
    known = [field.name.replace("_", "-") for field in dataclasses.fields(rule.Options)]
    for key in values:
        if key not in known:
            raise ConfigError(f"{place}: unknown option {key!r}{did_you_mean(key, known)}")
    try:
        snake = {key.replace("-", "_"): value for key, value in values.items()}
        return rule(msgspec.convert(snake, rule.Options))
    except msgspec.ValidationError as error:
        text, _, option = str(error).rpartition(" - at `$.")
        raise ConfigError(f"{place}.{option.rstrip('`').replace('_', '-')}: {text[:1].lower()}{text[1:]}") from error
