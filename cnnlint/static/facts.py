"""The facts beside the graph, from the record of an evaluation."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnnlint.graph.dims import Dim
from cnnlint.graph.facts import DeviceLiteral, Facts, HiddenModules, MadeInForward, Overwritten, UnreadModule
from cnnlint.static.interpreter import Interpreter
from cnnlint.static.modules import named_modules, named_parameters
from cnnlint.static.values import ModuleInstance, TensorValue, Value

_STATEFUL = ("Dropout", "BatchNorm", "InstanceNorm", "AlphaDropout", "FeatureAlphaDropout")


def collect_facts(it: Interpreter, root: ModuleInstance) -> Facts:
    """What the evaluation of ``root`` showed about how its modules are made, kept and used."""
    modules = dict(named_modules(it, root))
    names = {id(module): name for name, module in modules.items()}
    return Facts(
        hidden=tuple(_hidden(it, modules, names)),
        unread=tuple(_unread(it, modules)),
        made_in_forward=tuple(_made_in_forward(it, modules, names)),
        overwritten=tuple(_overwritten(it, names)),
        devices=tuple(
            DeviceLiteral(text, call, running, site.span) for text, call, running, site in it.recorder.devices
        ),
        aliases=dict(_aliases(root, names)),
    )


def count_parameters(it: Interpreter, modules: list[ModuleInstance], known: set[int]) -> Dim | None:
    """Parameters of ``modules``, each once, without those in ``known``."""
    total: Dim = 0
    for module in modules:
        for _, parameter in named_parameters(it, module):
            if id(parameter) in known:
                continue
            known.add(id(parameter))
            if parameter.shape is None:
                return None
            size: Dim = 1
            for dim in parameter.shape:
                size = size * dim
            total = total + size
    return total


def _hidden(it: Interpreter, modules: dict[str, ModuleInstance], names: dict[int, str]) -> Iterator[HiddenModules]:
    registered = {id(p) for module in modules.values() for p in module.params.values()}
    for name, owner in modules.items():
        containers = [(key, value) for key, value in owner.attrs.items() if isinstance(value, dict | list | tuple)]
        for attribute, value in containers:
            inside = [m for m in _modules_in(value) if id(m) not in names]
            site = it.recorder.assignments.get((id(owner), attribute))
            if not inside or site is None or it.haze(value):
                continue
            trained = [p for m in inside for _, p in named_parameters(it, m) if p.trainable is not False]
            yield HiddenModules(
                name, owner.cls.name, attribute, type(value).__name__, len(inside),
                count_parameters(it, inside, set(registered)), not trained,
                (id(owner), attribute) in it.recorder.reads, site.span,
            )  # fmt: skip


def _modules_in(container: dict[Value, Value] | list[Value] | tuple[Value, ...]) -> list[ModuleInstance]:
    """The modules directly in a plain container."""
    items = container.values() if isinstance(container, dict) else container
    return [item for item in items if isinstance(item, ModuleInstance)]


def _unread(it: Interpreter, modules: dict[str, ModuleInstance]) -> Iterator[UnreadModule]:
    recorder = it.recorder
    called = {id(call.module) for call in recorder.calls}
    for name, owner in modules.items():
        if id(owner) not in called or owner.cls.container_kind or owner.spec is not None:
            continue
        for attribute, child in owner.modules.items():
            site = recorder.assignments.get((id(owner), attribute)) or getattr(child, "built_at", None)
            if not isinstance(child, ModuleInstance) or (id(owner), attribute) in recorder.reads or site is None:
                continue
            if any(id(module) in called for _, module in named_modules(it, child)):
                continue
            yield UnreadModule(
                f"{name}.{attribute}" if name else attribute, child.cls.name, attribute, owner.cls.name,
                count_parameters(it, [child], set()), _mentioned(owner, attribute),
                id(owner) in recorder.read_dynamically, site.span,
            )  # fmt: skip


def _mentioned(owner: ModuleInstance, attribute: str) -> bool:
    """Whether the file names the attribute anywhere but where it is assigned."""
    if owner.cls.statement is None:
        return True
    pattern = rf"(?:\.|['\"]){re.escape(attribute)}\b(?!\s*(?::[^=\n]*)?=[^=])"
    return re.search(pattern, owner.cls.statement.file.text.text) is not None


def _made_in_forward(
    it: Interpreter, modules: dict[str, ModuleInstance], names: dict[int, str]
) -> Iterator[MadeInForward]:
    if not it.recorder.made_in_forward:
        return
    kept = set(names) | {id(value) for module in modules.values() for value in module.attrs.values()}
    for made, site in it.recorder.made_in_forward:
        if isinstance(made, ModuleInstance):
            stateful = made.cls.name.startswith(_STATEFUL)
            count = count_parameters(it, [made], set())
            yield MadeInForward(made.cls.name, made.cls.path, count, stateful, id(made) in kept, site.span)
        elif isinstance(made, TensorValue):
            stored = any(made is p for module in modules.values() for p in module.params.values())
            yield MadeInForward("Parameter", "torch.nn.Parameter", _size(made), False, stored, site.span)


def _size(tensor: TensorValue) -> Dim | None:
    if tensor.shape is None:
        return None
    total: Dim = 1
    for dim in tensor.shape:
        total = total * dim
    return total


def _overwritten(it: Interpreter, names: dict[int, str]) -> Iterator[Overwritten]:
    for owner, attribute, old, first, second in it.recorder.overwritten:
        if id(owner) in names and isinstance(old, ModuleInstance) and id(old) not in names:
            count = count_parameters(it, [old], set())
            yield Overwritten(owner.cls.name, attribute, count, first.span, second.span)


def _aliases(root: ModuleInstance, names: dict[int, str]) -> Iterator[tuple[str, str]]:
    """Every further name of a module that is registered more than once, and its first."""
    stack: list[tuple[str, ModuleInstance]] = [("", root)]
    entered: set[int] = set()
    while stack:
        name, module = stack.pop()
        if names.get(id(module), name) != name:
            yield name, names[id(module)]
        if id(module) in entered:
            continue
        entered.add(id(module))
        children = [(key, child) for key, child in module.modules.items() if isinstance(child, ModuleInstance)]
        stack += [(f"{name}.{key}" if name else key, child) for key, child in reversed(children)]
