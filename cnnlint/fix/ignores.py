"""Comments that silence findings, written into the text."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Sequence

from cnnlint.findings import Finding
from cnnlint.fix.locate import statement_at
from cnnlint.source.index import index_source
from cnnlint.source.suppress import suppressions
from cnnlint.source.text import SourceProblem, SourceText


def with_ignores(text: SourceText, findings: Sequence[Finding]) -> tuple[str, int]:
    """``text`` with a ``# cnnlint: ignore[...]`` for each finding, and how many findings that silences.

    The comment goes to the end of the line, or above the statement where the line cannot hold one (inside a string, in
    front of a line continuation). The program stays what it was."""
    by_line: dict[int, list[Finding]] = {}
    for finding in findings:
        by_line.setdefault(finding.line, []).append(finding)
    silenced = 0
    # From the bottom up, so that the lines above stay where they are.
    for _, group in sorted(by_line.items(), reverse=True):
        program = _program(text.text)
        for candidate, shift in _candidates(text, group):
            new = SourceText(text.path, candidate)
            if _program(candidate) == program and _silences(new, group, shift):
                text = new
                silenced += len(group)
                break
    return text.text, silenced


def _candidates(text: SourceText, group: Sequence[Finding]) -> Iterator[tuple[str, int]]:
    """The text with the comment at the end of the line, then above the statement; and by how much lines move."""
    comment = f"# cnnlint: ignore[{', '.join(sorted({finding.code for finding in group}))}]"
    line = group[0].line
    source = text.line(line)
    end = text.offset(line, len(source.rstrip()) + 1)
    yield f"{text.text[:end]}  {comment}{text.text[end:]}", 0
    try:
        place = statement_at(index_source(text), group[0].span)
    except SourceProblem:
        return
    if place is not None:
        first, column = text.place(place.start)
        indent = text.line(first)[: column - 1]
        start = text.offset(first, 1)
        newline = "\r\n" if "\r\n" in text.text else "\n"
        if not indent.strip():
            yield f"{text.text[:start]}{indent}{comment}{newline}{text.text[start:]}", 1


def _program(text: str) -> str | None:
    """The syntax tree as text, without places; ``None`` if there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.dump(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _silences(text: SourceText, group: Sequence[Finding], shift: int) -> bool:
    comments = suppressions(text)
    return all(
        comments.matches((finding.code, finding.name), finding.line + shift, finding.span.end_line + shift)
        for finding in group
    )
