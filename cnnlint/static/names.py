"""Name look-up and assignment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from cnnlint.static.builtins import BUILTINS
from cnnlint.static.frame import Frame
from cnnlint.static.signals import Raised, Refine
from cnnlint.static.values import MISSING, ModelOutput, OutputStep, Site, Unknown, UnknownShape, Value
from cnnlint.static.wanted import INPUT_AXES

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter


def look_up(it: Interpreter, name: str, frame: Frame, site: Site) -> Value:
    """The value of a name: local, enclosing, of the file, builtin."""
    scope: Frame | None = frame
    while scope is not None:
        if name in scope.locals and (scope is frame or not scope.class_body):
            return scope.locals[name]
        if scope.class_body and scope is frame and scope.owner is not None and scope.owner.statement is not None:
            from cnnlint.static.classes import class_attribute

            found = class_attribute(it, scope.owner, name)
            if found is not MISSING:
                return found
        scope = scope.parent
    from cnnlint.static.imports import file_name

    found = file_name(it, frame.env, name)
    if found is not MISSING:
        return found
    if name in BUILTINS:
        return BUILTINS[name]
    if frame.env.index is not None and frame.env.index.scope.stars:
        return it.unknown(f"{name} may come from a star import that is not read", site)
    raise Raised(NameError, f"name {name!r} is not defined")


def assign(it: Interpreter, target: cst.CSTNode, value: Value, frame: Frame) -> None:
    """``target = value`` for any kind of target."""
    if type(target) is cst.Name:
        bind_name(it, target.value, value, frame)
        return
    match target:
        case cst.Attribute():
            from cnnlint.static.attributes import set_attribute

            owner = it.eval(target.value, frame)
            set_attribute(it, owner, target.attr.value, value, Site(frame.statement, target))
        case cst.Subscript():
            from cnnlint.static.subscripts import set_subscript

            set_subscript(it, target, value, frame)
        case cst.Tuple() | cst.List():
            _unpack(it, target, value, frame)
        case cst.StarredElement() | cst.Element():
            assign(it, target.value, value, frame)


def bind_name(it: Interpreter, name: str, value: Value, frame: Frame) -> None:
    """Bind a plain name in the scope it belongs to."""
    if name in frame.global_names:
        it.effect()
        it.set_item(frame.env.names, name, value)
        return
    if name in frame.nonlocal_names:
        scope = frame.parent
        while scope is not None:
            if name in scope.locals:
                it.effect()
                it.set_item(scope.locals, name, value)
                return
            scope = scope.parent
    if frame.level < it.trail.depth:
        it.trail.touch(frame.locals)
    frame.locals[name] = value


def _unpack(it: Interpreter, target: cst.Tuple | cst.List, value: Value, frame: Frame) -> None:
    from cnnlint.static.iteration import items_of

    elements = target.elements
    star = next((i for i, element in enumerate(elements) if isinstance(element, cst.StarredElement)), None)
    if isinstance(value, UnknownShape) and star is None and value.start + len(elements) in INPUT_AXES:
        raise Refine(value.index, INPUT_AXES[value.start + len(elements)], "float32")
    items = items_of(it, value)
    if items is None:
        why = value if isinstance(value, Unknown) else it.unknown("unpacked from a value whose items are not known")
        for index, element in enumerate(elements):
            if isinstance(value, ModelOutput) and star is None:
                step = OutputStep("item", index, Site(frame.statement, target))
                assign(it, element.value, value.then(step), frame)
                continue
            assign(it, element.value, Unknown(why.reason, Site(frame.statement, target)), frame)
        return
    short = len(items) < len(elements) - (star is not None)
    if short or (star is None and len(items) > len(elements)):
        raise Raised(ValueError, f"cannot unpack {len(items)} values into {len(elements)} names")
    if star is not None:
        behind = len(elements) - star - 1
        middle = items[star : len(items) - behind]
        items = [*items[:star], list(middle), *items[len(items) - behind :]]
    for element, item in zip(elements, items, strict=True):
        assign(it, element.value, item, frame)


def delete(it: Interpreter, target: cst.CSTNode, frame: Frame) -> None:
    """``del target``."""
    match target:
        case cst.Name(value=name):
            if name in frame.locals:
                it.trail.touch(frame.locals)
                del frame.locals[name]
        case cst.Attribute():
            from cnnlint.static.attributes import delete_attribute

            delete_attribute(it, it.eval(target.value, frame), target.attr.value, Site(frame.statement, target))
        case cst.Subscript():
            from cnnlint.static.subscripts import delete_subscript

            delete_subscript(it, target, frame)
        case cst.Tuple() | cst.List():
            for element in target.elements:
                delete(it, element.value, frame)
