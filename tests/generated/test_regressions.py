"""Programs on which cnnlint once disagreed with torch."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs.outcome import run
from programs.verdict import from_regression, judge

FILES = sorted((Path(__file__).parent / "regressions").glob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_stays_fixed(file: Path, tmp_path: Path) -> None:
    program = from_regression(file)
    verdict = judge(program, run(program), tmp_path)
    assert verdict.agrees, f"{verdict.kind}: {verdict.text}"
