"""The processes that a traced model leaves: found by descent and by a mark in their environment (Linux)."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

_PROC = Path("/proc")
_PATIENCE = 5.0


def descendants(root: int) -> set[int]:
    """``root`` and all processes below it, those that changed their group or session too; ``{root}`` where there is
    no ``/proc``."""
    children: dict[int, list[int]] = {}
    for pid in _pids():
        above = parent(pid)
        if above is not None:
            children.setdefault(above, []).append(pid)
    found, waiting = {root}, [root]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found


def marked(mark: str) -> set[int]:
    """The processes that were started with ``mark`` in their environment, whoever is their parent by now."""
    wanted = mark.encode()
    found = set()
    for pid in _pids():
        try:
            if wanted in (_PROC / str(pid) / "environ").read_bytes():
                found.add(pid)
        except OSError:
            continue  # gone, or somebody else's
    return found


def end_marked(mark: str, spared: set[int]) -> None:
    """End the processes with ``mark`` but for those ``spared``, and wait until they are gone."""
    deadline = time.monotonic() + _PATIENCE
    while (left := marked(mark) - spared) and time.monotonic() < deadline:
        kill(left)
        time.sleep(0.01)


def memory(pids: set[int]) -> int:
    """Resident bytes of the processes together; pages that they share count once for each."""
    page = os.sysconf("SC_PAGE_SIZE")
    total = 0
    for pid in pids:
        try:
            fields = (_PROC / str(pid) / "statm").read_text().split()
        except OSError:
            continue
        total += (int(fields[1]) - int(fields[2])) * page
    return total


def kill(pids: set[int]) -> None:
    """End processes by their ids; those that are gone already are passed over."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def kill_group(group: int) -> None:
    """End a process group, if it still exists."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _pids() -> list[int]:
    try:
        return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdecimal()]
    except OSError:
        return []


def parent(pid: int) -> int | None:
    """The process that a process was started by, or was handed to; ``None`` where that cannot be told."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The command's name stands in parentheses and may hold any character.
    return int(text.rpartition(")")[2].split()[1])
