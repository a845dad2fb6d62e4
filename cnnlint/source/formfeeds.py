"""Form feeds: to Python, white space that starts the column count anew; libcst 1.9 drops them or trips on them."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

_STRING: Final = r"(\"{3}|'{3})(?:\\.|(?!\1).)*\1|\"(?:\\.|[^\"\\\r\n])*\"|'(?:\\.|[^'\\\r\n])*'"
_FORM_FEED: Final = re.compile(rf"(?s:{_STRING})|#[^\r\n]*|(?P<lead>(?<![^\r\n])[ \t\f]*\f)|(?P<feed>\f)")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Code without its form feeds (those in strings and comments stay), and how its offsets lead back.

    ``cuts`` are the offsets in ``code`` at which text is missing, ``missing`` how much is up to each."""

    code: str
    cuts: tuple[int, ...] = ()
    missing: tuple[int, ...] = (0,)

    def original(self, offset: int) -> int:
        """The offset in the text before cleaning."""
        return offset + self.missing[bisect_right(self.cuts, offset)] if self.cuts else offset


def without_form_feeds(code: str) -> Cleaned:
    """The code as libcst can read it: a form feed in a line's indentation goes with what stands before it, any other
    becomes a space."""
    if "\f" not in code:
        return Cleaned(code)
    lengths: list[int] = []
    cuts: list[int] = []

    def clean(match: re.Match[str]) -> str:
        if match["feed"]:
            return " "
        if match["lead"] is None:
            return match[0]
        cuts.append(match.start() - sum(lengths))
        lengths.append(len(match[0]))
        return ""

    cleaned = _FORM_FEED.sub(clean, code)
    return Cleaned(cleaned, tuple(cuts), (0, *accumulate(lengths)))
