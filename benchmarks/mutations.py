"""Feeds randomly broken fixture files to cnnlint and reports crashes, hangs and memory.

    python benchmarks/mutations.py [--count 10000] [--seed 1] [--jobs 2] [--save FOLDER]

Each file of fixtures/ is mutated one to three times (lines deleted, doubled or swapped, tokens swapped or replaced,
numbers changed, text cut at any byte, junk inserted) and checked in a worker process that may use 5 s of CPU time and
1 GB of memory. Mutation ``N`` of seed ``S`` is ``S:N``; ``--show S:N`` prints it. Exit status 1 where one failed.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mutants import mutate

SECONDS = 5
MEMORY = 1 << 30
WALL = 120
"""Seconds after which a worker that neither answers nor uses its CPU time is given up."""


# ---- the worker -----------------------------------------------------------------------------------------------------


def worker() -> int:
    """Reads seeds from standard input, a line each; answers each with a line of JSON.

    CPU time that runs out dumps the stack on standard error and ends the process."""
    import cnnlint

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    faulthandler.enable()
    faulthandler.register(signal.SIGPROF, chain=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mutant.py"
        for seed in sys.stdin:
            path.write_bytes(mutate(seed.strip()).text)
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            start = time.process_time()
            crash = None
            try:
                report = cnnlint.check([path])
            except BaseException:  # noqa: BLE001  (anything that leaves check() is what this looks for)
                crash = traceback.format_exc()
            signal.setitimer(signal.ITIMER_PROF, 0)
            answer = {
                "crash": crash or _internal(report),
                "seconds": time.process_time() - start,
                "kilobytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
            }
            print(json.dumps(answer), flush=True)
    return 0


def _internal(report: object) -> str | None:
    """A diagnostic that says that cnnlint itself failed."""
    kinds = [d for d in report.to_dict()["diagnostics"] if "internal" in d["kind"]]  # type: ignore[attr-defined]  # a Report
    return json.dumps(kinds) if kinds else None


# ---- the sweep ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    """``problem`` is empty, ``crash``, ``hang`` or ``killed``."""

    seed: str
    problem: str = ""
    detail: str = ""
    seconds: float = 0.0
    kilobytes: int = 0


def sweep(seeds: Iterable[str]) -> Iterator[Result]:
    """Checks the mutants of ``seeds``, in one worker that is replaced when it dies."""
    process: subprocess.Popen[str] | None = None
    with tempfile.TemporaryFile("w+") as errors:
        try:
            for seed in seeds:
                if process is None:
                    errors.seek(0)
                    errors.truncate()
                    process = _start(errors)
                result = _ask(process, seed, errors)
                if result.problem in ("hang", "killed"):
                    process.kill()
                    process.wait()
                    process = None
                yield result
        finally:
            if process is not None:
                process.kill()
                process.wait()


def _start(errors: IO[str]) -> subprocess.Popen[str]:
    command = [sys.executable, str(Path(__file__).resolve()), "--worker"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)


def _ask(process: subprocess.Popen[str], seed: str, errors: IO[str]) -> Result:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(seed + "\n")
    process.stdin.flush()
    with ThreadPoolExecutor(1) as pool:
        line = pool.submit(process.stdout.readline)
        try:
            text = line.result(timeout=WALL)
        except TimeoutError:
            process.kill()  # ends the thread's read as well
            return Result(seed, "hang", f"no answer in {WALL} s of wall time")
    if text:
        answer = json.loads(text)
        return Result(
            seed, "crash" if answer["crash"] else "", answer["crash"] or "", answer["seconds"], answer["kilobytes"]
        )
    status = process.wait()
    errors.seek(0)
    return Result(
        seed, "hang" if status == -signal.SIGPROF else "killed", f"exit status {status}\n{errors.read()[-3000:]}"
    )


def run(seeds: list[str], jobs: int) -> Iterator[Result]:
    """Checks the mutants of ``seeds`` in ``jobs`` workers."""
    with ThreadPoolExecutor(jobs) as pool:
        parts = pool.map(lambda part: list(sweep(part)), [seeds[i : i + 100] for i in range(0, len(seeds), 100)])
        for part in parts:
            yield from part


def main() -> int:
    parser = argparse.ArgumentParser(description="Random mutations of the fixture files.")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--save", type=Path, help="folder for the mutants that fail")
    parser.add_argument("--show")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return worker()
    if options.show:
        sys.stdout.buffer.write(mutate(options.show).text)
        return 0
    counts: Counter[str] = Counter()
    slowest, largest = Result(""), Result("")
    for result in run([f"{options.seed}:{number}" for number in range(options.count)], options.jobs):
        counts[result.problem or "fine"] += 1
        slowest = max(slowest, result, key=lambda r: r.seconds)
        largest = max(largest, result, key=lambda r: r.kilobytes)
        if result.problem:
            mutant = mutate(result.seed)
            print(f"{result.seed}: {result.problem} ({mutant.origin}: {', '.join(mutant.steps)})\n{result.detail}")
            if options.save:
                options.save.mkdir(parents=True, exist_ok=True)
                (options.save / f"{result.problem}_{result.seed.replace(':', '_')}.py").write_bytes(mutant.text)
    print(f"{dict(counts)}; slowest {slowest.seconds:.2f} s CPU ({slowest.seed})", end="; ")
    print(f"largest {largest.kilobytes / 1024:.0f} MB")
    return 0 if set(counts) == {"fine"} else 1


if __name__ == "__main__":
    sys.exit(main())
