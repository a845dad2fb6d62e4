"""``copy``: shallow and deep copies of evaluated values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnlint.graph.dims import Sym
from cnnlint.graph.model import Tensor
from cnnlint.static.library.define import Table
from cnnlint.static.values import Bound, Instance, ModuleInstance, Partial, Site, TensorValue, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

COPYING = Table()

_UNCHANGING = frozenset({int, float, bool, str, bytes, complex, type(None), Sym})
"""Types whose values are their own copies: nearly all attributes of layers."""


@COPYING.add("copy.copy")
def _copy(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    value = args[0]
    if isinstance(value, ModuleInstance):
        return _copy_module(it, value, lambda child: child)
    if isinstance(value, Instance):
        return Instance(value.cls, dict(value.attrs), value.payload)
    return _same_haze(it, value, value.copy()) if isinstance(value, list | dict | set) else value


@COPYING.add("copy.deepcopy")
def _deepcopy(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    return deep_copy(it, args[0], {})


def deep_copy(it: Interpreter, value: Value, done: dict[int, Value]) -> Value:
    """A copy that shares nothing that can change; what occurs twice in the original occurs twice in the copy."""
    if type(value) in _UNCHANGING:
        return value
    it.spend(1)
    if id(value) in done:
        return done[id(value)]
    made: Value
    if isinstance(value, ModuleInstance):
        made = _copy_module(it, value, lambda child: deep_copy(it, child, done), done)
    elif isinstance(value, TensorValue):
        edge = value.edge
        made = TensorValue(Tensor(edge.shape, edge.dtype, edge.origin, edge.index, edge.name), value.values)
        made.trainable = value.trainable
    elif isinstance(value, Instance):
        made = done[id(value)] = Instance(value.cls)
        made.attrs = {name: deep_copy(it, item, done) for name, item in value.attrs.items()}
        made.payload = deep_copy(it, value.payload, done)
    elif isinstance(value, list):
        made = done[id(value)] = []
        made.extend(deep_copy(it, item, done) for item in value)
        made = _same_haze(it, value, made)
    elif type(value) is tuple:
        made = value if _unchanging(value) else tuple(deep_copy(it, item, done) for item in value)
    elif isinstance(value, dict):
        made = done[id(value)] = value.copy()
        made.update((key, deep_copy(it, item, done)) for key, item in value.items())
        made = _same_haze(it, value, made)
    elif isinstance(value, Bound):
        made = Bound(value.function, deep_copy(it, value.self, done))
    elif isinstance(value, Partial):
        made = Partial(value.function, tuple(deep_copy(it, a, done) for a in value.args), dict(value.kwargs))
    else:
        return value
    done[id(value)] = made
    return made


def _unchanging(value: tuple[Value, ...]) -> bool:
    return all(type(item) in _UNCHANGING for item in value)


def _same_haze(it: Interpreter, original: Any, made: Any) -> Any:
    haze = it.haze(original)
    if haze is not None:
        it.make_hazy(made, haze)
    return made


def _copy_module(
    it: Interpreter, module: ModuleInstance, copy: Any, done: dict[int, Value] | None = None
) -> ModuleInstance:
    made = ModuleInstance(module.cls, module.built_at)
    if done is not None:
        done[id(module)] = made
    made.initialised, made.spec, made.training = module.initialised, module.spec, module.training
    made.attrs = {name: value if type(value) in _UNCHANGING else copy(value) for name, value in module.attrs.items()}
    made.modules = {name: copy(value) for name, value in module.modules.items()}
    made.params = {name: copy(value) for name, value in module.params.items()}
    made.buffers = {name: copy(value) for name, value in module.buffers.items()}
    _same_haze(it, module.modules, made.modules)
    return made
