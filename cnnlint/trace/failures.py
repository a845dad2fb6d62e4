"""From what went wrong in a traced process to one clear error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cnnlint.trace.job import Job, TraceError

Place = tuple[str, int]

_FRAME = re.compile(r'File "(?P<path>[^"]+)", line (?P<line>\d+)')
_INSTALLED = re.compile(r"[/\\]((site|dist)-packages|python\d[\d.]*)[/\\]")
_NO_MEMORY = re.compile(r"can't allocate memory|not enough memory|out of memory", re.IGNORECASE)
_DEVICE = re.compile(r"\bCUDA\b|NVIDIA|\bcuda\b")


def failure(job: Job, kind: str, text: str, place: Place | None = None) -> TraceError:
    """The error for a model that did something we do not let pass: "net.py:Net does not end within 60 seconds"."""
    at = f" (at line {place[1]} of {Path(place[0]).name})" if place else ""
    path, line = place or (str(job.path), None)
    return TraceError(kind, f"{job.target} {text}{at}", path=path, line=line)


def raised(job: Job, facts: Mapping[str, Any]) -> TraceError:
    """The error for an exception of the user's code or of torch. ``facts`` hold what ran before it."""
    error = facts["error"]
    place = (error["at"][0], error["at"][1]) if error["at"] else None
    text = _first_lines(error["text"])
    message = f"{error['type']}: {text}" if error["type"] else text
    kind, what = "raises", f"raises {message}"
    if error["stage"] == "worker":
        too_large = error["type"] == "OSError" and "too large" in text.lower()
        kind, what = (
            ("output", "gives more results than allowed") if too_large else ("crash", f"cannot be traced: {message}")
        )
    elif not error["type"]:
        what = f"cannot be built: {text}" if error["stage"] == "build" else text
    elif error.get("exit"):
        kind, what = "exit", f"calls sys.exit({text})"
    elif error["type"] == "MemoryError" or _NO_MEMORY.search(text):
        kind, what = "memory", f"takes more memory than allowed: {message}"
    elif _DEVICE.search(text):
        what += "; a trace runs without graphics cards"
    found = failure(job, kind, f"{what}{_during(error['stage'])}", place)
    found.stage, found.error, found.facts = error["stage"], message, facts
    return found


def where_it_was(crash: Path, job: Job) -> Place | None:
    """The innermost line of the user's own folders in what faulthandler wrote down."""
    try:
        text = crash.read_text(errors="replace")
    except OSError:
        return None
    for match in _FRAME.finditer(text):
        path = Path(match["path"])
        own = any(folder in path.parents for folder in job.folders) and not _INSTALLED.search(match["path"])
        if path == job.path or own:
            return str(path), int(match["line"])
    return None


def _during(stage: str) -> str:
    words = {"build": " while it is built", "forward": " in its forward pass", "backward": " in its backward pass"}
    return words.get(stage, "")


def _first_lines(text: str) -> str:
    """Enough of a message to act on, in one line."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    joined = " ".join(lines[:3])
    return joined if len(joined) <= 400 else joined[:397] + "..."
