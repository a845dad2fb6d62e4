"""Runs what a page of docs/ shows, and pastes what comes out.

    python tests/docs/refresh.py [PAGE...]

writes the pages anew (docs/questions.md by default). In a block marked ``console`` the lines that begin with ``$`` are
cnnlint commands, in one marked ``pycon`` those that begin with ``>>>`` and ``...`` are Python, with the names of the
page's blocks before; all other lines are replaced by what is printed. Commands run at the root of the repository.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
from collections.abc import Callable
from doctest import DocTestParser
from pathlib import Path
from typing import Any

from cnnlint.cli import run

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "docs" / "questions.md",)

_BLOCK = re.compile(r"^```(console|pycon)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def refreshed(text: str) -> str:
    """The page with what its blocks print now."""
    names: dict[str, Any] = {}
    writers: dict[str, Callable[[str], str]] = {"console": _console, "pycon": lambda body: _pycon(body, names)}
    with contextlib.chdir(ROOT):
        return _BLOCK.sub(lambda block: f"```{block[1]}\n{writers[block[1]](block[2])}```", text)


def _console(body: str) -> str:
    commands = [line for line in body.splitlines() if line.startswith("$ ")]
    return "".join(f"{command}\n{_printed(lambda: _command(command))}" for command in commands)  # noqa: B023 - run at once


def _command(line: str) -> None:
    program, *args = shlex.split(line.removeprefix("$ "))
    assert program == "cnnlint", line
    run(args)


def _pycon(body: str, names: dict[str, Any]) -> str:
    parts = []
    for example in DocTestParser().get_examples(body):
        first, *rest = example.source.splitlines()
        code = compile(example.source, "<page>", "single")
        parts += [f">>> {first}\n", *(f"... {line}\n" for line in rest)]
        parts.append(_printed(lambda: exec(code, names)))  # noqa: B023 - run at once
    return "".join(parts)


def _printed(work: Callable[[], object]) -> str:
    written = io.BytesIO()
    with (
        io.TextIOWrapper(written, encoding="utf-8", write_through=True) as out,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        work()
        return written.getvalue().decode()


def main() -> int:
    for page in map(Path, sys.argv[1:]) if sys.argv[1:] else PAGES:
        page.write_text(refreshed(page.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
