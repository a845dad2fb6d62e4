"""Whatever a model does, there is one clear error or the result, and nothing is left behind."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hostile_models import HARMLESS, HOSTILE, Hostile
from making_jobs import MakeJob

from cnnlint.trace import Limits, TraceError, Tracer
from cnnlint.trace.worker import descendants

WORKER = Path(descendants.__file__).parent
QUICK = Limits(seconds=30, memory=2 << 30)
IMPATIENT = Limits(seconds=2, memory=2 << 30)


@pytest.fixture(scope="module")
def quick() -> Iterator[Tracer]:
    with Tracer(limits=QUICK) as tracer:
        yield tracer


def _left_behind(tracer: Tracer) -> list[str]:
    """Processes that carry the tracer's mark, other than the one that waits for jobs."""
    own = tracer._process.pid if tracer._process is not None else -1
    return [Path(f"/proc/{pid}/cmdline").read_text() for pid in descendants.marked(tracer._mark) if pid != own]


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.name)
def test_hostile_models_cost_one_diagnostic(case: Hostile, quick: Tracer, job: MakeJob) -> None:
    quick.limits = IMPATIENT if case.kind == "time" else QUICK
    work = job(case.source, devices=("cpu",))
    with pytest.raises(TraceError) as raised:
        quick.run(work)
    error = raised.value
    assert (error.kind, case.says in error.text, "\n" in error.text) == (case.kind, True, False), error.text
    if case.line is not None:
        assert (error.path, error.line) == (str(work.path), case.line)
    assert not _left_behind(quick)
    assert sorted(path.name for path in work.path.parent.iterdir()) == ["net.py"]


@pytest.mark.parametrize("name", HARMLESS)
def test_what_a_model_does_beside_does_not_disturb(name: str, quick: Tracer, job: MakeJob) -> None:
    quick.limits = QUICK
    work = job(HARMLESS[name])
    facts = quick.run(work)
    assert facts["device"] == "meta"
    assert facts["error"] is None
    assert not _left_behind(quick)
    assert sorted(path.name for path in work.path.parent.iterdir()) == ["net.py"]


def test_the_surroundings_of_a_model(monkeypatch: pytest.MonkeyPatch, job: MakeJob) -> None:
    """No graphics card, no network for weights, a folder of its own, no warnings as errors, no terminal."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    source = """
        import os, sys, tempfile, warnings

        class Net(nn.Module):
            def forward(self, x):
                assert os.environ["CUDA_VISIBLE_DEVICES"] == "", "cards"
                assert os.environ["HF_HUB_OFFLINE"] == "1", "network"
                assert os.listdir(".") == [] and os.getcwd().startswith(tempfile.gettempdir()), "folder"
                assert os.getpgid(0) == os.getpid(), "group"
                assert sys.stdin.read() == "" and not sys.stdout.isatty(), "terminal"
                assert sys.argv == [__file__], "arguments"
                warnings.warn("old", DeprecationWarning)
                return x
    """
    with Tracer(limits=QUICK) as tracer:
        assert tracer.run(job(source))["error"] is None


def test_a_closed_tracer_leaves_nothing(job: MakeJob) -> None:
    with Tracer(limits=QUICK) as tracer:
        tracer.run(job(HARMLESS["leaves a daemon"]))
        process, folder = tracer._process, tracer._folder
        assert process is not None
        assert folder is not None
        assert folder.exists()
    assert process.poll() is not None
    assert not folder.exists()
    assert not descendants.marked(tracer._mark)


def test_an_interpreter_without_torch(tmp_path: Path, job: MakeJob) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho \'{"ready": {"torch": null, "problem": "No module named torch"}}\'\n')
    python.chmod(0o755)
    with Tracer(python) as tracer, pytest.raises(TraceError, match=r"has no torch .*--python") as raised:
        tracer.run(job(HARMLESS["prints"]))
    assert raised.value.kind == "python"


def test_an_interpreter_that_is_prepared_and_does_not_exist(tmp_path: Path, job: MakeJob) -> None:
    with Tracer(tmp_path / "nowhere") as tracer:
        tracer.prepare()
        with pytest.raises(TraceError, match="cannot be started"):
            tracer.run(job(HARMLESS["prints"]))


def test_a_prepared_process_runs_and_leaves_nothing(job: MakeJob) -> None:
    with Tracer(limits=QUICK) as tracer:
        tracer.prepare()
        process = tracer._process
        tracer.prepare()
        assert tracer.run(job(HARMLESS["prints"]))["error"] is None
        assert tracer._process is process
    with Tracer() as tracer:
        tracer.prepare()
        process = tracer._process
    assert process is not None
    assert process.poll() is not None
    assert not descendants.marked(tracer._mark)


def test_an_interpreter_that_does_not_exist(tmp_path: Path, job: MakeJob) -> None:
    with Tracer(tmp_path / "nowhere") as tracer, pytest.raises(TraceError, match="cannot be started"):
        tracer.run(job(HARMLESS["prints"]))


def test_an_interpreter_that_is_none(job: MakeJob) -> None:
    with Tracer(Path("/bin/false")) as tracer, pytest.raises(TraceError, match="did not start the traced process"):
        tracer.run(job(HARMLESS["prints"]))


def test_more_results_than_allowed(job: MakeJob) -> None:
    with Tracer(limits=Limits(output=500)) as tracer, pytest.raises(TraceError, match="more results") as raised:
        tracer.run(job(HARMLESS["writes files"]))
    assert raised.value.kind == "output"


def test_a_user_file_named_like_one_of_pythons(tmp_path: Path, quick: Tracer, job: MakeJob) -> None:
    work = job(HARMLESS["prints"])
    path = work.path.rename(tmp_path / "random.py")
    facts = quick.run(replace(work, path=path, module="random"))
    assert facts["type"] == "Net"


def test_modules_of_the_working_folder_do_not_stand_in_for_pythons(tmp_path: Path) -> None:
    """The traced process starts in the user's folder, which may hold a json.py."""
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')\n")
    source = tmp_path / "source"
    source.write_text('{"__init__.py": "", "server.py": "def serve(folder):\\n    print(folder.name)"}')
    with source.open() as file:
        command = [sys.executable, "-c", (WORKER / "boot.py").read_text(), str(file.fileno()), str(tmp_path / "own")]
        done = subprocess.run(command, cwd=tmp_path, pass_fds=[file.fileno()], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("own\n", "")


@pytest.mark.parametrize("path", sorted(WORKER.glob("*.py")), ids=lambda path: path.name)
def test_the_worker_is_python_of_older_interpreters(path: Path) -> None:
    """The chosen interpreter may be older than cnnlint's; torch itself asks for 3.10 at least."""
    ast.parse(path.read_text(), feature_version=(3, 9))
