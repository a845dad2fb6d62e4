"""Modules that stand in a container several times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cnnlint.graph.dims import Dim
from cnnlint.graph.model import ModelGraph, Module


@dataclass(frozen=True, slots=True)
class Repetition:
    """``entries`` of ``container`` that are all ``module``; ``parameters`` are those of one."""

    container: Module
    module: Module
    entries: int
    parameters: Dim


def repetitions(model: ModelGraph) -> Iterator[Repetition]:
    """What ``[layer, ...] * n`` leaves in a container: a stretch of entries that comes again, module by module. A
    module that comes back among others is shared on purpose, or CNN006's."""
    aliases = model.facts.aliases
    places: dict[str, list[int]] = {}
    for alias, first in aliases.items():
        owner, _, key = first.rpartition(".")
        alias_owner, _, alias_key = alias.rpartition(".")
        if owner == alias_owner and key.isdigit() and alias_key.isdigit():
            places.setdefault(first, [int(key)]).append(int(alias_key))
    for name, keys in places.items():
        owner, prefix = name.rpartition(".")[0], name[: -len(str(keys[0]))]
        container, module = model.modules.get(owner), model.modules.get(name)
        step = keys[1] - keys[0]
        again = all(
            aliases.get(f"{prefix}{key}", f"{prefix}{key}") == aliases.get(f"{prefix}{key + step}")
            for key in range(keys[0], keys[-1])
        )
        if container is not None and module is not None and again:
            yield Repetition(container, module, len(keys), parameters_below(model, name))


def parameters_below(model: ModelGraph, name: str) -> Dim:
    """The parameters of a module and all below it; unknown ones count as none."""
    total: Dim = 0
    for each, module in model.modules.items():
        if each == name or each.startswith(name + "."):
            for parameter in module.parameters:
                total = total + (parameter.count or 0)
    return total
