"""``Sequential``, ``ModuleList``, ``ModuleDict``, ``ParameterList`` and ``ParameterDict``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cnnlint.graph.model import Problem, ProblemKind
from cnnlint.static.iteration import items_of
from cnnlint.static.modules import Args, Kwargs, call_module, init_module, no_forward
from cnnlint.static.operators import first_unknown
from cnnlint.static.signals import Raised
from cnnlint.static.values import Class, Instance, ModuleInstance, Native, Site, TensorValue, Unknown, Value, type_name

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter


def _table(module: ModuleInstance) -> dict[str, Value]:
    return module.params if module.cls.container_kind.startswith("parameter") else module.modules


def _put(it: Interpreter, module: ModuleInstance, name: str, value: Value, site: Site) -> None:
    """Add a child (or parameter). What is neither makes the container's contents unknown, or is the program's error."""
    it.effect(module)
    if module.cls.container_kind.startswith("parameter"):
        if isinstance(value, TensorValue) and value.trainable is None:
            value.trainable = True
        it.set_item(module.params, name, value)
    elif isinstance(value, ModuleInstance | None):
        it.set_item(module.modules, name, value)
    elif isinstance(value, Unknown):
        it.note(value)
        it.set_item(module.modules, name, value)
    elif isinstance(value, Instance) and value.cls.has("unresolved"):
        why = it.unknown(f"{value.cls.name} has a base class that is not read", site)
        it.note(why)
        it.set_item(module.modules, name, why)
    else:
        name = value.path if isinstance(value, Class) else type_name(value)
        text = f"{name} is not a Module subclass"
        problem = Problem(ProblemKind.CONTAINER, f"raises TypeError: {text}", got=name)
        raise Raised(TypeError, text, problem=problem)


def _unknown_items(it: Interpreter, module: ModuleInstance, source: Value, site: Site) -> None:
    why = first_unknown(it, site, source)
    it.note(why)
    it.make_hazy(_table(module), why)


# ---- Sequential -----------------------------------------------------------------------------------------------


def _init_sequential(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    module, *given = args
    init_module(it, [module], {}, site)
    first = given[0] if given else None
    payload = first.payload if isinstance(first, Instance) and not isinstance(first, ModuleInstance) else first
    if len(given) == 1 and isinstance(payload, dict):
        if it.haze(payload):
            _unknown_items(it, module, payload, site)
        for name, child in payload.items():
            _put(it, module, str(name), child, site)
        return None
    for position, child in enumerate(given):
        _put(it, module, str(position), child, site)
    return None


def _forward_sequential(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    module = args[0]
    haze = it.haze(module.modules)
    if haze is not None:
        return haze
    if len(args) != 2:
        raise Raised(TypeError, f"forward() takes 2 positional arguments but {len(args)} were given")
    value = args[1]
    for child in list(module.modules.values()):
        value = child if isinstance(child, Unknown) else call_module(it, child, [value], {}, site)
    return value


# ---- lists ------------------------------------------------------------------------------------------------------


def _init_list(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    init_module(it, [args[0]], {}, site)
    source = args[1] if len(args) > 1 else kwargs.get("modules", kwargs.get("values"))
    return None if source is None else _extend(it, [args[0], source], {}, site)


def _extend(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    module, source = args[0], args[1]
    items = items_of(it, source)
    if items is None:
        _unknown_items(it, module, source, site)
        return module
    start = len(_table(module))
    for position, child in enumerate(items):
        _put(it, module, str(start + position), child, site)
    return module


def _add(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """``list + more``: a new list of the same modules."""
    module, source = args[0], args[1]
    made = ModuleInstance(module.cls, site)
    made.initialised = True
    _extend(it, [made, module], {}, site)
    return _extend(it, [made, source], {}, site)


def _append(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    module = args[0]
    _put(it, module, str(len(_table(module))), args[1], site)
    return module


def _insert(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    module, position, child = args[0], args[1], args[2]
    if not isinstance(position, int):
        _unknown_items(it, module, position, site)
        return None
    children = list(_table(module).values())
    children.insert(position, child)
    _replace(it, module, children, site)
    return module


def _pop(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    found = container_item(it, args[0], args[1], site)
    delete_container_item(it, args[0], args[1])
    return found


def _replace(it: Interpreter, module: ModuleInstance, children: list[Value], site: Site) -> None:
    table = _table(module)
    it.trail.touch(table)
    table.clear()
    for position, child in enumerate(children):
        _put(it, module, str(position), child, site)


# ---- dicts ------------------------------------------------------------------------------------------------------


def _init_dict(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    init_module(it, [args[0]], {}, site)
    source = args[1] if len(args) > 1 else kwargs.get("modules", kwargs.get("parameters"))
    return None if source is None else _update(it, [args[0], source], {}, site)


def _update(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    module, source = args[0], args[1]
    if isinstance(source, ModuleInstance):
        source = dict(_table(source))
    if isinstance(source, dict) and not it.haze(source):
        pairs: list[Value] | None = list(source.items())
    else:
        pairs = items_of(it, source)
    if pairs is None or not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        _unknown_items(it, module, source, site)
        return None
    for name, child in pairs:
        if isinstance(name, str):
            _put(it, module, name, child, site)
        else:
            _unknown_items(it, module, name, site)
    return None


def _entries(what: str) -> Callable[..., Value]:
    def method(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
        table = _table(args[0])
        haze = it.haze(table)
        if haze is not None:
            return haze
        return list(table.items() if what == "items" else table if what == "keys" else table.values())

    return method


def _get(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return _table(args[0]).get(args[1], args[2] if len(args) > 2 else None)


# ---- indexing ---------------------------------------------------------------------------------------------------


def container_item(it: Interpreter, module: ModuleInstance, index: Value, site: Site) -> Value:
    """``module[index]``: the program's own ``__getitem__``, or torch's."""
    from cnnlint.static.attributes import find_in_class
    from cnnlint.static.calls import call

    own = find_in_class(it, module.cls, "__getitem__")
    if own is not None and not isinstance(own, Native):
        return call(it, own, [module, index], {}, site)
    table = _table(module)
    kind = module.cls.container_kind
    haze = it.haze(table)
    if haze is not None and not (kind.endswith("dict") and index in table):
        return haze
    if not kind:
        if module.cls.has("unresolved"):
            return it.unknown(f"{module.cls.name} has a base class that is not read", site)
        raise Raised(TypeError, f"{module.cls.name!r} object is not subscriptable")
    if isinstance(index, slice):
        return _sliced(it, module, index, site)
    if kind.endswith("dict"):
        if isinstance(index, str):
            if index not in table:
                raise Raised(KeyError, index)
            return table[index]
        return first_unknown(it, site, index)
    if not isinstance(index, int):
        return first_unknown(it, site, index)
    children = list(table.values())
    if not -len(children) <= index < len(children):
        raise Raised(IndexError, f"index {index} is out of range")
    return children[index]


def _sliced(it: Interpreter, module: ModuleInstance, index: slice, site: Site) -> Value:
    bounds = (index.start, index.stop, index.step)
    if not all(isinstance(bound, int | None) for bound in bounds):
        return first_unknown(it, site, *bounds)
    base = next(cls for cls in module.cls.mro if cls.container)
    part = ModuleInstance(base, module.built_at)
    part.initialised = True
    names = list(_table(module))[index]
    keep_names = base.container == "sequential"
    for position, name in enumerate(names):
        _table(part)[name if keep_names else str(position)] = _table(module)[name]
    return part


def set_container_item(it: Interpreter, module: ModuleInstance, index: Value, value: Value, site: Site) -> None:
    """``module[index] = value``."""
    if isinstance(index, str):
        _put(it, module, index, value, site)
    elif isinstance(index, int) and module.cls.container_kind:
        names = list(_table(module))
        if not -len(names) <= index < len(names):
            raise Raised(IndexError, f"index {index} is out of range")
        if it.script is not None:
            it.script.attribute_set(it, module, names[index], value, site)
        _put(it, module, names[index], value, site)
    else:
        _unknown_items(it, module, index, site)


def delete_container_item(it: Interpreter, module: ModuleInstance, index: Value) -> None:
    """``del module[index]``; what follows moves up, as torch renumbers it."""
    table = _table(module)
    it.trail.touch(table)
    names: list[Any] = list(table)
    if isinstance(index, int | slice) and (not isinstance(index, slice) or _plain(index)):
        try:
            doomed = names[index] if isinstance(index, slice) else [names[index]]
        except IndexError:
            raise Raised(IndexError, f"index {index} is out of range") from None
        kept = [child for name, child in table.items() if name not in doomed]
        table.clear()
        table.update((str(position), child) for position, child in enumerate(kept))
    elif isinstance(index, str):
        if index not in table:
            raise Raised(KeyError, index)
        del table[index]
    else:
        it.make_hazy(table, it.unknown("an unknown item of the container is deleted"))


def _plain(index: slice) -> bool:
    return all(isinstance(bound, int | None) for bound in (index.start, index.stop, index.step))


def _no_forward(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    raise no_forward(args[0])


def _natives(**methods: Callable[..., Value]) -> dict[str, Native]:
    return {name: Native(name, method) for name, method in methods.items()}


SEQUENTIAL = _natives(
    __init__=_init_sequential, forward=_forward_sequential, append=_append, extend=_extend, insert=_insert, pop=_pop,
    __add__=_add, __iadd__=_extend,
)  # fmt: skip
LIST = _natives(
    __init__=_init_list, append=_append, extend=_extend, insert=_insert, pop=_pop, forward=_no_forward, __add__=_add,
    __iadd__=_extend,
)  # fmt: skip
DICT = _natives(
    __init__=_init_dict, update=_update, keys=_entries("keys"), values=_entries("values"), items=_entries("items"),
    pop=_pop, get=_get, forward=_no_forward,
)  # fmt: skip
