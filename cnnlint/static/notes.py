"""Input sizes that comments give: ``# cnnlint: input=3x224x224`` on or above a class or builder."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from cnnlint.source.suppress import suppressions

if TYPE_CHECKING:
    from cnnlint.source.annotations import InputNote
    from cnnlint.source.index import Statement
    from cnnlint.source.text import SourceText
    from cnnlint.static.running import Entry


def noted_input(entry: Entry) -> InputNote | None:
    """The comment that speaks of the entry's builder, or else of its class."""
    for statement in _statements(entry):
        notes = _notes(statement.file.text) if "cnnlint" in statement.file.text.text else ()
        for note in notes:
            if note.line == statement.line and note.shapes:
                return note
    return None


def _statements(entry: Entry) -> Iterator[Statement]:
    """The definitions that made the model, the nearest first."""
    if entry.site.statement.kind in ("class", "function"):
        yield entry.site.statement
    if entry.root.cls.statement is not None:
        yield entry.root.cls.statement


@lru_cache(maxsize=4)
def _notes(text: SourceText) -> tuple[InputNote, ...]:
    return tuple(suppressions(text).inputs)
