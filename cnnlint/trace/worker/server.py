"""Takes jobs as JSON lines on standard input; each runs in a fork of this process, which never runs user code itself.

Lines on standard output: ``{"ready": {...}}`` once, then for each job ``{"started": pid}`` and ``{"ended": status}``
(negative for a signal). A job's answer is written to the file that the job names.

Standard input ends when the caller does, however it ends: the running job is killed then, with everything that any job
left, and the folder is taken away.
"""

from __future__ import annotations

import faulthandler
import json
import os
import select
import shutil
import signal
import sys
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .descendants import end_marked, kill, kill_group

MARK = "CNNLINT_TRACE"
"""The environment variable that tells the processes of one caller from all others."""

_POLL = 0.02
_PR_SET_PDEATHSIG = 1  # of <linux/prctl.h>


class _CallerGone(Exception):
    """Nobody waits for the answer any more."""


def serve(folder: Path) -> None:
    """Serve until standard input ends; then no process of a job is left, nor ``folder``, which holds this source."""
    commands, answers = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    try:
        _tell(answers, {"ready": _versions()})
        for line in _lines(commands):
            _run(json.loads(line), commands, answers)
    except (_CallerGone, BrokenPipeError):
        pass
    finally:
        end_marked(f"{MARK}={os.environ[MARK]}", {os.getpid()})
        os.chdir(os.sep)
        shutil.rmtree(folder, ignore_errors=True)


def _lines(commands: int) -> Iterator[bytes]:
    buffer = b""
    while chunk := os.read(commands, 65536):
        *lines, buffer = (buffer + chunk).split(b"\n")
        yield from lines


def _versions() -> dict[str, Any]:
    """Imports what jobs need before they are forked, so that each does not pay for it again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # importing fvcore.nn calls torch.jit.script, which warns
        try:
            import torch
        except ImportError as error:
            return {"torch": None, "problem": str(error)}
        try:
            from .warming import warm_up

            warm_up()
        except Exception as error:  # noqa: BLE001 - without fvcore, or where torch's private names moved, jobs say so
            return {"torch": torch.__version__, "problem": str(error)}
    return {"torch": torch.__version__}


def _tell(answers: int, message: dict[str, Any]) -> None:
    os.write(answers, json.dumps(message).encode() + b"\n")


def _run(request: dict[str, Any], commands: int, answers: int) -> None:
    server = os.getpid()
    pid = os.fork()
    if pid == 0:
        os.close(commands)
        os.close(answers)
        _end_with(server)
        _job(request)
    _tell(answers, {"started": pid})
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            _tell(answers, {"ended": os.waitstatus_to_exitcode(status)})
            return
        readable, _, _ = select.select([commands], [], [], _POLL)
        if readable:  # nothing is sent while a job runs: this is the end of the caller
            _kill(pid)
            raise _CallerGone


def _kill(pid: int) -> None:
    kill_group(pid)
    kill({pid})  # where it is not yet a group of its own
    os.waitpid(pid, 0)


def _end_with(server: int) -> None:
    """Has Linux kill this process when its parent, ``server``, is killed."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != server:  # too late
            os._exit(1)


def _job(request: dict[str, Any]) -> None:
    """In the fork: run the job, write the answer, end. Never returns."""
    os.setsid()
    owner = os.getpid()
    status = 1
    try:
        _limit(request)
        crash = os.open(request["crash"], os.O_WRONLY | os.O_CREAT, 0o600)
        faulthandler.enable(crash)
        faulthandler.register(signal.SIGUSR1, crash, all_threads=False)
        os.chdir(request["folder"])
        from .job import prepare, run_job

        prepare(request)
        answer = run_job(request)
        if os.getpid() == owner:  # a child that the user's model forked has nothing to say
            _write(request["answer"], answer)
            status = 0
    except BaseException as error:  # noqa: BLE001 - a fault of ours must reach the user too
        if os.getpid() == owner:
            text = str(error) if isinstance(error, OSError) else traceback.format_exc()
            fault = {"stage": "worker", "type": type(error).__name__, "text": text, "at": None}
            _write(request["answer"], {"error": fault})
            status = 0
    finally:
        os._exit(status)


def _limit(request: dict[str, Any]) -> None:
    import resource

    memory, output = request["memory"], request["output"]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (output, output))
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def _write(path: str, answer: dict[str, Any]) -> None:
    answer.pop("loaded", None)
    part = Path(path + ".part")
    part.write_text(json.dumps(answer), encoding="utf-8")
    part.replace(path)
