"""Files in which the faulty lines are marked: just those are found, each by the rule named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cnnlint import check_source

FILES = sorted((Path(__file__).parents[2] / "fixtures" / "rules").glob("*.py"))
_MARK = re.compile(r"# (error|warning|advice): (CNN\d{3}(?:, CNN\d{3})*)(?= #|$)")
_RULES = re.compile(r"# rules: (.+)")


def marks(text: str) -> set[tuple[int, str, str]]:
    """Line, severity and code of each mark."""
    return {
        (number, found[1], code)
        for number, line in enumerate(text.splitlines(), 1)
        for found in _MARK.finditer(line)
        for code in found[2].split(", ")
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_marked_lines(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    head = _RULES.match(text)
    assert head is not None, "the first line names the rules: # rules: CNN1, CNN301"
    found = check_source(text, str(path), select=head[1].split(", "), isolated=True)
    assert {(finding.line, str(finding.severity), finding.code) for finding in found} == marks(text)


def test_there_are_files() -> None:
    assert len(FILES) >= 5
