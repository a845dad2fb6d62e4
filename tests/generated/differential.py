"""Run the differential test by hand, with a count by verdict and by fault.

    python tests/generated/differential.py --count 2000 --seed 1 [--save FOLDER] [--only missed] [--torch-only]

Program ``N`` of seed ``S`` is ``S:N``; ``--show S:N`` prints it with what torch and cnnlint say. ``--save`` writes the
programs on which they disagree; one that shows a fault of cnnlint belongs into regressions/ once it is understood.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import torch
from programs.outcome import run
from programs.program import Program, generate


def programs(seed: int, count: int, start: int = 0) -> Iterator[Program]:
    for number in range(start, start + count):
        yield generate(f"{seed}:{number}")


def torch_only(options: argparse.Namespace) -> int:
    """What the generator makes, seen by torch alone."""
    planted: Counter[str] = Counter()
    raised: Counter[str] = Counter()
    unexpected = 0
    for program in programs(options.seed, options.count):
        outcome = run(program)
        kind = program.fault[0] if program.fault else "none"
        planted[kind] += 1
        raised[kind] += not outcome.runs
        if program.fault is None and not outcome.runs:
            unexpected += 1
            print(f"{program.seed}: line {outcome.places}: {outcome.message}")
    for kind, number in planted.most_common():
        print(f"{kind:18} {number:5} planted {raised[kind]:5} raise")
    print(f"{unexpected} raise without a planted fault")
    return 0


def differential(options: argparse.Namespace) -> int:
    from programs.verdict import as_regression, judge

    kinds: Counter[str] = Counter()
    seconds = {"torch": 0.0, "cnnlint": 0.0}
    with tempfile.TemporaryDirectory() as folder:
        for program in programs(options.seed, options.count):
            start = time.perf_counter()
            outcome = run(program)
            middle = time.perf_counter()
            verdict = judge(program, outcome, Path(folder))
            seconds["torch"] += middle - start
            seconds["cnnlint"] += time.perf_counter() - middle
            kinds[verdict.kind] += 1
            if verdict.agrees or (options.only and verdict.kind != options.only):
                continue
            print(f"{program.seed}: {verdict.kind}: {verdict.text} [planted: {program.fault}]")
            if options.save:
                options.save.mkdir(parents=True, exist_ok=True)
                name = f"{verdict.kind.replace(' ', '_')}_{program.seed.replace(':', '_')}.py"
                (options.save / name).write_text(as_regression(verdict), encoding="utf-8")
    print(dict(kinds.most_common()), {name: round(value, 1) for name, value in seconds.items()})
    return 0 if set(kinds) == {"agrees"} else 1


def show(seed: str) -> int:
    from programs.verdict import judge

    program = generate(seed)
    numbered = enumerate(program.source.splitlines(), start=1)
    print("\n".join(f"{number:4} {line}" for number, line in numbered))
    outcome = run(program)
    print(f"target {program.target}, inputs {program.inputs}, planted {program.fault}\n{outcome}")
    with tempfile.TemporaryDirectory() as folder:
        verdict = judge(program, outcome, Path(folder))
    print(f"{verdict.kind}: {verdict.text}")
    return 0 if verdict.agrees else 1


def main() -> int:
    parser = argparse.ArgumentParser(description="Random programs: cnnlint against torch.")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", type=Path)
    parser.add_argument("--only")
    parser.add_argument("--torch-only", action="store_true")
    parser.add_argument("--show")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.show:
        return show(options.show)
    return torch_only(options) if options.torch_only else differential(options)


if __name__ == "__main__":
    sys.exit(main())
