"""The whole command on a folder of ten model files, side by side with its floors.

    python benchmarks/folder.py [FOLDER] [--repeat 5] [--files 10]

Every line is a process of its own, measured in turns in the same run, so that the ratios hold on a busy machine:
Python alone, the imports, reading and parsing the files with ``ast`` and with libcst, the command (without and with
its cache, where it has one), and the version number. FOLDER is fixtures/models by default; its first ten files are
copied. Bytecode is kept between the processes, as it is of an installed package.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

READ = "import pathlib, sys; texts = [p.read_text() for p in sorted(pathlib.Path(sys.argv[1]).glob('*.py'))]\n"
PARSE_AST = READ + "import ast\nfor text in texts: ast.parse(text)\n"
PARSE_CST = READ + "import gc, libcst\ngc.disable()\nfor text in texts: libcst.parse_module(text)\n"


def environment(bytecode: str) -> dict[str, str]:
    """The environment of the commands: they may write bytecode, into a folder of their own."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": bytecode}


def commands(folder: str, cache: str) -> dict[str, list[str]]:
    """The command lines that are compared, by what they measure."""
    python = [sys.executable, "-c"]
    cnnlint = [sys.executable, "-m", "cnnlint"]
    check = [*cnnlint, "check", folder, "--isolated", "--exit-zero", "--output-format", "json"]
    options = subprocess.run([*cnnlint, "check", "--help"], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    if "--cache-dir" in options:
        cached = {
            "cnnlint check, no cache": [*check, "--no-cache"],
            "cnnlint check, cached": [*check, "--cache-dir", cache],
        }
    else:
        cached = {"cnnlint check": check}
    return {
        "python": [*python, "pass"],
        "import libcst": [*python, "import libcst"],
        "read, ast.parse": [*python, PARSE_AST, folder],
        "read, libcst.parse_module": [*python, PARSE_CST, folder],
        "cnnlint --version": [*cnnlint, "--version"],
        **cached,
    }


def measure(lines: dict[str, list[str]], repeat: int, env: dict[str, str]) -> dict[str, tuple[float, float]]:
    """The best wall and CPU seconds of each command, taken in turns; the first turn only warms up."""
    best = dict.fromkeys(lines, (float("inf"), float("inf")))
    for turn in range(repeat + 1):
        for name, command in lines.items():
            before, start = os.times(), time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=env)
            wall, after = time.perf_counter() - start, os.times()
            if done.returncode:
                raise SystemExit(f"{name}: exit status {done.returncode}\n{done.stderr[-2000:]}")
            cpu = after.children_user + after.children_system - before.children_user - before.children_system
            if turn:
                best[name] = (min(best[name][0], wall), min(best[name][1], cpu))
    return best


def main() -> int:
    parser = argparse.ArgumentParser(description="cnnlint on a folder of model files, with its floors.")
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "fixtures" / "models")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--files", type=int, default=10)
    options = parser.parse_args()
    files = sorted(options.folder.glob("*.py"))[: options.files]
    with tempfile.TemporaryDirectory() as work:
        copies = Path(work) / "models"
        copies.mkdir()
        for file in files:
            shutil.copy(file, copies)
        env = environment(str(Path(work) / "bytecode"))
        best = measure(commands(str(copies), str(Path(work) / "cache")), options.repeat, env)
    floor = best["read, libcst.parse_module"][0]
    print(f"{len(files)} files, {sum(file.stat().st_size for file in files) / 1000:.0f} kB; best of {options.repeat}")
    print(f"{'':28} {'wall s':>7} {'CPU s':>7} {'/ libcst floor':>15}")
    for name, (wall, cpu) in best.items():
        print(f"{name:28} {wall:7.3f} {cpu:7.3f} {wall / floor:15.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
