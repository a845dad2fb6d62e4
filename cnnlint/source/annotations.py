"""Input annotations: ``# cnnlint: input=3x224x224`` on or above a class or function."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cnnlint.graph.shapes import InputShape, parse_shape
from cnnlint.graph.span import Span
from cnnlint.source.comments import Comment

_SHAPE: Final = re.compile(r"(?:[A-Za-z_]\w*\s*=\s*)?\d+(?:\s*[x×,]\s*\d+)*(?=[;\s]|$)")
_WORD: Final = re.compile(r"[^;\s]+")
_GAP: Final = re.compile(r"[;\s]*")
_LONGEST_SIZE: Final = 12
"""Digits; a longer number is a mistake, and costly to read."""


@dataclass(frozen=True, slots=True)
class InputNote:
    """The input shapes that a comment gives to the class or function whose ``class`` or ``def`` is on ``line``."""

    line: int
    shapes: tuple[InputShape, ...]
    span: Span


class BadInput(Exception):  # it becomes a finding about a comment, not a failure of the program
    """An annotation that cannot be understood: what is wrong, and between which offsets of the comment."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end


def read_input(comment: Comment, start: int, end: int, span: Span) -> InputNote:
    """The annotation whose text behind the word ``input`` stands between two offsets of the comment, which is at
    ``span``. Raises :class:`BadInput`."""
    text = comment.text
    equals = re.compile(r"\s*=\s*").match(text, start, end)
    if equals is None or equals.end() == end:
        raise BadInput("an input annotation needs a shape, such as input=3x224x224", start, end)
    if comment.definition is None:
        raise BadInput("an input annotation belongs on or above the line of a class or function", start, end)
    return InputNote(comment.definition, tuple(_shapes(text, equals.end(), end)), span)


def _shapes(text: str, at: int, end: int) -> Iterator[InputShape]:
    """The shapes between two offsets, separated by semicolons or spaces."""
    while at < end:
        match = _SHAPE.match(text, at, end)
        if match is None or re.search(rf"\d{{{_LONGEST_SIZE + 1}}}", match[0]):
            word = _WORD.match(text, at, end)
            stop = word.end() if word else end
            message = f"{text[at:stop]!r} is not a shape: expected sizes joined by x, such as 3x224x224"
            raise BadInput(message, at, stop)
        try:
            yield parse_shape(match[0])
        except ValueError as error:
            raise BadInput(str(error), at, match.end()) from None
        gap = _GAP.match(text, match.end(), end)
        at = gap.end() if gap else end
