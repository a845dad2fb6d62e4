"""The comments of a file, real ones only, and the lines of code that each one concerns."""

from __future__ import annotations

import io
import tokenize
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from cnnlint.source.text import SourceText

_LAYOUT: Final = frozenset({tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER, tokenize.INDENT, tokenize.NL})
_DEFINITIONS: Final = frozenset({"async", "class", "def"})


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment and the code it concerns.

    ``line`` and ``column`` (1-based) are where it stands, ``alone`` whether nothing else stands on its line.
    ``first`` and ``last`` are the lines it concerns: the whole statement (of a compound one its header, decorators
    included) for a comment at the end of the statement's first or last line or alone above it, one physical line for
    one in its middle (``whole`` tells which). ``definition`` is the line of the ``class`` or ``def`` concerned.
    """

    text: str
    line: int
    column: int
    alone: bool
    first: int
    last: int
    whole: bool
    definition: int | None


@dataclass(slots=True)
class _Logical:
    """A logical line: its physical lines and its first word."""

    first: int
    word: str
    last: int = 0


@dataclass(slots=True)
class _Raw:
    text: str
    line: int
    column: int
    alone: bool
    code: int = 0


@dataclass(slots=True)
class _Scan:
    logical: list[_Logical] = field(default_factory=list)
    comments: list[_Raw] = field(default_factory=list)


def comments(source: SourceText) -> tuple[Comment, ...]:
    """All comments in source order; of a file that cannot be tokenized, those before the place where it breaks."""
    scan = _scan(source)
    starts = [line.first for line in scan.logical]
    return tuple(_attach(raw, scan.logical, bisect_right(starts, raw.code) - 1) for raw in scan.comments)


def _scan(source: SourceText) -> _Scan:
    scan = _Scan()
    current: _Logical | None = None
    waiting: list[_Raw] = []
    for token in _tokens(source.lines):
        row, column = token.start
        if token.type == tokenize.COMMENT:
            alone = not source.line(row)[:column].strip()
            raw = _Raw(token.string, row, column + 1, alone, 0 if alone else row)
            scan.comments.append(raw)
            if alone:
                waiting.append(raw)
        elif token.type == tokenize.NEWLINE:
            if current is not None:
                current.last = row
            current = None
        elif token.type not in _LAYOUT:
            for raw in waiting:
                raw.code = row
            waiting.clear()
            if current is None:
                current = _Logical(row, token.string)
                scan.logical.append(current)
            current.last = max(current.last, token.end[0])
    return scan


def _tokens(lines: Iterable[str]) -> Iterator[tokenize.TokenInfo]:
    # Line ends are evened out: a lone carriage return is one to Python's parser, not to this module.
    text = "".join(f"{line}\n" for line in lines)
    try:
        yield from tokenize.generate_tokens(io.StringIO(text, newline="").readline)
    except (tokenize.TokenError, SyntaxError):
        return


def _attach(raw: _Raw, logical: list[_Logical], at: int) -> Comment:
    if raw.code == 0 or at < 0:
        return Comment(raw.text, raw.line, raw.column, raw.alone, raw.line, raw.line, True, None)
    line = logical[at]
    last, definition = _header(logical, at)
    if raw.code == line.first or (not raw.alone and raw.code == line.last):
        return Comment(raw.text, raw.line, raw.column, raw.alone, line.first, last, True, definition)
    return Comment(raw.text, raw.line, raw.column, raw.alone, raw.code, raw.code, False, definition)


def _header(logical: list[_Logical], at: int) -> tuple[int, int | None]:
    """The last line of the statement's header and the line of its ``class`` or ``def``, behind any decorators."""
    end = at
    while logical[end].word == "@" and end + 1 < len(logical):
        end += 1
    header = logical[end]
    return header.last, header.first if header.word in _DEFINITIONS else None
