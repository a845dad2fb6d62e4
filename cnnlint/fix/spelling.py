"""Torch's names as a file writes them."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import lru_cache

from cnnlint.source.index import FileIndex

_NAME = re.compile(r"\btorch(?:\.\w+)+")


def spelled(text: str, index: FileIndex) -> str | None:
    """``text`` with torch's full names as the file's imports give them: ``torch.nn.ReLU`` as ``nn.ReLU``; ``None`` if
    one of them is not imported."""
    if not _NAME.search(text):
        return text
    names = imported(index)
    found = {full: _spelled(full, names) for full in _NAME.findall(text)}
    return None if None in found.values() else _NAME.sub(lambda match: found[match[0]] or "", text)


def _spelled(full: str, names: Mapping[str, str]) -> str | None:
    """The shortest way to write a name."""
    ways = [
        f"{local}{full[len(path) :]}" for local, path in names.items() if full == path or full.startswith(f"{path}.")
    ]
    return min(ways, key=len, default=None)


@lru_cache(maxsize=8)
def imported(index: FileIndex) -> Mapping[str, str]:
    """What the names that a file's top level imports stand for: ``{"nn": "torch.nn", "F": "torch.nn.functional"}``."""
    found: dict[str, str] = {}
    for statement in index.scope.statements:
        match statement.node:
            case ast.Import(names=names):
                for alias in names:
                    top = alias.name.partition(".")[0]
                    found[alias.asname or top] = alias.name if alias.asname else top
            case ast.ImportFrom(module=str() as module, level=0, names=names):
                found |= {alias.asname or alias.name: f"{module}.{alias.name}" for alias in names}
    return found
