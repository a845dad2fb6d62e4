"""Broken files never crash, hang or fill memory. ``python benchmarks/mutations.py`` runs the long sweep."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from mutants import fixtures, mutate
from mutations import run

SEED, COUNT, BATCH = 7, 250, 50


@pytest.mark.parametrize("start", range(0, COUNT, BATCH))
def test_a_mutant_is_survived(start: int) -> None:
    results = run([f"{SEED}:{number}" for number in range(start, start + BATCH)], jobs=1)
    failed = [f"{result.seed}: {result.problem}\n{result.detail}" for result in results if result.problem]
    assert not failed, "\n".join([f"{len(failed)} of {BATCH}; python benchmarks/mutations.py --show SEED", *failed])


def test_a_seed_always_gives_the_same_mutant() -> None:
    assert mutate("1:1") == mutate("1:1")


def test_mutants_differ_from_their_file() -> None:
    originals = dict(fixtures())
    mutants = [mutate(f"{SEED}:{number}") for number in range(100)]
    assert sum(mutant.text != originals[mutant.origin] for mutant in mutants) >= 90
