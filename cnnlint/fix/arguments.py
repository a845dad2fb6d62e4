"""Arguments of calls: set, wrapped, removed."""

from __future__ import annotations

import libcst

from cnnlint.findings import TextEdit
from cnnlint.fix.textedits import newline, replacing
from cnnlint.rule import RemoveArgument, SetArgument, WrapArgument
from cnnlint.source.index import FileIndex
from cnnlint.source.syntax import Syntax


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


def set_argument(index: FileIndex, call: libcst.Call, syntax: Syntax, intent: SetArgument) -> TextEdit | None:
    present = _argument(call, intent.name, intent.position)
    if present is not None:
        place = syntax.find(present.value)
        if place is not None and isinstance(present.value, libcst.Tuple) and present.value.lpar:
            text = index.text.text  # a tuple's brackets are its own
            place = text.rindex("(", 0, place[0]), text.index(")", place[1]) + 1
        return None if place is None else replacing(index, *place, intent.value)
    # With *args or **kwargs the argument may be given already.
    if _is_spread(call) or any(isinstance(argument.value, libcst.GeneratorExp) for argument in call.args):
        return None
    text = f"{intent.name}={intent.value}"
    if not call.args:
        place = syntax.find(call)
        return None if place is None else replacing(index, place[1] - 1, place[1] - 1, text)
    last = syntax.find(call.args[-1])
    if last is None:
        return None
    return replacing(index, last[1], last[1], _separator(index, last[0]) + text)


def _separator(index: FileIndex, last: int) -> str:
    """What to put before a new argument: a line of its own where the last argument has one."""
    line, column = index.text.place(last)
    before = index.text.line(line)[: column - 1]
    return f",{newline(index)}{before}" if not before.strip() else ", "


def wrap_argument(index: FileIndex, call: libcst.Call, syntax: Syntax, intent: WrapArgument) -> TextEdit | None:
    if intent.position >= len(call.args) or call.args[intent.position].star or call.args[intent.position].keyword:
        return None
    place = syntax.find(call.args[intent.position])
    if place is None:
        return None
    start, end = place
    return replacing(index, start, end, f"{intent.before}{index.text.text[start:end]}{intent.after}")


def remove_argument(index: FileIndex, call: libcst.Call, syntax: Syntax, intent: RemoveArgument) -> TextEdit | None:
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
    return replacing(index, start, end, "")
