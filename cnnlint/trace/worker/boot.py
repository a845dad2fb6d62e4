"""What the chosen interpreter is given as ``python -c``: it unpacks the worker beside itself and serves.

Arguments: the descriptor of a file that holds the worker's modules as JSON, and the folder to make for them. That this
process makes the folder means that the one which outlives the other can always take it away.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    # Before anything else is imported: a json.py in the working folder must not stand in for Python's.
    sys.path[:] = [entry for entry in sys.path if entry]

import json
import os
from importlib import import_module
from pathlib import Path

_PACKAGE = "cnnlint_trace_worker"


def main(source: int, folder: Path) -> None:
    """Unpack the worker into ``folder`` and serve jobs until standard input ends."""
    with os.fdopen(source, encoding="utf-8") as file:
        modules = json.load(file)
    package = folder / _PACKAGE
    folder.mkdir(0o700)
    package.mkdir()
    for name, text in modules.items():
        (package / name).write_text(text, encoding="utf-8")
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    import_module(f"{_PACKAGE}.server").serve(folder)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
