"""Carries edits out: on text, checked, and on files, at once or not at all."""

from __future__ import annotations

import ast
import os
import re
import shutil
import tempfile
import tokenize
import warnings
from collections.abc import Iterable, Sequence
from difflib import unified_diff
from io import BytesIO
from pathlib import Path

from cnnlint.findings import Finding, TextEdit, TextFix
from cnnlint.fix.intents import overlapping
from cnnlint.rule import Applicability
from cnnlint.source.text import SourceText

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def wanted(findings: Iterable[Finding], *, unsafe: bool) -> dict[str, list[TextFix]]:
    """The fixes to carry out, by path: the safe ones, and the unsafe ones if asked for."""
    allowed = {Applicability.SAFE, Applicability.UNSAFE} if unsafe else {Applicability.SAFE}
    found: dict[str, list[TextFix]] = {}
    for finding in findings:
        if finding.text_fix and finding.text_fix.applicability in allowed:
            found.setdefault(finding.path, []).append(finding.text_fix)
    return found


def fixed_text(text: SourceText, fixes: Sequence[TextFix]) -> tuple[str, int]:
    """The text with as many of ``fixes`` carried out as do not overlap and leave it valid, and how many those are.

    The earlier fix wins. Whatever would not parse any more is left out."""
    chosen: list[TextFix] = []
    for fix in fixes:
        if not overlapping(_merged([*chosen, fix])):
            chosen.append(fix)
    result = edited(text, _merged(chosen))
    if _parses(result):
        return result, len(chosen)
    kept: list[TextFix] = []
    for fix in chosen:
        if _parses(edited(text, _merged([*kept, fix]))):
            kept.append(fix)
    return edited(text, _merged(kept)), len(kept)


def _merged(fixes: Iterable[TextFix]) -> list[TextEdit]:
    """The edits of all ``fixes`` in order; two that insert the same text at the same place are one."""
    return sorted({edit for fix in fixes for edit in fix.edits})


def edited(text: SourceText, edits: Sequence[TextEdit]) -> str:
    """``text`` with sorted edits that do not overlap."""
    result = text.text
    for edit in reversed(edits):
        start, end = text.offset(edit.line, edit.column), text.offset(edit.end_line, edit.end_column)
        result = result[:start] + edit.text + result[end:]
    return result


def _parses(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def diff(text: SourceText, new: str) -> str:
    """The change as a unified diff, empty if there is none."""
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in unified_diff(
            _kept_lines(text.text), _kept_lines(new), fromfile=f"a/{text.path}", tofile=f"b/{text.path}"
        )
    )


def _kept_lines(text: str) -> list[str]:
    return _LINE.findall(text)


def write(path: Path, old: str, new: str) -> None:
    """Replaces the text of a file in one step, in its own encoding; permissions are kept, links are followed.

    Raises :class:`OSError`, also if the file no longer holds ``old``."""
    path = path.resolve()
    data = path.read_bytes()
    encoding, _ = tokenize.detect_encoding(BytesIO(data).readline)
    if data.decode(encoding) != old:
        raise OSError(f"{path} was changed meanwhile")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(new.encode(encoding))
        shutil.copymode(path, name)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
