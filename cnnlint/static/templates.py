"""Constructions of equal modules: evaluated twice at most, an expensive one once, then copied.

A module class called with arguments that tokens can stand for builds an equal module each time, if its construction
touched nothing but itself. The second construction is kept as a template; from the third on it is copied."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnlint.static.library.copying import deep_copy
from cnnlint.static.memo import alone, mark
from cnnlint.static.modules import named_modules
from cnnlint.static.signature import Unsignable, token_of
from cnnlint.static.values import Bound, Class, ModuleInstance, Partial, Site, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

EXPENSIVE = 100_000
"""Steps that are not spent a second time, whatever copying costs."""


@dataclass(frozen=True, slots=True)
class Template:
    """A module that is never used itself, only copied, and where its attributes were assigned."""

    root: ModuleInstance
    assignments: tuple[tuple[int, str, Site], ...]


def built(
    it: Interpreter, cls: Class, args: list[Value], kwargs: dict[str, Value], site: Site, build: Callable[[], Value]
) -> Value:
    """What constructing ``cls`` gives: a copy of its template if there is one, else what ``build`` makes."""
    key = _key(it, cls, args, kwargs, site)
    if key is None:
        return build()
    found: Template | None = it.memo.builds.get(key)
    if found is not None:
        return _copy(it, found)
    again = key in it.memo.seen
    it.memo.seen.add(key)
    start, steps = mark(it), it.steps
    made = build()
    if not again and steps - it.steps < EXPENSIVE:
        return made
    if isinstance(made, ModuleInstance) and alone(it, start) and _key(it, cls, args, kwargs, site) == key:
        it.memo.builds[key] = _template(it, made)
    return made


def _key(it: Interpreter, cls: Class, args: list[Value], kwargs: dict[str, Value], site: Site) -> Hashable | None:
    if not it.certain or it.trail.open or it.guarded or it.recorder.running:
        return None
    if any(map(_holds_module, (*args, *kwargs.values()))):
        return None
    try:
        given = tuple(token_of(it, arg) for arg in args)
        named = tuple((name, token_of(it, value)) for name, value in kwargs.items())
    except (Unsignable, RecursionError):
        return None
    it.memo.alive[id(cls)] = cls
    return id(cls), site, given, named


def _holds_module(value: Value) -> bool:
    """Whether an argument hands a module over: each construction then shares it, and a copy would not."""
    match value:
        case ModuleInstance():
            return True
        case list() | tuple():
            return any(map(_holds_module, value))
        case dict():
            return any(map(_holds_module, value.values()))
        case Bound():
            return _holds_module(value.self)
        case Partial():
            return any(map(_holds_module, (value.function, *value.args, *value.kwargs.values())))
        case _:
            return False


def _template(it: Interpreter, made: ModuleInstance) -> Template:
    places = it.recorder.assignments
    assignments = tuple(
        (position, name, places[id(module), name])
        for position, (_, module) in enumerate(named_modules(it, made))
        for name in (*module.modules, *module.attrs)
        if (id(module), name) in places
    )
    return Template(deep_copy(it, made, {}), assignments)


def _copy(it: Interpreter, template: Template) -> ModuleInstance:
    made: ModuleInstance = deep_copy(it, template.root, {})
    modules = [module for _, module in named_modules(it, made)]
    for position, name, site in template.assignments:
        it.recorder.assignments[id(modules[position]), name] = site
    return made
