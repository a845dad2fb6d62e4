"""Changes of a file's text by offsets."""

from __future__ import annotations

import re

from cnnlint.findings import TextEdit
from cnnlint.source.index import FileIndex


def replacing(index: FileIndex, start: int, end: int, text: str) -> TextEdit:
    """``text`` in place of what stands between two offsets."""
    return TextEdit(*index.text.place(start), *index.text.place(end), text)


def newline(index: FileIndex) -> str:
    """The line end that the file uses."""
    found = re.search(r"\r\n|\r|\n", index.text.text)
    return found[0] if found else "\n"
