"""Source text in place of what the files of a model hold: a fix is tried without being written."""

from __future__ import annotations

import linecache
import os
import tokenize
from collections.abc import Mapping
from importlib.machinery import SourceFileLoader
from types import CodeType
from typing import Any

_texts: dict[str, str] = {}


def substitute(texts: Mapping[str, str]) -> None:
    """From now on imports take these texts for the files at these paths. Compiled copies of them are passed over."""
    _texts.update({os.path.realpath(path): text for path, text in texts.items()})
    for path, text in texts.items():
        linecache.cache[path] = len(text), None, text.splitlines(keepends=True), path
    loader: Any = SourceFileLoader
    original = loader.get_code

    def get_code(self: SourceFileLoader, name: str) -> CodeType | None:
        text = _texts.get(os.path.realpath(self.path))
        code: CodeType | None = original(self, name) if text is None else self.source_to_code(text.encode(), self.path)
        return code

    loader.get_code = get_code


def source_of(path: str) -> str:
    """The text that stands for a file. Raises :class:`OSError` and :class:`SyntaxError` (its encoding)."""
    known = _texts.get(os.path.realpath(path))
    if known is not None:
        return known
    with tokenize.open(path) as file:
        return file.read()
