"""A fix as the text that a file would hold: it is run without being written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cnnlint.findings import TextEdit
from cnnlint.fix.apply import edited, fixed_text
from cnnlint.fix.intents import text_fix
from cnnlint.rule import Fix
from cnnlint.source.imports import Project
from cnnlint.source.paths import absolute


@dataclass(frozen=True, slots=True)
class Patch:
    """The file at ``path`` holds ``text`` after ``edits``."""

    path: Path
    text: str
    edits: tuple[TextEdit, ...]

    def moved(self, line: int) -> int:
        """The line of ``text`` that holds what stood at ``line``."""
        grown = (edit.text.count("\n") - (edit.end_line - edit.line) for edit in self.edits if edit.line < line)
        return line + sum(grown)


def patch_of(fix: Fix, project: Project) -> Patch | None:
    """``None`` where the fix cannot be carried out, or would leave no Python."""
    path = absolute(Path(fix.edits[0].span.path))
    index = project.load(path)
    found = text_fix(fix, index)
    if found is None or fixed_text(index.text, [found])[1] == 0:
        return None
    return Patch(path, edited(index.text, found.edits), found.edits)
