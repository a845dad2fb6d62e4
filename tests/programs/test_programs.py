"""Whole programs: what torch runs is not reported as an error; where it raises, the very line is.

A file of ``sources/`` is a program that runs, followed by faults, each ``# fault: right -> wrong`` (``\\n`` is a new
line). The first occurrence is replaced, and torch says where the result raises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from program_oracle import errors, raises

FILES = sorted((Path(__file__).parent / "sources").glob("*.py"))
MARK = "# fault: "


def program(file: Path) -> str:
    text = file.read_text(encoding="utf-8")
    return text[: text.index(MARK)].rstrip("\n") + "\n" if MARK in text else text


def faults(file: Path) -> Iterator[tuple[str, str]]:
    """Right and wrong text of each fault."""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith(MARK):
            right, _, wrong = line.removeprefix(MARK).replace("\\n", "\n").partition(" ->")
            yield right, wrong.removeprefix(" ")


FAULTY = [(file, right, wrong) for file in FILES for right, wrong in faults(file)]


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_no_error_where_torch_runs(file: Path) -> None:
    assert raises(program(file)) is None
    assert errors(program(file)) == []


@pytest.mark.parametrize(
    ("file", "right", "wrong"), FAULTY, ids=[f"{file.stem}-{number}" for number, (file, _, _) in enumerate(FAULTY)]
)
def test_the_line_that_raises(file: Path, right: str, wrong: str) -> None:
    source = program(file)
    assert right in source
    source = source.replace(right, wrong, 1)
    raised = raises(source)
    assert raised is not None, "the fault is harmless"
    lines, said = raised
    found = [(finding.line, finding.message) for finding in errors(source)]
    assert any(line in lines for line, _ in found), f"torch at line {lines[0]}: {said}; cnnlint: {found}"
