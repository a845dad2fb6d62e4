"""The rules: the built-in ones, and those of plugins.

Built-in rules are imported directly. A plugin is an entry point of the group ``cnnlint.rules``, or a file or module
that the setting ``plugins`` names; either may be a module, a package of modules or a :class:`~cnnlint.rule.Rule`.
"""

from __future__ import annotations

import pkgutil
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TypeGuard

from cnnlint.errors import UserError
from cnnlint.findings import Diagnostic
from cnnlint.rule import Rule, Severity

BUILTIN = "cnnlint_rules"
GROUP = "cnnlint.rules"

_CODE = re.compile(r"[A-Z]{1,6}[0-9]{3,4}")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class PluginError(UserError):
    """A plugin that cannot be used; the message names it."""


@dataclass(frozen=True)
class Registry:
    """The rules by code, in the order of their codes, and what is wrong with plugins."""

    rules: Mapping[str, type[Rule]]
    problems: tuple[Diagnostic, ...] = ()

    def find(self, text: str) -> type[Rule] | None:
        """The rule with this code or name."""
        rule = self.rules.get(text.upper())
        return rule or next((rule for rule in self.rules.values() if rule.name == text), None)

    @property
    def words(self) -> list[str]:
        """All codes and names."""
        return [*self.rules, *(rule.name for rule in self.rules.values())]


@cache
def load(plugins: tuple[str, ...] = ()) -> Registry:
    """The built-in rules, those of installed plugins, and those of ``plugins``: paths of files, or module names.

    Raises :class:`PluginError` only for a fault of the built-in rules."""
    found: dict[str, type[Rule]] = {}
    problems: list[Diagnostic] = []
    for rule in _builtin():
        _add(found, rule, BUILTIN)
    for plugin in (*_installed(), *plugins):
        try:
            for rule in rules_of(plugin):
                _add(found, rule, plugin)
        except PluginError as error:
            problems.append(Diagnostic("plugin-error", plugin.partition(":")[0], 1, 1, str(error)))
    return Registry(dict(sorted(found.items())), tuple(problems))


def _builtin() -> Iterator[type[Rule]]:
    from cnnlint.suppress import UnusedSuppression

    yield UnusedSuppression
    yield from _rules_in(import_module(BUILTIN))


def _installed() -> Iterator[str]:
    """The entry points of other packages. ``importlib.metadata`` costs as much as a small run, so it is imported only
    when some package on the path announces rules."""
    own = re.compile(r"cnnlint-.*")
    announced = any(
        f"[{GROUP}]" in file.read_text(encoding="utf-8", errors="replace")
        for folder in sys.path
        for file in Path(folder).glob("*.dist-info/entry_points.txt")
        if not own.fullmatch(file.parent.name)
    )
    if announced:
        from importlib.metadata import entry_points

        yield from (point.value for point in entry_points(group=GROUP) if point.value != BUILTIN)


def rules_of(plugin: str) -> list[type[Rule]]:
    """The rules of one plugin: a file, ``package.module`` or ``package.module:Class``.

    Raises :class:`PluginError` if it cannot be loaded or holds none."""
    module_name, _, attribute = (plugin, "", "") if plugin.endswith(".py") else plugin.partition(":")
    try:
        module = _module(module_name)
        found = [getattr(module, attribute)] if attribute else list(_rules_in(module))
    except (Exception, SystemExit) as error:
        raise PluginError(f"plugin {plugin!r} cannot be loaded: {type(error).__name__}: {error}") from error
    if not found:
        raise PluginError(f"plugin {plugin!r} holds no rule: a rule is a subclass of cnnlint.rule.Rule with a code")
    return found


def _module(name: str) -> ModuleType:
    if not name.endswith(".py"):
        return import_module(name)
    spec = spec_from_file_location(f"cnnlint_plugin_{Path(name).stem}", name)
    if spec is None or spec.loader is None:
        raise ImportError(f"{name} is no Python file")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _rules_in(module: ModuleType) -> Iterator[type[Rule]]:
    """The rules that ``module`` and, if it is a package, the modules in it define."""
    modules = [module]
    for info in pkgutil.walk_packages(getattr(module, "__path__", ()), module.__name__ + "."):
        modules.append(import_module(info.name))
    for each in modules:
        for value in vars(each).values():
            if _is_rule(value) and value.__module__ == each.__name__:
                yield value


def _is_rule(value: object) -> TypeGuard[type[Rule]]:
    """Whether this is a rule, not a base class of rules: it has a code of its own."""
    return isinstance(value, type) and issubclass(value, Rule) and "code" in vars(value)


def _add(found: dict[str, type[Rule]], rule: type[Rule], plugin: str) -> None:
    if problem := _fault(rule):
        raise PluginError(f"plugin {plugin!r}: {problem}")
    other = found.get(rule.code)
    if other is not None and other is not rule:
        raise PluginError(f"plugin {plugin!r}: the code {rule.code} is taken by {other.__module__}.{other.__name__}")
    found[rule.code] = rule


def _fault(rule: object) -> str | None:
    """What keeps ``rule`` from being used as a rule."""
    if not (isinstance(rule, type) and issubclass(rule, Rule)):
        return f"{rule!r} is not a subclass of cnnlint.rule.Rule"
    missing = [name for name in ("code", "name", "category", "severity") if not hasattr(rule, name)]
    if missing:
        return f"{rule.__name__} has no {' and no '.join(missing)}"
    if not _CODE.fullmatch(rule.code):
        return f"{rule.__name__}: the code {rule.code!r} is not capitals followed by three or four digits"
    if not _NAME.fullmatch(rule.name):
        return f"{rule.__name__}: the name {rule.name!r} is not in kebab-case"
    if rule.severity not in tuple(Severity):
        return f"{rule.__name__}: the severity {rule.severity!r} is none of {', '.join(Severity)}"
    return None
