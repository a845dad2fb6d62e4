"""What the rules cost beside the graphs they read.

    python benchmarks/catalogue.py FOLDER [--input 3x224x224] [--repeat 3] [--rules 10]

FOLDER holds the source to read (torchvision/models, of an unzipped torchvision). Every file's graphs are built, and all
rules are run on them, in turns in the same process, so that the ratio holds on a busy machine. Shown are the CPU
seconds of both, the best of the repeats, their ratio, and the dearest rules. A query that several rules share is paid
for by the first of them.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from cnnlint import registry
from cnnlint.graph.shapes import InputShape, parse_shape
from cnnlint.lint.gather import gather, gather_scripts, reads_scripts
from cnnlint.rule import Rule
from cnnlint.source.imports import Project
from cnnlint.static.reader import Reader, ReadOptions


def measure(folder: Path, rules: Sequence[Rule], inputs: tuple[InputShape, ...]) -> tuple[float, Counter[str]]:
    """CPU seconds of building the graphs of all files below ``folder``, and of each rule on them."""
    reader = Reader(Project([folder.parents[1]]), options=ReadOptions(inputs=inputs, symbolic_batch=True))
    building, spent = 0.0, Counter[str]()
    for path in sorted(folder.rglob("*.py")):
        start = time.process_time()
        reading = reader.read_file(path, scripts=reads_scripts(rules))
        building += time.process_time() - start
        for rule in rules:
            start = time.process_time()
            _, failed = gather(reading.graphs, [rule], str(path))
            _, broken = gather_scripts(reading.scripts, [rule], str(path))
            spent[f"{rule.code} {rule.name}"] += time.process_time() - start
            assert not failed, failed
            assert not broken, broken
    return building, spent


def main() -> int:
    parser = argparse.ArgumentParser(description="What the rules cost beside the graphs they read.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--input", type=parse_shape, action="append", default=[], help="as of cnnlint check")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--rules", type=int, default=10, help="how many of the dearest rules to show")
    options = parser.parse_args()
    rules = [rule() for rule in registry.load().rules.values()]
    gc.disable()  # collections would be charged to whoever runs when they start
    runs = []
    for _ in range(options.repeat):
        runs.append(measure(options.folder.resolve(), rules, tuple(options.input)))
        gc.collect()
    building = min(built for built, _ in runs)
    spent = min((each for _, each in runs), key=Counter.total)
    print(f"graphs  {building:7.2f} s CPU")
    print(f"rules   {spent.total():7.2f} s CPU  {spent.total() / building:.1%} of the graphs")
    for name, seconds in spent.most_common(options.rules):
        print(f"  {seconds:6.3f}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
