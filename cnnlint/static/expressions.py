"""Handlers of expressions."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import libcst as cst

from cnnlint.static.attributes import get_attribute
from cnnlint.static.calls import call, evaluate_defaults
from cnnlint.static.frame import Frame
from cnnlint.static.interpreter import MAX_ITEMS, MAX_TEXT, Interpreter, expression
from cnnlint.static.iteration import items_of, join, merge
from cnnlint.static.names import assign, look_up
from cnnlint.static.operators import (
    PYTHON_ERRORS,
    binary,
    compare,
    contains,
    equal,
    first_unknown,
    identical,
    is_unknown,
    raise_if_wide,
    truth,
    unary,
)  # fmt: skip
from cnnlint.static.signals import Raised, Signal
from cnnlint.static.subscripts import hashable, subscript
from cnnlint.static.values import (
    Class,
    Code,
    Device,
    EnumMember,
    Function,
    Instance,
    Iteration,
    Site,
    Super,
    TensorValue,
    Unknown,
    Value,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Sequence

BINARY_NAMES: dict[type[cst.CSTNode], str] = {
    cst.Add: "add", cst.Subtract: "sub", cst.Multiply: "mul", cst.Divide: "truediv", cst.FloorDivide: "floordiv",
    cst.Modulo: "mod", cst.Power: "pow", cst.MatrixMultiply: "matmul", cst.BitAnd: "and_", cst.BitOr: "or_",
    cst.BitXor: "xor", cst.LeftShift: "lshift", cst.RightShift: "rshift",
}  # fmt: skip
COMPARE_NAMES: dict[type[cst.CSTNode], str] = {
    cst.LessThan: "lt", cst.LessThanEqual: "le", cst.GreaterThan: "gt", cst.GreaterThanEqual: "ge",
}  # fmt: skip
UNARY_NAMES: dict[type[cst.CSTNode], str] = {cst.Minus: "neg", cst.Plus: "pos", cst.BitInvert: "invert"}


@expression(cst.Name)
def _name(it: Interpreter, node: cst.Name, frame: Frame) -> Value:
    name = node.value
    if name in frame.locals and not frame.global_names:
        return frame.locals[name]
    constants = {"None": None, "True": True, "False": False}
    if name in constants:
        return constants[name]
    if name == "super":
        return look_up_super(it, frame)
    if name == "__class__" and frame.owner is not None:
        return frame.owner
    return look_up(it, name, frame, Site(frame.statement, node))


def look_up_super(it: Interpreter, frame: Frame) -> Value:
    """The name ``super``: called with no arguments it needs the frame it stands in."""
    from cnnlint.static.values import Native

    def make(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
        if len(args) >= 2:
            return _super(it, args[0], args[1], site)
        scope: Frame | None = frame
        while scope is not None and (scope.first is None or scope.owner is None):
            scope = scope.parent
        if scope is None or scope.owner is None:
            return it.unknown("super() outside a method", site)
        return _super(it, scope.owner, scope.first, site)

    return Native("super", make)


def _super(it: Interpreter, owner: Value, value: Value, site: Site) -> Value:
    if isinstance(owner, Class) and isinstance(value, Class | Instance):
        return Super(owner, value)
    return it.unknown("super() of what is no instance of a class that is read", site)


@expression(cst.Integer)
def _integer(it: Interpreter, node: cst.Integer, frame: Frame) -> Value:
    return int(node.value.replace("_", ""), 0) if len(node.value) < 1000 else it.unknown("an enormous integer")


@expression(cst.Float, cst.Imaginary)
def _float(it: Interpreter, node: cst.Float | cst.Imaginary, frame: Frame) -> Value:
    return _literal(node.value)


@lru_cache(maxsize=4096)
def _literal(text: str) -> Value:
    return ast.literal_eval(text)


@expression(cst.SimpleString)
def _string(it: Interpreter, node: cst.SimpleString, frame: Frame) -> Value:
    return _literal(node.value)


@expression(cst.Ellipsis)
def _ellipsis(it: Interpreter, node: cst.Ellipsis, frame: Frame) -> Value:
    return ...


@expression(cst.ConcatenatedString)
def _concatenated(it: Interpreter, node: cst.ConcatenatedString, frame: Frame) -> Value:
    left, right = it.eval(node.left, frame), it.eval(node.right, frame)
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return first_unknown(it, Site(frame.statement, node), left, right)
    return left + right


@expression(cst.FormattedString)
def _formatted(it: Interpreter, node: cst.FormattedString, frame: Frame) -> Value:
    parts: list[str] = []
    for part in node.parts:
        text = _formatted_part(it, part, frame)
        if not isinstance(text, str):
            return text
        parts.append(text)
    made = "".join(parts)
    return made if len(made) <= MAX_TEXT else it.unknown("a text of enormous length", Site(frame.statement, node))


def _formatted_part(it: Interpreter, part: cst.BaseFormattedStringContent, frame: Frame) -> Value:
    if isinstance(part, cst.FormattedStringText):
        return part.value.replace("{{", "{").replace("}}", "}")
    if not isinstance(part, cst.FormattedStringExpression):
        return it.unknown("an unusual piece of a formatted string")
    value = it.eval(part.expression, frame)
    spec = "".join(p if isinstance(p := _formatted_part(it, s, frame), str) else "" for s in part.format_spec or ())
    return format_value(it, value, spec, part.conversion, Site(frame.statement, part.expression))


def format_value(it: Interpreter, value: Value, spec: str, conversion: str | None, site: Site) -> Value:
    """``format(value, spec)`` for values whose text is known."""
    if isinstance(value, EnumMember):
        value = value.value if isinstance(value.value, str | int) else f"{value.cls.name}.{value.name}"
    if isinstance(value, Device):
        value = str(value)
    if not isinstance(value, int | float | str | bool | None):
        return first_unknown(it, site, value) if is_unknown(value) else it.unknown("the text of an object", site)
    raise_if_wide(spec)
    try:
        return format(repr(value) if conversion == "r" else value, spec)
    except PYTHON_ERRORS as error:
        raise Raised(type(error), str(error)) from None


@expression(cst.Tuple)
def _tuple(it: Interpreter, node: cst.Tuple, frame: Frame) -> Value:
    items = _elements(it, node.elements, frame)
    return items if isinstance(items, Unknown) else tuple(items)


@expression(cst.List)
def _list(it: Interpreter, node: cst.List, frame: Frame) -> Value:
    return _hazy_if_unknown(it, _elements(it, node.elements, frame), [])


@expression(cst.Set)
def _set(it: Interpreter, node: cst.Set, frame: Frame) -> Value:
    items = _elements(it, node.elements, frame)
    if isinstance(items, Unknown):
        return _hazy_if_unknown(it, items, set())
    return {hashable(it, item) for item in items}


def _hazy_if_unknown(it: Interpreter, items: Any, empty: Any) -> Value:
    """A new container of unknown contents, so that later changes to it have something to act on."""
    if isinstance(items, Unknown):
        it.make_hazy(empty, items)
        return empty
    return items


def _elements(it: Interpreter, elements: Sequence[cst.BaseElement], frame: Frame) -> list[Value] | Unknown:
    items: list[Value] = []
    for element in elements:
        value = it.eval(element.value, frame)
        if type(element) is cst.StarredElement:
            inner = items_of(it, value)
            if inner is None:
                return first_unknown(it, Site(frame.statement, element), value)
            items += inner
        else:
            items.append(value)
    return items


@expression(cst.Dict)
def _dict(it: Interpreter, node: cst.Dict, frame: Frame) -> Value:
    made: dict[Any, Value] = {}
    for element in node.elements:
        if isinstance(element, cst.DictElement):
            key = hashable(it, it.eval(element.key, frame))
            made[key] = it.eval(element.value, frame)
            continue
        inner = it.eval(element.value, frame)
        inner = inner.payload if isinstance(inner, Instance) and isinstance(inner.payload, dict) else inner
        if isinstance(inner, dict) and not it.haze(inner):
            made |= inner
        else:
            it.make_hazy(made, first_unknown(it, Site(frame.statement, element), inner))
    return made


@expression(cst.BinaryOperation)
def _binary(it: Interpreter, node: cst.BinaryOperation, frame: Frame) -> Value:
    left, right = it.eval(node.left, frame), it.eval(node.right, frame)
    return binary(it, BINARY_NAMES[type(node.operator)], left, right, Site(frame.statement, node))


@expression(cst.UnaryOperation)
def _unary(it: Interpreter, node: cst.UnaryOperation, frame: Frame) -> Value:
    value = it.eval(node.expression, frame)
    site = Site(frame.statement, node)
    if isinstance(node.operator, cst.Not):
        answer = truth(it, value)
        return first_unknown(it, site, value) if answer is None else not answer
    return unary(it, UNARY_NAMES[type(node.operator)], value, site)


@expression(cst.BooleanOperation)
def _boolean(it: Interpreter, node: cst.BooleanOperation, frame: Frame) -> Value:
    left = it.eval(node.left, frame)
    answer = truth(it, left)
    stop_at = isinstance(node.operator, cst.Or)
    if answer is stop_at:
        return left
    if answer is not None:
        return it.eval(node.right, frame)
    with it.doubtful():
        try:
            right = it.eval(node.right, frame)
        except Raised:
            return first_unknown(it, Site(frame.statement, node), left)
    decided = truth(it, right)
    if decided is stop_at and isinstance(right, bool):
        return right
    return first_unknown(it, Site(frame.statement, node), left, right)


@expression(cst.Comparison)
def _comparison(it: Interpreter, node: cst.Comparison, frame: Frame) -> Value:
    left = it.eval(node.left, frame)
    result: Value = True
    for target in node.comparisons:
        right = it.eval(target.comparator, frame)
        outcome = _compare_once(it, target.operator, left, right, Site(frame.statement, node))
        answer = truth(it, outcome)
        if answer is False or len(node.comparisons) == 1:
            return outcome
        if answer is None:
            result = outcome
        left = right
    return result


def _compare_once(it: Interpreter, operator: cst.BaseCompOp, left: Value, right: Value, site: Site) -> Value:
    name = COMPARE_NAMES.get(type(operator))
    if name is not None:
        return compare(it, name, left, right, site)
    negated = isinstance(operator, cst.NotEqual | cst.IsNot | cst.NotIn)
    if isinstance(operator, cst.Equal | cst.NotEqual):
        if isinstance(left, TensorValue) or isinstance(right, TensorValue):
            return binary(it, "ne" if negated else "eq", left, right, site)
        answer = equal(it, left, right)
    elif isinstance(operator, cst.Is | cst.IsNot):
        answer = identical(left, right)
    else:
        answer = contains(it, right, left, site)
    if answer is None:
        return first_unknown(it, site, left, right)
    return answer is not negated


@expression(cst.IfExp)
def _if_expression(it: Interpreter, node: cst.IfExp, frame: Frame) -> Value:
    test = it.eval(node.test, frame)
    answer = truth(it, test)
    if answer is not None:
        return it.eval(node.body if answer else node.orelse, frame)
    return either(it, node.body, node.orelse, frame, Site(frame.statement, node))


def either(it: Interpreter, body: cst.CSTNode, orelse: cst.CSTNode, frame: Frame, site: Site) -> Value:
    """The value of one of two expressions, it is not known which."""
    outcomes: list[Value] = []
    changes = []
    for node in (body, orelse):
        it.trail.start()
        try:
            with it.doubtful():
                outcomes.append(it.eval(node, frame))
        except Raised:
            pass
        finally:
            changes.append(it.trail.finish())
    merge(it, changes[0], changes[1], site)
    if not outcomes:
        return it.unknown("both branches raise", site)
    return outcomes[0] if len(outcomes) == 1 else join(it, outcomes[0], outcomes[1], site)


@expression(cst.Attribute)
def _attribute(it: Interpreter, node: cst.Attribute, frame: Frame) -> Value:
    return get_attribute(it, it.eval(node.value, frame), node.attr.value, Site(frame.statement, node))


@expression(cst.Subscript)
def _subscript(it: Interpreter, node: cst.Subscript, frame: Frame) -> Value:
    return subscript(it, node, frame)


@expression(cst.Call)
def _call(it: Interpreter, node: cst.Call, frame: Frame) -> Value:
    callee = it.eval(node.func, frame)
    args: list[Value] = []
    kwargs: dict[str, Value] = {}
    site = Site(frame.statement, node)
    for arg in node.args:
        value = it.eval(arg.value, frame)
        if arg.keyword is not None:
            if arg.keyword.value in kwargs:
                raise Raised(TypeError, f"got multiple values for keyword argument {arg.keyword.value!r}")
            kwargs[arg.keyword.value] = value
        elif not _add_argument(it, arg.star, value, args, kwargs):
            return first_unknown(it, site, value)
    return call(it, callee, args, kwargs, site)


def _add_argument(it: Interpreter, star: str, value: Value, args: list[Value], kwargs: dict[str, Value]) -> bool:
    """Add a plain or starred argument; false if what a star spreads is not known."""
    if star == "":
        args.append(value)
    elif star == "*":
        items = items_of(it, value)
        if items is None:
            return False
        args.extend(items)
    else:
        table = value.payload if isinstance(value, Instance) else value
        if not isinstance(table, dict) or it.haze(table) or not all(isinstance(key, str) for key in table):
            return False
        twice = next((key for key in table if key in kwargs), None)
        if twice is not None:
            raise Raised(TypeError, f"got multiple values for keyword argument {twice!r}")
        kwargs.update(table)
    return True


@expression(cst.Lambda)
def _lambda(it: Interpreter, node: cst.Lambda, frame: Frame) -> Value:
    closure = None if frame.module_level else frame
    made = Function("<lambda>", Code(frame.statement, lambda: node), frame.env, closure, frame.owner)
    evaluate_defaults(it, made, frame)
    return made


@expression(cst.NamedExpr)
def _walrus(it: Interpreter, node: cst.NamedExpr, frame: Frame) -> Value:
    value = it.eval(node.value, frame)
    while frame.comprehension and frame.parent is not None:
        frame = frame.parent  # the name belongs to the function around the comprehension
    assign(it, node.target, value, frame)
    return value


@expression(cst.Await)
def _await(it: Interpreter, node: cst.Await, frame: Frame) -> Value:
    return it.eval(node.expression, frame)


@expression(cst.Yield)
def _yield(it: Interpreter, node: cst.Yield, frame: Frame) -> Value:
    target = frame
    while target.yields is None and target.parent is not None:
        target = target.parent
    if target.yields is None:
        return it.unknown("yield outside a function", Site(frame.statement, node))
    if isinstance(node.value, cst.From):
        items = items_of(it, it.eval(node.value.item, frame))
        if items is None:
            it.make_hazy(target.yields, it.unknown("yields from something unknown", Site(frame.statement, node)))
        else:
            target.yields.extend(items)
    else:
        target.yields.append(it.eval(node.value, frame) if node.value is not None else None)
    if len(target.yields) > MAX_ITEMS:
        raise Raised(MemoryError, "the generator yields too much")
    return None


# ---- comprehensions -------------------------------------------------------------------------------------------


@expression(cst.ListComp, cst.GeneratorExp, cst.SetComp)
def _comprehension(it: Interpreter, node: cst.ListComp | cst.GeneratorExp | cst.SetComp, frame: Frame) -> Value:
    items: list[Value] = []
    scope = comprehension_frame(it, frame)
    why = _run_comprehension(it, node.for_in, scope, lambda: items.append(it.eval(node.elt, scope)))
    if isinstance(node, cst.SetComp):
        made: Any = {hashable(it, item) for item in items}
    else:
        made = items
    if why is not None:
        it.make_hazy(made, why)
    return Iteration(items) if isinstance(node, cst.GeneratorExp) and why is None else made


@expression(cst.DictComp)
def _dict_comprehension(it: Interpreter, node: cst.DictComp, frame: Frame) -> Value:
    made: dict[Any, Value] = {}
    scope = comprehension_frame(it, frame)

    def add() -> None:
        made[hashable(it, it.eval(node.key, scope))] = it.eval(node.value, scope)

    why = _run_comprehension(it, node.for_in, scope, add)
    if why is not None:
        it.make_hazy(made, why)
    return made


def comprehension_frame(it: Interpreter, frame: Frame) -> Frame:
    """The scope of a comprehension: its own names over the enclosing ones."""
    scope = Frame(frame.env, frame.statement, {}, parent=frame, owner=frame.owner, comprehension=True)
    scope.level = it.trail.depth
    return scope


def _run_comprehension(it: Interpreter, clause: cst.CompFor, frame: Frame, add: Any) -> Unknown | None:
    """Run a comprehension's loops; the unknown that keeps its length from being known, if there is one."""
    source = it.eval(clause.iter, frame)
    items = items_of(it, source)
    site = Site(frame.statement, clause)
    if items is None:
        why = first_unknown(it, site, source)
        assign(it, clause.target, why, frame)
        with it.doubtful():
            try:
                add()
            except Signal as signal:
                if not isinstance(signal, Raised):
                    raise
        return why
    for item in items:
        it.spend(1)
        assign(it, clause.target, item, frame)
        keep = _conditions(it, clause, frame)
        if keep is None:
            return it.unknown("a comprehension's condition is not known", site)
        if keep:
            inner = _run_comprehension(it, clause.inner_for_in, frame, add) if clause.inner_for_in else add()
            if inner is not None:
                return inner
    return None


def _conditions(it: Interpreter, clause: cst.CompFor, frame: Frame) -> bool | None:
    for condition in clause.ifs:
        answer = truth(it, it.eval(condition.test, frame))
        if answer is not True:
            return answer
    return True
