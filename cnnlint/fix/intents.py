"""A rule's intents as edits of text. An intent that cannot be carried out safely gives no fix at all."""

from __future__ import annotations

import re

import libcst

from cnnlint.findings import TextEdit, TextFix
from cnnlint.fix.locate import Place, call_at, offsets, statement_at
from cnnlint.rule import (
    Applicability,
    DeleteLine,
    Edit,
    Fix,
    InsertLine,
    RemoveArgument,
    ReplaceCallee,
    ReplaceSpan,
    SetArgument,
    WrapArgument,
)
from cnnlint.source.index import FileIndex
from cnnlint.source.syntax import Syntax

_LOADS_WEIGHTS = re.compile(r"load_state_dict|torch\.load\(|from_pretrained|load_file\(|pretrained\s*=\s*True")


def text_fix(fix: Fix, index: FileIndex) -> TextFix | None:
    """The edits of ``index``'s file that carry out ``fix``, in order; ``None`` if one of its intents cannot be."""
    edits: list[TextEdit] = []
    for intent in fix.edits:
        found = _edit(intent, index) if intent.span.path == index.text.path else None
        if found is None:
            return None
        edits.append(found)
    edits = sorted(set(edits))
    return TextFix(_applicability(fix, index), tuple(edits)) if edits and not overlapping(edits) else None


def _applicability(fix: Fix, index: FileIndex) -> Applicability:
    """A fix that takes parameters away is not safe where the file loads weights that hold them."""
    loads = fix.drops_parameters and _LOADS_WEIGHTS.search(index.text.text) is not None
    return Applicability.UNSAFE if loads and fix.applicability is Applicability.SAFE else fix.applicability


def overlapping(edits: list[TextEdit]) -> bool:
    """Whether two of the sorted ``edits`` touch the same text."""
    ends = [(edit.end_line, edit.end_column) for edit in edits]
    return any((edit.line, edit.column) < end for edit, end in zip(edits[1:], ends, strict=False))


def _edit(intent: Edit, index: FileIndex) -> TextEdit | None:
    if isinstance(intent, ReplaceSpan):
        return _replace(index, *offsets(index, intent.span), intent.text)
    place = statement_at(index, intent.span)
    if place is None:
        return None
    match intent:
        case InsertLine(text=text):
            return _insert_line(place, text)
        case DeleteLine():
            return _delete_line(place)
        case ReplaceCallee(callee=callee):
            return _replace_callee(place, intent, callee)
        case SetArgument():
            found = call_at(place, intent.span)
            return found and _set_argument(index, *found, intent)
        case WrapArgument():
            found = call_at(place, intent.span)
            return found and _wrap_argument(index, *found, intent)
        case RemoveArgument():
            found = call_at(place, intent.span)
            return found and _remove_argument(index, *found, intent)


def _replace(index: FileIndex, start: int, end: int, text: str) -> TextEdit:
    return TextEdit(*index.text.place(start), *index.text.place(end), text)


def _replace_callee(place: Place, intent: ReplaceCallee, callee: str) -> TextEdit | None:
    """The span may be that of the call, or that of its function alone. A callee such as ``.Identity`` keeps what stands
    before the last dot of the one that is there."""
    start, end = offsets(place.index, intent.span)
    found = call_at(place, intent.span)
    if found is not None:
        start, end = found[1].find(found[0].func) or (start, end)
    if callee.startswith("."):
        dot = place.index.text.text.rfind(".", start, end)
        if dot < 0:
            return None
        start = dot
    return _replace(place.index, start, end, callee)


# ---- arguments ---------------------------------------------------------------------------------------------


def _argument(call: libcst.Call, name: str, position: int | None) -> libcst.Arg | None:
    """The argument called ``name``, or the one at ``position``."""
    for number, argument in enumerate(call.args):
        if argument.keyword is not None and argument.keyword.value == name:
            return argument
        if number == position and argument.keyword is None and not argument.star:
            return argument
    return None


def _is_spread(call: libcst.Call) -> bool:
    return any(argument.star for argument in call.args)


def _set_argument(index: FileIndex, call: libcst.Call, syntax: Syntax, intent: SetArgument) -> TextEdit | None:
    present = _argument(call, intent.name, intent.position)
    if present is not None:
        place = syntax.find(present.value)
        return None if place is None else _replace(index, *place, intent.value)
    # With *args or **kwargs the argument may be given already.
    if _is_spread(call) or any(isinstance(argument.value, libcst.GeneratorExp) for argument in call.args):
        return None
    text = f"{intent.name}={intent.value}"
    if not call.args:
        place = syntax.find(call)
        return None if place is None else _replace(index, place[1] - 1, place[1] - 1, text)
    last = syntax.find(call.args[-1])
    if last is None:
        return None
    return _replace(index, last[1], last[1], _separator(index, last[0]) + text)


def _separator(index: FileIndex, last: int) -> str:
    """What to put before a new argument: a line of its own where the last argument has one."""
    line, column = index.text.place(last)
    before = index.text.line(line)[: column - 1]
    return f",{_newline(index)}{before}" if not before.strip() else ", "


def _wrap_argument(index: FileIndex, call: libcst.Call, syntax: Syntax, intent: WrapArgument) -> TextEdit | None:
    if intent.position >= len(call.args) or call.args[intent.position].star or call.args[intent.position].keyword:
        return None
    place = syntax.find(call.args[intent.position])
    if place is None:
        return None
    start, end = place
    return _replace(index, start, end, f"{intent.before}{index.text.text[start:end]}{intent.after}")


def _remove_argument(index: FileIndex, call: libcst.Call, syntax: Syntax, intent: RemoveArgument) -> TextEdit | None:
    present = _argument(call, intent.name, intent.position)
    places = [syntax.find(argument) for argument in call.args]
    if present is None or None in places:
        return None
    number = call.args.index(present)
    following = call.args[number + 1 :]
    if present.keyword is None and any(argument.keyword is None for argument in following):
        return None  # the arguments behind it would move up
    stretches = [place for place in places if place is not None]
    if following:
        start, end = stretches[number][0], stretches[number + 1][0]
    else:
        start, end = (stretches[number - 1][1] if number else stretches[number][0]), stretches[number][1]
    if "#" in index.text.text[start:end]:
        return None  # a comment would be lost
    return _replace(index, start, end, "")


# ---- lines ---------------------------------------------------------------------------------------------------


def _insert_line(place: Place, text: str) -> TextEdit | None:
    if not _stands_alone(place):
        return None
    line, column = place.index.text.place(place.start)
    indent = place.index.text.line(line)[: column - 1]
    return _replace(place.index, place.start, place.start, f"{text}{_newline(place.index)}{indent}")


def _delete_line(place: Place) -> TextEdit | None:
    if not _stands_alone(place):
        return None
    if len(place.block) == 1:
        return _replace(place.index, place.start, place.end, "pass")
    source = place.index.text
    _, column = source.place(place.start)
    last, end_column = source.place(place.end)
    comment = source.line(last).find("#", end_column - 1)
    if comment >= 0:
        return _replace(place.index, place.start, source.offset(last, comment + 1), "")
    starts = source.line_starts
    return _replace(place.index, place.start - column + 1, starts[last] if last < len(starts) else place.end, "")


def _stands_alone(place: Place) -> bool:
    """Whether nothing stands on the statement's lines before or behind it but a comment."""
    source = place.index.text
    line, column = source.place(place.start)
    last, end_column = source.place(place.end)
    behind = source.line(last)[end_column - 1 :]
    return not source.line(line)[: column - 1].strip() and re.fullmatch(r"\s*(#.*)?", behind) is not None


def _newline(index: FileIndex) -> str:
    """The line end that the file uses."""
    found = re.search(r"\r\n|\r|\n", index.text.text)
    return found[0] if found else "\n"
