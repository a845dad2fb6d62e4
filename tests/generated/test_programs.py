"""The differential test: random programs under torch and under cnnlint.

``CNNLINT_PROGRAMS`` says how many (150 where it does not; CI takes 2,000), ``CNNLINT_SEED`` which ones; the run's
last lines print both. Every failure
names its program as SEED:NUMBER; ``python tests/generated/differential.py --show SEED:NUMBER`` shows it, and the
program is written to a file that can go into regressions/ as it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from programs.outcome import run
from programs.program import generate
from programs.verdict import Verdict, as_regression, judge

SEED = int(os.environ["CNNLINT_SEED"])
COUNT = int(os.environ["CNNLINT_PROGRAMS"])
BATCH = 25
"""Programs a test: few enough to spread evenly over processes."""


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    """The tensors are tiny; threads only cost."""
    torch.set_num_threads(1)


@pytest.mark.parametrize("start", range(0, COUNT, BATCH), ids=lambda start: f"{SEED}:{start}")
def test_cnnlint_agrees_with_torch(start: int, tmp_path: Path) -> None:
    verdicts = []
    for number in range(start, min(start + BATCH, COUNT)):
        program = generate(f"{SEED}:{number}")
        verdicts.append(judge(program, run(program), tmp_path))
    wrong = [verdict for verdict in verdicts if not verdict.agrees]
    assert not wrong, report(wrong, len(verdicts), tmp_path)


def report(wrong: list[Verdict], count: int, folder: Path) -> str:
    """What went wrong and what to do about it."""
    lines = [f"seed {SEED}: cnnlint and torch disagree on {len(wrong)} of {count} programs"]
    for verdict in wrong:
        name = f"{verdict.kind.replace(' ', '_')}_{verdict.program.seed.replace(':', '_')}.py"
        (folder / name).write_text(as_regression(verdict), encoding="utf-8")
        lines.append(f"{verdict.program.seed}: {verdict.kind}: {verdict.text}")
        lines.append(f"  once understood: cp {folder / name} tests/generated/regressions/")
    return "\n".join(lines)


def test_most_faults_make_torch_raise_and_no_correct_program_does() -> None:
    """The generator itself: it would be worthless if its faults were harmless or its correct programs wrong."""
    correct = [generate(f"{SEED}:{number}", faulty=False) for number in range(40)]
    faulty = [generate(f"{SEED}:{number}", faulty=True) for number in range(40)]
    assert [program.seed for program in correct if not run(program).runs] == []
    assert sum(not run(program).runs for program in faulty) >= 28


def test_a_seed_always_gives_the_same_program() -> None:
    assert generate(f"{SEED}:7") == generate(f"{SEED}:7")
    assert generate(f"{SEED}:7", faulty=False).source != generate(f"{SEED}:8", faulty=False).source
