"""``dataclasses``, ``enum``, ``typing`` and ``abc``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnlint.static.library.define import Args, Kwargs, Table, argument
from cnnlint.static.values import Class, EnumMember, External, Field, Instance, Native, Site, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

DECLARING = Table()


@DECLARING.add("dataclasses.dataclass", "attr.s", "attrs.define", "attr.dataclass")
def _dataclass(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    from cnnlint.static.classes import make_dataclass

    if args and isinstance(args[0], Class):
        return make_dataclass(it, args[0])
    return Native("dataclass", lambda it, given, kw, site: make_dataclass(it, given[0]))


@DECLARING.add("dataclasses.field", "attr.ib", "attrs.field")
def _field(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    factory = kwargs.get("default_factory", kwargs.get("factory"))
    return Field("", kwargs.get("default", ...), factory, kwargs.get("init", True) is not False)


@DECLARING.add("dataclasses.asdict")
def _asdict(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    if not isinstance(args[0], Instance) or args[0].cls.fields is None:
        return it.unknown("asdict() of something that is not read", site)
    return {field.name: args[0].attrs.get(field.name) for field in args[0].cls.fields}


@DECLARING.add("dataclasses.replace")
def _replace(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    from cnnlint.static.calls import call

    if not isinstance(args[0], Instance) or args[0].cls.fields is None:
        return it.unknown("replace() of something that is not read", site)
    known = {field.name: args[0].attrs.get(field.name) for field in args[0].cls.fields if field.init}
    return call(it, args[0].cls, [], {**known, **kwargs}, site)


@DECLARING.add("dataclasses.fields")
def _fields(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    cls = args[0].cls if isinstance(args[0], Instance) else args[0]
    if not isinstance(cls, Class) or cls.fields is None:
        return it.unknown("fields() of something that is not read", site)
    kind = Class("Field")
    return tuple(Instance(kind, {"name": field.name}) for field in cls.fields)


@DECLARING.add("dataclasses.is_dataclass")
def _is_dataclass(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    cls = args[0].cls if isinstance(args[0], Instance) else args[0]
    return isinstance(cls, Class) and cls.has("dataclass")


@DECLARING.add("typing.NewType", "typing.TypeVar", "typing.ParamSpec")
def _type_name(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return argument(args, kwargs, 1, "tp") or it.unknown("a type variable", site)


@DECLARING.add("typing.cast", "torch.jit.annotate")
def _cast(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return argument(args, kwargs, 1, "val")


@DECLARING.add("enum.auto")
def _auto(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return External("enum.auto")


@DECLARING.add("enum.unique", "enum.member")
def _unique(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return args[0].value if isinstance(args[0], EnumMember) else args[0]
