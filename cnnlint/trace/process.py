"""The traced process from outside: started under the user's interpreter, limited, watched, ended with all it left."""

from __future__ import annotations

import json
import os
import secrets
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self, TypeAlias

from cnnlint.trace import worker
from cnnlint.trace.failures import failure, where_it_was
from cnnlint.trace.job import Job, Limits, TraceError
from cnnlint.trace.worker import descendants

_MARK = "CNNLINT_TRACE"
_SURROUNDINGS = {
    "CUDA_VISIBLE_DEVICES": "",
    "PYTHONDONTWRITEBYTECODE": "1",  # nothing is left beside the user's files
    "PYTORCH_JIT": "0",  # scripted functions and modules run as the Python they are written in, so calls are seen
    "TORCHDYNAMO_DISABLE": "1",  # compiled ones too
}
_POLL = 0.05
_PATIENCE = 5.0
_GRACE = 0.3
"""Seconds that a job which is over time, or a process that ends, gets to say why."""


Told: TypeAlias = Callable[[str], None]
"""Is told what is being waited for."""


def _nobody(text: str) -> None:
    return


class Tracer:
    """Runs jobs one after the other under one interpreter, whose process imports torch once. A context manager; when
    it is left no process, file or folder of it is."""

    def __init__(self, python: Path | None = None, limits: Limits | None = None, told: Told = _nobody) -> None:
        self.python = python or Path(sys.executable)
        self.limits = limits or Limits()
        self._told = told
        self._mark = f"{_MARK}={secrets.token_hex(16)}"
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._unread = b""
        self._ready = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(self, job: Job) -> dict[str, Any]:
        """The facts that the worker found. Raises :class:`TraceError`."""
        self._start()
        self._told(f"running {job.target}")
        assert self._folder is not None
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            return self._run(job, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """End the process and everything it started."""
        self._stop()

    # ---- the process --------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Begin to start the process, which takes seconds, and do not wait for it. What fails is for :meth:`run`."""
        if self._process is None:
            with suppress(TraceError):
                self._spawn()

    def _start(self) -> None:
        if self._process is None or self._process.poll() is not None:
            self._stop()
            self._spawn()
        if not self._ready:
            self._told(f"starting torch under {self.python}")
            self._check(self._message(time.monotonic() + self.limits.start))
            self._ready = True

    def _spawn(self) -> None:
        if os.name != "posix":
            raise TraceError("python", "models are traced on Linux and macOS only: this system cannot fork processes")
        self._folder = Path(tempfile.gettempdir()) / f"cnnlint-trace-{secrets.token_hex(8)}"
        with _packed_worker() as source:
            command = [str(self.python), "-c", _source("boot.py"), str(source), str(self._folder)]
            try:
                self._process = subprocess.Popen(
                    command, env=self._environment(self._folder), start_new_session=True, pass_fds=[source],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                )  # fmt: skip
            except OSError as error:
                raise TraceError("python", f"{self.python} cannot be started: {error.strerror or error}") from error

    def _environment(self, folder: Path) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONWARNINGS", "PYTHONSTARTUP")}
        name, _, value = self._mark.partition("=")
        return {**kept, **_SURROUNDINGS, "TMPDIR": str(folder), name: value}

    def _check(self, ready: dict[str, Any] | None) -> None:
        if ready is None:
            why = self._last_words()
            self._stop()
            raise TraceError("python", f"{self.python} did not start the traced process{': ' + why if why else ''}")
        if ready["ready"]["torch"] is None:
            self._stop()
            raise TraceError(
                "python", f"{self.python} has no torch ({ready['ready']['problem']}): install torch and fvcore there, "
                "or name another interpreter with --python",
            )  # fmt: skip

    def _last_words(self) -> str:
        assert self._process is not None
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        if self._process.returncode is None or self._process.stderr is None:
            return ""
        lines = self._process.stderr.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def _stop(self) -> None:
        process, self._process, self._unread, self._ready = self._process, None, b"", False
        if process is None:
            return
        if process.poll() is None:  # once it is waited for, its number may be somebody else's
            descendants.kill(descendants.descendants(process.pid))
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        process.wait()
        descendants.end_marked(self._mark, {os.getpid()})  # daemons, which nobody is the parent of
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    # ---- one job ------------------------------------------------------------------------------------------------

    def _run(self, job: Job, folder: Path) -> dict[str, Any]:
        request = _request(job, folder, self.limits, self._folder)
        Path(request["folder"]).mkdir()
        self._send(request)
        deadline = time.monotonic() + self.limits.seconds
        started = self._message(deadline)
        if started is None:
            self._lost(job)
        group = int(started["started"])
        try:
            status = self._watch(job, group, deadline, Path(request["crash"]))
        finally:
            self._sweep(group)
        return _answer(job, status, Path(request["answer"]), Path(request["crash"]), self.limits)

    def _send(self, request: dict[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()

    def _watch(self, job: Job, group: int, deadline: float, crash: Path) -> int:
        """Waits for the job's end; returns its exit status. Raises :class:`TraceError` at a limit."""
        while True:
            message = self._message(min(deadline, time.monotonic() + _POLL))
            if message is not None:
                return int(message["ended"])
            assert self._process is not None
            if self._process.poll() is not None:
                self._lost(job)
            if descendants.memory(descendants.descendants(group)) > self.limits.memory:
                self._end_job(group)
                raise failure(job, "memory", f"takes more than {_gigabytes(self.limits.memory)} of memory")
            if time.monotonic() >= deadline:
                place = _asked_where(group, crash, job)
                self._end_job(group)
                raise failure(job, "time", f"does not end within {self.limits.seconds:g} seconds", place)

    def _end_job(self, group: int) -> None:
        """Kills a job that is over a limit; the process that forked it can go on with the next one."""
        descendants.kill(descendants.descendants(group))
        descendants.kill_group(group)
        if self._message(time.monotonic() + _PATIENCE) is None:
            self._stop()

    def _lost(self, job: Job) -> NoReturn:
        self._stop()
        raise failure(job, "crash", "ends the process that runs it")

    def _sweep(self, group: int) -> None:
        """Ends what the job left behind, in its group or out of it."""
        descendants.kill_group(group)
        spared = {os.getpid()} | ({self._process.pid} if self._process is not None else set())
        descendants.end_marked(self._mark, spared)

    def _message(self, deadline: float) -> dict[str, Any] | None:
        """The next line of the process; ``None`` at the deadline or at its end."""
        assert self._process is not None
        stream = self._process.stdout
        assert stream is not None
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            while b"\n" not in self._unread:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    return None
                chunk = os.read(stream.fileno(), 65536)
                if not chunk:
                    return None
                self._unread += chunk
        line, _, self._unread = self._unread.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message


@contextmanager
def _packed_worker() -> Iterator[int]:
    """The descriptor of a file without a name that holds the worker's modules."""
    modules = {file.name: _source(file.name) for file in files(worker).iterdir() if file.name.endswith(".py")}
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps(modules).encode())
        file.seek(0)
        yield file.fileno()


def _source(name: str) -> str:
    return files(worker).joinpath(name).read_text(encoding="utf-8")


def _request(job: Job, folder: Path, limits: Limits, worker: Path | None) -> dict[str, Any]:
    example = job.example
    return {
        "path": str(job.path), "module": job.module, "folders": [str(entry) for entry in job.folders],
        "callable": job.callable, "args": repr(tuple(job.args)), "kwargs": repr(dict(job.kwargs)),
        "inputs": [{"shape": list(i.shape), "dtype": i.dtype, "name": i.name} for i in job.inputs],
        "example": example and asdict(example),
        "devices": list(job.devices), "gradients": job.gradients, "counts": job.counts,
        "texts": {str(path): text for path, text in job.texts.items()},
        "lines": list(job.lines),
        "memory": limits.memory, "output": limits.output,
        "folder": str(folder / "work"), "answer": str(folder / "answer.json"), "crash": str(folder / "crash.txt"),
        "worker": str(worker),
    }  # fmt: skip


def _asked_where(group: int, crash: Path, job: Job) -> tuple[str, int] | None:
    """The line that a job which does not end is at; its handler for this signal writes it down."""
    with suppress(ProcessLookupError):
        os.kill(group, signal.SIGUSR1)
        time.sleep(_GRACE)
    return where_it_was(crash, job)


def _answer(job: Job, status: int, answer: Path, crash: Path, limits: Limits) -> dict[str, Any]:
    if not answer.exists():
        place = where_it_was(crash, job)
        if status < 0:
            name = signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"
            raise failure(job, "crash", f"crashes its interpreter ({name})", place)
        raise failure(job, "exit", f"ends its process (status {status}) before the forward pass is done", place)
    if answer.stat().st_size > limits.output:
        raise failure(job, "output", f"gives more than {_gigabytes(limits.output)} of results")
    facts: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    if facts.get("error") is not None:
        raise _raised(job, facts)
    return facts


def _raised(job: Job, facts: dict[str, Any]) -> TraceError:
    from cnnlint.trace.failures import raised

    return raised(job, facts)


def _gigabytes(size: int) -> str:
    return f"{size / (1 << 30):g} GB"
