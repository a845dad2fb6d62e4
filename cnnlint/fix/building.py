"""Constructions: what holds them is wrapped, each entry built for itself, or what is built anew kept."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import libcst

from cnnlint.findings import TextEdit
from cnnlint.fix.lines import append_line, local_names, names_in
from cnnlint.fix.locate import Place, expression_offsets, offsets, statement_at, statements_around
from cnnlint.fix.textedits import replacing
from cnnlint.graph.span import Span
from cnnlint.rule import BuildEach, BuildOnce, WrapValue
from cnnlint.source.index import FileIndex

_REPEATING = (
    ast.For, ast.While, ast.AsyncFor, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda,
)  # fmt: skip


def wrap_value(place: Place, intent: WrapValue) -> TextEdit | None:
    """The assigned value in a call."""
    match place.node:
        case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=ast.expr() as value):
            start, end = expression_offsets(place.index, value)
            text = place.index.text.text[start:end]
            if isinstance(value, ast.Tuple) and not _in_brackets(place):
                text = f"({text})"
            if intent.alone:
                if not _is_own_attribute(target):
                    return None
                start, end = place.start, place.end
            return replacing(place.index, start, end, f"{intent.before}{text}{intent.after}")
        case _:
            return None


def _is_own_attribute(target: ast.expr) -> bool:
    return isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self"


def _in_brackets(place: Place) -> bool:
    """Whether the assigned tuple has brackets of its own: ``(a, b)``, not ``(a), (b)``."""
    syntax = place.syntax()
    value = getattr(syntax.node, "value", None) if syntax is not None else None
    return isinstance(value, libcst.Tuple) and bool(value.lpar)


def build_each(index: FileIndex, intent: BuildEach) -> TextEdit | None:
    """``[f()] * n`` as ``[f() for _ in range(n)]``."""
    for span in (intent.span, intent.container):
        place = statement_at(index, span) if span is not None and span.path == index.text.path else None
        found = _multiplied(place, span) if place is not None and span is not None else None
        if found is not None:
            return found
    return None


def _multiplied(place: Place, span: Span) -> TextEdit | None:
    """A multiplied list around ``span``, or in it."""
    for node in ast.walk(place.node):
        match node:
            case (
                ast.BinOp(left=ast.List(elts=elements) as repeated, op=ast.Mult(), right=count)
                | ast.BinOp(left=count, op=ast.Mult(), right=ast.List(elts=elements) as repeated)
            ) if _holds(place.index, repeated, span) or _is_held(place.index, node, span):
                return _comprehension(place.index, node, repeated, elements, count)
    return None


def _holds(index: FileIndex, node: ast.expr, span: Span) -> bool:
    (start, end), (first, last) = expression_offsets(index, node), offsets(index, span)
    return start <= first and last <= end


def _is_held(index: FileIndex, node: ast.expr, span: Span) -> bool:
    (start, end), (first, last) = expression_offsets(index, node), offsets(index, span)
    return first <= start and end <= last


def _comprehension(
    index: FileIndex, whole: ast.BinOp, repeated: ast.List, elements: Sequence[ast.expr], count: ast.expr
) -> TextEdit | None:
    if any(isinstance(element, ast.Starred) for element in elements):
        return None
    text = index.text.text
    (start, end), (first, last) = expression_offsets(index, repeated), expression_offsets(index, count)
    inside, times = text[start + 1 : end - 1], text[first:last]
    if len(elements) == 1:
        behind = expression_offsets(index, elements[0])[1]
        rest = text[behind : end - 1].replace(",", "", 1)
        new = f"[{text[start + 1 : behind]} for _ in range({times}){rest}]"
    else:
        new = f"[layer for _ in range({times}) for layer in ({inside})]"
    return replacing(index, *expression_offsets(index, whole), new)


def build_once(index: FileIndex, intent: BuildOnce) -> Sequence[TextEdit]:
    """The expression at the end of ``__init__``, and the attribute in its place; nothing if it reads what only its
    function knows, or is evaluated several times there."""
    around = statements_around(index, intent.span)
    cls, function = _innermost(around, ast.ClassDef), _innermost(around, ast.FunctionDef)
    if cls is None or function is None or any(isinstance(each.node, _REPEATING) for each in around):
        return ()
    init = next((each for each in getattr(cls.node, "body", ()) if getattr(each, "name", "") == "__init__"), None)
    start, end = offsets(index, intent.span)
    text = index.text.text
    if not isinstance(init, ast.FunctionDef) or init is function.node or f".{intent.name}" in text[cls.start : cls.end]:
        return ()
    known = local_names(getattr(function.node, "body", ())) | _parameters(function.node)
    holders = [
        node for node in ast.walk(around[-1].node) if isinstance(node, ast.expr) and _holds(index, node, intent.span)
    ]
    if any(isinstance(each, _REPEATING) for each in holders):
        return ()
    if any(names_in(each) & known for each in holders if expression_offsets(index, each) == (start, end)):
        return ()
    kept = append_line(Place(index, init.body[-1], tuple(init.body)), f"self.{intent.name} = {text[start:end]}")
    return () if kept is None else (kept, replacing(index, start, end, f"self.{intent.name}"))


def _innermost(around: Sequence[Place], kind: type[ast.stmt]) -> Place | None:
    return next((each for each in reversed(around) if isinstance(each.node, kind)), None)


def _parameters(function: ast.stmt) -> set[str]:
    """The parameters of a method but for the first, which is the module in ``__init__`` too."""
    assert isinstance(function, ast.FunctionDef)
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args]
    rest = [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
    return {each.arg for each in (*named[1:], *arguments.kwonlyargs, *rest)}
