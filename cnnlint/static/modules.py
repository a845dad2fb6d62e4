"""``nn.Module``: attribute bookkeeping, the methods every module has, layers of the ops table, and calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cnnlint.graph.dims import differ
from cnnlint.graph.model import Origin, Problem, ProblemKind, Tensor
from cnnlint.ops.apply import build_layer, call_layer, materialize_layer
from cnnlint.ops.spec import LayerSpec, LayerState, Refused, Result, Unclear
from cnnlint.static.classes import make_namedtuple
from cnnlint.static.devices import note_device
from cnnlint.static.layout import lay_out
from cnnlint.static.moduletypes import casting, moving, typed, wants_own_type
from cnnlint.static.recorder import tensors_of
from cnnlint.static.signals import Raised
from cnnlint.static.values import (
    Class,
    Function,
    Iteration,
    ModuleInstance,
    NamedTuple,
    Native,
    Site,
    TensorValue,
    Unknown,
    UnknownObject,
    Value,
)  # fmt: skip

if TYPE_CHECKING:
    from cnnlint.graph.dims import Shape
    from cnnlint.static.interpreter import Interpreter

Args = list[Value]
Kwargs = dict[str, Value]

_KEYS = make_namedtuple("_IncompatibleKeys", ["missing_keys", "unexpected_keys"], [], None)
"""What ``load_state_dict`` returns."""


# ---- attributes ---------------------------------------------------------------------------------------------------


def set_on_module(it: Interpreter, module: ModuleInstance, name: str, value: Value, site: Site) -> None:
    """``module.name = value``, as ``nn.Module.__setattr__`` sorts it."""
    is_module = isinstance(value, ModuleInstance)
    is_parameter = isinstance(value, TensorValue) and value.trainable is not None
    if is_module or is_parameter:
        _refuse_uninitialised(it, module, f"cannot assign {'module' if is_module else 'parameters'} {_BEFORE}", site)
    if it.script is not None:
        it.script.attribute_set(it, module, name, value, site)
    it.recorder.assigned(module, name, value, site)
    it.effect(module)
    if is_module:
        _move_to(it, module, name, module.modules, value)
    elif is_parameter:
        _give_name(value, name, Origin.PARAMETER)
        _move_to(it, module, name, module.params, value)
    elif name in module.params and (value is None or isinstance(value, TensorValue)):
        if it.live and value is not None:
            raise Raised(
                TypeError, f"cannot assign a tensor as parameter {name!r} (torch.nn.Parameter or None expected)"
            )
        it.set_item(module.params, name, value)
    elif name in module.modules and value is None:
        it.set_item(module.modules, name, None)
    elif name in module.buffers and (value is None or isinstance(value, TensorValue)):
        it.set_item(module.buffers, name, value)
    else:
        for table in (module.modules, module.params):
            if isinstance(value, Unknown) and (name in table or isinstance(value, UnknownObject)):
                it.set_item(table, name, value)
                return
        it.set_item(module.attrs, name, value)


_BEFORE = "before Module.__init__() call"


def _refuse_uninitialised(it: Interpreter, module: ModuleInstance, text: str, site: Site) -> None:
    """Torch raises here where ``super().__init__()`` has not run; reading goes on as if it had."""
    if module.initialised or module.cls.has("unresolved"):
        return
    if it.stops:
        raise Raised(AttributeError, text)
    it.recorder.fail(Problem(ProblemKind.UNINITIALISED, text), site, module.cls.name, module, None)
    module.initialised = True


def _move_to(it: Interpreter, module: ModuleInstance, name: str, table: dict[str, Any], value: Value) -> None:
    for other in (module.attrs, module.modules, module.params, module.buffers):
        if other is not table and name in other:
            it.trail.touch(other)
            del other[name]
    it.set_item(table, name, value)


# ---- layers of the ops table ------------------------------------------------------------------------------------


def layer_class_natives(spec: LayerSpec) -> dict[str, Native]:
    """``__init__`` and ``forward`` of a torch layer."""
    return {
        "__init__": Native(f"{spec.name}.__init__", lambda it, args, kw, site: _init_layer(it, spec, args, kw, site)),
        "forward": Native(f"{spec.name}.forward", lambda it, args, kw, site: _run_layer(it, spec, args, kw, site)),
    }


def _init_layer(it: Interpreter, spec: LayerSpec, args: Args, kwargs: Kwargs, site: Site) -> Value:
    from cnnlint.static.torchcalls import operand

    module: ModuleInstance = args[0]
    init_module(it, [module], {}, site)
    module.spec = spec
    note_device(it, spec.name, args, kwargs, module.built_at or site)
    given = [operand(it, arg) for arg in args[1:]]
    named = {key: operand(it, value) for key, value in kwargs.items()}
    try:
        _install(it, module, build_layer(spec, given, named), site)
        typed(it, module, kwargs.get("dtype"))
    except Refused as refused:
        if it.stops:
            raise Raised.by_torch(refused.problem, spec.name) from None
        it.recorder.fail(refused.problem, module.built_at or site, spec.name, module, None)
        state = refused.result.output if refused.result is not None else None
        if isinstance(state, LayerState):
            _install(it, module, state, site)
        else:
            module.spec = None
    except Unclear as unclear:
        it.note(it.unknown(str(unclear), site))
        module.spec = None
    return None


def _install(it: Interpreter, module: ModuleInstance, state: LayerState, site: Site) -> None:
    """Give the module what its constructor leaves on it."""
    from cnnlint.static.torchcalls import from_op

    for name, value in state.attributes.items():
        module.attrs[name] = from_op(it, value, f"{name} of {module.cls.name} is not known", site)
    for name, shape in state.parameters.items():
        module.params[name] = None if shape is None else make_parameter(shape, name)
    for name, shape in state.buffers.items():
        module.buffers[name] = (
            None if shape is None else TensorValue(Tensor(shape, "float32", Origin.PARAMETER, -1, name))
        )


def make_parameter(shape: Shape | None, name: str = "", dtype: str = "float32") -> TensorValue:
    """A new trainable parameter."""
    parameter = TensorValue(Tensor(shape, dtype, Origin.PARAMETER, -1, name))
    parameter.trainable = True
    return parameter


def state_of(it: Interpreter, module: ModuleInstance) -> LayerState:
    """A layer's attributes and parameters as they stand."""
    from cnnlint.static.torchcalls import to_op

    attributes = {name: to_op(it, value) for name, value in module.attrs.items()}
    parameters = {name: p.edge.shape if type(p) is TensorValue else None for name, p in module.params.items()}
    buffers = {name: b.edge.shape if type(b) is TensorValue else None for name, b in module.buffers.items()}
    return LayerState(attributes, parameters, buffers)


def _run_layer(it: Interpreter, spec: LayerSpec, args: Args, kwargs: Kwargs, site: Site) -> Value:
    from cnnlint.static.torchcalls import ask, operand
    from cnnlint.static.wanted import settle

    module: ModuleInstance = args[0]
    if module.spec is None:
        return it.unknown(f"the arguments of {spec.name} are not known", site)
    state = state_of(it, module)
    inputs = [settle(it, spec, state, arg, site) for arg in args[1:]]
    given = [operand(it, arg) for arg in inputs]
    named = {key: operand(it, value) for key, value in kwargs.items()}
    if spec.materialize is not None:
        try:
            made = materialize_layer(spec, state, given, named)
        except (Refused, Unclear):
            pass
        else:
            if made != state:
                it.effect(module)
                _install(it, module, made, site)
            state = made
    sources = tensors_of([*inputs, *kwargs.values()])

    def question() -> Result:
        result = call_layer(spec, state, given, named, it.training)
        wants_own_type(it, module, spec, inputs, result)
        return result

    result = ask(it, question, spec.name, sources, site)
    lay_out(spec.name, inputs, result)
    if module.attrs.get("inplace") is True and isinstance(result, TensorValue) and isinstance(inputs[0], TensorValue):
        from cnnlint.static.torchcalls import move

        return move(it, inputs[0], result)
    return result


# ---- calls ----------------------------------------------------------------------------------------------------------


def call_module(it: Interpreter, module: ModuleInstance, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """``module(*args)``."""
    from cnnlint.static.attributes import find_in_class
    from cnnlint.static.calls import call
    from cnnlint.static.recorder import Example
    from cnnlint.static.replay import replayed

    own_call = find_in_class(it, module.cls, "__call__")
    if isinstance(own_call, Function):
        return call(it, own_call, [module, *args], kwargs, site)
    tried_out = bool(it.recorder.initialising)  # a constructor runs layers to see what size comes out
    if not it.recorder.running:
        if it.script is not None:
            return it.script.call_module(it, module, args, kwargs, site)
        if it.live or tried_out:
            with it.recorder.outside():
                return call_module(it, module, args, kwargs, site)
        it.recorder.examples.append(Example(module, tuple(args), kwargs, site))
        return it.unknown("what a model returns outside a model", site)
    forward = module.attrs.get("forward") or find_in_class(it, module.cls, "forward")
    if forward is None:
        if module.cls.has("unresolved"):
            return it.unknown(f"{module.cls.name} has a base class that is not read", site)
        raise no_forward(module)
    given = args if "forward" in module.attrs else [module, *args]
    record = it.recorder.begin_call(module, [*args, *kwargs.values()], site)
    output: Value = None
    training = it.training
    if it.live or tried_out:
        it.training = module.training
    it.enter(site)
    try:
        output = replayed(it, module, given, kwargs, lambda: call(it, forward, given, kwargs, site))
    finally:
        it.training = training
        it.leave()
        it.recorder.end_call(record, output)
    return output


def no_forward(module: ModuleInstance) -> Raised:
    """What calling a module without ``forward`` raises."""
    text = f'Module [{module.cls.name}] is missing the required "forward" function'
    problem = Problem(ProblemKind.CONTAINER, f"raises NotImplementedError: {text}", got=module.cls.name)
    return Raised(NotImplementedError, text, problem=problem)


# ---- the methods of every module ---------------------------------------------------------------------------------


def named_modules(it: Interpreter, module: ModuleInstance, prefix: str = "") -> Iterator[tuple[str, ModuleInstance]]:
    """Every module below ``module`` and itself, each once, with its qualified name."""
    seen: set[int] = set()
    stack: list[tuple[str, ModuleInstance]] = [(prefix, module)]
    while stack:
        name, current = stack.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield name, current
        children = [(key, child) for key, child in current.modules.items() if isinstance(child, ModuleInstance)]
        stack += [(f"{name}.{key}" if name else key, child) for key, child in reversed(children)]


def named_parameters(it: Interpreter, module: ModuleInstance, prefix: str = "") -> Iterator[tuple[str, TensorValue]]:
    """Every parameter below ``module``, each once."""
    seen: set[int] = set()
    for name, owner in named_modules(it, module, prefix):
        for key, parameter in owner.params.items():
            if isinstance(parameter, TensorValue) and id(parameter) not in seen:
                seen.add(id(parameter))
                yield (f"{name}.{key}" if name else key), parameter


def init_module(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """``nn.Module.__init__``."""
    for failure in it.recorder.failures:
        if failure.module is args[0] and failure.problem.kind is ProblemKind.UNINITIALISED:
            failure.problem = replace(failure.problem, got="initialised later")
            # The call in the function that failed, where this one is that of a base class.
            running = [*it.recorder.sites, site]
            failure.other = failure.other or running[min(failure.depth, len(running) - 1)]
    args[0].initialised = True
    return None


def _give_name(tensor: TensorValue, name: str, origin: Origin) -> None:
    """The name that a parameter or buffer is registered under first."""
    if tensor.edge.origin is origin and not tensor.edge.name:
        tensor.edge = replace(tensor.edge, name=name)


Method = Callable[["Interpreter", Args, Kwargs, Site], Value]


def _returns_self(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return args[0]


def _hook(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """Hooks are not run: what they leave on an object is not known."""
    it.hooked = True
    return it.unknown("a hook's handle", site)


def _returns_none(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return None


def _arg(args: Args, kwargs: Kwargs, position: int, name: str, default: Value = None) -> Value:
    return args[position] if len(args) > position else kwargs.get(name, default)


_REFUSALS = {
    "buffers": f"cannot assign buffer {_BEFORE}",
    "params": f"cannot assign parameter {_BEFORE}",
    "modules": "'{}' object has no attribute '_modules'",
}
"""What torch says where something is registered before ``Module.__init__()``."""


def _register(table: str) -> Method:
    def method(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
        module, name = args[0], _arg(args, kwargs, 1, "name")
        value = _arg(args, kwargs, 2, {"buffers": "tensor", "params": "param", "modules": "module"}[table])
        if not isinstance(name, str):
            why = it.unknown("something is registered under an unknown name", site)
            it.make_hazy(getattr(module, table), why)
            it.note(why)
            return None
        if table == "modules" and "." in name:
            raise Raised(KeyError, f'module name can\'t contain ".", got: {name}')
        _refuse_uninitialised(it, module, _REFUSALS[table].format(module.cls.name), site)
        if table == "modules" and not isinstance(value, ModuleInstance | Unknown | None):
            kind = value.name if isinstance(value, Class) else type(value).__name__
            raise Raised(TypeError, f"{kind} is not a Module subclass")
        it.effect(module)
        if isinstance(value, TensorValue):
            _give_name(value, name, Origin.CONSTANT if table == "buffers" else Origin.PARAMETER)
        it.set_item(getattr(module, table), name, value)
        return None

    return method


def _listing(kind: str, named: bool) -> Method:
    def method(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
        it.recorder.read_any(args[0])
        if it.script is not None and kind == "parameters":
            return Iteration(it.script.listed(it, args[0], _pairs(it, kind, args[0], args, kwargs), named))
        return Iteration([pair if named else pair[1] for pair in _pairs(it, kind, args[0], args, kwargs)])

    return method


def _pairs(it: Interpreter, kind: str, module: ModuleInstance, args: Args, kwargs: Kwargs) -> list[tuple[str, Value]]:
    recurse = kwargs.get("recurse", args[1] if len(args) > 1 and isinstance(args[1], bool) else True)
    if kind == "children":
        return [(name, child) for name, child in module.modules.items() if child is not None]
    if kind == "modules":
        return list(named_modules(it, module))
    if kind == "parameters":
        if recurse is False:
            return [(name, p) for name, p in module.params.items() if p is not None]
        return list(named_parameters(it, module))
    owners = named_modules(it, module) if recurse else iter([("", module)])
    return [
        (f"{name}.{key}" if name else key, buffer)
        for name, owner in owners
        for key, buffer in owner.buffers.items()
        if buffer is not None
    ]


def _apply(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    from cnnlint.static.calls import call

    for _, module in reversed(list(named_modules(it, args[0]))):
        call(it, args[1], [module], {}, site)
    return args[0]


def _train(mode: bool) -> Method:
    def method(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
        wanted = _arg(args, kwargs, 1, "mode", True) if mode else False
        if it.script is not None:
            it.script.mode_set(it, args[0], wanted, site)
        for _, module in named_modules(it, args[0]):
            module.training = wanted is not False
        return args[0]

    return method


def _requires_grad(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    wanted = _arg(args, kwargs, 1, "requires_grad", True)
    if it.script is not None:
        it.script.requires_grad(it, [parameter for _, parameter in named_parameters(it, args[0])], wanted, site)
    for _, parameter in named_parameters(it, args[0]):
        parameter.trainable = wanted if isinstance(wanted, bool) else parameter.trainable
    return args[0]


def _load_state_dict(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    if it.script is not None:
        it.script.loaded(it, args[0])
    given, strict = _arg(args, kwargs, 1, "state_dict"), _arg(args, kwargs, 2, "strict", True)
    if it.live and isinstance(given, dict) and not it.haze(given) and all(map(_is_tensor, given.values())):
        _wants_state(_state_dict(it, args[:1], {}, site), given, strict, args[0].cls.name)
    return NamedTuple.make(_KEYS, [it.unknown(f"the {field.name} of a state", site) for field in _KEYS.fields or ()])


def _is_tensor(value: Value) -> bool:
    return isinstance(value, TensorValue)


def _wants_state(own: dict[str, Value], given: dict[str, Value], strict: Value, name: str) -> None:
    """Refuses a state of other names or shapes."""
    if strict is True and own.keys() != given.keys():
        other = next(iter(own.keys() ^ given.keys()))
        raise Raised(
            RuntimeError, f"load_state_dict of {name}: {'missing' if other in own else 'unexpected'} key {other!r}"
        )
    for key in own.keys() & given.keys():
        one, other = own[key].shape, given[key].shape
        if one is not None and other is not None and (len(one) != len(other) or any(map(differ, one, other))):
            raise Raised(RuntimeError, f"load_state_dict of {name}: {key} has another shape")


def _state_dict(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    table: dict[str, Value] = dict(named_parameters(it, args[0]))
    table.update(_pairs(it, "buffers", args[0], [args[0]], {}))
    return table


def _submodule(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    from cnnlint.static.attributes import get_attribute

    found, target = args[0], _arg(args, kwargs, 1, "target", "")
    if not isinstance(target, str):
        return it.unknown("a submodule of unknown name", site)
    for name in target.split(".") if target else ():
        found = get_attribute(it, found, name, site)
    return found


def _setattr(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    if isinstance(args[1], str):
        set_on_module(it, args[0], args[1], args[2], site)
    return None


def _forward_missing(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return call_module(it, args[0], args[1:], kwargs, site)


METHODS: dict[str, Method] = {
    "__init__": init_module, "__call__": _forward_missing, "__setattr__": _setattr, "apply": _apply,
    "add_module": _register("modules"), "register_module": _register("modules"),
    "register_parameter": _register("params"), "register_buffer": _register("buffers"),
    "children": _listing("children", False), "named_children": _listing("children", True),
    "modules": _listing("modules", False), "named_modules": _listing("modules", True),
    "parameters": _listing("parameters", False), "named_parameters": _listing("parameters", True),
    "buffers": _listing("buffers", False), "named_buffers": _listing("buffers", True),
    "train": _train(True), "eval": _train(False), "requires_grad_": _requires_grad, "state_dict": _state_dict,
    "load_state_dict": _load_state_dict,
    "to": moving("to"), "cuda": moving("cuda"), "get_submodule": _submodule, "get_parameter": _submodule,
    "get_buffer": _submodule,
    **dict.fromkeys(
        ("register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook", "register_backward_hook"),
        _hook,
    ),
} | dict.fromkeys(
    (
        "cpu", "xpu", "ipu", "share_memory", "to_empty",
        "compile",
    ),
    _returns_self,
) | {
    name: casting(name) for name in ("half", "float", "double", "bfloat16")
} | {"type": moving("type")} | dict.fromkeys(
    (
        "zero_grad", "extra_repr", "reset_parameters", "_reset_parameters",
        "register_load_state_dict_post_hook", "_register_load_state_dict_pre_hook", "_load_from_state_dict",
    ),
    _returns_none,
)  # fmt: skip

MODULE_NATIVES: dict[str, Native] = {name: Native(f"Module.{name}", method) for name, method in METHODS.items()}
