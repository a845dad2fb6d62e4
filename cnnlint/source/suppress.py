"""Comments that speak to cnnlint: what they silence, and the input sizes they give."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from cnnlint.graph.span import Span
from cnnlint.source.annotations import BadInput, InputNote, read_input
from cnnlint.source.comments import Comment, comments
from cnnlint.source.text import SourceText

_MAY_SPEAK: Final = re.compile(r"cnnlint\s*:|noqa", re.IGNORECASE)
_DIRECTIVE: Final = re.compile(r"#\s*cnnlint\s*:\s*(?P<word>[\w-]*)(?P<rest>[^#]*)")
_NOQA: Final = re.compile(r"#\s*noqa\b(?:\s*:\s*(?P<codes>[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*))?", re.IGNORECASE)
_BRACKETS: Final = re.compile(r"\s*\[(?P<selectors>[^\[\]]*)\]")
_BRACKETS_MEANT: Final = re.compile(r"\s*(?:\[|:|[A-Z]+[0-9]+\b)")
_CODE: Final = re.compile(r"[A-Z]+[0-9]+")
_WORD: Final = re.compile(r"[^\s,]+")
_SILENCING: Final = ("ignore", "ignore-file", "disable", "enable")
_END_OF_FILE: Final = 1 << 62


@dataclass(eq=False, slots=True)
class Selector:
    """One code, prefix or name inside a comment; ``used`` once it silenced a finding."""

    text: str
    span: Span
    last: int = _END_OF_FILE
    """The last line of a disabled region as far as this selector goes."""
    used: bool = False

    def fits(self, names: Collection[str]) -> bool:
        """Whether it names a rule that goes by ``names``: ``ALL``, one of them, or the beginning of a code."""
        upper = self.text.upper()
        if self.text in names or upper == "ALL":
            return True
        return any(name.startswith(upper) and _CODE.fullmatch(name) for name in names)


@dataclass(eq=False, slots=True)
class Suppression:
    """A comment that silences findings on the lines ``first`` to ``last``.

    ``kind`` is ``"ignore"``, ``"ignore-file"``, ``"disable"``, ``"enable"`` or ``"noqa"``; without ``selectors`` it
    speaks of every rule. ``span`` is the comment as far as it speaks to cnnlint.
    """

    kind: str
    selectors: tuple[Selector, ...]
    span: Span
    first: int
    last: int
    whole: bool = True
    used: bool = False

    def covers(self, line: int, end_line: int) -> bool:
        """Whether it speaks of a finding on these lines."""
        if self.whole:
            return self.first <= line <= self.last
        return self.first in (line, end_line)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell about a comment: where, which selectors (none: the whole comment), and the edit that mends
    it: ``edit`` is replaced by ``text``."""

    suppression: Suppression
    span: Span
    selectors: tuple[str, ...]
    edit: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class CommentProblem:
    """A comment that speaks to cnnlint but cannot be understood."""

    span: Span
    message: str


@dataclass
class Suppressions:
    """What the comments of one file say. ``inputs`` are its input annotations, ``problems`` what is malformed."""

    source: SourceText
    comments: list[Suppression] = field(default_factory=list)
    inputs: list[InputNote] = field(default_factory=list)
    problems: list[CommentProblem] = field(default_factory=list)

    def matches(self, codes_and_names: Collection[str], line: int, end_line: int) -> Suppression | None:
        """The comment that silences a finding of the rule with this code and name on these lines, marked as used."""
        for comment in self.comments:
            if comment.kind == "enable" or not comment.covers(line, end_line):
                continue
            fitting = [s for s in comment.selectors if line <= s.last and s.fits(codes_and_names)]
            if fitting or not comment.selectors:
                comment.used = True
                for selector in fitting:
                    selector.used = True
                return comment
        return None

    def unused(self, active: Collection[str] | None = None) -> Iterator[Notice]:
        """The comments that silenced nothing so far, or only some of what they name; ``noqa`` is left to its owners.

        Only what fits ``active``, the codes and names of the rules that ran, is judged, if that is given.
        """
        for comment in self.comments:
            if comment.kind == "noqa":
                continue
            idle = [s for s in comment.selectors if not s.used and (active is None or s.fits(active))]
            if idle or not (comment.selectors or comment.used):
                yield self._notice(comment, idle)

    def unknown(self, known_selectors: Collection[str]) -> Iterator[Notice]:
        """The selectors that are no code, prefix or name among ``known_selectors``; ``noqa`` is left out."""
        for comment in self.comments:
            if comment.kind != "noqa":
                for selector in comment.selectors:
                    if not selector.fits(known_selectors):
                        yield self._notice(comment, [selector])

    def _notice(self, comment: Suppression, selectors: Sequence[Selector]) -> Notice:
        names = tuple(selector.text for selector in selectors)
        kept = [selector.text for selector in comment.selectors if selector not in selectors]
        if kept:
            listed = Span(comment.span.path, *comment.selectors[0].span[1:3], *comment.selectors[-1].span[3:])
            span = selectors[0].span if len(selectors) == 1 else comment.span
            return Notice(comment, span, names, listed, ", ".join(kept))
        return Notice(comment, comment.span, names, self._whole_comment(comment.span))

    def _whole_comment(self, span: Span) -> Span:
        """The comment with the white space before it; with its line where it is all that stands there."""
        line = self.source.line(span.line)
        before = line[: span.column - 1].rstrip()
        if not before and not line[span.end_column - 1 :].strip():
            ended = span.line < len(self.source.line_starts)
            return Span(span.path, span.line, 1, *((span.line + 1, 1) if ended else (span.line, len(line) + 1)))
        return span._replace(column=len(before) + 1)


def suppressions(text: SourceText) -> Suppressions:
    """What the comments of a file say to cnnlint; a file without the word costs one search."""
    found = Suppressions(text)
    if _MAY_SPEAK.search(text.text):
        for comment in comments(text):
            _read(comment, found)
        _close_regions(found.comments)
    return found


def _read(comment: Comment, found: Suppressions) -> None:
    for match in _DIRECTIVE.finditer(comment.text):
        word, start, end = match["word"], match.start("rest"), len(comment.text[: match.end()].rstrip())
        span = _span(found, comment, match.start(), end)
        if word == "input":
            try:
                found.inputs.append(read_input(comment, start, end, span))
            except BadInput as bad:
                found.problems.append(CommentProblem(_span(found, comment, bad.start, bad.end), bad.message))
        elif word in _SILENCING:
            _silence(word, comment, start, end, span, found)
        else:
            expected = ", ".join((*_SILENCING, "input"))
            found.problems.append(CommentProblem(span, f"{word!r} is not one of {expected}"))
    if (noqa := _NOQA.search(comment.text)) and not comment.alone:
        selectors = _selectors(found, comment, *noqa.span("codes")) if noqa["codes"] else ()
        span = _span(found, comment, *noqa.span())
        found.comments.append(Suppression("noqa", selectors, span, comment.first, comment.last, comment.whole))


def _silence(kind: str, comment: Comment, start: int, end: int, span: Span, found: Suppressions) -> None:
    text = comment.text[:end]
    selectors: tuple[Selector, ...] = ()
    if text[start:].lstrip().startswith("["):
        brackets = _BRACKETS.match(text, start)
        selectors = _selectors(found, comment, *brackets.span("selectors")) if brackets else ()
    if not selectors and _BRACKETS_MEANT.match(text, start):
        message = f"{kind} needs codes or names in brackets, such as {kind}[CNN201]"
        found.problems.append(CommentProblem(span, message))
        return
    first, last, whole = comment.first, comment.last, comment.whole
    if kind == "ignore-file":
        first, last, whole = 1, _END_OF_FILE, True
    elif kind in ("disable", "enable"):
        first, last, whole = comment.line, _END_OF_FILE, True
    found.comments.append(Suppression(kind, selectors, span, first, last, whole))


def _selectors(found: Suppressions, comment: Comment, start: int, end: int) -> tuple[Selector, ...]:
    words = _WORD.finditer(comment.text, start, end)
    return tuple(Selector(word[0], _span(found, comment, *word.span())) for word in words)


def _span(found: Suppressions, comment: Comment, start: int, end: int) -> Span:
    """Where the text between two offsets of a comment stands."""
    column = comment.column
    return Span(found.source.path, comment.line, column + start, comment.line, column + end)


def _close_regions(comments_: Sequence[Suppression]) -> None:
    """Ends what is disabled where it is enabled again: ``enable`` ends all, ``enable[X]`` what ``X`` began."""
    open_: list[Suppression] = []
    for comment in comments_:
        if comment.kind == "disable":
            open_.append(comment)
        elif comment.kind == "enable" and not comment.selectors:
            comment.used = bool(open_)
            for region in open_:
                region.last = comment.first
            open_.clear()
        elif comment.kind == "enable":
            for selector in comment.selectors:
                _close(selector, comment.first, open_)


def _close(ending: Selector, line: int, open_: Sequence[Suppression]) -> None:
    for region in open_:
        for selector in region.selectors:
            if selector.text == ending.text and selector.last == _END_OF_FILE:
                selector.last = line
                ending.used = True
