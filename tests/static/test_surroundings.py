"""What a program is run in is not known: nothing that hangs on it is a failure."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from cnnlint.source.imports import Project
from cnnlint.static import expressions, statements  # noqa: F401 - they register their handlers
from cnnlint.static.program import run_program

SILENT = {
    "a variable that must be set": "x = os.environ['DEVICE'] + '0'",
    "a variable without a default": "x = os.environ.get('GPUS').split(',')",
    "a variable of getenv": "x = os.getenv('GPUS').split(',')",
    "what is typed": "x = int(input('how many? ')) + 1",
    "an argument of the command line": "x = sys.argv[1].split(',')",
    "a machine without accelerators": "if not torch.cuda.is_available():\n    raise RuntimeError('needs a GPU')",
    "a machine without accelerators, asserted": "assert torch.cuda.is_available()",
    "a variable that is asked for": "if 'RANK' not in os.environ:\n    raise RuntimeError('run me under torchrun')",
    "a flag that keeps the answer": "gpu = torch.cuda.device_count() > 0\nif not gpu:\n    raise RuntimeError",
}
GOES_ON = {
    "nothing": "pass",
    "a usage message": "if len(sys.argv) < 2:\n    print('usage')\n    sys.exit(1)",
    "a variable that is set": "os.environ['CUDA_VISIBLE_DEVICES'] = '0'",
    "a variable with a default": "x = int(os.environ.get('WIDTH', '8')) + int(os.getenv('HEIGHT', '8'))",
    "a variable that may be there": "rank = int(os.environ['RANK']) if 'RANK' in os.environ else 0",
}
ENDS = {"sys.exit": "sys.exit()", "exit": "exit(0)", "quit": "quit()"}
FAILS = "\nx = torch.ones(2) + torch.ones(3)\n"


def fails(folder: Path, source: str) -> bool:
    path = folder / "program.py"
    path.write_text("import os, sys\nimport torch\n" + dedent(source), encoding="utf-8")
    return run_program(Project([folder]), path) is not None


@pytest.mark.parametrize("name", SILENT)
def test_nobody_knows(tmp_path: Path, name: str) -> None:
    assert not fails(tmp_path, SILENT[name])


@pytest.mark.parametrize("name", GOES_ON)
def test_the_program_goes_on(tmp_path: Path, name: str) -> None:
    assert fails(tmp_path, GOES_ON[name] + FAILS)


@pytest.mark.parametrize("name", ENDS)
def test_the_program_ends(tmp_path: Path, name: str) -> None:
    assert not fails(tmp_path, ENDS[name] + FAILS)


def test_what_one_program_sets_no_other_sees(tmp_path: Path) -> None:
    assert not fails(tmp_path, "os.environ['WIDTH'] = '3'")
    assert fails(tmp_path, "x = torch.ones(int(os.environ.get('WIDTH', '2'))) + torch.ones(3)")
