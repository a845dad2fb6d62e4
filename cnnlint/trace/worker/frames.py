"""Where in the user's source something happens: the innermost frame that is not torch's, fvcore's or ours."""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any

import torch

Place = list[Any]
"""``[path, line, column, end line, end column]``: 1-based, columns in characters, end exclusive."""

_OURS = str(Path(__file__).resolve().parent)
_TORCH = str(Path(torch.__file__).resolve().parent) + os.sep
_LIBRARY = sysconfig.get_paths()["stdlib"] + os.sep
_INSTALLED = ("site-packages", "dist-packages")
_places: dict[tuple[CodeType, int], Place] = {}


def is_internal(path: str) -> bool:
    """Whether a code object's file is machinery (torch, fvcore, Python's own library) rather than the source of a
    model, the user's or an installed package's."""
    if path.startswith(("<", _TORCH, _OURS)) or f"{os.sep}fvcore{os.sep}" in path:
        return True
    return path.startswith(_LIBRARY) and not any(f"{os.sep}{name}{os.sep}" in path for name in _INSTALLED)


def here() -> Place | None:
    """The place in the user's code that led to this call."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_internal(frame.f_code.co_filename):
        frame = frame.f_back
    return None if frame is None else place(frame.f_code, frame.f_lasti, frame.f_lineno)


def construction(module: Any) -> Place | None:
    """The place whose call makes ``module``, asked from within its ``__init__``."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (is_internal(frame.f_code.co_filename) or _is_init_of(frame, module)):
        frame = frame.f_back
    return None if frame is None else place(frame.f_code, frame.f_lasti, frame.f_lineno)


def cut_from_container() -> bool:
    """Whether a module is being made because a container is sliced: ``self.layers[1:]`` builds a ``Sequential``."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_internal(frame.f_code.co_filename):
        if frame.f_code.co_name == "__getitem__":
            return True
        frame = frame.f_back
    return False


def _is_init_of(frame: FrameType, module: Any) -> bool:
    code = frame.f_code
    return code.co_argcount > 0 and frame.f_locals.get(code.co_varnames[0]) is module


def raised_at(trace: TracebackType | None) -> Place | None:
    """The innermost place of the user's code in a traceback."""
    found: Place | None = None
    while trace is not None:
        code = trace.tb_frame.f_code
        if not is_internal(code.co_filename):
            found = place(code, trace.tb_lasti, trace.tb_lineno)
        trace = trace.tb_next
    return found


def place(code: CodeType, instruction: int, line: int | None) -> Place:
    """The expression that ``instruction`` of ``code`` belongs to; the whole line on Pythons that do not tell."""
    key = (code, instruction)
    if key not in _places:
        _places[key] = _place(code, instruction, line or code.co_firstlineno)
    return _places[key]


def _place(code: CodeType, instruction: int, line: int) -> Place:
    path = code.co_filename
    if hasattr(code, "co_positions"):
        for number, (first, last, start, end) in enumerate(code.co_positions()):
            if number == instruction // 2:
                if None not in (first, last, start, end):
                    return [path, first, _column(path, first, start), last, _column(path, last, end)]
                break
    return [path, line, 1, line, 1 + len(linecache.getline(path, line).rstrip("\n"))]


def _column(path: str, line: Any, offset: Any) -> int:
    """Python counts columns in bytes of UTF-8."""
    text = linecache.getline(path, line).encode("utf-8", "surrogatepass")
    return 1 + len(text[:offset].decode("utf-8", "replace"))
