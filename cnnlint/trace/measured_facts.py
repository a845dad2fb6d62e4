"""What a run shows about how modules are kept and used. What only the source says (overwritten attributes, device
literals) is not here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnnlint.graph.dims import Dim
from cnnlint.graph.facts import Facts, HiddenModules, MadeInForward, UnreadModule
from cnnlint.graph.model import ModelGraph, Module
from cnnlint.trace.decoding import span_of

_STATEFUL = ("Dropout", "BatchNorm", "InstanceNorm")


def facts_of(
    facts: Mapping[str, Any], modules: Mapping[str, Module], uncalled: Sequence[str], static: ModelGraph
) -> Facts:
    """Modules in plain containers, modules that never ran, modules that ``forward`` makes."""
    hidden = [found for module in facts["modules"] for found in _hidden(module, modules, static)]
    unread = [_unread(name, modules, static) for name in uncalled if modules[name].built_at]
    return Facts(
        hidden=tuple(hidden),
        unread=tuple(found for found in unread if found is not None),
        made_in_forward=tuple(filter(None, map(_made, facts["made_in_forward"]))),
    )


def _hidden(facts: Mapping[str, Any], modules: Mapping[str, Module], static: ModelGraph) -> list[HiddenModules]:
    """The attribute's place is the source's to tell: where the static reader saw it, else where the owner is made."""
    known = {(item.owner, item.attribute): item for item in static.facts.hidden}
    found = []
    for attribute, container, count, parameters, frozen in facts["hidden"]:
        seen = known.get((facts["name"], attribute))
        span = seen.span if seen else span_of(facts["built_at"])
        if span is not None:
            read = seen.read_in_forward if seen else False
            found.append(
                HiddenModules(facts["name"], facts["type"], attribute, container, count, parameters, frozen, read, span)
            )
    return found


def _unread(name: str, modules: Mapping[str, Module], static: ModelGraph) -> UnreadModule | None:
    """A pass in eval mode does not show that a module is never used: what the source mentions stays mentioned."""
    module = modules[name]
    seen = next((item for item in static.facts.unread if item.name == name), None)
    owner = modules.get(name.rpartition(".")[0])
    span = seen.span if seen else module.built_at
    if span is None or owner is None:
        return None
    return UnreadModule(
        name, module.type, name.rpartition(".")[2], owner.type, _count(name, modules),
        seen.mentioned if seen else True, seen.dynamic if seen else True, span,
    )  # fmt: skip


def _count(name: str, modules: Mapping[str, Module]) -> Dim | None:
    total: Dim = 0
    for other, module in modules.items():
        if other == name or other.startswith(f"{name}."):
            for parameter in module.parameters:
                total = total + (parameter.count or 0)
    return total


def _made(facts: Mapping[str, Any]) -> MadeInForward | None:
    span = span_of(facts["built_at"])
    if span is None:
        return None
    sizes = [shape for _, shape, _ in facts["parameters"]]
    total = 0
    for shape in sizes:
        product = 1
        for size in shape:
            product *= size
        total += product
    stateful = any(word in facts["type"] for word in _STATEFUL)
    return MadeInForward(facts["type"], facts["path"], total, stateful, False, span)
