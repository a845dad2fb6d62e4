"""A rule's intents as edits of text. An intent that cannot be carried out safely gives no fix at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from cnnlint.findings import TextEdit, TextFix
from cnnlint.fix.arguments import remove_argument, set_argument, wrap_argument
from cnnlint.fix.building import build_each, build_once, wrap_value
from cnnlint.fix.callees import replace_callee, unwrap
from cnnlint.fix.lines import delete_line, insert_behind, insert_first, insert_line, move_first, unaugment
from cnnlint.fix.locate import Place, call_at, has_self, offsets, statement_at
from cnnlint.fix.spelling import spelled
from cnnlint.fix.textedits import replacing
from cnnlint.rule import (
    Applicability,
    BuildEach,
    BuildOnce,
    DeleteLine,
    Edit,
    Fix,
    InsertFirst,
    InsertLine,
    MoveFirst,
    RemoveArgument,
    ReplaceCallee,
    ReplaceSpan,
    SetArgument,
    Unaugment,
    Unwrap,
    WrapArgument,
    WrapValue,
)
from cnnlint.source.index import FileIndex

_LOADS_WEIGHTS = re.compile(r"load_state_dict|torch\.load\(|from_pretrained|load_file\(|pretrained\s*=\s*True")
_SELF = re.compile(r"self\.\w")
_TEXTS = ("text", "value", "before", "callee", "arguments")
"""The fields of intents that hold source texts."""


def text_fix(fix: Fix, index: FileIndex) -> TextFix | None:
    """The edits of ``index``'s file that carry out ``fix``, in order; ``None`` if one of its intents cannot be."""
    edits: list[TextEdit] = []
    for intent in fix.edits:
        found = _edits(intent, index) if intent.span.path == index.text.path else ()
        if not found:
            return None
        edits += found
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


def _edits(intent: Edit, index: FileIndex) -> Sequence[TextEdit]:
    """The changes that carry out one intent; none if it cannot be."""
    written = _as_imported(intent, index)
    match written:
        case None:
            return ()
        case MoveFirst(span=span):
            return move_first(index, span)
        case BuildOnce():
            return build_once(index, written)
        case _:
            edit = _edit(written, index)
            return () if edit is None else (edit,)


def _as_imported(intent: Edit, index: FileIndex) -> Edit | None:
    """The intent with torch's names as the file imports them."""
    texts = {name: text for name in _TEXTS if isinstance(text := getattr(intent, name, None), str)}
    if any(_SELF.match(text) for text in texts.values()) and not has_self(index, intent.span):
        return None
    written = {name: spelled(text, index) for name, text in texts.items()}
    return None if None in written.values() else replace(intent, **written)  # type: ignore[arg-type]


def _edit(intent: Edit, index: FileIndex) -> TextEdit | None:
    if isinstance(intent, ReplaceSpan):
        return replacing(index, *offsets(index, intent.span), intent.text)
    place = statement_at(index, intent.span)
    if place is None:
        return None
    match intent:
        case InsertLine(text=text, behind=behind):
            return insert_behind(place, text) if behind else insert_line(place, text)
        case InsertFirst(span=span, text=text):
            return insert_first(index, span, text)
        case DeleteLine():
            return delete_line(place)
        case ReplaceCallee():
            return replace_callee(place, intent)
        case Unwrap():
            return unwrap(place, intent)
        case Unaugment():
            return unaugment(place)
        case WrapValue():
            return wrap_value(place, intent)
        case BuildEach():
            return build_each(index, intent)
        case SetArgument() | WrapArgument() | RemoveArgument():
            return _change_call(place, intent)
        case _:
            return None


def _change_call(place: Place, intent: SetArgument | WrapArgument | RemoveArgument) -> TextEdit | None:
    found = call_at(place, intent.span)
    if found is None:
        return None
    match intent:
        case SetArgument():
            return set_argument(place.index, *found, intent)
        case WrapArgument():
            return wrap_argument(place.index, *found, intent)
        case RemoveArgument():
            return remove_argument(place.index, *found, intent)
