"""Calls: binding arguments, running functions, making instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from cnnlint.source.syntax import Unparsable
from cnnlint.static.classes import fill_fields
from cnnlint.static.frame import Frame
from cnnlint.static.iteration import join
from cnnlint.static.signals import Raised, Return
from cnnlint.static.values import (
    Bound,
    Class,
    Descriptor,
    EnumMember,
    External,
    Function,
    Instance,
    Iteration,
    ModuleInstance,
    NamedTuple,
    Native,
    Partial,
    Site,
    Unknown,
    UnknownRest,
    Value,
)  # fmt: skip

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

Args = list[Value]
Kwargs = dict[str, Value]


def call(it: Interpreter, callee: Value, args: Args, kwargs: Kwargs, site: Site | None) -> Value:
    """``callee(*args, **kwargs)``."""
    site = site or it.recorder.site
    match callee:
        case Function():
            return call_function(it, callee, args, kwargs, site)
        case Bound():
            return call(it, callee.function, [callee.self, *args], kwargs, site)
        case Native():
            return callee.call(it, args, kwargs, site)
        case Class():
            return instantiate(it, callee, args, kwargs, site)
        case ModuleInstance():
            from cnnlint.static.modules import call_module

            return call_module(it, callee, args, kwargs, site)
        case Partial():
            return call(it, callee.function, [*callee.args, *args], {**callee.kwargs, **kwargs}, site)
        case Instance():
            return _call_instance(it, callee, args, kwargs, site)
        case External():
            from cnnlint.static.torchcalls import call_external

            return call_external(it, callee, args, kwargs, site)
        case Descriptor():
            return call(it, callee.function, args, kwargs, site)
        case Unknown():
            if it.script is not None:
                return it.script.call_unknown(it, callee, args, kwargs, site)
            return call_unknown(it, callee, args, site)
        case _:
            raise Raised(TypeError, f"{type(callee).__name__!r} object is not callable")


def call_unknown(it: Interpreter, callee: Unknown, args: Args, site: Site) -> Unknown:
    """What an unknown callable is given may be changed by it."""
    for arg in args:
        if isinstance(arg, list | dict | set):
            it.make_hazy(arg, callee)
    why = callee if not callee.name else it.unknown(f"the argument {callee.name} is not known", site)
    it.recorder.handed(args)
    if it.recorder.running:
        it.note(why)
        it.hidden_parameters = True
    return Unknown(why.reason, site)


def _call_instance(it: Interpreter, callee: Instance, args: Args, kwargs: Kwargs, site: Site) -> Value:
    from cnnlint.static.attributes import find_in_class

    found = find_in_class(it, callee.cls, "__call__")
    if found is None:
        if callee.cls.has("unresolved"):
            return it.unknown(f"{callee.cls.name} has a base class that is not read", site)
        raise Raised(TypeError, f"{callee.cls.name!r} object is not callable")
    return call(it, found, [callee, *args], kwargs, site)


# ---- functions of the program -------------------------------------------------------------------------------


def call_function(it: Interpreter, function: Function, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """Run a function of the program."""
    code = function.code
    try:
        names = bind_arguments(it, function, args, kwargs)
    except Unparsable as problem:
        why = it.unknown(f"{function.name}() is not read: {problem.reason}", site)
        it.note(why)
        return why
    frame = Frame(function.env, code.statement, names, parent=function.closure, owner=function.owner)
    frame.first = args[0] if args else None
    frame.arguments = tuple(names)
    frame.level = it.trail.depth
    if code.generator:
        frame.yields = []
    it.enter(site)
    outer, it.frame = it.frame, frame
    grad = it.grad
    if function.records is not None:
        it.grad = function.records
    try:
        result = _run(it, code.body, frame, site)
    finally:
        it.frame, it.grad = outer, grad
        it.leave()
    if it.script is not None:
        it.script.returned(function, result)
    return Iteration(frame.yields) if frame.yields is not None else result


def _run(it: Interpreter, body: cst.BaseSuite | cst.BaseExpression, frame: Frame, site: Site) -> Value:
    from cnnlint.static.statements import execute_block

    certain = it.certain
    try:
        if isinstance(body, cst.BaseExpression):
            return it.eval(body, frame)
        execute_block(it, body, frame)
        result: Value = None
    except Return as returned:
        result = returned.value
    finally:
        it.certain = certain
    for outcome in frame.outcomes:
        result = join(it, outcome, result, site)
    return result


def bind_arguments(it: Interpreter, function: Function, args: Args, kwargs: Kwargs) -> dict[str, Value]:
    """Arguments by parameter name, as Python binds them."""
    names: dict[str, Value] = {}
    rest = list(args)
    named = dict(kwargs)
    params = function.code.params
    for param in params:
        if param.kind in ("pos", "both"):
            if rest:
                names[param.name] = rest.pop(0)
                if param.name in named and param.kind == "both":
                    raise Raised(TypeError, f"{function.name}() got multiple values for argument {param.name!r}")
            elif param.name in named and param.kind == "both":
                names[param.name] = named.pop(param.name)
            else:
                names[param.name] = _default(it, function, param.name, param.default)
        elif param.kind == "*":
            names[param.name], rest = rest[0] if rest and isinstance(rest[0], UnknownRest) else tuple(rest), []
        elif param.kind == "kw":
            given = param.name in named
            names[param.name] = named.pop(param.name) if given else _default(it, function, param.name, param.default)
        else:
            names[param.name], named = named, {}
    if rest:
        raise Raised(
            TypeError, f"{function.name}() takes {len(args) - len(rest)} positional arguments, {len(args)} given"
        )
    if named:
        raise Raised(TypeError, f"{function.name}() got an unexpected keyword argument {next(iter(named))!r}")
    return names


def _default(it: Interpreter, function: Function, name: str, node: cst.BaseExpression | None) -> Value:
    if node is None:
        raise Raised(TypeError, f"{function.name}() missing required argument: {name!r}")
    if name not in function.defaults:
        frame = defining_frame(function)
        function.defaults[name] = it.eval(node, frame)
    return function.defaults[name]


def evaluate_defaults(it: Interpreter, function: Function, frame: Frame) -> None:
    """Default values of a function made while another runs: they are those of this moment."""
    for param in function.code.params:
        if param.default is not None:
            function.defaults[param.name] = it.eval(param.default, frame)


def defining_frame(function: Function) -> Frame:
    """A frame to evaluate default values in: the scope that holds the ``def``."""
    owner = function.owner
    if owner is not None and owner.body is not None and function.closure is None:
        body = owner.body
        return Frame(
            function.env, function.code.statement, body.locals, parent=body.parent, owner=owner, class_body=True
        )
    if function.closure is not None:
        return Frame(function.env, function.code.statement, {}, parent=function.closure)
    return Frame(function.env, function.code.statement, function.env.names, module_level=True)


# ---- instances ------------------------------------------------------------------------------------------------


def instantiate(it: Interpreter, cls: Class, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """``cls(*args, **kwargs)``."""
    if cls.pytype is not None:
        from cnnlint.static.builtintypes import convert

        return convert(it, cls, args, kwargs, site)
    if cls.has("enum"):
        return _enum_by_value(it, cls, args, site)
    if cls.has("namedtuple"):
        return NamedTuple.make(cls, list(fill_fields(it, cls, args, kwargs, site).values()))
    if any(base.path == "torch.nn.Module" for base in cls.mro):
        from cnnlint.static.templates import built

        made = built(it, cls, args, kwargs, site, lambda: _make(it, cls, args, kwargs, site))
        if it.script is not None and isinstance(made, ModuleInstance):
            it.script.built(it, made)
        return made
    return _make(it, cls, args, kwargs, site)


def _make(it: Interpreter, cls: Class, args: Args, kwargs: Kwargs, site: Site) -> Value:
    from cnnlint.static.attributes import find_in_class

    maker = find_in_class(it, cls, "__new__")
    if isinstance(maker, Function | Descriptor | Native):
        made = call(it, maker, [cls, *args], kwargs, site)
        if not isinstance(made, Instance) or not made.cls.is_subclass(cls):
            return made
    else:
        made = new_instance(it, cls, args, kwargs, site)
    if isinstance(made, Instance):
        try:
            _initialise(it, made, args, kwargs, site)
        except Raised as raised:
            if isinstance(made, ModuleInstance):
                raised.model = made.cls.name
            raise
    return made


def new_instance(it: Interpreter, cls: Class, args: Args, kwargs: Kwargs, site: Site | None) -> Value:
    """``object.__new__``: an instance that no ``__init__`` has seen."""
    if any(base.path == "torch.nn.Module" for base in cls.mro):
        module = ModuleInstance(cls, site)
        it.trail.born(module.attrs, module.modules, module.params, module.buffers)
        return module
    pytype = next((base.pytype for base in cls.mro if base.pytype not in (None, object)), None)
    if pytype is not None and not issubclass(pytype, BaseException):
        from cnnlint.static.builtintypes import convert_to

        own_init = any(
            "__init__" in (base.statement.body.by_name if base.statement else base.attrs) for base in cls.mro
        )
        return Instance(cls, payload=pytype() if own_init else convert_to(it, pytype, args, kwargs, site))
    made = Instance(cls)
    it.trail.born(made.attrs)
    return made


def _initialise(it: Interpreter, made: Instance, args: Args, kwargs: Kwargs, site: Site) -> None:
    from cnnlint.static.attributes import find_in_class

    found = find_in_class(it, made.cls, "__init__")
    if found is not None:
        if not isinstance(made, ModuleInstance):
            call(it, found, [made, *args], kwargs, site)
            return
        it.recorder.building(made)
        it.recorder.initialising.append(made)
        try:
            call(it, found, [made, *args], kwargs, site)
        finally:
            it.recorder.initialising.pop()
    elif made.payload is None and not made.cls.has("unresolved"):
        exception = any(base.pytype and issubclass(base.pytype, BaseException) for base in made.cls.mro)
        if exception:
            made.attrs["args"] = tuple(args)
        elif (args or kwargs) and made.cls.body is not None:
            raise Raised(TypeError, f"{made.cls.name}() takes no arguments")


def _enum_by_value(it: Interpreter, cls: Class, args: Args, site: Site) -> Value:
    from cnnlint.static.classes import enum_members
    from cnnlint.static.operators import equal

    if len(args) != 1 or isinstance(args[0], Unknown):
        return it.unknown(f"a member of {cls.name}", site)
    if isinstance(args[0], EnumMember):
        return args[0]
    for member in enum_members(it, cls):
        if equal(it, member.value, args[0]):
            return member
    raise Raised(ValueError, f"{args[0]!r} is not a valid {cls.name}")
