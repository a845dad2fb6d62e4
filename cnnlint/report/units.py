"""Columns as other programs count them. Ours are 1-based and count characters."""

from __future__ import annotations

from cnnlint.source.text import SourceText


def utf16(text: SourceText | None, line: int, column: int) -> int:
    """The number of UTF-16 code units before ``column``, as the language server protocol counts."""
    before = _before(text, line, column)
    return column - 1 if before is None else len(before.encode("utf-16-le", "surrogatepass")) // 2


def utf8(text: SourceText | None, line: int, column: int) -> int:
    """The 1-based column in UTF-8 bytes."""
    before = _before(text, line, column)
    return column if before is None else len(before.encode("utf-8", "surrogatepass")) + 1


def _before(text: SourceText | None, line: int, column: int) -> str | None:
    return None if text is None else text.line(line)[: column - 1]
