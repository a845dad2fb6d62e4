"""However cnnlint ends, the traced process ends with it and takes away what it and the model left."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from making_jobs import write

from cnnlint.trace.worker import descendants

PATIENCE = 120.0

# A model that leaves a daemon and then does not end; that it runs is seen by a file.
ENDLESS = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x):
            import os, time
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    time.sleep(1000)
                os._exit(0)
            open(os.environ["RUNNING"], "w").close()
            while True:
                pass

    if __name__ == "__main__":
        Net()(torch.randn(1, 3, 8, 8))
"""
COMMANDS = {"trace": ["trace", "net.py"], "check": ["check", "--trace", "net.py"]}


def _until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def _as_on_a_terminal() -> None:
    """What runs these tests may ignore signals, as jobs in the background do, and processes inherit that."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def _cnnlint(folder: Path, command: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], str, Path]]:
    """cnnlint at work, the mark that all its processes carry, and the folder for temporary files."""
    mark, temporary = f"CNNLINT_TEST={secrets.token_hex(8)}", folder / "temporary"
    temporary.mkdir()
    name, _, value = mark.partition("=")
    environment = {**os.environ, name: value, "TMPDIR": str(temporary), "RUNNING": str(folder / "running")}
    process = subprocess.Popen(
        [sys.executable, "-m", "cnnlint", *command, "--isolated"], cwd=folder, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=_as_on_a_terminal,
    )  # fmt: skip
    try:
        yield process, mark, temporary
    finally:
        descendants.end_marked(mark, set())
        process.communicate()


def _nothing_is_left(mark: str, temporary: Path) -> None:
    _until(lambda: not descendants.marked(mark), "a process is left")
    _until(lambda: not list(temporary.iterdir()), f"left: {list(temporary.rglob(chr(42)))[:9]}")


@pytest.mark.parametrize(
    ("command", "number"),
    [
        ("trace", signal.SIGINT), ("trace", signal.SIGTERM), ("trace", signal.SIGHUP), ("trace", signal.SIGKILL),
        ("check", signal.SIGINT), ("check", signal.SIGKILL),
    ],
)  # fmt: skip
def test_a_signal_while_a_model_runs(command: str, number: signal.Signals, tmp_path: Path) -> None:
    write(tmp_path, ENDLESS)
    with _cnnlint(tmp_path, COMMANDS[command]) as (process, mark, temporary):
        _until((tmp_path / "running").exists, "the model does not run")
        assert list(temporary.iterdir())
        process.send_signal(number)
        assert process.wait(PATIENCE) in (-number, 130)
        _nothing_is_left(mark, temporary)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["net.py", "running", "temporary"]


def test_a_signal_while_the_traced_process_starts(tmp_path: Path) -> None:
    write(tmp_path, ENDLESS)
    with _cnnlint(tmp_path, COMMANDS["trace"]) as (process, mark, temporary):
        _until(lambda: bool(list(temporary.iterdir())), "the traced process does not start")
        process.kill()
        _nothing_is_left(mark, temporary)
    assert not (tmp_path / "running").exists()


def test_a_job_ends_with_the_process_that_forked_it(tmp_path: Path) -> None:
    """Where all but the job are killed at once, nobody is left to end it: the kernel does."""
    source = ENDLESS.replace("if os.fork() == 0:", "if False:")
    write(tmp_path, source)
    with _cnnlint(tmp_path, COMMANDS["trace"]) as (process, mark, _):
        _until((tmp_path / "running").exists, "the model does not run")
        (server,) = [pid for pid in descendants.marked(mark) if descendants.parent(pid) == process.pid]
        descendants.kill({process.pid, server})
        _until(lambda: not descendants.marked(mark), "a process is left")
