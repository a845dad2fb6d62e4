"""Calls of functions and methods: another one called, or none."""

from __future__ import annotations

import libcst

from cnnlint.findings import TextEdit
from cnnlint.fix.locate import Place, call_at, offsets
from cnnlint.fix.spelling import imported
from cnnlint.fix.textedits import replacing
from cnnlint.rule import ReplaceCallee, Unwrap
from cnnlint.source.syntax import Syntax

_ATOMS = (libcst.Attribute, libcst.Call, libcst.Name, libcst.Subscript)


def replace_callee(place: Place, intent: ReplaceCallee) -> TextEdit | None:
    """The span may be that of the call, or that of its function alone."""
    start, end = offsets(place.index, intent.span)
    text, callee, behind = place.index.text.text, intent.callee, end
    found = call_at(place, intent.span)
    if found is not None:
        start, behind = found[1].find(found[0].func) or (start, end)
    if intent.arguments is None:
        end = behind
    else:
        tensor = _tensor(place, *found) if found is not None else None
        if tensor is None or "#" in text[behind:end]:
            return None  # a function given its tensor by name, or a comment, would be lost
        first = f"{tensor[0]}, " if tensor[1] else ""
        callee = f"{callee}({first}{intent.arguments})"
    if callee.startswith("."):
        dot = text.rfind(".", start, behind)
        if dot < 0:
            return None
        start = dot
    return replacing(place.index, start, end, callee)


def unwrap(place: Place, intent: Unwrap) -> TextEdit | None:
    """The tensor that a call works on, in brackets where it is no plain expression."""
    start, end = offsets(place.index, intent.span)
    found = call_at(place, intent.span)
    tensor = _tensor(place, *found) if found is not None else None
    if tensor is None or "#" in place.index.text.text[start:end]:
        return None
    return replacing(place.index, start, end, tensor[0])


def _tensor(place: Place, call: libcst.Call, syntax: Syntax) -> tuple[str, bool] | None:
    """What a call works on as text, and whether that is the first argument of a function rather than an object."""
    func, node = call.func, None
    is_function = isinstance(func, libcst.Name) or _is_imported(place, func, syntax)
    if is_function and call.args and call.args[0].keyword is None and not call.args[0].star:
        node = call.args[0].value
    elif not is_function and isinstance(func, libcst.Attribute):
        node = func.value
    found = syntax.find(node) if node is not None else None
    if node is None or found is None:
        return None
    text = place.index.text.text[slice(*found)]
    return (text if isinstance(node, _ATOMS) else f"({text})"), is_function


def _is_imported(place: Place, func: libcst.BaseExpression, syntax: Syntax) -> bool:
    found = syntax.find(func.value) if isinstance(func, libcst.Attribute) else None
    return found is not None and place.index.text.text[slice(*found)].partition(".")[0] in imported(place.index)
