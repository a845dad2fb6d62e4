"""Making classes and looking into them: bases, decorators, dataclasses, enums, named tuples."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import libcst as cst

from cnnlint.static.builtintypes import DICT
from cnnlint.static.frame import Frame, ModuleEnv
from cnnlint.static.signals import Raised
from cnnlint.static.syntax import statements_of
from cnnlint.static.values import (
    MISSING,
    Class,
    Code,
    Descriptor,
    EnumMember,
    External,
    Field,
    Function,
    Instance,
    Native,
    Site,
    Unknown,
    Value,
)  # fmt: skip

if TYPE_CHECKING:
    from cnnlint.source.index import Statement
    from cnnlint.static.interpreter import Interpreter


def make_class(it: Interpreter, node: cst.ClassDef, frame: Frame, statement: Statement | None) -> Value:
    """The class that a ``class`` statement makes. With ``statement`` its body is evaluated name by name on demand;
    without (a class inside a function) at once."""
    bases: list[Class] = []
    unresolved = False
    for arg in node.bases:
        base = it.eval(arg.value, frame)
        if arg.star:
            unresolved = True
        elif isinstance(base, Class):
            bases.append(base)
        elif isinstance(base, External) and base.path.endswith(".TypedDict"):
            bases.append(DICT)
        elif not _is_typing(base):
            unresolved = True
    cls = Class(node.name.value, tuple(bases), statement=statement, env=frame.env)
    cls.path = f"{frame.env.name}.{cls.name}"
    if unresolved:
        cls.traits.add("unresolved")
    if any(base.path in ("typing.NamedTuple", "NamedTuple") for base in bases):
        cls.traits.add("namedtuple")
    cls.body = body = Frame(
        frame.env, frame.statement, cls.attrs, parent=None if frame.module_level else frame, owner=cls, class_body=True
    )
    if statement is None:
        for item in statements_of(node.body):
            it.execute(item, body)
    if cls.has("namedtuple") and cls.fields is None and "namedtuple" in cls.traits:
        cls.fields = fields_of(it, cls)
    return _decorate(it, cls, node, frame)


_MIXING = frozenset(("Sequence", "MutableSequence", "Mapping", "MutableMapping", "Set", "MutableSet", "AbstractSet"))
"""Abstract base classes of ``typing`` that give methods to what derives from them."""


def _is_typing(base: Value) -> bool:
    """``Generic[T]``, ``Protocol``, ``ABC`` and the like, which bring nothing with them."""
    if not isinstance(base, External):
        return False
    top, _, name = base.path.partition(".")
    return top in ("typing", "typing_extensions", "abc") and name not in _MIXING


def _decorate(it: Interpreter, made: Value, node: cst.ClassDef | cst.FunctionDef, frame: Frame) -> Value:
    from cnnlint.static.calls import call

    for decorator in reversed(node.decorators):
        wrapper = it.eval(decorator.decorator, frame)
        if isinstance(wrapper, Unknown | External):
            continue  # an unread library's decorator: nearly all register or annotate, and return what they get
        result = call(it, wrapper, [made], {}, Site(frame.statement, decorator.decorator))
        made = made if isinstance(result, Unknown | None) else result
    return made


def make_function(it: Interpreter, node: cst.FunctionDef, frame: Frame, statement: Statement | None) -> Value:
    """The function that a ``def`` makes, decorated. With ``statement`` only its header has been parsed so far."""
    from cnnlint.static.calls import evaluate_defaults

    code = Code(statement or frame.statement, lambda: _whole(statement) if statement is not None else node)
    closure = None if frame.module_level or (frame.class_body and frame.parent is None) else frame
    if frame.class_body and frame.parent is not None:
        closure = frame.parent
    owner = frame.owner if frame.class_body else None
    function = Function(node.name.value, code, frame.env, closure, owner)
    if not frame.class_body and frame.owner is not None:
        function.owner = frame.owner
    if closure is not None and not frame.class_body:
        evaluate_defaults(it, function, frame)
    return _decorate(it, function, node, frame)


def _whole(statement: Statement) -> cst.FunctionDef:
    """A ``def`` with its body."""
    node = statement.parse()
    assert isinstance(node, cst.FunctionDef)
    return node


# ---- looking into a class --------------------------------------------------------------------------------------


def class_attribute(it: Interpreter, cls: Class, name: str) -> Value:
    """What the class body itself (not its bases) binds ``name`` to; ``MISSING`` if nothing."""
    if name in cls.attrs:
        return cls.attrs[name]
    if cls.statement is not None:
        _run_body(it, cls, name)
        if name in cls.attrs:
            return cls.attrs[name]
    if name in cls.native:
        return cls.native[name]
    return MISSING


def _run_body(it: Interpreter, cls: Class, name: str) -> None:
    """Evaluate the statements of the class body that bind ``name``."""
    assert cls.statement is not None
    assert cls.body is not None
    for statement in cls.statement.body.by_name.get(name, ()):
        if statement not in cls.done:
            cls.done.add(statement)
            with it.aside():
                run_statement(it, statement, cls.body)


def run_statement(it: Interpreter, statement: Statement, frame: Frame) -> None:
    """Run a statement of a file or class body, parsing no more of it than needed."""
    before, frame.statement = frame.statement, statement
    try:
        if statement.kind == "function":
            header = statement.header()
            assert isinstance(header, cst.FunctionDef)
            _bind(it, frame, statement, make_function(it, header, frame, statement))
        elif statement.kind == "class":
            header = statement.header()
            assert isinstance(header, cst.ClassDef)
            _bind(it, frame, statement, make_class(it, header, frame, statement))
        else:
            parsed = statement.parse()
            body = parsed.body if isinstance(parsed, cst.SimpleStatementLine) else (parsed,)
            with it.recorder.inside(Site(statement, parsed)):
                for item in body:
                    it.execute(item, frame)
    finally:
        frame.statement = before


def _bind(it: Interpreter, frame: Frame, statement: Statement, value: Value) -> None:
    name = statement.names[0]
    it.set_item(frame.locals, name, merge_property(frame.locals.get(name), value))


def merge_property(old: Value, new: Value) -> Value:
    """``@name.setter`` keeps the getter."""
    if isinstance(new, Descriptor) and new.kind == "setter":
        getter = old.function if isinstance(old, Descriptor) else None
        return Descriptor("property", getter, new.function)
    return new


# ---- fields, dataclasses, named tuples -------------------------------------------------------------------------


def fields_of(it: Interpreter, cls: Class) -> list[Field]:
    """The annotated fields of a dataclass or named tuple class, bases first."""
    fields: dict[str, Field] = {}
    for base in reversed(cls.mro):
        if base is not cls and base.fields is not None:
            fields |= {field.name: field for field in base.fields}
    if cls.statement is not None:
        for statement in cls.statement.body.statements:
            if statement.kind == "assign" and type(statement.node).__name__ == "AnnAssign":
                for name in statement.names or _annotated(statement):
                    fields[name] = _field(it, cls, name)
    else:
        for name in cls.annotated:
            fields[name] = _field(it, cls, name)
    return list(fields.values())


def _annotated(statement: Statement) -> tuple[str, ...]:
    target = getattr(statement.node, "target", None)
    return (target.id,) if target is not None and hasattr(target, "id") else ()


def _field(it: Interpreter, cls: Class, name: str) -> Field:
    default = class_attribute(it, cls, name)
    if isinstance(default, Field):
        return Field(name, default.default, default.factory, default.init)
    return Field(name, ... if default is MISSING else default)


def make_dataclass(it: Interpreter, cls: Value) -> Value:
    """``@dataclass``."""
    if isinstance(cls, Class):
        cls.traits.add("dataclass")
        cls.fields = fields_of(it, cls)
        for field in cls.fields:
            if isinstance(cls.attrs.get(field.name), Field):
                del cls.attrs[field.name]
                if field.default is not ...:
                    cls.attrs[field.name] = field.default
        cls.native.setdefault("__init__", Native(f"{cls.name}.__init__", _dataclass_init(cls)))
    return cls


def _dataclass_init(cls: Class) -> Callable[..., None]:
    """The ``__init__`` that ``@dataclass`` generates; one in the class body comes before it."""

    def init(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> None:
        from cnnlint.static.attributes import find_in_class
        from cnnlint.static.calls import call

        made: Instance = args[0]
        for name, value in fill_fields(it, cls, args[1:], kwargs, site).items():
            it.set_item(made.attrs, name, value)
        after = find_in_class(it, made.cls, "__post_init__")
        if after is not None:
            call(it, after, [made], {}, site)

    return init


def fill_fields(
    it: Interpreter, cls: Class, args: list[Value], kwargs: dict[str, Value], site: Site | None
) -> dict[str, Value]:
    """Field values by name, as a generated ``__init__`` or a named tuple's ``__new__`` assigns them."""
    from cnnlint.static.calls import call

    fields = [field for field in cls.fields or () if field.init]
    if len(args) > len(fields):
        raise Raised(TypeError, f"{cls.name} takes {len(fields)} arguments, gets {len(args)}")
    given = dict(zip((field.name for field in fields), args, strict=False))
    for name, value in kwargs.items():
        if name in given or all(field.name != name for field in fields):
            raise Raised(TypeError, f"{cls.name} got an unexpected or repeated argument {name!r}")
        given[name] = value
    for field in cls.fields or ():
        if field.name not in given:
            if field.factory is not None:
                given[field.name] = call(it, field.factory, [], {}, site)
            elif field.default is not ...:
                given[field.name] = field.default
            elif field.init:
                raise Raised(TypeError, f"{cls.name} misses the argument {field.name!r}")
    return {field.name: given[field.name] for field in cls.fields or () if field.name in given}


def make_namedtuple(name: str, names: list[str], defaults: list[Value], env: ModuleEnv | None) -> Class:
    """``collections.namedtuple``."""
    cls = Class(name, env=env)
    cls.traits.add("namedtuple")
    first = len(names) - len(defaults)
    cls.fields = [Field(item, defaults[i - first] if i >= first else ...) for i, item in enumerate(names)]
    return cls


# ---- enums -----------------------------------------------------------------------------------------------------


def enum_members(it: Interpreter, cls: Class) -> list[EnumMember]:
    """The members of an enum class in order."""
    names = list(cls.statement.body.by_name) if cls.statement else list(cls.attrs)
    found = (enum_member(it, cls, name) for name in names)
    return [member for member in found if member is not None]


def _automatic(it: Interpreter, cls: Class, name: str) -> Value:
    """What ``auto()`` gives a member: one more than the greatest before it, or its name in lower case."""
    if any(base.pytype is str for base in cls.mro):
        return name.lower()
    names = list(cls.statement.body.by_name) if cls.statement else list(cls.attrs)
    before = [enum_member(it, cls, other) for other in names[: names.index(name)]]
    return max((member.value for member in before if member and isinstance(member.value, int)), default=0) + 1


def enum_member(it: Interpreter, cls: Class, name: str) -> EnumMember | None:
    """The member called ``name``, if the class body assigns one."""
    members = cls.members
    if name in members:
        return members[name]
    if name.startswith("_") or "enum-base" in cls.traits:
        return None
    value = class_attribute(it, cls, name)
    if value is MISSING or isinstance(value, Function | Descriptor | Native | Class):
        return None
    if isinstance(value, External) and value.path == "enum.auto":
        value = _automatic(it, cls, name)
    members[name] = EnumMember(cls, name, value)
    return members[name]
