"""The facts beside the graph, from the record of an evaluation."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from cnnlint.graph.dims import Dim
from cnnlint.graph.facts import (
    DeviceLiteral,
    Facts,
    HiddenModules,
    LooseTensor,
    MadeInForward,
    Overwritten,
    Repeated,
    UnreadModule,
)
from cnnlint.graph.model import Origin
from cnnlint.static.attributes import find_in_class
from cnnlint.static.interpreter import Interpreter
from cnnlint.static.modules import named_modules, named_parameters
from cnnlint.static.values import Function, ModuleInstance, Site, TensorValue, Value

_MOVING = ("_apply", "to", "cuda")
"""The methods of a module that move what it holds."""
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
            DeviceLiteral(text, call, running, site.span, tensor)
            for text, call, running, tensor, site in it.recorder.devices
        ),
        loose=tuple(_loose(it, modules)),
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
            entries = [m for m in _modules_in(value) if id(m) not in names]
            inside = list({id(m): m for m in entries}.values())
            site = it.recorder.assignments.get((id(owner), attribute))
            if not inside or site is None or it.haze(value):
                continue
            trained = [p for m in inside for _, p in named_parameters(it, m) if p.trainable is not False]
            yield HiddenModules(
                name, owner.cls.name, attribute, type(value).__name__, len(entries),
                count_parameters(it, inside, set(registered)), not trained,
                (id(owner), attribute) in it.recorder.reads, site.span, _is_flat(value),
                tuple(_repeated(it, entries)),
            )  # fmt: skip


def _modules_in(value: Value) -> list[ModuleInstance]:
    """The modules in a plain container, those in containers inside it too."""
    found: list[ModuleInstance] = []
    seen: set[int] = set()
    stack = [value]
    while stack:
        current = stack.pop()
        if isinstance(current, ModuleInstance):
            found.append(current)
        elif isinstance(current, dict | list | tuple) and id(current) not in seen:
            seen.add(id(current))
            stack += reversed(list(current.values() if isinstance(current, dict) else current))
    return found


def _is_flat(value: Value) -> bool:
    """Whether one of torch's containers could take the place of ``value``: it holds modules only, by text keys."""
    if isinstance(value, dict):
        return all(isinstance(key, str) for key in value) and _is_flat(list(value.values()))
    return all(isinstance(item, ModuleInstance) for item in value)


def _repeated(it: Interpreter, entries: list[ModuleInstance]) -> Iterator[Repeated]:
    """The modules that stand in a container several times."""
    times = Counter(map(id, entries))
    for module in {id(entry): entry for entry in entries}.values():
        if times[id(module)] > 1 and module.built_at is not None:
            count = count_parameters(it, [module], set())
            yield Repeated(module.cls.name, times[id(module)], count, module.built_at.span)


def _loose(it: Interpreter, modules: dict[str, ModuleInstance]) -> Iterator[LooseTensor]:
    for owner in modules.values():
        for attribute, value in owner.attrs.items():
            site = it.recorder.assignments.get((id(owner), attribute))
            if isinstance(value, TensorValue) and value.edge.origin is Origin.CONSTANT and site is not None:
                moved = any(isinstance(find_in_class(it, owner.cls, name), Function) for name in _MOVING)
                yield LooseTensor(attribute, value.edge, moved, site.span)


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
                count_parameters(it, [child], set()), _mentioned(it, owner, attribute),
                id(owner) in recorder.read_dynamically, site.span,
            )  # fmt: skip


def _mentioned(it: Interpreter, owner: ModuleInstance, attribute: str) -> bool:
    """Whether the file, or another one around it that names the class or imports the file, names the attribute
    anywhere but where it is assigned."""
    if owner.cls.statement is None or owner.cls.env is None:
        return True
    read = re.compile(rf"(?:\.|['\"]){re.escape(attribute)}\b(?!\s*(?::[^=\n]*)?=[^=])")
    if read.search(owner.cls.statement.file.text.text):
        return True
    path = owner.cls.env.path
    module = path.parent.name if path.stem == "__init__" else path.stem
    users = re.compile(rf"\b(?:{re.escape(owner.cls.name)}|{re.escape(module)})\b")
    # The plain test first: few files hold the word at all.
    return any(
        attribute in text and users.search(text) and read.search(text)
        for file, text in it.project.around(path).items()
        if file != path
    )


def _made_in_forward(
    it: Interpreter, modules: dict[str, ModuleInstance], names: dict[int, str]
) -> Iterator[MadeInForward]:
    if not it.recorder.made_in_forward:
        return
    kept = set(names) | {id(value) for module in modules.values() for value in module.attrs.values()}
    registered = {id(p) for module in modules.values() for p in module.params.values()}
    made_modules = [made for made, _ in it.recorder.made_in_forward if isinstance(made, ModuleInstance)]
    inner = {id(part) for made in made_modules for _, part in named_modules(it, made) if part is not made}
    for made, site in it.recorder.made_in_forward:
        if isinstance(made, ModuleInstance) and id(made) not in inner:
            count = count_parameters(it, [made], set(registered))
            stateful = _is_stateful(made) or (
                count == 0 and any(_is_stateful(part) for _, part in named_modules(it, made) if id(part) not in names)
            )
            # What only holds layers of the model, as nn.Sequential(self.a, self.b) does, is a way to call them.
            holds = count == 0 and any(id(part) in names for _, part in named_modules(it, made))
            yield MadeInForward(made.cls.name, made.cls.path, count, stateful, holds or id(made) in kept, site.span)
        elif isinstance(made, TensorValue):
            stored = any(made is p for module in modules.values() for p in module.params.values())
            yield MadeInForward("Parameter", "torch.nn.Parameter", _size(made), False, stored, site.span)


def _is_stateful(module: ModuleInstance) -> bool:
    return module.training and module.cls.name.startswith(_STATEFUL)


def _size(tensor: TensorValue) -> Dim | None:
    if tensor.shape is None:
        return None
    total: Dim = 1
    for dim in tensor.shape:
        total = total * dim
    return total


def _overwritten(it: Interpreter, names: dict[int, str]) -> Iterator[Overwritten]:
    for owner, attribute, old, first, second in it.recorder.overwritten:
        lost = id(owner) in names and isinstance(old, ModuleInstance) and id(old) not in names
        if lost and _in_one_block(first, second):
            count = count_parameters(it, [old], set())
            yield Overwritten(owner.cls.name, attribute, count, first.span, second.span)


def _in_one_block(first: Site, second: Site) -> bool:
    """Whether both statements stand in the same block, so that the second runs wherever the first did. A subclass that
    replaces a layer, and a condition that does, are not meant."""
    if first.statement is not second.statement:
        return False
    wanted = {first.span.line, second.span.line}
    blocks = (
        getattr(node, field, ()) for node in ast.walk(first.statement.node) for field in ("body", "orelse", "finalbody")
    )
    return any(
        wanted <= {line for each in block for line in range(each.lineno, _last_line(each) + 1)}
        for block in blocks
        if isinstance(block, list)
    )


def _last_line(statement: ast.stmt) -> int:
    """The last line of a simple statement; of a compound one, none of whose lines are its own, the one before."""
    compound = hasattr(statement, "body")
    return statement.lineno - 1 if compound else statement.end_lineno or statement.lineno


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
