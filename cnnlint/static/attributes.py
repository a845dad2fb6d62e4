"""Attribute access: instances, classes, modules of ``torch.nn``, tensors, builtin values, files and libraries."""

from __future__ import annotations

import ast
from difflib import get_close_matches
from typing import TYPE_CHECKING

from cnnlint.graph.dims import Sym
from cnnlint.graph.model import Problem, ProblemKind
from cnnlint.static.frame import ModuleEnv
from cnnlint.static.library.arrays import ArrayValue, array_attribute
from cnnlint.static.signals import Raised
from cnnlint.static.values import (
    MISSING,
    Bound,
    Class,
    Constructor,
    Descriptor,
    Device,
    EnumMember,
    External,
    Function,
    Instance,
    Iteration,
    ModelOutput,
    ModuleInstance,
    NamedTuple,
    Native,
    OutputStep,
    Partial,
    Ratio,
    Site,
    Super,
    TensorValue,
    Unknown,
    Value,
    type_name,
)  # fmt: skip

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter


_OF_OBJECTS = frozenset(dir(object))


def find_in_class(it: Interpreter, cls: Class, name: str, after: Class | None = None) -> Value | None:
    """The attribute as it stands in the class body of ``cls`` or its bases; ``None`` if none has it."""
    found = _find(it, cls, name, after)
    return None if found is MISSING else found


def _find(it: Interpreter, cls: Class, name: str, after: Class | None = None) -> Value:
    from cnnlint.static.classes import class_attribute

    order = cls.mro
    if after is not None:
        order = order[order.index(after) + 1 :] if after in order else ()
    for base in order:
        found = class_attribute(it, base, name)
        if found is not MISSING:
            return found
    return MISSING


def _of_descriptor(value: Descriptor, name: str) -> Value:
    """``@name.setter`` and its kin, inside the class body."""
    if name == "setter":
        return Native("property.setter", lambda it, args, kwargs, site: Descriptor("setter", args[0]))
    if name == "getter":
        return Native("property.getter", lambda it, args, kwargs, site: Descriptor("property", args[0], value.setter))
    if name == "deleter":
        return Native("property.deleter", lambda it, args, kwargs, site: value)
    return value.function if name in ("fget", "__func__", "func") else MISSING


def _of_native(value: Native, name: str) -> Value:
    """``itertools.chain.from_iterable``: functions that stand on functions."""
    from cnnlint.static.externals import external

    found = external(f"{value.name}.{name}")
    return MISSING if isinstance(found, External) else found


_STAND_INS = (Native, Function, Bound, Partial, Descriptor, Iteration)
"""What has attributes that are not followed."""


def get_attribute(it: Interpreter, value: Value, name: str, site: Site) -> Value:
    """``value.name``. Raises the program's ``AttributeError`` where it certainly has none."""
    found = _get(it, value, name, site)
    if found is MISSING and name.startswith("__") and not (isinstance(value, Super) and name not in _OF_OBJECTS):
        return it.unknown(f"{name} of {type_name(value)}", site)
    if found is MISSING and isinstance(value, _STAND_INS):
        return it.unknown(f"{name} of a {type_name(value)}", site)
    if found is MISSING:
        text = f"{type_name(value)!r} object has no attribute {name!r}"
        raised = Raised(AttributeError, text, problem=_missing_attribute(value, name, text))
        if isinstance(value, ModuleInstance) and _set_by_a_method(value.cls, name):
            raised.site, raised.certain = site, False  # that method may be meant to run first
        raise raised
    return found


def _set_by_a_method(cls: Class, name: str) -> bool:
    """Whether the body of a class or of one of its bases assigns an attribute of that name to some object."""
    bodies = (base.statement.node for base in cls.mro if base.statement is not None)
    return any(
        isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Store)
        for body in bodies
        for node in ast.walk(body)
    )


def _missing_attribute(value: Value, name: str, text: str) -> Problem:
    near: list[str] = []
    if isinstance(value, ModuleInstance):
        near = get_close_matches(name, [*value.attrs, *value.modules, *value.params, *value.buffers], 1)
    return Problem(ProblemKind.ATTRIBUTE, f"raises AttributeError: {text}", near[0] if near else None, name)


def _get(it: Interpreter, value: Value, name: str, site: Site) -> Value:
    match value:
        case ModuleInstance():
            return _of_module(it, value, name, site)
        case TensorValue():
            from cnnlint.static.tensors import tensor_attribute

            return tensor_attribute(it, value, name, site)
        case Instance():
            return _of_instance(it, value, name, site)
        case External():
            return external_attribute(it, value, name, site)
        case ModuleEnv():
            return _of_file(it, value, name, site)
        case Class():
            return _of_class(it, value, name, site)
        case Super():
            return _of_super(it, value, name, site)
        case ModelOutput():
            return value.then(OutputStep("attr", name, site))
        case ArrayValue():
            return array_attribute(it, value, name, site)
        case Unknown():
            return value if not value.name else it.unknown(f"the argument {value.name} is not known", site)
        case EnumMember():
            return _of_enum_member(it, value, name, site)
        case Function():
            return _of_function(it, value, name)
        case Partial():
            table = {"func": value.function, "args": value.args, "keywords": value.kwargs}
            return table.get(name, MISSING)
        case Bound():
            return value.self if name == "__self__" else _get(it, value.function, name, site)
        case Descriptor():
            return _of_descriptor(value, name)
        case NamedTuple():
            return _of_namedtuple(it, value, name, site)
        case Native():
            return value.name.rpartition(".")[2] if name == "__name__" else _of_native(value, name)
        case Sym() | Ratio():
            return it.unknown("an attribute of a size", site)
        case Device():
            return {"type": value.type, "index": value.index}.get(name, MISSING)
        case _:
            return _of_builtin(it, value, name)


def bind(it: Interpreter, found: Value, self: Value, cls: Class, site: Site) -> Value:
    """A class attribute as seen through an instance."""
    if isinstance(found, Function | Native):
        return Bound(found, self)
    if isinstance(found, Descriptor):
        if found.kind == "property":
            from cnnlint.static.calls import call

            return call(it, found.function, [self], {}, site)
        return Bound(found.function, cls) if found.kind == "classmethod" else found.function
    return found


def _of_instance(it: Interpreter, value: Instance, name: str, site: Site) -> Value:
    if name == "__class__":
        return value.cls
    if name == "__dict__":
        return value.attrs
    if name in value.attrs:
        return value.attrs[name]
    found = _find(it, value.cls, name)
    if found is not MISSING:
        return bind(it, found, value, value.cls, site)
    if value.payload is not None:
        return _of_builtin(it, value.payload, name)
    return _fall_back(it, value, name, site)


def _fall_back(it: Interpreter, value: Instance, name: str, site: Site) -> Value:
    """``__getattr__``, or unknown where a base class is or an attribute of unknown name was set."""
    from cnnlint.static.calls import call

    if name in ("__module__", "__doc__"):
        return _of_class(it, value.cls, name, site)
    hook = _find(it, value.cls, "__getattr__")
    if isinstance(hook, Function):
        return call(it, hook, [value, name], {}, site)
    if name == "module" and it.script is not None and id(value) in it.script.wrapped:
        return value
    if value.cls.has("unresolved") or _extends_abstract(value.cls):
        return it.unknown(f"{value.cls.name} has a base class that is not read", site)
    if isinstance(value, ModuleInstance) and any(key.startswith(f"{name}.") for key in value.params):
        return it.unknown(f"{name} of {value.cls.name} is not followed", site)
    tables = [value.attrs]
    if isinstance(value, ModuleInstance):
        tables += [value.modules, value.params, value.buffers]
    for table in tables:
        why = it.haze(table)
        if why is not None:
            return why
    return MISSING


def _extends_abstract(cls: Class) -> bool:
    """Whether the nearest torch class that a class extends is an abstract one, such as ``_ConvNd``: what that leaves
    on an instance is not in the ops table."""
    nearest = next((base for base in cls.mro if base.path.startswith("torch.nn.")), None)
    return nearest is not None and nearest.spec is None and nearest.name.startswith("_")


def _of_module(it: Interpreter, module: ModuleInstance, name: str, site: Site) -> Value:
    it.recorder.read(module, name)
    if name == "training" and it.recorder.running:
        return it.training
    if name in module.attrs:
        return module.attrs[name]
    if name in module.modules:
        return module.modules[name]
    found = _find(it, module.cls, name)
    if isinstance(found, Descriptor) or (found is not MISSING and name not in module.params):
        return bind(it, found, module, module.cls, site)
    for table in (module.params, module.buffers):
        if name in table:
            return table[name]
    if name == "training":
        return module.training
    special = {"__class__": module.cls, "__dict__": module.attrs, "_modules": module.modules}
    special |= {"_parameters": module.params, "_buffers": module.buffers}
    if name in special:
        return special[name]
    return _fall_back(it, module, name, site)


def _of_class(it: Interpreter, cls: Class, name: str, site: Site) -> Value:
    if name in ("__name__", "__qualname__"):
        return cls.name
    if name == "__module__":
        return cls.env.name if cls.env else cls.path.rpartition(".")[0]
    if name == "__mro__":
        return cls.mro
    if name == "__bases__":
        return cls.bases
    if name == "__doc__":
        return ""
    if cls.has("enum"):
        from cnnlint.static.classes import enum_member

        member = enum_member(it, cls, name)
        if member is not None:
            return member
    if name == "_fields" and cls.has("namedtuple"):
        return tuple(field.name for field in cls.fields or ())
    found = _find(it, cls, name)
    if isinstance(found, Descriptor):
        return Bound(found.function, cls) if found.kind == "classmethod" else found.function
    if found is MISSING and name == "__new__":
        return Constructor(name, _new_object, cls)
    if found is MISSING and cls.pytype is not None:
        return _of_builtin(it, cls.pytype, name)
    if found is MISSING and (cls.has("unresolved") or cls.path.startswith("torch.")):
        return it.unknown(f"{cls.name}.{name} is not read", site)
    return found


def _of_super(it: Interpreter, value: Super, name: str, site: Site) -> Value:
    cls = value.self if isinstance(value.self, Class) else value.self.cls
    found = _find(it, cls, name, after=value.owner)
    if found is MISSING:
        if isinstance(value.self, ModuleInstance):
            for table in (value.self.params, value.self.buffers, value.self.modules):
                if name in table:
                    return table[name]
        if cls.has("unresolved") and name != "__new__":
            return it.unknown(f"{cls.name} has a base class that is not read", site)
        payload = getattr(value.self, "payload", None)
        if payload is not None:
            return _of_builtin(it, payload, name)
        return _object_method(name)
    if isinstance(value.self, Class) and isinstance(found, Function | Native):
        return found
    return bind(it, found, value.self, cls, site)


def _object_method(name: str) -> Value:
    """What every object inherits and models call through ``super()``."""
    if name == "__new__":
        return Native(name, _new_object)
    if name in ("__init__", "__init_subclass__", "__post_init__", "__setattr__", "__enter__", "__exit__"):
        return Native(name, lambda it, args, kwargs, site: None)
    return MISSING


def _new_object(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    """``object.__new__(cls)``."""
    from cnnlint.static.calls import new_instance

    if not args or not isinstance(args[0], Class):
        return it.unknown("an instance of a class that is not known", site)
    return new_instance(it, args[0], args[1:], kwargs, site)


def _of_function(it: Interpreter, value: Function, name: str) -> Value:
    if name in value.attrs:
        return value.attrs[name]
    special: dict[str, Value] = {"__name__": value.name, "__qualname__": value.name, "__module__": value.env.name}
    special |= {"__doc__": "", "__dict__": value.attrs, "__annotations__": {}}
    return special.get(name, MISSING)


def _of_enum_member(it: Interpreter, value: EnumMember, name: str, site: Site) -> Value:
    if name in ("name", "_name_"):
        return value.name
    if name in ("value", "_value_"):
        return value.value
    if name == "__class__":
        return value.cls
    found = _find(it, value.cls, name)
    if found is not MISSING:
        return bind(it, found, value, value.cls, site)
    if isinstance(value.value, Instance):
        return _get(it, value.value, name, site)
    return MISSING


def _of_namedtuple(it: Interpreter, value: NamedTuple, name: str, site: Site) -> Value:
    names = [field.name for field in value.cls.fields or ()]
    if name in names:
        return value[names.index(name)]
    if name == "_asdict":
        return Native(name, lambda *_: dict(zip(names, value, strict=True)))
    if name == "_replace":
        return Native(
            name,
            lambda it, args, kwargs, site: NamedTuple.make(
                value.cls, [kwargs.get(key, old) for key, old in zip(names, value, strict=True)]
            ),
        )
    if name == "_fields":
        return tuple(names)
    found = _find(it, value.cls, name)
    return bind(it, found, value, value.cls, site) if found is not MISSING else _of_builtin(it, tuple(value), name)


def _of_file(it: Interpreter, env: ModuleEnv, name: str, site: Site) -> Value:
    from cnnlint.static.imports import file_attribute

    found = file_attribute(it, env, name)
    return MISSING if found is None and name not in env.names else found


def external_attribute(it: Interpreter, value: External, name: str, site: Site) -> Value:
    """``library.name``: a class, function or constant that the tables know, else another external name."""
    from cnnlint.static.externals import external

    if it.script is not None:
        from cnnlint.static.library.training import LIGHTNING

        if f"{value.path}.{name}" in LIGHTNING:
            return LIGHTNING[f"{value.path}.{name}"]
    if it.live and value.path.startswith("numpy"):
        from cnnlint.static.library.live import LIVE

        if f"{value.path}.{name}" in LIVE:
            return External(f"{value.path}.{name}")  # a program has arrays of their own kind
    found = external(f"{value.path}.{name}")
    if isinstance(found, External) and value.path.startswith("torch"):
        from cnnlint.static.library.torchnames import missing

        problem = missing(value.path, name)
        if problem is not None:
            raise Raised(AttributeError, problem.text.partition(": ")[2], problem=problem)
    return found


def _of_builtin(it: Interpreter, value: Value, name: str) -> Value:
    from cnnlint.static.methods import builtin_method

    found = builtin_method(value, name)
    return MISSING if found is None else found


# ---- setting and deleting -----------------------------------------------------------------------------------


def set_attribute(it: Interpreter, target: Value, name: str, value: Value, site: Site) -> None:
    """``target.name = value``."""
    match target:
        case ModuleInstance():
            from cnnlint.static.modules import set_on_module

            descriptor = _find(it, target.cls, name)
            if not _run_setter(it, descriptor, target, value, site):
                set_on_module(it, target, name, value, site)
        case Instance():
            descriptor = _find(it, target.cls, name)
            hook = _find(it, target.cls, "__setattr__")
            if _run_setter(it, descriptor, target, value, site):
                return
            if isinstance(hook, Function):
                from cnnlint.static.calls import call

                call(it, hook, [target, name, value], {}, site)
            else:
                it.effect(target)
                it.set_item(target.attrs, name, value)
        case Class() | Function():
            it.effect()
            it.set_item(target.attrs, name, value)
        case ModuleEnv():
            it.effect()
            it.set_item(target.names, name, value)
        case Constructor() if name == "__defaults__" and isinstance(value, tuple):
            _set_defaults(it, target.cls, value)
        case TensorValue():
            from cnnlint.static.tensors import set_tensor_attribute

            set_tensor_attribute(it, target, name, value, site)
        case Super():
            set_attribute(it, target.self, name, value, site)
        case _:
            pass  # Unknown, External, builtin values: nothing there that evaluation keeps


def _set_defaults(it: Interpreter, cls: Class, defaults: tuple[Value, ...]) -> None:
    """``Point.__new__.__defaults__ = (0,) * 2``: the defaults of the last fields of a named tuple class."""
    it.effect()
    fields = cls.fields or []
    for field, default in zip(reversed(fields), reversed(defaults), strict=False):
        field.default = default


def _run_setter(it: Interpreter, descriptor: Value, target: Instance, value: Value, site: Site) -> bool:
    if not isinstance(descriptor, Descriptor) or descriptor.kind != "property":
        return False
    if descriptor.setter is None:
        raise Raised(AttributeError, "property has no setter")
    from cnnlint.static.calls import call

    call(it, descriptor.setter, [target, value], {}, site)
    return True


def delete_attribute(it: Interpreter, target: Value, name: str, site: Site) -> None:
    """``del target.name``."""
    it.effect(target if isinstance(target, Instance) else None)
    tables = [target.attrs] if isinstance(target, Instance | Class | Function) else []
    if isinstance(target, ModuleInstance):
        tables += [target.modules, target.params, target.buffers]
    for table in tables:
        if name in table:
            it.trail.touch(table)
            del table[name]
            return
    if tables and not (isinstance(target, Instance) and target.cls.has("unresolved")):
        raise Raised(AttributeError, name)


def has_attribute(it: Interpreter, value: Value, name: str, site: Site) -> bool | None:
    """``hasattr(value, name)``; ``None`` if it is not known."""
    try:
        found = _get(it, value, name, site)
    except Raised as raised:
        if raised.kind is AttributeError:
            return False
        raise
    if found is MISSING:
        return False
    return None if isinstance(value, Unknown) or isinstance(found, External) else True
